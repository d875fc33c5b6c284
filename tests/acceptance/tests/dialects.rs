//! What backends make of a call in each dialect: Arize Phoenix and MLflow show it, read back through their APIs, and the
//! OpenTelemetry Collector passes it on unchanged. Expected values are those of the recorded exchanges.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value as Json, json};
use sidetone::core::dialect::DIALECTS;
use sidetone_acceptance::Application;
use sidetone_acceptance::protocol::{Place, Start};
use sidetone_testkit::backends::{self, Mlflow, Phoenix, Receiver};
use sidetone_testkit::case::Case;
use sidetone_testkit::hostile::Receiver as Recorder;
use sidetone_testkit::server::{MockServer, ReceivedRequest};
use sidetone_testkit::telemetry::{Attributes, Value};
use support::{PROGRAM, request_of};

const PATIENCE: Duration = Duration::from_secs(60);

/// A chat, both halves of a round trip with tools, a stream, one that caches and reasons, and an embedding.
const CASES: [&str; 6] = [
    "chat_basic",
    "chat_tools_call",
    "chat_tools_result",
    "chat_stream_usage",
    "chat_cached_reasoning",
    "embeddings_float",
];

fn conformance(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance").join(folder)
}

fn server() -> MockServer {
    let server = MockServer::builder().cases_from(conformance("cases")).unwrap();
    server.cases_from(conformance("further/cases")).unwrap().start()
}

fn six_cases() -> Vec<Case> {
    CASES.map(|name| Case::load(conformance("cases").join(name)).unwrap()).into()
}

fn every_case() -> Vec<Case> {
    ["cases", "further/cases"].iter().flat_map(|folder| Case::load_all(conformance(folder)).unwrap()).collect()
}

/// Makes the calls one after the other, so that the time tells which span is whose.
fn call(server: &MockServer, cases: &[Case], variables: &[(&str, &str)], start: Start) {
    let own = [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_METRIC_EXPORT_INTERVAL", "86400000")];
    let mut application = Application::observed(PROGRAM, &[&own, variables].concat(), start);
    for case in cases {
        application.calls(&[request_of(server, case)], 1, true);
    }
    assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
    assert_eq!(application.state().dropped, [].into());
}

fn in_dialect(name: &str, content: bool) -> Start {
    Start { content: Some(content), dialect: Some(name.to_owned()), ..Start::default() }
}

/// The spans of the cases as Phoenix gives them back, in the order of the calls.
fn phoenix_spans(phoenix: &Phoenix, server: &MockServer, cases: &[Case], project: &str, start: Start) -> Vec<Json> {
    let endpoint = format!("{}/v1/traces", phoenix.http_endpoint());
    let resource = format!("openinference.project.name={project}");
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
        ("OTEL_RESOURCE_ATTRIBUTES", &resource),
        // So many that no long conversation loses its end.
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "10000"),
    ];
    call(server, cases, &variables, start);
    let mut spans = phoenix.spans(project, PATIENCE, cases.len());
    assert_eq!(spans.len(), cases.len(), "{}", phoenix.output());
    spans.sort_by_key(|span| span["start_time"].as_str().unwrap().to_owned());
    spans
}

/// What Phoenix shows as messages: what it found under OpenInference's names or put there itself.
fn messages(attributes: &Json, prefix: &str) -> Vec<Json> {
    let text = |name: String| attributes.get(name).and_then(Json::as_str);
    let mut messages = Vec::new();
    while let Some(role) = text(format!("{prefix}.{}.message.role", messages.len())) {
        let base = format!("{prefix}.{}.message", messages.len());
        let mut message = json!({ "role": role });
        for name in ["content", "tool_call_id"] {
            if let Some(text) = text(format!("{base}.{name}")) {
                message[name] = text.into();
            }
        }
        let mut calls = Vec::new();
        while let Some(name) = text(format!("{base}.tool_calls.{}.tool_call.function.name", calls.len())) {
            let call = format!("{base}.tool_calls.{}.tool_call", calls.len());
            let arguments = text(format!("{call}.function.arguments")).unwrap();
            let arguments: Json = serde_json::from_str(arguments).unwrap();
            calls.push(json!({ "id": text(format!("{call}.id")), "name": name, "arguments": arguments }));
        }
        if !calls.is_empty() {
            message["tool_calls"] = calls.into();
        }
        messages.push(message);
    }
    messages
}

