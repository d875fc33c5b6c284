//! Dialect v2 over calls made by hand. Expected values are those of the recorded telemetry of
//! `opentelemetry-instrumentation-openai-v2` (conformance/golden/v2), or the words of the conventions where that is wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use call::bare;
use parts::message;
use serde_json::{Value as Json, json};
use sidetone_core::dialect::{Dialect as _, Measure, Status, Telemetry, V2, Value};
use sidetone_core::event::{
    Attempt, Call, Choice, EmbeddingsRequest, ErrorClass, Failure, Incomplete, Media, MediaSource, Message, Modality,
    Operation, Outcome, Part, Request, Response, Role, Server, Text, Timing, ToolCall, Usage,
};

/// What a text is kept as.
#[derive(Clone, Copy)]
enum Content {
    On,
    Off,
}

impl Content {
    fn text(self, text: &str) -> Text {
        match self {
            Self::On => Text::kept(text),
            Self::Off => Text::sized(text.len() as u64),
        }
    }

    fn said(self, role: Role, text: &str) -> Message {
        message(role, vec![Part::Text(self.text(text))])
    }

    fn tool_call(self) -> Part {
        Part::ToolCall(ToolCall {
            id: Some("call_mock1".into()),
            kind: Some("function".into()),
            name: Some("get_current_weather".into()),
            arguments: Some(self.text("{\"location\": \"Seattle, WA\"}")),
        })
    }
}

fn choice(index: u32, reason: Option<&'static str>, message: Message) -> Choice {
    Choice { index, message, finish_reason: reason.map(Into::into) }
}

/// `chat_basic`.
fn chat(content: Content) -> Call {
    let bare = bare(Operation::Chat, "openai.chat");
    Call {
        request: Request {
            model: Some("gpt-4o-mini".into()),
            messages: vec![
                content.said(Role::System, "You are a terse assistant."),
                content.said(Role::User, "Say this is a test."),
            ],
            ..Request::default()
        },
        response: Response {
            status: Some(200),
            id: Some("chatcmpl-mock001".into()),
            model: Some("gpt-4o-mini-2024-07-18".into()),
            service_tier: Some("default".into()),
            system_fingerprint: Some("fp_mock0001".into()),
            choices: vec![choice(0, Some("stop"), content.said(Role::Assistant, "This is a test."))],
            ..Response::default()
        },
        usage: Usage { input: Some(20), output: Some(10), total: Some(30), ..Usage::default() },
        timing: Timing {
            start: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            head: Some(Duration::from_millis(200)),
            ..bare.timing.clone()
        },
        ..bare
    }
}

fn failed(class: ErrorClass, status: Option<u16>, message: Option<Text>) -> Call {
    let mut call = chat(Content::Off);
    call.response = Response { status, ..Response::default() };
    call.usage = Usage::default();
    call.outcome = Outcome::Failed(Failure { class, code: Some("some_code".into()), message });
    call
}

fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Double(value) => json!({ "double": value }),
        Value::Static(text) => json!(text),
        Value::Str(text) => json!(text),
        Value::String(text) => json!(text),
        Value::Strings(texts) => json!(texts),
        Value::Array(values) => values.iter().map(json_of).collect(),
        Value::Map(map) => map.iter().map(|(key, value)| (key.to_string(), json_of(value))).collect(),
    }
}

fn map(attributes: &[(&'static str, Value<'_>)]) -> BTreeMap<&'static str, Json> {
    attributes.iter().map(|(name, value)| (*name, json_of(value))).collect()
}

/// The span's attributes without `sidetone.*`.
fn conventional(telemetry: &Telemetry<'_>) -> Json {
    let all = map(&telemetry.span.attributes);
    json!(all.into_iter().filter(|(name, _)| !name.starts_with("sidetone.")).collect::<BTreeMap<_, _>>())
}

fn attribute(telemetry: &Telemetry<'_>, name: &str) -> Option<Json> {
    map(&telemetry.span.attributes).remove(name)
}

