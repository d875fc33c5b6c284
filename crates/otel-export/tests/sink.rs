//! The sink against an in-memory SDK: spans, log events, metrics, sampling, injected spans, an application's providers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{chat, finished, memory, parent, start};
use http::HeaderMap;
use opentelemetry::logs::AnyValue;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Key, SpanId, TraceId, Value};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::trace::Sampler;
use sidetone_core::dialect::V2;
use sidetone_core::event::{
    Attempt, Call, Cost, ErrorClass, Failure, Operation, Outcome, Request, Server, Side, Text, TokenClass, Usd,
};
use sidetone_otel_export::OtelSink;
use sidetone_pipeline::span::SpanStart;
use sidetone_pipeline::{Counters, Reason, Sink as _};

fn sink(memory: &common::Memory) -> (OtelSink, Arc<Counters>) {
    let counters = Arc::new(Counters::default());
    (OtelSink::with_providers(memory.providers.clone(), &V2, counters.clone()), counters)
}

#[test]
fn a_call_becomes_a_client_span_under_its_parent_with_the_times_of_the_call() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    sink.call(&mut finished(chat()));
    let spans = memory.spans.get_finished_spans().unwrap();
    let [span] = spans.as_slice() else { panic!("{spans:?}") };
    assert_eq!(span.name, "chat gpt-4o-mini");
    assert_eq!(span.span_kind, SpanKind::Client);
    assert_eq!(span.status, Status::Unset);
    assert_eq!(span.span_context.trace_id(), TraceId::from_bytes([0xAB; 16]));
    assert_eq!(span.parent_span_id, SpanId::from_bytes([0xCD; 8]));
    assert!(!span.parent_span_is_remote);
    assert_eq!(span.span_context.trace_state().get("vendor"), Some("1"));
    assert_eq!(span.start_time, start());
    assert_eq!(span.end_time, start() + Duration::from_millis(250));
    assert_eq!(span.instrumentation_scope.name(), "sidetone");
    assert_eq!(span.instrumentation_scope.version(), Some(env!("CARGO_PKG_VERSION")));
    assert_eq!(span.instrumentation_scope.schema_url(), Some("https://opentelemetry.io/schemas/1.30.0"));
    let value = |name: &str| span.attributes.iter().find(|own| own.key.as_str() == name).map(|own| own.value.clone());
    assert_eq!(value("gen_ai.request.temperature"), Some(Value::F64(0.5)));
    assert_eq!(value("gen_ai.usage.input_tokens"), Some(Value::I64(20)));
    assert_eq!(value("server.port"), Some(Value::I64(18181)));
    assert_eq!(value("gen_ai.response.id"), Some(Value::String("chatcmpl-mock001".into())));
}

#[test]
fn costs_are_on_the_span_and_sum_up_exactly_by_model() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    let cost = |usd: &str| {
        let total = Usd::parse(usd).unwrap();
        Cost { total, parts: [Usd::ZERO; TokenClass::COUNT], source: Arc::default() }
    };
    let other = |call: Call| Call {
        request: Request { model: Some("gpt-5".into()), ..call.request.clone() },
        cost: Some(cost("7")),
        ..call
    };
    // As doubles, 0.1 and 0.2 are 0.30000000000000004.
    sink.call(&mut finished(Call { cost: Some(cost("0.1")), ..chat() }));
    sink.call(&mut finished(other(chat())));
    sink.call(&mut finished(Call { cost: Some(cost("0.2")), ..chat() }));
    sink.call(&mut finished(chat()));
    let on_spans: Vec<_> = memory
        .spans
        .get_finished_spans()
        .unwrap()
        .iter()
        .map(|span| {
            span.attributes.iter().find(|own| own.key.as_str() == "sidetone.cost.usd").map(|own| own.value.clone())
        })
        .collect();
    assert_eq!(on_spans, [Some(Value::F64(0.1)), Some(Value::F64(7.0)), Some(Value::F64(0.2)), None]);

    sink.flush(Instant::now() + Duration::from_secs(5)).unwrap();
    let metrics = memory.metrics.get_finished_metrics().unwrap();
    let scopes = metrics.last().unwrap().scope_metrics();
    let metric = scopes.flat_map(|scope| scope.metrics()).find(|metric| metric.name() == "sidetone.cost").unwrap();
    assert_eq!(metric.unit(), "{USD}");
    let AggregatedMetrics::F64(MetricData::Sum(sum)) = metric.data() else { panic!("{metric:?}") };
    assert!(sum.is_monotonic());
    let mut sums: Vec<_> = sum
        .data_points()
        .map(|point| {
            let model = point.attributes().find(|own| own.key.as_str() == "gen_ai.request.model").unwrap();
            (model.value.to_string(), point.value())
        })
        .collect();
    sums.sort_by(|(a, _), (b, _)| a.cmp(b));
    assert_eq!(sums, [("gpt-4o-mini".to_owned(), 0.3), ("gpt-5".to_owned(), 7.0)]);
}