/// Input, output, total, cached and reasoning tokens of each case.
const COUNTS: [[Option<u64>; 5]; 6] = [
    [Some(20), Some(10), Some(30), Some(0), Some(0)],
    [Some(75), Some(51), Some(126), Some(0), Some(0)],
    [Some(99), Some(25), Some(124), Some(0), Some(0)],
    [Some(20), Some(5), Some(25), Some(4), Some(0)],
    [Some(1_200), Some(300), Some(1_500), Some(1_024), Some(256)],
    [Some(6), None, Some(6), None, None],
];

/// Messages that were sent and that came in each case.
fn said() -> [[Json; 2]; 6] {
    let system = json!({ "role": "system", "content": "You are a terse assistant." });
    let say = json!({ "role": "user", "content": "Say this is a test." });
    let came = json!([{ "role": "assistant", "content": "This is a test." }]);
    let weather = json!({ "role": "user", "content": "What's the weather in Seattle and San Francisco today?" });
    let tool_call = |id, city| json!({ "id": id, "name": "get_current_weather", "arguments": { "location": city } });
    let tool_calls = [tool_call("call_mock1", "Seattle, WA"), tool_call("call_mock2", "San Francisco, CA")];
    let calling = json!({ "role": "assistant", "tool_calls": tool_calls });
    let seattle = json!({ "role": "tool", "tool_call_id": "call_mock1", "content": "50 degrees and raining" });
    let san_francisco = json!({ "role": "tool", "tool_call_id": "call_mock2", "content": "70 degrees and sunny" });
    let told = json!({ "role": "assistant", "content": "Seattle: 50 and raining. San Francisco: 70 and sunny." });
    [
        [json!([system, say]), came.clone()],
        [json!([system, weather]), json!([calling])],
        [json!([system, weather, calling, seattle, san_francisco]), json!([told])],
        [json!([system, say]), came.clone()],
        [json!([{ "role": "developer", "content": "Think hard." }, say]), came],
        [json!([]), json!([])],
    ]
}

/// What Phoenix and MLflow read of a dialect, besides input and output tokens.
struct Shown {
    dialect: &'static str,
    /// Whether Phoenix has what was said as messages.
    has_messages: bool,
    /// The model that Phoenix shows of the first four cases.
    model: &'static str,
    /// Whether the total is there that was sent, or only the sum of input and output, which an embedding hasn't.
    has_total: bool,
    /// The names under which Phoenix gives cached and reasoning tokens back.
    cached: &'static str,
    reasoning: &'static str,
}

/// Phoenix's own names for them.
const CACHED: &str = "llm.token_count.prompt_details.cache_read";
const REASONING: &str = "llm.token_count.completion_details.reasoning";

/// A row for each dialect of which they read anything. Where the names of cached and reasoning tokens aren't Phoenix's own, it has
/// no reading of them and shows the attribute: `get_openinference_usage_attributes` of its `trace/gen_ai/conversion.py`.
const SHOWN: [Shown; 4] = [
    Shown {
        dialect: "openinference",
        has_messages: true,
        model: "gpt-4o-mini-2024-07-18",
        has_total: true,
        cached: CACHED,
        reasoning: REASONING,
    },
    Shown {
        dialect: "latest",
        has_messages: true,
        model: "gpt-4o-mini",
        has_total: false,
        cached: CACHED,
        reasoning: "gen_ai.usage.reasoning.output_tokens",
    },
    Shown {
        dialect: "v2",
        has_messages: false,
        model: "gpt-4o-mini",
        has_total: false,
        cached: CACHED,
        reasoning: "gen_ai.usage.reasoning.output_tokens",
    },
    Shown {
        dialect: "v1",
        has_messages: false,
        model: "gpt-4o-mini",
        has_total: false,
        cached: "gen_ai.usage.cache_read_input_tokens",
        reasoning: "llm.usage.reasoning_tokens",
    },
];

