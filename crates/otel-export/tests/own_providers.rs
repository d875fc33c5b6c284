//! Providers of our own against a receiver that behaves, hangs, refuses, fails, or isn't there.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use common::{chat, finished};
use sidetone_core::dialect::V2;
use sidetone_core::event::{Call, OwnSpan, Process, SpanId, TraceId};
use sidetone_otel_export::{Config, Export, Options, OtelSink};
use sidetone_pipeline::{Counters, Reason, Sink as _};
use sidetone_testkit::hostile::{Behaviour, Receiver};
use sidetone_testkit::telemetry::Value;

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

/// A sink that exports as these variables say.
fn sink(variables: &[(&str, &str)]) -> (OtelSink, Arc<Counters>) {
    let map: HashMap<_, _> = variables.iter().copied().collect();
    let config = Config::from_lookup(&|name| map.get(name).map(|value| (*value).to_owned())).unwrap();
    let counters = Arc::new(Counters::default());
    let options = Options { service_name: Some("tested".to_owned()), ..Options::default() };
    let export = Export::new(&config, &options, &counters).unwrap();
    (OtelSink::new(export, &V2, Arc::clone(&counters)), counters)
}

fn text(value: &str) -> Value {
    Value::Str(value.to_owned())
}

/// Every protocol that is compiled in.
const PROTOCOLS: &[&str] = &[
    "http/protobuf",
    #[cfg(feature = "grpc")]
    "grpc",
];

#[test]
fn each_protocol_delivers_all_signals_with_resource_and_scope() {
    for protocol in PROTOCOLS {
        for compression in ["none", "gzip"] {
            let receiver = Receiver::start();
            let endpoint = receiver.endpoint();
            let (mut sink, counters) = sink(&[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_EXPORTER_OTLP_COMPRESSION", compression),
                ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b"),
                ("OTEL_RESOURCE_ATTRIBUTES", "team=x"),
            ]);
            sink.call(&mut finished(chat()));
            sink.shutdown(soon()).unwrap();
            let got = receiver.received();
            assert_eq!((got.spans.len(), got.logs.len()), (1, 3), "{protocol} {compression}");
            let span = &got.spans[0];
            assert_eq!((span.name.as_str(), span.kind.as_str()), ("chat gpt-4o-mini", "Client"));
            assert_eq!(span.resource.attributes["service.name"], text("tested"));
            assert_eq!(span.resource.attributes["team"], text("x"));
            assert_eq!(span.resource.attributes["telemetry.sdk.language"], text("rust"));
            for scope in got.spans.iter().map(|span| &span.scope).chain(got.logs.iter().map(|log| &log.scope)) {
                assert_eq!((scope.name.as_str(), scope.version.as_str()), ("sidetone", env!("CARGO_PKG_VERSION")));
                assert_eq!(scope.schema_url, "https://opentelemetry.io/schemas/1.30.0");
            }
            assert!(got.logs.iter().all(|log| log.span_id == span.span_id && log.trace_id == span.trace_id));
            let mut names: Vec<_> = got.metrics.iter().map(|metric| metric.name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, ["gen_ai.client.operation.duration", "gen_ai.client.token.usage"]);
            assert!(receiver.requests().iter().all(|request| request.header("x-key") == Some("a b")));
            let encoding = if *protocol == "grpc" { "grpc-encoding" } else { "content-encoding" };
            let is_gzip = receiver.requests().iter().all(|request| request.header(encoding) == Some("gzip"));
            assert_eq!(is_gzip, compression == "gzip", "{protocol}");
            assert_eq!(counters.nonzero().count(), 0);
        }
    }
}

