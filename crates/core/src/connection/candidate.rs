//! An exchange that may be an LLM call: what is held of it until its shape tells.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use crate::exchange::ResponseHead;
use crate::policy::Limits;
use crate::provider::{Outline, Surface, answered_by, asked_by, may_ask};
use crate::wire::encoding::Decoder;
use crate::wire::http::Flow;

/// How much of a request is looked at before more of it is held, in bytes.
const REQUEST_LOOK_BYTES: usize = 16 << 10;

/// How much of a response is looked at for its shape, in bytes, decoded.
const RESPONSE_LOOK_BYTES: usize = 64 << 10;

/// How much of a response is waited for before the first look.
const FIRST_LOOK_BYTES: usize = 256;

/// What is held of an exchange until it is known whether it is a call.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    /// The surface that the path names, without being sure.
    pub(super) named: Option<&'static dyn Surface>,
    pub(super) request: Vec<Bytes>,
    request_bytes: usize,
    asked: Asked,
    pub(super) response_head: Option<(ResponseHead, Duration)>,
    pub(super) response: Vec<(Bytes, Duration)>,
    response_bytes: usize,
    pub(super) missing: Vec<(Flow, Range<u64>)>,
    look: Look,
}

/// What the request says of itself.
#[derive(Debug, Default)]
enum Asked {
    /// It isn't whole yet.
    #[default]
    Open,
    /// Its shape is that of these.
    By(Vec<&'static dyn Surface>),
    /// It was not seen, or not as a whole.
    Unknown,
}

/// The beginning of a response, decoded.
#[derive(Debug, Default)]
struct Look {
    decoder: Option<Decoder>,
    bytes: Vec<u8>,
    next: usize,
    is_full: bool,
}

/// What came out of a look.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// It can't be told yet.
    Open,
    /// It is no call.
    Foreign,
    Of(&'static dyn Surface),
}

impl Candidate {
    /// The next piece of the request; `room`: how much may be held.
    pub(super) fn handle_request_body(&mut self, bytes: Bytes, room: usize) -> Shape {
        if !matches!(self.asked, Asked::Open) {
            return Shape::Open;
        }
        let before = self.request_bytes;
        self.request_bytes += bytes.len();
        self.request.push(bytes);
        let first = self.request.iter().flat_map(|piece| piece.iter()).find(|byte| !byte.is_ascii_whitespace());
        if first.is_some_and(|byte| *byte != b'{' && *byte != 0xef) {
            return Shape::Foreign;
        }
        if before < REQUEST_LOOK_BYTES && self.request_bytes >= REQUEST_LOOK_BYTES {
            let beginning = self.request.concat();
            if !Outline::of(&beginning).is_some_and(|outline| may_ask(&outline)) {
                return Shape::Foreign;
            }
        }
        if self.request_bytes > room {
            self.forget_request();
        }
        Shape::Open
    }

    /// The request came to its end.
    pub(super) fn handle_request_end(&mut self) -> Shape {
        if !matches!(self.asked, Asked::Open) {
            return Shape::Open;
        }
        if self.request.len() != 1 {
            self.request = vec![Bytes::from(self.request.concat())];
        }
        let outline = self.request.first().and_then(|body| Outline::of(body));
        let asked: Vec<_> = outline.iter().flat_map(asked_by).collect();
        if let Some(named) = self.named
            && asked.iter().any(|surface| surface.name() == named.name())
        {
            return Shape::Of(named);
        }
        if asked.is_empty() {
            return Shape::Foreign;
        }
        self.asked = Asked::By(asked);
        Shape::Open
    }

    /// Bytes of the exchange were not seen.
    pub(super) fn handle_missing(&mut self, flow: Flow, range: Range<u64>) {
        if flow == Flow::Request && matches!(self.asked, Asked::Open) {
            self.forget_request();
        }
        if self.missing.len() < crate::event::MissingBytes::RANGES {
            self.missing.push((flow, range));
        } else if let Some((_, last)) = self.missing.iter_mut().rev().find(|(of, _)| *of == flow) {
            // Only the number can be right then.
            last.end += range.end - range.start;
        }
    }