fn shown(dialect: &str) -> Option<&'static Shown> {
    SHOWN.iter().find(|shown| shown.dialect == dialect)
}

#[test]
fn phoenix_shows_what_was_said_with_every_count() {
    let Some(phoenix) = backends::phoenix() else { return };
    let server = server();
    let cases = six_cases();
    for dialect in DIALECTS.iter().map(|dialect| dialect.name()) {
        for content in [true, false] {
            let project = format!("{dialect}-{}", if content { "full" } else { "off" });
            let spans = phoenix_spans(&phoenix, &server, &cases, &project, in_dialect(dialect, content));
            let Some(shown) = shown(dialect) else {
                let told = serde_json::to_string(&spans).unwrap();
                assert!(!told.contains("\"llm.") && spans.iter().all(|span| span["span_kind"] == "UNKNOWN"), "{told}");
                continue;
            };
            assert_shown(&phoenix, shown, &spans, &project);
            if content && shown.has_messages {
                assert_said(&spans, &project);
                continue;
            }
            let told = serde_json::to_string(&spans).unwrap();
            assert!(!told.contains("_messages."), "{project}: {told}");
            assert!(content || !told.contains("terse") && !told.contains("get_current_weather"), "{project}: {told}");
        }
    }
    every_message_is_understood(&phoenix, &server);
}

fn assert_shown(phoenix: &Phoenix, shown: &Shown, spans: &[Json], project: &str) {
    let traces = phoenix.get(&format!("/v1/projects/{project}/traces?limit=1000")).unwrap();
    let traces: BTreeMap<_, _> =
        traces["data"].as_array().unwrap().iter().map(|trace| (trace["trace_id"].as_str().unwrap(), trace)).collect();
    for ((case, counts), span) in CASES.iter().zip(COUNTS).zip(spans) {
        let about = format!("{project} {case}");
        let is_embedding = *case == "embeddings_float";
        let attributes = &span["attributes"];
        assert_eq!(span["span_kind"], if is_embedding { "EMBEDDING" } else { "LLM" }, "{about}");
        match *case {
            "embeddings_float" => assert_eq!(attributes["embedding.model_name"], "text-embedding-3-small", "{about}"),
            "chat_cached_reasoning" => {}
            _ => assert_eq!(attributes["llm.model_name"], shown.model, "{about}"),
        }
        let [input, output, total, cached, reasoning] = counts;
        for (name, count) in [
            ("llm.token_count.prompt", input),
            ("llm.token_count.completion", output),
            ("llm.token_count.total", total.filter(|_| shown.has_total || output.is_some())),
            // What neither it nor the conventions sum up.
            ("sidetone.usage.total_tokens", total.filter(|_| output.is_none())),
            (shown.cached, cached),
            (shown.reasoning, reasoning),
            (CACHED, cached.filter(|_| shown.cached == CACHED)),
            (REASONING, reasoning.filter(|_| shown.reasoning == REASONING)),
        ] {
            assert_eq!(attributes.get(name).and_then(Json::as_u64), count, "{about}: {name}");
        }
        let trace = traces[span["context"]["trace_id"].as_str().unwrap()];
        let sums = ["prompt", "completion", "total"].map(|name| trace[format!("token_count_{name}")].as_u64());
        // It sums up what spans of kind `LLM` have, and no others.
        let expected = if is_embedding { [Some(0); 3] } else { [input, output, total] };
        assert_eq!(sums, expected, "{about}");
    }
}

fn assert_said(spans: &[Json], project: &str) {
    for ((case, [sent, came]), span) in CASES.iter().zip(said()).zip(spans) {
        let attributes = &span["attributes"];
        assert_eq!(Json::from(messages(attributes, "llm.input_messages")), sent, "{project} {case}: {attributes}");
        assert_eq!(Json::from(messages(attributes, "llm.output_messages")), came, "{project} {case}: {attributes}");
        let has_tools = case.starts_with("chat_tools");
        let tool = attributes.get("llm.tools.0.tool.json_schema").map(Json::to_string);
        assert_eq!(tool.is_some_and(|tool| tool.contains("get_current_weather")), has_tools, "{project} {case}");
    }
}

