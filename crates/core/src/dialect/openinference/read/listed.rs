//! What stands behind names with indices: messages, prompts, tools, embeddings, documents.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::HIDDEN;
use crate::dialect::names::openinference as oi;
use crate::dialect::read::left::{Left, MESSAGES};
use crate::dialect::read::said;
use crate::dialect::read::slots;
use crate::dialect::read::{Draft, Taken, Why};
use crate::dialect::shared::json_text::Object;
use crate::dialect::{Key, Value};
use crate::event::{Media, MediaSource, Message, Modality, Part, Role, Text, ToolCall, ToolDefinition};

/// Things by their indices. An index is a name, never a size.
pub(super) type Places<T> = BTreeMap<u32, T>;

/// What was collected so far.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub(super) input: Places<Spoken>,
    pub(super) output: Places<Spoken>,
    pub(super) prompts: Places<Option<Text>>,
    pub(super) choices: Places<Option<Text>>,
    pub(super) embeddings: Places<()>,
    pub(super) dimensions: Option<u64>,
    pub(super) documents: Places<Document>,
    pub(super) reranked: Places<Document>,
    tools: Places<Tool>,
}

/// A message.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    role: Option<Box<str>>,
    name: Option<Box<str>>,
    content: Option<Text>,
    contents: Places<Content>,
    calls: Places<ToolCall>,
    function: ToolCall,
    tool_call_id: Option<Box<str>>,
}

/// A part of a message.
#[derive(Debug, Default)]
struct Content {
    kind: Option<Box<str>>,
    id: Option<Box<str>>,
    text: Option<Text>,
    modality: Option<Modality>,
    url: Option<Text>,
    file: Option<Text>,
    mime_type: Option<Box<str>>,
    name: Option<Box<str>>,
}

#[derive(Debug, Default)]
struct Tool {
    name: Option<Box<str>>,
    description: Option<Text>,
    definition: Option<ToolDefinition>,
    left: Left,
}

/// A document that was found.
#[derive(Debug, Default)]
pub(super) struct Document {
    id: Option<Box<str>>,
    score: Option<f64>,
    content: Option<Text>,
    metadata: Option<Text>,
}

impl Listed {
    /// Takes an attribute whose name has an index in it.
    pub(super) fn take(&mut self, name: &str, value: &Value<'_>) -> Taken {
        let (list, index, rest) = split(name).ok_or(Why::Unknown)?;
        match list {
            oi::LLM_INPUT_MESSAGES => at(&mut self.input, index, |message| message.take(rest, value)),
            oi::LLM_OUTPUT_MESSAGES => at(&mut self.output, index, |message| message.take(rest, value)),
            oi::LLM_PROMPTS if rest == oi::PROMPT_TEXT => at(&mut self.prompts, index, |it| text(it, value)),
            oi::LLM_CHOICES if rest == oi::COMPLETION_TEXT => at(&mut self.choices, index, |it| text(it, value)),
            oi::LLM_TOOLS => at(&mut self.tools, index, |tool| tool.take(rest, value)),
            oi::EMBEDDING_EMBEDDINGS => match rest {
                // The event has neither texts nor vectors of an embeddings call.
                oi::EMBEDDING_TEXT => at(&mut self.embeddings, index, |()| Ok(())),
                oi::EMBEDDING_VECTOR => {
                    if let Value::Array(vector) = value {
                        self.dimensions.get_or_insert(vector.len() as u64);
                    }
                    at(&mut self.embeddings, index, |()| Ok(()))
                }
                _ => Err(Why::Unknown),
            },
            oi::RETRIEVAL_DOCUMENTS => at(&mut self.documents, index, |document| document.take(rest, value)),
            oi::RERANKER_OUTPUT_DOCUMENTS => at(&mut self.reranked, index, |document| document.take(rest, value)),
            _ => Err(Why::Unknown),
        }
    }

