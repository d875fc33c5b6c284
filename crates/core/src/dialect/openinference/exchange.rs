//! A request and its answer as JSON, in the shape of the API that they went through.
//!
//! It is made of what the event keeps. What it doesn't keep isn't there: the package dumps the objects of the SDK.

use super::super::Value;
use super::super::shared::content;
use super::super::shared::json::borrowed;
use super::json::Object;
use super::{RESPONSES, items, parameters};
use crate::event::{Call, Choice, Message, Operation, Part, ToolDefinition, Usage};

/// The request: its parameters, and what was said.
pub(super) fn request(call: &Call) -> Value<'_> {
    let request = &call.request;
    let mut all = parameters::of(call);
    if call.operation == Operation::TextCompletion {
        let mut prompts: Vec<_> = request.messages.iter().filter_map(content::of).collect();
        match prompts.len() {
            0 => {}
            1 => prompts.drain(..).for_each(|prompt| all.put("prompt", prompt)),
            _ => all.list("prompt", prompts),
        }
    } else if call.surface == RESPONSES {
        all.said("instructions", request.instructions.as_ref());
        all.list("input", request.messages.iter().flat_map(items::sent).collect());
    } else {
        all.list("messages", request.messages.iter().flat_map(messages).collect());
    }
    all.list("tools", request.tools.iter().map(|tool| self::tool(call, tool)).collect());
    all.value()
}

/// Whether a message holds anything beside results of tools, or nothing at all.
pub(super) fn says_more_than_results(message: &Message) -> bool {
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    message.parts.is_empty() || !message.parts.iter().all(is_result)
}

/// A message as chat completions have it; one that holds results of tools is several there.
fn messages(message: &Message) -> Vec<Value<'_>> {
    let mut all = Vec::new();
    for part in &message.parts {
        if let Part::ToolResult { id, content: text, is_list } = part {
            let mut result = Object::default();
            result.put("role", Value::Static("tool"));
            result.text("tool_call_id", id.as_deref());
            if let Some(text) = text.as_str() {
                result.put("content", content::json_or_text(text, *is_list));
            }
            all.push(result.value());
        }
    }
    if says_more_than_results(message) {
        all.push(said(message));
    }
    all
}

fn said(message: &Message) -> Value<'_> {
    let mut all = Object::default();
    all.put("role", Value::Str(message.role.as_str()));
    all.text("name", message.name.as_deref());
    let mut said = content::Map::new();
    content::said(&mut said, message);
    all.extend(said);
    all.value()
}

/// The definition of a tool.
pub(super) fn tool<'a>(call: &Call, tool: &'a ToolDefinition) -> Value<'a> {
    let mut function = Object::default();
    function.text("name", tool.name.as_deref());
    function.said("description", tool.description.as_ref());
    if let Some(parameters) = &tool.parameters {
        function.put("parameters", borrowed(parameters));
    }
    let mut all = Object::default();
    all.put("type", Value::Str(&tool.kind));
    if call.surface == RESPONSES || &*tool.kind != "function" {
        all.extend(function.members());
    } else {
        all.object("function", function);
    }
    all.value()
}

/// The answer.
pub(super) fn answer(call: &Call) -> Value<'_> {
    let response = &call.response;
    let mut all = Object::default();
    all.text("id", response.id.as_deref());
    let object = match call.operation {
        Operation::TextCompletion => "text_completion",
        _ if call.surface == RESPONSES => "response",
        _ => "chat.completion",
    };
    all.put("object", Value::Static(object));
    all.text("model", response.model.as_deref());
    all.text("status", response.state.as_deref());
    all.text("service_tier", response.service_tier.as_deref());
    all.text("system_fingerprint", response.system_fingerprint.as_deref());
    if call.surface == RESPONSES {
        all.list("output", response.choices.iter().flat_map(|choice| items::came(&choice.message)).collect());
    } else {
        all.list("choices", response.choices.iter().map(|choice| self::choice(&call.operation, choice)).collect());
    }
    all.object("usage", usage(&call.usage, call.surface == RESPONSES));
    all.value()
}

fn choice<'a>(operation: &Operation, choice: &'a Choice) -> Value<'a> {
    let mut all = Object::default();
    all.put("index", Value::Int(i64::from(choice.index)));
    all.text("finish_reason", choice.finish_reason.as_deref());
    if *operation == Operation::TextCompletion {
        if let Some(text) = content::of(&choice.message) {
            all.put("text", text);
        }
    } else {
        all.put("message", said(&choice.message));
    }
    all.value()
}

fn usage(usage: &Usage, is_responses: bool) -> Object<'static> {
    let [input, output, inside_input, inside_output] = if is_responses {
        ["input_tokens", "output_tokens", "input_tokens_details", "output_tokens_details"]
    } else {
        ["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"]
    };
    let mut all = Object::default();
    all.count(input, usage.input);
    all.count(output, usage.output);
    all.count("total_tokens", usage.total);
    let mut details = Object::default();
    details.count("cached_tokens", usage.cache_read);
    details.count("audio_tokens", usage.input_audio);
    all.object(inside_input, details);
    let mut details = Object::default();
    details.count("reasoning_tokens", usage.reasoning);
    details.count("audio_tokens", usage.output_audio);
    details.count("accepted_prediction_tokens", usage.accepted_prediction);
    details.count("rejected_prediction_tokens", usage.rejected_prediction);
    all.object(inside_output, details);
    all
}
