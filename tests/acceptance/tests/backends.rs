//! Real receivers show what the peer would have sent them: compared with the telemetry recorded from
//! `opentelemetry-instrumentation-openai-v2`, field by field, as the receiver understood it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde_json::Value as Json;
use sidetone_acceptance::Application;
use sidetone_acceptance::protocol::{Place, Start};
use sidetone_testkit::backends::{self, Receiver};
use sidetone_testkit::server::MockServer;
use sidetone_testkit::telemetry::{Attributes, LogRecord, Metric, Point, Received, Resource, Scope, Span, Value};
use support::{PROGRAM, requests, text};

const PATIENCE: Duration = Duration::from_secs(60);
const CASES: [&str; 5] = ["chat_basic", "chat_stream_usage", "chat_tools_call", "error_429", "embeddings_float"];

/// One run of the application, under a service name of its own.
struct Run<'a> {
    service: String,
    content: &'static str,
    server: &'a MockServer,
}

fn runs<'a>(server: &'a MockServer, receiver: &Receiver) -> Vec<Run<'a>> {
    let before = SystemTime::now();
    let mut runs = Vec::new();
    for (protocol, endpoint) in [("grpc", receiver.grpc_endpoint()), ("http/protobuf", receiver.http_endpoint())] {
        for content in ["off", "on"] {
            let service = format!("{}-{content}", &protocol[..4]);
            let captured = if content == "on" { "true" } else { "false" };
            let variables = [
                ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
                ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", captured),
                ("OTEL_SERVICE_NAME", &service),
                // Once, at the end, however long it takes.
                ("OTEL_METRIC_EXPORT_INTERVAL", "86400000"),
                ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=acceptance,service.name=overruled"),
            ];
            let mut application = Application::observed(PROGRAM, &variables, Start::default());
            for request in requests(server, &CASES) {
                let made = application.calls(&[request], 1, true);
                assert!(made.results[0].is_ok(), "{made:?}");
            }
            assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
            assert_eq!(application.state().dropped, [].into());
            runs.push(Run { service, content, server });
        }
    }
    assert!(before.elapsed().unwrap() < Duration::from_secs(3600), "the clock is not turned back");
    runs
}

/// The telemetry recorded from the peer.
fn golden(content: &str, case: &str) -> Json {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/golden/v2");
    serde_json::from_slice(&fs::read(folder.join(content).join(format!("{case}.json"))).unwrap()).unwrap()
}

/// A typed value of the recorded telemetry.
fn value(json: &Json) -> Value {
    let (kind, inner) = json.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "string" => text(inner.as_str().unwrap()),
        "int" => Value::Int(inner.as_i64().unwrap()),
        "double" => Value::Double(inner.as_f64().unwrap()),
        "bool" => Value::Bool(inner.as_bool().unwrap()),
        "array" => Value::Slice(inner.as_array().unwrap().iter().map(value).collect()),
        "kvlist" => Value::Map(attributes(inner)),
        "null" => Value::Empty,
        other => panic!("{other}"),
    }
}

fn attributes(json: &Json) -> Attributes {
    json.as_object().unwrap().iter().map(|(name, json)| (name.clone(), value(json))).collect()
}

impl Run<'_> {
    fn is_of(&self, resource: &Resource) -> bool {
        resource.attributes.get("service.name") == Some(&text(&self.service))
    }

    /// Recorded attributes, of our server.
    fn expected(&self, recorded: &Json) -> Attributes {
        let mut expected = attributes(recorded);
        if expected.contains_key("server.port") {
            expected.insert("server.port".to_owned(), Value::Int(self.server.addr().port().into()));
        }
        expected
    }

    fn assert_resource(&self, resource: &Resource) {
        let mut attributes = resource.attributes.clone();
        let Some(Value::Str(version)) = attributes.remove("telemetry.sdk.version") else { panic!("{resource:?}") };
        assert!(version.starts_with("0.33."), "{version}");
        let Some(Value::Int(pid)) = attributes.remove("process.pid") else { panic!("{resource:?}") };
        assert!(pid > 1 && pid != i64::from(std::process::id()), "the process of another: {pid}");
        let Some(Value::Str(path)) = attributes.remove("process.executable.path") else { panic!("{resource:?}") };
        assert!(Path::new(&path).is_file() && path.ends_with("/application"), "{path}");
        let expected = [
            ("process.executable.name", "application"),
            ("service.name", self.service.as_str()),
            ("deployment.environment.name", "acceptance"),
            ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.language", "rust"),
        ];
        assert_eq!(attributes, expected.map(|(name, value)| (name.to_owned(), text(value))).into());
    }
}

