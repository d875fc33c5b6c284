//! Facts that wait for the end of their exchange, in few bytes: many streams may wait at once.
//!
//! A [`Request`] has room for everything that a request may say, and most say little. With content off nothing of it is
//! a text, so that what was said fits into about a hundred bytes.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::received::Told;
use crate::event::{
    EmbeddingsRequest, EndUser, Media, MediaSource, Message, Modality, Part, RateLimit, Request, Role, Text, ToolCall,
    ToolDefinition,
};

/// A value in few bytes.
#[derive(Debug)]
pub(super) struct Packed<T>(Box<[u8]>, PhantomData<T>);

impl<T: Pack> Packed<T> {
    /// Packs a value; `None` if it holds texts (with content on a request is long anyway).
    pub(super) fn of(value: &T) -> Option<Self> {
        let mut out = Writer { near: [0; NEAR], len: 0, far: Vec::new() };
        value.put(&mut out)?;
        Some(Self(out.finish(), PhantomData))
    }

    /// The value that was packed.
    pub(super) fn unpack(&self) -> Option<T> {
        T::get(&mut Reader(&self.0))
    }
}

/// How many bytes are written without an allocation: enough for most.
const NEAR: usize = 160;

pub(super) struct Writer {
    near: [u8; NEAR],
    len: usize,
    /// All that was written, once it is more than that.
    far: Vec<u8>,
}

impl Writer {
    #[inline]
    fn push(&mut self, byte: u8) {
        self.extend(&[byte]);
    }

    #[inline]
    fn extend(&mut self, bytes: &[u8]) {
        if let Some(place) = self.near.get_mut(self.len..self.len + bytes.len())
            && self.far.is_empty()
        {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
            return;
        }
        if self.far.is_empty() {
            self.far.extend_from_slice(&self.near[..self.len]);
        }
        self.far.extend_from_slice(bytes);
    }

    fn finish(self) -> Box<[u8]> {
        if self.far.is_empty() { self.near[..self.len].into() } else { self.far.into_boxed_slice() }
    }
}

pub(super) struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }
}

/// Something that can be packed. `put` gives `None` for what can't.
pub(super) trait Pack: Sized {
    fn put(&self, out: &mut Writer) -> Option<()>;
    fn get(from: &mut Reader<'_>) -> Option<Self>;
}

impl Pack for u64 {
    /// Seven bits a byte, the lowest first.
    fn put(&self, out: &mut Writer) -> Option<()> {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = from.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

impl Pack for i64 {
    fn put(&self, out: &mut Writer) -> Option<()> {
        // Small numbers of either sign stay short.
        (((*self << 1) ^ (*self >> 63)) as u64).put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let value = u64::get(from)?;
        Some((value >> 1) as Self ^ -((value & 1) as Self))
    }
}

impl Pack for f64 {
    fn put(&self, out: &mut Writer) -> Option<()> {
        // The low bits of usual numbers are zero.
        self.to_bits().swap_bytes().put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self::from_bits(u64::get(from)?.swap_bytes()))
    }
}

impl Pack for bool {
    fn put(&self, out: &mut Writer) -> Option<()> {
        out.push(u8::from(*self));
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(from.byte()? != 0)
    }
}

impl Pack for Box<str> {
    fn put(&self, out: &mut Writer) -> Option<()> {
        (self.len() as u64).put(out)?;
        out.extend(self.as_bytes());
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        let len = usize::try_from(u64::get(from)?).ok()?;
        let (text, rest) = from.0.split_at_checked(len)?;
        from.0 = rest;
        Some(std::str::from_utf8(text).ok()?.into())
    }
}

impl Pack for Cow<'static, str> {
    fn put(&self, out: &mut Writer) -> Option<()> {
        (self.len() as u64).put(out)?;
        out.extend(self.as_bytes());
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match Box::<str>::get(from)? {
            kind if &*kind == "function" => Cow::Borrowed("function"),
            kind if &*kind == "custom" => Cow::Borrowed("custom"),
            kind => Cow::Owned(kind.into_string()),
        })
    }
}

impl Pack for Text {
    fn put(&self, out: &mut Writer) -> Option<()> {
        if self.as_str().is_some() {
            return None;
        }
        self.bytes().put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        u64::get(from).map(Self::sized)
    }
}

