//! Images, sounds, films and files of a message.

use super::super::Value;
use super::super::names::openinference as oi;
use super::super::shared::kept;
use super::HIDDEN;
use super::indexed::Indexed;
use crate::event::{Media, MediaSource, Modality};

/// The longest data in base64 that is told, in bytes. Source: openinference-instrumentation 0.1.72,
/// `DEFAULT_BASE64_IMAGE_MAX_LENGTH`.
const LONGEST: usize = 32_000;

/// Tells a media part, which has its place already.
pub(super) fn tell<'a>(list: &mut Indexed<'a>, media: &'a Media) {
    let (kind, object, url) = match media.modality {
        Modality::Image => ("image", oi::MESSAGE_CONTENT_IMAGE, oi::IMAGE_URL),
        Modality::Audio => ("audio", oi::MESSAGE_CONTENT_AUDIO, oi::AUDIO_URL),
        Modality::Video => ("video", oi::MESSAGE_CONTENT_VIDEO, oi::VIDEO_URL),
        Modality::File => ("document", oi::MESSAGE_CONTENT_DOCUMENT, oi::DOCUMENT_URL),
    };
    list.put(oi::MESSAGE_CONTENT_TYPE, Value::Static(kind));
    list.below(object, |list| {
        match (self::url(media), &media.source) {
            (Some(text), _) => list.put(url, text),
            (None, MediaSource::Id(id)) if media.modality == Modality::File => list.said(oi::DOCUMENT_ID, id),
            (None, _) => {}
        }
        match media.modality {
            Modality::Audio => list.known(oi::AUDIO_MIME_TYPE, mime(media)),
            Modality::File => list.known(oi::DOCUMENT_NAME, media.name.as_deref()),
            Modality::Image | Modality::Video => {}
        }
    });
}

fn url(media: &Media) -> Option<Value<'_>> {
    if matches!(media.source, MediaSource::Id(_) | MediaSource::Unknown) {
        return None;
    }
    let Some(text) = kept::source(media) else { return Some(Value::Static(HIDDEN)) };
    let is_inline = matches!(media.source, MediaSource::Inline(_));
    if text.len() > LONGEST && (is_inline || text.starts_with("data:")) {
        return Some(Value::Static(HIDDEN));
    }
    if !is_inline {
        return Some(Value::Str(text));
    }
    mime(media).map(|mime| Value::String(["data:", mime, ";base64,", text].concat()))
}

fn mime(media: &Media) -> Option<&str> {
    match media.format.as_deref()? {
        // The formats that the API takes.
        "wav" => Some("audio/wav"),
        "mp3" => Some("audio/mpeg"),
        format => format.contains('/').then_some(format),
    }
}
