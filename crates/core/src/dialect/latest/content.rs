//! What was said, in the form of the conventions' JSON schemas: messages of parts, instructions, definitions of tools.
//!
//! Source: semantic-conventions v1.41.1, `docs/gen-ai/gen-ai-*.json`, and the classes of `opentelemetry-util-genai` 1.3b0, whose
//! members come in this order.

use super::super::names;
use super::super::shared::kept::source;
use super::super::shared::list::List;
use super::super::shared::said::{is_list, own};
use super::super::shared::span::NO_REASON;
use super::document::Document;
use crate::event::{Call, Choice, Media, MediaSource, Message, Modality, Part, Text, ToolCall, ToolDefinition};

/// Adds it, each attribute a document of that kind: JSON text for a span, structured values for a log event.
pub(super) fn add<'a, D: Document<'a>>(list: &mut List<'a>, call: &'a Call) {
    let Call { request, response, .. } = call;
    if let Some(text) = &request.instructions {
        let room = OVERHEAD + kept(text);
        add_list::<D, _>(list, names::GEN_AI_SYSTEM_INSTRUCTIONS, room, [text], |document, text| {
            said(document, "text", text)
        });
    }
    if !request.messages.is_empty() {
        let room = request.messages.iter().map(room).sum();
        add_list::<D, _>(list, names::GEN_AI_INPUT_MESSAGES, room, &request.messages, |document, message| {
            self::message(document, message, None);
        });
    }
    if !response.choices.is_empty() {
        let room = response.choices.iter().map(|choice| room(&choice.message)).sum();
        let choices = (0..).zip(&response.choices);
        add_list::<D, _>(list, names::GEN_AI_OUTPUT_MESSAGES, room, choices, |document, (place, choice)| {
            self::message(document, &choice.message, Some((place, choice)));
        });
    }
    if !request.tools.is_empty() {
        let room = request.tools.len() * TOOL;
        add_list::<D, _>(list, names::GEN_AI_TOOL_DEFINITIONS, room, &request.tools, tool);
    }
}

/// Bytes of JSON around a text or a message, and those of a usual tool: what is asked of memory at once.
const OVERHEAD: usize = 64;
const TOOL: usize = 512;

fn kept(text: &Text) -> usize {
    text.as_str().map_or(0, escaped)
}

/// An eighth of it more, for escapes: the whole isn't moved because of the last of them.
fn escaped(text: &str) -> usize {
    text.len() + text.len() / 8
}

fn room(message: &Message) -> usize {
    let part = |part: &Part| {
        OVERHEAD
            + match part {
                Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => kept(text),
                Part::ToolCall(call) => OVERHEAD + call.arguments.as_ref().map_or(0, kept),
                Part::ToolResult { content, .. } => kept(content),
                Part::Media(media) => source(media).map_or(0, escaped),
                Part::Other { json, .. } => kept(json),
            }
    };
    OVERHEAD + message.parts.iter().map(part).sum::<usize>()
}

fn add_list<'a, D: Document<'a>, T>(
    list: &mut List<'a>,
    name: &'static str,
    room: usize,
    items: impl IntoIterator<Item = T>,
    mut tell: impl FnMut(&mut D, T),
) {
    let mut document = D::with_room(room);
    document.open_list();
    items.into_iter().for_each(|item| tell(&mut document, item));
    document.close_list();
    if let Some(value) = document.finish() {
        list.0.push((name, value));
    }
}

/// A message that was sent, or one that came, with why it ended.
fn message<'a>(document: &mut impl Document<'a>, message: &'a Message, came: Option<(u32, &'a Choice)>) {
    document.open_map();
    document.key("role");
    document.text(message.role.as_str());
    document.key("parts");
    document.open_list();
    message.parts.iter().for_each(|part| self::part(document, part));
    document.close_list();
    if let Some((_, choice)) = came {
        document.key("finish_reason");
        document.text(match choice.finish_reason.as_deref() {
            Some("tool_calls" | "function_call") => "tool_call",
            Some(reason) => reason,
            None => NO_REASON,
        });
    }
    document.key("name");
    text_or_null(document, message.name.as_deref());
    // What the schemas have no word for, where it isn't what any reader would take it to be.
    if message.is_list != is_list(&message.parts) {
        document.key(own::LIST);
        document.flag(message.is_list);
    }
    if let Some((place, choice)) = came
        && choice.index != place
    {
        document.key(own::INDEX);
        document.number(choice.index.into());
    }
    document.close_map();
}

fn text_or_null<'a>(document: &mut impl Document<'a>, text: Option<&'a str>) {
    match text {
        Some(text) => document.text(text),
        None => document.null(),
    }
}

/// A part. Of one whose content isn't kept there is the rest.
fn part<'a>(document: &mut impl Document<'a>, part: &'a Part) {
    match part {
        Part::Text(text) => said(document, "text", text),
        // The schemas have no part for a refusal: it is what the user gets to read, and so the peer tells it.
        Part::Refusal(text) => {
            open_said(document, text);
            document.key(own::REFUSAL);
            document.flag(true);
            end(document, "text");
        }
        Part::Reasoning(text) => said(document, "reasoning", text),
        Part::ToolCall(call) => tool_call(document, call),
        Part::ToolResult { id, content, is_list } => {
            document.open_map();
            document.key("response");
            match content.as_str() {
                Some(text) if *is_list => document.json(text),
                text => text_or_null(document, text),
            }
            document.key("id");
            text_or_null(document, id.as_deref());
            end(document, "tool_call_response");
        }
        Part::Media(item) => media(document, item),
        Part::Other { kind, id, json } => other(document, kind, id.as_deref(), json),
    }
}

