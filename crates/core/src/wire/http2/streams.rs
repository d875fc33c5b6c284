//! The streams of a connection: which message each frame belongs to, and what that says.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use bytes::Bytes;

use super::super::http::{Flow, Head, Said, StreamId};
use super::direction::Heard;
use super::sections::Sections;

/// Streams that are open at one time; beyond it the oldest one is given up.
pub const STREAM_LIMIT: usize = 4096;

/// Streams that were reset lately, of which more may come that was under way.
const KEPT_RESETS: usize = 128;

/// Which half of a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Half {
    /// Nothing came.
    #[default]
    Idle,
    /// Its head came, or something of its body.
    Open,
    /// Its end came.
    Ended,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stream {
    /// By flow.
    halves: [Half; 2],
    /// By flow: a loss was told of.
    is_hurt: [bool; 2],
    /// A response's head without its status: it may be of an interim response.
    unclear: Option<Box<Head>>,
    tunnel: Tunnel,
}

/// CONNECT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tunnel {
    #[default]
    None,
    Asked,
    Open,
}

/// Frames were lost.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Blind {
    range: Range<u64>,
    /// The highest stream that a request had before. Higher ones began in the lost bytes if they were never seen to.
    highest: u32,
}

/// The streams of a connection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Streams {
    open: BTreeMap<u32, Stream>,
    /// The highest stream that a request had.
    highest: u32,
    /// By flow: the last frames that were lost.
    blind: [Option<Blind>; 2],
    /// The last stream that the server looks at.
    last: Option<(u32, u32)>,
    resets: VecDeque<u32>,
    said: VecDeque<Said>,
    said_bytes: usize,
}

pub(super) fn index(flow: Flow) -> usize {
    match flow {
        Flow::Request => 0,
        Flow::Response => 1,
    }
}

impl Streams {
    pub(super) fn poll(&mut self) -> Option<Said> {
        let said = self.said.pop_front()?;
        if let Said::Body { bytes, .. } = &said {
            self.said_bytes -= bytes.len();
        }
        Some(said)
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.said_bytes
            + self.said.len() * size_of::<Said>()
            + self.open.len() * size_of::<(u32, Stream)>()
            + self.resets.len() * size_of::<u32>()
    }

    /// Whether something of that message is still to come.
    pub(super) fn is_open(&self, flow: Flow, stream: u32) -> bool {
        self.open.get(&stream).is_some_and(|stream| stream.expects(flow))
    }

    /// What was taken for the one flow is the other one. Nothing was said until now.
    pub(super) fn swap(&mut self) {
        self.blind.reverse();
    }

    /// Frames were lost before it was known which flow they were of, or were of that flow.
    pub(super) fn handle_loss(&mut self, flow: Flow, heard: &Heard) {
        match heard {
            Heard::LostFrames { range } => {
                let expecting: Vec<u32> =
                    self.open.iter().filter(|(_, stream)| stream.expects(flow)).map(|(id, _)| *id).collect();
                for stream in expecting {
                    self.lose(flow, stream, range.clone());
                }
                self.blind[index(flow)] = Some(Blind { range: range.clone(), highest: self.highest });
            }
            Heard::Joined { range } => {
                self.blind[index(flow)] = Some(Blind { range: range.clone(), highest: u32::MAX });
            }
            _ => {}
        }
    }

    pub(super) fn handle(&mut self, flow: Flow, heard: Heard) {
        match heard {
            Heard::Preface => {}
            Heard::LostFrames { .. } | Heard::Joined { .. } => self.handle_loss(flow, &heard),
            Heard::GoAway { last, code } => self.handle_goaway(flow, last, code),
            // Streams with even numbers are pushed by the server: an answer to nothing that was asked.
            Heard::Block { stream, .. }
            | Heard::Data { stream, .. }
            | Heard::EndStream { stream }
            | Heard::Lost { stream, .. }
            | Heard::Reset { stream, .. }
                if stream.is_multiple_of(2) => {}
            Heard::Block { stream, sections, ends_stream } => self.handle_block(flow, stream, sections, ends_stream),
            Heard::Data { stream, bytes } => self.handle_data(flow, stream, bytes),
            Heard::EndStream { stream } => {
                if self.continues(flow, stream) {
                    self.end(flow, stream);
                }
            }
            Heard::Lost { stream, range } => {
                if !self.open.contains_key(&stream) && !self.resets.contains(&stream) && stream > self.highest {
                    self.begin(stream);
                }
                self.lose(flow, stream, range);
            }
            Heard::Reset { stream, code } => self.reset(stream, flow, code),
        }
    }

