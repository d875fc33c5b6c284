//! What was said, message by message, under names with indices.

use super::super::Value;
use super::super::names::openinference as oi;
use super::super::shared::{chat, content};
use super::indexed::Indexed;
use super::{HIDDEN, RESPONSES, json, media, step};
use crate::event::{Call, Message, Operation, Outcome, Part, Role, Text, ToolCall};

/// Inputs of an embeddings call that are told one by one.
const INPUTS: usize = 100;

/// What was said in a call, if it is shown. The answer comes first: a limit on the number of a span's attributes takes those at
/// the end, and `input.value` has the messages, too.
pub(super) fn of(call: &Call, is_shown: bool) -> Vec<(String, Value<'_>)> {
    let mut list = Indexed::new();
    match call.operation {
        Operation::Embeddings => embeddings(&mut list, call),
        Operation::TextCompletion => completion(&mut list, call),
        _ if is_shown => chat(&mut list, call),
        _ => {}
    }
    if call.step.is_some() && !call.operation.is_call() {
        return list.finish().into_iter().chain(step::documents(call)).collect();
    }
    list.finish()
}

fn chat<'a>(list: &mut Indexed<'a>, call: &'a Call) {
    for choice in &call.response.choices {
        // Answers of the responses API are lists of parts.
        let is_list = call.surface == RESPONSES;
        list.at(oi::LLM_OUTPUT_MESSAGES, choice.index as usize, |list| rest(list, &choice.message, is_list));
    }
    let mut next = 0;
    let mut message = |list: &mut Indexed<'a>, tell: &mut dyn FnMut(&mut Indexed<'a>)| {
        list.at(oi::LLM_INPUT_MESSAGES, next, tell);
        next += 1;
    };
    if let Some(text) = &call.request.instructions {
        message(list, &mut |list| {
            list.put(oi::MESSAGE_ROLE, Value::Static("system"));
            list.said(oi::MESSAGE_CONTENT, text);
        });
    }
    for sent in &call.request.messages {
        for part in &sent.parts {
            if let Part::ToolResult { id, content, is_list } = part {
                message(list, &mut |list| result(list, id.as_deref(), content, *is_list));
            }
        }
        if chat::says_more_than_results(sent) {
            message(list, &mut |list| rest(list, sent, sent.is_list));
        }
    }
    for (index, tool) in call.request.tools.iter().enumerate() {
        list.at(oi::LLM_TOOLS, index, |list| {
            list.put(oi::TOOL_JSON_SCHEMA, json::of(&chat::tool(tool, call.surface == RESPONSES)))
        });
    }
}

/// What a tool gave back.
fn result<'a>(list: &mut Indexed<'a>, id: Option<&'a str>, text: &'a Text, is_list: bool) {
    list.put(oi::MESSAGE_ROLE, Value::Static(Role::Tool.as_str()));
    list.known(oi::MESSAGE_TOOL_CALL_ID, id);
    match text.as_str().map(|text| content::json_or_text(text, is_list)) {
        Some(Value::Array(parts)) => {
            let texts = parts.into_iter().filter_map(text_of);
            for (index, text) in texts.enumerate() {
                list.at(oi::MESSAGE_CONTENTS, index, |list| {
                    list.put(oi::MESSAGE_CONTENT_TYPE, Value::Static("text"));
                    list.put(oi::MESSAGE_CONTENT_TEXT, text);
                });
            }
        }
        _ => list.said(oi::MESSAGE_CONTENT, text),
    }
}

