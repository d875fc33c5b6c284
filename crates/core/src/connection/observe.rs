//! A connection: bytes in, calls out.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::sniff::{Found, Piece, Sniff};
use super::stream::{Shared, Stream};
use super::{At, Close, Direction, Facts, Listener, Seen, Verdict};
use crate::event::Side;
use crate::exchange::{End, Settings, TransportError};
use crate::wire::http::{Flow, Head, Said, StreamId};
use crate::wire::http1::Http1;
use crate::wire::http2::Http2;

/// Most exchanges of one connection that are followed at once; the oldest is told as it is beyond.
const STREAMS: usize = 4096;

/// How long an exchange that has missed bytes of its response may be silent: its end may have been among them.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often exchanges are looked at for that.
const SWEEP: Duration = Duration::from_secs(1);

/// HTTP/2's error code of a stream that ended well (RFC 9113 section 7).
const NO_ERROR: u32 = 0;

/// One connection of a process. See the [module](super).
pub struct Connection {
    shared: Shared,
    side: Option<Side>,
    protocol: Protocol,
    streams: BTreeMap<StreamId, Stream>,
    /// When the request began whose head is next.
    request_begun: Option<Duration>,
    /// How many bytes went by in each direction (read, written) before those that were understood.
    skipped: [u64; 2],
    swept: Duration,
    /// What it means that a body ends: with the connection it may be the process that ended it.
    body_end: End,
    seen: VecDeque<Seen>,
    listener: Option<Box<dyn Listener>>,
}

enum Protocol {
    Unknown(Box<Sniff>),
    Http1(Box<Http1>),
    Http2(Box<Http2>),
    NotHttp,
}

impl std::fmt::Debug for Connection {
    /// Without what went over it: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { side, streams, .. } = self;
        f.debug_struct("Connection")
            .field("verdict", &self.verdict())
            .field("side", side)
            .field("streams", &streams.len())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// A connection of which nothing was seen yet.
    #[must_use]
    pub fn new(facts: Facts, settings: Arc<Settings>) -> Self {
        Self {
            protocol: Protocol::Unknown(Box::new(Sniff::new(facts.from_start))),
            shared: Shared::new(facts, settings, Side::Client),
            side: None,
            streams: BTreeMap::new(),
            request_begun: None,
            skipped: [0; 2],
            swept: Duration::ZERO,
            body_end: End::Complete,
            seen: VecDeque::new(),
            listener: None,
        }
    }

    /// Takes in the server's name, for one that comes to be known later.
    pub fn set_server_name(&mut self, name: Box<str>) {
        self.shared.facts.server_name = Some(name);
    }

    /// Takes in the server's port, for one that comes to be known later.
    pub fn set_port(&mut self, port: u16) {
        self.shared.facts.port = Some(port);
    }

    /// Lets `listener` hear every exchange from now on.
    pub fn set_listener(&mut self, mut listener: Box<dyn Listener>) {
        if let Some(side) = self.side {
            listener.side(side);
        }
        self.listener = Some(listener);
    }

    /// The next bytes that went this way.
    pub fn handle_bytes(&mut self, direction: Direction, bytes: Bytes, at: At) {
        if bytes.is_empty() {
            return;
        }
        match &mut self.protocol {
            Protocol::Unknown(sniff) => {
                let found = sniff.handle_bytes(direction, bytes, at);
                self.begin(found);
            }
            Protocol::Http1(_) | Protocol::Http2(_) => self.feed(direction, bytes, at),
            Protocol::NotHttp => {}
        }
        if at.ended.saturating_sub(self.swept) > SWEEP {
            self.handle_timeout(at.ended);
        }
    }

    /// The next `bytes` bytes that went this way were not seen.
    pub fn handle_gap(&mut self, direction: Direction, bytes: u64, at: Duration) {
        if bytes == 0 {
            return;
        }
        match &mut self.protocol {
            Protocol::Unknown(sniff) => return sniff.handle_gap(direction, bytes, at),
            Protocol::Http1(http) => http.handle_gap(flow_of(direction, self.side), bytes),
            Protocol::Http2(http) => http.handle_gap(flow_of(direction, Some(Side::Client)), bytes),
            Protocol::NotHttp => return,
        }
        self.drain(At { begun: at, ended: at });
    }

