//! What was said, as far as the content policy kept it: messages, choices, tools.

use sidetone_core::event::{Choice, Media, MediaSource, Message, Modality, Part, Text, ToolDefinition, Value};

use super::json::{Object, array, number, object, string};

/// A message.
pub(super) fn message(out: &mut String, message: &Message) {
    object(out, |all| members(all, message));
}

fn members(all: &mut Object<'_>, message: &Message) {
    all.text("role", Some(message.role.as_str()));
    all.text("name", message.name.as_deref());
    all.array("parts", &message.parts, part);
}

/// One of the answers.
pub(super) fn choice(out: &mut String, choice: &Choice) {
    object(out, |all| {
        all.count("index", Some(choice.index.into()));
        all.text("finish_reason", choice.finish_reason.as_deref());
        all.object("message", |all| members(all, &choice.message));
    });
}

/// A tool that the model may ask for.
pub(super) fn tool(out: &mut String, tool: &ToolDefinition) {
    object(out, |all| {
        all.text("type", Some(&tool.kind));
        all.text("name", tool.name.as_deref());
        text(all, "description", tool.description.as_ref());
        all.value("parameters", |out| match &tool.parameters {
            Some(parameters) => value(out, parameters),
            None => out.push_str("null"),
        });
    });
}

/// A text: its size always, its characters if they were kept.
pub(super) fn text(all: &mut Object<'_>, name: &str, text: Option<&Text>) {
    match text {
        Some(text) => all.object(name, |all| sized(all, text)),
        None => all.null(name),
    }
}

fn sized(all: &mut Object<'_>, text: &Text) {
    all.text("text", text.as_str());
    all.count("bytes", Some(text.bytes()));
    all.flag("truncated", Some(text.is_truncated()));
}

fn part(out: &mut String, part: &Part) {
    object(out, |all| match part {
        Part::Text(text) => spoken(all, "text", text),
        Part::Refusal(text) => spoken(all, "refusal", text),
        Part::Reasoning(text) => spoken(all, "reasoning", text),
        Part::ToolCall(call) => {
            all.text("type", Some("tool_call"));
            all.text("id", call.id.as_deref());
            all.text("kind", call.kind.as_deref());
            all.text("name", call.name.as_deref());
            text(all, "arguments", call.arguments.as_ref());
        }
        Part::ToolResult { id, content, .. } => {
            all.text("type", Some("tool_result"));
            all.text("id", id.as_deref());
            text(all, "content", Some(content));
        }
        Part::Media(media) => self::media(all, media),
        Part::Other { kind, id, json } => {
            all.text("type", Some("other"));
            all.text("kind", Some(kind));
            all.text("id", id.as_deref());
            text(all, "content", Some(json));
        }
        _ => all.text("type", Some("unknown")),
    });
}

fn spoken(all: &mut Object<'_>, kind: &str, text: &Text) {
    all.text("type", Some(kind));
    sized(all, text);
}

fn media(all: &mut Object<'_>, media: &Media) {
    all.text(
        "type",
        Some(match media.modality {
            Modality::Image => "image",
            Modality::Audio => "audio",
            Modality::Video => "video",
            _ => "file",
        }),
    );
    all.text("format", media.format.as_deref());
    all.text("name", media.name.as_deref());
    all.text("detail", media.detail.as_deref());
    let (source, content) = match &media.source {
        MediaSource::Uri(text) => (Some("uri"), Some(text)),
        MediaSource::Inline(text) => (Some("inline"), Some(text)),
        MediaSource::Id(text) => (Some("id"), Some(text)),
        _ => (None, None),
    };
    all.text("source", source);
    all.text("sha256", media.sha256.as_deref());
    text(all, "content", content);
}

fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(int) => out.push_str(&int.to_string()),
        Value::Double(double) => number(out, *double),
        Value::String(text) => string(out, text),
        Value::Array(items) => array(out, items, self::value),
        Value::Map(members) => object(out, |all| {
            for (name, member) in members {
                all.value(name, |out| self::value(out, member));
            }
        }),
    }
}
