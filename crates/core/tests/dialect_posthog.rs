//! Dialect `posthog` over calls made by hand: what no recorded case has. The words are those of posthog 7.91.1; what it makes of
//! media is what its `posthog.ai.sanitization.redact_media` gave for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;

use call::bare;
use parts::text;
use serde_json::{Value as Json, json};
use sidetone_core::dialect::{Dialect as _, PostHog};
use sidetone_core::event::{
    Call, Choice, Identity, Media, MediaSource, Message, Modality, Operation, OwnSpan, ParentSpan, Part, Request, Role,
    Server, SpanId, Step, Text, ToolDefinition, TraceId, Value,
};

fn chat() -> Call {
    bare(Operation::Chat, "openai.chat")
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, name: None, is_list: parts.len() > 1, parts }
}

/// The event's name, and its properties as JSON.
fn told(call: &Call) -> (String, BTreeMap<&'static str, Json>) {
    let telemetry = PostHog.project(call);
    assert!(telemetry.logs.is_empty() && telemetry.metrics.points.is_empty() && telemetry.span.indexed.is_empty());
    let count = telemetry.span.attributes.len();
    let properties = telemetry.span.attributes.iter();
    let properties: BTreeMap<_, _> =
        properties.map(|(name, value)| (*name, serde_json::from_str::<Json>(&value.to_json()).unwrap())).collect();
    assert_eq!(properties.len(), count, "no property is told twice");
    for (name, value) in &properties {
        let is_state = matches!(*name, "$ai_input_state" | "$ai_output_state");
        let is_list_of_ours = *name == "sidetone.response.finish_reasons";
        let is_structure = value.is_array() || value.is_object();
        assert!(is_state || is_list_of_ours || PostHog::is_structured(name) == is_structure, "{name}: {value}");
    }
    (telemetry.span.name.into_owned(), properties)
}

fn properties(call: &Call) -> BTreeMap<&'static str, Json> {
    told(call).1
}

fn parent() -> ParentSpan {
    ParentSpan {
        trace_id: TraceId([0xab; 16]),
        span_id: SpanId([0xcd; 8]),
        flags: 1,
        is_remote: false,
        trace_state: None,
    }
}

#[test]
fn a_call_of_a_model_is_a_generation_also_where_nothing_is_above_it_and_a_step_is_a_span_or_a_trace() {
    let event = |operation: Operation, parent| told(&Call { parent, ..bare(operation, "") }).0;
    for above in [None, Some(parent())] {
        assert_eq!(event(Operation::Chat, above.clone()), "$ai_generation");
        assert_eq!(event(Operation::TextCompletion, above.clone()), "$ai_generation");
        assert_eq!(event(Operation::GenerateContent, above.clone()), "$ai_generation");
        assert_eq!(event(Operation::Embeddings, above.clone()), "$ai_embedding");
    }
    for step in [Operation::ExecuteTool, Operation::InvokeAgent, Operation::Retrieval, Operation::named("rerank")] {
        assert_eq!(event(step.clone(), Some(parent())), "$ai_span");
        assert_eq!(event(step, None), "$ai_trace");
    }
}

