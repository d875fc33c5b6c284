//! One exchange of a connection, from its first byte to its call.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;

use super::Facts;
use super::candidate::{Candidate, Shape};
use super::request::Asked;
use crate::event::Side;
use crate::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, Understood};
use crate::provider::Surface;
use crate::wire::encoding::Decoder;
use crate::wire::http::{Flow, Head, StreamId};

/// One exchange.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) begun: Duration,
    /// When something of it was last seen.
    pub(super) touched: Duration,
    pub(super) asked: Asked,
    pub(super) has_request: bool,
    pub(super) is_request_over: bool,
    /// How, and when, the response came to its end.
    pub(super) response_over: Option<(End, Duration)>,
    pub(super) has_response: bool,
    /// Bytes of the request, of the response, were missed.
    pub(super) is_hurt: [bool; 2],
    request_decoder: Option<Decoder>,
    opening: Option<Opening>,
    stage: Stage,
}

/// The beginning of a response of which it isn't known how its body is encoded: its first bytes may tell.
#[derive(Debug)]
struct Opening {
    /// What is known of its head, if it was seen.
    head: Option<Box<Head>>,
    at: Duration,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Stage {
    Candidate(Box<Candidate>),
    Call(Box<Exchange>),
    /// It is no call, or was dropped.
    Other,
}

/// What all exchanges of a connection share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) facts: Facts,
    pub(super) settings: Arc<Settings>,
    pub(super) side: Side,
    /// Paths whose exchanges were found to be calls by their shape.
    confirmed: Vec<(Box<str>, &'static dyn Surface)>,
    /// Exchanges that were given up before their end.
    given_up: VecDeque<StreamId>,
}

/// Most exchanges that are remembered because they were given up: what comes of them is passed over.
const GIVEN_UP: usize = 64;

/// Most paths that are remembered.
const CONFIRMED: usize = 8;

impl Shared {
    pub(super) fn new(facts: Facts, settings: Arc<Settings>, side: Side) -> Self {
        Self { facts, settings, side, confirmed: Vec::new(), given_up: VecDeque::new() }
    }

    /// Passes over what comes of an exchange later.
    pub(super) fn give_up(&mut self, stream: StreamId) {
        if self.given_up.len() >= GIVEN_UP {
            self.given_up.pop_front();
        }
        self.given_up.push_back(stream);
    }

    pub(super) fn is_given_up(&self, stream: StreamId) -> bool {
        self.given_up.contains(&stream)
    }

    fn confirm(&mut self, path: Option<&str>, surface: &'static dyn Surface) {
        let Some(path) = path else { return };
        if self.confirmed.len() < CONFIRMED && self.confirmed_as(Some(path)).is_none() {
            self.confirmed.push((path.into(), surface));
        }
    }

    fn confirmed_as(&self, path: Option<&str>) -> Option<&'static dyn Surface> {
        self.confirmed.iter().find(|(known, _)| Some(&**known) == path).map(|(_, surface)| *surface)
    }
}

impl Stream {
    pub(super) fn new(begun: Duration, shared: &Shared) -> Self {
        Self {
            begun,
            touched: begun,
            asked: Asked::of(None, &shared.facts),
            has_request: false,
            is_request_over: false,
            response_over: None,
            has_response: false,
            is_hurt: [false; 2],
            request_decoder: None,
            opening: None,
            stage: Stage::Candidate(Box::default()),
        }
    }

    pub(super) fn handle_request_head(&mut self, head: &Head, shared: &Shared) {
        self.has_request = true;
        self.asked = Asked::of(Some(head), &shared.facts);
        if !self.asked.may_be_call {
            self.stage = Stage::Other;
            return;
        }
        let encoding = self.asked.content_encoding.as_deref().unwrap_or_default();
        self.request_decoder = Decoder::named(encoding, shared.settings.limits.body_bytes).ok().flatten();
        let named = self.asked.surface();
        let Stage::Candidate(candidate) = &mut self.stage else { return };
        candidate.named = named.map(|(surface, _)| surface);
        let sure = named.filter(|(_, is_sure)| *is_sure).map(|(surface, _)| surface);
        if let Some(surface) = sure.or_else(|| shared.confirmed_as(self.asked.path.as_deref())) {
            self.begin(surface, shared);
        }
    }

