//! The content of a message, in the shape that the OpenAI API gives it.

use std::borrow::Cow;

use super::super::{Key, Value};
use super::json;
use crate::event::{Media, MediaSource, Message, Modality, Part, Text, ToolCall};

/// A map being built.
pub(in crate::dialect) type Map<'a> = Vec<(Key, Value<'a>)>;

pub(in crate::dialect) fn put<'a>(map: &mut Map<'a>, key: &'static str, value: Value<'a>) {
    map.push((Cow::Borrowed(key), value));
}

/// Adds a text if it is kept and says anything.
pub(in crate::dialect) fn text<'a>(map: &mut Map<'a>, key: &'static str, text: Option<&'a Text>) {
    if let Some(text) = text.and_then(Text::as_str).filter(|text| !text.is_empty()) {
        put(map, key, Value::Str(text));
    }
}

/// Texts put together: one is borrowed, none is none.
pub(in crate::dialect) fn joined<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Value<'a>> {
    let mut texts = texts.filter(|text| !text.is_empty());
    let first = texts.next()?;
    let Some(second) = texts.next() else {
        return Some(Value::Str(first));
    };
    let mut whole = [first, second].concat();
    texts.for_each(|text| whole.push_str(text));
    Some(Value::String(whole))
}

/// The `content` of a message: a string, or a list of parts if it was one or holds more than text. `None` when nothing of
/// it is kept.
pub(in crate::dialect) fn of(message: &Message) -> Option<Value<'_>> {
    let is_list = message.is_list || message.parts.iter().any(|part| matches!(part, Part::Media(_)));
    if !is_list {
        return joined(message.parts.iter().filter_map(|part| match part {
            Part::Text(text) => text.as_str(),
            _ => None,
        }));
    }
    let parts: Vec<_> = message.parts.iter().filter_map(part).collect();
    (!parts.is_empty()).then_some(Value::Array(parts))
}

/// A part of a list, as <https://platform.openai.com/docs/api-reference/chat/create> writes it.
fn part(part: &Part) -> Option<Value<'_>> {
    match part {
        Part::Text(text) => text.as_str().map(|text| {
            Value::Map(vec![(Cow::Borrowed("type"), Value::Static("text")), (Cow::Borrowed("text"), Value::Str(text))])
        }),
        Part::Media(item) => media(item),
        // A tool's item is told as a tool call.
        Part::Other { kind, json: item, .. } if !kind.ends_with("_call") => item.as_str().and_then(json::value),
        _ => None,
    }
}

/// `None` when its source isn't kept: with content off there is no list.
pub(in crate::dialect) fn media(media: &Media) -> Option<Value<'_>> {
    let uri = match &media.source {
        MediaSource::Uri(text) | MediaSource::Inline(text) | MediaSource::Id(text) => text.as_str()?,
        MediaSource::Unknown => return None,
    };
    let mut inner = Map::with_capacity(3);
    let kind = match (media.modality, &media.source) {
        (Modality::Image, MediaSource::Id(_)) => {
            put(&mut inner, "file_id", Value::Str(uri));
            "image_file"
        }
        (Modality::Image, _) => {
            put(&mut inner, "url", Value::Str(uri));
            "image_url"
        }
        (Modality::Audio, MediaSource::Id(_)) => {
            put(&mut inner, "id", Value::Str(uri));
            "audio"
        }
        (Modality::Audio, _) => {
            put(&mut inner, "data", Value::Str(uri));
            "input_audio"
        }
        (Modality::Video, _) => {
            put(&mut inner, "url", Value::Str(uri));
            "video_url"
        }
        (Modality::File, source) => {
            let key = match source {
                MediaSource::Id(_) => "file_id",
                MediaSource::Uri(_) => "file_url",
                _ => "file_data",
            };
            put(&mut inner, key, Value::Str(uri));
            "file"
        }
    };
    for (key, value) in [("format", &media.format), ("detail", &media.detail), ("filename", &media.name)] {
        if let Some(value) = value.as_deref() {
            put(&mut inner, key, Value::Str(value));
        }
    }
    Some(Value::Map(vec![(Cow::Borrowed("type"), Value::Static(kind)), (Cow::Borrowed(kind), Value::Map(inner))]))
}

/// A tool's result: a list that was written as JSON, or text as it is.
pub(in crate::dialect) fn json_or_text(text: &str, is_list: bool) -> Value<'_> {
    is_list.then(|| json::value(text)).flatten().unwrap_or(Value::Str(text))
}

/// What a message says: content, refusal, reasoning, tool calls.
pub(in crate::dialect) fn said<'a>(body: &mut Map<'a>, message: &'a Message) {
    if let Some(content) = of(message) {
        put(body, "content", content);
    }
    let joined = |wanted: fn(&Part) -> Option<&str>| joined(message.parts.iter().filter_map(wanted));
    if let Some(refusal) = joined(|part| if let Part::Refusal(text) = part { text.as_str() } else { None }) {
        put(body, "refusal", refusal);
    }
    // No convention of this dialect names it; so do the OpenAI-compatible servers that send it.
    if let Some(reasoning) = joined(|part| if let Part::Reasoning(text) = part { text.as_str() } else { None }) {
        put(body, "reasoning_content", reasoning);
    }
    let calls: Vec<_> = message.parts.iter().filter_map(tool_call).collect();
    if !calls.is_empty() {
        put(body, "tool_calls", Value::Array(calls));
    }
}

/// A tool call as the OpenAI API writes it; a built-in tool's is its item.
fn tool_call(part: &Part) -> Option<Value<'_>> {
    match part {
        Part::ToolCall(call) => Some(Value::Map(function(call))),
        Part::Other { kind, id, json } if kind.ends_with("_call") => {
            if let Some(item) = json.as_str().and_then(json::value) {
                return Some(item);
            }
            let mut call = Map::new();
            if let Some(id) = id.as_deref() {
                put(&mut call, "id", Value::Str(id));
            }
            put(&mut call, "type", Value::Str(kind));
            Some(Value::Map(call))
        }
        _ => None,
    }
}

/// A tool call that isn't a built-in tool's.
pub(in crate::dialect) fn function(call: &ToolCall) -> Map<'_> {
    let mut map = Map::with_capacity(3);
    if let Some(id) = call.id.as_deref() {
        put(&mut map, "id", Value::Str(id));
    }
    let (kind, arguments) = match call.kind.as_deref() {
        Some("custom") => (Some("custom"), "input"),
        Some("function" | "function_call") => (Some("function"), "arguments"),
        Some(_) | None => (None, "arguments"),
    };
    match (kind, &call.kind) {
        (Some(kind), _) => put(&mut map, "type", Value::Static(kind)),
        (None, Some(kind)) => put(&mut map, "type", Value::from(kind)),
        (None, None) => {}
    }
    let mut function = Map::with_capacity(2);
    if let Some(name) = call.name.as_deref() {
        put(&mut function, "name", Value::Str(name));
    }
    text(&mut function, arguments, call.arguments.as_ref());
    if !function.is_empty() {
        put(&mut map, kind.unwrap_or("function"), Value::Map(function));
    }
    map
}
