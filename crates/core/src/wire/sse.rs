//! Server-sent events, by the WHATWG rules for parsing an event stream.
//!
//! Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>. Reconnection (`id`,
//! `retry`) has no meaning for an observer and is read past.

use memchr::memchr2;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Longest that the field name, colon and space before an event's data can be: what a line may have beyond the limit.
const FIELD: usize = "data: ".len();

/// One event. Its bytes should be UTF-8; what isn't is for the reader to replace, in this event only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The value of its last `event` field; empty without one.
    pub kind: &'a [u8],
    /// The values of its `data` fields, joined by line feeds.
    pub data: &'a [u8],
    /// Its bytes in the stream, with the blank line that ends it, if they lie in one piece.
    pub whole: Option<&'a [u8]>,
}

/// What a stream holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SseItem<'a> {
    /// An event.
    Event(SseEvent<'a>),
    /// An event of that many bytes, longer than the limit.
    TooLarge(u64),
}

/// Makes events of the pieces of a stream, however it was cut. An event that lies whole in a piece is handed out from
/// there, without a copy; only what a cut runs through is buffered.
///
/// ```
/// use sidetone_core::wire::sse::{SseDecoder, SseItem};
///
/// let mut decoder = SseDecoder::new(1 << 20);
/// let mut seen = Vec::new();
/// for mut piece in [&b"data: one\n\nda"[..], b"ta: two\r\n", b"\r\n"] {
///     while let Some(item) = decoder.next(&mut piece) {
///         if let SseItem::Event(event) = item {
///             seen.push(event.data.to_vec());
///         }
///     }
/// }
/// assert_eq!(seen, [b"one", b"two"]);
/// ```
#[derive(Debug)]
pub struct SseDecoder {
    limit: u32,
    /// Bytes of the current event's lines so far.
    seen: u32,
    at: Place,
    /// How much of a byte order mark was met; `BOM.len()` when the beginning of the stream is behind us.
    bom: u8,
    spill: Option<Box<Spill>>,
}

/// Where in the stream the decoder is, beyond what the buffers say.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The last byte was a carriage return: a line feed now belongs to it.
    after_cr: bool,
    /// The event has data.
    has_data: bool,
    /// The current line is a comment, or of an event that is skipped: it isn't buffered.
    ignores_line: bool,
    /// The current line has begun, if it isn't buffered.
    in_line: bool,
    /// The event is longer than the limit.
    too_large: bool,
    /// Bytes were lost: what comes up to the next blank line belongs to an event whose beginning is unknown.
    after_gap: bool,
    /// The buffers hold an event that was handed out.
    is_handed_out: bool,
}

/// What a cut runs through.
#[derive(Debug, Default)]
struct Spill {
    line: Vec<u8>,
    data: Vec<u8>,
    kind: Vec<u8>,
}

/// Buffers are given back beyond this size once their event is done.
const KEPT_BUFFER: usize = 4096;

