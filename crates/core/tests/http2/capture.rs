//! Recorded connections: what went which way, and what the two ends logged. See `README.md` next to this file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use serde_json::Value;
use sidetone_core::wire::http::{Flow, Head, Said, StreamId};
use sidetone_core::wire::http2::Http2;

pub(crate) const NAMES: &[&str] = &[
    "go-go",
    "go-hyper",
    "go-node",
    "go-node-large",
    "hyper-go",
    "hyper-go-large",
    "hyper-hyper",
    "hyper-nghttpd",
    "hyper-node",
    "nghttp-go",
    "nghttp-nghttpd",
    "nghttp-node",
    "node-go",
    "node-hyper",
    "node-node",
];

/// Those that are short enough for tests whose cost grows with the square of the length.
pub(crate) fn short() -> impl Iterator<Item = Capture> {
    NAMES.iter().map(|name| Capture::load(name)).filter(|capture| capture.len() < 20_000)
}

pub(crate) struct Capture {
    pub(crate) name: &'static str,
    pub(crate) pieces: Vec<(Flow, Bytes)>,
    pub(crate) calls: Vec<Value>,
}

impl Capture {
    pub(crate) fn load(name: &'static str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/http2/captures");
        let mut bytes = Bytes::from(std::fs::read(folder.join(format!("{name}.h2"))).unwrap());
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let flow = if bytes[0] == 0 { Flow::Request } else { Flow::Response };
            let len = u32::from_be_bytes(bytes[1..5].try_into().unwrap()) as usize;
            pieces.push((flow, bytes.slice(5..5 + len)));
            bytes = bytes.slice(5 + len..);
        }
        let calls = serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.json"))).unwrap()).unwrap();
        Self { name, pieces, calls }
    }

    pub(crate) fn len(&self) -> usize {
        self.pieces.iter().map(|(_, bytes)| bytes.len()).sum()
    }

    /// How far apart to look, where the cost of looking grows with the square of the length.
    pub(crate) fn step(&self) -> usize {
        if self.len() < 10_000 { 1 } else { 17 }
    }

    /// Everything that went one way.
    pub(crate) fn direction(&self, flow: Flow) -> Bytes {
        self.pieces.iter().filter(|(of, _)| *of == flow).flat_map(|(_, bytes)| bytes.clone()).collect()
    }

    /// The pieces with that part of all bytes, counted in the order of the recording, left out. The rest is cut there.
    pub(crate) fn without(&self, range: Range<usize>) -> impl Iterator<Item = (Flow, Step)> + '_ {
        let mut begin = 0;
        self.pieces.iter().flat_map(move |(flow, bytes)| {
            let piece = begin..begin + bytes.len();
            begin = piece.end;
            let (from, to) = (range.start.clamp(piece.start, piece.end), range.end.clamp(piece.start, piece.end));
            let (before, after) = (bytes.slice(..from - piece.start), bytes.slice(to - piece.start..));
            [(*flow, Step::Bytes(before)), (*flow, Step::Gap((to - from) as u64)), (*flow, Step::Bytes(after))]
        })
    }
}

pub(crate) enum Step {
    Bytes(Bytes),
    Gap(u64),
}

/// One direction of an exchange.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) head: Option<Head>,
    pub(crate) body: Vec<u8>,
    pub(crate) lost: Vec<Range<u64>>,
    pub(crate) is_ended: bool,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) request: Message,
    pub(crate) response: Message,
    pub(crate) reset: Option<(Flow, Option<u32>)>,
    pub(crate) is_upgraded: bool,
}

impl Exchange {
    pub(crate) fn of(&mut self, flow: Flow) -> &mut Message {
        match flow {
            Flow::Request => &mut self.request,
            Flow::Response => &mut self.response,
        }
    }
}

/// What a connection said, by stream, however it was cut.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Transcript(pub(crate) BTreeMap<u64, Exchange>);

impl Transcript {
    pub(crate) fn add(&mut self, said: Said) {
        let exchange = |StreamId(id)| id;
        match said {
            Said::Head { stream, flow, head } => {
                let message = self.0.entry(exchange(stream)).or_default().of(flow);
                assert!(message.head.is_none() && !message.is_ended, "a second head on {stream:?}");
                message.head = Some(*head);
            }
            Said::Body { stream, flow, bytes } => {
                assert!(!bytes.is_empty());
                let message = self.0.entry(exchange(stream)).or_default().of(flow);
                assert!(message.head.is_some() || !message.lost.is_empty(), "a body without head on {stream:?}");
                assert!(!message.is_ended, "a body after its end on {stream:?}");
                message.body.extend_from_slice(&bytes);
            }
            Said::Lost { stream, flow, range } => {
                let message = self.0.entry(exchange(stream)).or_default().of(flow);
                assert!(!message.is_ended && !range.is_empty());
                message.lost.push(range);
            }
            Said::End { stream, flow } => {
                let message = self.0.entry(exchange(stream)).or_default().of(flow);
                assert!(!std::mem::replace(&mut message.is_ended, true), "a second end on {stream:?}");
            }
            Said::Reset { stream, by, code } => {
                let exchange = self.0.entry(exchange(stream)).or_default();
                assert!(exchange.reset.replace((by, code)).is_none(), "a second reset on {stream:?}");
            }
            Said::Upgraded { stream } => self.0.entry(exchange(stream)).or_default().is_upgraded = true,
        }
    }

    /// Takes what the connection has to say. Its messages may have begun before.
    pub(crate) fn add_all_of_piece(&mut self, connection: &mut Http2) {
        while let Some(said) = connection.poll() {
            if let Said::Body { stream, flow, bytes } = said {
                self.0.entry(stream.0).or_default().of(flow).body.extend_from_slice(&bytes);
            } else {
                self.add(said);
            }
        }
    }

    pub(crate) fn of<'a>(pieces: impl IntoIterator<Item = (Flow, &'a [u8])>) -> Self {
        Self::of_steps(pieces.into_iter().map(|(flow, bytes)| (flow, Step::Bytes(Bytes::copy_from_slice(bytes)))))
    }

    pub(crate) fn of_steps(steps: impl IntoIterator<Item = (Flow, Step)>) -> Self {
        let mut connection = Http2::new();
        let mut transcript = Self::default();
        for (flow, step) in steps {
            match step {
                Step::Bytes(bytes) => connection.handle_bytes(flow, bytes),
                Step::Gap(bytes) => connection.handle_gap(flow, bytes),
            }
            while let Some(said) = connection.poll() {
                transcript.add(said);
            }
        }
        connection.handle_close(Flow::Request);
        connection.handle_close(Flow::Response);
        while let Some(said) = connection.poll() {
            transcript.add(said);
        }
        transcript
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hmac_sha256::Hash::hash(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
