//! Frame headers of HTTP/2, and how likely some bytes are to be one.
//!
//! Source: RFC 9113, sections 4.1 and 6.

/// Bytes of a frame's header.
pub(super) const HEADER: usize = 9;

/// What a client says first.
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const PRIORITY: u8 = 2;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;
/// RFC 7838.
const ALTSVC: u8 = 0xa;
/// RFC 8336.
const ORIGIN: u8 = 0xc;
/// RFC 9218.
const PRIORITY_UPDATE: u8 = 0x10;

const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const HAS_PRIORITY: u8 = 0x20;

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) len: u32,
    pub(super) kind: u8,
    flags: u8,
    pub(super) stream: u32,
    /// The bit that must be 0.
    is_reserved: bool,
}

impl FrameHeader {
    pub(super) fn read(bytes: &[u8; HEADER]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = *bytes;
        let stream = u32::from_be_bytes(stream);
        Self {
            len: u32::from_be_bytes([0, a, b, c]),
            kind,
            flags,
            stream: stream & !(1 << 31),
            is_reserved: stream >> 31 == 1,
        }
    }

    pub(super) fn at(bytes: &[u8], at: usize) -> Option<Self> {
        bytes.get(at..)?.first_chunk().map(Self::read)
    }

    pub(super) fn ends_stream(self) -> bool {
        matches!(self.kind, DATA | HEADERS) && self.flags & END_STREAM != 0
    }

    pub(super) fn ends_headers(self) -> bool {
        self.flags & END_HEADERS != 0
    }

    pub(super) fn is_padded(self) -> bool {
        matches!(self.kind, DATA | HEADERS | PUSH_PROMISE) && self.flags & PADDED != 0
    }

    pub(super) fn has_priority(self) -> bool {
        self.kind == HEADERS && self.flags & HAS_PRIORITY != 0
    }

    pub(super) fn is_ack(self) -> bool {
        self.kind == SETTINGS && self.flags & ACK != 0
    }

    /// Whether this is one of the frames of a header block.
    pub(super) fn is_of_block(self) -> bool {
        matches!(self.kind, HEADERS | PUSH_PROMISE | CONTINUATION)
    }

    /// Whether CONTINUATION must follow.
    pub(super) fn goes_on(self) -> bool {
        self.is_of_block() && !self.ends_headers()
    }

    /// Whether its kind is one that we have heard of.
    pub(super) fn is_known(self) -> bool {
        matches!(self.kind, DATA..=ALTSVC | ORIGIN | PRIORITY_UPDATE)
    }

    /// Whether the frame is one that may be sent: its stream and its length are right for its kind. Of an unknown kind
    /// any is.
    pub(super) fn is_legal(self) -> bool {
        let (on_stream, length) = match self.kind {
            DATA => (Some(true), self.len >= u32::from(self.is_padded())),
            HEADERS => (Some(true), self.len >= u32::from(self.is_padded()) + if self.has_priority() { 5 } else { 0 }),
            PRIORITY => (Some(true), self.len == 5),
            RST_STREAM => (Some(true), self.len == 4),
            SETTINGS => (Some(false), self.len.is_multiple_of(6) && (self.len == 0 || !self.is_ack())),
            PUSH_PROMISE => (Some(true), self.len >= 4 + u32::from(self.is_padded())),
            PING => (Some(false), self.len == 8),
            GOAWAY => (Some(false), self.len >= 8),
            WINDOW_UPDATE => (None, self.len == 4),
            CONTINUATION => (Some(true), true),
            PRIORITY_UPDATE => (Some(false), self.len >= 4),
            _ => (None, true),
        };
        length && on_stream.is_none_or(|on_stream| on_stream == (self.stream != 0))
    }

    /// Whether it is legal and as real ends write it: no undefined flags, a common length, a stream that a connection
    /// reaches. Random bytes pass with a chance of 1 in 2^24 or so, text never.
    pub(super) fn is_plausible(self) -> bool {
        let flags = match self.kind {
            DATA => END_STREAM | PADDED,
            HEADERS => END_STREAM | END_HEADERS | PADDED | HAS_PRIORITY,
            SETTINGS | PING => ACK,
            PUSH_PROMISE => END_HEADERS | PADDED,
            CONTINUATION => END_HEADERS,
            _ => 0,
        };
        self.is_legal()
            && self.is_known()
            && self.flags & !flags == 0
            && !self.is_reserved
            && self.len <= PLAUSIBLE_LEN
            && self.stream <= PLAUSIBLE_STREAM
    }

    /// Whether its header alone is so particular that nothing else looks like it.
    pub(super) fn is_certain(self) -> bool {
        self.is_plausible()
            && match self.kind {
                PRIORITY | RST_STREAM | PING | GOAWAY | WINDOW_UPDATE => true,
                // An empty one is little else than zeros.
                SETTINGS => self.len > 0,
                _ => false,
            }
    }
}

/// Longer frames are not looked for where the framing was lost; where it is known, frames may be as long as HTTP/2 allows.
pub(super) const PLAUSIBLE_LEN: u32 = (64 << 10) - 1;

/// Higher streams are not looked for where the framing was lost.
const PLAUSIBLE_STREAM: u32 = (1 << 24) - 1;

/// The part of a header block in the payload of one of its frames. Of a payload that was cut short what is there is given.
pub(super) fn fragment(header: FrameHeader, payload: &[u8]) -> Option<&[u8]> {
    let mut payload_end = header.len as usize;
    let mut start = 0;
    if header.is_padded() {
        payload_end = payload_end.checked_sub(usize::from(*payload.first()?))?;
        start += 1;
    }
    if header.has_priority() {
        start += 5;
    }
    if header.kind == PUSH_PROMISE {
        start += 4;
    }
    if start > payload_end {
        return None;
    }
    payload.get(start..payload_end.min(payload.len()))
}