    /// Goes on without the request's body.
    fn forget_request(&mut self) {
        self.asked = Asked::Unknown;
        self.request = Vec::new();
        self.request_bytes = 0;
    }

    pub(super) fn handle_response_head(
        &mut self,
        head: ResponseHead,
        content_encoding: Option<&str>,
        limits: &Limits,
        at: Duration,
    ) {
        self.look = Look {
            decoder: content_encoding.and_then(|name| Decoder::named(name, limits.body_bytes).ok()?),
            ..Look::default()
        };
        self.response_head = Some((head, at));
    }

    /// The next piece of the response's body.
    /// `is_settled`: the request came, or won't.
    pub(super) fn handle_response_body(&mut self, bytes: Bytes, at: Duration, is_settled: bool) -> Shape {
        self.response_bytes += bytes.len();
        self.look.handle_bytes(&bytes);
        self.response.push((bytes, at));
        let is_last = self.look.is_full || self.response_bytes >= 2 * RESPONSE_LOOK_BYTES;
        if !is_last && (!is_settled || self.look.bytes.len() < self.look.next.max(FIRST_LOOK_BYTES)) {
            return Shape::Open;
        }
        self.look.next = 2 * self.look.bytes.len();
        match self.shape() {
            Shape::Open if is_last => Shape::Foreign,
            shape => shape,
        }
    }

    /// What the response so far says.
    pub(super) fn shape(&self) -> Shape {
        let mut has_foreign = false;
        for text in texts(&self.look.bytes) {
            let Some(outline) = Outline::of(text) else { continue };
            match &self.asked {
                Asked::By(asked) => {
                    if let Some(surface) =
                        asked.iter().find(|surface| surface.answers(&outline) || surface.fails(&outline))
                    {
                        return Shape::Of(*surface);
                    }
                }
                // A surface that the path names and the answer agrees with, or the answer alone.
                Asked::Open | Asked::Unknown => {
                    if let Some(named) = self.named.filter(|named| named.fails(&outline)) {
                        return Shape::Of(named);
                    }
                    if let Some(surface) = answered_by(&outline) {
                        return Shape::Of(surface);
                    }
                }
            }
            has_foreign = true;
        }
        if has_foreign && self.look.is_full { Shape::Foreign } else { Shape::Open }
    }

    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> usize {
        self.request_bytes + self.response_bytes + self.look.bytes.capacity()
    }

    /// Bytes of the request that are held.
    pub(super) fn request_bytes(&self) -> usize {
        self.request_bytes
    }

    pub(super) fn has_response(&self) -> bool {
        self.response_head.is_some() || !self.response.is_empty()
    }
}

impl Look {
    fn handle_bytes(&mut self, bytes: &[u8]) {
        if self.is_full {
            return;
        }
        let decoded = match &mut self.decoder {
            None => Ok(bytes),
            Some(decoder) => decoder.decode(bytes),
        };
        let Ok(decoded) = decoded else {
            self.is_full = true;
            return;
        };
        let room = RESPONSE_LOOK_BYTES - self.bytes.len();
        self.is_full = decoded.len() >= room;
        self.bytes.extend_from_slice(&decoded[..decoded.len().min(room)]);
    }
}

/// The JSON texts in the beginning of a response: the body, or the data of its events.
fn texts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let body = bytes.trim_ascii_start();
    let is_json = body.first().is_some_and(|byte| matches!(byte, b'{' | b'['));
    let whole = is_json.then_some(body);
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(move |line| !is_json && line.ends_with(b"\n"));
    whole.into_iter().chain(lines.filter_map(|line| line.strip_prefix(b"data:")).map(<[u8]>::trim_ascii))
}