#[test]
fn log_events_carry_the_ids_of_their_span_and_no_time_of_their_own() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    sink.call(&mut finished(chat()));
    let span = memory.spans.get_finished_spans().unwrap().remove(0);
    let logs = memory.logs.get_emitted_logs().unwrap();
    let names: Vec<_> = logs.iter().map(|log| log.record.event_name().unwrap()).collect();
    assert_eq!(names, ["gen_ai.system.message", "gen_ai.user.message", "gen_ai.choice"]);
    for log in &logs {
        let context = log.record.trace_context().unwrap();
        assert_eq!(context.trace_id, span.span_context.trace_id());
        assert_eq!(context.span_id, span.span_context.span_id());
        assert!(context.trace_flags.unwrap().is_sampled());
        assert_eq!(log.record.timestamp(), None);
        assert!(log.record.observed_timestamp().is_some());
        assert_eq!(log.record.severity_number(), None);
        let attributes: Vec<_> = log.record.attributes_iter().collect();
        assert_eq!(attributes, [&(Key::new("gen_ai.system"), AnyValue::from("openai"))]);
        assert_eq!(log.instrumentation.name(), "sidetone");
    }
    let AnyValue::Map(body) = logs[2].record.body().unwrap() else { panic!() };
    assert_eq!(body[&Key::new("index")], AnyValue::Int(0));
    assert_eq!(body[&Key::new("finish_reason")], AnyValue::from("stop"));
    let AnyValue::Map(message) = &body[&Key::new("message")] else { panic!() };
    assert_eq!(message[&Key::new("content")], AnyValue::from("This is a test."));
}

#[test]
fn log_events_are_observed_one_after_another_so_that_their_order_can_be_told() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    sink.call(&mut finished(chat()));
    let logs = memory.logs.get_emitted_logs().unwrap();
    let observed: Vec<_> = logs.iter().map(|log| log.record.observed_timestamp().unwrap()).collect();
    assert_eq!(observed.len(), 3);
    for pair in observed.windows(2) {
        assert_eq!(pair[1].duration_since(pair[0]).unwrap(), Duration::from_nanos(1));
    }
}

