//! What came back so far: the facts of the head, and a body that is gathered or read as a stream.

use std::time::Duration;

use bytes::Bytes;

use super::gather::Gathered;
use super::packed::Packed;
use super::stream::{Clock, EventStream};
use super::{Header, ResponseHead, Settings, Skip};
use crate::event::{ErrorClass, RateLimit, Response};
use crate::policy::Allowance;
use crate::provider::{Answer, Surface};
use crate::wire::encoding::{Decoder, EncodingError};
use crate::wire::json::Str;

/// The largest number that is taken from a header: a longer one is no count of anything, but may be that of a card.
const COUNT_MAX: u64 = 9_999_999_999;

/// A response so far.
#[derive(Debug)]
pub(super) struct Received {
    /// `None` if the head was lost.
    head: Option<Packed<Told>>,
    /// Bytes of the body as they came, before decompression.
    seen: u64,
    odd: Option<Box<Odd>>,
    /// Whether the status says that the call failed.
    is_failure: bool,
    says: MediaType,
    body: Body,
}

/// The facts of the head that matter at the end.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) at_ns: u64,
    pub(super) status: u64,
    pub(super) content_length: Option<u64>,
    pub(super) request_id: Option<Box<str>>,
    pub(super) processing_ms: Option<u64>,
    pub(super) rate_limit: RateLimit,
}

/// What most responses don't have: an encoding, and bytes that were seen and not delivered.
#[derive(Debug)]
struct Odd {
    coding: Coding,
    has_gap: bool,
    lost: u64,
}

/// Whether the body is encoded, and can be decoded.
#[derive(Debug)]
enum Coding {
    /// It isn't encoded.
    Plain,
    Encoded(Box<Decoder>),
    /// It can't be decoded (any further), for that reason; so many bytes were not.
    Failed(Skip, u64),
    /// Bytes were lost, and what follows can't be decoded without them.
    Lost,
}

impl Odd {
    fn of(coding: Coding) -> Self {
        Self { coding, has_gap: false, lost: 0 }
    }
}

/// What the head says that the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MediaType {
    Events,
    Other,
}

#[derive(Debug)]
enum Body {
    /// Nothing but white space came.
    Undecided,
    Whole(Gathered),
    Events(EventStream),
}

/// What a response came to.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) answer: Answer,
    pub(super) clock: Clock,
    pub(super) response: Response,
    pub(super) head_at: Option<Duration>,
    pub(super) is_stream: bool,
    /// The body is one whole text that could be read.
    pub(super) is_whole: bool,
    /// As many bytes came as the head announced.
    pub(super) has_all_bytes: bool,
    pub(super) has_gap: bool,
}