    /// No more will come of that flow.
    pub(super) fn handle_close(&mut self, flow: Flow) {
        if flow == Flow::Response {
            let unclear: Vec<u32> =
                self.open.iter().filter(|(_, stream)| stream.unclear.is_some()).map(|(id, _)| *id).collect();
            for stream in unclear {
                self.settle(stream);
            }
        }
    }

    fn handle_block(&mut self, flow: Flow, id: u32, sections: Sections, ends_stream: bool) {
        if !self.open.contains_key(&id) {
            if !self.may_begin(flow, id, &sections) {
                return;
            }
            self.begin(id);
            if flow == Flow::Response
                && let Some(range) = self.began_unseen(Flow::Request, id)
            {
                self.lose(Flow::Request, id, range);
            }
        }
        let Some(stream) = self.open.get_mut(&id) else { return };
        if stream.unclear.is_some() {
            if ends_stream && sections.are_of().is_none() {
                self.end(flow, id);
                return;
            }
            // Only a head follows a head: the one before was of an interim response.
            stream.unclear = None;
            stream.halves[index(flow)] = Half::Idle;
        }
        match stream.halves[index(flow)] {
            Half::Idle if sections.are_trailers() => {
                if ends_stream && self.continues(flow, id) {
                    self.end(flow, id);
                }
            }
            Half::Idle => self.handle_head(flow, id, sections, ends_stream),
            // Trailers.
            Half::Open if ends_stream => self.end(flow, id),
            Half::Open | Half::Ended => {}
        }
    }

    /// Whether a header block on a stream that isn't open begins a message.
    fn may_begin(&self, flow: Flow, id: u32, sections: &Sections) -> bool {
        if self.resets.contains(&id) || sections.are_trailers() {
            return false;
        }
        // Without a pseudo-header field that is known it may be the trailers of a stream from before our time.
        sections.are_of().is_some()
            || match flow {
                Flow::Request => id > self.highest,
                Flow::Response => self.began_unseen(Flow::Request, id).is_some(),
            }
    }

    fn handle_head(&mut self, flow: Flow, id: u32, sections: Sections, ends_stream: bool) {
        let Some(stream) = self.open.get_mut(&id) else { return };
        if flow == Flow::Request {
            // A stream number that was no real one must not hide the requests after it.
            self.highest = if sections.are_of().is_some() { id } else { self.highest.max(id) };
            if sections.asks_for_tunnel() {
                stream.tunnel = Tunnel::Asked;
            }
        } else if sections.is_informational() && !ends_stream {
            return;
        }
        stream.halves[index(flow)] = Half::Open;
        let head = Box::new(sections.into_head());
        if flow == Flow::Response && head.status.is_none() && !ends_stream {
            stream.unclear = Some(head);
            return;
        }
        let opens_tunnel = flow == Flow::Response
            && stream.tunnel == Tunnel::Asked
            && head.status.is_some_and(|status| status / 100 == 2);
        self.say(Said::Head { stream: StreamId(id.into()), flow, head });
        if opens_tunnel {
            self.say(Said::Upgraded { stream: StreamId(id.into()) });
            if let Some(stream) = self.open.get_mut(&id) {
                stream.tunnel = Tunnel::Open;
            }
        }
        if ends_stream {
            self.end(flow, id);
        }
        if let (Flow::Request, Some((last, code))) = (flow, self.last)
            && id > last
        {
            self.reset(id, Flow::Response, Some(code));
        }
    }

    fn handle_data(&mut self, flow: Flow, id: u32, bytes: Bytes) {
        if !bytes.is_empty() && self.continues(flow, id) {
            self.said_bytes += bytes.len();
            self.say(Said::Body { stream: StreamId(id.into()), flow, bytes });
        }
    }

