//! What the fuzz targets share: bytes of the fuzzer as the life of a connection, and its cuts.

pub mod telemetry;

use std::collections::BTreeMap;

use bytes::Bytes;
use sidetone_core::wire::http::{Flow, Said};

/// One thing that happens to a connection.
#[derive(Debug, Clone)]
pub enum Step {
    Bytes(Flow, Bytes),
    Gap(Flow, u64),
    Close(Flow),
}

/// A script: the first byte seeds the cuts, then each step is an operation, a length (two bytes, big endian) and, where the
/// operation has any, so many bytes.
pub fn steps(script: &[u8]) -> (u8, Vec<Step>) {
    let Some((seed, mut rest)) = script.split_first() else { return (0, Vec::new()) };
    let mut steps = Vec::new();
    while let [operation, high, low, after @ ..] = rest {
        rest = after;
        let flow = if operation & 1 == 0 { Flow::Request } else { Flow::Response };
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        steps.push(match operation >> 1 & 3 {
            2 => Step::Gap(flow, len as u64),
            3 => Step::Close(flow),
            _ => {
                let (bytes, after) = rest.split_at(len.min(rest.len()));
                rest = after;
                Step::Bytes(flow, Bytes::copy_from_slice(bytes))
            }
        });
    }
    (*seed, steps)
}

/// Bytes that were given to a connection, gaps left out.
pub fn fed(steps: &[Step]) -> usize {
    steps.iter().map(|step| if let Step::Bytes(_, bytes) = step { bytes.len() } else { 0 }).sum()
}

/// Cuts bytes into pieces whose lengths follow from the seed: 0 gives single bytes.
pub fn cut(seed: u8, bytes: &Bytes) -> impl Iterator<Item = Bytes> {
    let (mut rest, mut state) = (bytes.clone(), u32::from(seed));
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        state = state.wrapping_mul(1_664_525).wrapping_add(if seed == 0 { 0 } else { 1_013_904_223 });
        let len = (1 + (state >> 24) as usize % (1 + usize::from(seed))).min(rest.len());
        Some(rest.split_to(len))
    })
}

/// What a connection said, however its bodies were cut: by exchange and direction, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Transcript(BTreeMap<u64, (Vec<Part>, Vec<Part>)>);

#[derive(Debug, PartialEq, Eq)]
enum Part {
    Body(Vec<u8>),
    Other(Said),
}

impl Transcript {
    pub fn add(&mut self, said: Said) {
        let (stream, flow) = match &said {
            Said::Head { stream, flow, .. }
            | Said::Body { stream, flow, .. }
            | Said::Lost { stream, flow, .. }
            | Said::End { stream, flow } => (*stream, *flow),
            Said::Reset { stream, by, .. } => (*stream, *by),
            Said::Upgraded { stream } => (*stream, Flow::Response),
        };
        let (requests, responses) = self.0.entry(stream.0).or_default();
        let all = if flow == Flow::Request { requests } else { responses };
        match (said, all.last_mut()) {
            (Said::Body { bytes, .. }, Some(Part::Body(before))) => before.extend_from_slice(&bytes),
            (Said::Body { bytes, .. }, _) => all.push(Part::Body(bytes.to_vec())),
            (said, _) => all.push(Part::Other(said)),
        }
    }
}

/// Both directions of an HTTP connection.
pub trait Http: Default {
    fn handle_bytes(&mut self, flow: Flow, bytes: Bytes);
    fn handle_gap(&mut self, flow: Flow, bytes: u64);
    fn handle_close(&mut self, flow: Flow);
    fn poll(&mut self) -> Option<Said>;
    fn held_bytes(&self) -> usize;
}

macro_rules! http {
    ($type:ty) => {
        impl Http for $type {
            fn handle_bytes(&mut self, flow: Flow, bytes: Bytes) {
                <$type>::handle_bytes(self, flow, bytes);
            }
            fn handle_gap(&mut self, flow: Flow, bytes: u64) {
                <$type>::handle_gap(self, flow, bytes);
            }
            fn handle_close(&mut self, flow: Flow) {
                <$type>::handle_close(self, flow);
            }
            fn poll(&mut self) -> Option<Said> {
                <$type>::poll(self)
            }
            fn held_bytes(&self) -> usize {
                <$type>::held_bytes(self)
            }
        }
    };
}
http!(sidetone_core::wire::http1::Http1);
http!(sidetone_core::wire::http2::Http2);

fn read<H: Http>(steps: &[Step], cut: impl Fn(Flow, &Bytes) -> Vec<Bytes>, limit: usize) -> Transcript {
    let mut connection = H::default();
    let mut transcript = Transcript::default();
    let mut drain = |connection: &mut H| {
        while let Some(said) = connection.poll() {
            transcript.add(said);
        }
        assert!(connection.held_bytes() <= limit, "{} bytes are held of {}", connection.held_bytes(), fed(steps));
    };
    for step in steps {
        match step {
            Step::Bytes(flow, bytes) => {
                for piece in cut(*flow, bytes) {
                    connection.handle_bytes(*flow, piece);
                    drain(&mut connection);
                }
            }
            Step::Gap(flow, bytes) => connection.handle_gap(*flow, *bytes),
            Step::Close(flow) => connection.handle_close(*flow),
        }
        drain(&mut connection);
    }
    transcript
}

/// Whether bytes are missing.
pub fn has_gap(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Gap(..)))
}

/// Whether the cuts of a direction may tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cuts {
    TellNothing,
    /// Two requests that come in one piece are pipelined: which response is whose behind a gap depends on it.
    OfRequestsTell,
}

/// A script says the same however it is cut, and what is held is in proportion to what was given.
pub fn check_http<H: Http>(script: &[u8], held: usize, cuts: Cuts) {
    let (seed, steps) = steps(script);
    let limit = (16 << 10) + held * fed(&steps);
    let whole = read::<H>(&steps, |_, bytes| vec![bytes.clone()], limit);
    let pieces = |flow, bytes: &Bytes| match flow {
        Flow::Request if cuts == Cuts::OfRequestsTell => vec![bytes.clone()],
        _ => cut(seed, bytes).collect(),
    };
    assert_eq!(whole, read::<H>(&steps, pieces, limit), "cut by {seed}");
    if cuts == Cuts::OfRequestsTell && !has_gap(&steps) {
        let all = read::<H>(&steps, |_, bytes| cut(seed, bytes).collect(), limit);
        assert_eq!(whole, all, "requests, too, cut by {seed}");
    }
}