    /// Time went by: exchanges of which the end was probably missed are ended.
    pub fn handle_timeout(&mut self, now: Duration) {
        self.swept = now;
        let may_be_over = |stream: &Stream| {
            // The answer to a request that missed bytes may take its time.
            let [request, response] = stream.is_hurt;
            response || request && stream.response_over.is_some()
        };
        let is_over = |stream: &Stream| may_be_over(stream) && now.saturating_sub(stream.touched) >= PATIENCE;
        let over: Vec<_> = self.streams.iter().filter(|(_, stream)| is_over(stream)).map(|(id, _)| *id).collect();
        for stream in over {
            self.shared.give_up(stream);
            self.conclude(stream, End::Unobserved, now);
        }
    }

    /// The connection came to its end.
    pub fn handle_close(&mut self, at: Duration, how: Close) {
        // A server that reads its client's end has nobody to answer any more; it isn't the one that failed.
        let is_cut = how == Close::Ended && self.side == Some(Side::Client);
        if !is_cut {
            self.body_end = End::Closed;
        }
        if matches!(how, Close::Freed | Close::Ended) {
            match &mut self.protocol {
                Protocol::Http1(http) => [Flow::Request, Flow::Response].map(|flow| http.handle_close(flow)),
                Protocol::Http2(http) => [Flow::Request, Flow::Response].map(|flow| http.handle_close(flow)),
                Protocol::Unknown(_) | Protocol::NotHttp => [(); 2],
            };
            self.drain(At { begun: at, ended: at });
        }
        let left: Vec<_> = self.streams.iter().map(|(id, stream)| (*id, stream.has_response)).collect();
        for (stream, has_response) in left {
            let end = match (how, has_response) {
                (Close::CaptureStopped, _) => End::Unobserved,
                (Close::Ended, _) if is_cut => End::Failed(TransportError::Connection),
                (_, true) => End::Dropped,
                (_, false) => End::Unanswered,
            };
            self.conclude(stream, end, at);
        }
        self.protocol = Protocol::NotHttp;
    }

    /// The next call that has ended.
    pub fn poll(&mut self) -> Option<Seen> {
        self.seen.pop_front()
    }

