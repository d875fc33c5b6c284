//! What was said, message by message, under names with indices.

use super::super::Value;
use super::super::names::{self, traceloop as own};
use super::super::shared::json_text::Object;
use super::super::shared::{content, items, json, json_text};
use super::RESPONSES;
use super::numbered::Numbered;
use crate::event::{Call, Choice, Message, Operation, Part, Role, Text, ToolCall, ToolDefinition};

/// What was said in a call. The answer comes first: a limit on the number of a span's attributes takes those at the end.
///
/// The inputs of an embeddings call, which the package tells, are in no event.
pub(super) fn of(call: &Call) -> Vec<(String, Value<'_>)> {
    let mut list = Numbered::default();
    let is_completion = call.operation == Operation::TextCompletion;
    for choice in &call.response.choices {
        self::choice(&mut list, choice, is_completion);
    }
    if is_completion {
        for (index, message) in call.request.messages.iter().enumerate() {
            list.composed(names::GEN_AI_PROMPT_N_USER, [index], text(message));
        }
    } else {
        prompts(&mut list, call);
    }
    for (index, tool) in call.request.tools.iter().enumerate() {
        function(&mut list, index, tool);
    }
    list.finish()
}

fn choice<'a>(list: &mut Numbered<'a>, choice: &'a Choice, is_completion: bool) {
    let (at, message) = ([choice.index as usize], &choice.message);
    list.known(names::GEN_AI_COMPLETION_N_FINISH_REASON, at, choice.finish_reason.as_deref());
    if !is_completion {
        list.put(names::GEN_AI_COMPLETION_N_ROLE, at, Value::Str(message.role.as_str()));
    }
    let has_more = message.parts.iter().any(|part| matches!(part, Part::Media(_)) || is_item(part));
    let said = if has_more { content::of(message).map(|content| json_text::of(&content)) } else { text(message) };
    list.composed(names::GEN_AI_COMPLETION_N_CONTENT, at, said);
    let refusal = texts(message, |part| if let Part::Refusal(text) = part { Some(text) } else { None });
    list.composed(names::GEN_AI_COMPLETION_N_REFUSAL, at, refusal);
    let reasoning: Vec<_> = message.parts.iter().filter_map(summary).collect();
    if !reasoning.is_empty() {
        list.put(names::GEN_AI_COMPLETION_N_REASONING, at, json_text::of(&Value::Array(reasoning)));
    }
    for (index, call) in message.parts.iter().filter(|part| is_call(part)).enumerate() {
        let names = [
            names::GEN_AI_COMPLETION_N_TOOL_CALLS_N_ID,
            names::GEN_AI_COMPLETION_N_TOOL_CALLS_N_NAME,
            names::GEN_AI_COMPLETION_N_TOOL_CALLS_N_ARGUMENTS,
        ];
        tool_call(list, names, [at[0], index], call);
    }
}

fn prompts<'a>(list: &mut Numbered<'a>, call: &'a Call) {
    let mut next = 0..;
    let mut at = || [next.next().unwrap_or_default()];
    if let Some(text) = &call.request.instructions {
        let at = at();
        list.put(names::GEN_AI_PROMPT_N_ROLE, at, Value::Static(Role::System.as_str()));
        list.said(names::GEN_AI_PROMPT_N_CONTENT, at, Some(text));
    }
    for message in &call.request.messages {
        for part in &message.parts {
            if let Part::ToolResult { id, content: text, .. } = part {
                let at = at();
                list.put(names::GEN_AI_PROMPT_N_ROLE, at, Value::Static(Role::Tool.as_str()));
                list.known(names::GEN_AI_PROMPT_N_TOOL_CALL_ID, at, id.as_deref());
                // A list is JSON already.
                list.said(names::GEN_AI_PROMPT_N_CONTENT, at, Some(text));
            }
        }
        let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
        if message.parts.is_empty() || !message.parts.iter().all(is_result) {
            prompt(list, at(), message, call.surface == RESPONSES);
        }
    }
}

