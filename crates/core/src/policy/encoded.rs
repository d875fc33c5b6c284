//! Words in base64 that the scanner passes by: those of fewer than 24 characters, as a card number is, and those without a digit.
//!
//! A word whose bytes are printable text throughout is base64 (of a million words of 16 random digits of base64 seven are, by chance), and is scanned
//! as the text it stands for.

use std::ops::RangeInclusive;

use super::base64;
use crate::scan::{Match, Scanner};

/// Lengths of the words that are looked at. What is shorter stands for less than twelve bytes; what is longer has its digits.
const WORD: RangeInclusive<usize> = 16..=256;

/// Bytes that are looked at together. A word that is long enough holds so many that begin at a multiple of their number.
const STEP: usize = 8;

/// Adds what is found in such words of `text` to what was `found`, in order and without overlap. A word is found whole.
pub(super) fn scan<'s>(scanner: &'s Scanner, text: &str, found: &mut Vec<Match<'s>>) {
    let bytes = text.as_bytes();
    let is_digit = |byte: &u8| base64::bits(*byte).is_some();
    let mut inner = Vec::new();
    let mut from = 0;
    while let Some(within) = next_word(bytes, from) {
        let start = from + bytes[from..within].iter().rposition(|byte| !is_digit(byte)).map_or(0, |before| before + 1);
        let end = within + bytes[within..].iter().take_while(|byte| is_digit(byte)).count();
        from = end;
        if !WORD.contains(&(end - start)) {
            continue;
        }
        let place = found.partition_point(|found| found.range.end <= start);
        if found.get(place).is_some_and(|found| found.range.start < end) {
            continue;
        }
        // It may begin behind the last part of a path.
        let texts = (start..=end - WORD.start()).take(4).filter_map(|at| printable(&bytes[at..end]));
        for decoded in texts {
            scanner.scan(&decoded, &mut inner);
        }
        if let Some(mut first) = inner.drain(..).next() {
            first.range = start..end;
            found.insert(place, first);
        }
    }
}

/// A place within the next word, at `from` or behind it, that may be long enough.
fn next_word(bytes: &[u8], from: usize) -> Option<usize> {
    let skipped = from.next_multiple_of(STEP);
    let steps = bytes.get(skipped..)?.chunks_exact(STEP);
    let has_no_gap = |step: &[u8]| step.iter().all(|byte| base64::bits(*byte).is_some());
    steps.enumerate().find(|(_, step)| has_no_gap(step)).map(|(step, _)| skipped + step * STEP)
}

/// What a word stands for, if that is printable text throughout.
fn printable(word: &[u8]) -> Option<String> {
    if !base64::begins_text(word) {
        return None;
    }
    let decoded = base64::decoded(word);
    let is_text = decoded.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if is_text { String::from_utf8(decoded).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        let scanner = Scanner::embedded();
        let mut found = Vec::new();
        scanner.scan(text, &mut found);
        scan(&scanner, text, &mut found);
        assert!(found.is_sorted_by(|one, next| one.range.end <= next.range.start), "{found:?}");
        let names = ["payment-card", "aws-access-token"];
        let name = |found: &Match<'_>| names.into_iter().find(|name| *name == found.rule.name).unwrap_or("other");
        found.iter().map(|found| (name(found), &text[found.range.clone()])).collect()
    }

    /// `printf 4111111111111111 | base64` of GNU coreutils: the test card of card schemes.
    const CARD: &str = "NDExMTExMTExMTExMTExMQ";

    /// `printf AKIAXNL5VG4CTGO5YMJV | base64`: no digit is in it.
    const KEY: &str = "QUtJQVhOTDVWRzRDVEdPNVlNSlY";

    #[test]
    fn a_bare_card_number_in_base64_is_found_wherever_it_stands() {
        for (before, after) in [
            ("", ""),
            ("", "=="),
            ("card ", "== and more"),
            ("{\"c\":\"", "==\"}"),
            ("ä", "ä"),
            ("x=", "\n"),
            ("12345678 ", ""),
        ] {
            assert_eq!(found(&format!("{before}{CARD}{after}")), [("payment-card", CARD)], "{before}…{after}");
        }
        for blanks in 0..20 {
            assert_eq!(found(&format!("{}{CARD}", " ".repeat(blanks))).len(), 1, "{blanks}");
        }
        assert_eq!(found(&format!("/{CARD}")), [("payment-card", &*format!("/{CARD}"))], "behind a part of a path");
    }

    #[test]
    fn a_key_in_base64_without_a_digit_is_found() {
        assert_eq!(found(&format!("It is {KEY}= as ever.")), [("aws-access-token", KEY)]);
    }

    #[test]
    fn other_words_stay_as_they_are() {
        // `printf 4111111111111112 | base64`: no card, by its check digit. Then identifiers, a path, and base64 of plain words.
        for word in [
            "NDExMTExMTExMTExMTExMg==",
            "chatcmpl-BdMnRbTHIiVcRj",
            "getUserNameFromTableRow",
            "AbstractSingletonProxyFactoryBean",
            "usr/share/doc/coreutils",
            "aGVsbG8gdGhlcmUgeW91",
            "MTIzNDU2Nzg5MDEy",
        ] {
            assert_eq!(found(word), [], "{word}");
        }
    }
}
