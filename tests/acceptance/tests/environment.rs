//! What the standard variables say is done, seen from a receiver; each in a process of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sidetone_acceptance::Application;
use sidetone_acceptance::protocol::{Place, Start};
use sidetone_testkit::hostile::Receiver;
use sidetone_testkit::server::MockServer;
use sidetone_testkit::telemetry::{Received, Value};
use support::{PROGRAM, request, requests, text};

const PATIENCE: Duration = Duration::from_secs(60);
const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];

/// Makes one call and stops; what the application said.
fn one_call(server: &MockServer, program: &str, variables: &[(&str, &str)], start: Start) -> String {
    let mut application = Application::observed(program, variables, start);
    let asked = [request(server, "chat_basic")];
    let without = application.calls(&asked, 1, false);
    assert!(application.calls(&asked, 1, true) == without);
    assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
    application.end()
}

/// Makes one call under these variables and gives what a receiver got.
fn received(variables: &[(&str, &str)], start: Start) -> Received {
    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let variables = [&[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())], variables].concat();
    assert_eq!(one_call(&server, PROGRAM, &variables, start), "", "{variables:?}");
    receiver.received()
}

#[test]
fn nothing_is_exported_when_the_sdk_is_disabled() {
    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let variables = [("OTEL_SDK_DISABLED", "true"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)];
    assert_eq!(one_call(&server, PROGRAM, &variables, Start::default()), "");
    assert_eq!((receiver.connections(), server.request_count()), (0, 2));
}

#[test]
fn an_exporter_that_is_none_exports_nothing() {
    let got = received(&[("OTEL_LOGS_EXPORTER", "none")], Start::default());
    assert_eq!((got.spans.len(), got.logs.len()), (1, 0));
    assert!(!got.metrics.is_empty());
}

/// As seen of `opentelemetry-instrumentation-openai-v2` 2.4b0 with OTEL_TRACES_SAMPLER=always_off: no span, all else.
#[test]
fn a_sampler_that_wants_no_span_leaves_log_events_and_metrics() {
    let all = received(&[], Start::default());
    let got = received(&[("OTEL_TRACES_SAMPLER", "always_off")], Start::default());
    assert_eq!((all.spans.len(), got.spans.len()), (1, 0));
    let told = |got: &Received| {
        let names = got.logs.iter().map(|log| log.event_name.clone()).collect::<Vec<_>>();
        let metrics = got.metrics.iter().map(|metric| metric.name.clone()).filter(|name| name.starts_with("gen_ai."));
        (names, metrics.collect::<Vec<_>>())
    };
    assert_eq!(told(&got), told(&all));
    assert_eq!(told(&got).0, ["gen_ai.system.message", "gen_ai.user.message", "gen_ai.choice"]);
    assert_eq!(told(&got).1.len(), 2);
    let dropped = got.metrics.iter().find(|metric| metric.name == "sidetone.dropped").unwrap();
    assert_eq!(dropped.points[0].attributes["reason"], text("span_not_sampled"));
    assert_eq!(dropped.points[0].value, Some(1.0));
}

#[test]
fn the_service_has_the_name_of_the_variables_else_that_of_the_builder() {
    let builder = || Start { app_name: Some("assistant".to_owned()), ..Start::default() };
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=of-attributes,team=x%20y");
    for (variables, start, name) in [
        (&[][..], Start::default(), "unknown_service:application"),
        (&[], builder(), "assistant"),
        (&[attributes], builder(), "of-attributes"),
        (&[("OTEL_SERVICE_NAME", "of-name"), attributes], builder(), "of-name"),
    ] {
        let is_named = start.app_name.is_some();
        let got = received(variables, start);
        let of_logs = got.logs.iter().map(|log| &log.resource);
        let of_metrics = got.metrics.iter().map(|metric| &metric.resource);
        for resource in got.spans.iter().map(|span| &span.resource).chain(of_logs).chain(of_metrics) {
            assert_eq!(resource.attributes["service.name"], text(name));
            let team = resource.attributes.get("team");
            assert_eq!(team, variables.contains(&attributes).then_some(&text("x y")));
        }
        assert_eq!(got.spans[0].attributes.get("sidetone.app.name"), is_named.then_some(&text("assistant")));
    }
}