fn assert_scope(scope: &Scope, recorded: &Json) {
    assert_eq!(scope.name, "sidetone");
    assert_eq!(scope.version, version());
    assert_eq!(scope.schema_url, recorded["scope"]["schema_url"].as_str().unwrap());
    assert!(scope.attributes.is_empty());
}

/// The version in the workspace's manifest.
fn version() -> String {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml")).unwrap();
    let line = manifest.lines().find_map(|line| line.strip_prefix("version = \"")).unwrap();
    line.trim_end_matches('"').to_owned()
}

/// What we say of a call and the peer doesn't: from the recorded bytes.
fn additions(case: &str) -> Vec<(&'static str, Value)> {
    let cached = match case {
        "chat_basic" | "chat_tools_call" => 0,
        "chat_stream_usage" => 4,
        _ => return Vec::new(),
    };
    let mut additions = vec![
        ("gen_ai.openai.response.system_fingerprint", text("fp_mock0001")),
        ("gen_ai.usage.cache_read.input_tokens", Value::Int(cached)),
        ("gen_ai.usage.reasoning.output_tokens", Value::Int(0)),
    ];
    if case == "chat_stream_usage" {
        additions.push(("gen_ai.response.finish_reasons", Value::Slice(vec![text("stop")])));
    }
    additions
}

fn assert_span(run: &Run<'_>, case: &str, span: &Span) {
    let recorded = &golden(run.content, case)["spans"][0];
    run.assert_resource(&span.resource);
    assert_scope(&span.scope, recorded);
    assert_eq!(span.name, recorded["name"].as_str().unwrap());
    assert_eq!(span.kind.to_uppercase(), recorded["kind"].as_str().unwrap());
    assert_eq!(span.status_code.to_uppercase(), recorded["status"]["code"].as_str().unwrap());
    // The peer puts the server's message there, whatever it holds; we only with content on.
    let status = match (case, run.content) {
        ("error_429", "off") => "RateLimitError: HTTP 429",
        ("error_429", _) => "RateLimitError: HTTP 429: Rate limit reached for gpt-4o-mini.",
        _ => "",
    };
    assert_eq!(span.status_message, status);
    assert_eq!(span.parent_span_id, "");
    assert_eq!((span.trace_id.len(), span.span_id.len()), (32, 16));
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    let hour = 3_600_000_000_000;
    assert!(span.start_unix_nano < span.end_unix_nano && now - hour < span.start_unix_nano && span.end_unix_nano < now);

    let mut ours = span.attributes.clone();
    let expected = run.expected(&recorded["attributes"]).into_iter();
    for (name, value) in expected.chain(additions(case).into_iter().map(|(name, value)| (name.to_owned(), value))) {
        assert_eq!(ours.remove(&name), Some(value), "{case}: {name}");
    }
    if case == "chat_stream_usage" {
        let first = ours.remove("gen_ai.response.time_to_first_chunk");
        assert!(matches!(first, Some(Value::Double(seconds)) if seconds > 0.0 && seconds < 3600.0), "{first:?}");
    }
    assert_eq!(ours.remove("sidetone.http.status_code"), Some(Value::Int(if case == "error_429" { 429 } else { 200 })));
    let outcome = if case == "error_429" { "failed" } else { "completed" };
    assert_eq!(ours.remove("sidetone.outcome"), Some(text(outcome)));
    let rest: Vec<_> = ours.keys().filter(|name| !name.starts_with("sidetone.")).collect();
    assert!(rest.is_empty(), "{case}: {rest:?}");
}

fn assert_logs(run: &Run<'_>, case: &str, span: &Span, logs: &[&LogRecord]) {
    let golden = golden(run.content, case);
    let recorded = golden["logs"].as_array().unwrap();
    assert_eq!(logs.len(), recorded.len(), "{case}");
    for (log, recorded) in logs.iter().zip(recorded) {
        run.assert_resource(&log.resource);
        assert_scope(&log.scope, recorded);
        assert_eq!(log.event_name, recorded["event_name"].as_str().unwrap());
        assert_eq!(log.body, value(&recorded["body"]), "{case} {}", log.event_name);
        assert_eq!(log.attributes, run.expected(&recorded["attributes"]), "{case} {}", log.event_name);
        assert_eq!((log.severity_number, log.severity_text.as_str(), log.time_unix_nano), (0, "", 0));
        assert!(log.observed_time_unix_nano >= span.start_unix_nano);
        assert_eq!((&log.trace_id, &log.span_id), (&span.trace_id, &span.span_id));
    }
}

/// What one point of a metric holds after all calls.
struct Expected {
    metric: &'static str,
    /// The case whose recorded attributes it has.
    case: &'static str,
    token_type: Option<&'static str>,
    /// The values that were added, if they don't depend on the clock.
    values: Option<&'static [f64]>,
    count: u64,
}