    /// Whether what comes now is of a message that is told of. If its head was lost that is said first.
    fn continues(&mut self, flow: Flow, id: u32) -> bool {
        self.settle(id);
        let (half, is_hurt, is_asked, tunnel) = match self.open.get(&id) {
            Some(stream) => (
                stream.halves[index(flow)],
                stream.is_hurt[index(flow)],
                stream.halves[index(Flow::Request)] != Half::Idle,
                stream.tunnel,
            ),
            None if self.resets.contains(&id) => return false,
            None => Default::default(),
        };
        if half == Half::Idle && !is_hurt {
            // The head of an answer was lost if we know the question; any other message may have begun before us.
            let blind = self.blind[index(flow)].as_ref().filter(|_| flow == Flow::Response && is_asked);
            let Some(lost) = blind.map(|blind| blind.range.clone()).or_else(|| self.began_unseen(flow, id)) else {
                return false;
            };
            if !self.open.contains_key(&id) {
                self.begin(id);
            }
            self.lose(flow, id, lost);
        }
        if let (Half::Idle, Some(stream)) = (half, self.open.get_mut(&id)) {
            stream.halves[index(flow)] = Half::Open;
        }
        half != Half::Ended && tunnel == Tunnel::None
    }

    /// Where the beginning of a message was lost, if that is why it was never seen.
    fn began_unseen(&self, flow: Flow, id: u32) -> Option<Range<u64>> {
        let blind = self.blind[index(flow)].as_ref()?;
        (id > blind.highest).then(|| blind.range.clone())
    }

    fn begin(&mut self, id: u32) {
        if self.open.len() >= STREAM_LIMIT
            && let Some(oldest) = self.open.keys().next().copied()
        {
            self.reset(oldest, Flow::Request, None);
        }
        self.open.insert(id, Stream::default());
    }

    fn end(&mut self, flow: Flow, id: u32) {
        self.settle(id);
        let Some(stream) = self.open.get_mut(&id) else { return };
        if stream.halves[index(flow)] == Half::Ended {
            return;
        }
        stream.halves[index(flow)] = Half::Ended;
        let is_told = stream.tunnel == Tunnel::None || flow == Flow::Response && stream.tunnel == Tunnel::Asked;
        if stream.halves == [Half::Ended; 2] {
            self.open.remove(&id);
        }
        if is_told {
            self.say(Said::End { stream: StreamId(id.into()), flow });
        }
    }

    fn lose(&mut self, flow: Flow, id: u32, range: Range<u64>) {
        self.settle(id);
        let Some(stream) = self.open.get_mut(&id) else { return };
        if stream.halves[index(flow)] != Half::Ended && stream.tunnel != Tunnel::Open {
            stream.is_hurt[index(flow)] = true;
            self.say(Said::Lost { stream: StreamId(id.into()), flow, range });
        }
    }

    fn reset(&mut self, id: u32, by: Flow, code: Option<u32>) {
        self.settle(id);
        if self.open.remove(&id).is_some() {
            self.say(Said::Reset { stream: StreamId(id.into()), by, code });
            if self.resets.len() == KEPT_RESETS {
                self.resets.pop_front();
            }
            self.resets.push_back(id);
        }
    }

    fn handle_goaway(&mut self, by: Flow, last: u32, code: u32) {
        // What a client won't look at are pushed streams.
        if by == Flow::Response {
            self.last = Some((last, code));
            let ignored: Vec<u32> = self.open.range(last.saturating_add(1)..).map(|(id, _)| *id).collect();
            for stream in ignored {
                self.reset(stream, by, Some(code));
            }
        }
    }

    /// Something else than a head follows a head without status: it was the final one.
    fn settle(&mut self, id: u32) {
        if let Some(stream) = self.open.get_mut(&id)
            && let Some(head) = stream.unclear.take()
        {
            self.say(Said::Head { stream: StreamId(id.into()), flow: Flow::Response, head });
        }
    }

    fn say(&mut self, said: Said) {
        self.said.push_back(said);
    }
}

impl Stream {
    fn expects(&self, flow: Flow) -> bool {
        match self.halves[index(flow)] {
            Half::Open => true,
            Half::Idle => flow == Flow::Response && self.halves[index(Flow::Request)] != Half::Idle,
            Half::Ended => false,
        }
    }
}