    pub(super) fn handle_request_body(&mut self, bytes: Bytes, shared: &mut Shared, room: usize) {
        let bytes = match &mut self.request_decoder {
            None => bytes,
            Some(decoder) => match decoder.decode(&bytes) {
                Ok(decoded) => Bytes::copy_from_slice(decoded),
                // Handed on as it is, it is counted as unreadable.
                Err(_) => bytes,
            },
        };
        match &mut self.stage {
            Stage::Call(exchange) => exchange.handle_request_body(bytes),
            Stage::Candidate(candidate) => {
                let shape = candidate.handle_request_body(bytes, room);
                self.decide(shape, shared);
            }
            Stage::Other => {}
        }
    }

    pub(super) fn handle_request_end(&mut self, shared: &mut Shared) {
        if self.is_request_over {
            return;
        }
        self.is_request_over = true;
        if let Stage::Candidate(candidate) = &mut self.stage
            && self.has_request
        {
            let shape = candidate.handle_request_end();
            self.decide(shape, shared);
        }
    }

    pub(super) fn handle_response_head(&mut self, head: Box<Head>, shared: &mut Shared, at: Duration) {
        self.has_response = true;
        if head.is_partial && head.get("content-encoding").is_none() {
            self.opening = Some(Opening { head: Some(head), at, bytes: Vec::new() });
        } else {
            self.give_response_head(&head, None, shared, at);
        }
    }