const DURATION: &str = "gen_ai.client.operation.duration";
const TOKENS: &str = "gen_ai.client.token.usage";
const FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk";
/// Ours: no peer has it.
const COST: &str = "sidetone.cost";

/// What the calls of each model cost: 115 tokens in at 0.15 USD a million and 66 out at 0.60; 6 in at 0.02.
const COSTS: [(&str, f64); 2] = [("gpt-4o-mini", 56.85e-6), ("text-embedding-3-small", 0.12e-6)];

const fn timed(metric: &'static str, case: &'static str, count: u64) -> Expected {
    Expected { metric, case, token_type: None, values: None, count }
}

const fn counted(case: &'static str, token_type: &'static str, values: &'static [f64]) -> Expected {
    Expected { metric: TOKENS, case, token_type: Some(token_type), values: Some(values), count: values.len() as u64 }
}

const POINTS: [Expected; 7] = [
    timed(DURATION, "chat_basic", 3),
    timed(DURATION, "error_429", 1),
    timed(DURATION, "embeddings_float", 1),
    counted("chat_basic", "input", &[20.0, 20.0, 75.0]),
    counted("chat_basic", "output", &[10.0, 5.0, 51.0]),
    counted("embeddings_float", "input", &[6.0]),
    timed(FIRST_CHUNK, "chat_basic", 1),
];

fn assert_metrics(run: &Run<'_>, metrics: &[&Metric]) {
    let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names.len(), 4, "each once, nothing was dropped: {names:?}");
    for Expected { metric: name, case, token_type, values, count } in POINTS {
        let about = format!("{name} {case} {token_type:?}");
        let golden = golden(run.content, case);
        let is_it = |recorded: &&Json| {
            let kind = recorded["attributes"]["gen_ai.token.type"]["string"].as_str();
            recorded["name"] == name && kind == token_type
        };
        // The peer has no time to first chunk: its attributes are those of the duration.
        let recorded = golden["metrics"].as_array().unwrap().iter().find(is_it).unwrap_or(&golden["metrics"][0]);
        let metric = metrics.iter().find(|metric| metric.name == name).unwrap_or_else(|| panic!("{names:?}"));
        run.assert_resource(&metric.resource);
        assert_scope(&metric.scope, recorded);
        assert_eq!((metric.kind.as_str(), metric.temporality.as_str()), ("Histogram", "Cumulative"), "{about}");
        assert_eq!(metric.unit, recorded["unit"].as_str().unwrap(), "{about}");
        if recorded["name"] == name {
            assert_eq!(metric.description, recorded["description"].as_str().unwrap(), "{about}");
        }
        let expected = run.expected(&recorded["attributes"]);
        let mut points = metric.points.iter().filter(|point| point.attributes == expected);
        let (Some(point), None) = (points.next(), points.next()) else {
            panic!("{about}: {expected:?} in {:?}", metric.points)
        };
        assert_eq!(point.count, Some(count), "{about}");
        let bounds: Vec<f64> =
            recorded["bounds"].as_array().unwrap().iter().map(|bound| bound.as_f64().unwrap()).collect();
        assert_eq!(point.bounds, bounds, "{about}");
        assert_eq!(point.bucket_counts.iter().sum::<u64>(), count, "{about}");
        let Some(values) = values else { continue };
        assert_eq!(point.sum, Some(values.iter().sum()), "{about}");
        let mut buckets = vec![0; bounds.len() + 1];
        for value in values {
            // A bound belongs to the bucket that it closes.
            buckets[bounds.iter().take_while(|bound| value > *bound).count()] += 1;
        }
        assert_eq!(point.bucket_counts, buckets, "{about}");
    }
    let cost = metrics.iter().find(|metric| metric.name == COST).unwrap_or_else(|| panic!("{names:?}"));
    assert_eq!((cost.kind.as_str(), cost.unit.as_str(), cost.is_monotonic), ("Sum", "{USD}", Some(true)));
    for (model, usd) in COSTS {
        let is_of =
            |point: &&Point| point.attributes.get("gen_ai.request.model") == Some(&Value::Str(model.to_owned()));
        let value = cost.points.iter().find(is_of).and_then(|point| point.value).unwrap_or_else(|| panic!("{cost:?}"));
        // The Collector prints six places.
        assert!((value - usd).abs() <= 0.5e-6, "{model}: {value} and not {usd}");
    }
    let points: usize = metrics.iter().map(|metric| metric.points.len()).sum();
    assert_eq!(points, POINTS.len() + COSTS.len(), "and no other point");
}