impl<T: Pack> Pack for Option<T> {
    fn put(&self, out: &mut Writer) -> Option<()> {
        self.is_some().put(out)?;
        match self {
            Some(value) => value.put(out),
            None => Some(()),
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(if bool::get(from)? { Some(T::get(from)?) } else { None })
    }
}

impl<T: Pack> Pack for Vec<T> {
    fn put(&self, out: &mut Writer) -> Option<()> {
        (self.len() as u64).put(out)?;
        self.iter().try_for_each(|element| element.put(out))
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        (0..u64::get(from)?).map(|_| T::get(from)).collect()
    }
}

/// Packs structs field by field. Each names all its fields, so that one that is added can't be forgotten.
macro_rules! pack_fields {
    ($($name:ident { $($field:ident),+ $(,)? })+) => {$(
        impl Pack for $name {
            fn put(&self, out: &mut Writer) -> Option<()> {
                let Self { $($field),+ } = self;
                $($field.put(out)?;)+
                Some(())
            }

            fn get(from: &mut Reader<'_>) -> Option<Self> {
                Some(Self { $($field: Pack::get(from)?),+ })
            }
        }
    )+};
}

pack_fields! {
    Request {
        model, stream, temperature, top_p, top_k, max_tokens, choice_count, frequency_penalty, presence_penalty,
        stop_sequences, seed, response_format, service_tier, reasoning_effort, output_modalities, previous_response_id,
        conversation_id, end_user, instructions, messages, tools, embeddings, body_bytes,
    }
    EmbeddingsRequest { encoding_format, dimensions, inputs }
    Message { role, name, parts, is_list }
    ToolCall { id, kind, name, arguments }
    Media { modality, format, source, detail, name, sha256 }
    EndUser { user, safety_identifier, metadata }
    Told { at_ns, status, content_length, request_id, processing_ms, rate_limit }
    RateLimit { remaining_requests, remaining_tokens }
}

impl<A: Pack, B: Pack> Pack for (A, B) {
    fn put(&self, out: &mut Writer) -> Option<()> {
        self.0.put(out)?;
        self.1.put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some((A::get(from)?, B::get(from)?))
    }
}

impl Pack for ToolDefinition {
    fn put(&self, out: &mut Writer) -> Option<()> {
        let Self { kind, name, description, parameters } = self;
        if parameters.is_some() {
            return None;
        }
        kind.put(out)?;
        name.put(out)?;
        description.put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self { kind: Pack::get(from)?, name: Pack::get(from)?, description: Pack::get(from)?, parameters: None })
    }
}

impl Pack for Role {
    fn put(&self, out: &mut Writer) -> Option<()> {
        out.push(match self {
            Self::System => 0,
            Self::Developer => 1,
            Self::User => 2,
            Self::Assistant => 3,
            Self::Tool => 4,
            Self::Other(name) => {
                out.push(5);
                return name.put(out);
            }
        });
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::System,
            1 => Self::Developer,
            2 => Self::User,
            3 => Self::Assistant,
            4 => Self::Tool,
            _ => Self::Other(Pack::get(from)?),
        })
    }
}

impl Pack for Modality {
    fn put(&self, out: &mut Writer) -> Option<()> {
        out.push(match self {
            Self::Image => 0,
            Self::Audio => 1,
            Self::Video => 2,
            Self::File => 3,
        });
        Some(())
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Image,
            1 => Self::Audio,
            2 => Self::Video,
            _ => Self::File,
        })
    }
}

impl Pack for MediaSource {
    fn put(&self, out: &mut Writer) -> Option<()> {
        let (number, text) = match self {
            Self::Uri(text) => (0, text),
            Self::Inline(text) => (1, text),
            Self::Id(text) => (2, text),
            Self::Unknown => {
                out.push(3);
                return Some(());
            }
        };
        out.push(number);
        text.put(out)
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Uri(Pack::get(from)?),
            1 => Self::Inline(Pack::get(from)?),
            2 => Self::Id(Pack::get(from)?),
            _ => Self::Unknown,
        })
    }
}

impl Pack for Part {
    fn put(&self, out: &mut Writer) -> Option<()> {
        let mut number = |number| out.push(number);
        match self {
            Self::Text(text) => {
                number(0);
                text.put(out)
            }
            Self::Refusal(text) => {
                number(1);
                text.put(out)
            }
            Self::Reasoning(text) => {
                number(2);
                text.put(out)
            }
            Self::ToolCall(call) => {
                number(3);
                call.put(out)
            }
            Self::ToolResult { id, content, is_list } => {
                number(4);
                id.put(out)?;
                content.put(out)?;
                is_list.put(out)
            }
            Self::Media(media) => {
                number(5);
                media.put(out)
            }
            Self::Other { kind, id, json } => {
                number(6);
                kind.put(out)?;
                id.put(out)?;
                json.put(out)
            }
        }
    }

