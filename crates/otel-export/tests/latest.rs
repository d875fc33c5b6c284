//! Dialect latest through the SDK: what was said on the span or in the event, and the event of a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;

use common::{chat, finished, memory};
use opentelemetry::logs::{AnyValue, Severity};
use opentelemetry::{Key, Value};
use opentelemetry_sdk::logs::in_memory_exporter::LogDataWithResource;
use opentelemetry_sdk::trace::{Sampler, SpanData};
use sidetone_core::dialect::{Dialect, Latest};
use sidetone_core::event::{Call, ErrorClass, Failure, Identity, Outcome, Text};
use sidetone_otel_export::OtelSink;
use sidetone_pipeline::{Counters, Sink as _};

/// What a call becomes.
fn told(call: Call, dialect: &'static dyn Dialect, sampler: Sampler) -> (Vec<SpanData>, Vec<LogDataWithResource>) {
    let memory = memory(sampler);
    let mut sink = OtelSink::with_providers(memory.providers.clone(), dialect, Arc::new(Counters::default()));
    sink.call(&mut finished(call));
    (memory.spans.get_finished_spans().unwrap(), memory.logs.get_emitted_logs().unwrap())
}

fn of_span(span: &SpanData, name: &str) -> Option<Value> {
    span.attributes.iter().find(|own| own.key.as_str() == name).map(|own| own.value.clone())
}

fn of_log(log: &LogDataWithResource, name: &str) -> Vec<AnyValue> {
    log.record.attributes_iter().filter(|(key, _)| key.as_str() == name).map(|(_, value)| value.clone()).collect()
}

#[test]
fn what_was_said_is_text_on_the_span_and_no_log_event() {
    let (spans, logs) = told(chat(), &Latest::SPAN_ONLY, Sampler::AlwaysOn);
    assert_eq!(logs.len(), 0);
    assert_eq!(
        of_span(&spans[0], "gen_ai.output.messages"),
        Some(Value::String(
            "[{\"role\":\"assistant\",\"parts\":[{\"content\":\"This is a test.\",\"type\":\"text\"}],\"finish_reason\":\"stop\",\
             \"name\":null}]"
                .into()
        ))
    );
    assert_eq!(spans[0].instrumentation_scope.schema_url(), Some("https://opentelemetry.io/schemas/1.37.0"));
}

#[test]
fn what_was_said_is_structured_in_the_event_which_no_sampler_takes_away() {
    for sampler in [Sampler::AlwaysOn, Sampler::AlwaysOff] {
        let mut call = chat();
        call.identity = Arc::new(Identity { agent_id: Some("agent".into()), ..Identity::default() });
        let (spans, logs) = told(call, &Latest::EVENT_ONLY, sampler);
        assert!(spans.iter().all(|span| of_span(span, "gen_ai.output.messages").is_none()));
        let [event] = logs.as_slice() else { panic!("{logs:?}") };
        assert_eq!(event.record.event_name(), Some("gen_ai.client.inference.operation.details"));
        assert_eq!((event.record.severity_number(), event.record.body()), (None, None));
        assert_eq!(of_log(event, "gen_ai.operation.name"), [AnyValue::from("chat")]);
        assert_eq!(of_log(event, "gen_ai.agent.id"), [AnyValue::from("agent")], "once");
        assert_eq!(of_log(event, "gen_ai.usage.input_tokens"), [AnyValue::Int(20)]);
        let said = of_log(event, "gen_ai.output.messages");
        let [AnyValue::ListAny(messages)] = said.as_slice() else { panic!("{said:?}") };
        let AnyValue::Map(message) = &messages[0] else { panic!() };
        assert_eq!(message[&Key::new("finish_reason")], AnyValue::from("stop"));
        let AnyValue::ListAny(parts) = &message[&Key::new("parts")] else { panic!() };
        let AnyValue::Map(part) = &parts[0] else { panic!() };
        assert_eq!(part[&Key::new("content")], AnyValue::from("This is a test."));
    }
}

#[test]
fn a_failure_is_a_warning_with_the_ids_of_its_span() {
    let mut call = chat();
    let message = Some(Text::kept("Rate limit reached."));
    call.outcome = Outcome::Failed(Failure { class: ErrorClass::RateLimit, code: None, message });
    let (spans, logs) = told(call, &Latest::SPAN_ONLY, Sampler::AlwaysOn);
    let [event] = logs.as_slice() else { panic!("{logs:?}") };
    assert_eq!(event.record.event_name(), Some("gen_ai.client.operation.exception"));
    assert_eq!(event.record.severity_number(), Some(Severity::Warn));
    assert_eq!(of_log(event, "exception.type"), [AnyValue::from("openai.RateLimitError")]);
    assert_eq!(of_log(event, "exception.message"), [AnyValue::from("Rate limit reached.")]);
    assert_eq!(event.record.trace_context().unwrap().span_id, spans[0].span_context.span_id());
}