/// The text of a part of a tool's result.
fn text_of(part: Value<'_>) -> Option<Value<'_>> {
    let Value::Map(members) = part else { return None };
    members.into_iter().find(|(key, _)| key == "text").map(|(_, text)| text)
}

/// A message without the results of tools in it.
fn rest<'a>(list: &mut Indexed<'a>, message: &'a Message, is_list: bool) {
    list.put(oi::MESSAGE_ROLE, Value::Str(message.role.as_str()));
    list.known(oi::MESSAGE_NAME, message.name.as_deref());
    let is_plain = |part: &Part| {
        matches!(part, Part::Text(_) | Part::Refusal(_) | Part::ToolCall(_) | Part::ToolResult { .. }) || is_call(part)
    };
    if is_list || !message.parts.iter().all(is_plain) {
        contents(list, message);
    } else {
        let said = message.parts.iter().filter_map(|part| match part {
            // The conventions have no place for a refusal: it is what the user gets to read.
            Part::Text(text) | Part::Refusal(text) => Some(text.as_str().unwrap_or(HIDDEN)),
            _ => None,
        });
        if let Some(text) = content::joined(said) {
            list.put(oi::MESSAGE_CONTENT, text);
        }
    }
    let calls = message.parts.iter().filter(|part| matches!(part, Part::ToolCall(_)) || is_call(part));
    for (index, part) in calls.enumerate() {
        list.at(oi::MESSAGE_TOOL_CALLS, index, |list| match part {
            Part::ToolCall(call) => tool_call(list, call),
            Part::Other { kind, id, json } => {
                list.known(oi::TOOL_CALL_ID, id.as_deref());
                list.put(oi::TOOL_CALL_FUNCTION_NAME, Value::Str(kind));
                list.said(oi::TOOL_CALL_FUNCTION_ARGUMENTS, json);
            }
            _ => {}
        });
    }
}

/// Whether it is what a provider's built-in tool did.
fn is_call(part: &Part) -> bool {
    matches!(part, Part::Other { kind, .. } if kind.ends_with("_call"))
}

fn tool_call<'a>(list: &mut Indexed<'a>, call: &'a ToolCall) {
    list.known(oi::TOOL_CALL_ID, call.id.as_deref());
    list.known(oi::TOOL_CALL_FUNCTION_NAME, call.name.as_deref());
    if let Some(arguments) = &call.arguments {
        list.said(oi::TOOL_CALL_FUNCTION_ARGUMENTS, arguments);
    }
}

/// The content of a message as a list of parts.
fn contents<'a>(list: &mut Indexed<'a>, message: &'a Message) {
    let parts = message.parts.iter().filter(|part| {
        let is_told_elsewhere = matches!(part, Part::ToolCall(_) | Part::ToolResult { .. }) || is_call(part);
        !is_told_elsewhere
    });
    for (index, part) in parts.enumerate() {
        list.at(oi::MESSAGE_CONTENTS, index, |list| match part {
            Part::Text(text) | Part::Refusal(text) => {
                list.put(oi::MESSAGE_CONTENT_TYPE, Value::Static("text"));
                list.said(oi::MESSAGE_CONTENT_TEXT, text);
            }
            Part::Reasoning(text) => {
                list.put(oi::MESSAGE_CONTENT_TYPE, Value::Static("reasoning"));
                list.said(oi::MESSAGE_CONTENT_TEXT, text);
            }
            Part::Media(item) => media::tell(list, item),
            Part::Other { kind, .. } => list.put(oi::MESSAGE_CONTENT_TYPE, Value::Str(kind)),
            Part::ToolCall(_) | Part::ToolResult { .. } => {}
        });
    }
}

/// Prompts and answers of a legacy completion. Hidden ones are told as such.
fn completion<'a>(list: &mut Indexed<'a>, call: &'a Call) {
    let said = |message: &'a Message| {
        let texts = message.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str().unwrap_or(HIDDEN)),
            _ => None,
        });
        content::joined(texts)
    };
    for choice in &call.response.choices {
        if let Some(text) = said(&choice.message) {
            list.at(oi::LLM_CHOICES, choice.index as usize, |list| list.put(oi::COMPLETION_TEXT, text));
        }
    }
    for (index, message) in call.request.messages.iter().enumerate() {
        if let Some(text) = said(message) {
            list.at(oi::LLM_PROMPTS, index, |list| list.put(oi::PROMPT_TEXT, text));
        }
    }
}

/// The inputs and vectors of an embeddings call, which no event keeps: that there were so many.
fn embeddings(list: &mut Indexed<'_>, call: &Call) {
    let inputs = call.request.embeddings.as_ref().and_then(|embeddings| embeddings.inputs).unwrap_or_default();
    for index in 0..usize::try_from(inputs).unwrap_or(INPUTS).min(INPUTS) {
        list.at(oi::EMBEDDING_EMBEDDINGS, index, |list| {
            list.put(oi::EMBEDDING_TEXT, Value::Static(HIDDEN));
            if call.outcome == Outcome::Completed {
                list.put(oi::EMBEDDING_VECTOR, Value::Static(HIDDEN));
            }
        });
    }
}
