//! Dialect latest over calls made by hand: what no recorded case has. Expected values are the words of the conventions and of
//! `opentelemetry-util-genai` 1.3b0's classes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::sync::Arc;

use call::bare;
use parts::message;
use serde_json::{Value as Json, json};
use sidetone_core::dialect::{ContentPlace, DIALECTS, Dialect, Latest, Telemetry, Value, dialect_named};
use sidetone_core::event::{
    Call, Choice, ErrorClass, Failure, Media, MediaSource, Message, Modality, Operation, Outcome, Part, Request,
    Response, Role, Server, Text, ToolCall, ToolDefinition, Usage,
};

fn said(role: Role, text: &str) -> Message {
    message(role, vec![Part::Text(Text::kept(text))])
}

fn chat() -> Call {
    Call {
        provider: "azure.ai.openai".into(),
        server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(443) }),
        request: Request { model: Some("m".into()), messages: vec![said(Role::User, "Hi")], ..Request::default() },
        response: Response {
            status: Some(200),
            choices: vec![Choice {
                index: 0,
                message: said(Role::Assistant, "Hello"),
                finish_reason: Some("stop".into()),
            }],
            ..Response::default()
        },
        ..bare(Operation::Chat, "openai.chat")
    }
}

fn json_of(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Double(value) => json!(value),
        Value::Static(text) => json!(text),
        Value::Str(text) => json!(text),
        Value::String(text) => json!(text),
        Value::Strings(texts) => json!(texts),
        Value::Array(values) => values.iter().map(json_of).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.to_string(), json_of(value))).collect(),
    }
}

fn attribute(telemetry: &Telemetry<'_>, name: &str) -> Option<Json> {
    telemetry.span.attributes.iter().find(|(own, _)| *own == name).map(|(_, value)| json_of(value))
}

/// An attribute of content: as the span has it, read, and as the event has it. They say the same.
fn content(call: &Call, name: &str) -> Json {
    let telemetry = Latest::SPAN_AND_EVENT.project(call);
    let text = attribute(&telemetry, name).unwrap_or_else(|| panic!("no {name}"));
    let on_span: Json = serde_json::from_str(text.as_str().unwrap()).unwrap();
    let details = telemetry.logs.iter().find(|log| log.name.ends_with(".details")).expect("the event");
    let in_event = details.more.iter().find(|(own, _)| *own == name).map(|(_, value)| json_of(value)).unwrap();
    assert_eq!(on_span, in_event, "{name}");
    on_span
}

fn parts_sent(parts: Vec<Part>) -> Json {
    let mut call = chat();
    call.request.messages = vec![message(Role::User, parts)];
    content(&call, "gen_ai.input.messages")[0]["parts"].clone()
}

fn media(modality: Modality, format: Option<&str>, source: MediaSource) -> Part {
    Part::Media(Media { modality, format: format.map(Into::into), source, detail: None, name: None, sha256: None })
}

#[test]
fn images_sound_and_files_are_uris_blobs_and_files() {
    let uri = |text: &str| MediaSource::Uri(Text::kept(text));
    let parts = parts_sent(vec![
        media(Modality::Image, None, uri("https://example.com/a.png")),
        media(Modality::Image, None, uri("data:image/png;base64,aGk=")),
        media(Modality::Image, None, uri("data:image/svg+xml,%3Csvg%3E")),
        media(Modality::Audio, Some("mp3"), MediaSource::Inline(Text::kept("aGk="))),
        media(Modality::Audio, Some("pcm16"), MediaSource::Inline(Text::kept("aGk="))),
        media(Modality::File, None, MediaSource::Id(Text::kept("file-1"))),
    ]);
    assert_eq!(
        parts,
        json!([
            {"mime_type": null, "modality": "image", "uri": "https://example.com/a.png", "type": "uri"},
            {"mime_type": "image/png", "modality": "image", "content": "aGk=", "type": "blob"},
            {"mime_type": null, "modality": "image", "uri": "data:image/svg+xml,%3Csvg%3E", "type": "uri"},
            {"mime_type": "audio/mpeg", "modality": "audio", "content": "aGk=", "type": "blob"},
            {"mime_type": null, "modality": "audio", "content": "aGk=", "format": "pcm16", "type": "blob"},
            {"mime_type": null, "modality": "document", "file_id": "file-1", "type": "file"},
        ])
    );
}