    /// The definitions of tools.
    pub(super) fn tools(&mut self, draft: &mut Draft<'_>) -> Vec<ToolDefinition> {
        let tools = std::mem::take(&mut self.tools).into_iter().map(|(index, tool)| {
            let Tool { name, description, definition, left } = tool;
            if !left.is_empty() {
                draft.leave(&format!("{}.{index}.{}", oi::LLM_TOOLS, oi::TOOL_JSON_SCHEMA), left);
            }
            let unnamed =
                || ToolDefinition { kind: "function".into(), name: None, description: None, parameters: None };
            let mut tool = definition.unwrap_or_else(unnamed);
            let is_function = &*tool.kind == "function";
            tool.name = tool.name.or(name.filter(|_| is_function));
            tool.description = tool.description.or(description);
            tool
        });
        tools.collect()
    }
}

/// A name up to its first index, the index, and the rest.
fn split(name: &str) -> Option<(&str, u32, &str)> {
    let mut start = 0;
    for segment in name.split('.') {
        let end = start + segment.len();
        if !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit()) {
            let list = name.get(..start.checked_sub(1)?)?;
            return Some((list, segment.parse().ok()?, name.get(end + 1..).unwrap_or_default()));
        }
        start = end + 1;
    }
    None
}

/// Gives the thing at an index. It is new if there is none, and stays only if something of it is taken.
fn at<T: Default>(places: &mut Places<T>, index: u32, take: impl FnOnce(&mut T) -> Taken) -> Taken {
    let is_full = places.len() >= MESSAGES;
    match places.entry(index) {
        Entry::Occupied(mut thing) => take(thing.get_mut()),
        Entry::Vacant(_) if is_full => Err(Why::OverLimit),
        Entry::Vacant(place) => {
            let mut thing = T::default();
            let taken = take(&mut thing);
            if taken == Ok(()) {
                place.insert(thing);
            }
            taken
        }
    }
}

/// A text that was said, or that it was hidden.
pub(super) fn text(slot: &mut Option<Text>, value: &Value<'_>) -> Taken {
    let said = value.as_str().ok_or(Why::WrongType)?;
    slot.get_or_insert_with(|| self::said(said));
    Ok(())
}

/// What was said; hidden, it is only known to exist.
pub(super) fn said(text: &str) -> Text {
    if text == HIDDEN { Text::default() } else { Text::kept(text) }
}

impl Spoken {
    fn take(&mut self, name: &str, value: &Value<'_>) -> Taken {
        match name {
            oi::MESSAGE_ROLE => slots::text(&mut self.role, value),
            oi::MESSAGE_NAME => slots::text(&mut self.name, value),
            oi::MESSAGE_CONTENT => text(&mut self.content, value),
            oi::MESSAGE_TOOL_CALL_ID => slots::text(&mut self.tool_call_id, value),
            oi::MESSAGE_FUNCTION_CALL_NAME => slots::text(&mut self.function.name, value),
            oi::MESSAGE_FUNCTION_CALL_ARGUMENTS => text(&mut self.function.arguments, value),
            _ => match split(name) {
                Some((oi::MESSAGE_CONTENTS, index, rest)) => at(&mut self.contents, index, |it| it.take(rest, value)),
                Some((oi::MESSAGE_TOOL_CALLS, index, rest)) => at(&mut self.calls, index, |it| call(it, rest, value)),
                _ => Err(Why::Unknown),
            },
        }
    }

    /// Whether all that is told of it is text, and this is that.
    pub(super) fn says(&self, text: &str) -> bool {
        self.content.as_ref().and_then(Text::as_str) == Some(text)
    }

