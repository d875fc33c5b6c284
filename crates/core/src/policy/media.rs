//! The SHA-256 of a medium that is written as base64, alone or in a `data:` URL.

use super::base64::Base64;
use super::sha256::{self, Sha256};

/// Hashes the bytes that a text stands for, which comes piece by piece.
#[derive(Default)]
pub(super) struct Hasher {
    hash: Sha256,
    base64: Base64,
    stage: Stage,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Nothing,
    /// In front of the comma of a `data:` URL.
    Url,
    Bytes,
    /// It isn't base64.
    Other,
}

impl Hasher {
    pub(super) fn update(&mut self, mut text: &str) {
        if self.stage == Stage::Nothing && !text.is_empty() {
            self.stage = if text.starts_with("data:") { Stage::Url } else { Stage::Bytes };
        }
        if self.stage == Stage::Url
            && let Some((head, bytes)) = text.split_once(',')
        {
            self.stage = if head.ends_with(";base64") { Stage::Bytes } else { Stage::Other };
            text = bytes;
        }
        if self.stage == Stage::Bytes && !self.base64.decode(text.as_bytes(), |bytes| self.hash.update(bytes)) {
            self.stage = Stage::Other;
        }
    }

    /// The digits; `None` if the text isn't base64.
    pub(super) fn finish(mut self) -> Option<Box<str>> {
        if self.stage != Stage::Bytes {
            return None;
        }
        self.base64.end(|bytes| self.hash.update(bytes));
        Some(sha256::hex(&self.hash.finalize()).into_boxed_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(pieces: &[&str]) -> Option<Box<str>> {
        let mut hasher = Hasher::default();
        pieces.iter().for_each(|piece| hasher.update(piece));
        hasher.finish()
    }

    #[test]
    fn the_bytes_are_hashed_and_not_how_they_are_written() {
        // SHA-256 of "abc": FIPS 180-4's example.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        for pieces in
            [&["YWJj"][..], &["Y", "WJj"], &["data:image/png;base64,YWJj"], &["data:image/png;base64,Y", "WJj"]]
        {
            assert_eq!(hash(pieces).as_deref(), Some(abc), "{pieces:?}");
        }
        for pieces in [&[][..], &[""], &["data:text/plain,abc"], &["data:image/png"], &["Y!Jj"]] {
            assert_eq!(hash(pieces), None, "{pieces:?}");
        }
    }
}