#[test]
fn it_can_be_made_used_and_stopped_inside_a_runtime_and_go_on_after_it() {
    for protocol in PROTOCOLS {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let variables = [("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
        let make = || {
            let (mut sink, _) = sink(&variables);
            sink.call(&mut finished(chat()));
            sink.flush(soon()).unwrap();
            sink
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut kept = runtime.block_on(async {
            let mut stopped = make();
            stopped.shutdown(soon()).unwrap();
            drop(stopped);
            let dropped = make();
            drop(dropped);
            make()
        });
        drop(runtime);
        kept.call(&mut finished(chat()));
        kept.shutdown(soon()).unwrap();
        assert_eq!(receiver.spans().len(), 4, "{protocol}");
    }
}

#[test]
fn calls_made_are_spans_received_plus_drops_by_cause_whatever_the_receiver_does() {
    for protocol in PROTOCOLS {
        for behaviour in [
            Behaviour::Accept,
            Behaviour::Hang,
            Behaviour::HangUnread,
            Behaviour::HangAfterHead,
            Behaviour::Status { status: 429, retry_after: Some(1) },
            Behaviour::Status { status: 500, retry_after: None },
            Behaviour::HugeBody { bytes: 1 << 30 },
            Behaviour::DieMidResponse,
            Behaviour::Refuse,
        ] {
            let receiver = Receiver::start_with(behaviour);
            let endpoint = receiver.endpoint();
            let (mut sink, counters) = sink(&[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_EXPORTER_OTLP_TIMEOUT", "300"),
                ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
                ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "30"),
                ("OTEL_BLRP_MAX_QUEUE_SIZE", "250"),
                ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "100"),
            ]);
            for _ in 0..200 {
                sink.call(&mut finished(chat()));
            }
            let _ = sink.flush(Instant::now() + Duration::from_millis(500));
            let _ = sink.shutdown(Instant::now() + Duration::from_millis(200));
            let by_cause = counters.nonzero().collect::<Vec<_>>();
            let lost: u64 = [
                Reason::SpanQueueFull,
                Reason::SpanExportFailed,
                Reason::LogQueueFull,
                Reason::LogExportFailed,
                Reason::SpanLeftAtStop,
                Reason::LogLeftAtStop,
            ]
            .iter()
            .map(|reason| counters.items(*reason))
            .sum();
            let got = receiver.received();
            let told = format!("{protocol} {behaviour:?} {by_cause:?}");
            assert_eq!(got.spans.len() as u64 + got.logs.len() as u64 + lost, 800, "{told}");
            assert_eq!(behaviour == Behaviour::Accept, got.spans.len() > 60, "{told}");
            assert!(receiver.body_bytes_taken() < 64 << 20, "{told}");
        }
    }
}

#[test]
fn a_receiver_that_comes_back_is_delivered_to_again() {
    for protocol in PROTOCOLS {
        let receiver = Receiver::start_with(Behaviour::Refuse);
        let endpoint = receiver.endpoint();
        let (mut sink, counters) = sink(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "200"),
        ]);
        sink.call(&mut finished(chat()));
        let _ = sink.flush(soon());
        assert_eq!(counters.items(Reason::SpanExportFailed), 1, "{protocol}");
        assert_eq!(counters.items(Reason::LogExportFailed), 3);
        assert!(counters.items(Reason::MetricExportFailed) > 0);
        receiver.set(Behaviour::Accept);
        sink.call(&mut finished(chat()));
        sink.flush(soon()).unwrap();
        let got = receiver.received();
        assert_eq!((got.spans.len(), got.logs.len()), (1, 3), "{protocol}");
        let dropped =
            got.metrics.iter().find(|metric| metric.name == "sidetone.dropped").expect("what was lost is told");
        assert!(dropped.points.iter().any(|point| point.attributes["reason"] == text("span_export_failed")));
        sink.shutdown(soon()).unwrap();
    }
}

