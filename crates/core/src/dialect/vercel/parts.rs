//! Messages of the SDK: its own parts, and those that everybody has.

use std::borrow::Cow;

use crate::dialect::read::left::{self, Left};
use crate::dialect::read::{part as parts, said};
use crate::event::{Media, MediaSource, Message, Modality, Part, Role, Text};
use crate::wire::json::{Json, Kind, Read};

/// A prompt: its text or messages, and instructions beside them.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    pub(super) instructions: Option<Box<str>>,
    pub(super) messages: Vec<Message>,
}

/// Reads the value of `ai.prompt`.
pub(super) fn prompt(text: &str, left: &mut Left) -> Read<Prompt> {
    said::whole(text, |json| {
        let mut prompt = Prompt::default();
        json.object(|key, json| {
            match key {
                "system" => prompt.instructions = left.of("system", |left| instructions(json, left))?,
                "instructions" => prompt.instructions = left.of("instructions", |left| instructions(json, left))?,
                "prompt" => prompt.messages = left.of("prompt", |left| left::some(json, left, message))?,
                "messages" => prompt.messages = left.of("messages", |left| left::some(json, left, message))?,
                _ => left.member(key, json)?,
            }
            Ok(())
        })?;
        Ok(prompt)
    })
}

/// Reads the value of `ai.prompt.messages`.
pub(super) fn messages(text: &str, left: &mut Left) -> Read<Vec<Message>> {
    said::whole(text, |json| left::some(json, left, message))
}

/// A text, or the texts of messages.
fn instructions(json: &mut Json<'_>, left: &mut Left) -> Read<Option<Box<str>>> {
    if json.peek()? == Kind::String {
        return owned(json);
    }
    let messages = left::some(json, left, message)?;
    said::texts(messages.iter().flat_map(|message| &message.parts))
}

/// A message; a text alone is the user's.
fn message(json: &mut Json<'_>, left: &mut Left) -> Read<Option<Message>> {
    let mut message = Message { role: Role::User, name: None, parts: Vec::new(), is_list: false };
    if let Some(text) = text_of(json)? {
        message.parts.push(text);
        return Ok(Some(message));
    }
    let is_message = json.object(|key, json| {
        match key {
            "role" => message.role = json.str()?.map_or(Role::User, |role| Role::named(&role.to_cow())),
            "content" => match text_of(json)? {
                Some(text) => message.parts.push(text),
                None => left.of("content", |left| left::add_list(json, left, &mut message.parts, part))?,
            },
            _ => left.member(key, json)?,
        }
        Ok(())
    })?;
    let texts = message.parts.iter().filter(|part| matches!(part, Part::Text(_))).count();
    // The SDK makes a list of every text.
    message.is_list = texts > 1 || message.parts.iter().any(|part| matches!(part, Part::Media(_)));
    Ok(is_message.then_some(message))
}

fn text_of(json: &mut Json<'_>) -> Read<Option<Part>> {
    if json.peek()? != Kind::String {
        return Ok(None);
    }
    Ok(json.str()?.map(|text| Part::Text(Text::kept(text.to_cow()))))
}

/// Members of a part that is the SDK's own.
#[derive(Default)]
struct Own<'a> {
    kind: Option<Box<str>>,
    id: Option<Box<str>>,
    media_type: Option<Box<str>>,
    data: Option<Box<str>>,
    name: Option<Box<str>>,
    detail: Option<Box<str>>,
    output: Option<Json<'a>>,
}

fn owned(json: &mut Json<'_>) -> Read<Option<Box<str>>> {
    Ok(json.str()?.map(|text| text.to_cow().into_owned().into_boxed_str()))
}

/// A part.
fn part(json: &mut Json<'_>, left: &mut Left) -> Read<Option<Part>> {
    let mut whole = json.clone();
    let mut own = Own::default();
    let before = left.len();
    json.object(|key, json| {
        match key {
            "type" => own.kind = owned(json)?,
            "toolCallId" => own.id = owned(json)?,
            "mediaType" | "mimeType" => own.media_type = owned(json)?,
            "data" | "image" => own.data = owned(json)?,
            "filename" => own.name = owned(json)?,
            "output" | "result" => own.output = Some(json.clone()),
            "providerOptions" => own.detail = detail(json)?,
            // That of a result is the name of the call with its id.
            "toolName" => {}
            _ => left.member(key, json)?,
        }
        Ok(())
    })?;
    match own.kind.as_deref() {
        Some("file" | "image") => Ok(Some(media(own))),
        Some("tool-result") => result(own).map(Some),
        _ => {
            left.truncate(before);
            parts::part(&mut whole, left)
        }
    }
}

/// How closely a picture is looked at: an option of OpenAI's.
fn detail(json: &mut Json<'_>) -> Read<Option<Box<str>>> {
    let mut detail = None;
    json.object(|_, json| {
        json.object(|key, json| {
            if key == "imageDetail" {
                detail = owned(json)?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(detail)
}

fn media(own: Own<'_>) -> Part {
    let Own { kind, media_type, data, name, detail, .. } = own;
    let media_type = media_type.as_deref().or((kind.as_deref() == Some("image")).then_some("image/*"));
    let (family, subtype) = media_type.and_then(|it| it.split_once('/')).unwrap_or_default();
    let modality = match family {
        "image" => Modality::Image,
        "audio" => Modality::Audio,
        "video" => Modality::Video,
        _ => Modality::File,
    };
    let is_url = |data: &str| ["https:", "http:", "data:"].iter().any(|scheme| data.starts_with(scheme));
    let mut format = None;
    let source = match data {
        None => MediaSource::Unknown,
        Some(data) if is_url(&data) => MediaSource::Uri(Text::kept(data)),
        // The API has pictures as `data:` URLs, and so does the event.
        Some(data) if matches!(modality, Modality::Image | Modality::Video) => {
            MediaSource::Uri(Text::kept(format!("data:{family}/{subtype};base64,{data}")))
        }
        Some(data) => {
            format = match media_type {
                Some("audio/mpeg" | "audio/mp3") => Some("mp3".into()),
                Some("audio/wav" | "audio/x-wav") => Some("wav".into()),
                other => other.map(Into::into),
            };
            MediaSource::Inline(Text::kept(data))
        }
    };
    Part::Media(Media { modality, format, source, detail, name, sha256: None })
}

/// What a tool gave back: its kind and value, or (before version 5) the value alone.
fn result(own: Own<'_>) -> Read<Part> {
    let (mut kind, mut value) = (None, own.output.clone());
    if let Some(mut output) = own.output {
        output.object(|key, json| {
            match key {
                "type" => kind = owned(json)?,
                "value" => value = Some(json.clone()),
                _ => {}
            }
            Ok(())
        })?;
    }
    let is_list = kind.as_deref() == Some("content");
    let content = match value {
        None => Text::default(),
        Some(mut json) => match json.peek()? {
            Kind::String => Text::kept(json.str()?.map(|text| text.to_cow().into_owned()).unwrap_or_default()),
            _ => Text::kept(json.raw()?),
        },
    };
    Ok(Part::ToolResult { id: own.id, content, is_list })
}

/// Reads the value of `ai.response.toolCalls`. What is called is a function.
pub(super) fn tool_calls(text: &str, left: &mut Left) -> Read<Vec<Part>> {
    let mut all = said::whole(text, |json| left::some(json, left, part))?;
    for part in &mut all {
        if let Part::ToolCall(call) = part {
            call.kind.get_or_insert(Cow::Borrowed("function"));
        }
    }
    Ok(all)
}
