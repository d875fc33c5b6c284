//! Strings: where they end, how long they are, what their escapes stand for.

use std::borrow::Cow;

use memchr::memchr2;

use super::reader::{Read, Unreadable};

/// A string as it stands in the text, between its quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Str<'a> {
    raw: &'a str,
    at: usize,
    /// Length with escapes resolved: smaller than that of `raw` if there are any.
    len: usize,
}

impl std::fmt::Debug for Str<'_> {
    /// Its size: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Str({} bytes)", self.len)
    }
}

impl<'a> Str<'a> {
    /// A string that stands for itself.
    #[must_use]
    pub fn plain(text: &'a str) -> Self {
        Self { raw: text, at: 0, len: text.len() }
    }

    /// The string that begins at `at`, behind its opening quote. Gives also where the closing quote is.
    pub(super) fn scan(text: &'a str, at: usize) -> Read<(Self, usize)> {
        let (end, len) = end_of_string(text.as_bytes(), at)?;
        let raw = text.get(at..end).ok_or(Unreadable)?;
        Ok((Self { raw, at, len }, end))
    }

    /// The string between whose quotes `raw` stands, of that length with escapes resolved.
    pub(crate) fn of_raw(raw: &'a str, len: usize) -> Self {
        Self { raw, at: 0, len }
    }

    /// Its characters as they stand in the text, escapes and all.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Where in the text it begins, behind the quote.
    #[must_use]
    pub fn at(self) -> usize {
        self.at
    }

    /// Its characters.
    #[must_use]
    pub fn to_cow(self) -> Cow<'a, str> {
        if !self.is_escaped() {
            return Cow::Borrowed(self.raw);
        }
        let mut text = String::with_capacity(self.len);
        self.push_to(&mut text);
        Cow::Owned(text)
    }

    /// Appends its characters to `text`.
    pub fn push_to(self, text: &mut String) {
        self.for_each_run(|run| text.push_str(run));
    }

    /// Its length in bytes of UTF-8, escapes resolved.
    #[must_use]
    pub fn len(self) -> usize {
        self.len
    }

    pub(super) fn is_escaped(self) -> bool {
        self.len != self.raw.len()
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Calls `each` with the runs of characters that make up the string. Half of a surrogate pair becomes U+FFFD.
    // Once for each delta of a stream, most of which have no escape: without the hint a compiler may leave a call in place of a
    // few instructions.
    #[inline]
    pub fn for_each_run(self, mut each: impl FnMut(&str)) {
        if self.is_escaped() {
            self.for_each_run_and_escape(&mut each);
        } else if !self.raw.is_empty() {
            each(self.raw);
        }
    }

    fn for_each_run_and_escape(self, each: &mut impl FnMut(&str)) {
        let mut rest = self.raw;
        while let Some(place) = find_special(rest.as_bytes()) {
            let (run, escape) = rest.split_at(place);
            if !run.is_empty() {
                each(run);
            }
            rest = unescape(&escape[1..], each);
        }
        if !rest.is_empty() {
            each(rest);
        }
    }
}

/// Gives the character that the escape at the beginning of `text` (behind the backslash) stands for, and what follows.
fn unescape<'a>(text: &'a str, each: &mut impl FnMut(&str)) -> &'a str {
    let plain = match text.as_bytes().first() {
        Some(b'n') => "\n",
        Some(b't') => "\t",
        Some(b'r') => "\r",
        Some(b'b') => "\u{8}",
        Some(b'f') => "\u{c}",
        Some(b'"') => "\"",
        Some(b'\\') => "\\",
        Some(b'/') => "/",
        Some(b'u') => return unescape_unicode(&text[1..], each),
        _ => return text,
    };
    each(plain);
    &text[1..]
}

fn unescape_unicode<'a>(text: &'a str, each: &mut impl FnMut(&str)) -> &'a str {
    let Some(unit) = hex4(text) else { return text };
    let mut rest = &text[4..];
    let mut scalar = char::from_u32(unit);
    if (0xd800..0xdc00).contains(&unit)
        && let Some(after) = rest.strip_prefix("\\u")
        && let Some(low) = hex4(after).filter(|low| (0xdc00..0xe000).contains(low))
    {
        scalar = char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
        rest = &after[4..];
    }
    each(scalar.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]));
    rest
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

