//! Texts in base64, wherever a long run of its alphabet is one.

use super::View;
use crate::scan::class::{ANY64, PRINTABLE};
use crate::wire::base64::{NO_DIGIT, VALUES};

/// Shortest run of the alphabet that is decoded, in characters. Every run of 23 holds two words of eight bytes side by side.
const LEAST: usize = 24;
/// Longest part of a run that is decoded at once, and how much of it is decoded again with the next.
const PIECE: usize = 64 * 1024;
const OVERLAP: usize = 8 * 1024;
/// Shortest decoded text that is looked at, in bytes.
const LEAST_TEXT: usize = 16;

/// Gives each stretch of printable text that a run of base64 in `text` holds.
///
/// A run may have begun before its base64 (`/path/aGVsbG8…`), so each of the four alignments is tried, and the one with the
/// most text in it is taken.
pub(in crate::scan) fn each_decoded(text: &str, mut give: impl FnMut(View)) {
    let bytes = text.as_bytes();
    let mut decoded = Vec::new();
    let mut best = Vec::new();
    let mut at = 0;
    while let Some(start) = next_run(bytes, at) {
        let most = (start + PIECE).min(bytes.len());
        let end = bytes[start..most].iter().position(|&byte| !ANY64.has(byte)).map_or(most, |len| start + len);
        if end - start >= LEAST && looks_encoded(&bytes[start..end]) {
            let mut most = 0;
            let mut chosen = 0;
            for skip in 0..4 {
                decode(&bytes[start + skip..end], &mut decoded);
                let count = stretches(&decoded).map(|(from, to)| to - from).sum();
                if count > most {
                    most = count;
                    chosen = skip;
                    std::mem::swap(&mut best, &mut decoded);
                }
            }
            if most > 0 {
                for (from, to) in stretches(&best) {
                    if let Ok(part) = std::str::from_utf8(&best[from..to]) {
                        give(View::of_quads(part.to_owned(), start + chosen, from, end));
                    }
                }
            }
        }
        // A long run is decoded in pieces that overlap, so that what it needs doesn't grow with it.
        at = if end == start + PIECE { end - OVERLAP } else { end };
    }
}

/// 1 for each byte of the alphabets, else 0.
const IN_ALPHABET: [u8; 256] = {
    let mut of = [0; 256];
    let mut at = 0;
    while at < 256 {
        if VALUES[at] != NO_DIGIT {
            of[at] = 1;
        }
        at += 1;
    }
    of
};

/// Bytes that are looked at together.
const WORD: usize = 8;

/// Where a run that may be long enough begins, at `from` or behind it: one that holds two words of eight bytes that stand side by side.
fn next_run(bytes: &[u8], from: usize) -> Option<usize> {
    let mut last = 0;
    for (word, eight) in bytes.get(from..)?.chunks_exact(WORD).enumerate() {
        let all = eight.iter().fold(1, |all, &byte| all & IN_ALPHABET[usize::from(byte)]);
        if all & last == 1 {
            let second = from + word * WORD;
            let before = bytes[from..second].iter().rev().take_while(|&&byte| ANY64.has(byte)).count();
            return Some(second - before);
        }
        last = all;
    }
    None
}

/// Text in base64 has letters of both cases and digits; names and paths mostly don't.
fn looks_encoded(run: &[u8]) -> bool {
    let head = &run[..run.len().min(256)];
    head.iter().any(u8::is_ascii_uppercase)
        && head.iter().any(u8::is_ascii_lowercase)
        && head.iter().any(u8::is_ascii_digit)
}

fn decode(run: &[u8], into: &mut Vec<u8>) {
    into.clear();
    into.reserve(run.len() / 4 * 3 + 3);
    let mut quads = run.chunks_exact(4);
    for quad in &mut quads {
        let bits = quad.iter().fold(0_u32, |bits, &byte| bits << 6 | u32::from(VALUES[usize::from(byte)]));
        into.extend_from_slice(&bits.to_be_bytes()[1..]);
    }
    // Without padding, two characters are one byte and three are two.
    let rest = quads.remainder();
    let bits = rest.iter().fold(0_u32, |bits, &byte| bits << 6 | u32::from(VALUES[usize::from(byte)]))
        << (6 * (4 - rest.len()));
    into.extend_from_slice(&bits.to_be_bytes()[1..][..rest.len() * 3 / 4]);
}

/// The stretches of printable text in `bytes` that are long enough.
fn stretches(bytes: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let from = at + bytes[at..].iter().position(|&byte| PRINTABLE.has(byte))?;
            let to = bytes[from..].iter().position(|&byte| !PRINTABLE.has(byte)).map_or(bytes.len(), |len| from + len);
            at = to + 1;
            if to - from >= LEAST_TEXT {
                return Some((from, to));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn views(text: &str) -> Vec<View> {
        let mut views = Vec::new();
        each_decoded(text, |view| views.push(view));
        views
    }

    /// `printf 'password is glpat-abcdefghij' | base64`, as GNU coreutils 9.1 writes it.
    const ENCODED: &str = "cGFzc3dvcmQgaXMgZ2xwYXQtYWJjZGVmZ2hpag==";

    #[test]
    fn text_in_base64_is_found_at_each_alignment() {
        for before in ["", "/", "ab/", "abc_", "x-y-z", "key=", "ä "] {
            let text = format!("{before}{ENCODED} and more");
            let view = views(&text).into_iter().find(|view| view.text.contains("glpat-")).unwrap();
            let start = view.text.find("glpat-").unwrap();
            let (from, to) = view.range(start, view.text.len());
            assert!(text[from..to].contains("Z2xwYXQtYWJjZGVmZ2hpag"), "{before}: {}", &text[from..to]);
            assert!(to <= text.len() - " and more".len());
        }
    }

    #[test]
    fn runs_are_found_at_every_place_of_a_text() {
        for before in 0..60 {
            let text = format!("{}{ENCODED}", " ".repeat(before));
            assert!(views(&text).iter().any(|view| view.text.contains("glpat-")), "after {before} blanks");
        }
    }
}
