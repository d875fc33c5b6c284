//! The content of messages: one string, or a list of parts in the words of either API.

use super::params;
use crate::event::{Media, MediaSource, Message, Modality, Part, Role};
use crate::policy::Keep;
use crate::wire::json::{Json, Kind, Read, Str};

/// The value of a key `content`, to be read when it is known what it is the content of.
#[derive(Debug, Clone)]
pub(super) enum Content<'a> {
    Text(Str<'a>),
    Other(Json<'a>),
}

impl<'a> Content<'a> {
    /// The value that comes next; one that isn't a string is left to be skipped.
    pub(super) fn of(json: &mut Json<'a>) -> Read<Self> {
        if json.peek()? == Kind::String
            && let Some(text) = json.str()?
        {
            return Ok(Self::Text(text));
        }
        Ok(Self::Other(json.clone()))
    }

    /// Its parts, and whether it was written as a list.
    pub(super) fn parts(self, keep: &mut Keep<'_>) -> Read<(Vec<Part>, bool)> {
        match self {
            Self::Text(text) => Ok((vec![Part::Text(keep.text(text))], false)),
            Self::Other(mut json) => {
                let is_list = json.peek()? == Kind::Array;
                Ok((params::list(&mut json, keep.limits().messages, keep, read_part)?, is_list))
            }
        }
    }
}

/// A message of the user's that is one string.
pub(super) fn user_message(text: Str<'_>, keep: &mut Keep<'_>) -> Message {
    Message { role: Role::User, name: None, parts: vec![Part::Text(keep.text(text))], is_list: false }
}

/// What a part may say; `type` may come last.
#[derive(Default)]
struct PartView<'a> {
    kind: Option<Str<'a>>,
    text: Option<Str<'a>>,
    refusal: Option<Str<'a>>,
    url: Option<Str<'a>>,
    data: Option<Str<'a>>,
    id: Option<Str<'a>>,
    format: Option<Str<'a>>,
    detail: Option<Str<'a>>,
    name: Option<Str<'a>>,
}

impl<'a> PartView<'a> {
    fn read(&mut self, json: &mut Json<'a>) -> Read<()> {
        json.object(|key, json| {
            match key {
                "type" => self.kind = json.str()?,
                "text" => self.text = json.str()?,
                "refusal" => self.refusal = json.str()?,
                // Chat completions nest (`{"url", "detail"}`), responses don't.
                "image_url" | "video_url" | "audio_url" => match json.peek()? {
                    Kind::Object => self.read_nested(json)?,
                    _ => self.url = json.str()?,
                },
                "input_audio" | "file" => self.read_nested(json)?,
                _ => self.read_field(key, json)?,
            }
            Ok(())
        })
        .map(drop)
    }

    fn read_nested(&mut self, json: &mut Json<'a>) -> Read<()> {
        json.object(|key, json| self.read_field(key, json)).map(drop)
    }

    fn read_field(&mut self, key: &str, json: &mut Json<'a>) -> Read<()> {
        match key {
            "url" | "file_url" => self.url = json.str()?,
            "data" | "file_data" => self.data = json.str()?,
            "file_id" => self.id = json.str()?,
            "format" => self.format = json.str()?,
            "detail" => self.detail = json.str()?,
            "filename" => self.name = json.str()?,
            _ => {}
        }
        Ok(())
    }

    fn media(self, modality: Modality, keep: &mut Keep<'_>) -> Part {
        let (source, sha256) = match (self.url, self.data, self.id) {
            (Some(url), _, _) if url.raw().starts_with("data:") => {
                let (text, sha256) = keep.media(url);
                (MediaSource::Uri(text), sha256)
            }
            (Some(url), _, _) => (MediaSource::Uri(keep.text(url)), None),
            (_, Some(data), _) => {
                let (text, sha256) = keep.media(data);
                (MediaSource::Inline(text), sha256)
            }
            (_, _, Some(id)) => (MediaSource::Id(keep.text(id)), None),
            _ => (MediaSource::Unknown, None),
        };
        Part::Media(Media {
            modality,
            format: self.format.map(|format| keep.name(format)),
            source,
            detail: self.detail.map(|detail| keep.name(detail)),
            name: self.name.and_then(|name| keep.said(name)),
            sha256,
        })
    }
}

/// Reads one part.
pub(super) fn read_part(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Part> {
    // Some servers take plain strings in the list.
    if json.peek()? == Kind::String {
        return Ok(Part::Text(json.str()?.map(|text| keep.text(text)).unwrap_or_default()));
    }
    let start = json.at();
    let mut view = PartView::default();
    view.read(json)?;
    let kind = view.kind.map_or("", Str::raw);
    Ok(match (kind, view.text, view.refusal) {
        ("text" | "input_text" | "output_text", Some(text), _) => Part::Text(keep.text(text)),
        ("reasoning_text" | "summary_text", Some(text), _) => Part::Reasoning(keep.text(text)),
        ("refusal", _, Some(refusal)) => Part::Refusal(keep.text(refusal)),
        ("image_url" | "input_image", ..) => view.media(Modality::Image, keep),
        ("input_audio" | "audio_url", ..) => view.media(Modality::Audio, keep),
        ("video_url", ..) => view.media(Modality::Video, keep),
        ("file" | "input_file", ..) => view.media(Modality::File, keep),
        _ => Part::Other {
            kind: view.kind.map(|kind| keep.name(kind)).unwrap_or_default(),
            id: view.id.map(|id| keep.name(id)),
            json: keep.text(Str::plain(json.since(start))),
        },
    })
}
