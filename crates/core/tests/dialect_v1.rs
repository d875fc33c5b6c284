//! Dialect `v1` over calls made by hand: what no recorded case has. The words are those of `opentelemetry-semantic-conventions-ai`
//! 0.5.1 and `opentelemetry-instrumentation-openai` 0.53.4.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use call::bare;
use parts::{message, text};
use sidetone_core::dialect::{Dialect as _, Measure, V1, Value};
use sidetone_core::event::{
    Call, Choice, ErrorClass, Failure, Identity, Media, MediaSource, Message, Modality, Operation, Outcome, Part,
    Request, Role, Side, Step, Text, ToolCall, ToolDefinition,
};

fn call(operation: Operation, surface: &'static str, messages: Vec<Message>) -> Call {
    Call { request: Request { messages, ..Request::default() }, ..bare(operation, surface) }
}

fn chat(messages: Vec<Message>) -> Call {
    call(Operation::Chat, "openai.chat", messages)
}

fn choice(index: u32, parts: Vec<Part>, reason: Option<&'static str>) -> Choice {
    Choice { index, message: message(Role::Assistant, parts), finish_reason: reason.map(Into::into) }
}

/// The texts of a call's span by name.
fn told(call: &Call) -> BTreeMap<String, String> {
    let span = V1.project(call).span;
    let fixed = span.attributes.into_iter().map(|(name, value)| (name.to_owned(), value));
    let all: Vec<_> = fixed.chain(span.indexed).collect();
    let texts: BTreeMap<_, _> =
        all.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    assert_eq!(texts.len(), all.len(), "no name twice");
    texts
}

/// The names, values and own attributes of a call's points.
fn points(call: &Call) -> Vec<(&'static str, u64, Option<String>)> {
    let points = V1.project(call).metrics.points;
    let points = points.into_iter().filter_map(|point| match point.value {
        Measure::Count(count) => {
            let own = point.own.map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
            Some((V1.instruments()[point.instrument].name, count, own))
        }
        Measure::Time(_) => None,
    });
    points.collect()
}

#[test]
fn results_in_one_message_are_prompts_of_their_own_and_what_is_not_kept_is_not_there() {
    let result = |id: &str, content, is_list| Part::ToolResult { id: Some(id.into()), content, is_list };
    let list = r#"[{"type": "text", "text": "A"}]"#;
    let parts = vec![result("a", Text::kept(list), true), text("and"), result("b", Text::sized(7), false)];
    let mut call = chat(vec![message(Role::User, parts), message(Role::User, vec![text("last")])]);
    call.request.instructions = Some(Text::kept("first"));
    let told = told(&call);
    let of = |index: usize, name: &str| told.get(&format!("gen_ai.prompt.{index}.{name}")).map(String::as_str);
    for (index, role, content, id) in [
        (0, Some("system"), Some("first"), None),
        (1, Some("tool"), Some(list), Some("a")),
        (2, Some("tool"), None, Some("b")),
        (3, Some("user"), Some("and"), None),
        (4, Some("user"), Some("last"), None),
        (5, None, None, None),
    ] {
        assert_eq!(
            (of(index, "role"), of(index, "content"), of(index, "tool_call_id")),
            (role, content, id),
            "{index}"
        );
    }
}

#[test]
fn a_prompt_of_more_than_text_is_the_json_of_its_parts() {
    let image = Part::Media(Media {
        modality: Modality::Image,
        format: None,
        source: MediaSource::Uri(Text::kept("https://example.com/a.png")),
        detail: Some("low".into()),
        name: None,
        sha256: None,
    });
    let parts = vec![text("so"), Part::Reasoning(Text::kept("why")), Part::Refusal(Text::kept("no")), image];
    let reasoning = r#"{"type":"reasoning","summary":[{"type":"summary_text","text":"why"}]}"#;
    let refusal = r#"{"type":"refusal","refusal":"no"}"#;
    for (surface, text, image) in [
        (
            "openai.chat",
            r#"{"type":"text","text":"so"}"#,
            r#"{"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}}"#,
        ),
        (
            "openai.responses",
            r#"{"type":"output_text","text":"so"}"#,
            r#"{"type":"input_image","image_url":"https://example.com/a.png","detail":"low"}"#,
        ),
    ] {
        let told = told(&call(Operation::Chat, surface, vec![message(Role::Assistant, parts.clone())]));
        assert_eq!(told["gen_ai.prompt.0.content"], format!("[{text},{reasoning},{refusal},{image}]"));
    }
}