#[test]
fn flush_and_stop_keep_their_deadline_while_the_receiver_hangs_and_count_what_is_left() {
    for protocol in PROTOCOLS {
        let receiver = Receiver::start_with(Behaviour::Hang);
        let endpoint = receiver.endpoint();
        let variables = [("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
        let (mut sink, counters) = sink(&variables);
        sink.call(&mut finished(chat()));
        let begun = Instant::now();
        let left = sink.flush(Instant::now() + Duration::from_millis(100)).unwrap_err();
        assert!(left.what.contains("1 spans not delivered") && left.what.contains("metrics"), "{left}");
        sink.shutdown(Instant::now() + Duration::from_millis(100)).unwrap_err();
        drop(sink);
        // Its own timeout is 10 s, the SDK's for stopping 5 s: this tells a deadline that is kept from one that isn't.
        assert!(begun.elapsed() < Duration::from_secs(4), "{protocol}: {:?}", begun.elapsed());
        assert_eq!([Reason::SpanLeftAtStop, Reason::LogLeftAtStop].map(|reason| counters.items(reason)), [1, 3]);
    }
}

#[test]
fn items_that_the_backend_says_it_refused_are_counted() {
    // `ExportTraceServiceResponse { partial_success: { rejected_spans: 2, error_message: "no" } }`, by protoc.
    const ANSWER: &[u8] = &[0x0A, 0x06, 0x08, 0x02, 0x12, 0x02, b'n', b'o'];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/traces", listener.local_addr().unwrap());
    let answering = thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        let length = loop {
            let read = connection.read(&mut piece).unwrap();
            request.extend_from_slice(&piece[..read]);
            let head = String::from_utf8_lossy(&request).to_ascii_lowercase();
            if let (Some(end), Some((_, rest))) = (head.find("\r\n\r\n"), head.split_once("content-length: ")) {
                break end + 4 + rest.split("\r\n").next().unwrap().parse::<usize>().unwrap();
            }
        };
        while request.len() < length {
            let read = connection.read(&mut piece).unwrap();
            request.extend_from_slice(&piece[..read]);
        }
        write!(connection, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", ANSWER.len()).unwrap();
        connection.write_all(ANSWER).unwrap();
    });
    let (mut sink, counters) = sink(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ]);
    (0..5).for_each(|_| sink.call(&mut finished(chat())));
    sink.shutdown(soon()).unwrap();
    answering.join().unwrap();
    assert_eq!(counters.items(Reason::SpanExportFailed), 2);
}

#[test]
fn each_signal_goes_to_its_own_endpoint_or_nowhere() {
    let (traces, logs) = (Receiver::start(), Receiver::start());
    let (to_traces, to_logs) = (format!("{}/a/v1/traces", traces.endpoint()), format!("{}/v1/logs", logs.endpoint()));
    let (mut sink, _) = sink(&[
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &to_traces),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &to_logs),
        ("OTEL_METRICS_EXPORTER", "none"),
    ]);
    sink.call(&mut finished(chat()));
    sink.shutdown(soon()).unwrap();
    assert_eq!((traces.spans().len(), traces.request_count()), (1, 1));
    assert_eq!(traces.requests()[0].path, "/a/v1/traces");
    assert_eq!((logs.logs().len(), logs.request_count()), (3, 1));
}

#[test]
fn the_sampler_decides_about_spans_only() {
    for (sampler, argument, parent_sampled, spans) in [
        ("always_on", "", false, 1),
        ("always_off", "", true, 0),
        ("parentbased_always_on", "", true, 1),
        ("parentbased_always_on", "", false, 0),
        ("parentbased_always_off", "", true, 1),
        ("traceidratio", "0", true, 0),
        ("traceidratio", "1", false, 1),
        ("parentbased_traceidratio", "0.5", false, 0),
    ] {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let (mut sink, counters) = sink(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_TRACES_SAMPLER", sampler),
            ("OTEL_TRACES_SAMPLER_ARG", argument),
        ]);
        let mut call = chat();
        call.parent.as_mut().unwrap().flags = u8::from(parent_sampled);
        sink.call(&mut finished(call));
        sink.shutdown(soon()).unwrap();
        let got = receiver.received();
        assert_eq!((got.spans.len(), got.logs.len()), (spans, 3), "{sampler} {argument} {parent_sampled}");
        assert!(got.metrics.iter().any(|metric| metric.name == "gen_ai.client.operation.duration"));
        assert_eq!(counters.items(Reason::SpanNotSampled), 1 - spans as u64);
    }
}

#[test]
fn limits_hold_for_spans_and_log_events_and_not_for_content() {
    let receiver = Receiver::start();
    let endpoint = receiver.endpoint();
    let (mut sink, _) = sink(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "9"),
        ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
    ]);
    let mut call = chat();
    call.request.model = Some("ä€😀bcdef".into());
    call.provider = String::from("somebody").into();
    sink.call(&mut finished(call));
    sink.shutdown(soon()).unwrap();
    let got = receiver.received();
    let span = &got.spans[0];
    assert_eq!(span.attributes.len(), 9);
    assert_eq!(span.attributes["gen_ai.request.model"], text("ä€😀bc"), "counted in characters");
    assert_eq!(span.attributes["gen_ai.response.model"], text("gpt-4"));
    assert_eq!(span.name, "chat ä€😀bcdef", "a name is no attribute");
    assert_eq!(got.logs[0].attributes["gen_ai.system"], text("som"));
    let Value::Map(body) = &got.logs[0].body else { panic!() };
    assert_eq!(body["content"], text("You are a terse assistant."));
}