/// Names and bodies of the log events.
fn logs(telemetry: &Telemetry<'_>) -> Vec<(&'static str, Json)> {
    telemetry.logs.iter().map(|log| (log.name, log.body.as_ref().map_or(Json::Null, json_of))).collect()
}

/// Names, values and own attributes of the metric points.
fn points<'a>(telemetry: &'a Telemetry<'_>) -> Vec<(&'static str, f64, Option<&'a str>)> {
    let value = |measure| match measure {
        Measure::Count(count) => count as f64,
        Measure::Time(time) => Duration::as_secs_f64(&time),
    };
    let name = |place: usize| V2.instruments()[place].name;
    let points = telemetry.metrics.points.iter();
    points
        .map(|point| {
            (name(point.instrument), value(point.value), point.own.as_ref().and_then(|(_, value)| value.as_str()))
        })
        .collect()
}

#[test]
fn a_chat_has_the_peers_span_log_events_and_metrics() {
    let call = chat(Content::On);
    let telemetry = V2.project(&call);
    assert_eq!(telemetry.span.name, "chat gpt-4o-mini");
    assert_eq!(telemetry.span.status, Status::Unset);
    assert_eq!(telemetry.span.end.duration_since(telemetry.span.start).unwrap(), Duration::from_millis(250));
    assert_eq!(
        conventional(&telemetry),
        json!({
            "gen_ai.openai.response.service_tier": "default",
            "gen_ai.openai.response.system_fingerprint": "fp_mock0001",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.response.id": "chatcmpl-mock001",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.system": "openai",
            "gen_ai.usage.input_tokens": 20,
            "gen_ai.usage.output_tokens": 10,
            "server.address": "127.0.0.1",
            "server.port": 18181,
        })
    );
    assert_eq!(
        logs(&telemetry),
        [
            ("gen_ai.system.message", json!({"content": "You are a terse assistant."})),
            ("gen_ai.user.message", json!({"content": "Say this is a test."})),
            (
                "gen_ai.choice",
                json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "This is a test."}})
            ),
        ]
    );
    assert!(
        telemetry
            .logs
            .iter()
            .all(|log| log.attribute == ("gen_ai.system", Value::Static("openai")) && log.more.is_empty())
    );
    assert_eq!(
        points(&telemetry),
        [
            ("gen_ai.client.operation.duration", 0.25, None),
            ("gen_ai.client.token.usage", 20.0, Some("input")),
            ("gen_ai.client.token.usage", 10.0, Some("output")),
        ]
    );
    assert_eq!(
        json!(map(&telemetry.metrics.attributes)),
        json!({
            "gen_ai.openai.response.service_tier": "default",
            "gen_ai.openai.response.system_fingerprint": "fp_mock0001",
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.system": "openai",
            "server.address": "127.0.0.1",
            "server.port": 18181,
        })
    );
}

#[test]
fn without_content_the_log_events_keep_their_structure() {
    let call = chat(Content::Off);
    assert_eq!(
        logs(&V2.project(&call)),
        [
            ("gen_ai.system.message", Json::Null),
            ("gen_ai.user.message", Json::Null),
            ("gen_ai.choice", json!({"index": 0, "finish_reason": "stop", "message": {"role": "assistant"}})),
        ]
    );
}

