//! What real exporters send, over HTTP and gRPC, is read back as it was recorded.
#![cfg(feature = "otlp")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Span as _, SpanKind, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{Array, InstrumentationScope, KeyValue};
use opentelemetry_otlp::{
    Compression, LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sidetone_testkit::hostile::{Behaviour, Receiver};
use sidetone_testkit::telemetry::{Received, Value};

struct Exporters {
    spans: SpanExporter,
    logs: LogExporter,
    metrics: MetricExporter,
}

fn over_http(receiver: &Receiver, gzip: bool) -> Exporters {
    let url = |signal: &str| format!("{}/v1/{signal}", receiver.endpoint());
    macro_rules! exporter {
        ($kind:ident, $signal:literal) => {{
            let builder = $kind::builder().with_http().with_protocol(Protocol::HttpBinary).with_endpoint(url($signal));
            if gzip { builder.with_compression(Compression::Gzip) } else { builder }.build().unwrap()
        }};
    }
    Exporters {
        spans: exporter!(SpanExporter, "traces"),
        logs: exporter!(LogExporter, "logs"),
        metrics: exporter!(MetricExporter, "metrics"),
    }
}

fn over_grpc(receiver: &Receiver, gzip: bool) -> Exporters {
    macro_rules! exporter {
        ($kind:ident) => {{
            let builder = $kind::builder().with_tonic().with_endpoint(receiver.endpoint());
            if gzip { builder.with_compression(Compression::Gzip) } else { builder }.build().unwrap()
        }};
    }
    Exporters { spans: exporter!(SpanExporter), logs: exporter!(LogExporter), metrics: exporter!(MetricExporter) }
}

/// Records one of each signal; the SDK's `shutdown` sends them and says whether they were accepted.
fn record(exporters: Exporters) -> [bool; 3] {
    let resource = Resource::builder_empty().with_attribute(KeyValue::new("service.name", "kit")).build();
    let scope = InstrumentationScope::builder("scope").with_version("1.2").with_schema_url("https://schema").build();

    let tracers =
        SdkTracerProvider::builder().with_resource(resource.clone()).with_batch_exporter(exporters.spans).build();
    let tracer = tracers.tracer_with_scope(scope.clone());
    let mut span = tracer.span_builder("chat gpt").with_kind(SpanKind::Client).start(&tracer);
    span.set_attribute(KeyValue::new("text", "wörter"));
    span.set_attribute(KeyValue::new("count", 7));
    span.set_attribute(KeyValue::new("ratio", 0.5));
    span.set_attribute(KeyValue::new("flag", true));
    let list = Array::String(vec!["stop".into(), "length".into()]);
    span.set_attribute(KeyValue::new("list", opentelemetry::Value::Array(list)));
    span.add_event("attempt", vec![KeyValue::new("status", 429)]);
    span.set_status(Status::error("RateLimitError 429"));
    span.end();

    let loggers =
        SdkLoggerProvider::builder().with_resource(resource.clone()).with_batch_exporter(exporters.logs).build();
    let logger = loggers.logger_with_scope(scope.clone());
    let mut log = logger.create_log_record();
    log.set_event_name("gen_ai.choice");
    log.set_severity_number(Severity::Info);
    log.set_severity_text("INFO");
    log.add_attribute("index", 1);
    let body = [("role".into(), "tool".into()), ("n".into(), AnyValue::ListAny(Box::new(vec![AnyValue::Int(3)])))];
    log.set_body(AnyValue::Map(Box::new(body.into_iter().collect())));
    logger.emit(log);

    let meters = SdkMeterProvider::builder().with_resource(resource).with_periodic_exporter(exporters.metrics).build();
    let meter = meters.meter_with_scope(scope);
    let usage = meter.u64_histogram("usage").with_unit("{token}").with_boundaries(vec![1.0, 4.0, 16.0]).build();
    usage.record(5, &[KeyValue::new("type", "input")]);
    usage.record(20, &[KeyValue::new("type", "input")]);
    meter.u64_counter("dropped").build().add(3, &[]);

    [tracers.shutdown().is_ok(), loggers.shutdown().is_ok(), meters.shutdown().is_ok()]
}

fn assert_recorded(got: &Received) {
    let [span] = got.spans.as_slice() else { panic!("{:?}", got.spans) };
    assert_eq!(span.resource.attributes["service.name"], Value::Str("kit".to_owned()));
    assert_eq!((span.scope.name.as_str(), span.scope.version.as_str()), ("scope", "1.2"));
    assert_eq!(span.scope.schema_url, "https://schema");
    assert_eq!((span.name.as_str(), span.kind.as_str()), ("chat gpt", "Client"));
    assert_eq!((span.status_code.as_str(), span.status_message.as_str()), ("Error", "RateLimitError 429"));
    assert_eq!((span.trace_id.len(), span.span_id.len(), span.parent_span_id.as_str()), (32, 16, ""));
    assert!(span.start_unix_nano > 0 && span.end_unix_nano >= span.start_unix_nano);
    assert_eq!(span.attributes["text"], Value::Str("wörter".to_owned()));
    assert_eq!(span.attributes["count"], Value::Int(7));
    assert_eq!(span.attributes["ratio"], Value::Double(0.5));
    assert_eq!(span.attributes["flag"], Value::Bool(true));
    let list = ["stop", "length"].map(|word| Value::Str(word.to_owned())).to_vec();
    assert_eq!(span.attributes["list"], Value::Slice(list));
    assert_eq!(span.events[0].name, "attempt");
    assert_eq!(span.events[0].attributes["status"], Value::Int(429));

    let [log] = got.logs.as_slice() else { panic!("{:?}", got.logs) };
    assert_eq!(log.event_name, "gen_ai.choice");
    assert_eq!((log.severity_number, log.severity_text.as_str()), (9, "INFO"));
    assert_eq!(log.attributes["index"], Value::Int(1));
    let Value::Map(body) = &log.body else { panic!("{:?}", log.body) };
    assert_eq!(body["role"], Value::Str("tool".to_owned()));
    assert_eq!(body["n"], Value::Slice(vec![Value::Int(3)]));
    assert_eq!(log.scope.schema_url, "https://schema");

    let metric = |name| got.metrics.iter().find(|metric| metric.name == name).unwrap();
    let usage = metric("usage");
    assert_eq!(
        (usage.kind.as_str(), usage.unit.as_str(), usage.temporality.as_str()),
        ("Histogram", "{token}", "Cumulative")
    );
    let [point] = usage.points.as_slice() else { panic!("{:?}", usage.points) };
    assert_eq!(point.attributes["type"], Value::Str("input".to_owned()));
    assert_eq!((point.count, point.sum, point.min, point.max), (Some(2), Some(25.0), Some(5.0), Some(20.0)));
    assert_eq!(point.bounds, [1.0, 4.0, 16.0]);
    assert_eq!(point.bucket_counts, [0, 0, 1, 1]);
    let dropped = metric("dropped");
    assert_eq!((dropped.kind.as_str(), dropped.is_monotonic), ("Sum", Some(true)));
    assert_eq!(dropped.points[0].value, Some(3.0));
}

#[test]
fn http_exports_are_read_compressed_or_not() {
    for gzip in [false, true] {
        let receiver = Receiver::start();
        assert_eq!(record(over_http(&receiver, gzip)), [true; 3]);
        assert_recorded(&receiver.received());
        assert_eq!(receiver.requests()[0].header("content-encoding").is_some(), gzip);
        assert_eq!(receiver.undecodable(), 0);
        receiver.clear();
        assert_eq!(receiver.received(), Received::default());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn grpc_exports_are_read_compressed_or_not() {
    for gzip in [false, true] {
        let receiver = Receiver::start();
        assert_eq!(record(over_grpc(&receiver, gzip)), [true; 3]);
        assert_recorded(&receiver.received());
        let first = receiver.requests().remove(0);
        assert_eq!(first.version, "HTTP/2.0");
        assert_eq!(first.body[0], u8::from(gzip));
        assert_eq!(receiver.undecodable(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn grpc_exports_fail_with_the_status() {
    let receiver = Receiver::start_with(Behaviour::Status { status: 503, retry_after: None });
    assert!(!record(over_grpc(&receiver, false))[2]);
    assert_eq!(receiver.received(), Received::default());
}

#[test]
fn what_was_not_accepted_is_kept_apart() {
    let receiver = Receiver::start_with(Behaviour::DieMidResponse);
    record(over_http(&receiver, false));
    assert_eq!(receiver.received(), Received::default());
    let exports = receiver.exports();
    assert!(exports.iter().all(|export| export.behaviour == Behaviour::DieMidResponse));
    // The exporter may have tried more than once.
    let traces: Vec<_> = exports.iter().filter(|export| export.path == "/v1/traces").collect();
    assert!(!traces.is_empty() && traces.iter().all(|export| export.received.spans[0].name == "chat gpt"));
    receiver.set(Behaviour::Accept);
    assert_eq!(record(over_http(&receiver, false)), [true; 3]);
    assert_recorded(&receiver.wait_until(Duration::from_secs(20), |got| got.spans.len() == 1));
}

#[test]
fn waiting_ends_with_what_there_is() {
    let receiver = Receiver::start();
    assert_eq!(receiver.wait_until(Duration::from_millis(20), |got| !got.spans.is_empty()), Received::default());
}

#[tokio::test]
async fn what_is_no_otlp_is_counted() {
    let receiver = Receiver::start();
    let post = |path: &str| reqwest::Client::new().post(format!("{}{path}", receiver.endpoint()));
    let grpc = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let requests = [
        post("/v1/traces").body("{}"),
        post("/v1/traces").header("content-encoding", "gzip").body("no gzip"),
        post("/v1/traces").header("content-encoding", "br").body(""),
        post("/v1/profiles").body(""),
        post(grpc).body("\0\0\0"),
        post(grpc).body("\0\0\0\0\x05abc"),
        post(grpc).body("\x01\0\0\0\x03abc"),
    ];
    let count = requests.len();
    for request in requests {
        request.send().await.unwrap();
    }
    assert_eq!((receiver.undecodable(), receiver.exports()), (count, vec![]));
}
