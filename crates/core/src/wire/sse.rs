//! Server-sent events, by the WHATWG rules for parsing an event stream.
//!
//! Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream>. Reconnection (`id`,
//! `retry`) has no meaning for an observer and is read past.

use memchr::memchr2;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Longest that the field name, colon and space before an event's data can be: what a line may have beyond the limit.
const FIELD: usize = "data: ".len();

/// One event. Its bytes should be UTF-8; what isn't is for the reader to replace, in this event only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SseEvent<'a> {
    /// The value of its last `event` field; empty without one.
    pub kind: &'a [u8],
    /// The values of its `data` fields, joined by line feeds.
    pub data: &'a [u8],
    /// Its bytes in the stream, with the blank line that ends it, if they lie in one piece.
    pub whole: Option<&'a [u8]>,
}

impl std::fmt::Debug for SseEvent<'_> {
    /// Its size: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SseEvent({} bytes of kind, {} of data)", self.kind.len(), self.data.len())
    }
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
#[derive(Default)]
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

impl std::fmt::Debug for SseDecoder {
    /// Without what it holds: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SseDecoder").field("held_bytes", &self.held_bytes()).finish_non_exhaustive()
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
        if self.at.too_large {
            return None;
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
        Some(SseItem::Event(SseEvent { kind: kind.unwrap_or(held_kind), data: data.unwrap_or(held_data), whole }))
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

/// Reads whatever it is given, in pieces of that length: must never panic, and must not depend on the cuts.
#[cfg(test)]
fn fuzz_sse(bytes: &[u8], piece: usize, limit: usize) {
    let (whole, rest) = tests::decoded(&[bytes], limit);
    let pieces: Vec<&[u8]> = bytes.chunks(piece.max(1)).collect();
    assert_eq!(tests::decoded(&pieces, limit), (whole, rest), "{bytes:?}");
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) enum Seen {
        Event(Vec<u8>, Vec<u8>),
        TooLarge(u64),
    }

    pub(super) fn decoded(pieces: &[&[u8]], limit: usize) -> (Vec<Seen>, Option<u64>) {
        let mut decoder = SseDecoder::new(limit);
        let mut seen = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            loop {
                let before = rest;
                let Some(item) = decoder.next(&mut rest) else { break };
                if let SseItem::Event(SseEvent { whole: Some(whole), data, .. }) = item {
                    assert!(
                        before[..before.len() - rest.len()].ends_with(whole),
                        "what is said to lie in the piece does"
                    );
                    let is_joined = data.contains(&b'\n') || data.is_empty();
                    assert!(is_joined || whole.windows(data.len()).any(|window| window == data));
                }
                seen.push(match item {
                    SseItem::Event(event) => Seen::Event(event.kind.to_vec(), event.data.to_vec()),
                    SseItem::TooLarge(bytes) => Seen::TooLarge(bytes),
                });
            }
            assert!(rest.is_empty());
        }
        (seen, decoder.finish())
    }

    fn event(kind: &str, data: &str) -> Seen {
        Seen::Event(kind.into(), data.into())
    }

    #[test]
    fn what_is_over_the_limit_is_not_kept() {
        let mut decoder = SseDecoder::new(8);
        let mut piece = &b"data: 0123456789012345\nevent: abcdefghijklmnopqrst\n"[..];
        assert!(decoder.next(&mut piece).is_none());
        assert_eq!(decoder.held_bytes(), 0);
        assert!(matches!(decoder.next(&mut &b"\n"[..]), Some(SseItem::TooLarge(_))));
    }

    #[test]
    fn streams_mean_what_the_standard_says_at_every_cut() {
        // The examples of the HTML standard, section 9.2.6, and its rules one by one.
        let cases: &[(&str, &[Seen])] = &[
            (
                "data: This is the first message.\n\ndata: This is the second message, it\ndata: has two lines.\n\ndata: This is the third message.\n\n",
                &[
                    event("", "This is the first message."),
                    event("", "This is the second message, it\nhas two lines."),
                    event("", "This is the third message."),
                ],
            ),
            (
                "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
                &[event("add", "73857293"), event("remove", "2153")],
            ),
            ("data: YHOO\ndata: +2\ndata: 10\n\n", &[event("", "YHOO\n+2\n10")]),
            (
                ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
                &[event("", "first event"), event("", "second event"), event("", " third event")],
            ),
            ("data\n\ndata\ndata\n\ndata:", &[event("", ""), event("", "\n")]),
            ("data:test\n\ndata: test\n\n", &[event("", "test"), event("", "test")]),
            ("\u{feff}data: after a byte order mark\n\n", &[event("", "after a byte order mark")]),
            ("\u{feff}\u{feff}data: only one is a mark\n\n", &[]),
            (
                "data: a\r\rdata: b\r\n\r\ndata: c\n\rdata: d\r\n\n",
                &[event("", "a"), event("", "b"), event("", "c"), event("", "d")],
            ),
            ("data: a\r\ndata: b\rdata: c\ndata: d\r\n\r\n", &[event("", "a\nb\nc\nd")]),
            ("event: without data\n\ndata: x\n\n", &[event("", "x")]),
            ("event: one\nevent: two\ndata: x\n\ndata: y\n\n", &[event("two", "x"), event("", "y")]),
            ("event\ndata: x\n\n", &[event("", "x")]),
            ("retry: 10\nid: 7\nunknown: z\ndatax: z\ndata: x\n: comment\n\n", &[event("", "x")]),
            ("id: 1\n\n: keep-alive\n\ndata: after an id and a comment\n\n", &[event("", "after an id and a comment")]),
            ("data: unfinished\n", &[]),
            ("data: ünïcödé 😀\n\n", &[event("", "ünïcödé 😀")]),
            ("\n\n\r\r\r\n\ndata: x\n\n\n\n", &[event("", "x")]),
            ("data:\n\n", &[event("", "")]),
            ("", &[]),
        ];
        for (stream, expected) in cases {
            let bytes = stream.as_bytes();
            assert_eq!(decoded(&[bytes], 999), (expected.to_vec(), None), "{stream:?}");
            for cut in 0..=bytes.len() {
                let (first, second) = bytes.split_at(cut);
                assert_eq!(decoded(&[first, second], 999).0, *expected, "{stream:?} cut at {cut}");
            }
            let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(decoded(&pieces, 999).0, *expected, "{stream:?} byte by byte");
        }
    }