#[test]
fn metrics_have_the_peers_names_units_buckets_and_attributes() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, counters) = sink(&memory);
    sink.call(&mut finished(chat()));
    counters.add(Reason::CallQueueItems, 3, 700);
    sink.flush(Instant::now() + Duration::from_secs(10)).unwrap();
    let all = memory.metrics.get_finished_metrics().unwrap();
    let metrics: Vec<_> = all[0].scope_metrics().flat_map(|scope| scope.metrics()).collect();
    let named = |name: &str| *metrics.iter().find(|metric| metric.name() == name).unwrap();

    let duration = named("gen_ai.client.operation.duration");
    assert_eq!((duration.unit(), duration.description()), ("s", "Duration of GenAI client operation"));
    let AggregatedMetrics::F64(MetricData::Histogram(histogram)) = duration.data() else { panic!() };
    let point = histogram.data_points().next().unwrap();
    assert_eq!((point.count(), point.sum()), (1, 0.25));
    assert_eq!(point.bounds().collect::<Vec<_>>()[..3], [0.01, 0.02, 0.04]);
    assert!(!point.attributes().any(|own| own.key.as_str() == "gen_ai.token.type"));

    let tokens = named("gen_ai.client.token.usage");
    let AggregatedMetrics::U64(MetricData::Histogram(histogram)) = tokens.data() else { panic!() };
    let mut sums: Vec<_> = histogram
        .data_points()
        .map(|point| {
            let kind = point.attributes().find(|own| own.key.as_str() == "gen_ai.token.type").unwrap();
            (kind.value.as_str().into_owned(), point.sum(), point.attributes().count())
        })
        .collect();
    sums.sort();
    assert_eq!(sums, [("input".to_owned(), 20, 7), ("output".to_owned(), 10, 7)]);

    for (name, unit, expected) in [("sidetone.dropped", "{item}", 3), ("sidetone.dropped.bytes", "By", 700)] {
        let dropped = named(name);
        assert_eq!(dropped.unit(), unit);
        let AggregatedMetrics::U64(MetricData::Sum(sum)) = dropped.data() else { panic!() };
        let point = sum.data_points().next().unwrap();
        assert_eq!(point.value(), expected);
        assert_eq!(point.attributes().next().unwrap().value.as_str(), "call_queue_items");
    }
}

#[test]
fn a_call_that_is_not_sampled_has_no_span_but_its_log_events_and_metrics() {
    let memory = memory(Sampler::AlwaysOff);
    let (mut sink, counters) = sink(&memory);
    sink.call(&mut finished(chat()));
    sink.flush(Instant::now() + Duration::from_secs(10)).unwrap();
    assert_eq!(memory.spans.get_finished_spans().unwrap().len(), 0);
    assert_eq!(counters.items(Reason::SpanNotSampled), 1);
    let logs = memory.logs.get_emitted_logs().unwrap();
    assert_eq!(logs.len(), 3);
    let context = logs[0].record.trace_context().unwrap();
    assert_eq!(context.trace_id, TraceId::from_bytes([0xAB; 16]), "of the parent");
    assert_ne!(context.span_id, SpanId::from_bytes([0xCD; 8]), "its own, not the parent's");
    assert!(!context.trace_flags.unwrap().is_sampled());
    let metrics = memory.metrics.get_finished_metrics().unwrap();
    let names: Vec<_> =
        metrics[0].scope_metrics().flat_map(|scope| scope.metrics()).map(|metric| metric.name()).collect();
    assert!(names.contains(&"gen_ai.client.operation.duration"), "{names:?}");
    assert!(names.contains(&"gen_ai.client.token.usage"), "{names:?}");
}

#[test]
fn a_span_that_was_started_early_has_the_id_that_went_on_the_wire_and_no_attribute_twice() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    let server = Server { address: "127.0.0.1".into(), port: Some(18181) };
    let parent = parent();
    let started = sink.span_starter().unwrap().start(&SpanStart {
        operation: Operation::Chat,
        server: &server,
        time: start(),
        parent: Some(&parent),
    });
    let mut headers = HeaderMap::new();
    started.inject(&mut headers);
    let mut finished = finished(chat());
    finished.span = Some(started);
    sink.call(&mut finished);
    assert!(finished.span.is_none());
    let span = memory.spans.get_finished_spans().unwrap().remove(0);
    let wire = headers["traceparent"].to_str().unwrap();
    assert_eq!(wire, format!("00-{}-{}-01", "ab".repeat(16), span.span_context.span_id()));
    assert_eq!(headers["tracestate"], "vendor=1");
    assert_eq!((span.name.as_ref(), span.start_time), ("chat gpt-4o-mini", start()));
    assert_eq!(span.end_time, start() + Duration::from_millis(250));
    let mut keys: Vec<_> = span.attributes.iter().map(|own| own.key.as_str()).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count);
    assert!(keys.contains(&"server.address") && keys.contains(&"gen_ai.usage.input_tokens"));
}

