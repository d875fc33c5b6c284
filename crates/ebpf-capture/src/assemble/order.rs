//! Puts the pieces of one connection back into the order in which they went by, and finds what is missing.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use sidetone_core::connection::Direction;

use crate::listen::Passed;

/// One piece of a connection, as the kernel side delivered it. Times are in nanoseconds of the monotonic clock.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(crate) direction: Direction,
    /// Where it is in the bytes that went this way, from the first one on that was watched.
    pub(crate) offset: u64,
    /// When the call that moved it began.
    pub(crate) begun: u64,
    /// When that call returned.
    pub(crate) ended: u64,
    pub(crate) bytes: Bytes,
}

impl Piece {
    /// Where it belongs among the pieces of both directions: what is written is under way from the beginning of the call, what
    /// is read is known at its end. An answer's reader may return before the writer of the request does.
    fn moment(&self) -> u64 {
        match self.direction {
            Direction::Write => self.begun,
            Direction::Read => self.ended,
        }
    }
}

/// The next thing of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Bytes, next in their direction.
    Bytes { direction: Direction, begun: u64, ended: u64, bytes: Bytes },
    /// So many bytes of this direction are missing.
    Gap { direction: Direction, bytes: u64, at: Duration },
}

/// Both directions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Order {
    read: Stream,
    written: Stream,
}

#[derive(Debug, Default)]
struct Stream {
    /// The offset up to which everything was heard or is known to be missing.
    settled: u64,
    missing: u64,
    /// By offset.
    waiting: VecDeque<Piece>,
}

impl Order {
    fn stream_mut(&mut self, direction: Direction) -> &mut Stream {
        match direction {
            Direction::Read => &mut self.read,
            Direction::Write => &mut self.written,
        }
    }

    /// Takes a piece in. Answers how many of its bytes are too late: reported as missing before, or heard already.
    pub(crate) fn push(&mut self, mut piece: Piece) -> u64 {
        let stream = self.stream_mut(piece.direction);
        let end = piece.offset.saturating_add(piece.bytes.len() as u64);
        let late = stream.settled.min(end).saturating_sub(piece.offset);
        if late > 0 {
            // `late` is at most the piece's length.
            let _ = piece.bytes.split_to(usize::try_from(late).unwrap_or(piece.bytes.len()));
            piece.offset += late;
        }
        if !piece.bytes.is_empty() {
            let place = stream.waiting.partition_point(|other| other.offset <= piece.offset);
            stream.waiting.insert(place, piece);
        }
        late
    }

    /// The next thing, as far as pieces are here: before a piece that doesn't join the one before it comes the gap.
    pub(crate) fn next(&mut self) -> Option<Next> {
        let moment = |stream: &Stream| stream.waiting.front().map(Piece::moment);
        loop {
            let stream = match (moment(&self.read), moment(&self.written)) {
                (None, None) => return None,
                (Some(read), Some(written)) if read < written => &mut self.read,
                (Some(_), None) => &mut self.read,
                (_, Some(_)) => &mut self.written,
            };
            // Nothing of a piece may be new.
            if let Some(next) = stream.next() {
                return Some(next);
            }
        }
    }

    /// Bytes of the pieces that wait to be taken.
    pub(crate) fn waiting_bytes(&self) -> usize {
        let bytes = |stream: &Stream| stream.waiting.iter().map(|piece| piece.bytes.len()).sum::<usize>();
        bytes(&self.read) + bytes(&self.written)
    }

    /// The kernel side says that `offset` bytes went this way, and all that it delivered of them is here and was taken.
    pub(crate) fn settle(&mut self, direction: Direction, offset: u64, at: Duration) -> Option<Next> {
        let stream = self.stream_mut(direction);
        let bytes = offset.checked_sub(stream.settled).filter(|&bytes| bytes > 0 && stream.waiting.is_empty())?;
        stream.settled = offset;
        stream.missing += bytes;
        Some(Next::Gap { direction, bytes, at })
    }

    /// How much was heard, and how much is missing.
    pub(crate) fn passed(&self) -> Passed {
        Passed {
            read: self.read.settled - self.read.missing,
            written: self.written.settled - self.written.missing,
            missing_read: self.read.missing,
            missing_written: self.written.missing,
        }
    }
}