    /// The message; where nobody says who speaks, it is that role.
    pub(super) fn message(self, role: Role) -> Message {
        let Self { role: named, name, content, contents, calls, function, tool_call_id } = self;
        let role = named.as_deref().map_or(role, Role::named);
        let is_list = !contents.is_empty();
        let mut parts = Vec::new();
        if role == Role::Tool && (content.is_some() || is_list) {
            let content = content.unwrap_or_else(|| Text::kept(list_of(&contents)));
            parts.push(Part::ToolResult { id: tool_call_id, content, is_list });
            return Message { role, name, parts, is_list: false };
        }
        parts.extend(content.map(Part::Text));
        parts.extend(contents.into_values().map(Content::part));
        let function = Some(function).filter(|call| call.name.is_some());
        for mut call in function.into_iter().chain(calls.into_values()) {
            call.kind = Some(Cow::Borrowed("function"));
            parts.push(Part::ToolCall(call));
        }
        Message { role, name, parts, is_list }
    }
}

/// The texts of a tool's result as the list of parts that it was.
fn list_of(contents: &Places<Content>) -> String {
    let part = |content: &Content| {
        let mut part = Object::default();
        part.text("type", Some(content.kind.as_deref().unwrap_or("text")));
        part.said("text", content.text.as_ref());
        part.said("url", content.url.as_ref());
        let members = part.members().into_iter().map(|(key, value)| (key, owned(value)));
        Value::Map(members.collect())
    };
    Value::Array(contents.values().map(part).collect()).to_json()
}