fn said<'a>(document: &mut impl Document<'a>, kind: &'static str, text: &'a Text) {
    open_said(document, text);
    end(document, kind);
}

fn open_said<'a>(document: &mut impl Document<'a>, text: &'a Text) {
    document.open_map();
    if let Some(text) = text.as_str() {
        document.key("content");
        document.text(text);
    }
}

/// The last member of each part: what it is.
fn end<'a>(document: &mut impl Document<'a>, kind: &'static str) {
    document.key("type");
    document.text(kind);
    document.close_map();
}

fn tool_call<'a>(document: &mut impl Document<'a>, call: &'a ToolCall) {
    document.open_map();
    document.key("arguments");
    match call.arguments.as_ref().and_then(Text::as_str) {
        // What a custom tool is given is text, whatever it looks like.
        Some(text) if call.kind.as_deref() == Some("custom") => document.text(text),
        Some(text) if !text.is_empty() => document.json(text),
        _ => document.null(),
    }
    document.key("name");
    document.text(call.name.as_deref().unwrap_or_default());
    document.key("id");
    text_or_null(document, call.id.as_deref());
    if let Some(kind) = call.kind.as_deref().filter(|kind| *kind != "function") {
        document.key(own::KIND);
        document.text(kind);
    }
    end(document, "tool_call");
}

fn media<'a>(document: &mut impl Document<'a>, media: &'a Media) {
    let source = source(media);
    let inline = source.filter(|_| matches!(media.source, MediaSource::Uri(_))).and_then(data_url);
    let (kind, key, text, mime) = match (&media.source, inline) {
        (MediaSource::Uri(_), Some((mime, data))) => ("blob", "content", Some(data), mime),
        (MediaSource::Uri(_), None) => ("uri", "uri", source, None),
        (MediaSource::Inline(_) | MediaSource::Unknown, _) => ("blob", "content", source, None),
        (MediaSource::Id(_), _) => ("file", "file_id", source, None),
    };
    // Source of the two: `opentelemetry-instrumentation-genai-openai` 1.3b0, `_AUDIO_MIME_TYPES`.
    let mime = mime.or_else(|| match media.format.as_deref()? {
        "wav" => Some("audio/wav"),
        "mp3" => Some("audio/mpeg"),
        format => format.contains('/').then_some(format),
    });
    document.open_map();
    document.key("mime_type");
    text_or_null(document, mime);
    document.key("modality");
    document.text(match media.modality {
        Modality::Image => "image",
        Modality::Audio => "audio",
        Modality::Video => "video",
        Modality::File => "document",
    });
    if let Some(text) = text {
        document.key(key);
        document.text(text);
    }
    // Beyond the schemas, which allow it: nothing else has a place for these.
    let format = media.format.as_deref().filter(|_| mime.is_none());
    let beside = [
        ("format", format),
        ("detail", media.detail.as_deref()),
        ("filename", media.name.as_deref()),
        (own::SHA256, media.sha256.as_deref()),
    ];
    for (key, text) in beside {
        if let Some(text) = text {
            document.key(key);
            document.text(text);
        }
    }
    end(document, kind);
}

/// MIME type and base64 of a `data:` URL.
fn data_url(url: &str) -> Option<(Option<&str>, &str)> {
    let (head, data) = url.strip_prefix("data:")?.split_once(',')?;
    let (mime, rest) = head.split_once(';')?;
    rest.split(';').any(|parameter| parameter.eq_ignore_ascii_case("base64")).then_some(())?;
    Some((Some(mime).filter(|mime| !mime.is_empty()), data))
}

/// An item of a built-in tool, or of a kind that isn't known. Where its JSON isn't kept, or not whole, only its type is told.
fn other<'a>(document: &mut impl Document<'a>, kind: &'a str, id: Option<&'a str>, json: &'a Text) {
    let item = |document: &mut _| match json.as_str().filter(|text| is_object(text)) {
        Some(text) => Document::json(document, text),
        None => {
            Document::open_map(document);
            Document::key(document, "type");
            Document::text(document, kind);
            Document::close_map(document);
        }
    };
    let Some(tool) = kind.strip_suffix("_call") else { return item(document) };
    document.open_map();
    document.key("name");
    document.text(tool);
    document.key("server_tool_call");
    item(document);
    document.key("id");
    text_or_null(document, id);
    end(document, "server_tool_call");
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// The definition of a tool; a built-in one is called by its type.
fn tool<'a>(document: &mut impl Document<'a>, tool: &'a ToolDefinition) {
    document.open_map();
    document.key("name");
    if &*tool.kind == "function" {
        document.text(tool.name.as_deref().unwrap_or_default());
        document.key("description");
        text_or_null(document, tool.description.as_ref().and_then(Text::as_str));
        document.key("parameters");
        match &tool.parameters {
            Some(parameters) => document.value(parameters),
            None => document.null(),
        }
    } else {
        document.text(tool.name.as_deref().unwrap_or(&tool.kind));
    }
    document.key("type");
    document.text(&tool.kind);
    document.close_map();
}