    /// What the connection is, as far as is known.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.protocol {
            Protocol::Unknown(_) => Verdict::Unknown,
            Protocol::Http1(_) | Protocol::Http2(_) => Verdict::Http,
            Protocol::NotHttp => Verdict::NotHttp,
        }
    }

    /// Which end the process is, once it is known.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        self.side
    }

    /// How many calls are under way.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        self.streams.values().filter(|stream| stream.is_call()).count()
    }

    /// Bytes that are held for later.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let wire = match &self.protocol {
            Protocol::Unknown(sniff) => sniff.held_bytes(),
            Protocol::Http1(http) => http.held_bytes(),
            Protocol::Http2(http) => http.held_bytes(),
            Protocol::NotHttp => 0,
        };
        wire + self.streams.values().map(Stream::held_bytes).sum::<usize>()
    }

    /// Drops all calls that are under way, and what may become calls: how many, and how many bytes they held. What the
    /// connection says later is understood as before.
    pub fn shed(&mut self) -> (usize, usize) {
        let before = self.held_bytes();
        let calls = self.open_calls();
        self.streams.values_mut().for_each(Stream::drop_held);
        (calls, before.saturating_sub(self.held_bytes()))
    }

    fn begin(&mut self, found: Found) {
        let Protocol::Unknown(sniff) = &mut self.protocol else { return };
        let is_from_start = sniff.is_from_start();
        let skipped = sniff.let_go();
        let pieces = match found {
            Found::Nothing => return,
            _ => sniff.take(),
        };
        self.skipped = skipped;
        match found {
            Found::Nothing => {}
            Found::NotHttp => {
                self.protocol = Protocol::NotHttp;
                return;
            }
            Found::Http1(side) => {
                let http = if is_from_start { Http1::new() } else { Http1::from_the_middle() };
                self.protocol = Protocol::Http1(Box::new(http));
                self.set_side(side);
            }
            Found::Http2 => self.protocol = Protocol::Http2(Box::default()),
        }
        for piece in pieces {
            match piece {
                Piece::Bytes(direction, bytes, at) => self.feed(direction, bytes, at),
                Piece::Gap(direction, bytes, at) => self.handle_gap(direction, bytes, at),
            }
        }
    }

    fn set_side(&mut self, side: Side) {
        if self.side.replace(side) == Some(side) {
            return;
        }
        self.shared.side = side;
        if let Some(listener) = &mut self.listener {
            listener.side(side);
        }
    }

    fn feed(&mut self, direction: Direction, bytes: Bytes, at: At) {
        match &mut self.protocol {
            Protocol::Http1(http) => {
                let flow = flow_of(direction, self.side);
                if flow == Flow::Request && http.is_between(flow) {
                    self.request_begun = Some(self.started(at));
                }
                if let Protocol::Http1(http) = &mut self.protocol {
                    http.handle_bytes(flow, bytes);
                }
            }
            // Which way is which is found out by the decoder.
            Protocol::Http2(http) => http.handle_bytes(flow_of(direction, Some(Side::Client)), bytes),
            Protocol::Unknown(_) | Protocol::NotHttp => return,
        }
        self.drain(at);
    }

    /// When a request began whose first bytes were handed over like this.
    fn started(&self, at: At) -> Duration {
        match self.side {
            // A read may have waited for the request.
            Some(Side::Server) => at.ended,
            Some(Side::Client) | None => at.begun,
        }
    }

    fn drain(&mut self, at: At) {
        if let Protocol::Http2(http) = &self.protocol
            && self.side.is_none()
            && let Some(is_swapped) = http.is_swapped()
        {
            self.set_side(if is_swapped { Side::Server } else { Side::Client });
        }
        loop {
            let said = match &mut self.protocol {
                Protocol::Http1(http) => http.poll(),
                Protocol::Http2(http) => http.poll(),
                Protocol::Unknown(_) | Protocol::NotHttp => None,
            };
            let Some(said) = said else { return };
            self.handle_said(said, at);
        }
    }

    fn handle_said(&mut self, said: Said, at: At) {
        let now = at.ended;
        match said {
            Said::Head { stream, flow, head } => {
                if let Some(listener) = &mut self.listener {
                    listener.head(stream, flow, &head);
                }
                self.handle_head(stream, flow, head, at);
            }
            Said::Body { stream, flow, bytes } => {
                if let Some(listener) = &mut self.listener {
                    listener.body(stream, flow, &bytes);
                }
                let is_call = self.streams.get(&stream).is_some_and(Stream::is_call);
                let room = if flow == Flow::Request && !is_call { self.room() } else { 0 };
                let Some(stream) = stream_at(&mut self.streams, &self.shared, stream, now) else { return };
                match flow {
                    Flow::Request => stream.handle_request_body(bytes, &mut self.shared, room),
                    Flow::Response => stream.handle_response_body(bytes, &mut self.shared, now),
                }
            }
            Said::Lost { stream, flow, range } => {
                let skipped = self.skipped[direction_of(flow, self.side) as usize];
                let range = range.start + skipped..range.end + skipped;
                if let Some(stream) = stream_at(&mut self.streams, &self.shared, stream, now) {
                    stream.handle_missing(flow, range, &mut self.shared);
                }
            }
            Said::End { stream, flow } => self.handle_end(stream, flow, at),
            Said::Reset { stream, by, code } => self.handle_reset(stream, by, code, now),
            Said::Upgraded { stream } => {
                self.streams.remove(&stream);
                // In HTTP/2 a stream becomes something else, in HTTP/1 the connection does.
                if let Protocol::Http1(_) = self.protocol {
                    self.protocol = Protocol::NotHttp;
                }
            }
        }
    }

    fn handle_head(&mut self, id: StreamId, flow: Flow, head: Box<Head>, at: At) {
        let begun = match flow {
            Flow::Request => self.request_begun.take().unwrap_or_else(|| self.started(at)),
            Flow::Response => at.ended,
        };
        let is_new = !self.streams.contains_key(&id);
        let is_http2 = matches!(self.protocol, Protocol::Http2(_));
        if is_new
            && self.streams.len() >= STREAMS
            && let Some((&oldest, _)) = self.streams.first_key_value()
        {
            self.handle_reset(oldest, flow, None, at.ended);
        }
        let Some(stream) = stream_at(&mut self.streams, &self.shared, id, begun) else { return };
        match flow {
            Flow::Request => {
                stream.begun = stream.begun.min(begun);
                stream.handle_request_head(&head, &self.shared);
            }
            Flow::Response => {
                // Joined in the middle, its request is none that will come.
                stream.is_request_over |= is_new && is_http2;
                stream.handle_response_head(head, &mut self.shared, at.ended);
            }
        }
    }

    fn handle_end(&mut self, id: StreamId, flow: Flow, at: At) {
        if flow == Flow::Request {
            self.request_begun = Some(self.started(at));
        }
        let is_http2 = matches!(self.protocol, Protocol::Http2(_));
        let Some(stream) = self.streams.get_mut(&id) else {
            self.tell_end(id, flow, true);
            return;
        };
        stream.touched = at.ended;
        let is_complete = !stream.is_hurt[flow as usize];
        match flow {
            Flow::Request => stream.handle_request_end(&mut self.shared),
            Flow::Response => {
                let end = self.body_end;
                stream.response_over.get_or_insert((end, at.ended));
            }
        }
        // In HTTP/2 the end of a request that missed bytes may have been among them.
        let is_request_over = stream.is_request_over || is_http2 && stream.is_hurt[Flow::Request as usize];
        let is_over = stream.response_over.is_some() && is_request_over;
        self.tell_end(id, flow, is_complete);
        if is_over {
            self.conclude(id, End::Complete, at.ended);
        }
    }

    fn handle_reset(&mut self, id: StreamId, by: Flow, code: Option<u32>, now: Duration) {
        self.tell_end(id, by, false);
        self.shared.give_up(id);
        let Some(stream) = self.streams.get(&id) else { return };
        let end = match (by, code) {
            // It makes no sense to us, or isn't known.
            (_, None) => End::Unobserved,
            (Flow::Request, _) if stream.has_response => End::Dropped,
            (Flow::Request, _) => End::Unanswered,
            (Flow::Response, Some(NO_ERROR)) if stream.response_over.is_some() => End::Complete,
            (Flow::Response, _) => End::Failed(TransportError::Connection),
        };
        self.conclude(id, end, now);
    }

    fn tell_end(&mut self, stream: StreamId, flow: Flow, is_complete: bool) {
        if let Some(listener) = &mut self.listener {
            listener.end(stream, flow, is_complete);
        }
    }

    /// The exchange is over.
    fn conclude(&mut self, id: StreamId, end: End, now: Duration) {
        let Some(mut stream) = self.streams.remove(&id) else { return };
        let (end, ended) = stream.response_over.unwrap_or((end, now));
        let begun = stream.begun;
        let authority = stream.asked.authority.take();
        let Some(understood) = stream.finish(end, ended, &mut self.shared) else { return };
        let request_id = understood.call.response.request_id.clone();
        let side = self.shared.side;
        self.seen.push_back(Seen { understood, side, stream: id, begun, ended, request_id, authority });
    }

    /// How many bytes of one more request may be held without knowing that it is one of a call.
    fn room(&self) -> usize {
        let held: usize = self.streams.values().map(Stream::unconfirmed_bytes).sum();
        self.shared.settings.limits.body_bytes.saturating_sub(held)
    }
}