impl Received {
    pub(super) fn new(head: Option<(&ResponseHead, Duration)>, settings: &Settings, allowance: &mut Allowance) -> Self {
        let mut keep = settings.keep(allowance);
        let get = |header| head.and_then(|(head, _)| head.get(header));
        let number = |header| get(header).and_then(|value| value.trim().parse().ok());
        let count = |header| number(header).filter(|count| *count <= COUNT_MAX);
        let is_events = get(Header::ContentType).is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("text/event-stream")
        });
        let told = head.map(|(head, at)| Told {
            at_ns: u64::try_from(at.as_nanos()).unwrap_or(u64::MAX),
            status: head.status().into(),
            content_length: number(Header::ContentLength),
            request_id: get(Header::RequestId).map(|id| keep.name(Str::plain(id))),
            processing_ms: count(Header::ProcessingMs),
            rate_limit: RateLimit {
                remaining_requests: count(Header::RemainingRequests),
                remaining_tokens: count(Header::RemainingTokens),
            },
        });
        let odd = match Decoder::named(get(Header::ContentEncoding).unwrap_or_default(), settings.limits.body_bytes) {
            Ok(None) => None,
            Ok(Some(decoder)) => Some(Coding::Encoded(Box::new(decoder))),
            Err(_) => Some(Coding::Failed(Skip::BodyEncoding, 0)),
        };
        Self {
            head: told.as_ref().and_then(Packed::of),
            seen: 0,
            odd: odd.map(|coding| Box::new(Odd::of(coding))),
            is_failure: head.is_some_and(|(head, _)| ErrorClass::of_status(head.status()).is_some()),
            says: if is_events { MediaType::Events } else { MediaType::Other },
            body: Body::Undecided,
        }
    }

    pub(super) fn handle_body(
        &mut self,
        piece: Bytes,
        at: Duration,
        surface: &dyn Surface,
        settings: &Settings,
        allowance: &mut Allowance,
    ) {
        self.seen += piece.len() as u64;
        match (&mut self.body, &self.odd) {
            (Body::Events(stream), None) => stream.handle_bytes(&piece, at, surface, settings, allowance),
            _ => self.handle_odd(piece, at, surface, settings, allowance),
        }
    }

    /// Takes in a piece that isn't simply the next of a stream.
    fn handle_odd(
        &mut self,
        piece: Bytes,
        at: Duration,
        surface: &dyn Surface,
        settings: &Settings,
        allowance: &mut Allowance,
    ) {
        let Some(odd) = &mut self.odd else {
            return self.handle_decoded(piece, at, surface, settings, allowance);
        };
        let failure = match &mut odd.coding {
            Coding::Plain => return self.handle_decoded(piece, at, surface, settings, allowance),
            Coding::Encoded(decoder) => match decoder.decode(&piece) {
                Ok([]) => return,
                Ok(decoded) => {
                    let decoded = Bytes::copy_from_slice(decoded);
                    return self.handle_decoded(decoded, at, surface, settings, allowance);
                }
                Err(EncodingError::TooLarge) => Skip::BodyTooLarge,
                Err(EncodingError::Corrupt | EncodingError::Unsupported) => Skip::BodyEncoding,
            },
            Coding::Failed(_, bytes) => {
                *bytes += piece.len() as u64;
                return;
            }
            Coding::Lost => return,
        };
        odd.coding = Coding::Failed(failure, piece.len() as u64);
        self.handle_gap(0, settings);
    }

    fn handle_decoded(
        &mut self,
        piece: Bytes,
        at: Duration,
        surface: &dyn Surface,
        settings: &Settings,
        allowance: &mut Allowance,
    ) {
        if let Body::Undecided = self.body {
            let Some(shape) = self.shape(&piece) else { return };
            self.body = match shape {
                MediaType::Events => Body::Events(EventStream::new(settings)),
                MediaType::Other => Body::Whole(Gathered::default()),
            };
        }
        match &mut self.body {
            Body::Undecided => {}
            Body::Whole(body) => body.push(piece, settings.limits.body_bytes),
            Body::Events(stream) => stream.handle_bytes(&piece, at, surface, settings, allowance),
        }
    }

    /// Whether a body that begins with `piece` is a stream of events; `None` while only white space came.
    ///
    /// The head says so, and the first character is heard as a second opinion: some servers send streams as `text/plain`,
    /// some send an error's JSON as `text/event-stream`. JSON begins with a bracket, a stream with the name of a field
    /// or a colon. One character is enough, so that the answer doesn't depend on how the body was cut.
    fn shape(&self, piece: &[u8]) -> Option<MediaType> {
        if self.is_failure {
            return Some(MediaType::Other);
        }
        let first = piece.iter().find(|byte| !byte.is_ascii_whitespace())?;
        Some(match first {
            b'{' | b'[' => MediaType::Other,
            b'd' | b'e' | b'i' | b'r' | b':' => MediaType::Events,
            _ => self.says,
        })
    }

    pub(super) fn handle_gap(&mut self, bytes: u64, settings: &Settings) {
        let odd = self.odd.get_or_insert_with(|| Box::new(Odd::of(Coding::Plain)));
        odd.has_gap = true;
        odd.lost += bytes;
        if let Coding::Encoded(_) = odd.coding {
            odd.coding = Coding::Lost;
        }
        if let Body::Undecided = self.body
            && self.says == MediaType::Events
        {
            self.body = Body::Events(EventStream::new(settings));
        }
        match &mut self.body {
            Body::Undecided => {
                let mut body = Gathered::default();
                body.has_gap = true;
                self.body = Body::Whole(body);
            }
            Body::Whole(body) => body.has_gap = true,
            Body::Events(stream) => stream.handle_gap(),
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        match &self.body {
            Body::Undecided => 0,
            Body::Whole(body) => body.held_bytes(),
            Body::Events(stream) => stream.held_bytes(),
        }
    }

    /// What the response came to. `is_complete`: its body came to its end, as far as the capture saw.
    pub(super) fn finish(
        self,
        is_complete: bool,
        surface: &dyn Surface,
        settings: &Settings,
        allowance: &mut Allowance,
    ) -> Heard {
        let told = self.head.as_ref().and_then(Packed::unpack);
        let lost = self.odd.as_ref().map_or(0, |odd| odd.lost);
        let announced = told.as_ref().and_then(|told| told.content_length);
        let has_all_bytes = announced.is_some_and(|announced| self.seen + lost >= announced);
        let has_gap = self.odd.as_ref().is_some_and(|odd| odd.has_gap || matches!(odd.coding, Coding::Failed(..)));
        if let Some(Odd { coding: Coding::Failed(skip, bytes), .. }) = self.odd.as_deref()
            && self.seen > 0
        {
            allowance.skips.add(*skip, *bytes);
        }
        let mut heard = Heard {
            head_at: told.as_ref().map(|told| Duration::from_nanos(told.at_ns)),
            has_gap,
            has_all_bytes,
            ..Heard::default()
        };
        match self.body {
            Body::Undecided => heard.is_stream = self.says == MediaType::Events && !self.is_failure,
            Body::Events(stream) => {
                heard.is_stream = true;
                (heard.answer, heard.clock) = stream.finish(allowance);
            }
            Body::Whole(body) if body.is_too_large() => allowance.skips.add(Skip::BodyTooLarge, body.seen),
            Body::Whole(body) if body.has_gap => {}
            Body::Whole(body) => {
                let text = body.text();
                let mut keep = settings.keep(allowance);
                if self.is_failure {
                    heard.answer.fail(surface.read_error(&text, &mut keep));
                } else {
                    heard.is_whole = surface.read_response(&text, &mut heard.answer, &mut keep).is_ok();
                    if !heard.is_whole {
                        heard.answer = Answer::default();
                        // A body that was cut is no body of the wrong kind.
                        if is_complete || has_all_bytes {
                            keep.skipped(Skip::BodyUnreadable, body.seen);
                        }
                    }
                }
            }
        }
        let status = told.as_ref().and_then(|told| u16::try_from(told.status).ok()).filter(|status| *status != 0);
        let Told { request_id, processing_ms, rate_limit, .. } = told.unwrap_or_default();
        heard.response = Response {
            status,
            request_id,
            processing_ms,
            rate_limit,
            is_stream: heard.is_stream,
            body_bytes: self.seen,
            ..Response::default()
        };
        heard
    }
}
