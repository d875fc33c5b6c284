//! Dialect `v2` read: the events of the call in any form that the packages gave them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use parts::{message, result, text, tool_call};
use sidetone_core::dialect::read::{Field, LogRecord, Reading, Records, SpanRecord, Why, read_any};
use sidetone_core::dialect::{Dialect as _, V2, Value};
use sidetone_core::event::{
    self, Call, Choice, Operation, OwnSpan, Part, Request, Response, Role, SpanId, Text, TraceId,
};

#[test]
fn what_v2_says_is_read_back() {
    let bare = call::bare(Operation::Chat, "openai.chat");
    let choice = |index, parts, reason: Option<&'static str>| Choice {
        index,
        message: message(Role::Assistant, parts),
        finish_reason: reason.map(Cow::Borrowed),
    };
    let call = Call {
        provider: "azure.ai.openai".into(),
        span: Some(OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }),
        request: Request {
            response_format: Some("json_object".into()),
            service_tier: Some("flex".into()),
            seed: Some(7),
            messages: vec![
                message(Role::System, vec![text("Be terse.")]),
                message(Role::Developer, vec![text("Be kind.")]),
                message(Role::User, vec![text("Weather?")]),
                message(Role::Assistant, vec![tool_call()]),
                message(Role::Tool, vec![result("sunny", false)]),
                // The writer's maps are in the order of their keys.
                message(Role::Tool, vec![result(r#"[{"text":"warm","type":"text"}]"#, true)]),
                message(Role::Other("critic".into()), vec![text("Hm.")]),
            ],
            ..bare.request.clone()
        },
        response: Response {
            service_tier: Some("default".into()),
            choices: vec![
                choice(0, vec![Part::Reasoning(Text::kept("Thinking.")), tool_call()], Some("tool_calls")),
                choice(1, vec![Part::Refusal(Text::kept("No."))], None),
            ],
            ..bare.response.clone()
        },
        ..bare
    };
    let reading = read_any(&Records::of(&call, V2.project(&call))).unwrap();
    assert_eq!(reading.unread, []);
    assert_eq!(reading.dialects, ["v2"]);
    assert_eq!(reading.call, call);
}

fn log(name: &'static str, second: u64, body: Option<Value<'static>>) -> LogRecord<'static> {
    LogRecord {
        name: name.into(),
        time: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(second)),
        attributes: vec![("gen_ai.system".into(), Value::Static("openai"))],
        body,
        ..LogRecord::default()
    }
}

fn read(attributes: Vec<Field<'static>>, logs: Vec<LogRecord<'static>>) -> Reading {
    let span = SpanRecord { attributes, ..SpanRecord::default() };
    read_any(&Records::new(vec![span], logs)).unwrap()
}

fn map(members: impl IntoIterator<Item = (&'static str, Value<'static>)>) -> Value<'static> {
    Value::Map(members.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
}

#[test]
fn an_event_without_a_body_is_a_message_of_which_nothing_is_kept() {
    let choice = map([("index", Value::Int(0)), ("finish_reason", Value::Static("error"))]);
    let reading = read(
        vec![],
        vec![
            log("gen_ai.user.message", 1, None),
            log("gen_ai.assistant.message", 2, Some(Value::Null)),
            log("gen_ai.tool.message", 3, Some(map([("id", Value::Static("call_1"))]))),
            log("gen_ai.choice", 4, Some(choice)),
        ],
    );
    assert_eq!(reading.unread, []);
    let result = Part::ToolResult { id: Some("call_1".into()), content: Text::default(), is_list: false };
    let silent = |role| message(role, vec![]);
    assert_eq!(
        reading.call.request.messages,
        [silent(Role::User), silent(Role::Assistant), message(Role::Tool, vec![result])]
    );
    let [choice] = &*reading.call.response.choices else { panic!("one answer") };
    assert_eq!((choice.index, &choice.finish_reason), (0, &None), "`error` stands for no reason");
    assert_eq!(choice.message, silent(Role::Assistant));
}

#[test]
fn answers_come_in_the_order_of_their_index_with_their_own_reasons() {
    let choice = |index, reason| {
        let said = map([("role", Value::Static("assistant")), ("content", Value::Static("Hm."))]);
        let body = map([("index", Value::Int(index)), ("finish_reason", Value::Static(reason)), ("message", said)]);
        Some(body)
    };
    let logs = vec![log("gen_ai.choice", 1, choice(1, "length")), log("gen_ai.choice", 2, choice(0, "stop"))];
    let reasons = Value::Strings(vec!["length", "stop"]);
    let reading = read(vec![("gen_ai.response.finish_reasons".into(), reasons)], logs);
    let told: Vec<_> =
        reading.call.response.choices.iter().map(|choice| (choice.index, choice.finish_reason.as_deref())).collect();
    assert_eq!(told, [(0, Some("stop")), (1, Some("length"))]);
}

