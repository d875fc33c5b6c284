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

/// The type of an item that has an image under `result`.
const GENERATED: &str = "image_generation_call";

/// Keys that say what the media beside them are.
const KINDS: &[&str] = &["mime_type", "media_type", "format"];

const AUDIO: &[&str] = &["wav", "mp3", "pcm16", "pcm", "flac", "opus", "aac", "ogg", "m4a"];
const VIDEO: &[&str] = &["mp4", "mov", "webm", "avi", "mkv"];
const IMAGES: &[&str] = &["png", "jpg", "jpeg", "gif", "webp", "bmp", "svg"];

/// The value without base64 in it.
pub(super) fn redacted(value: Value<'_>) -> Value<'_> {
    at(value, &Place::default())
}

/// Where a value stands.
#[derive(Default)]
struct Place<'p> {
    /// Its key.
    key: &'p str,
    /// The key of the map that it is in.
    above: &'p str,
    /// The `type` of that map.
    of: Option<&'p str>,
    /// What that map says of its kind.
    kind: Option<&'p str>,
}

impl Place<'_> {
    /// Whether media are expected there.
    fn is_of_media(&self) -> bool {
        KEYS.contains(&self.key)
            || self.key == "url" && URLS.contains(&self.above)
            || self.key == "result" && self.of == Some(GENERATED)
    }
}

fn at<'a>(value: Value<'a>, place: &Place<'_>) -> Value<'a> {
    match value {
        Value::Map(members) => Value::Map(map(members, place.key)),
        Value::Array(values) => Value::Array(values.into_iter().map(|value| at(value, place)).collect()),
        value => {
            let placeholder = value.as_str().and_then(|text| placeholder(text, place));
            placeholder.map_or(value, Value::Static)
        }
    }
}

fn map<'a>(members: Vec<(Key, Value<'a>)>, above: &str) -> Vec<(Key, Value<'a>)> {
    let text = |wanted: &str| members.iter().find(|(key, _)| key == wanted).and_then(|(_, value)| value.as_str());
    let of = text("type").map(ToOwned::to_owned);
    let kind = KINDS.iter().find_map(|key| text(key)).map(ToOwned::to_owned);
    let kind = kind.or_else(|| of.clone().filter(|of| matches!(of.as_str(), "image" | "video" | "audio")));
    let redacted = |(key, value): (Key, Value<'a>)| {
        let place = Place { key: &key, above, of: of.as_deref(), kind: kind.as_deref() };
        let value = at(value, &place);
        (key, value)
    };
    members.into_iter().map(redacted).collect()
}

fn placeholder(text: &str, place: &Place<'_>) -> Option<&'static str> {
    if let Some(mime) = data_url(text) {
        return Some(word(Some(mime)));
    }
    (place.is_of_media() && text.len() >= SHORTEST && is_base64(text)).then(|| word(place.kind))
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