/// A message without the results of tools in it.
fn prompt<'a>(list: &mut Numbered<'a>, at: [usize; 1], message: &'a Message, is_responses: bool) {
    list.put(names::GEN_AI_PROMPT_N_ROLE, at, Value::Str(message.role.as_str()));
    let is_told_elsewhere = |part: &Part| matches!(part, Part::ToolResult { .. }) || is_call(part);
    let parts: Vec<_> = message.parts.iter().filter(|part| !is_told_elsewhere(part)).collect();
    if !message.is_list && parts.iter().all(|part| matches!(part, Part::Text(_))) {
        list.composed(names::GEN_AI_PROMPT_N_CONTENT, at, text(message));
    } else {
        // The package's own form: the content as it was sent, as JSON. A prompt has no names for a refusal or reasoning.
        let text_type = match message.role {
            _ if !is_responses => "text",
            Role::Assistant => "output_text",
            _ => "input_text",
        };
        let parts: Vec<_> = parts.into_iter().filter_map(|part| self::part(part, text_type, is_responses)).collect();
        if !parts.is_empty() {
            list.put(names::GEN_AI_PROMPT_N_CONTENT, at, json_text::of(&Value::Array(parts)));
        }
    }
    for (index, call) in message.parts.iter().filter(|part| is_call(part)).enumerate() {
        let names = [
            names::GEN_AI_PROMPT_N_TOOL_CALLS_N_ID,
            names::GEN_AI_PROMPT_N_TOOL_CALLS_N_NAME,
            names::GEN_AI_PROMPT_N_TOOL_CALLS_N_ARGUMENTS,
        ];
        tool_call(list, names, [at[0], index], call);
    }
}

/// A part of a list, as the API has it; `None` when nothing of it is kept.
fn part<'a>(part: &'a Part, text_type: &'static str, is_responses: bool) -> Option<Value<'a>> {
    match part {
        Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => {
            text.as_str()?;
            items::said(part, text_type).or_else(|| items::item(part))
        }
        Part::Media(_) if is_responses => items::said(part, text_type),
        Part::Media(media) => content::media(media),
        Part::Other { .. } => items::item(part),
        _ => None,
    }
}

/// The texts of a message, put together.
fn text(message: &Message) -> Option<Value<'_>> {
    texts(message, |part| if let Part::Text(text) = part { Some(text) } else { None })
}

fn texts(message: &Message, wanted: fn(&Part) -> Option<&Text>) -> Option<Value<'_>> {
    content::joined(message.parts.iter().filter_map(|part| wanted(part)?.as_str()))
}

/// Reasoning, as the responses API summarises it.
fn summary(part: &Part) -> Option<Value<'_>> {
    let Part::Reasoning(text) = part else { return None };
    let mut all = Object::default();
    all.put("type", Value::Static("summary_text"));
    all.put("text", Value::Str(text.as_str()?));
    Some(all.value())
}

/// Whether it is what a provider's built-in tool did.
fn is_builtin(part: &Part) -> bool {
    matches!(part, Part::Other { kind, .. } if kind.ends_with("_call"))
}

fn is_call(part: &Part) -> bool {
    matches!(part, Part::ToolCall(_)) || is_builtin(part)
}

fn is_item(part: &Part) -> bool {
    matches!(part, Part::Other { .. }) && !is_builtin(part)
}

fn tool_call<'a>(list: &mut Numbered<'a>, names: [&str; 3], at: [usize; 2], part: &'a Part) {
    let (call_id, call_name, said) = match part {
        Part::ToolCall(ToolCall { id, name, arguments, .. }) => (id.as_deref(), name.as_deref(), arguments.as_ref()),
        // The package names it so, too.
        Part::Other { id, kind, json } => (id.as_deref(), Some(&**kind), Some(json)),
        _ => return,
    };
    let [id, name, arguments] = names;
    list.known(id, at, call_id);
    list.known(name, at, call_name);
    list.said(arguments, at, said);
}

/// The definition of a tool. A built-in one has no name but its kind.
fn function<'a>(list: &mut Numbered<'a>, index: usize, tool: &'a ToolDefinition) {
    let at = [index];
    list.known(own::LLM_REQUEST_FUNCTIONS_N_NAME, at, Some(tool.name.as_deref().unwrap_or(&tool.kind)));
    list.said(own::LLM_REQUEST_FUNCTIONS_N_DESCRIPTION, at, tool.description.as_ref());
    if let Some(parameters) = &tool.parameters {
        list.put(own::LLM_REQUEST_FUNCTIONS_N_PARAMETERS, at, json_text::of(&json::borrowed(parameters)));
    }
}