fn shows_everything(receiver: &Receiver) {
    let server = MockServer::start();
    let runs = runs(&server, receiver);
    let is_all = |got: &Received| got.spans.len() >= 20 && got.logs.len() >= 44 && got.metrics.len() >= 16;
    let got = receiver.wait_until(PATIENCE, is_all);
    assert_eq!((got.spans.len(), got.logs.len()), (20, 44), "{}", receiver.output());
    for run in &runs {
        let spans: Vec<_> = got.spans.iter().filter(|span| run.is_of(&span.resource)).collect();
        assert_eq!(spans.len(), CASES.len());
        let mut logs: BTreeMap<&str, Vec<&LogRecord>> = BTreeMap::new();
        for log in got.logs.iter().filter(|log| run.is_of(&log.resource)) {
            logs.entry(&log.span_id).or_default().push(log);
        }
        for (case, span) in CASES.iter().zip(spans) {
            assert_span(run, case, span);
            assert_logs(run, case, span, logs.get(span.span_id.as_str()).map_or(&[], Vec::as_slice));
        }
        let metrics: Vec<_> = got.metrics.iter().filter(|metric| run.is_of(&metric.resource)).collect();
        assert_metrics(run, &metrics);
    }
}

#[test]
fn the_collector_shows_what_the_peer_would_have_sent_it() {
    let Some(collector) = backends::collector() else { return };
    shows_everything(&collector);
}

#[test]
fn rotel_shows_what_the_peer_would_have_sent_it() {
    let Some(rotel) = backends::rotel() else { return };
    shows_everything(&rotel);
}

#[test]
fn phoenix_shows_calls_with_model_and_token_counts() {
    let Some(phoenix) = backends::phoenix() else { return };
    for (protocol, endpoint, input, output) in [
        ("grpc", phoenix.grpc_endpoint(), 1_234, 77),
        ("http/protobuf", format!("{}/v1/traces", phoenix.http_endpoint()), 8, 4_321),
    ] {
        let server = MockServer::builder().usage(input, output).reply_model("served-model").start();
        let project = format!("acceptance-{}", &protocol[..4]);
        let resource = format!("openinference.project.name={project}");
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &endpoint),
            ("OTEL_LOGS_EXPORTER", "none"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_RESOURCE_ATTRIBUTES", &resource),
        ];
        let mut application = Application::observed(PROGRAM, &variables, Start::default());
        let mut requests = requests(&server, &["chat_basic", "chat_stream_usage"]);
        for request in &mut requests {
            // By path and body instead of by the recorded case, so that the answer is this server's own.
            request.url = format!("{}/chat/completions", server.base_url());
            request.body = request.body.replace("gpt-4o-mini", "asked-model");
        }
        application.calls(&requests, 2, true);
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
        assert_eq!(application.state().dropped, [].into());
        let spans = phoenix.spans(&project, PATIENCE, 2);
        assert_eq!(spans.len(), 2, "{protocol}: {}", phoenix.output());
        for span in spans {
            assert_eq!(span["name"], "chat asked-model");
            assert_eq!(span["span_kind"], "LLM");
            let attributes = &span["attributes"];
            assert_eq!(attributes["llm.model_name"], "asked-model", "{attributes}");
            assert_eq!(attributes["gen_ai.response.model"], "served-model");
            assert_eq!(attributes["llm.token_count.prompt"], input);
            assert_eq!(attributes["llm.token_count.completion"], output);
        }
    }
}

#[test]
fn a_collector_that_is_back_gets_what_comes_then() {
    let Some(mut collector) = backends::collector() else { return };
    let server = MockServer::start();
    for protocol in ["grpc", "http/protobuf"] {
        let endpoint = if protocol == "grpc" { collector.grpc_endpoint() } else { collector.http_endpoint() };
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
            ("OTEL_SERVICE_NAME", protocol),
        ];
        let mut application = Application::observed(PROGRAM, &variables, Start::default());
        let requests = requests(&server, &["chat_basic", "chat_stream_usage"]);
        application.calls(&requests, 4, true);
        assert_eq!(application.flush(PATIENCE).error, None);
        collector.stop();
        application.calls(&requests, 6, true);
        assert!(application.flush(PATIENCE).error.is_some(), "{protocol}");
        assert_eq!(application.state().items("span_export_failed"), 6, "{protocol}");
        collector.start_again();
        application.calls(&requests, 8, true);
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None, "{protocol}");
        let ours = |got: &Received| {
            got.spans.iter().filter(|span| span.resource.attributes["service.name"] == text(protocol)).count()
        };
        let got = collector.wait_until(PATIENCE, |got| ours(got) >= 12);
        assert_eq!(ours(&got), 12, "{protocol}: {:?}", application.state());
        assert_eq!(application.state().items("span_export_failed"), 6, "{protocol}");
    }
}