#[test]
fn a_part_whose_content_is_not_kept_is_told_without_it() {
    let parts = parts_sent(vec![
        Part::Text(Text::kept("first")),
        Part::Text(Text::sized(1 << 30)),
        Part::Text(Text::truncated(1 << 30, "only its beg")),
        media(Modality::Image, None, MediaSource::Inline(Text::sized(9))),
        media(Modality::Image, None, MediaSource::Unknown),
    ]);
    assert_eq!(
        parts,
        json!([
            {"content": "first", "type": "text"},
            {"type": "text"},
            {"content": "only its beg", "type": "text"},
            {"mime_type": null, "modality": "image", "type": "blob"},
            {"mime_type": null, "modality": "image", "type": "blob"},
        ])
    );
}

#[test]
fn tool_calls_have_arguments_as_they_were_meant_and_results_as_they_were_written() {
    let call = |kind: &'static str, arguments: Option<&str>| {
        Part::ToolCall(ToolCall {
            id: Some("1".into()),
            kind: Some(kind.into()),
            name: Some("f".into()),
            arguments: arguments.map(Text::kept),
        })
    };
    let result = |text: &str, is_list| Part::ToolResult { id: Some("1".into()), content: Text::kept(text), is_list };
    let parts = parts_sent(vec![
        call("function", Some("{\"a\": [1, 2.50]}")),
        call("function", Some("{\"a\": [1, 2")),
        call("custom", Some("{\"a\": 1}")),
        call("function", Some("")),
        call("function", None),
        result("[{\"type\": \"text\"}]", true),
        result("[1]", false),
    ]);
    let told = |arguments: Json| json!({"arguments": arguments, "name": "f", "id": "1", "type": "tool_call"});
    let response = |response: Json| json!({"response": response, "id": "1", "type": "tool_call_response"});
    assert_eq!(
        parts,
        json!([
            told(json!({"a": [1, 2.5]})),
            told(json!("{\"a\": [1, 2")),
            json!({"arguments": "{\"a\": 1}", "name": "f", "id": "1", "sidetone.kind": "custom", "type": "tool_call"}),
            told(Json::Null),
            told(Json::Null),
            response(json!([{"type": "text"}])),
            response(json!("[1]")),
        ])
    );
}

#[test]
fn items_of_built_in_tools_are_calls_of_the_server_and_others_are_as_they_came() {
    let other = |kind: &str, json: Text| Part::Other { kind: kind.into(), id: Some("ws_1".into()), json };
    let item = "{\"type\": \"web_search_call\", \"id\": \"ws_1\"}";
    let parts = parts_sent(vec![
        other("web_search_call", Text::kept(item)),
        other("web_search_call", Text::truncated(99, "{\"type\": \"web_")),
        other("item_reference", Text::kept("{\"type\": \"item_reference\", \"id\": \"x\"}")),
        other("item_reference", Text::sized(9)),
    ]);
    let call =
        |item: Json| json!({"name": "web_search", "server_tool_call": item, "id": "ws_1", "type": "server_tool_call"});
    assert_eq!(
        parts,
        json!([
            call(json!({"type": "web_search_call", "id": "ws_1"})),
            call(json!({"type": "web_search_call"})),
            {"type": "item_reference", "id": "x"},
            {"type": "item_reference"},
        ])
    );
}

#[test]
fn a_built_in_tool_is_called_by_its_type() {
    let mut call = chat();
    let tool = |kind: &str, name: Option<&str>, description: Option<&str>| ToolDefinition {
        kind: kind.into(),
        name: name.map(Into::into),
        description: description.map(Text::kept),
        parameters: None,
    };
    call.request.tools = vec![
        tool("function", Some("f"), Some("does")),
        tool("function", Some("g"), None),
        tool("web_search", None, None),
    ];
    assert_eq!(
        content(&call, "gen_ai.tool.definitions"),
        json!([
            {"name": "f", "description": "does", "parameters": null, "type": "function"},
            {"name": "g", "description": null, "parameters": null, "type": "function"},
            {"name": "web_search", "type": "web_search"},
        ])
    );
}