#[test]
fn what_is_answered_has_its_names_and_a_built_in_tool_that_of_its_kind() {
    let custom = ToolCall {
        id: Some("c1".into()),
        kind: Some("custom".into()),
        name: Some("grep".into()),
        arguments: Some(Text::kept("a|b")),
    };
    let search = r#"{"type":"web_search_call","id":"ws_1"}"#;
    let built_in = Part::Other { kind: "web_search_call".into(), id: Some("ws_1".into()), json: Text::kept(search) };
    let reasoning = ["one", "two"].map(|text| Part::Reasoning(Text::kept(text)));
    let mut call = chat(Vec::new());
    let mut parts = vec![text("Th"), text("is"), Part::ToolCall(custom), built_in];
    parts.extend(reasoning);
    // An index comes from outside: it is a number in a name, no place in a list.
    call.response.choices = vec![choice(u32::MAX, parts, Some("stop"))];
    call.request.tools =
        vec![ToolDefinition { kind: "web_search".into(), name: None, description: None, parameters: None }];
    let told = told(&call);
    let of = |name: &str| told[&format!("gen_ai.completion.4294967295.{name}")].as_str();
    for (name, value) in [
        ("role", "assistant"),
        ("finish_reason", "stop"),
        ("content", "This"),
        ("reasoning", r#"[{"type":"summary_text","text":"one"},{"type":"summary_text","text":"two"}]"#),
        ("tool_calls.0.id", "c1"),
        ("tool_calls.0.name", "grep"),
        ("tool_calls.0.arguments", "a|b"),
        ("tool_calls.1.id", "ws_1"),
        ("tool_calls.1.name", "web_search_call"),
        ("tool_calls.1.arguments", search),
    ] {
        assert_eq!(of(name), value, "{name}");
    }
    assert_eq!(told["llm.request.functions.0.name"], "web_search");
}

#[test]
fn every_prompt_of_a_legacy_completion_is_there() {
    let messages = ["a", "b"].map(|prompt| message(Role::User, vec![text(prompt)]));
    let told = told(&call(Operation::TextCompletion, "openai.completions", messages.to_vec()));
    assert_eq!((&*told["gen_ai.prompt.0.user"], &*told["gen_ai.prompt.1.user"]), ("a", "b"));
    assert_eq!(told["llm.request.type"], "completion");
}

#[test]
fn with_nothing_kept_no_name_has_an_index() {
    let mut call = chat(vec![message(Role::User, vec![Part::Text(Text::sized(4))])]);
    call.response.choices = vec![choice(0, vec![Part::Text(Text::sized(4))], Some("stop"))];
    call.request.tools =
        vec![ToolDefinition { kind: "function".into(), name: Some("f".into()), description: None, parameters: None }];
    let telemetry = V1.project(&call);
    assert_eq!((telemetry.span.indexed, telemetry.logs), (Vec::new(), Vec::new()));
    let reasons = telemetry.span.attributes.iter().find(|(name, _)| *name == "gen_ai.response.finish_reasons");
    assert_eq!(reasons.unwrap().1, Value::Strings(vec!["stop"]));
}

#[test]
fn each_choice_and_each_failure_is_counted_once_and_a_served_call_not_at_all() {
    let mut call = chat(Vec::new());
    let made_up = Choice { finish_reason: Some("eos".to_owned().into()), ..choice(2, Vec::new(), None) };
    call.response.choices = vec![choice(0, Vec::new(), Some("stop")), choice(1, Vec::new(), None), made_up];
    let choices = "gen_ai.client.generation.choices";
    let reason = |reason: &str| Some(format!("llm.response.finish_reason={reason}"));
    assert_eq!(points(&call), [(choices, 1, reason("stop")), (choices, 1, None), (choices, 1, reason("eos"))]);
    call.side = Side::Server;
    assert_eq!(points(&call), []);
    for (operation, counter) in [
        (Operation::Chat, Some("llm.openai.chat_completions.exceptions")),
        (Operation::Embeddings, Some("llm.openai.embeddings.exceptions")),
        (Operation::InvokeAgent, None),
    ] {
        let mut call = bare(operation, "");
        call.outcome = Outcome::Failed(Failure::of(ErrorClass::Timeout));
        assert_eq!(points(&call), counter.map(|name| (name, 1, None)).into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn the_chunks_whose_times_are_known_are_events_of_a_chat() {
    let mut call = chat(Vec::new());
    call.timing.first_chunk = Some(Duration::from_millis(10));
    call.timing.last_chunk = Some(Duration::from_millis(90));
    for (chunks, surface, times) in
        [(1, "openai.chat", &[10][..]), (2, "openai.chat", &[10, 90]), (9, "openai.responses", &[])]
    {
        (call.timing.output_chunks, call.surface) = (Some(chunks), surface);
        let events = V1.project(&call).span.events;
        assert!(events.iter().all(|event| event.name == "llm.content.completion.chunk"));
        let told: Vec<_> =
            events.iter().map(|event| event.time.duration_since(call.timing.start).unwrap().as_millis()).collect();
        assert_eq!(told, times);
    }
}

#[test]
fn a_step_has_the_names_that_traceloop_has_for_it() {
    for (operation, kind, id) in [
        (Operation::ExecuteTool, "tool", "gen_ai.tool.call.id"),
        (Operation::InvokeAgent, "agent", "gen_ai.agent.id"),
        (Operation::InvokeWorkflow, "workflow", "gen_ai.tool.call.id"),
        (Operation::Retrieval, "task", "gen_ai.tool.call.id"),
    ] {
        let mut call = bare(operation, "");
        call.step = Some(Box::new(Step {
            name: Some("weather".into()),
            id: Some("id1".into()),
            kind: None,
            description: None,
            input: Some(Text::kept("{}")),
            output: Some(Text::sized(9)),
        }));
        assert_eq!(V1.project(&call).span.name, format!("weather.{kind}"));
        let told = told(&call);
        let of = |name: &str| told.get(name).map(String::as_str);
        assert_eq!(of("traceloop.span.kind"), Some(kind));
        assert_eq!((of("traceloop.entity.name"), of("traceloop.entity.input")), (Some("weather"), Some("{}")));
        assert_eq!((of("traceloop.entity.output"), of("llm.request.type")), (None, None));
        assert_eq!(of(id), Some("id1"));
    }
    // On whose behalf it is has the same name.
    let mut call = bare(Operation::InvokeAgent, "");
    call.step = Some(Box::new(Step { id: Some("id1".into()), ..Step::default() }));
    call.identity = Arc::new(Identity { agent_id: Some("id2".into()), ..Identity::default() });
    assert_eq!(told(&call)["gen_ai.agent.id"], "id2");
}