#[test]
fn request_parameters_are_attributes_of_their_type_and_defaults_are_left_out() {
    let mut call = chat(Content::Off);
    call.request = Request {
        temperature: Some(0.0),
        top_p: Some(0.9),
        top_k: Some(40.0),
        max_tokens: Some(50),
        frequency_penalty: Some(0.25),
        presence_penalty: Some(-0.5),
        stop_sequences: vec!["END".into(), "STOP".into()],
        seed: Some(42),
        response_format: Some("json_schema".into()),
        service_tier: Some("flex".into()),
        choice_count: Some(1),
        reasoning_effort: Some("low".into()),
        conversation_id: Some("conv_1".into()),
        ..call.request
    };
    let telemetry = V2.project(&call);
    for (name, value) in [
        ("gen_ai.request.temperature", json!({"double": 0.0})),
        ("gen_ai.request.top_p", json!({"double": 0.9})),
        ("gen_ai.request.top_k", json!({"double": 40.0})),
        ("gen_ai.request.max_tokens", json!(50)),
        ("gen_ai.request.frequency_penalty", json!({"double": 0.25})),
        ("gen_ai.request.presence_penalty", json!({"double": -0.5})),
        ("gen_ai.request.stop_sequences", json!(["END", "STOP"])),
        ("gen_ai.request.seed", json!(42)),
        ("gen_ai.openai.request.response_format", json!("json_schema")),
        ("gen_ai.openai.request.service_tier", json!("flex")),
        ("gen_ai.request.reasoning.level", json!("low")),
        ("gen_ai.conversation.id", json!("conv_1")),
    ] {
        assert_eq!(attribute(&telemetry, name), Some(value), "{name}");
    }
    assert_eq!(attribute(&telemetry, "gen_ai.request.choice.count"), None, "one choice is the default");
    call.request.choice_count = Some(2);
    call.request.service_tier = Some("auto".into());
    let telemetry = V2.project(&call);
    assert_eq!(attribute(&telemetry, "gen_ai.request.choice.count"), Some(json!(2)));
    assert_eq!(attribute(&telemetry, "gen_ai.openai.request.service_tier"), None, "the peer leaves `auto` out");
}

#[test]
fn tool_calls_keep_names_and_ids_always_and_arguments_with_content() {
    for (content, function, result) in [
        (
            Content::On,
            json!({"name": "get_current_weather", "arguments": "{\"location\": \"Seattle, WA\"}"}),
            json!({"content": "50 degrees", "id": "call_mock1"}),
        ),
        (Content::Off, json!({"name": "get_current_weather"}), json!({"id": "call_mock1"})),
    ] {
        let mut call = chat(content);
        let text = content.text("50 degrees");
        let answer = Part::ToolResult { id: Some("call_mock1".into()), content: text, is_list: false };
        call.request.messages =
            vec![message(Role::Assistant, vec![content.tool_call()]), message(Role::Tool, vec![answer])];
        let said = message(Role::Assistant, vec![Part::Text(content.text("Let me see.")), content.tool_call()]);
        call.response.choices = vec![choice(0, Some("tool_calls"), said)];
        let calls = json!([{"id": "call_mock1", "type": "function", "function": function}]);
        let mut received = json!({"role": "assistant", "tool_calls": calls});
        if matches!(content, Content::On) {
            // The peer loses the content beside tool calls.
            received["content"] = json!("Let me see.");
        }
        assert_eq!(
            logs(&V2.project(&call)),
            [
                ("gen_ai.assistant.message", json!({"tool_calls": calls})),
                ("gen_ai.tool.message", result),
                ("gen_ai.choice", json!({"index": 0, "finish_reason": "tool_calls", "message": received})),
            ]
        );
    }
}

#[test]
fn custom_tools_and_built_in_ones_keep_their_shape() {
    let mut call = chat(Content::On);
    let custom = Part::ToolCall(ToolCall {
        id: Some("c1".into()),
        kind: Some("custom".into()),
        name: Some("run".into()),
        arguments: Some(Text::kept("ls -l")),
    });
    let search = |json| Part::Other { kind: "web_search_call".into(), id: Some("ws1".into()), json };
    let item = Text::kept(r#"{"type":"web_search_call","id":"ws1","status":"completed","score":1.5,"error":null}"#);
    call.response.choices =
        vec![choice(0, Some("stop"), message(Role::Assistant, vec![custom, search(item), search(Text::sized(70))]))];
    let body = &logs(&V2.project(&call))[2].1;
    assert_eq!(
        body["message"]["tool_calls"],
        json!([
            {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "ls -l"}},
            {"type": "web_search_call", "id": "ws1", "status": "completed", "score": {"double": 1.5}, "error": null},
            {"id": "ws1", "type": "web_search_call"},
        ])
    );
}

