//! A body whose pieces are kept until it is whole.

use std::borrow::Cow;

use bytes::Bytes;

/// A body whose pieces are kept until it is whole. One piece is kept as it came, several are joined.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pieces: Pieces,
    /// All bytes that came, also those that weren't kept.
    pub(super) seen: u64,
    /// Bytes are missing that were not delivered.
    pub(super) has_gap: bool,
}

#[derive(Debug, Default)]
enum Pieces {
    #[default]
    None,
    One(Bytes),
    Many(Vec<u8>),
    /// There were more than the limit allows. What was kept of them is no use: half a JSON text says nothing for sure.
    TooLarge,
}

impl Gathered {
    pub(super) fn push(&mut self, piece: Bytes, limit: usize) {
        self.seen += piece.len() as u64;
        if piece.is_empty() || matches!(self.pieces, Pieces::TooLarge) {
            return;
        }
        if self.held_bytes() + piece.len() > limit {
            self.pieces = Pieces::TooLarge;
            return;
        }
        self.pieces = match std::mem::take(&mut self.pieces) {
            Pieces::None => Pieces::One(piece),
            Pieces::One(first) => Pieces::Many([&first[..], &piece[..]].concat()),
            Pieces::Many(mut bytes) => {
                bytes.extend_from_slice(&piece);
                Pieces::Many(bytes)
            }
            Pieces::TooLarge => Pieces::TooLarge,
        };
    }

    pub(super) fn held_bytes(&self) -> usize {
        match &self.pieces {
            Pieces::None | Pieces::TooLarge => 0,
            Pieces::One(bytes) => bytes.len(),
            Pieces::Many(bytes) => bytes.len(),
        }
    }

    pub(super) fn is_too_large(&self) -> bool {
        matches!(self.pieces, Pieces::TooLarge)
    }

    /// The body as text; what isn't UTF-8 in it is replaced. A byte order mark is no part of it.
    pub(super) fn text(&self) -> Cow<'_, str> {
        let bytes: &[u8] = match &self.pieces {
            Pieces::None | Pieces::TooLarge => &[],
            Pieces::One(bytes) => bytes,
            Pieces::Many(bytes) => bytes,
        };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => String::from_utf8_lossy(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(pieces: &[&'static str], limit: usize) -> Gathered {
        let mut body = Gathered::default();
        for piece in pieces {
            body.push(Bytes::from_static(piece.as_bytes()), limit);
        }
        body
    }

    #[test]
    fn a_single_piece_is_not_copied() {
        let piece = Bytes::from_static(b"{}");
        let mut body = Gathered::default();
        body.push(piece.clone(), 9);
        assert_eq!(body.text().as_ptr(), piece.as_ptr());
    }

    #[test]
    fn a_body_up_to_the_limit_is_kept_and_a_longer_one_is_not() {
        for pieces in [&["12345678"][..], &["1234", "5678"], &["1", "234567", "8"]] {
            for (limit, kept) in [(7, ""), (8, "12345678"), (9, "12345678")] {
                let body = gathered(pieces, limit);
                assert_eq!((body.text().as_ref(), body.is_too_large()), (kept, limit == 7), "{pieces:?} {limit}");
                assert_eq!(body.seen, 8);
            }
        }
    }

    #[test]
    fn what_is_not_utf8_is_replaced_and_a_byte_order_mark_is_not_text() {
        let mut body = Gathered::default();
        body.push(Bytes::from_static(b"\xef\xbb\xbf{\xff}"), 99);
        assert_eq!(body.text(), "{\u{fffd}}");
    }
}