impl Stream {
    /// What the first piece gives; `None` if nothing of it is new.
    fn next(&mut self) -> Option<Next> {
        let mut piece = self.waiting.pop_front()?;
        if let Some(bytes) = piece.offset.checked_sub(self.settled).filter(|&bytes| bytes > 0) {
            self.settled = piece.offset;
            self.missing += bytes;
            let gap = Next::Gap { direction: piece.direction, bytes, at: Duration::from_nanos(piece.moment()) };
            self.waiting.push_front(piece);
            return Some(gap);
        }
        // Of two pieces that overlap, the second one gives only what is new.
        let known = self.settled - piece.offset;
        let _ = piece.bytes.split_to(usize::try_from(known).unwrap_or(usize::MAX).min(piece.bytes.len()));
        if piece.bytes.is_empty() {
            return None;
        }
        self.settled += piece.bytes.len() as u64;
        let Piece { direction, begun, ended, bytes, .. } = piece;
        Some(Next::Bytes { direction, begun, ended, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(direction: Direction, offset: u64, at: u64, bytes: &'static [u8]) -> Piece {
        Piece { direction, offset, begun: at, ended: at + 5, bytes: Bytes::from_static(bytes) }
    }

    /// What comes out, as text: `r:` and `w:` with the bytes, or the number of those that are missing.
    fn all(order: &mut Order) -> String {
        let mut out = String::new();
        while let Some(next) = order.next() {
            let (direction, what) = match next {
                Next::Bytes { direction, bytes, .. } => (direction, String::from_utf8_lossy(&bytes).into_owned()),
                Next::Gap { direction, bytes, .. } => (direction, bytes.to_string()),
            };
            let direction = if direction == Direction::Read { "r" } else { "w" };
            out.push_str(&format!("{direction}:{what} "));
        }
        out
    }

    #[test]
    fn a_request_comes_before_its_answer_also_when_its_writer_returned_later() {
        let mut order = Order::default();
        order.push(Piece { ended: 40, ..piece(Direction::Write, 0, 10, b"ask") });
        order.push(piece(Direction::Read, 0, 15, b"answer"));
        assert_eq!(all(&mut order), "w:ask r:answer ");
        // The reader has waited since before the request was written.
        let mut order = Order::default();
        order.push(Piece { begun: 1, ended: 30, ..piece(Direction::Read, 0, 0, b"answer") });
        order.push(Piece { ended: 40, ..piece(Direction::Write, 0, 10, b"ask") });
        assert_eq!(all(&mut order), "w:ask r:answer ");
    }

    #[test]
    fn pieces_out_of_order_are_put_into_order() {
        let mut order = Order::default();
        for (offset, bytes) in [(4, b"ef".as_slice()), (0, b"ab"), (2, b"cd")] {
            order.push(piece(Direction::Write, offset, 10, bytes));
        }
        assert_eq!(all(&mut order), "w:ab w:cd w:ef ");
        assert_eq!(order.passed(), Passed { written: 6, ..Passed::default() });
    }

    #[test]
    fn what_is_missing_is_told_to_the_byte_where_it_is() {
        let mut order = Order::default();
        order.push(piece(Direction::Read, 3, 10, b"d"));
        order.push(piece(Direction::Read, 104, 20, b"e"));
        assert_eq!(all(&mut order), "r:3 r:d r:100 r:e ");
        assert_eq!(order.passed(), Passed { read: 2, missing_read: 103, ..Passed::default() });
    }

    #[test]
    fn a_lost_tail_is_told_by_the_final_offsets_and_only_once() {
        let mut order = Order::default();
        order.push(piece(Direction::Write, 0, 10, b"abc"));
        assert_eq!(order.settle(Direction::Write, 5, Duration::ZERO), None, "what waits comes first");
        assert_eq!(all(&mut order), "w:abc ");
        let gap = Next::Gap { direction: Direction::Write, bytes: 2, at: Duration::from_secs(1) };
        assert_eq!(order.settle(Direction::Write, 5, Duration::from_secs(1)), Some(gap));
        assert_eq!(order.settle(Direction::Write, 5, Duration::from_secs(2)), None);
        assert_eq!(order.settle(Direction::Write, 4, Duration::from_secs(2)), None);
    }

    #[test]
    fn what_comes_twice_or_after_it_was_missed_is_left_out_and_told() {
        let mut order = Order::default();
        assert_eq!(order.push(piece(Direction::Read, 2, 10, b"cd")), 0);
        assert_eq!(all(&mut order), "r:2 r:cd ");
        assert_eq!(order.push(piece(Direction::Read, 0, 10, b"abcdef")), 4);
        assert_eq!(all(&mut order), "r:ef ");
        assert_eq!(order.push(piece(Direction::Read, 1, 10, b"bc")), 2);
        assert_eq!(all(&mut order), "");
        assert_eq!(order.passed(), Passed { read: 4, missing_read: 2, ..Passed::default() });
    }

    #[test]
    fn of_pieces_that_overlap_each_byte_is_heard_once() {
        let mut order = Order::default();
        order.push(piece(Direction::Read, 0, 10, b"abcd"));
        order.push(piece(Direction::Read, 2, 11, b"cdef"));
        order.push(piece(Direction::Read, 3, 12, b"d"));
        assert_eq!(all(&mut order), "r:abcd r:ef ");
    }

    /// A sequence that looks random and is the same each time.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn bytes_that_went_by_are_bytes_heard_and_bytes_missing_whatever_is_lost_doubled_or_late() {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for _ in 0..2_000 {
            let (mut order, mut sent, mut pieces) = (Order::default(), [0_u64; 2], Vec::new());
            for at in 0..random(&mut state) % 20 {
                let way = random(&mut state) % 2;
                let direction = if way == 0 { Direction::Read } else { Direction::Write };
                let bytes = Bytes::from(vec![b'x'; (random(&mut state) % 50) as usize]);
                let offset = sent[way as usize];
                sent[way as usize] += bytes.len() as u64;
                pieces.push(Piece { direction, offset, begun: at, ended: at, bytes });
            }
            let mut heard = [0_u64; 2];
            let mut hear = |order: &mut Order| {
                while let Some(next) = order.next() {
                    if let Next::Bytes { direction, bytes, .. } = next {
                        heard[direction as usize] += bytes.len() as u64;
                    }
                }
            };
            for place in 0..pieces.len() {
                let other = place + (random(&mut state) as usize % (pieces.len() - place)).min(3);
                pieces.swap(place, other);
                match random(&mut state) % 6 {
                    0 => {}
                    1 => {
                        order.push(pieces[place].clone());
                        order.push(pieces[place].clone());
                    }
                    _ => {
                        order.push(pieces[place].clone());
                    }
                }
                if random(&mut state).is_multiple_of(3) {
                    hear(&mut order);
                }
            }
            hear(&mut order);
            let _ = order.settle(Direction::Read, sent[0], Duration::ZERO);
            let _ = order.settle(Direction::Write, sent[1], Duration::ZERO);
            let passed = order.passed();
            assert_eq!([passed.read, passed.written], heard);
            assert_eq!([passed.read + passed.missing_read, passed.written + passed.missing_written], sent);
        }
    }
}
