//! Both directions of one connection, and which response belongs to which request.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::Bytes;

use super::framing::{Chunk, Framing, Gap, Step};
use super::head::{Frames, Gathering, Progress, Read};
use super::start::{Looks, START_LINE_BYTES, looks};
use crate::wire::http::{Flow, Said, StreamId};

/// Most requests that wait for their response, or responses for their request; the oldest is given up beyond.
const OUTSTANDING: usize = 1024;

/// An HTTP/1 connection, both directions of it: what a response's bytes mean depends on its request.
pub struct Http1 {
    pub(super) request: Half,
    pub(super) response: Half,
    /// Requests whose response has not begun, oldest first.
    pub(super) outstanding: VecDeque<Asked>,
    /// Responses whose request has not been seen, oldest first.
    pub(super) unasked: VecDeque<StreamId>,
    /// What was last not seen of the requests, until all that was asked has its response: more requests may have been
    /// there than the one that is told of.
    pub(super) hole: Option<Range<u64>>,
    pub(super) next: u64,
    /// Requests are sent before the responses to earlier ones came: order alone tells what belongs together.
    pub(super) is_pipelined: bool,
    pub(super) said: VecDeque<Said>,
    pub(super) said_bytes: usize,
}

impl std::fmt::Debug for Http1 {
    /// Without what it holds: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http1").field("held_bytes", &self.held_bytes()).finish_non_exhaustive()
    }
}

/// One direction.
#[derive(Debug)]
pub(super) struct Half {
    /// How many bytes went this way, seen or not.
    pub(super) offset: u64,
    pub(super) state: State,
    /// What was last not seen, while it isn't known again where messages begin. Empty: there was nothing that is known
    /// to be missing, and still we are lost (joined in the middle, or it made no sense).
    pub(super) gap: Option<Range<u64>>,
    /// A message ended in the piece that is being taken in.
    pub(super) has_ended: bool,
}

#[derive(Debug)]
pub(super) enum State {
    /// Between messages, or in the first line and fields of one.
    Head(Gathering),
    Body(StreamId, Framing),
    /// Where the next message begins isn't known. The message that this happened to, and bytes in which one may begin.
    Search(Option<StreamId>, Vec<u8>),
    /// Behind a CONNECT that has no answer yet.
    Tunnel,
    /// Another protocol.
    Upgraded,
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) stream: StreamId,
    pub(super) method: Method,
    /// It is known that bytes of its response are missing.
    pub(super) is_hurt: bool,
    /// The request itself will not be seen.
    pub(super) is_unseen: bool,
}

impl Asked {
    pub(super) fn new(stream: StreamId, method: Method) -> Self {
        Self { stream, method, is_hurt: false, is_unseen: false }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Head,
    Connect,
    Other,
}

impl Half {
    fn new() -> Self {
        Self { offset: 0, state: State::between(), gap: None, has_ended: false }
    }