/// One part of one message that Phoenix doesn't know would cost all messages of its span.
fn every_message_is_understood(phoenix: &Phoenix, server: &MockServer) {
    let cases = every_case();
    let spans = phoenix_spans(phoenix, server, &cases, "latest-every", in_dialect("latest", true));
    let mut seen = 0;
    for (case, span) in cases.iter().zip(&spans) {
        let attributes = &span["attributes"];
        let sent = |name: &str| match &attributes[name] {
            Json::String(text) => serde_json::from_str::<Vec<Json>>(text).unwrap().len(),
            Json::Array(items) => items.len(),
            _ => 0,
        };
        let instructions = usize::from(sent("gen_ai.system_instructions") > 0);
        let shown = ["llm.input_messages", "llm.output_messages"].map(|prefix| messages(attributes, prefix).len());
        let expected = [instructions + sent("gen_ai.input.messages"), sent("gen_ai.output.messages")];
        assert_eq!(shown, expected, "{}: {attributes}", case.name);
        let tools = (0..).take_while(|n| attributes.get(format!("llm.tools.{n}.tool.json_schema")).is_some()).count();
        assert_eq!(tools, sent("gen_ai.tool.definitions"), "{}: {attributes}", case.name);
        seen += shown[0] + shown[1] + tools;
    }
    assert!(seen > 2 * cases.len(), "{seen} messages and tools");
}

/// What MLflow's search says of each call of a dialect, in any order.
fn mlflow_usages(mlflow: &Mlflow, server: &MockServer, dialect: &str) -> Vec<Json> {
    let experiment = mlflow.experiment(dialect).unwrap();
    let endpoint = format!("{}/v1/traces", mlflow.http_endpoint());
    let header = format!("x-mlflow-experiment-id={experiment}");
    let variables = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", &header),
        ("OTEL_LOGS_EXPORTER", "none"),
        ("OTEL_METRICS_EXPORTER", "none"),
    ];
    call(server, &six_cases(), &variables, in_dialect(dialect, true));
    let traces = mlflow.traces(&experiment, PATIENCE, CASES.len());
    assert_eq!(traces.len(), CASES.len(), "{dialect}: {}", mlflow.output());
    let usage = |trace: &Json| match trace["trace_metadata"]["mlflow.trace.tokenUsage"].as_str() {
        Some(usage) => serde_json::from_str(usage).unwrap(),
        None => Json::Null,
    };
    traces.iter().map(usage).collect()
}

#[test]
fn mlflow_gives_the_same_tokens() {
    let Some(mlflow) = backends::mlflow() else { return };
    let server = server();
    for dialect in DIALECTS.iter().map(|dialect| dialect.name()) {
        let usages = mlflow_usages(&mlflow, &server, dialect);
        let Some(shown) = shown(dialect) else {
            assert!(usages.iter().all(Json::is_null), "{dialect}: {usages:?}");
            continue;
        };
        let expected = COUNTS.map(|[input, output, total, cached, _]| {
            // It adds up where there are both, which embeddings haven't; of a trace, what isn't there is none.
            let total = total.filter(|_| shown.has_total || output.is_some());
            let mut usage = json!({
                "input_tokens": input, "output_tokens": output.unwrap_or(0), "total_tokens": total.unwrap_or(0)
            });
            if let Some(cached) = cached.filter(|_| shown.cached == CACHED) {
                usage["cache_read_input_tokens"] = cached.into();
            }
            usage
        });
        assert_eq!(in_order(usages), in_order(expected.into()), "{dialect}");
    }
}

fn in_order(mut usages: Vec<Json>) -> Vec<Json> {
    usages.sort_by_key(|usage| ["input_tokens", "output_tokens"].map(|name| usage[name].as_u64()));
    usages
}

