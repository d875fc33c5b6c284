//! One direction of a connection: bytes to frames, whatever is missing of them.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Buf, Bytes};

use super::frame::{
    CONTINUATION, DATA, FrameHeader, GOAWAY, HEADER, PREFACE, PUSH_PROMISE, RST_STREAM, SETTINGS, fragment,
};
use super::hpack::Decoder;
use super::search::first_frame;
use super::sections::Sections;

/// Bytes of a header block, as it is encoded, that are read; what is longer is known by its beginning only.
pub const HEADER_BLOCK_LIMIT: usize = 128 << 10;

/// Buffers are given back beyond this size once what they held is read.
const KEPT_BUFFER: usize = 4096;

/// Bytes at the beginning of the payload that are read of frames other than data and header blocks.
const SMALL: usize = 8;

/// What a direction said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Heard {
    /// The client's preface.
    Preface,
    /// A header block.
    Block { stream: u32, sections: Sections, ends_stream: bool },
    /// Bytes of a body.
    Data { stream: u32, bytes: Bytes },
    /// The last frame of a stream's direction ended.
    EndStream { stream: u32 },
    /// Bytes of a stream's data or header block were lost.
    Lost { stream: u32, range: Range<u64> },
    /// Bytes were lost, or could not be read, and whose they were is unknown.
    LostFrames { range: Range<u64> },
    /// The first frame was found behind the rest of one that began before us.
    Joined { range: Range<u64> },
    /// RST_STREAM.
    Reset { stream: u32, code: Option<u32> },
    /// GOAWAY.
    GoAway { last: u32, code: u32 },
}

/// One direction of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Direction {
    /// The offset of the next byte.
    at: u64,
    reading: Reading,
    hpack: Decoder,
    /// A header block that goes on in the next frame.
    block: Option<Block>,
    /// What was heard and not yet told.
    due: VecDeque<Heard>,
    /// The framing was known from the beginning to here: what is unusual is meant.
    is_sure: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Reading {
    /// The very first bytes. So many were what a preface begins with.
    Start { matched: usize },
    /// Where a frame begins is unknown. `held` are the bytes that may yet turn out to be one.
    Search { held: Vec<u8>, has_joined: bool },
    /// Between two frames, or in the header of one.
    Header { bytes: [u8; HEADER], have: usize },
    /// In a DATA frame.
    Data { stream: u32, ends_stream: bool, has_pad_length: bool, data: u32, padding: u32 },
    /// In a frame of a header block.
    Block { header: FrameHeader, payload: Vec<u8>, left: u32, is_cut: bool },
    /// In a frame of which only the first bytes matter.
    Small { header: FrameHeader, payload: [u8; SMALL], have: usize, left: u32 },
    /// In a frame, or the rest of one, that doesn't matter.
    Skip { left: u32 },
}

const BETWEEN: Reading = Reading::Header { bytes: [0; HEADER], have: 0 };

#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    stream: u32,
    is_promise: bool,
    ends_stream: bool,
    fragments: Vec<u8>,
    /// What comes after these fragments was lost, or not kept.
    is_cut: bool,
}

