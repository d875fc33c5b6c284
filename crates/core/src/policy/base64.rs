//! Base64 in either alphabet, as far as looking into it needs.

use crate::wire::base64::{NO_DIGIT, VALUES};

/// The six bits of a character.
#[inline]
pub(super) fn bits(byte: u8) -> Option<u8> {
    Some(VALUES[usize::from(byte)]).filter(|bits| *bits != NO_DIGIT)
}

/// Decodes text that comes piece by piece. What was padded and joined is decoded as its parts would be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Base64 {
    held: u32,
    count: u8,
}

impl Base64 {
    /// Gives the bytes that `text` stands for as far as they are whole; `false` if it isn't base64.
    pub(super) fn decode(&mut self, text: &[u8], mut each: impl FnMut(&[u8])) -> bool {
        for byte in text {
            let Some(bits) = bits(*byte) else {
                match byte {
                    b'=' => self.end(&mut each),
                    b'\r' | b'\n' | b' ' => {}
                    _ => return false,
                }
                continue;
            };
            self.held = (self.held << 6) | u32::from(bits);
            self.count += 1;
            if self.count == 4 {
                each(&self.held.to_be_bytes()[1..]);
                *self = Self::default();
            }
        }
        true
    }

    /// Gives what is left of a group that isn't whole.
    pub(super) fn end(&mut self, mut each: impl FnMut(&[u8])) {
        let bytes = (self.held << (6 * (4 - u32::from(self.count)).min(4))).to_be_bytes();
        match self.count {
            2 => each(&bytes[1..2]),
            3 => each(&bytes[1..3]),
            _ => {}
        }
        *self = Self::default();
    }
}

/// Whether the first four characters stand for three that are printable.
#[inline]
pub(super) fn begins_text(text: &[u8]) -> bool {
    let Some([a, b, c, d]) = text.first_chunk() else { return false };
    let (Some(a), Some(b), Some(c), Some(d)) = (bits(*a), bits(*b), bits(*c), bits(*d)) else { return false };
    let bytes = [(a << 2) | (b >> 4), (b << 4) | (c >> 2), (c << 6) | d];
    bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// What the base64 at the beginning of `text` stands for.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|byte| bits(*byte).is_none()).unwrap_or(text.len());
    let mut out = Vec::with_capacity(end * 3 / 4 + 3);
    let mut decoder = Base64::default();
    decoder.decode(&text[..end], |bytes| out.extend_from_slice(bytes));
    decoder.end(|bytes| out.extend_from_slice(bytes));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_in_any_pieces_as_rfc_4648_has_it() {
        // RFC 4648, section 10.
        for (encoded, text) in [
            ("", ""),
            ("Zg==", "f"),
            ("Zm8=", "fo"),
            ("Zm9v", "foo"),
            ("Zm9vYg==", "foob"),
            ("Zm9vYmE=", "fooba"),
            ("Zm9vYmFy", "foobar"),
            ("Zm9v\nYmFy", "foobar"),
            // Joined pieces that were padded each, and one that isn't padded at its end.
            ("Zg==Zm8", "ffo"),
            ("_-8", "\u{ffff}"),
        ] {
            for cut in 0..=encoded.len() {
                let (mut decoder, mut out) = (Base64::default(), Vec::new());
                for piece in [&encoded[..cut], &encoded[cut..]] {
                    assert!(decoder.decode(piece.as_bytes(), |bytes| out.extend_from_slice(bytes)));
                }
                decoder.end(|bytes| out.extend_from_slice(bytes));
                if text == "\u{ffff}" {
                    assert_eq!(out, [0xff, 0xef]);
                } else {
                    assert_eq!(out, text.as_bytes(), "{encoded}");
                }
            }
        }
        assert!(!Base64::default().decode(b"Zm9!", |_| {}));
    }

    #[test]
    fn the_beginning_of_encoded_text_is_told_from_that_of_other_bytes() {
        assert!(begins_text(b"c2stcHJv") && !begins_text(b"AAAA") && !begins_text(b"c2s") && !begins_text(b"c2s="));
        assert_eq!(decoded(b"c2stcHJv.more"), b"sk-pro");
    }
}