/// The exchange of that number, a new one if it wasn't known; `None` beyond the limit.
fn stream_at<'a>(
    streams: &'a mut BTreeMap<StreamId, Stream>,
    shared: &Shared,
    id: StreamId,
    now: Duration,
) -> Option<&'a mut Stream> {
    if !streams.contains_key(&id) && (streams.len() >= STREAMS || shared.is_given_up(id)) {
        return None;
    }
    let stream = streams.entry(id).or_insert_with(|| Stream::new(now, shared));
    stream.touched = stream.touched.max(now);
    Some(stream)
}

fn flow_of(direction: Direction, side: Option<Side>) -> Flow {
    match (direction, side) {
        (Direction::Write, Some(Side::Server)) | (Direction::Read, Some(Side::Client) | None) => Flow::Response,
        (Direction::Read, Some(Side::Server)) | (Direction::Write, Some(Side::Client) | None) => Flow::Request,
    }
}

fn direction_of(flow: Flow, side: Option<Side>) -> Direction {
    match (flow, side) {
        (Flow::Request, Some(Side::Server)) | (Flow::Response, Some(Side::Client) | None) => Direction::Read,
        (Flow::Response, Some(Side::Server)) | (Flow::Request, Some(Side::Client) | None) => Direction::Write,
    }
}
