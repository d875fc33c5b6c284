//! Parts of messages, in the conventions' form or in that of the OpenAI API.

use std::borrow::Cow;

use super::super::shared::said::own;
use super::left::Left;
use super::source::Source;
use crate::event::{Media, MediaSource, Modality, Part, Text, ToolCall};
use crate::wire::json::{Kind, Read};

/// Members of a part in either form.
#[derive(Default)]
struct PartMembers {
    kind: Option<Box<str>>,
    id: Option<Box<str>>,
    content: Option<(Box<str>, bool)>,
    name: Option<Box<str>>,
    arguments: Option<(Box<str>, bool)>,
    response: Option<(Box<str>, bool)>,
    modality: Option<Box<str>>,
    mime_type: Option<Box<str>>,
    format: Option<Box<str>>,
    detail: Option<Box<str>>,
    file_name: Option<Box<str>>,
    sha256: Option<Box<str>>,
    uri: Option<Box<str>>,
    inline: Option<Box<str>>,
    file_id: Option<Box<str>>,
    item: Option<Box<str>>,
    custom: bool,
    is_function: bool,
    call_kind: Option<Box<str>>,
    is_refusal: bool,
    summary: Option<Box<str>>,
}

/// A part; `None` where there is none.
pub(in crate::dialect) fn part<'a, S: Source<'a>>(source: &mut S, left: &mut Left) -> Read<Option<Part>> {
    if source.peek()? == Kind::String {
        return Ok(source.text()?.map(|text| Part::Text(Text::kept(text))));
    }
    let mut whole = source.clone();
    let mut of = PartMembers::default();
    let before = left.len();
    if !source.object(|key, source| of.member(key, source, left))? {
        return Ok(None);
    }
    if let Some(part) = of.part() {
        return Ok(Some(part));
    }
    left.truncate(before);
    let json = Text::kept(whole.json()?);
    Ok(Some(Part::Other { kind: of.kind.unwrap_or_default(), id: of.id, json }))
}