    fn give_response_head(&mut self, head: &Head, magic: Option<&'static str>, shared: &mut Shared, at: Duration) {
        let mut kept = head.status.map_or_else(ResponseHead::without_status, ResponseHead::new);
        for (name, value) in &head.fields {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                kept.keep(name, &value);
            }
        }
        if let Some(magic) = magic {
            kept.keep("content-encoding", &HeaderValue::from_static(magic));
        }
        match &mut self.stage {
            Stage::Call(exchange) => exchange.handle_response_head(&kept, at.saturating_sub(self.begun)),
            Stage::Candidate(candidate) => {
                let encoding = head.get("content-encoding").or(magic);
                candidate.handle_response_head(kept, encoding, &shared.settings.limits, at);
            }
            Stage::Other => {}
        }
    }

    pub(super) fn handle_response_body(&mut self, bytes: Bytes, shared: &mut Shared, at: Duration) {
        if !self.has_response && self.response_over.is_none() {
            // The head was missed.
            self.opening = Some(Opening { head: None, at, bytes: Vec::new() });
        }
        self.has_response = true;
        match &mut self.opening {
            None => self.give_response_body(bytes, shared, at),
            Some(opening) => {
                opening.bytes.extend_from_slice(&bytes);
                if !is_beginning_of_magic(&opening.bytes) {
                    self.end_opening(shared, at);
                }
            }
        }
    }

    /// Hands on what was held for the body's first bytes.
    fn end_opening(&mut self, shared: &mut Shared, now: Duration) {
        let Some(Opening { head, at, bytes }) = self.opening.take() else { return };
        let magic = magic(&bytes);
        if head.is_some() || magic.is_some() {
            self.give_response_head(&head.unwrap_or_default(), magic, shared, at);
        }
        if !bytes.is_empty() {
            self.give_response_body(bytes.into(), shared, now);
        }
    }

    fn give_response_body(&mut self, bytes: Bytes, shared: &mut Shared, at: Duration) {
        match &mut self.stage {
            Stage::Call(exchange) => exchange.handle_response_body(bytes, at.saturating_sub(self.begun)),
            Stage::Candidate(candidate) => {
                let is_settled = self.has_request || self.is_request_over;
                let shape = candidate.handle_response_body(bytes, at, is_settled);
                self.decide(shape, shared);
            }
            Stage::Other => {}
        }
    }

    pub(super) fn handle_missing(&mut self, flow: Flow, range: Range<u64>, shared: &mut Shared) {
        self.is_hurt[flow as usize] = true;
        if flow == Flow::Response {
            self.end_opening(shared, self.touched);
        }
        match &mut self.stage {
            Stage::Call(exchange) => exchange.handle_missing(flow, range),
            Stage::Candidate(candidate) => candidate.handle_missing(flow, range),
            Stage::Other => {}
        }
    }

    fn decide(&mut self, shape: Shape, shared: &mut Shared) {
        match shape {
            Shape::Open => {}
            Shape::Foreign => self.stage = Stage::Other,
            Shape::Of(surface) => {
                shared.confirm(self.asked.path.as_deref(), surface);
                self.begin(surface, shared);
            }
        }
    }

    /// It is a call: hands on what was held.
    fn begin(&mut self, surface: &'static dyn Surface, shared: &Shared) {
        let Stage::Candidate(candidate) = std::mem::replace(&mut self.stage, Stage::Other) else { return };
        let head = RequestHead {
            surface,
            server: Arc::clone(&self.asked.server),
            deployment: self.asked.deployment.clone(),
            start: shared.facts.boot + self.begun,
            parent: self.asked.parent.clone(),
            resend_count: self.asked.resend_count,
            scope: self.asked.scope.clone(),
        };
        let mut exchange = Exchange::new(head, Arc::clone(&shared.settings));
        let Candidate { request, response_head, response, missing, .. } = *candidate;
        for bytes in request {
            exchange.handle_request_body(bytes);
        }
        let (of_request, of_response): (Vec<_>, Vec<_>) =
            missing.into_iter().partition(|(flow, _)| *flow == Flow::Request);
        for (flow, range) in of_request {
            exchange.handle_missing(flow, range);
        }
        let since = |at: Duration| at.saturating_sub(self.begun);
        if let Some((head, at)) = response_head {
            exchange.handle_response_head(&head, since(at));
        }
        for (flow, range) in of_response {
            exchange.handle_missing(flow, range);
        }
        for (bytes, at) in response {
            exchange.handle_response_body(bytes, since(at));
        }
        self.stage = Stage::Call(Box::new(exchange));
    }

    /// What it came to, if it was a call.
    pub(super) fn finish(mut self, end: End, at: Duration, shared: &mut Shared) -> Option<Understood> {
        self.end_opening(shared, at);
        if let Stage::Candidate(candidate) = &self.stage
            && candidate.has_response()
        {
            let shape = candidate.shape();
            self.decide(shape, shared);
        }
        let Stage::Call(exchange) = self.stage else { return None };
        let mut understood = exchange.finish(end, at.saturating_sub(self.begun));
        understood.call.side = shared.side;
        if shared.side == Side::Server {
            // Whoever made the call pays for it.
            understood.call.cost = None;
        }
        Some(understood)
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.stage, Stage::Call(_))
    }

    /// Lets go of what is held.
    pub(super) fn drop_held(&mut self) {
        self.stage = Stage::Other;
        self.opening = None;
    }

    pub(super) fn held_bytes(&self) -> usize {
        let held = match &self.stage {
            Stage::Candidate(candidate) => candidate.held_bytes(),
            Stage::Call(exchange) => exchange.held_bytes(),
            Stage::Other => 0,
        };
        held + size_of::<Self>()
    }

    /// Bytes of a request that are held without knowing whether it is a call.
    pub(super) fn unconfirmed_bytes(&self) -> usize {
        match &self.stage {
            Stage::Candidate(candidate) => candidate.request_bytes(),
            _ => 0,
        }
    }
}

/// The first bytes of encoded bodies (RFC 1952 section 2.3.1, RFC 8878 section 3.1.1).
const MAGICS: [(&[u8], &str); 2] = [(&[0x1f, 0x8b], "gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstd")];

/// How a body is encoded whose head doesn't say, by its first bytes.
fn magic(bytes: &[u8]) -> Option<&'static str> {
    MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, coding)| *coding)
}

/// Whether more bytes may show how the body is encoded.
fn is_beginning_of_magic(bytes: &[u8]) -> bool {
    MAGICS.iter().any(|(magic, _)| magic.len() > bytes.len() && magic.starts_with(bytes))
}