type AssertSame = fn(sent: &[u8], passed_on: &[u8], about: &str);

/// The three messages of OTLP, whole: what isn't compared here can't be sent.
const SIGNALS: [(&str, AssertSame); 3] = [
    ("/v1/traces", assert_same::<ExportTraceServiceRequest>),
    ("/v1/logs", assert_same_logs),
    ("/v1/metrics", assert_same::<ExportMetricsServiceRequest>),
];

fn assert_same<M: Message + Default + PartialEq + Debug>(sent: &[u8], passed_on: &[u8], about: &str) {
    let sent = M::decode(sent).unwrap();
    assert_ne!(sent, M::default(), "{about}");
    assert_eq!(M::decode(passed_on).unwrap(), sent, "{about}");
}

/// A log record without a body and one with an empty body are the same; the Collector writes the latter.
fn assert_same_logs(sent: &[u8], passed_on: &[u8], about: &str) {
    let mut logs = ExportLogsServiceRequest::decode(sent).unwrap();
    let scopes = logs.resource_logs.iter_mut().flat_map(|resource| &mut resource.scope_logs);
    for record in scopes.flat_map(|scope| &mut scope.log_records) {
        record.body.get_or_insert_default();
    }
    assert_same::<ExportLogsServiceRequest>(&logs.encode_to_vec(), passed_on, about);
}

#[test]
fn the_collector_passes_on_what_it_gets() {
    let behind = Recorder::start();
    let Some(collector) = backends::collector_forwarding_to(&behind.endpoint()) else { return };
    let server = server();
    let passes_on = |about: &str, variables: &[(&str, &str)], start: Start| {
        let sent = exported(&server, variables, start);
        sent.requests().iter().for_each(|export| assert_passed_on(&collector, &behind, export, about));
        sent.received()
    };
    for dialect in DIALECTS {
        let sent = passes_on(dialect.name(), &[], in_dialect(dialect.name(), true));
        assert!(!sent.spans.is_empty() && !sent.metrics.is_empty(), "{}", dialect.name());
    }
    let both = [
        ("OTEL_SEMCONV_STABILITY_OPT_IN", "gen_ai_latest_experimental"),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "SPAN_AND_EVENT"),
    ];
    let sent = passes_on("latest, on the span and in an event", &both, Start::default());
    let has = |attributes: &Attributes, is: fn(&Value) -> bool| attributes.get("gen_ai.input.messages").is_some_and(is);
    assert!(sent.spans.iter().any(|span| has(&span.attributes, |value| matches!(value, Value::Str(_)))));
    assert!(sent.logs.iter().any(|log| has(&log.attributes, |value| matches!(value, Value::Slice(_)))));
}

/// What the program exports, as it is.
fn exported(server: &MockServer, variables: &[(&str, &str)], start: Start) -> Recorder {
    let recorder = Recorder::start();
    let endpoint = recorder.endpoint();
    let endpoint = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    let cases = every_case();
    call(server, &cases, &[&endpoint, variables].concat(), start);
    assert!(recorder.spans().len() >= cases.len(), "{variables:?}");
    recorder
}

/// One export arrives behind the Collector before it has answered.
fn assert_passed_on(collector: &Receiver, behind: &Recorder, export: &ReceivedRequest, about: &str) {
    behind.clear();
    let request = reqwest::Client::new()
        .post(format!("{}{}", collector.http_endpoint(), export.path))
        .header("content-type", export.header("content-type").unwrap())
        .body(export.body.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let status = runtime.block_on(request.send()).unwrap().status();
    assert_eq!(status, 200, "{about}: {}", collector.output());
    let passed_on = behind.requests();
    let [passed_on] = passed_on.as_slice() else { panic!("{about}: {} exports", passed_on.len()) };
    assert_eq!(passed_on.path, export.path, "{about}");
    let (_, assert_same) = SIGNALS.iter().find(|(path, _)| *path == export.path).unwrap();
    assert_same(&export.body, &passed_on.body, &format!("{about}, {}", export.path));
}
