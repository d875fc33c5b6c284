//! The log events of a call: one for each message that was sent and each choice that came.

use std::borrow::Cow;

use super::super::names;
use super::super::shared::Words as _;
use super::super::shared::content::{self, Map};
use super::super::shared::span::NO_REASON;
use super::super::{Attribute, LogEvent, Value};
use super::V2;
use crate::event::{Call, Choice, Message, Operation, Part, Role};

/// The log events of a call, in the order they happened. Embeddings have none.
pub(super) fn of(call: &Call) -> Vec<LogEvent<'_>> {
    if call.operation == Operation::Embeddings {
        return Vec::new();
    }
    let system = V2::provider(call);
    let instructions = call.request.instructions.iter();
    let mut events = Vec::with_capacity(instructions.len() + call.request.messages.len() + call.response.choices.len());
    for text in instructions {
        let mut body = Map::new();
        content::text(&mut body, "content", Some(text));
        events.push(event(&system, names::GEN_AI_SYSTEM_MESSAGE, non_empty(body)));
    }
    for message in &call.request.messages {
        sent(&mut events, &system, message);
    }
    for choice in &call.response.choices {
        events.push(event(&system, names::GEN_AI_CHOICE, Some(Value::Map(received(choice)))));
    }
    events
}

fn event<'a>(system: &Attribute<'a>, name: &'static str, body: Option<Value<'a>>) -> LogEvent<'a> {
    LogEvent { name, is_warning: false, attribute: system.clone(), more: Vec::new(), body }
}

fn non_empty(body: Map<'_>) -> Option<Value<'_>> {
    (!body.is_empty()).then_some(Value::Map(body))
}

/// A message of the request: an event for each tool result in it, and one for the rest of it.
fn sent<'a>(events: &mut Vec<LogEvent<'a>>, system: &Attribute<'a>, message: &'a Message) {
    let mut results = 0;
    for part in &message.parts {
        if let Part::ToolResult { id, content: text, is_list } = part {
            results += 1;
            let mut body = Map::new();
            match text.as_str() {
                Some(text) if !text.is_empty() => {
                    content::put(&mut body, "content", content::json_or_text(text, *is_list))
                }
                _ => {}
            }
            if let Some(id) = id.as_deref() {
                content::put(&mut body, "id", Value::Str(id));
            }
            events.push(event(system, names::GEN_AI_TOOL_MESSAGE, non_empty(body)));
        }
    }
    if results > 0 && results == message.parts.len() {
        return;
    }
    let name = match &message.role {
        Role::System => names::GEN_AI_SYSTEM_MESSAGE,
        Role::Developer => names::GEN_AI_DEVELOPER_MESSAGE,
        Role::Assistant => names::GEN_AI_ASSISTANT_MESSAGE,
        Role::Tool => names::GEN_AI_TOOL_MESSAGE,
        Role::User | Role::Other(_) => names::GEN_AI_USER_MESSAGE,
    };
    let mut body = Map::new();
    if let Role::Other(role) = &message.role {
        // `role`: "if available and not equal to `user`".
        content::put(&mut body, "role", Value::Str(role));
    }
    content::said(&mut body, message);
    events.push(event(system, name, non_empty(body)));
}

/// The body of a choice.
fn received(choice: &Choice) -> Map<'_> {
    let mut message = Map::with_capacity(3);
    content::put(&mut message, "role", role(&choice.message.role));
    content::said(&mut message, &choice.message);
    let reason = choice.finish_reason.as_ref().map_or(Value::Static(NO_REASON), Value::from);
    vec![
        (Cow::Borrowed("index"), Value::Int(i64::from(choice.index))),
        (Cow::Borrowed("finish_reason"), reason),
        (Cow::Borrowed("message"), Value::Map(message)),
    ]
}

fn role(role: &Role) -> Value<'_> {
    match role {
        Role::Assistant => Value::Static("assistant"),
        other => Value::Str(other.as_str()),
    }
}