enum Field<'a> {
    Data(&'a [u8]),
    Kind(&'a [u8]),
    Other,
}

impl<'a> Field<'a> {
    fn of(line: &'a [u8]) -> Self {
        // The names that matter first: a search for the colon is needed for no others.
        if let Some(rest) = line.strip_prefix(b"data") {
            match rest {
                [] => return Self::Data(rest),
                [b':', value @ ..] => return Self::Data(value.strip_prefix(b" ").unwrap_or(value)),
                _ => {}
            }
        }
        match line.strip_prefix(b"event") {
            Some([]) => Self::Kind(&[]),
            Some([b':', value @ ..]) => Self::Kind(value.strip_prefix(b" ").unwrap_or(value)),
            _ => Self::Other,
        }
    }
}

impl SseDecoder {
    /// A decoder at the beginning of a stream, whose events may have up to `limit` bytes of data.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX).min(u32::MAX - FIELD as u32);
        Self { limit, seen: 0, at: Place::default(), bom: 0, spill: None }
    }

    /// Bytes that are buffered because a cut runs through their event.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.spill.as_ref().map_or(0, |spill| spill.line.len() + spill.data.len() + spill.kind.len())
    }

    /// Whether the decoder is between two events, with nothing of the next one seen.
    #[inline]
    #[must_use]
    pub fn is_between_events(&self) -> bool {
        (self.seen == 0 || self.at.is_handed_out) && !self.at.in_line && !self.at.after_cr && !self.at.after_gap
    }

    /// What comes next in the stream, of which `rest` is the next piece: it is shortened by what was read. `None` when
    /// it is used up; the next piece is asked for then.
    pub fn next<'s, 'p: 's>(&'s mut self, rest: &mut &'p [u8]) -> Option<SseItem<'s>> {
        if std::mem::take(&mut self.at.is_handed_out) {
            self.clear();
        }
        if usize::from(self.bom) < BOM.len() {
            *rest = self.past_bom(rest);
        }
        let mut whole = self.is_between_events().then_some(*rest);
        // What the event has in this piece, as long as it needn't be joined with anything.
        let (mut data, mut kind): (Option<&'p [u8]>, Option<&'p [u8]>) = (None, None);
        while let [first, ..] = *rest {
            if std::mem::take(&mut self.at.after_cr) && *first == b'\n' {
                *rest = &rest[1..];
                continue;
            }
            let Some(len) = memchr2(b'\n', b'\r', rest) else {
                self.hold(rest);
                *rest = &[];
                break;
            };
            let line = &rest[..len];
            let is_cr = rest[len] == b'\r';
            *rest = &rest[len + 1..];
            match (is_cr, *rest) {
                (true, [b'\n', after @ ..]) => *rest = after,
                (true, []) => self.at.after_cr = true,
                _ => {}
            }
            if self.at.in_line {
                self.hold(line);
                self.end_held_line();
            } else if line.is_empty() {
                if let Some(whole) = &mut whole {
                    *whole = &whole[..whole.len() - rest.len()];
                }
                if self.dispatches() {
                    return self.dispatched(data, kind, whole);
                }
                (data, kind, whole) = (None, None, Some(*rest));
            } else {
                self.see(line.len());
                match Field::of(line) {
                    Field::Data(value) if !self.at.has_data => {
                        self.at.has_data = true;
                        data = Some(value);
                        self.at.too_large |= value.len() > self.limit as usize;
                    }
                    Field::Data(value) => {
                        if let Some(first) = data.take() {
                            self.spill().data.extend_from_slice(first);
                        }
                        self.add_data(value);
                    }
                    Field::Kind(value) => kind = Some(value),
                    Field::Other => {}
                }
                self.at.too_large |= line.len() > self.limit as usize + FIELD && line[0] != b':';
            }
        }
        if let Some(data) = data {
            self.spill().data.extend_from_slice(data);
        }
        if let Some(kind) = kind {
            self.spill().kind.clear();
            self.spill().kind.extend_from_slice(kind);
        }
        None
    }

    /// Bytes of the stream were lost here. The event that they were of is lost with them; reading goes on behind the
    /// next blank line.
    pub fn handle_gap(&mut self) {
        *self = Self {
            at: Place { after_gap: true, in_line: true, ignores_line: true, ..Place::default() },
            bom: BOM.len() as u8,
            ..Self::new(self.limit as usize)
        };
    }

    /// The stream ended here. An event without the blank line that ends it is none; of one over the limit the bytes are
    /// given.
    #[must_use]
    pub fn finish(self) -> Option<u64> {
        (self.at.too_large && !self.at.is_handed_out).then_some(u64::from(self.seen))
    }

    fn past_bom<'a>(&mut self, mut piece: &'a [u8]) -> &'a [u8] {
        while let (Some(expected), [first, rest @ ..]) = (BOM.get(usize::from(self.bom)), piece) {
            if first == expected {
                self.bom += 1;
                piece = rest;
            } else {
                let met = usize::from(std::mem::replace(&mut self.bom, BOM.len() as u8));
                if met > 0 {
                    self.hold(&BOM[..met]);
                }
            }
        }
        piece
    }

    fn see(&mut self, bytes: usize) {
        self.seen = self.seen.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    fn spill(&mut self) -> &mut Spill {
        self.spill.get_or_insert_default()
    }

    /// Keeps a part of a line that goes on in the next piece.
    fn hold(&mut self, part: &[u8]) {
        let Some(first) = part.first() else { return };
        if !std::mem::replace(&mut self.at.in_line, true) {
            self.at.ignores_line = *first == b':' || self.at.too_large;
        }
        self.see(part.len());
        if self.at.ignores_line {
            return;
        }
        let longest = self.limit as usize + FIELD;
        let line = &mut self.spill().line;
        if line.len() + part.len() > longest {
            line.clear();
            self.at.too_large = true;
            self.at.ignores_line = true;
        } else {
            line.extend_from_slice(part);
        }
    }

    fn end_held_line(&mut self) {
        self.at.in_line = false;
        if std::mem::take(&mut self.at.ignores_line) {
            return;
        }
        let mut line = std::mem::take(&mut self.spill().line);
        match Field::of(&line) {
            Field::Data(value) => self.add_data(value),
            Field::Kind(value) => {
                let kind = &mut self.spill().kind;
                kind.clear();
                kind.extend_from_slice(value);
            }
            Field::Other => {}
        }
        line.clear();
        self.spill().line = line;
    }

    fn add_data(&mut self, value: &[u8]) {
        let joined = std::mem::replace(&mut self.at.has_data, true);
        let limit = self.limit as usize;
        let data = &mut self.spill().data;
        if data.len() + usize::from(joined) + value.len() > limit {
            data.clear();
            self.at.too_large = true;
            return;
        }
        if joined {
            data.push(b'\n');
        }
        data.extend_from_slice(value);
    }

    /// Ends the event at a blank line, and says whether there is something to tell of it.
    fn dispatches(&mut self) -> bool {
        // Of an event whose beginning is lost nothing can be said; without data there is no event.
        let tells = !self.at.after_gap && (self.at.too_large || self.at.has_data);
        if tells {
            self.at.is_handed_out = true;
        } else {
            self.clear();
        }
        tells
    }

    fn dispatched<'s>(
        &'s self,
        data: Option<&'s [u8]>,
        kind: Option<&'s [u8]>,
        whole: Option<&'s [u8]>,
    ) -> Option<SseItem<'s>> {
        if self.at.too_large {
            return Some(SseItem::TooLarge(u64::from(self.seen)));
        }
        let (held_data, held_kind) = match &self.spill {
            Some(spill) => (&spill.data[..], &spill.kind[..]),
            None => (&[][..], &[][..]),
        };
        Some(SseItem::Event(SseEvent {
            kind: kind.unwrap_or(held_kind),
            data: data.unwrap_or(held_data),
            whole,
        }))
    }

    /// Forgets the event that has ended.
    fn clear(&mut self) {
        self.at = Place { after_cr: self.at.after_cr, ..Place::default() };
        self.seen = 0;
        if let Some(spill) = &mut self.spill {
            if spill.data.capacity() + spill.line.capacity() > KEPT_BUFFER {
                self.spill = None;
            } else {
                spill.data.clear();
                spill.kind.clear();
            }
        }
    }
}
