//! Messages and parts of them, made by hand.
#![allow(dead_code, reason = "each test uses some of them")]

use sidetone_core::event::{Media, MediaSource, Message, Modality, Part, Role, Text, ToolCall};

pub(crate) fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, name: None, parts, is_list: false }
}

pub(crate) fn text(text: &str) -> Part {
    Part::Text(Text::kept(text))
}

pub(crate) fn tool_call() -> Part {
    Part::ToolCall(ToolCall {
        id: Some("call_1".into()),
        kind: Some("function".into()),
        name: Some("get_weather".into()),
        arguments: Some(Text::kept(r#"{"city":"Paris"}"#)),
    })
}

pub(crate) fn result(content: &str, is_list: bool) -> Part {
    Part::ToolResult { id: Some("call_1".into()), content: Text::kept(content), is_list }
}

pub(crate) fn picture() -> Part {
    Part::Media(Media {
        modality: Modality::Image,
        format: None,
        source: MediaSource::Uri(Text::kept("https://example.com/cat.png")),
        detail: Some("low".into()),
        name: None,
        sha256: None,
    })
}
