//! What a JSON body looks like from outside, for those whose path says nothing.
//!
//! A gateway at an unknown host and path speaks a known API all the same. A surface recognises its requests and its
//! answers by an [`Outline`]: the keys of the body, and those of the first element of each list.

use std::borrow::Cow;

use super::{FOREIGN, SURFACES, Surface};
use crate::wire::http::Head;
use crate::wire::json::{Json, Kind, Read};

/// Most keys of one object that are looked at.
const KEYS: usize = 64;

/// Longest key, and longest text, that is remembered, in bytes.
const TEXT_BYTES: usize = 64;

/// The outline of a JSON object: its keys, and one level below them.
///
/// ```
/// use sidetone_core::provider::Outline;
///
/// // Of a body that was cut, what stands before the cut is known.
/// let outline = Outline::of(br#"{"model": "m", "messages": [{"role": "user", "content": "Hel"#).unwrap();
/// assert_eq!(outline.text("model"), Some("m"));
/// assert_eq!(outline.inner("messages").and_then(|message| message.text("role")), Some("user"));
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Outline<'a> {
    fields: Vec<Field<'a>>,
}

impl std::fmt::Debug for Outline<'_> {
    /// Without keys and texts: no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Outline({} fields)", self.fields.len())
    }
}

#[derive(Clone, PartialEq, Eq)]
struct Field<'a> {
    key: Cow<'a, str>,
    kind: Kind,
    /// Its text, if it is a short one.
    text: Option<Cow<'a, str>>,
    /// The kind of the first element, if it is a list that has one.
    element: Option<Kind>,
    /// What is in it, or in its first element.
    inner: Option<Outline<'a>>,
}

impl<'a> Outline<'a> {
    /// The outline of a body, also of one that was cut; `None` if it begins like no object.
    #[must_use]
    pub fn of(body: &'a [u8]) -> Option<Self> {
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = match std::str::from_utf8(body) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
        };
        let mut json = Json::new(text);
        if json.peek() != Ok(Kind::Object) {
            return None;
        }
        let mut outline = Self::default();
        // The error of a body that was cut is its end.
        let _ = outline.read(&mut json, 1);
        Some(outline)
    }

    fn read(&mut self, json: &mut Json<'a>, deeper: usize) -> Read<()> {
        json.object(|key, json| {
            if self.fields.len() >= KEYS {
                return Ok(());
            }
            let kind = json.peek()?;
            let key = Cow::Owned(key.chars().take(TEXT_BYTES).collect());
            self.fields.push(Field { key, kind, text: None, element: None, inner: None });
            let Some(field) = self.fields.last_mut() else { return Ok(()) };
            match kind {
                Kind::String => {
                    field.text = json.str()?.filter(|text| text.raw().len() <= TEXT_BYTES).map(|text| text.to_cow());
                }
                Kind::Object if deeper > 0 => field.inner.get_or_insert_default().read(json, deeper - 1)?,
                Kind::Array if deeper > 0 => {
                    json.array(|json| {
                        if field.element.is_none() {
                            let kind = json.peek()?;
                            field.element = Some(kind);
                            if kind == Kind::Object {
                                field.inner.get_or_insert_default().read(json, deeper - 1)?;
                            }
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }

    fn field(&self, key: &str) -> Option<&Field<'a>> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Whether there is that key.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.field(key).is_some()
    }

    /// The kind of a value.
    #[must_use]
    pub fn kind(&self, key: &str) -> Option<Kind> {
        self.field(key).map(|field| field.kind)
    }

    /// The kind of the first element of a list.
    #[must_use]
    pub fn element(&self, key: &str) -> Option<Kind> {
        self.field(key)?.element
    }

    /// A text, if it is short (up to 64 bytes).
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&str> {
        self.field(key)?.text.as_deref()
    }

    /// The outline of an object, or of the object that is the first element of a list.
    #[must_use]
    pub fn inner(&self, key: &str) -> Option<&Self> {
        self.field(key)?.inner.as_ref()
    }
}

/// How an API is recognised that is no surface of ours.
#[derive(Debug)]
pub(crate) struct Foreign {
    /// A field that its requests have.
    pub(crate) header: Option<&'static str>,
    /// Whether a body is one of its.
    pub(crate) is_body: fn(&Outline<'_>) -> bool,
}

/// JSON-RPC 2.0, which may carry anything.
pub(super) const JSON_RPC: Foreign = Foreign { header: None, is_body: |body| body.has("jsonrpc") };

/// Whether a request is one of an API that is known to be another.
pub(crate) fn has_foreign_header(head: &Head) -> bool {
    FOREIGN.iter().filter_map(|foreign| foreign.header).any(|header| head.get(header).is_some())
}

/// Whether a body is one of an API that is known to be another.
pub(crate) fn is_foreign(body: &Outline<'_>) -> bool {
    FOREIGN.iter().any(|foreign| (foreign.is_body)(body))
}

/// The surfaces whose request a body with that outline may be.
pub fn asked_by<'a>(request: &'a Outline<'a>) -> impl Iterator<Item = &'static dyn Surface> + 'a {
    SURFACES.iter().copied().filter(move |surface| surface.asks(request))
}

/// Whether a body that begins like this may come to be a request of some surface.
#[must_use]
pub fn may_ask(beginning: &Outline<'_>) -> bool {
    beginning.has("model") || SURFACES.iter().any(|surface| beginning.has(surface.input()))
}

/// The surface that answers with a body, or an event, of that outline.
#[must_use]
pub fn answered_by(answer: &Outline<'_>) -> Option<&'static dyn Surface> {
    SURFACES.iter().copied().find(|surface| surface.answers(answer))
}
