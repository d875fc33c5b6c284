//! Dialect `openinference` over calls made by hand: what no recorded case has. The words are those of
//! `openinference-semantic-conventions` 0.1.42 and `openinference-instrumentation` 0.1.72.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;

use std::collections::BTreeMap;
use std::sync::Arc;

use call::bare;
use sidetone_core::dialect::{Dialect as _, OpenInference, Status};
use sidetone_core::event::{
    Call, Choice, EmbeddingsRequest, Media, MediaSource, Message, Modality, Operation, Part, Request, Role, Server,
    Text,
};

const HIDDEN: &str = "__REDACTED__";

fn call(operation: Operation, surface: &'static str, messages: Vec<Message>) -> Call {
    Call { request: Request { messages, ..Request::default() }, ..bare(operation, surface) }
}

fn chat(messages: Vec<Message>) -> Call {
    call(Operation::Chat, "openai.chat", messages)
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, name: None, is_list: parts.len() > 1, parts }
}

/// The texts of a call's span by name.
fn told(call: &Call) -> BTreeMap<String, String> {
    let telemetry = OpenInference.project(call);
    assert_eq!((telemetry.span.status, telemetry.logs.len(), telemetry.metrics.points.len()), (Status::Unset, 0, 0));
    let fixed = telemetry.span.attributes.into_iter().map(|(name, value)| (name.to_owned(), value));
    let texts =
        fixed.chain(telemetry.span.indexed).filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
    texts.collect()
}

#[test]
fn long_data_is_hidden_and_a_long_address_is_not() {
    let image = |url: &str| {
        Part::Media(Media {
            modality: Modality::Image,
            format: None,
            source: MediaSource::Uri(Text::kept(url)),
            detail: None,
            name: None,
            sha256: None,
        })
    };
    // DEFAULT_BASE64_IMAGE_MAX_LENGTH = 32_000
    let data = |length: usize| format!("{:x<length$}", "data:image/png;base64,");
    let (longest, too_long, address) = (data(32_000), data(32_001), format!("https://example.com/{}", data(40_000)));
    let told = told(&chat(vec![message(Role::User, vec![image(&longest), image(&too_long), image(&address)])]));
    let url = |index| &told[&format!("llm.input_messages.0.message.contents.{index}.message_content.image.image.url")];
    assert_eq!((url(0), url(1).as_str(), url(2)), (&longest, HIDDEN, &address));
}

#[test]
fn of_any_number_of_inputs_a_hundred_are_told() {
    let mut call = call(Operation::Embeddings, "openai.embeddings", Vec::new());
    call.request.embeddings = Some(EmbeddingsRequest { inputs: Some(1_000_000_000), ..EmbeddingsRequest::default() });
    let told = told(&call);
    let texts: Vec<_> = told.iter().filter(|(name, _)| name.ends_with(".embedding.text")).collect();
    assert_eq!(texts.len(), 100);
    assert!(texts.iter().all(|(_, text)| *text == HIDDEN));
    assert_eq!(told["openinference.span.kind"], "EMBEDDING");
}

#[test]
fn results_in_one_message_are_messages_of_their_own_and_what_is_not_kept_is_hidden() {
    let result = |id: &str, content| Part::ToolResult { id: Some(id.into()), content, is_list: false };
    let parts = vec![result("a", Text::kept("A")), Part::Text(Text::kept("and")), result("b", Text::sized(7))];
    let mut call = chat(vec![message(Role::User, parts), message(Role::User, vec![Part::Text(Text::kept("last"))])]);
    call.request.instructions = Some(Text::kept("first"));
    let told = told(&call);
    let of = |index: usize, name: &str| told.get(&format!("llm.input_messages.{index}.{name}")).map(String::as_str);
    for (index, role, content, id) in [
        (0, Some("system"), Some("first"), None),
        (1, Some("tool"), Some("A"), Some("a")),
        (2, Some("tool"), Some(HIDDEN), Some("b")),
        (4, Some("user"), Some("last"), None),
        (5, None, None, None),
    ] {
        let got = (of(index, "message.role"), of(index, "message.content"), of(index, "message.tool_call_id"));
        assert_eq!(got, (role, content, id), "{index}");
    }
    assert_eq!(of(3, "message.contents.0.message_content.text"), Some("and"));
    let input: serde_json::Value = serde_json::from_str(&told["input.value"]).unwrap();
    let roles: Vec<_> = input["messages"].as_array().unwrap().iter().map(|it| it["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["tool", "tool", "user", "user"]);
}

#[test]
fn with_nothing_kept_there_are_no_messages() {
    let mut call = chat(vec![message(Role::User, vec![Part::Text(Text::sized(4))])]);
    call.response.choices = vec![Choice {
        index: 0,
        message: message(Role::Assistant, vec![Part::Text(Text::sized(4))]),
        finish_reason: Some("stop".into()),
    }];
    let told = told(&call);
    assert_eq!((told["input.value"].as_str(), told["output.value"].as_str()), (HIDDEN, HIDDEN));
    assert!(told.keys().all(|name| !name.contains("_messages") && !name.ends_with("mime_type")), "{told:?}");
    assert_eq!(told["llm.finish_reason"], "stop");
}

#[test]
fn items_of_the_responses_api_keep_their_order() {
    let parts =
        vec![Part::Text(Text::kept("before")), Part::Reasoning(Text::kept("why")), Part::Text(Text::kept("after"))];
    let messages = vec![message(Role::Assistant, parts), message(Role::User, vec![Part::Text(Text::kept("so"))])];
    let told = told(&call(Operation::Chat, "openai.responses", messages));
    let input: serde_json::Value = serde_json::from_str(&told["input.value"]).unwrap();
    let said = |text: &str| serde_json::json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text}]});
    let reasoning = serde_json::json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": "why"}]});
    let asked = serde_json::json!({"role": "user", "content": "so"});
    assert_eq!(input["input"], serde_json::json!([said("before"), reasoning, said("after"), asked]));
}

/// `OpenInferenceLLMProviderValues`.
#[test]
fn a_provider_has_the_name_of_these_conventions_where_the_host_is_known() {
    for (provider, host, expected) in [
        ("openai", "127.0.0.1", None),
        ("openai", "api.openai.com", Some("openai")),
        ("azure.ai.openai", "my.openai.azure.com", Some("azure")),
        ("aws.bedrock", "bedrock.eu.amazonaws.com", Some("aws")),
        ("gcp.gemini", "generativelanguage.googleapis.com", Some("google")),
        ("mistral_ai", "api.mistral.ai", Some("mistralai")),
        ("x_ai", "api.x.ai", Some("xai")),
        ("groq", "api.groq.com", Some("groq")),
    ] {
        let mut call = chat(Vec::new());
        call.provider = provider.into();
        call.server = Arc::new(Server { address: host.into(), port: None });
        assert_eq!(told(&call).get("llm.provider").map(String::as_str), expected, "{host}");
    }
}