    #[test]
    fn an_event_may_be_as_long_as_the_limit_and_is_counted_beyond_it() {
        for stream in [
            "data: 12345678\n\ndata: x\n\n",
            "data:1234\ndata:678\n\ndata: x\n\n",
            ": a long comment\ndata: 12345678\n\ndata: x\n\n",
        ] {
            for limit in [7, 8, 9] {
                let (seen, rest) = decoded(&[stream.as_bytes()], limit);
                assert_eq!(matches!(seen[0], Seen::TooLarge(_)), limit == 7, "{stream:?} {limit}");
                assert_eq!((seen.len(), &seen[1], rest), (2, &event("", "x"), None));
                for piece in 1..stream.len() {
                    fuzz_sse(stream.as_bytes(), piece, limit);
                }
            }
        }
        // One that the stream's end cuts is counted too.
        assert_eq!(decoded(&[b"data: 123456789", b"0"], 8).1, Some(16));
        assert_eq!(decoded(&[b"data: 12345678"], 8).1, None);
    }

    #[test]
    fn nothing_is_held_between_events_and_little_of_an_event_over_the_limit() {
        let mut decoder = SseDecoder::new(100);
        let mut all = |piece: &[u8]| {
            let mut rest = piece;
            while decoder.next(&mut rest).is_some() {}
            decoder.held_bytes()
        };
        assert_eq!(all(b"data: one\n\ndata: two\n\n"), 0);
        assert_eq!(all(b"data: thr"), 9);
        assert_eq!(all(b"ee\n\n"), 0);
        assert_eq!(all(b": comments are not held"), 0);
        assert_eq!(all(b"\n"), 0);
        for _ in 0..1000 {
            assert!(all(b"data: 123456789\n") <= 100);
        }
    }

    #[test]
    fn after_a_gap_reading_goes_on_behind_the_next_blank_line() {
        for (before, after, expected) in [
            ("data: a\n\n", "data: lost?\n\ndata: b\n\n", vec![event("", "b")]),
            ("data: a\n\ndata: bro", "ken\n\ndata: b\n\n", vec![event("", "b")]),
            ("data: a\n\ndata: 1\n", "\ndata: lost?\n\ndata: b\n\n", vec![event("", "b")]),
            ("", "x\n\ndata: b\n\n", vec![event("", "b")]),
        ] {
            for cut in 0..=after.len() {
                let mut decoder = SseDecoder::new(100);
                let mut rest = before.as_bytes();
                while decoder.next(&mut rest).is_some() {}
                decoder.handle_gap();
                let mut seen = Vec::new();
                for piece in [&after.as_bytes()[..cut], &after.as_bytes()[cut..]] {
                    let mut rest = piece;
                    while let Some(SseItem::Event(item)) = decoder.next(&mut rest) {
                        seen.push(Seen::Event(item.kind.to_vec(), item.data.to_vec()));
                    }
                }
                assert_eq!(seen, expected, "{before:?} {after:?}");
            }
        }
    }

    /// The standard's algorithm written down line by line, for a stream that is there as a whole.
    fn reference(stream: &[u8]) -> Vec<Seen> {
        let stream = stream.strip_prefix(BOM).unwrap_or(stream);
        let (mut lines, mut line, mut bytes) = (Vec::new(), Vec::new(), stream.iter().peekable());
        while let Some(&byte) = bytes.next() {
            match byte {
                b'\r' => {
                    bytes.next_if(|next| **next == b'\n');
                    lines.push(std::mem::take(&mut line));
                }
                b'\n' => lines.push(std::mem::take(&mut line)),
                _ => line.push(byte),
            }
        }
        let (mut seen, mut data, mut kind) = (Vec::new(), Vec::new(), Vec::new());
        for line in lines {
            if line.is_empty() {
                if !data.is_empty() {
                    data.pop();
                    seen.push(Seen::Event(kind.clone(), data.clone()));
                }
                data.clear();
                kind.clear();
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
            let value = line.get(colon + 1..).unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            match &line[..colon] {
                b"data" => {
                    data.extend_from_slice(value);
                    data.push(b'\n');
                }
                b"event" => kind = value.to_vec(),
                _ => {}
            }
        }
        seen
    }

    proptest! {
        #[test]
        fn any_stream_is_read_as_the_standard_says_however_it_is_cut(
            stream in "(\u{feff})?((data|event|id|:|retry|dat|)(:|: |)[ab:é]{0,3}(\n|\r|\r\n)|\n|\r\n|\r){0,14}",
            piece in 1..9_usize,
        ) {
            prop_assert_eq!(decoded(&[stream.as_bytes()], 999).0, reference(stream.as_bytes()));
            for limit in [0, 2, 5, 999] {
                fuzz_sse(stream.as_bytes(), piece, limit);
            }
        }

        #[test]
        fn any_bytes_are_read_the_same_however_they_are_cut(
            bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'\r'), Just(b':')], 0..60),
            piece in 1..9_usize,
            limit in 0..20_usize,
        ) {
            fuzz_sse(&bytes, piece, limit);
        }
    }
}