#[test]
fn delays_intervals_and_temporality_are_those_of_the_variables() {
    let receiver = Receiver::start();
    let endpoint = receiver.endpoint();
    let (mut sink, _) = sink(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "10"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "10"),
        ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"),
    ]);
    sink.call(&mut finished(chat()));
    let got = receiver.wait_until(Duration::from_secs(20), |got| {
        !got.spans.is_empty() && got.logs.len() == 3 && !got.metrics.is_empty()
    });
    assert_eq!((got.spans.len(), got.logs.len()), (1, 3), "without a flush");
    assert_eq!(got.metrics[0].temporality, "Delta");
    sink.shutdown(soon()).unwrap();
}

#[test]
fn a_disabled_sdk_makes_no_providers_and_asks_nobody() {
    let receiver = Receiver::start();
    let endpoint = receiver.endpoint();
    let (mut sink, counters) = sink(&[("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    assert!(sink.span_starter().is_none());
    sink.call(&mut finished(chat()));
    sink.shutdown(soon()).unwrap();
    assert_eq!((receiver.request_count(), counters.nonzero().count()), (0, 0));
}

#[test]
fn ids_that_were_given_are_those_of_the_span_and_its_log_events() {
    let receiver = Receiver::start();
    let (mut sink, _) = sink(&[("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint())]);
    let given = OwnSpan { trace_id: TraceId([7; 16]), span_id: SpanId([9; 8]) };
    let orphan = Call { parent: None, ..chat() };
    // Under a parent, the trace is the parent's.
    for call in [Call { span: Some(given), ..orphan.clone() }, orphan, Call { span: Some(given), ..chat() }] {
        sink.call(&mut finished(call));
    }
    sink.shutdown(soon()).unwrap();
    let got = receiver.received();
    let ids: Vec<_> = got.spans.iter().map(|span| (span.trace_id.clone(), span.span_id.clone())).collect();
    let (given, own) = ("07".repeat(16), "09".repeat(8));
    assert_eq!(ids[0], (given.clone(), own.clone()));
    assert!(ids[1].0 != given && ids[1].1 != own && ids[1].0.len() == 32, "{ids:?}");
    assert_eq!(ids[2], ("ab".repeat(16), own.clone()));
    assert!(got.logs[..3].iter().all(|log| log.trace_id == given && log.span_id == own));
}

#[test]
fn the_resource_says_which_process_it_is() {
    let receiver = Receiver::start();
    let config = Config::from_lookup(&|name| (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| receiver.endpoint()));
    let process = Process { pid: Some(4711), executable: Some("/usr/bin/app".into()), ..Process::default() };
    let options = Options { process: Some(Arc::new(process)), ..Options::default() };
    let counters = Arc::new(Counters::default());
    let export = Export::new(&config.unwrap(), &options, &counters).unwrap();
    let mut sink = OtelSink::new(export, &V2, counters);
    let own = Process { is_own: true, pid: Some(4711), ..Process::default() };
    let other = Process { pid: Some(4712), container: Some("c0ffee".into()), ..Process::default() };
    for process in [own, other] {
        sink.call(&mut finished(Call { process: Some(Arc::new(process)), ..chat() }));
    }
    sink.shutdown(soon()).unwrap();
    let spans = receiver.received().spans;
    let resource = &spans[0].resource.attributes;
    assert_eq!(resource["process.pid"], Value::Int(4711));
    assert_eq!(resource["process.executable.name"], text("app"));
    assert_eq!(resource["process.executable.path"], text("/usr/bin/app"));
    // Said of each call only where it is another's.
    assert!(!spans[0].attributes.contains_key("process.pid"));
    assert_eq!(spans[1].attributes["process.pid"], Value::Int(4712));
    assert_eq!(spans[1].attributes["container.id"], text("c0ffee"));
    assert!(!spans[1].attributes.contains_key("process.executable.name"));
}
