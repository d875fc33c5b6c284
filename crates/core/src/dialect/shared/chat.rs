//! Messages, tools and usage, in the shape that the chat completions API gives them.

use super::super::Value;
use super::content;
use super::json::borrowed;
use super::json_text::Object;
use crate::event::{Message, Part, ToolDefinition, Usage};

/// Whether a message holds anything beside results of tools, or nothing at all.
pub(in crate::dialect) fn says_more_than_results(message: &Message) -> bool {
    let is_result = |part: &Part| matches!(part, Part::ToolResult { .. });
    message.parts.is_empty() || !message.parts.iter().all(is_result)
}

/// A message as chat completions have it; one that holds results of tools is several there.
pub(in crate::dialect) fn messages(message: &Message) -> Vec<Value<'_>> {
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

/// A message without the results of tools in it.
pub(in crate::dialect) fn said(message: &Message) -> Value<'_> {
    let mut all = Object::default();
    all.put("role", Value::Str(message.role.as_str()));
    all.text("name", message.name.as_deref());
    let mut said = content::Map::new();
    content::said(&mut said, message);
    let is_empty = |part: &Part| matches!(part, Part::Text(text) if text.as_str() == Some(""));
    if message.parts.iter().any(is_empty) && !said.iter().any(|(key, _)| key == "content") {
        content::put(&mut said, "content", Value::Static(""));
    }
    all.extend(said);
    all.value()
}

/// The definition of a tool: a function is in a map of its own, but for the responses API.
pub(in crate::dialect) fn tool(tool: &ToolDefinition, is_responses: bool) -> Value<'_> {
    let mut function = Object::default();
    function.text("name", tool.name.as_deref());
    function.said("description", tool.description.as_ref());
    if let Some(parameters) = &tool.parameters {
        function.put("parameters", borrowed(parameters));
    }
    let mut all = Object::default();
    all.put("type", Value::Str(&tool.kind));
    if is_responses || &*tool.kind != "function" {
        all.extend(function.members());
    } else {
        all.object("function", function);
    }
    all.value()
}

/// The usage of an answer.
pub(in crate::dialect) fn usage(usage: &Usage, is_responses: bool) -> Object<'static> {
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
    details.count("cache_write_tokens", usage.cache_write);
    details.count("audio_tokens", usage.input_audio);
    details.count("image_tokens", usage.input_image);
    let mut cached = Object::default();
    cached.count("audio_tokens", usage.cache_read_audio);
    details.object("cached_tokens_details", cached);
    all.object(inside_input, details);
    let mut details = Object::default();
    details.count("reasoning_tokens", usage.reasoning);
    details.count("audio_tokens", usage.output_audio);
    details.count("image_tokens", usage.output_image);
    details.count("accepted_prediction_tokens", usage.accepted_prediction);
    details.count("rejected_prediction_tokens", usage.rejected_prediction);
    all.object(inside_output, details);
    // As Anthropic writes it: no API of OpenAI's has it.
    let mut written = Object::default();
    written.count("ephemeral_1h_input_tokens", usage.cache_write_1h);
    all.object("cache_creation", written);
    all
}