#[test]
fn tool_calls_beside_the_message_of_a_choice_belong_to_it() {
    // As semantic-conventions v1.28.0 has the body of `gen_ai.choice`.
    let function = map([("name", Value::Static("f")), ("arguments", Value::Static("{}"))]);
    let one = map([("id", Value::Static("c1")), ("type", Value::Static("function")), ("function", function)]);
    let body = map([
        ("index", Value::Int(0)),
        ("finish_reason", Value::Static("tool_calls")),
        ("message", map([("content", Value::Static("Wait."))])),
        ("tool_calls", Value::Array(vec![one])),
    ]);
    let reading = read(vec![], vec![log("gen_ai.choice", 1, Some(body))]);
    let [choice] = &*reading.call.response.choices else { panic!("one answer") };
    let [Part::Text(said), Part::ToolCall(asked)] = &*choice.message.parts else { panic!("{choice:?}") };
    assert_eq!((said.as_str(), asked.name.as_deref()), (Some("Wait."), Some("f")));
}

#[test]
fn an_event_may_have_its_name_in_an_attribute() {
    let said = |said| Some(map([("content", Value::Static(said))]));
    let mut old = log("", 1, said("Hello"));
    old.attributes.push(("event.name".into(), Value::Static("gen_ai.user.message")));
    let mut both = log("gen_ai.user.message", 2, said("again"));
    both.attributes.insert(0, ("event.name".into(), Value::Static("gen_ai.user.message")));
    let reading = read(vec![], vec![old, both]);
    assert_eq!(reading.unread, []);
    let said = |said| message(Role::User, vec![text(said)]);
    assert_eq!(reading.call.request.messages, [said("Hello"), said("again")]);
}

#[test]
fn a_body_may_be_json_text_or_what_was_said_itself() {
    let reading = read(
        vec![],
        vec![
            log("gen_ai.user.message", 1, Some(Value::Static(r#"{"content":"Hello"}"#))),
            log("gen_ai.user.message", 2, Some(Value::Static("again"))),
        ],
    );
    let said = |said| message(Role::User, vec![text(said)]);
    assert_eq!(reading.call.request.messages, [said("Hello"), said("again")]);
}

#[test]
fn a_body_of_another_kind_is_kept_as_it_is() {
    let reading = read(vec![], vec![log("gen_ai.user.message", 1, Some(Value::Int(7)))]);
    assert_eq!(reading.call.request.messages, []);
    assert_eq!(
        reading.unread.iter().map(|it| (&*it.name, it.why)).collect::<Vec<_>>(),
        [("gen_ai.user.message", Why::Unknown)]
    );
    let [(name, event::Value::Map(kept))] = &*reading.call.attributes else { panic!("one is kept") };
    assert_eq!(&**name, "gen_ai.user.message");
    assert_eq!(kept.last().unwrap(), &("body".to_owned(), event::Value::Int(7)));
}

#[test]
fn names_that_were_replaced_are_read_as_those_that_replaced_them() {
    let int = |name: &'static str, value| (Cow::Borrowed(name), Value::Int(value));
    let text = |name: &'static str, value| (Cow::Borrowed(name), Value::Static(value));
    let reading = read(
        vec![
            text("gen_ai.operation.name", "chat"),
            text("gen_ai.system", "xai"),
            int("gen_ai.usage.prompt_tokens", 5),
            int("gen_ai.usage.completion_tokens", 6),
            int("gen_ai.openai.request.seed", 7),
            text("gen_ai.openai.request.response_format", "json_schema"),
            text("gen_ai.openai.response.system_fingerprint", "fp"),
        ],
        vec![],
    );
    let call = reading.call;
    assert_eq!(reading.unread, []);
    assert_eq!((&*call.provider, call.usage.input, call.usage.output), ("x_ai", Some(5), Some(6)));
    assert_eq!((call.request.seed, call.request.response_format.as_deref()), (Some(7), Some("json_schema")));
    assert_eq!(call.response.system_fingerprint.as_deref(), Some("fp"));
}
