//! What was said, and the tools: `$ai_input`, `$ai_output_choices`, `$ai_instructions`, `$ai_tools`.

use super::super::Value;
use super::super::names::posthog as ph;
use super::super::shared::json_text::Object;
use super::super::shared::list::List;
use super::super::shared::said::own;
use super::super::shared::{chat, content, items, json};
use super::{RESPONSES, media};
use crate::event::{Call, Choice, Operation, Part, Text};

/// Adds what was said, if it is kept, and the tools as far as they are.
pub(super) fn add<'a>(list: &mut List<'a>, call: &'a Call, is_kept: bool) {
    let request = &call.request;
    if !call.operation.is_call() {
        step(list, call, is_kept);
        return;
    }
    if is_kept && call.operation != Operation::Embeddings {
        // A limit on the number of attributes takes those at the end.
        list.0.push((ph::AI_OUTPUT_CHOICES, answers(call)));
        list.0.push((ph::AI_INPUT, sent(call)));
        list.text(ph::AI_INSTRUCTIONS, request.instructions.as_ref().and_then(Text::as_str));
    }
    if !request.tools.is_empty() {
        let tools = request.tools.iter().map(|tool| chat::tool(tool, call.surface == RESPONSES)).collect();
        list.0.push((ph::AI_TOOLS, Value::Array(tools)));
    }
}

/// What a step of the application was given, and what it gave back: that of a tool, or messages.
fn step<'a>(list: &mut List<'a>, call: &'a Call, is_kept: bool) {
    let step = call.step.as_deref();
    let state = |text: Option<&'a Text>| {
        let text = text.and_then(Text::as_str)?;
        Some(json::value(text).unwrap_or(Value::Str(text)))
    };
    let has_sent = is_kept && (!call.request.messages.is_empty() || call.request.instructions.is_some());
    let input = state(step.and_then(|step| step.input.as_ref())).or_else(|| has_sent.then(|| sent(call)));
    let has_answers = is_kept && !call.response.choices.is_empty();
    let output = state(step.and_then(|step| step.output.as_ref())).or_else(|| has_answers.then(|| answers(call)));
    for (name, value) in [(ph::AI_INPUT_STATE, input), (ph::AI_OUTPUT_STATE, output)] {
        if let Some(value) = value {
            list.0.push((name, value));
        }
    }
}

/// What came: a message for each choice.
fn answers(call: &Call) -> Value<'_> {
    let choices = call.response.choices.iter().enumerate();
    Value::Array(choices.map(|(place, choice)| media::redacted(received(place, choice))).collect())
}

/// Messages that were sent, as they were; instructions beside them are the first one.
fn sent(call: &Call) -> Value<'_> {
    let request = &call.request;
    let mut all = Vec::with_capacity(request.messages.len() + 1);
    if let Some(text) = request.instructions.as_ref().and_then(Text::as_str) {
        let mut message = Object::default();
        message.put("role", Value::Static("system"));
        message.put("content", Value::Str(text));
        all.push(message.value());
    }
    if call.surface == RESPONSES {
        all.extend(request.messages.iter().flat_map(items::sent));
    } else {
        all.extend(request.messages.iter().flat_map(chat::messages));
    }
    Value::Array(all.into_iter().map(media::redacted).collect())
}

/// A message that came: its content is a list of all that is in it, tool calls too. Its index is its place, or is said.
fn received(place: usize, choice: &Choice) -> Value<'_> {
    let Choice { index, message, .. } = choice;
    let mut all = Object::default();
    if *index as usize != place {
        all.put(own::INDEX, Value::Int(i64::from(*index)));
    }
    all.put("role", Value::Str(message.role.as_str()));
    all.put("content", Value::Array(message.parts.iter().filter_map(part).collect()));
    all.value()
}

fn part(part: &Part) -> Option<Value<'_>> {
    let mut all = Object::default();
    match part {
        Part::Text(text) => {
            all.put("type", Value::Static("text"));
            // The package leaves out what is empty.
            all.put("text", Value::Str(text.as_str().filter(|text| !text.is_empty())?));
        }
        Part::Refusal(text) => {
            all.put("type", Value::Static("refusal"));
            all.put("refusal", Value::Str(text.as_str()?));
        }
        Part::Reasoning(text) => {
            all.put("type", Value::Static("reasoning"));
            all.list("summary", items::summary(text));
        }
        Part::ToolCall(call) => {
            let mut call = content::function(call);
            if !call.iter().any(|(key, _)| key == "type") {
                content::put(&mut call, "type", Value::Static("function"));
            }
            all.extend(call);
        }
        Part::Media(item) => return content::media(item),
        Part::Other { kind, json: item, .. } => match item.as_str().and_then(json::value) {
            Some(item) => return Some(item),
            None => all.put("type", Value::Str(kind)),
        },
        Part::ToolResult { .. } => return None,
    }
    Some(all.value())
}