#[test]
fn each_signal_goes_to_its_endpoint_with_its_headers_and_compressed() {
    for protocol in PROTOCOLS {
        let server = MockServer::start();
        let (all, logs) = (Receiver::start(), Receiver::start());
        let is_grpc = protocol == "grpc";
        let to_logs = if is_grpc { logs.endpoint() } else { format!("{}/own/v1/logs", logs.endpoint()) };
        let to_all = all.endpoint();
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &to_all),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", &to_logs),
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc,x-tenant=a"),
            ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "x-tenant=b"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ];
        assert_eq!(one_call(&server, PROGRAM, &variables, Start::default()), "", "{protocol}");
        assert_eq!((all.spans().len(), all.logs().len(), logs.logs().len(), logs.spans().len()), (1, 0, 3, 0));
        assert!(!all.metrics().is_empty() && logs.metrics().is_empty(), "{protocol}");
        for request in all.requests() {
            assert_eq!(request.header("authorization"), Some("Bearer abc"), "{protocol} {}", request.path);
            assert_eq!(request.header("x-tenant"), Some("a"));
        }
        for request in logs.requests() {
            assert_eq!((request.header("authorization"), request.header("x-tenant")), (None, Some("b")), "{protocol}");
            assert!(is_grpc || request.path == "/own/v1/logs", "taken as it is: {}", request.path);
        }
        let mut paths: Vec<_> = all.requests().into_iter().map(|request| request.path).collect();
        paths.sort();
        paths.dedup();
        let service = "/opentelemetry.proto.collector";
        let expected = if is_grpc {
            [format!("{service}.metrics.v1.MetricsService/Export"), format!("{service}.trace.v1.TraceService/Export")]
        } else {
            ["/v1/metrics".to_owned(), "/v1/traces".to_owned()]
        };
        assert_eq!(paths, expected);
        let encoding = if is_grpc { "grpc-encoding" } else { "content-encoding" };
        for request in all.requests().iter().chain(&logs.requests()) {
            assert_eq!(request.header(encoding), Some("gzip"), "{protocol} {}", request.path);
        }
    }
}

#[test]
fn a_wrong_value_is_a_clear_error_and_the_application_goes_on() {
    let server = MockServer::start();
    for (variable, value, allowed) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector 4318", "a URL is expected"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http", "http/protobuf or grpc is expected"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "brotli", "gzip or none is expected"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a whole number of milliseconds is expected"),
        ("OTEL_TRACES_SAMPLER", "sometimes", "always_on"),
        ("OTEL_TRACES_EXPORTER", "stdout", "otlp, console or none is expected"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "key=value"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "1 or more"),
    ] {
        let mut application = Application::start(PROGRAM, &[(variable, value)]);
        let error = application.start_observing(Start::default()).error.unwrap();
        assert!(error.starts_with(&format!("{variable}={value}: ")) && error.contains(allowed), "{error}");
        let made = application.calls(&[request(&server, "chat_basic")], 1, false);
        assert!(made.results[0].is_ok());
        assert_eq!(application.end(), "");
    }
}

#[test]
fn an_absent_backend_is_no_error() {
    let nobody = sidetone_testkit::hostile::Refused::bind();
    for protocol in PROTOCOLS {
        let url = nobody.url();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)];
        let mut application = Application::start(PROGRAM, &variables);
        assert_eq!(application.start_observing(Start::default()).error, None, "{protocol}");
    }
}

/// The values of the variable are those of the conventions' own description, and a list.
#[test]
fn the_newest_conventions_are_chosen_by_their_variable() {
    for (list, is_newest) in
        [("gen_ai_latest_experimental", true), ("http,gen_ai_latest_experimental", true), ("http", false)]
    {
        let got = received(&[("OTEL_SEMCONV_STABILITY_OPT_IN", list)], Start::default());
        let attributes = &got.spans[0].attributes;
        assert_eq!(attributes.get("gen_ai.provider.name"), is_newest.then_some(&text("openai")), "{list}");
        assert_eq!(attributes.get("gen_ai.system"), (!is_newest).then_some(&text("openai")), "{list}");
    }
}

/// How often something was warned about.
fn warnings(said: &str, about: &str) -> usize {
    said.lines().filter(|line| line.contains("WARN sidetone") && line.contains(about)).count()
}