#[test]
fn a_refusal_is_told_with_content() {
    for (content, message_body) in [
        (Content::On, json!({"role": "assistant", "refusal": "I can't help with that."})),
        (Content::Off, json!({"role": "assistant"})),
    ] {
        let mut call = chat(content);
        let refusal = message(Role::Assistant, vec![Part::Refusal(content.text("I can't help with that."))]);
        call.response.choices = vec![choice(0, Some("stop"), refusal)];
        assert_eq!(logs(&V2.project(&call))[2].1["message"], message_body);
    }
}

#[test]
fn roles_name_the_event_and_an_unknown_one_is_told_in_the_body() {
    let mut call = chat(Content::On);
    call.request.messages =
        vec![Content::On.said(Role::Developer, "Think hard."), Content::On.said(Role::Other("critic".into()), "Hm.")];
    assert_eq!(
        logs(&V2.project(&call))[..2],
        [
            ("gen_ai.developer.message", json!({"content": "Think hard."})),
            ("gen_ai.user.message", json!({"role": "critic", "content": "Hm."})),
        ]
    );
}

#[test]
fn a_list_of_parts_is_told_as_the_api_writes_it_and_not_at_all_without_content() {
    let media = |modality, source, format: Option<&str>| {
        let (detail, name, sha256) = (None, None, None);
        Part::Media(Media { modality, format: format.map(Into::into), source, detail, name, sha256 })
    };
    let parts = |content: Content| {
        vec![
            Part::Text(content.text("What is this?")),
            media(Modality::Image, MediaSource::Uri(content.text("https://example.com/a.png")), None),
            media(Modality::Audio, MediaSource::Inline(content.text("UklGRg==")), Some("wav")),
        ]
    };
    for (content, body) in [
        (
            Content::On,
            json!({"content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            ]}),
        ),
        (Content::Off, Json::Null),
    ] {
        let mut call = chat(content);
        call.request.messages = vec![Message { is_list: true, ..message(Role::User, parts(content)) }];
        assert_eq!(logs(&V2.project(&call))[0], ("gen_ai.user.message", body));
    }
}

#[test]
fn a_stream_has_all_that_a_whole_answer_has_and_its_times() {
    let mut call = chat(Content::Off);
    call.response.is_stream = true;
    call.timing.first_chunk = Some(Duration::from_millis(100));
    call.timing.first_output = Some(Duration::from_millis(120));
    call.timing.last_chunk = Some(Duration::from_millis(240));
    call.timing.output_chunks = Some(4);
    let telemetry = V2.project(&call);
    assert_eq!(attribute(&telemetry, "gen_ai.response.finish_reasons"), Some(json!(["stop"])));
    assert_eq!(attribute(&telemetry, "gen_ai.response.time_to_first_chunk"), Some(json!({"double": 0.1})));
    assert_eq!(attribute(&telemetry, "sidetone.time_to_first_token"), Some(json!({"double": 0.12})));
    assert_eq!(
        points(&telemetry),
        [
            ("gen_ai.client.operation.duration", 0.25, None),
            ("gen_ai.client.operation.time_to_first_chunk", 0.1, None),
            ("gen_ai.client.token.usage", 20.0, Some("input")),
            ("gen_ai.client.token.usage", 10.0, Some("output")),
        ]
    );
    assert!(map(&telemetry.metrics.attributes).contains_key("gen_ai.response.model"));
}

#[test]
fn a_cancelled_call_has_no_error_and_its_choices_say_that_none_gave_a_reason() {
    let mut call = chat(Content::On);
    call.outcome = Outcome::Cancelled;
    call.usage = Usage::default();
    call.response.choices = vec![choice(0, None, Content::On.said(Role::Assistant, "This "))];
    let telemetry = V2.project(&call);
    assert_eq!(telemetry.span.status, Status::Unset);
    assert_eq!(attribute(&telemetry, "error.type"), None);
    assert_eq!(attribute(&telemetry, "sidetone.outcome"), Some(json!("cancelled")));
    // "one per choice, `error` if none received"
    assert_eq!(attribute(&telemetry, "gen_ai.response.finish_reasons"), Some(json!(["error"])));
    let body = json!({"index": 0, "finish_reason": "error", "message": {"role": "assistant", "content": "This "}});
    assert_eq!(logs(&telemetry)[2], ("gen_ai.choice", body));
    assert_eq!(points(&telemetry), [("gen_ai.client.operation.duration", 0.25, None)], "unknown counts are no points");
}

#[test]
fn a_failure_is_described_by_class_and_status_and_by_the_servers_words_only_with_content() {
    for (class, status, message, expected) in [
        (ErrorClass::RateLimit, Some(429), None, "RateLimitError: HTTP 429"),
        (ErrorClass::Authentication, Some(401), Some(Text::sized(30)), "AuthenticationError: HTTP 401"),
        (ErrorClass::InternalServer, Some(500), Some(Text::kept("Oops.")), "InternalServerError: HTTP 500: Oops."),
        (ErrorClass::Connection, None, None, "APIConnectionError"),
        (ErrorClass::Api, Some(200), None, "APIError"),
    ] {
        let call = failed(class.clone(), status, message);
        let telemetry = V2.project(&call);
        assert_eq!(telemetry.span.status, Status::Error(expected.to_owned()));
        assert_eq!(attribute(&telemetry, "error.type"), Some(json!(class.as_str())));
        assert_eq!(attribute(&telemetry, "sidetone.error.code"), Some(json!("some_code")));
        assert_eq!(map(&telemetry.metrics.attributes)["error.type"], json!(class.as_str()));
        assert_eq!(logs(&telemetry).len(), 2, "the messages that were sent, and no choice");
        assert_eq!(points(&telemetry), [("gen_ai.client.operation.duration", 0.25, None)]);
    }
}

#[test]
fn embeddings_have_no_log_events_no_output_tokens_and_the_dimensions_that_came() {
    let mut call = chat(Content::On);
    call.operation = Operation::Embeddings;
    call.surface = "openai.embeddings";
    call.request = Request {
        model: Some("text-embedding-3-small".into()),
        embeddings: Some(EmbeddingsRequest {
            encoding_format: Some("float".into()),
            dimensions: Some(4),
            inputs: Some(2),
        }),
        ..Request::default()
    };
    call.response = Response {
        status: Some(200),
        model: Some("text-embedding-3-small".into()),
        embedding_dimensions: Some(4),
        ..Response::default()
    };
    call.usage = Usage { input: Some(6), total: Some(6), ..Usage::default() };
    let telemetry = V2.project(&call);
    assert_eq!(telemetry.span.name, "embeddings text-embedding-3-small");
    assert_eq!(
        conventional(&telemetry),
        json!({
            "gen_ai.embeddings.dimension.count": 4,
            "gen_ai.operation.name": "embeddings",
            "gen_ai.request.encoding_formats": ["float"],
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.response.model": "text-embedding-3-small",
            "gen_ai.system": "openai",
            "gen_ai.usage.input_tokens": 6,
            "server.address": "127.0.0.1",
            "server.port": 18181,
        })
    );
    assert!(telemetry.logs.is_empty());
    assert_eq!(map(&telemetry.metrics.attributes)["gen_ai.embeddings.dimension.count"], json!(4));
    assert_eq!(points(&telemetry)[1..], [("gen_ai.client.token.usage", 6.0, Some("input"))]);
}

#[test]
fn responses_are_chats_with_their_instructions_as_a_system_message() {
    let mut call = chat(Content::On);
    call.surface = "openai.responses";
    call.request.instructions = Some(Text::kept("You are terse."));
    call.request.messages = vec![Content::On.said(Role::User, "Weather in Seattle?")];
    call.request.previous_response_id = Some("resp_mock000".into());
    call.response.state = Some("completed".into());
    call.usage = Usage { cache_read: Some(1024), cache_write: Some(0), reasoning: Some(64), ..call.usage };
    let thinking = Part::Reasoning(Text::kept("Thinking about the weather."));
    call.response.choices =
        vec![choice(0, Some("tool_calls"), message(Role::Assistant, vec![thinking, Content::On.tool_call()]))];
    let telemetry = V2.project(&call);
    for (name, value) in [
        ("gen_ai.operation.name", json!("chat")),
        ("openai.api.type", json!("responses")),
        ("gen_ai.response.status", json!("completed")),
        ("gen_ai.request.previous_response.id", json!("resp_mock000")),
        ("gen_ai.usage.cache_read.input_tokens", json!(1024)),
        ("gen_ai.usage.cache_write.input_tokens", json!(0)),
        ("gen_ai.usage.reasoning.output_tokens", json!(64)),
    ] {
        assert_eq!(attribute(&telemetry, name), Some(value), "{name}");
    }
    let logs = logs(&telemetry);
    assert_eq!(logs[0], ("gen_ai.system.message", json!({"content": "You are terse."})));
    assert_eq!(logs[1], ("gen_ai.user.message", json!({"content": "Weather in Seattle?"})));
    assert_eq!(logs[2].1["message"]["reasoning_content"], json!("Thinking about the weather."));
    assert_eq!(logs[2].1["message"]["tool_calls"][0]["id"], json!("call_mock1"));
}

#[test]
fn a_legacy_completion_is_a_text_completion_with_a_user_message_and_choices() {
    let mut call = chat(Content::On);
    call.operation = Operation::TextCompletion;
    call.surface = "openai.completions";
    call.request.messages.remove(0);
    call.response.choices = vec![choice(0, Some("length"), Content::On.said(Role::Assistant, "\n\nThis is a test."))];
    let telemetry = V2.project(&call);
    assert_eq!(telemetry.span.name, "text_completion gpt-4o-mini");
    assert_eq!(
        logs(&telemetry),
        [
            ("gen_ai.user.message", json!({"content": "Say this is a test."})),
            (
                "gen_ai.choice",
                json!({"index": 0, "finish_reason": "length",
                       "message": {"role": "assistant", "content": "\n\nThis is a test."}})
            ),
        ]
    );
}

#[test]
fn a_default_port_is_left_out_and_azure_has_the_name_it_had_then() {
    let mut call = chat(Content::Off);
    for port in [443, 80] {
        call.server = Arc::new(Server { address: "example.com".into(), port: Some(port) });
        assert_eq!(attribute(&V2.project(&call), "server.port"), None);
    }
    call.provider = "azure.ai.openai".into();
    let telemetry = V2.project(&call);
    assert_eq!(attribute(&telemetry, "gen_ai.system"), Some(json!("az.ai.openai")));
    assert_eq!(map(std::slice::from_ref(&telemetry.logs[0].attribute))["gen_ai.system"], json!("az.ai.openai"));
}

#[test]
fn what_was_lost_and_what_was_tried_before_is_told() {
    let mut call = chat(Content::Off);
    call.incomplete = Incomplete { lost_items: 2, lost_bytes: 700, over_limit_bytes: 5, missing: None };
    call.attempts = vec![Attempt {
        number: 1,
        ended: Duration::from_millis(20),
        status: Some(429),
        retry_after: Some("1".into()),
        error: ErrorClass::RateLimit,
    }];
    let telemetry = V2.project(&call);
    for (name, value) in [
        ("sidetone.incomplete", json!(true)),
        ("sidetone.lost.items", json!(2)),
        ("sidetone.lost.bytes", json!(700)),
        ("sidetone.over_limit.bytes", json!(5)),
        ("sidetone.attempts", json!(2)),
        ("http.request.resend_count", json!(1)),
        ("sidetone.surface", json!("openai.chat")),
        ("sidetone.http.status_code", json!(200)),
    ] {
        assert_eq!(attribute(&telemetry, name), Some(value), "{name}");
    }
    let [event] = telemetry.span.events.as_slice() else { panic!() };
    assert_eq!(event.name, "sidetone.attempt");
    assert_eq!(event.time, call.timing.start + Duration::from_millis(20));
    assert_eq!(
        json!(map(&event.attributes)),
        json!({
            "sidetone.attempt.number": 1,
            "error.type": "RateLimitError",
            "http.response.status_code": 429,
            "http.response.header.retry-after": ["1"],
        })
    );
    assert!(!map(&telemetry.metrics.attributes).keys().any(|name| name.starts_with("sidetone.")));
}
