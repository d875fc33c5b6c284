//! What stands in place of what may not be shown.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::event::Text;
use crate::scan::Match;

/// What `said`, the characters of `text`, are with everything that was found masked. What can't be looked at whole is replaced whole: half a key
/// at a cut is still half a key.
pub(super) fn redacted<'a>(text: &Text, said: &'a str, found: &[Match<'_>]) -> Cow<'a, str> {
    if text.is_truncated() {
        return Cow::Owned(format!("[over-limit:{}]", text.bytes()));
    }
    // Bytes that weren't UTF-8, and halves of surrogate pairs: a key may be broken by one.
    if said.contains(char::REPLACEMENT_CHARACTER) {
        return Cow::Owned(format!("[undecodable:{}]", text.bytes()));
    }
    if found.is_empty() {
        return Cow::Borrowed(said);
    }
    let mut out = String::with_capacity(said.len());
    let mut done = 0;
    for Match { rule, range, .. } in found {
        // In order and without overlap; were one not, more is masked rather than less.
        let Some(before) = said.get(done..range.start.max(done)) else {
            return Cow::Owned(format!("[undecodable:{}]", text.bytes()));
        };
        out.push_str(before);
        if range.start >= done {
            // Writing to a String can't fail.
            let _ = write!(out, "[{}:{}]", rule.name, range.len());
        }
        done = done.max(range.end);
    }
    match said.get(done..) {
        Some(rest) => out.push_str(rest),
        None => return Cow::Owned(format!("[undecodable:{}]", text.bytes())),
    }
    Cow::Owned(out)
}

/// The beginning of a text, with a mark that says how much of it was cut.
pub(super) fn cut(text: &Text, said: &str) -> String {
    format!("{said}[cut:{}]", text.bytes().saturating_sub(said.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Severity;
    use crate::scan::Scanner;

    fn redact(text: &Text, words: &[&str]) -> String {
        let mut scanner = Scanner::builder();
        for word in words {
            scanner = scanner.keyword(*word, *word, Severity::High).unwrap_or_default();
        }
        let (scanner, mut found) = (scanner.build(), Vec::new());
        let said = text.as_str().unwrap_or_default();
        scanner.scan(said, &mut found);
        redacted(text, said, &found).into_owned()
    }

    #[test]
    fn everything_found_is_masked_and_the_rest_stays() {
        let whole = Text::kept("a key1, ä key2");
        assert_eq!(redact(&whole, &[]), "a key1, ä key2");
        assert_eq!(redact(&whole, &["key1", "key2"]), "a [key1:4], ä [key2:4]");
        assert_eq!(redact(&Text::kept("key1"), &["key1"]), "[key1:4]");
    }

    #[test]
    fn what_is_not_whole_is_replaced_whole() {
        assert_eq!(redact(&Text::truncated(9, "begin"), &[]), "[over-limit:9]");
        assert_eq!(redact(&Text::kept("AKIA\u{fffd}X"), &[]), "[undecodable:8]");
        assert_eq!(cut(&Text::truncated(9, "begin"), "begin"), "begin[cut:4]");
    }
}