#[test]
fn what_is_asked_for_and_can_not_be_had_gives_one_warning() {
    let server = MockServer::start();
    for (variable, value) in [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "on"),
        ("SIDETONE_CONTENT", "everything"),
        ("SIDETONE_SCAN", "maybe"),
    ] {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), (variable, value)];
        let said = one_call(&server, PROGRAM, &variables, Start::default());
        assert_eq!((warnings(&said, variable), said.lines().count()), (1, 1), "{said}");
    }
}

#[test]
fn one_warning_names_all_that_can_not_be_had() {
    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("OTEL_LOGS_EXPORTER", "jaeger"),
        ("SIDETONE_SCAN", "maybe"),
    ];
    let said = one_call(&server, PROGRAM, &variables, Start::default());
    assert_eq!(said.lines().count(), 1, "{said}");
    for (variable, _) in &variables[1..] {
        assert_eq!(warnings(&said, variable), 1, "{variable}: {said}");
    }
}

#[test]
fn a_protocol_that_is_not_compiled_in_gives_exactly_one_warning_and_exports_nothing() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--no-default-features", "--bin", "application_without_grpc"])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let built = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let mut programs = built.filter_map(|message| message["executable"].as_str().map(str::to_owned));
    let program = programs.find(|path| path.contains("application_without_grpc")).expect("cargo names the program");

    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str());
    let grpc = [endpoint, ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")];
    let said = one_call(&server, &program, &grpc, Start::default());
    assert_eq!((warnings(&said, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"), said.lines().count()), (1, 1), "{said}");
    assert!(said.contains("enable feature `grpc`"), "{said}");
    assert_eq!(receiver.connections(), 0);
    assert_eq!(
        one_call(&server, &program, &[endpoint], Start::default()),
        "",
        "what is compiled in is not warned about"
    );
    assert_eq!(receiver.spans().len(), 1);
}

#[test]
fn a_limit_on_attributes_never_evicts_the_core_ones() {
    const CORE: [&str; 8] = [
        "gen_ai.operation.name",
        "gen_ai.system",
        "gen_ai.request.model",
        "gen_ai.response.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.response.finish_reasons",
        "gen_ai.response.id",
    ];
    for limit in ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"] {
        let got = received(&[(limit, "8")], Start::default());
        let names: Vec<_> = got.spans[0].attributes.keys().map(String::as_str).collect();
        let mut core = CORE;
        core.sort_unstable();
        assert_eq!(names, core, "{limit}");
        assert_eq!(got.logs.len(), 3);
        assert_eq!(got.logs[0].attributes["gen_ai.system"], text("openai"));
    }
    // What went wrong is core, too.
    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4")];
    let mut application = Application::observed(PROGRAM, &variables, Start::default());
    application.calls(&requests(&server, &["error_429"]), 1, true);
    assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
    let span = &receiver.spans()[0];
    assert_eq!(span.attributes.len(), 4);
    assert_eq!(span.attributes["error.type"], text("RateLimitError"));
}

#[test]
fn content_is_kept_by_the_variable_and_the_builder_overrules_it() {
    const CAPTURE: &str = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT";
    for (variable, builder, is_kept) in [
        (None, None, false),
        (Some("true"), None, true),
        (Some("false"), Some(true), true),
        (Some("true"), Some(false), false),
    ] {
        let variables: Vec<_> = variable.iter().map(|value| (CAPTURE, *value)).collect();
        let got = received(&variables, Start { content: builder, ..Start::default() });
        let question = got.logs.iter().find(|log| log.event_name == "gen_ai.user.message").unwrap();
        let content = match &question.body {
            Value::Map(body) => body.get("content").cloned(),
            _ => None,
        };
        assert_eq!(content, is_kept.then(|| text("Say this is a test.")), "{variable:?} {builder:?}");
        assert!(is_kept || !format!("{got:?}").contains("This is a test."), "no content anywhere");
    }
}

#[test]
fn development_tells_each_call_on_standard_error() {
    let (server, receiver) = (MockServer::start(), Receiver::start());
    let endpoint = receiver.endpoint();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let said = one_call(&server, PROGRAM, &variables, Start { development: true, ..Start::default() });
    for told in ["chat gpt-4o-mini", "gen_ai.choice", "gen_ai.client.operation.duration"] {
        assert_eq!(said.matches(told).count(), 1, "{told}: {said}");
    }
    assert_eq!(receiver.spans().len(), 1, "and to the receiver all the same");
}
