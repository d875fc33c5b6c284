//! Takes base64 out of messages, as the package does: PostHog refuses events of more than a megabyte.
//!
//! Source: posthog 7.91.1, `posthog/ai/sanitization.py`.

use super::super::{Key, Value};

/// The shortest base64 that is taken out where a key says that it is media, in bytes. A `data:` URL always is.
const SHORTEST: usize = 200;

/// Keys that hold media.
const KEYS: &[&str] = &["data", "image_url", "video_url", "audio", "audio_data", "inline_data", "file_data"];

/// Keys whose map has media under `url`.
const URLS: &[&str] = &["image_url", "video_url"];

/// Keys that say what the media beside them are.
const KINDS: &[&str] = &["mime_type", "media_type", "format"];

const AUDIO: &[&str] = &["wav", "mp3", "pcm16", "pcm", "flac", "opus", "aac", "ogg", "m4a"];
const VIDEO: &[&str] = &["mp4", "mov", "webm", "avi", "mkv"];
const IMAGES: &[&str] = &["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg"];

/// The value without base64 in it.
pub(super) fn redacted(value: Value<'_>) -> Value<'_> {
    at(value, "", "", None)
}

/// The same of a value that stands under `key`, in a map that stands under `above`, beside what says of which kind it is.
fn at<'a>(value: Value<'a>, key: &str, above: &str, kind: Option<&str>) -> Value<'a> {
    match value {
        Value::Map(members) => Value::Map(map(members, key)),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| at(value, key, above, kind)).collect()),
        value => {
            let placeholder = value.as_str().and_then(|text| placeholder(text, key, above, kind));
            placeholder.map_or(value, Value::Static)
        }
    }
}

fn map<'a>(members: Vec<(Key, Value<'a>)>, above: &str) -> Vec<(Key, Value<'a>)> {
    let of = |wanted: &str| members.iter().find(|(key, _)| key == wanted).and_then(|(_, value)| value.as_str());
    let kind = KINDS.iter().find_map(|key| of(key)).map(ToOwned::to_owned);
    members
        .into_iter()
        .map(|(key, value)| {
            let value = at(value, &key, above, kind.as_deref());
            (key, value)
        })
        .collect()
}

fn placeholder(text: &str, key: &str, above: &str, kind: Option<&str>) -> Option<&'static str> {
    if let Some(mime) = data_url(text) {
        return Some(word(Some(mime)));
    }
    let is_media = KEYS.contains(&key) || key == "url" && URLS.contains(&above);
    (is_media && text.len() >= SHORTEST && is_base64(text)).then(|| word(kind))
}

/// The MIME type of a `data:` URL that holds base64.
fn data_url(text: &str) -> Option<&str> {
    let (mime, rest) = text.strip_prefix("data:")?.split_once(';')?;
    (!mime.is_empty() && !mime.contains(',') && rest.starts_with("base64,")).then_some(mime)
}

fn is_base64(text: &str) -> bool {
    let body = text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text);
    body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'_' | b'-'))
}

fn word(kind: Option<&str>) -> &'static str {
    let Some(kind) = kind else { return "[base64 image redacted]" };
    let kind = kind.to_ascii_lowercase();
    let (top, is_mime) = kind.split_once('/').map_or((kind.as_str(), false), |(top, _)| (top, true));
    let is = |name: &str, formats: &[&str]| top == name || !is_mime && formats.contains(&top);
    if is("image", IMAGES) {
        "[base64 image redacted]"
    } else if is("video", VIDEO) {
        "[base64 video redacted]"
    } else if is("audio", AUDIO) {
        "[base64 audio redacted]"
    } else {
        "[base64 file redacted]"
    }
}