/// Behind so many bytes without a find, a search over many bytes at once is worth its call.
const NEAR: usize = 64;

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);

/// The high bits of the bytes of `word` that are zero. The subtraction may borrow on from such a byte, so that higher
/// bits may be wrong, but the lowest is right.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The high bits of the bytes of `word` that are control characters; the lowest is right.
#[inline(always)]
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGHS
}

/// Where the first quote or backslash is.
#[inline]
fn find_special(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(*chunk);
        let found = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64));
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
        rest = after;
        if at == NEAR {
            return memchr2(b'"', b'\\', rest).map(|place| at + place);
        }
    }
    rest.iter().position(|byte| matches!(byte, b'"' | b'\\')).map(|place| at + place)
}

/// Where the string that begins at `start` ends, and its length with escapes resolved.
#[inline]
pub(super) fn end_of_string(text: &[u8], start: usize) -> Read<(usize, usize)> {
    let mut at = start;
    let mut escapes = 0;
    loop {
        at += find_special(text.get(at..).ok_or(Unreadable)?).ok_or(Unreadable)?;
        if text[at] == b'"' {
            return Ok((at, at - start - escapes));
        }
        let (raw, resolved) = escape(text.get(at..).unwrap_or_default())?;
        at += raw;
        escapes += raw - resolved;
    }
}

/// A string's end as [`end_of_string`] finds it, but for control characters, which have no place in a string, and
/// whether all of it is ASCII. Made for strings of a few characters.
#[inline(always)]
pub(crate) fn end_of_short_string(text: &[u8]) -> Option<ShortString> {
    let mut at = 0;
    let mut escapes = 0;
    let mut all = 0;
    loop {
        let rest = text.get(at..)?;
        let special = match rest.first_chunk::<8>() {
            Some(chunk) => {
                let word = u64::from_le_bytes(*chunk);
                let found = zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64)) | controls(word);
                if found == 0 {
                    all |= word;
                    at += 8;
                    continue;
                }
                let before = found.trailing_zeros() / 8;
                all |= word & !(u64::MAX << (8 * before));
                before as usize
            }
            None => {
                let before = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
                all |= rest[..before].iter().fold(0, |all, &byte| all | u64::from(byte));
                before
            }
        };
        at += special;
        match rest.get(special)? {
            b'"' => return Some(ShortString { end: at, len: at - escapes, is_ascii: all & HIGHS == 0 }),
            b'\\' => {
                let (raw, resolved) = escape(rest.get(special..)?).ok()?;
                at += raw;
                escapes += raw - resolved;
            }
            _ => return None,
        }
    }
}

/// What [`end_of_short_string`] finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShortString {
    /// Where the closing quote is.
    pub(crate) end: usize,
    /// Its length with escapes resolved.
    pub(crate) len: usize,
    /// Whether all of it is ASCII (escapes aside).
    pub(crate) is_ascii: bool,
}

/// The lengths of the escape at the beginning of `text`: as it stands, and resolved.
#[inline]
fn escape(text: &[u8]) -> Read<(usize, usize)> {
    match text.get(1).ok_or(Unreadable)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok((2, 1)),
        b'u' => unicode_escape(text),
        _ => Err(Unreadable),
    }
}

/// The lengths of the escape `\uXXXX` (or a pair of them) at the beginning of `text`: as it stands, and resolved.
#[cold]
fn unicode_escape(text: &[u8]) -> Read<(usize, usize)> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        digits.iter().try_fold(0, |unit, &digit| Some(unit << 4 | char::from(digit).to_digit(16)?))
    };
    let first = unit(0).ok_or(Unreadable)?;
    if (0xd800..0xdc00).contains(&first) && unit(6).is_some_and(|low| (0xdc00..0xe000).contains(&low)) {
        return Ok((12, 4));
    }
    Ok((6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER).len_utf8()))
}