impl PartMembers {
    fn member<'a, S: Source<'a>>(&mut self, key: &str, source: &mut S, left: &mut Left) -> Read<()> {
        match key {
            "type" => self.kind = source.text()?,
            "id" | "toolCallId" | "tool_call_id" | "call_id" => self.id = source.text()?.or(self.id.take()),
            "content" | "text" => self.content = source.said()?,
            "refusal" => {
                self.content = source.said()?;
                self.is_refusal = true;
            }
            "name" | "toolName" => self.name = source.text()?,
            "arguments" | "args" | "input" => self.arguments = source.said()?,
            "response" | "result" | "output" => self.response = source.said()?,
            "function" | "custom" => {
                self.custom = key == "custom";
                self.is_function = true;
                source.object(|key, source| {
                    match key {
                        "name" => self.name = source.text()?,
                        "arguments" | "input" => self.arguments = source.said()?,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            "modality" => self.modality = source.text()?,
            "mime_type" | "mediaType" => self.mime_type = source.text()?,
            "uri" => self.uri = source.text()?,
            "file_id" => self.file_id = source.text()?,
            "format" => self.format = source.text()?,
            "detail" => self.detail = source.text()?,
            "filename" => self.file_name = source.text()?,
            "image_url" | "image_file" | "video_url" | "input_audio" | "audio" | "file" | "file_url" | "file_data" => {
                self.media(key, source)?;
            }
            "summary" => self.summary = summary(source)?,
            "server_tool_call" => self.item = Some(source.json()?.into_owned().into_boxed_str()),
            own::KIND => self.call_kind = source.text()?,
            own::REFUSAL => self.is_refusal = source.bool()?.unwrap_or(false),
            own::SHA256 => self.sha256 = source.text()?,
            _ => left.member(key, source)?,
        }
        Ok(())
    }

    /// Media as the OpenAI API writes it: under the name of its kind, a text or an object.
    fn media<'a, S: Source<'a>>(&mut self, kind: &str, source: &mut S) -> Read<()> {
        let modality = match kind {
            "image_url" | "image_file" => "image",
            "input_audio" | "audio" => "audio",
            "video_url" => "video",
            _ => "document",
        };
        self.modality = Some(modality.into());
        if source.peek()? == Kind::String {
            let text = source.text()?;
            if kind == "file_data" {
                self.inline = text
            } else {
                self.uri = text
            }
            return Ok(());
        }
        source.object(|key, source| {
            match key {
                "url" | "file_url" => self.uri = source.text()?,
                "file_id" | "id" => self.file_id = source.text()?,
                "data" | "file_data" => self.inline = source.text()?,
                "format" => self.format = source.text()?,
                "detail" => self.detail = source.text()?,
                "filename" => self.file_name = source.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The part; `None` and untouched if it is of a kind that isn't known.
    fn part(&mut self) -> Option<Part> {
        let said = |content: Option<(Box<str>, bool)>| content.map(|(text, _)| Text::kept(text)).unwrap_or_default();
        Some(match self.kind.as_deref() {
            Some("refusal") => Part::Refusal(said(self.content.take())),
            Some("text" | "input_text" | "output_text") if self.is_refusal => Part::Refusal(said(self.content.take())),
            Some("text" | "input_text" | "output_text") => Part::Text(said(self.content.take())),
            Some("reasoning" | "thinking" | "reasoning_text" | "summary_text") if self.content.is_some() => {
                Part::Reasoning(said(self.content.take()))
            }
            // An item of the responses API.
            Some("reasoning") if self.summary.is_some() => {
                Part::Reasoning(self.summary.take().map(Text::kept).unwrap_or_default())
            }
            Some("tool_call" | "tool-call" | "function" | "function_call" | "custom" | "custom_tool_call") => {
                self.call()
            }
            None if self.name.is_some() && (self.arguments.is_some() || self.is_function) => self.call(),
            Some("tool_call_response" | "tool-result" | "function_call_output") => {
                let (text, is_json) = self.response.take().or(self.content.take()).unwrap_or_default();
                Part::ToolResult { id: self.id.take(), content: Text::kept(text), is_list: is_json }
            }
            Some("server_tool_call") => match self.item.take() {
                Some(item) => {
                    let kind = self.name.take().map_or_else(|| "tool_call".to_owned(), |name| format!("{name}_call"));
                    Part::Other { kind: kind.into(), id: self.id.take(), json: Text::kept(item) }
                }
                None => return None,
            },
            Some("blob") => {
                self.inline = self.content.take().map(|(text, _)| text);
                self.picture()
            }
            Some("uri" | "file") | None if self.uri.is_some() || self.file_id.is_some() || self.inline.is_some() => {
                self.picture()
            }
            Some(
                "image_url" | "image_file" | "video_url" | "input_audio" | "audio" | "input_image" | "input_file"
                | "file" | "uri",
            ) => self.picture(),
            _ => return None,
        })
    }

    fn call(&mut self) -> Part {
        let is_custom = self.custom || matches!(self.kind.as_deref(), Some("custom" | "custom_tool_call"));
        let kind = match self.call_kind.take() {
            Some(kind) => Cow::Owned(kind.into_string()),
            None if is_custom => Cow::Borrowed("custom"),
            None => Cow::Borrowed("function"),
        };
        // A call of the API's form that has no type doesn't say.
        let kind = (is_custom || self.kind.is_some()).then_some(kind);
        let arguments = self.arguments.take().map(|(text, _)| Text::kept(text));
        Part::ToolCall(ToolCall { id: self.id.take(), kind, name: self.name.take(), arguments })
    }

    fn picture(&mut self) -> Part {
        let of = std::mem::take(self);
        let modality = match of.modality.as_deref() {
            Some("image") => Modality::Image,
            Some("audio") => Modality::Audio,
            Some("video") => Modality::Video,
            _ => Modality::File,
        };
        let source = match (of.uri, of.inline, of.file_id) {
            (Some(uri), ..) => MediaSource::Uri(Text::kept(uri)),
            (_, Some(inline), _) => match (modality, of.mime_type.as_deref()) {
                // What the conventions have as bytes of a type is a `data:` URL in the API, but for sound and files.
                (Modality::Image | Modality::Video, Some(mime)) => {
                    MediaSource::Uri(Text::kept(format!("data:{mime};base64,{inline}")))
                }
                _ => MediaSource::Inline(Text::kept(inline)),
            },
            (.., Some(id)) => MediaSource::Id(Text::kept(id)),
            _ => MediaSource::Unknown,
        };
        let is_url = matches!(source, MediaSource::Uri(_));
        let format = of.format.or_else(|| {
            Some(match of.mime_type.as_deref().filter(|_| !is_url)? {
                "audio/wav" => "wav".into(),
                "audio/mpeg" => "mp3".into(),
                other => other.into(),
            })
        });
        Part::Media(Media { modality, format, source, detail: of.detail, name: of.file_name, sha256: of.sha256 })
    }
}

/// Texts of a list of parts, one after another; `None` where it says nothing.
fn summary<'a, S: Source<'a>>(source: &mut S) -> Read<Option<Box<str>>> {
    let mut all = String::new();
    source.array(|source| {
        source.object(|key, source| {
            if key == "text" {
                all.push_str(&source.text()?.unwrap_or_default());
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok((!all.is_empty()).then(|| all.into()))
}