fn owned(value: Value<'_>) -> Value<'static> {
    Value::String(value.as_str().unwrap_or_default().to_owned())
}

fn call(call: &mut ToolCall, name: &str, value: &Value<'_>) -> Taken {
    match name {
        oi::TOOL_CALL_ID => slots::text(&mut call.id, value),
        oi::TOOL_CALL_FUNCTION_NAME => slots::text(&mut call.name, value),
        oi::TOOL_CALL_FUNCTION_ARGUMENTS => text(&mut call.arguments, value),
        _ => Err(Why::Unknown),
    }
}

impl Content {
    fn take(&mut self, name: &str, value: &Value<'_>) -> Taken {
        match name {
            oi::MESSAGE_CONTENT_TYPE => return slots::text(&mut self.kind, value),
            oi::MESSAGE_CONTENT_TEXT => return text(&mut self.text, value),
            oi::MESSAGE_CONTENT_ID => return slots::text(&mut self.id, value),
            _ => {}
        }
        let object = MEDIA.iter().find_map(|(object, of)| Some((*of, name.strip_prefix(object)?.strip_prefix('.')?)));
        let (modality, name) = object.ok_or(Why::Unknown)?;
        let taken = match name {
            oi::IMAGE_URL | oi::AUDIO_URL | oi::VIDEO_URL | oi::DOCUMENT_URL => text(&mut self.url, value),
            oi::AUDIO_MIME_TYPE | oi::DOCUMENT_MIME_TYPE => slots::text(&mut self.mime_type, value),
            oi::AUDIO_TRANSCRIPT | oi::DOCUMENT_CONTENT => text(&mut self.text, value),
            oi::DOCUMENT_ID => text(&mut self.file, value),
            oi::DOCUMENT_NAME => slots::text(&mut self.name, value),
            _ => return Err(Why::Unknown),
        };
        self.modality.get_or_insert(modality);
        taken
    }

    fn part(self) -> Part {
        let Self { kind, id, text, modality, url, file, mime_type, name } = self;
        let named = match kind.as_deref() {
            Some("image") => Some(Modality::Image),
            Some("audio") => Some(Modality::Audio),
            Some("video") => Some(Modality::Video),
            Some("document") => Some(Modality::File),
            _ => None,
        };
        let modality = modality.or(named);
        match (kind.as_deref(), modality, text) {
            // Said, where the sound or the file itself isn't there.
            (_, Some(_), Some(text)) if url.is_none() && file.is_none() => Part::Text(text),
            (_, Some(modality), _) => media(modality, url, file, mime_type, name),
            (Some("reasoning"), None, text) => Part::Reasoning(text.unwrap_or_default()),
            (Some("text") | None, None, text) => Part::Text(text.unwrap_or_default()),
            (Some(kind), None, text) => Part::Other { kind: kind.into(), id, json: text.unwrap_or_default() },
        }
    }
}

/// What the parts of a message are in that are no text.
const MEDIA: [(&str, Modality); 4] = [
    (oi::MESSAGE_CONTENT_IMAGE, Modality::Image),
    (oi::MESSAGE_CONTENT_AUDIO, Modality::Audio),
    (oi::MESSAGE_CONTENT_VIDEO, Modality::Video),
    (oi::MESSAGE_CONTENT_DOCUMENT, Modality::File),
];

fn media(
    modality: Modality,
    url: Option<Text>,
    file: Option<Text>,
    mime_type: Option<Box<str>>,
    name: Option<Box<str>>,
) -> Part {
    let mut format = mime_type.map(|mime_type| match &*mime_type {
        "audio/wav" => "wav".into(),
        "audio/mpeg" => "mp3".into(),
        _ => mime_type,
    });
    let source = match (url, file) {
        // The API has pictures and films as `data:` URLs, and sound and files as what is in them.
        (Some(url), _) => match inline(&url).filter(|_| modality == Modality::Audio) {
            Some((mime_type, bytes)) => {
                format = format.or_else(|| mime_type.strip_prefix("audio/").map(Into::into));
                MediaSource::Inline(Text::kept(bytes))
            }
            None => MediaSource::Uri(url),
        },
        (None, Some(id)) => MediaSource::Id(id),
        (None, None) => MediaSource::Unknown,
    };
    Part::Media(Media { modality, format, source, detail: None, name, sha256: None })
}

/// MIME type and bytes of a `data:` URL.
fn inline(url: &Text) -> Option<(&str, &str)> {
    url.as_str()?.strip_prefix("data:")?.split_once(";base64,")
}

impl Tool {
    fn take(&mut self, name: &str, value: &Value<'_>) -> Taken {
        match name {
            oi::TOOL_JSON_SCHEMA => {
                let json = value.as_str().ok_or(Why::WrongType)?;
                if json == HIDDEN {
                    return Ok(());
                }
                let (definition, left) = said::tool_in(json)?;
                if self.definition.is_none() {
                    (self.definition, self.left) = (Some(definition), left);
                }
                Ok(())
            }
            oi::TOOL_NAME => slots::text(&mut self.name, value),
            oi::TOOL_DESCRIPTION => text(&mut self.description, value),
            _ => Err(Why::Unknown),
        }
    }
}

impl Document {
    fn take(&mut self, name: &str, value: &Value<'_>) -> Taken {
        match name {
            oi::DOCUMENT_ID => match value {
                Value::Int(id) => {
                    self.id.get_or_insert_with(|| id.to_string().into());
                    Ok(())
                }
                _ => slots::text(&mut self.id, value),
            },
            oi::DOCUMENT_SCORE => slots::double(&mut self.score, value),
            oi::DOCUMENT_CONTENT => text(&mut self.content, value),
            oi::DOCUMENT_METADATA => text(&mut self.metadata, value),
            _ => Err(Why::Unknown),
        }
    }
}

/// Documents as JSON; `None` if there is none.
pub(super) fn documents(documents: &Places<Document>) -> Option<Text> {
    let document = |Document { id, score, content, metadata }: &Document| {
        let mut map: Vec<(Key, Value<'static>)> = Vec::new();
        let mut put = |key: &'static str, value: Option<Value<'static>>| map.extend(value.map(|it| (key.into(), it)));
        let text = |text: &Option<Text>| text.as_ref().and_then(Text::as_str).map(|it| Value::String(it.to_owned()));
        put("id", id.as_deref().map(|id| Value::String(id.to_owned())));
        put("score", score.map(Value::Double));
        put("content", text(content));
        put("metadata", text(metadata));
        Value::Map(map)
    };
    (!documents.is_empty()).then(|| Text::kept(Value::Array(documents.values().map(document).collect()).to_json()))
}