    fn held_bytes(&self) -> usize {
        match &self.state {
            State::Head(gathering) => gathering.held_bytes(),
            State::Body(_, framing) => framing.held_bytes(),
            State::Search(_, tail) => tail.capacity(),
            State::Tunnel | State::Upgraded => 0,
        }
    }
}

impl State {
    pub(super) fn between() -> Self {
        Self::Head(Gathering::default())
    }
}

impl Default for Http1 {
    fn default() -> Self {
        Self::new()
    }
}

impl Http1 {
    /// A connection of which nothing was seen yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            request: Half::new(),
            response: Half::new(),
            outstanding: VecDeque::new(),
            unasked: VecDeque::new(),
            hole: None,
            next: 0,
            is_pipelined: false,
            said: VecDeque::new(),
            said_bytes: 0,
        }
    }

    /// A connection that was there before us: a response may come whose request was never seen.
    #[must_use]
    pub fn from_the_middle() -> Self {
        let mut connection = Self::new();
        for half in [&mut connection.request, &mut connection.response] {
            half.gap = Some(0..0);
            half.state = State::Search(None, Vec::new());
        }
        connection.hole = Some(0..0);
        connection
    }

    /// The next bytes that went this way.
    pub fn handle_bytes(&mut self, flow: Flow, mut bytes: Bytes) {
        let half = self.half(flow);
        half.offset += bytes.len() as u64;
        half.has_ended = false;
        while !bytes.is_empty() {
            self.step(flow, &mut bytes);
        }
    }

    /// The next `bytes` bytes that went this way were not seen.
    pub fn handle_gap(&mut self, flow: Flow, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let half = self.half(flow);
        half.has_ended = false;
        let start = half.offset;
        half.offset += bytes;
        let mut missing = start..half.offset;
        if let State::Body(stream, framing) = &mut half.state {
            let stream = *stream;
            match framing.gap(bytes) {
                Gap::Within => return self.lose(stream, flow, missing),
                Gap::Ended(len) => {
                    let end = start + len;
                    self.lose(stream, flow, start..end);
                    self.end(stream, flow);
                    missing.start = end;
                    if missing.is_empty() {
                        return;
                    }
                }
                Gap::Unframed => {
                    self.lose(stream, flow, missing.clone());
                    // Whether the message went on behind the gap can be known if the other side had something to say
                    // since: then it was over.
                    let is_over = match flow {
                        Flow::Response => !self.is_pipelined && !self.outstanding.is_empty(),
                        Flow::Request => !self.outstanding.iter().any(|asked| asked.stream == stream),
                    };
                    self.lose_count(flow, missing);
                    if is_over {
                        self.search(flow, Some(stream), Vec::new());
                    }
                    return;
                }
            }
        }
        self.lose_head(flow, missing);
    }

    /// Nothing more will go this way.
    pub fn handle_close(&mut self, flow: Flow) {
        match std::mem::replace(&mut self.half(flow).state, State::between()) {
            State::Body(stream, Framing::UntilClose) => self.end(stream, flow),
            State::Search(Some(stream), _) => self.say(Said::End { stream, flow }),
            state => self.half(flow).state = state,
        }
    }

    /// The next thing that was said.
    pub fn poll(&mut self) -> Option<Said> {
        let said = self.said.pop_front();
        if let Some(Said::Body { bytes, .. }) = &said {
            self.said_bytes -= bytes.len();
        }
        said
    }

    /// Bytes that are held for later.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let waiting = (self.outstanding.len() + self.unasked.len() + self.said.len()) * size_of::<Said>();
        self.request.held_bytes() + self.response.held_bytes() + self.said_bytes + waiting
    }

    /// Whether the next byte that goes this way begins a message, as far as is known.
    pub(crate) fn is_between(&self, flow: Flow) -> bool {
        let half = match flow {
            Flow::Request => &self.request,
            Flow::Response => &self.response,
        };
        match &half.state {
            State::Head(gathering) => gathering.bytes().is_empty(),
            State::Search(..) => true,
            State::Body(..) | State::Tunnel | State::Upgraded => false,
        }
    }

    pub(super) fn half(&mut self, flow: Flow) -> &mut Half {
        match flow {
            Flow::Request => &mut self.request,
            Flow::Response => &mut self.response,
        }
    }

    pub(super) fn say(&mut self, said: Said) {
        if let Said::Body { bytes, .. } = &said {
            self.said_bytes += bytes.len();
        }
        self.said.push_back(said);
    }

    pub(super) fn lose(&mut self, stream: StreamId, flow: Flow, range: Range<u64>) {
        if !range.is_empty() {
            self.say(Said::Lost { stream, flow, range });
        }
    }

    /// The message ended, and the next one begins.
    fn end(&mut self, stream: StreamId, flow: Flow) {
        let half = self.half(flow);
        half.state = State::between();
        half.has_ended = true;
        half.gap = None;
        self.say(Said::End { stream, flow });
    }

    /// Looks for the next message.
    fn search(&mut self, flow: Flow, owner: Option<StreamId>, tail: Vec<u8>) {
        let half = self.half(flow);
        if half.gap.is_none() {
            let nothing = half.offset..half.offset;
            self.lose_count(flow, nothing);
        }
        self.half(flow).state = State::Search(owner, tail);
    }

    fn step(&mut self, flow: Flow, bytes: &mut Bytes) {
        let half = match flow {
            Flow::Request => &mut self.request,
            Flow::Response => &mut self.response,
        };
        match &mut half.state {
            State::Head(_) => self.step_head(flow, bytes),
            State::Body(stream, framing) => {
                let stream = *stream;
                match framing.step(bytes) {
                    Step::More => {}
                    Step::Body(bytes) => {
                        self.say(Said::Body { stream, flow, bytes });
                        self.end_if_over(flow);
                    }
                    Step::End => self.end(stream, flow),
                    Step::Broken(held) => {
                        // Behind a gap it went on elsewhere. Without one nobody could read on.
                        if self.half(flow).gap.is_none() {
                            self.give_up(stream, flow, held);
                        } else {
                            self.search(flow, Some(stream), held);
                        }
                    }
                }
            }
            State::Search(..) => self.step_search(flow, bytes),
            State::Tunnel | State::Upgraded => bytes.clear(),
        }
    }

    /// A body of a known length ends with its last byte, not with the next message's first.
    fn end_if_over(&mut self, flow: Flow) {
        if let State::Body(stream, Framing::Length(0)) = &self.half(flow).state {
            let stream = *stream;
            self.end(stream, flow);
        }
    }

    fn step_head(&mut self, flow: Flow, bytes: &mut Bytes) {
        let State::Head(gathering) = &mut self.half(flow).state else { return };
        if gathering.bytes().is_empty() {
            // RFC 9112 section 2.2: an empty line before a message is passed over.
            let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            let _ = bytes.split_to(blank);
            if bytes.is_empty() {
                return;
            }
        }
        if looks(gathering.bytes(), flow) != Looks::Like {
            let known = gathering.bytes().len();
            let first_line = if known == 0 {
                looks(bytes, flow)
            } else {
                let more = bytes.len().min(START_LINE_BYTES);
                looks(&[gathering.bytes(), &bytes[..more]].concat(), flow)
            };
            if first_line == Looks::Unlike {
                let held = std::mem::take(gathering).into_bytes();
                return self.search(flow, None, held);
            }
        }
        let progress = gathering.take(bytes);
        if progress == Progress::More {
            return;
        }
        let State::Head(gathering) = std::mem::replace(&mut self.half(flow).state, State::between()) else { return };
        let is_whole = progress == Progress::Whole;
        let Some(read) = gathering.read(flow, is_whole) else { return self.search(flow, None, Vec::new()) };
        match flow {
            Flow::Request => self.begin_request(read, is_whole),
            Flow::Response => self.begin_response(read, is_whole),
        }
    }

    fn begin_request(&mut self, read: Read, is_whole: bool) {
        let flow = Flow::Request;
        let method = match read.head.method.as_deref() {
            Some("HEAD") => Method::Head,
            Some("CONNECT") => Method::Connect,
            _ => Method::Other,
        };
        self.is_pipelined |= self.request.has_ended && !self.outstanding.is_empty();
        self.settle_response();
        self.hole.take_if(|_| self.outstanding.is_empty());
        let stream = self.asking(method);
        self.request.gap = None;
        let frames = read.frames(flow, method != Method::Connect);
        self.say(Said::Head { stream, flow, head: Box::new(read.head) });
        self.begin_body(stream, flow, if is_whole { frames } else { Frames::Unclear });
        if method == Method::Connect {
            self.request.state = State::Tunnel;
        }
    }

    fn begin_response(&mut self, read: Read, is_whole: bool) {
        let flow = Flow::Response;
        let status = read.head.status.unwrap_or_default();
        if (100..200).contains(&status) && status != 101 {
            return;
        }
        let asked = self.answered();
        if status == 101 || (asked.method == Method::Connect && (200..300).contains(&status)) {
            self.say(Said::Head { stream: asked.stream, flow, head: Box::new(read.head) });
            self.say(Said::Upgraded { stream: asked.stream });
            self.request.state = State::Upgraded;
            self.response.state = State::Upgraded;
            return;
        }
        if let (Method::Connect, State::Tunnel) = (asked.method, &self.request.state) {
            self.request.state = State::between();
        }
        let has_body = asked.method != Method::Head && !matches!(status, 204 | 304);
        let frames = read.frames(flow, has_body);
        self.say(Said::Head { stream: asked.stream, flow, head: Box::new(read.head) });
        self.end_unseen(&asked);
        self.begin_body(asked.stream, flow, if is_whole { frames } else { Frames::Unclear });
    }

    fn begin_body(&mut self, stream: StreamId, flow: Flow, frames: Frames) {
        match frames {
            Frames::None => self.end(stream, flow),
            Frames::By(framing) => self.half(flow).state = State::Body(stream, framing),
            Frames::Unclear => self.give_up(stream, flow, Vec::new()),
        }
    }

    /// A message makes no sense. One that breaks a response breaks its exchange; a request has an answer all the same.
    fn give_up(&mut self, stream: StreamId, flow: Flow, held: Vec<u8>) {
        match flow {
            Flow::Request => self.search(flow, Some(stream), held),
            Flow::Response => {
                self.say(Said::Reset { stream, by: flow, code: None });
                self.search(flow, None, held);
            }
        }
    }

    fn allot(&mut self) -> StreamId {
        let stream = StreamId(self.next);
        self.next += 1;
        stream
    }

    /// The exchange of a request that begins.
    pub(super) fn asking(&mut self, method: Method) -> StreamId {
        // A response may have been handed to us before its request.
        if self.request.gap.is_none()
            && let Some(stream) = self.unasked.pop_front()
        {
            return stream;
        }
        let stream = self.allot();
        if self.outstanding.len() >= OUTSTANDING
            && let Some(Asked { stream, .. }) = self.outstanding.pop_front()
        {
            self.say(Said::Reset { stream, by: Flow::Response, code: None });
        }
        self.outstanding.push_back(Asked::new(stream, method));
        stream
    }

    /// A client that doesn't pipeline has had what it gets of earlier responses when it sends a request.
    pub(super) fn settle_response(&mut self) {
        let flow = Flow::Response;
        if self.is_pipelined {
            return;
        }
        let owner = match &mut self.response.state {
            State::Search(owner, _) => owner.take(),
            State::Body(stream, Framing::Chunked(Chunk::Resume(held))) => {
                let (stream, held) = (*stream, std::mem::take(held));
                self.search(flow, None, held);
                Some(stream)
            }
            // Without a length it seemed to go on until the connection ends: nobody asks for more on such a connection.
            State::Body(stream, Framing::UntilClose) => {
                let stream = *stream;
                self.response.state = State::between();
                Some(stream)
            }
            _ => None,
        };
        if let Some(stream) = owner {
            self.say(Said::End { stream, flow });
        }
        while let Some(&Asked { stream, is_hurt: true, .. }) = self.outstanding.front() {
            self.outstanding.pop_front();
            self.say(Said::End { stream, flow });
        }
    }

    /// The request that a response belongs to.
    pub(super) fn answered(&mut self) -> Asked {
        match self.response.gap.take().filter(|gap| !gap.is_empty()) {
            None => self.is_pipelined |= self.outstanding.len() > 1,
            Some(gap) => self.pass_over(&gap),
        }
        self.outstanding.pop_front().unwrap_or_else(|| self.unasked())
    }

    /// Ends the exchanges whose responses must have been among what is missing: a client that doesn't pipeline has had
    /// the responses to all but its last request.
    pub(super) fn pass_over(&mut self, gap: &Range<u64>) {
        let flow = Flow::Response;
        while !self.is_pipelined && self.outstanding.len() > 1 {
            let Some(Asked { stream, is_hurt, .. }) = self.outstanding.pop_front() else { return };
            if !is_hurt {
                self.lose(stream, flow, gap.clone());
            }
            self.say(Said::End { stream, flow });
        }
    }

    /// The exchange of a response whose request was not seen (yet).
    pub(super) fn unasked(&mut self) -> Asked {
        let stream = self.allot();
        let mut asked = Asked::new(stream, Method::Other);
        match self.hole.clone() {
            // Its request was among what is known to be missing.
            Some(gap) => {
                self.lose(stream, Flow::Request, gap);
                asked.is_unseen = true;
            }
            None => {
                if self.unasked.len() >= OUTSTANDING
                    && let Some(stream) = self.unasked.pop_front()
                {
                    self.say(Said::Reset { stream, by: Flow::Request, code: None });
                }
                self.unasked.push_back(stream);
            }
        }
        asked
    }

    /// Says of an exchange whose response has begun that its request won't come.
    pub(super) fn end_unseen(&mut self, asked: &Asked) {
        if asked.is_unseen {
            self.say(Said::End { stream: asked.stream, flow: Flow::Request });
        }
    }
}
