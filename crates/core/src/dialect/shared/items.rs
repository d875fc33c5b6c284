//! Messages as items of the responses API.

use super::super::Value;
use super::json_text::Object;
use super::{content as chat, json, kept};
use crate::event::{Media, MediaSource, Message, Modality, Part, Role, Text};

/// The items of a message that was sent.
pub(in crate::dialect) fn sent(message: &Message) -> Vec<Value<'_>> {
    items(message, if message.role == Role::Assistant { "output_text" } else { "input_text" }, message.is_list)
}

/// The items of what came.
pub(in crate::dialect) fn came(message: &Message) -> Vec<Value<'_>> {
    items(message, "output_text", true)
}

fn items<'a>(message: &'a Message, text_type: &'static str, is_list: bool) -> Vec<Value<'a>> {
    let mut all = Vec::new();
    // What was said since the last part that is an item of its own.
    let mut said = Vec::new();
    for part in &message.parts {
        match item(part) {
            Some(item) => {
                all.extend(content(message, &said, text_type, is_list));
                said.clear();
                all.push(item);
            }
            None => said.push(part),
        }
    }
    all.extend(content(message, &said, text_type, is_list));
    all
}

/// A message of what was said, if anything was.
fn content<'a>(message: &Message, said: &[&'a Part], text_type: &'static str, is_list: bool) -> Option<Value<'a>> {
    if said.is_empty() {
        return None;
    }
    let mut item = Object::default();
    if message.role == Role::Assistant {
        item.put("type", Value::Static("message"));
    }
    item.put("role", Value::String(message.role.as_str().to_owned()));
    match said {
        [Part::Text(text)] if !is_list => item.said("content", Some(text)),
        parts => {
            item.put("content", Value::Array(parts.iter().filter_map(|part| self::said(part, text_type)).collect()))
        }
    }
    Some(item.value())
}

/// A part of a message's content.
pub(in crate::dialect) fn said<'a>(part: &'a Part, text_type: &'static str) -> Option<Value<'a>> {
    let mut all = Object::default();
    match part {
        Part::Text(text) => {
            all.put("type", Value::Static(text_type));
            all.said("text", Some(text));
        }
        Part::Refusal(text) => {
            all.put("type", Value::Static("refusal"));
            all.said("refusal", Some(text));
        }
        Part::Media(item) => media(&mut all, item),
        _ => return None,
    }
    Some(all.value())
}

fn media<'a>(all: &mut Object<'a>, media: &'a Media) {
    let is_id = matches!(media.source, MediaSource::Id(_));
    let (kind, key) = match (media.modality, &media.source) {
        (Modality::Image, _) => ("input_image", if is_id { "file_id" } else { "image_url" }),
        (Modality::Audio, _) => ("input_audio", "data"),
        (Modality::Video | Modality::File, MediaSource::Id(_)) => ("input_file", "file_id"),
        (Modality::Video | Modality::File, MediaSource::Inline(_)) => ("input_file", "file_data"),
        (Modality::Video | Modality::File, _) => ("input_file", "file_url"),
    };
    all.put("type", Value::Static(kind));
    all.text(key, kept::source(media));
    all.text("detail", media.detail.as_deref());
    all.text("format", media.format.as_deref());
    all.text("filename", media.name.as_deref());
}

/// A part that is an item of its own.
pub(in crate::dialect) fn item(part: &Part) -> Option<Value<'_>> {
    let mut all = Object::default();
    match part {
        Part::ToolCall(call) => {
            let is_custom = call.kind.as_deref() == Some("custom");
            all.put("type", Value::Static(if is_custom { "custom_tool_call" } else { "function_call" }));
            all.text("call_id", call.id.as_deref());
            all.text("name", call.name.as_deref());
            all.said(if is_custom { "input" } else { "arguments" }, call.arguments.as_ref());
        }
        Part::ToolResult { id, content: text, is_list } => {
            all.put("type", Value::Static("function_call_output"));
            all.text("call_id", id.as_deref());
            if let Some(text) = text.as_str() {
                all.put("output", chat::json_or_text(text, *is_list));
            }
        }
        Part::Reasoning(text) => {
            all.put("type", Value::Static("reasoning"));
            all.list("summary", summary(text));
        }
        Part::Other { kind, json: text, .. } => match text.as_str().and_then(json::value) {
            Some(item) => return Some(item),
            None => all.put("type", Value::Str(kind)),
        },
        _ => return None,
    }
    Some(all.value())
}

pub(in crate::dialect) fn summary(text: &Text) -> Vec<Value<'_>> {
    let mut all = Object::default();
    all.put("type", Value::Static("summary_text"));
    all.said("text", Some(text));
    vec![all.value()]
}