#[test]
fn a_failed_call_has_an_error_status_and_an_event_for_each_attempt_before() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    let mut call = chat();
    call.response = sidetone_core::event::Response { status: Some(429), ..Default::default() };
    call.outcome = Outcome::Failed(Failure { message: Some(Text::sized(70)), ..Failure::of(ErrorClass::RateLimit) });
    call.attempts = vec![Attempt {
        number: 1,
        ended: Duration::from_millis(20),
        status: Some(429),
        retry_after: Some("1".into()),
        error: ErrorClass::RateLimit,
    }];
    sink.call(&mut finished(call));
    let span = memory.spans.get_finished_spans().unwrap().remove(0);
    assert_eq!(span.status, Status::error("RateLimitError: HTTP 429"));
    let [event] = &span.events.events[..] else { panic!() };
    assert_eq!((event.name.as_ref(), event.timestamp), ("sidetone.attempt", start() + Duration::from_millis(20)));
    let values: Vec<_> = event.attributes.iter().map(|own| (own.key.as_str(), own.value.to_string())).collect();
    assert!(values.contains(&("http.response.status_code", "429".to_owned())), "{values:?}");
    assert!(values.contains(&("http.response.header.retry-after", "[\"1\"]".to_owned())), "{values:?}");
}

#[test]
fn a_limit_on_the_number_of_attributes_never_evicts_the_core_ones() {
    let spans = opentelemetry_sdk::trace::InMemorySpanExporter::default();
    let tracer = opentelemetry_sdk::trace::SdkTracerProvider::builder()
        .with_max_attributes_per_span(8)
        .with_simple_exporter(spans.clone())
        .build();
    let providers = sidetone_otel_export::Providers { tracer: Some(tracer), ..Default::default() };
    let mut sink = OtelSink::with_providers(providers, &V2, Arc::default());
    sink.call(&mut finished(chat()));
    let span = spans.get_finished_spans().unwrap().remove(0);
    let keys: Vec<_> = span.attributes.iter().map(|own| own.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "gen_ai.operation.name",
            "gen_ai.system",
            "gen_ai.request.model",
            "gen_ai.response.model",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
            "gen_ai.response.finish_reasons",
            "gen_ai.response.id",
        ]
    );
    assert!(span.dropped_attributes_count > 0);
}

#[test]
fn an_applications_own_providers_are_flushed_and_never_shut_down() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut first, _) = sink(&memory);
    first.call(&mut finished(chat()));
    first.shutdown(Instant::now() + Duration::from_secs(10)).unwrap();
    assert!(!memory.metrics.get_finished_metrics().unwrap().is_empty(), "flushed");
    drop(first);
    let (mut second, _) = sink(&memory);
    second.call(&mut finished(chat()));
    assert_eq!(memory.spans.get_finished_spans().unwrap().len(), 2);
    assert_eq!(memory.logs.get_emitted_logs().unwrap().len(), 6);
}

#[test]
fn a_served_call_is_a_server_span_without_metrics() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    sink.call(&mut finished(sidetone_core::event::Call { side: Side::Server, ..chat() }));
    sink.flush(Instant::now() + Duration::from_secs(10)).unwrap();
    assert_eq!(memory.spans.get_finished_spans().unwrap()[0].span_kind, SpanKind::Server);
    let metrics = memory.metrics.get_finished_metrics().unwrap();
    assert!(metrics.iter().flat_map(|all| all.scope_metrics()).flat_map(|scope| scope.metrics()).next().is_none());
}

#[test]
fn a_call_that_its_own_process_reports_is_passed_by() {
    let memory = memory(Sampler::AlwaysOn);
    let (mut sink, _) = sink(&memory);
    sink.call(&mut finished(sidetone_core::event::Call { is_announced: true, ..chat() }));
    assert!(memory.spans.get_finished_spans().unwrap().is_empty());
    assert!(memory.logs.get_emitted_logs().unwrap().is_empty());
}