impl Direction {
    pub(super) fn new() -> Self {
        Self {
            at: 0,
            reading: Reading::Start { matched: 0 },
            hpack: Decoder::from_middle(),
            block: None,
            due: VecDeque::new(),
            is_sure: false,
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        let reading = match &self.reading {
            Reading::Search { held, .. } => held.capacity(),
            Reading::Block { payload, .. } => payload.capacity(),
            _ => 0,
        };
        reading + self.hpack.held_bytes() + self.block.as_ref().map_or(0, |block| block.fragments.capacity())
    }

    /// Whether frames are being read.
    pub(super) fn is_in_step(&self) -> bool {
        !matches!(self.reading, Reading::Start { .. } | Reading::Search { .. })
    }

    /// Nothing more will come: what was begun is given back.
    pub(super) fn handle_close(&mut self) {
        *self = Self { at: self.at, ..Self::new() };
    }

    /// What the next bytes say; they are shortened by what was read. To be called until it says nothing more.
    pub(super) fn next(&mut self, bytes: &mut Bytes, is_open: impl Fn(u32) -> bool) -> Option<Heard> {
        loop {
            if let Some(heard) = self.due.pop_front() {
                return Some(heard);
            }
            match &mut self.reading {
                Reading::Start { .. } => {
                    if !self.start(bytes) {
                        return None;
                    }
                }
                Reading::Search { .. } => {
                    if bytes.is_empty() || !self.search(bytes, &is_open) {
                        return None;
                    }
                }
                Reading::Data { stream, ends_stream, has_pad_length: false, data: 0, padding: 0 } => {
                    if *ends_stream {
                        self.due.push_back(Heard::EndStream { stream: *stream });
                    }
                    self.reading = BETWEEN;
                }
                Reading::Block { header, payload, left: 0, is_cut } => {
                    let (header, payload, is_cut) = (*header, std::mem::take(payload), *is_cut);
                    self.end_block_frame(header, &payload, is_cut);
                }
                Reading::Small { header, payload, left: 0, .. } => {
                    let (header, payload) = (*header, *payload);
                    self.end_small(header, payload);
                }
                Reading::Skip { left: 0 } => self.reading = BETWEEN,
                _ if bytes.is_empty() => return None,
                Reading::Header { bytes: header, have } => {
                    let part = bytes.len().min(HEADER - *have);
                    bytes.copy_to_slice(&mut header[*have..*have + part]);
                    *have += part;
                    self.at += part as u64;
                    if *have == HEADER {
                        let header = *header;
                        self.begin(header);
                    }
                }
                Reading::Data { has_pad_length: has_pad_length @ true, data, padding, .. } => {
                    *has_pad_length = false;
                    // More padding than there is room for is an error for the connection; then there is no data either.
                    *padding = u32::from(bytes.get_u8()).min(*data);
                    *data -= *padding;
                    self.at += 1;
                }
                Reading::Data { data: 0, padding: left, .. } | Reading::Skip { left } => {
                    let part = part_of(left, bytes);
                    self.advance(bytes, part);
                }
                Reading::Data { stream, data, .. } => {
                    let part = part_of(data, bytes);
                    self.at += part as u64;
                    return Some(Heard::Data { stream: *stream, bytes: bytes.split_to(part) });
                }
                Reading::Block { header, payload, left, is_cut } => {
                    let (header, part) = (*header, part_of(left, bytes));
                    if part == header.len as usize && part <= HEADER_BLOCK_LIMIT {
                        let payload = bytes.split_to(part);
                        self.at += part as u64;
                        self.end_block_frame(header, &payload, false);
                    } else {
                        let room = if *is_cut { 0 } else { HEADER_BLOCK_LIMIT.saturating_sub(payload.len()) };
                        payload.extend_from_slice(&bytes[..room.min(part)]);
                        *is_cut |= room < part;
                        self.advance(bytes, part);
                    }
                }
                Reading::Small { payload, have, left, .. } => {
                    let part = part_of(left, bytes);
                    let kept = part.min(SMALL - *have);
                    payload[*have..*have + kept].copy_from_slice(&bytes[..kept]);
                    *have += kept;
                    self.advance(bytes, part);
                }
            }
        }
    }

    /// So many bytes were not seen.
    pub(super) fn handle_gap(&mut self, bytes: u64) {
        if bytes == 0 {
            return;
        }
        let range = self.at..self.at.saturating_add(bytes);
        self.at = range.end;
        let in_frame = match &mut self.reading {
            Reading::Start { .. } | Reading::Header { .. } => 0,
            Reading::Search { held, has_joined } => {
                held.clear();
                *has_joined = true;
                self.due.push_back(Heard::LostFrames { range });
                return;
            }
            Reading::Data { stream, has_pad_length, data, padding, .. } => {
                let stream = *stream;
                let pad_length = u32::from(std::mem::take(has_pad_length));
                let of_data = lost_of(pad_length + *data, &range);
                if of_data > 0 {
                    self.due.push_back(Heard::Lost { stream, range: range.start..range.start + u64::from(of_data) });
                }
                let of_frame = lost_of(pad_length + *data + *padding, &range);
                if pad_length > 0 {
                    // How much of the rest is padding will never be known.
                    *padding += *data - (of_frame - 1);
                    *data = 0;
                } else {
                    *data -= of_data;
                    *padding -= of_frame - of_data;
                }
                of_frame
            }
            Reading::Block { header, left, is_cut, .. } => {
                let part = lost_of(*left, &range);
                *left -= part;
                if part > 0 {
                    *is_cut = true;
                    let range = range.start..range.start + u64::from(part);
                    self.due.push_back(Heard::Lost { stream: header.stream, range });
                }
                part
            }
            Reading::Small { header, have, left, .. } => {
                let (header, is_known) = (*header, *have == SMALL || *have == header.len as usize);
                let part = lost_of(*left, &range);
                *left -= part;
                if !is_known && part > 0 {
                    let left = *left;
                    if header.kind == RST_STREAM {
                        self.due.push_back(Heard::Reset { stream: header.stream, code: None });
                    }
                    self.reading = Reading::Skip { left };
                }
                part
            }
            Reading::Skip { left } => {
                let part = lost_of(*left, &range);
                *left -= part;
                part
            }
        };
        if u64::from(in_frame) < bytes {
            self.end_begun_frame();
            self.lose_framing(Vec::new(), range.start + u64::from(in_frame)..range.end);
        }
    }

    fn advance(&mut self, bytes: &mut Bytes, by: usize) {
        bytes.advance(by);
        self.at += by as u64;
    }

    /// Reads a preface; whether it is known if there is one.
    fn start(&mut self, bytes: &mut Bytes) -> bool {
        let Reading::Start { matched } = &mut self.reading else { return true };
        let before = *matched;
        let met = PREFACE[before..].iter().zip(bytes.iter()).take_while(|(left, right)| left == right).count();
        *matched += met;
        if *matched == PREFACE.len() {
            self.advance(bytes, met);
            (self.hpack, self.is_sure) = (Decoder::from_start(), true);
            self.reading = BETWEEN;
            self.due.push_back(Heard::Preface);
            return true;
        }
        if met == bytes.len() {
            self.advance(bytes, met);
            return false;
        }
        // The server's side, or the middle of a connection.
        self.reading = Reading::Search { held: PREFACE[..before].to_vec(), has_joined: false };
        true
    }

    /// Whether a frame was found in what is held and the next bytes; these are what begins there then.
    fn search(&mut self, bytes: &mut Bytes, is_open: impl Fn(u32) -> bool) -> bool {
        let Reading::Search { held, has_joined } = &mut self.reading else { return false };
        self.at += bytes.len() as u64;
        held.extend_from_slice(bytes);
        bytes.clear();
        let (mut found, has_joined) = (first_frame(held, is_open), *has_joined);
        // The server's preface is a SETTINGS frame, and the first thing that it says.
        let begins = self.at == held.len() as u64;
        let has_preface = begins
            && FrameHeader::at(held, 0)
                .is_some_and(|first| first.kind == SETTINGS && first.is_plausible() && !first.is_ack());
        if has_preface {
            found = Ok(0);
        }
        let (Ok(past) | Err(past)) = found;
        if found.is_err() {
            held.drain(..past);
            // A large piece must not be paid for until the connection ends.
            held.shrink_to(KEPT_BUFFER);
            return false;
        }
        *bytes = Bytes::from(std::mem::take(held)).slice(past..);
        self.at -= bytes.len() as u64;
        self.reading = BETWEEN;
        if self.at > 0 && !has_joined {
            self.due.push_back(Heard::Joined { range: 0..self.at });
        }
        if has_preface {
            (self.hpack, self.is_sure) = (Decoder::from_start(), true);
        }
        true
    }

    /// Begins a frame.
    fn begin(&mut self, bytes: [u8; HEADER]) {
        let header = FrameHeader::read(&bytes);
        let is_expected = match &self.block {
            Some(block) => header.kind == CONTINUATION && header.stream == block.stream,
            None => header.kind != CONTINUATION,
        };
        if !header.is_legal() || !is_expected || !(header.is_known() || self.is_sure) {
            // This is no frame: we are not where we thought to be.
            let range = self.at - HEADER as u64..self.at;
            self.lose_framing(bytes[1..].to_vec(), range);
            return;
        }
        self.reading = match header.kind {
            DATA => Reading::Data {
                stream: header.stream,
                ends_stream: header.ends_stream(),
                has_pad_length: header.is_padded(),
                data: header.len - u32::from(header.is_padded()),
                padding: 0,
            },
            _ if header.is_of_block() => {
                Reading::Block { header, payload: Vec::new(), left: header.len, is_cut: false }
            }
            RST_STREAM | GOAWAY => Reading::Small { header, payload: [0; SMALL], have: 0, left: header.len },
            _ => Reading::Skip { left: header.len },
        };
    }

    /// A frame of a header block ended, or what will be seen of it.
    fn end_block_frame(&mut self, header: FrameHeader, payload: &[u8], is_cut: bool) {
        self.reading = BETWEEN;
        let (part, is_cut) = match fragment(header, payload) {
            Some(part) => (part, is_cut),
            None => (&[][..], true),
        };
        let mut block = self.block.take().unwrap_or_else(|| Block {
            stream: header.stream,
            is_promise: header.kind == PUSH_PROMISE,
            ends_stream: header.ends_stream(),
            fragments: Vec::new(),
            is_cut: false,
        });
        if header.ends_headers() && block.fragments.is_empty() && !block.is_cut {
            block.is_cut = is_cut;
            self.end_block(&block, part);
            return;
        }
        let room = if block.is_cut { 0 } else { HEADER_BLOCK_LIMIT - block.fragments.len() };
        block.fragments.extend_from_slice(&part[..room.min(part.len())]);
        block.is_cut |= is_cut || room < part.len();
        if header.ends_headers() {
            let fragments = std::mem::take(&mut block.fragments);
            self.end_block(&block, &fragments);
        } else {
            self.block = Some(block);
        }
    }

    fn end_block(&mut self, block: &Block, fragments: &[u8]) {
        let mut sections = Sections::default();
        let is_whole = self.hpack.decode(fragments, |name, value| sections.add(name, value)).is_ok();
        if block.is_cut {
            self.hpack.handle_gap();
        }
        if block.is_cut || !is_whole {
            sections.cut();
        }
        if !block.is_promise {
            let Block { stream, ends_stream, .. } = *block;
            self.due.push_back(Heard::Block { stream, sections, ends_stream });
        }
    }

    fn end_small(&mut self, header: FrameHeader, [a, b, c, d, e, f, g, h]: [u8; SMALL]) {
        self.reading = BETWEEN;
        let first = u32::from_be_bytes([a, b, c, d]);
        self.due.push_back(match header.kind {
            RST_STREAM => Heard::Reset { stream: header.stream, code: Some(first) },
            _ => Heard::GoAway { last: first & !(1 << 31), code: u32::from_be_bytes([e, f, g, h]) },
        });
    }

    /// What was begun goes on where it can't be seen: it ends here.
    fn end_begun_frame(&mut self) {
        match std::mem::replace(&mut self.reading, BETWEEN) {
            Reading::Data { stream, ends_stream: true, .. } => self.due.push_back(Heard::EndStream { stream }),
            Reading::Block { header, payload, .. } => self.end_block_frame(header, &payload, true),
            Reading::Small { header, payload, left: 0, .. } => self.end_small(header, payload),
            _ => {}
        }
    }

    /// Where the next frame begins is unknown from here on; `held` are bytes in which it may.
    fn lose_framing(&mut self, held: Vec<u8>, range: Range<u64>) {
        if let Some(mut block) = self.block.take() {
            block.is_cut = true;
            let fragments = std::mem::take(&mut block.fragments);
            self.end_block(&block, &fragments);
        }
        self.hpack.handle_gap();
        self.is_sure = false;
        self.reading = Reading::Search { held, has_joined: true };
        self.due.push_back(Heard::LostFrames { range });
    }
}

/// Takes from what is left of a frame what is here of it.
fn part_of(left: &mut u32, bytes: &Bytes) -> usize {
    let part = (*left).min(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    *left -= part;
    part as usize
}

/// How much of what is left of a frame is lost.
fn lost_of(left: u32, range: &Range<u64>) -> u32 {
    left.min(u32::try_from(range.end - range.start).unwrap_or(u32::MAX))
}