#[test]
fn names_of_participants_roles_and_reasons_are_told() {
    let mut call = chat();
    call.request.messages[0].name = Some("Ann".into());
    call.request.messages[0].role = Role::Other("critic".into());
    call.response.choices[0].finish_reason = Some("function_call".into());
    call.response.choices.push(Choice { index: 1, message: message(Role::Assistant, vec![]), finish_reason: None });
    let sent = &content(&call, "gen_ai.input.messages")[0];
    assert_eq!((&sent["name"], &sent["role"]), (&json!("Ann"), &json!("critic")));
    let came = content(&call, "gen_ai.output.messages");
    assert_eq!(came[0]["finish_reason"], "tool_call");
    assert_eq!(came[1], json!({"role": "assistant", "parts": [], "finish_reason": "error", "name": null}));
    let telemetry = Latest::SPAN_ONLY.project(&call);
    assert_eq!(attribute(&telemetry, "gen_ai.response.finish_reasons"), Some(json!(["function_call", "error"])));
}

#[test]
fn tokens_are_told_by_modality_where_there_are_any() {
    let mut call = chat();
    call.usage = Usage {
        cache_write: Some(7),
        input_audio: Some(1),
        output_audio: Some(0),
        cache_read_audio: Some(3),
        input_image: Some(4),
        output_image: Some(5),
        ..Usage::default()
    };
    let telemetry = Latest::SPAN_ONLY.project(&call);
    for (name, count) in [
        ("gen_ai.usage.cache_write.input_tokens", Some(7)),
        ("gen_ai.usage.audio.input_tokens", Some(1)),
        ("gen_ai.usage.audio.output_tokens", None),
        ("gen_ai.usage.audio.cache_read.input_tokens", Some(3)),
        ("gen_ai.usage.image.input_tokens", Some(4)),
        ("gen_ai.usage.image.output_tokens", Some(5)),
        ("gen_ai.usage.cache_creation.input_tokens", None),
    ] {
        assert_eq!(attribute(&telemetry, name), count.map(|count| json!(count)), "{name}");
    }
}

#[test]
fn providers_have_their_newer_names_and_a_default_port_is_left_out() {
    let call = chat();
    let telemetry = Latest::SPAN_ONLY.project(&call);
    assert_eq!(attribute(&telemetry, "gen_ai.provider.name"), Some(json!("azure.ai.openai")));
    assert_eq!(attribute(&telemetry, "gen_ai.system"), None);
    assert_eq!(attribute(&telemetry, "server.port"), None);
}

#[test]
fn a_failure_is_an_event_of_its_own_and_its_message_is_content() {
    for (message, expected) in
        [(Some(Text::kept("No.")), Some(json!("No."))), (Some(Text::sized(3)), None), (None, None)]
    {
        let mut call = chat();
        call.outcome = Outcome::Failed(Failure { class: ErrorClass::RateLimit, code: None, message });
        let telemetry = Latest::SPAN_ONLY.project(&call);
        let [event] = telemetry.logs.as_slice() else { panic!("{:?}", telemetry.logs) };
        assert_eq!(event.name, "gen_ai.client.operation.exception");
        assert!(event.is_warning && event.body.is_none());
        assert_eq!(event.attribute.0, "exception.type");
        assert_eq!(json_of(&event.attribute.1), json!("openai.RateLimitError"));
        assert_eq!(
            event.more.first().map(|(name, value)| (*name, json_of(value))),
            expected.map(|it| ("exception.message", it))
        );
        assert_eq!(attribute(&telemetry, "error.type"), Some(json!("openai.RateLimitError")));
    }
}

#[test]
fn a_call_that_is_no_chat_has_no_kind_of_api() {
    let mut call = chat();
    let api = |call: &Call| attribute(&Latest::SPAN_ONLY.project(call), "openai.api.type");
    assert_eq!(api(&call), Some(json!("chat_completions")));
    call.surface = "openai.responses";
    assert_eq!(api(&call), Some(json!("responses")));
    call.surface = "openai.embeddings";
    assert_eq!(api(&call), None);
}

#[test]
fn every_dialect_is_found_by_its_name_and_keeps_it_wherever_content_is() {
    for dialect in DIALECTS {
        assert_eq!(dialect_named(dialect.name()).map(Dialect::name), Some(dialect.name()));
        for place in [ContentPlace::Span, ContentPlace::Event, ContentPlace::SpanAndEvent] {
            assert_eq!(dialect.with_content_in(place).name(), dialect.name());
        }
    }
    assert!(dialect_named("newest").is_none());
}