    fn get(from: &mut Reader<'_>) -> Option<Self> {
        Some(match from.byte()? {
            0 => Self::Text(Pack::get(from)?),
            1 => Self::Refusal(Pack::get(from)?),
            2 => Self::Reasoning(Pack::get(from)?),
            3 => Self::ToolCall(Pack::get(from)?),
            4 => Self::ToolResult { id: Pack::get(from)?, content: Pack::get(from)?, is_list: Pack::get(from)? },
            5 => Self::Media(Pack::get(from)?),
            _ => Self::Other { kind: Pack::get(from)?, id: Pack::get(from)?, json: Pack::get(from)? },
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// A request in which every field says something.
    fn full() -> Request {
        let text = |bytes| Text::sized(bytes);
        let media = |modality, source| {
            Part::Media(Media {
                modality,
                format: Some("wav".into()),
                source,
                detail: Some("low".into()),
                name: Some("n".into()),
                sha256: None,
            })
        };
        let call = |kind: &str| ToolCall {
            id: Some("call".into()),
            kind: Some(kind.to_owned().into()),
            name: Some("f".into()),
            arguments: Some(text(3)),
        };
        let parts = vec![
            Part::Text(text(0)),
            Part::Refusal(text(127)),
            Part::Reasoning(text(128)),
            Part::ToolCall(call("function")),
            Part::ToolCall(call("custom")),
            Part::ToolCall(call("other")),
            Part::ToolCall(ToolCall::default()),
            Part::ToolResult { id: Some("call".into()), content: text(1 << 40), is_list: true },
            media(Modality::Image, MediaSource::Uri(text(9))),
            media(Modality::Audio, MediaSource::Inline(text(u64::MAX))),
            media(Modality::Video, MediaSource::Id(text(2))),
            media(Modality::File, MediaSource::Unknown),
            Part::Other { kind: "k".into(), id: None, json: text(5) },
        ];
        let roles = ["system", "developer", "user", "assistant", "tool", "größe"];
        let message = |role| Message { role: Role::named(role), name: None, parts: Vec::new(), is_list: false };
        let mut messages: Vec<_> = roles.into_iter().map(message).collect();
        messages.push(Message { role: Role::User, name: Some("me".into()), parts, is_list: true });
        Request {
            model: Some("m".into()),
            stream: Some(true),
            temperature: Some(0.1),
            top_p: Some(-0.0),
            top_k: Some(f64::MAX),
            max_tokens: Some(i64::MIN),
            choice_count: Some(-1),
            frequency_penalty: Some(0.5),
            presence_penalty: Some(-0.5),
            stop_sequences: vec!["a".into(), "".into()],
            seed: Some(i64::MAX),
            response_format: Some("json_object".into()),
            service_tier: Some("flex".into()),
            reasoning_effort: Some("high".into()),
            output_modalities: vec!["audio".into()],
            previous_response_id: Some("resp".into()),
            conversation_id: Some("conv".into()),
            end_user: EndUser {
                user: Some("u".into()),
                safety_identifier: Some("s".into()),
                metadata: vec![("k".into(), "v".into())],
            },
            instructions: Some(text(77)),
            messages,
            tools: vec![ToolDefinition {
                kind: "function".into(),
                name: Some("f".into()),
                description: Some(text(1)),
                parameters: None,
            }],
            embeddings: Some(EmbeddingsRequest {
                encoding_format: Some("float".into()),
                dimensions: Some(4),
                inputs: Some(2),
            }),
            body_bytes: Some(999),
        }
    }

    #[test]
    fn what_was_packed_is_unpacked_the_same() {
        for request in [full(), Request::default()] {
            assert_eq!(Packed::of(&request).unwrap().unpack().unwrap(), request);
        }
    }

    #[test]
    fn a_request_that_says_little_takes_little() {
        let parts = vec![Part::Text(Text::sized(1000))];
        let message = Message { role: Role::User, name: None, parts, is_list: false };
        let request = Request {
            model: Some("gpt-4o-mini".into()),
            stream: Some(true),
            temperature: Some(0.5),
            messages: vec![message.clone(), message],
            ..Request::default()
        };
        assert!(Packed::of(&request).unwrap().0.len() < 64);
    }

    #[test]
    fn a_request_with_texts_is_not_packed() {
        let instructions = Some(Text::kept("be terse"));
        assert!(Packed::of(&Request { instructions, ..Request::default() }).is_none());
    }
}