#[test]
fn a_step_has_its_name_what_it_was_given_and_what_it_gave_and_no_tokens() {
    let step = Step {
        name: Some("get_weather".into()),
        id: Some("call_1".into()),
        kind: Some("function".into()),
        description: Some(Text::sized(9)),
        input: Some(Text::kept(r#"{"city":"Oslo"}"#)),
        output: Some(Text::kept("rain")),
    };
    let mut call = Call { step: Some(Box::new(step)), ..bare(Operation::ExecuteTool, "") };
    call.usage.input = Some(7);
    let told = properties(&call);
    assert_eq!((&told["$ai_span_name"], &told["$ai_span_type"]), (&json!("get_weather"), &json!("tool")));
    assert_eq!((&told["$ai_input_state"], &told["$ai_output_state"]), (&json!({"city": "Oslo"}), &json!("rain")));
    assert_eq!(told["sidetone.step.id"], "call_1");
    // A step repeats the tokens of calls that are told, too.
    assert!(!told.keys().any(|name| name.ends_with("_tokens") || *name == "sidetone.step.description"), "{told:?}");

    call.step = None;
    call.operation = Operation::InvokeAgent;
    call.request.messages = vec![message(Role::User, vec![text("Hi")])];
    let told = properties(&call);
    assert_eq!(told["$ai_input_state"], json!([{"role": "user", "content": "Hi"}]));
    assert!(!told.contains_key("$ai_output_state") && !told.contains_key("$ai_input"));
}

#[test]
fn ids_are_hexadecimal_and_only_those_that_the_call_knows() {
    let ids = |call: &Call| {
        let told = properties(call);
        ["$ai_trace_id", "$ai_span_id", "$ai_parent_id"].map(|name| told.get(name).cloned())
    };
    assert_eq!(ids(&chat()), [None, None, None]);
    let under = Call { parent: Some(parent()), ..chat() };
    let (trace, above) = (json!("ab".repeat(16)), json!("cd".repeat(8)));
    assert_eq!(ids(&under), [Some(trace.clone()), None, Some(above.clone())]);
    let own = OwnSpan { trace_id: TraceId([0xab; 16]), span_id: SpanId([0xef; 8]) };
    let known = Call { span: Some(own), ..under };
    assert_eq!(ids(&known), [Some(trace), Some(json!("ef".repeat(8))), Some(above)]);
    // uuid.uuid5(uuid.UUID(int=0), "ab…ab:ef…ef")
    assert_eq!(PostHog::uuid(own.trace_id, own.span_id), "4ca26e25-e640-57bb-9178-33c70be51c50");
}

#[test]
fn a_user_has_a_profile_and_an_unknown_one_has_none() {
    let unknown = properties(&chat());
    assert_eq!(unknown["$process_person_profile"], false);
    assert!(!unknown.contains_key("posthog.distinct_id"));
    let identity = Identity { user_id: Some("ann".into()), session_id: Some("s".into()), ..Identity::default() };
    let known = properties(&Call { identity: Arc::new(identity), ..chat() });
    assert!(!known.contains_key("$process_person_profile"));
    assert_eq!((&known["posthog.distinct_id"], &known["$ai_session_id"]), (&json!("ann"), &json!("s")));
}

#[test]
fn of_the_server_host_and_port_are_told_and_neither_a_usual_port_nor_an_unknown_host() {
    let base = |address: &str, port| {
        let call = Call { server: Arc::new(Server { address: address.into(), port }), ..chat() };
        properties(&call).get("$ai_base_url").cloned()
    };
    assert_eq!(base("api.openai.com", Some(443)), Some(json!("api.openai.com")));
    assert_eq!(base("api.openai.com", Some(8443)), Some(json!("api.openai.com:8443")));
    assert_eq!(base("::1", Some(8080)), Some(json!("[::1]:8080")));
    assert_eq!(base("", Some(8080)), None);
}

#[test]
fn base64_is_taken_out_of_messages_as_the_package_does() {
    let long = "A".repeat(200);
    let media = |modality, format: Option<&str>, source| {
        let format = format.map(Into::into);
        Part::Media(Media { modality, format, source, detail: None, name: None, sha256: None })
    };
    let url = |url: &str| MediaSource::Uri(Text::kept(url));
    let parts = vec![
        media(Modality::Audio, Some("wav"), MediaSource::Inline(Text::kept(long.as_str()))),
        media(Modality::Audio, Some("wav"), MediaSource::Inline(Text::kept(&long[1..]))),
        media(Modality::Image, None, url("data:image/png;base64,AA==")),
        media(Modality::Image, None, url("https://example.com/a.png")),
        media(Modality::File, None, MediaSource::Inline(Text::kept("data:application/pdf;base64,AA=="))),
        media(Modality::File, None, MediaSource::Inline(Text::kept(long.as_str()))),
        text(&long),
    ];
    let generated = format!(r#"{{"type":"image_generation_call","result":"{long}"}}"#);
    let kind = "image_generation_call".into();
    let choice = Choice {
        index: 0,
        message: message(
            Role::Assistant,
            vec![Part::Other { kind, id: None, json: Text::kept(generated) }, text("data:video/mp4;base64,AA")],
        ),
        finish_reason: None,
    };
    let mut call = chat();
    call.request = Request { messages: vec![message(Role::User, parts)], ..Request::default() };
    call.response.choices = vec![choice];
    let told = properties(&call);
    let sent = &told["$ai_input"][0]["content"];
    assert_eq!(sent[0]["input_audio"], json!({"data": "[base64 audio redacted]", "format": "wav"}));
    assert_eq!(sent[1]["input_audio"]["data"], long[1..]);
    assert_eq!(sent[2]["image_url"]["url"], "[base64 image redacted]");
    assert_eq!(sent[3]["image_url"]["url"], "https://example.com/a.png");
    assert_eq!(sent[4]["file"]["file_data"], "[base64 file redacted]");
    assert_eq!(sent[5]["file"]["file_data"], "[base64 image redacted]");
    assert_eq!(sent[6]["text"], long);
    let came = &told["$ai_output_choices"][0]["content"];
    assert_eq!(came[0], json!({"type": "image_generation_call", "result": "[base64 image redacted]"}));
    assert_eq!(came[1], json!({"type": "text", "text": "[base64 video redacted]"}));
}

#[test]
fn a_choice_is_known_by_its_place_or_says_its_index_and_all_finish_reasons_are_told() {
    let choice = |index, said: &str, reason: Option<&'static str>| Choice {
        index,
        message: message(Role::Assistant, vec![text(said)]),
        finish_reason: reason.map(Into::into),
    };
    let mut call = chat();
    call.response.choices = vec![choice(0, "a", None), choice(2, "b", Some("length"))];
    let told = properties(&call);
    let said = |text: &str| json!([{"type": "text", "text": text}]);
    assert_eq!(
        told["$ai_output_choices"],
        json!([{"role": "assistant", "content": said("a")}, {"role": "assistant", "sidetone.index": 2, "content": said("b")}])
    );
    assert_eq!(told["sidetone.response.finish_reasons"], json!(["", "length"]));
    assert!(!told.contains_key("$ai_stop_reason"), "the first didn't say");
}

#[test]
fn what_other_telemetry_said_goes_on_under_its_own_names() {
    let attributes = vec![("acme.mood".into(), Value::String("fine".into()))];
    let call = Call { attributes, ..chat() };
    let span = PostHog.project(&call).span;
    let told: Vec<_> = span.indexed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(told, [("acme.mood", Some("fine"))]);
}

#[test]
fn of_what_is_forgotten_the_names_of_tools_are_left() {
    let mut call = chat();
    call.request.instructions = Some(Text::sized(5));
    call.request.messages = vec![message(Role::User, vec![Part::Text(Text::sized(5))])];
    let tool = |kind: &str, name: &str, parameters| ToolDefinition {
        kind: kind.into(),
        name: Some(name.into()),
        description: Some(Text::sized(5)),
        parameters,
    };
    call.request.tools = vec![tool("function", "f", None), tool("custom", "g", None)];
    let told = properties(&call);
    assert!(["$ai_input", "$ai_output_choices", "$ai_instructions"].iter().all(|name| !told.contains_key(name)));
    let names = json!([{"type": "function", "function": {"name": "f"}}, {"type": "custom", "name": "g"}]);
    assert_eq!(told["$ai_tools"], names);

    call.request.tools =
        vec![tool("function", "f", Some(Value::Map(vec![("type".into(), Value::String("object".into()))])))];
    let whole = json!([{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]);
    assert_eq!(properties(&call)["$ai_tools"], whole, "what the event keeps is told");
}
