//! Classes of bytes, and how far a run of one goes.

/// A set of bytes, made of the kinds below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class(u32);

impl Class {
    const fn of(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, byte: u8) -> bool {
        KINDS[byte as usize] & self.0 != 0
    }

    /// As a regular expression.
    pub(super) fn expression(self) -> String {
        let bytes = (0..128_u8).filter(|&byte| self.has(byte)).map(|byte| format!(r"\x{byte:02x}"));
        format!("[{}]", bytes.collect::<String>())
    }
}

const DIGIT_LOW: Class = Class(1);
const DIGIT_BASE32: Class = Class(1 << 1);
const DIGIT_HIGH: Class = Class(1 << 2);
const LOWER_HEX: Class = Class(1 << 3);
const LOWER_GH: Class = Class(1 << 4);
const LOWER_REST: Class = Class(1 << 5);
const UPPER_HEX: Class = Class(1 << 6);
const UPPER_REST: Class = Class(1 << 7);
const UNDERSCORE: Class = Class(1 << 8);
const HYPHEN: Class = Class(1 << 9);
const DOT: Class = Class(1 << 10);
const EQUALS: Class = Class(1 << 11);
const PLUS: Class = Class(1 << 12);
const SLASH: Class = Class(1 << 13);
const TILDE: Class = Class(1 << 14);
const PERCENT: Class = Class(1 << 15);
const BLANK: Class = Class(1 << 16);
const LINE_END: Class = Class(1 << 17);
const QUOTE: Class = Class(1 << 18);
const BACKSLASH: Class = Class(1 << 19);
const PRINTABLE_REST: Class = Class(1 << 20);
const MULTIBYTE: Class = Class(1 << 21);
const PARENTHESIS: Class = Class(1 << 22);
const UPPER_GH: Class = Class(1 << 23);

/// `0` to `9`.
pub(super) const DIGIT: Class = DIGIT_LOW.of(DIGIT_BASE32).of(DIGIT_HIGH);
/// `a` to `z`.
pub(super) const LOWER: Class = LOWER_HEX.of(LOWER_GH).of(LOWER_REST);
/// `A` to `Z`.
pub(super) const UPPER: Class = UPPER_HEX.of(UPPER_GH).of(UPPER_REST);
/// Letters of both cases.
pub(super) const LETTER: Class = LOWER.of(UPPER);
/// Letters and digits.
pub(super) const ALNUM: Class = LETTER.of(DIGIT);
/// Small letters and digits.
pub(super) const LOWER_ALNUM: Class = LOWER.of(DIGIT);
/// Capital letters and digits.
pub(super) const UPPER_ALNUM: Class = UPPER.of(DIGIT);
/// Hexadecimal digits with small letters.
pub(super) const HEX_LOWER: Class = DIGIT.of(LOWER_HEX);
/// Hexadecimal digits.
pub(super) const HEX: Class = HEX_LOWER.of(UPPER_HEX);
/// Digits and the letters `a` to `h`, of both cases (what gitleaks has for Flutterwave and Mailgun).
pub(super) const TO_H: Class = HEX.of(LOWER_GH).of(UPPER_GH);
/// The alphabet of RFC 4648 base32.
pub(super) const BASE32: Class = UPPER.of(DIGIT_BASE32);
/// The alphabet of base64 without its padding.
pub(super) const BASE64: Class = ALNUM.of(PLUS).of(SLASH);
/// Letters, digits, `_`.
pub(super) const WORD: Class = ALNUM.of(UNDERSCORE);
/// The alphabet of base64url: letters, digits, `_` and `-`.
pub(super) const URL64: Class = WORD.of(HYPHEN);
/// Both alphabets of base64.
pub(super) const ANY64: Class = BASE64.of(URL64);
/// base64url with padding anywhere.
pub(super) const URL64_PAD: Class = URL64.of(EQUALS);
/// base64 and base64url, with padding anywhere.
pub(super) const ANY64_PAD: Class = ANY64.of(EQUALS);
/// base64url with `=` and `.`.
pub(super) const URL64_PAD_DOT: Class = URL64_PAD.of(DOT);
/// Letters, digits, `_`, `-` and `.`.
pub(super) const NAME: Class = URL64.of(DOT);
/// What an unescaped dot of an expression matches between two halves of a token.
pub(super) const DOT_LIKE: Class = DOT.of(HYPHEN).of(UNDERSCORE);
/// Letters, digits and `-`.
pub(super) const ALNUM_HYPHEN: Class = ALNUM.of(HYPHEN);
/// base64 in a URL, with its signs escaped.
pub(super) const PERCENT64: Class = ALNUM.of(PERCENT);
/// Letters, digits, `_`, `.` and `~`.
pub(super) const NAME_TILDE_NO_HYPHEN: Class = WORD.of(DOT).of(TILDE);
/// What a secret of no known format holds.
pub(super) const GENERIC: Class = NAME.of(EQUALS).of(PLUS).of(SLASH);
/// As [`NAME`], with `~`.
pub(super) const NAME_TILDE: Class = NAME.of(TILDE);
/// What a token behind `Bearer` may hold (RFC 6750, `b64token`), and `@`-free secrets of header values.
pub(super) const BEARER: Class = NAME_TILDE.of(PLUS).of(SLASH).of(EQUALS);
/// What stands between a name and the sign that assigns to it.
pub(super) const NAME_BLANK: Class = NAME.of(BLANK);
/// Spaces, tabs and line ends.
pub(super) const SPACE: Class = BLANK.of(LINE_END);
/// Spaces and tabs.
pub(super) const BLANKS: Class = BLANK;
/// Quotes of every kind, and white space.
pub(super) const QUOTE_SPACE: Class = QUOTE.of(SPACE);
/// The same with `=`.
pub(super) const QUOTE_SPACE_EQUALS: Class = QUOTE_SPACE.of(EQUALS);
/// The local part of an e-mail address, without quoting (RFC 5322 `dot-atom`, the part in use).
pub(super) const MAIL_LOCAL: Class = NAME.of(PLUS).of(PERCENT);
/// What a number of a card, an account or a telephone begins with, or has behind its country.
pub(super) const BEGINS: Class = DIGIT.of(PLUS).of(PARENTHESIS);
/// The host part.
pub(super) const MAIL_HOST: Class = ALNUM.of(HYPHEN).of(DOT);
/// What may stand in a URL's user information and query: printable ASCII but quotes, blanks, `\`.
pub(super) const URL_PART: Class = BEARER.of(PERCENT).of(PRINTABLE_REST).of(PARENTHESIS);
/// Printable ASCII with the white space of texts.
pub(super) const PRINTABLE: Class = URL_PART.of(SPACE).of(QUOTE).of(BACKSLASH);

const KINDS: [u32; 256] = {
    let mut kinds = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let byte = at as u8;
        kinds[at] = match byte {
            b'0' | b'1' => DIGIT_LOW,
            b'2'..=b'7' => DIGIT_BASE32,
            b'8' | b'9' => DIGIT_HIGH,
            b'a'..=b'f' => LOWER_HEX,
            b'g' | b'h' => LOWER_GH,
            b'i'..=b'z' => LOWER_REST,
            b'A'..=b'F' => UPPER_HEX,
            b'G' | b'H' => UPPER_GH,
            b'I'..=b'Z' => UPPER_REST,
            b'_' => UNDERSCORE,
            b'-' => HYPHEN,
            b'.' => DOT,
            b'=' => EQUALS,
            b'+' => PLUS,
            b'/' => SLASH,
            b'~' => TILDE,
            b'%' => PERCENT,
            b' ' | b'\t' => BLANK,
            b'\n' | b'\r' => LINE_END,
            b'"' | b'\'' | b'`' => QUOTE,
            b'\\' => BACKSLASH,
            b'(' => PARENTHESIS,
            0x21..=0x7e => PRINTABLE_REST,
            0x80..=0xff => MULTIBYTE,
            _ => Class(0),
        }
        .0;
        at += 1;
    }
    kinds
};

/// Runs longer than this are remembered, so that no byte is looked at again for each candidate in it.
const SHORT: usize = 16;
/// How many runs are remembered, one for each class in use.
const KEPT: usize = 8;
/// How often a value of a general name may be looked at: a name may have several such words (`client_secret_access_key_token`).
const LOOKS: u8 = 4;

/// A text, with the long runs in it that were measured already.
pub(super) struct Text<'t> {
    pub(super) bytes: &'t [u8],
    kept: [(Class, usize, usize); KEPT],
    next: usize,
    /// Where the last value ends that was looked at, and how often it was.
    looked_at: (usize, u8),
}

impl<'t> Text<'t> {
    pub(super) const fn new(bytes: &'t [u8]) -> Self {
        Self { bytes, kept: [(Class(0), 0, 0); KEPT], next: 0, looked_at: (0, 0) }
    }

    /// Whether a value that ends at `end` may be looked at: it was no more than a few times, from places before.
    pub(super) fn may_look_at(&mut self, end: usize) -> bool {
        self.looked_at = if self.looked_at.0 == end { (end, self.looked_at.1.saturating_add(1)) } else { (end, 1) };
        self.looked_at.1 <= LOOKS
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn is(&self, at: usize, class: Class) -> bool {
        self.byte(at).is_some_and(|byte| class.has(byte))
    }

    /// The text between two places, or as much of it as there is.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'t [u8] {
        self.bytes.get(from..to.min(self.bytes.len())).unwrap_or_default()
    }

    /// Whether `literal` stands at `at`.
    pub(super) fn starts(&self, at: usize, literal: &str) -> bool {
        self.bytes.get(at..).is_some_and(|rest| rest.starts_with(literal.as_bytes()))
    }

    /// The same, without regard to the case of ASCII letters.
    pub(super) fn starts_any_case(&self, at: usize, literal: &str) -> bool {
        self.bytes.get(at..at + literal.len()).is_some_and(|part| part.eq_ignore_ascii_case(literal.as_bytes()))
    }

    /// Where the run of `class` that goes on at `at` ends, at most `max` bytes later.
    pub(super) fn run_end(&mut self, at: usize, class: Class, max: usize) -> usize {
        let limit = at.saturating_add(max).min(self.bytes.len());
        let near = at.saturating_add(SHORT).min(limit);
        let mut end = at;
        while end < near && class.has(self.bytes[end]) {
            end += 1;
        }
        if end < near || end >= limit {
            return end.max(at.min(self.bytes.len()));
        }
        if let Some(&(_, _, known)) = self.kept.iter().find(|(of, from, to)| *of == class && *from <= end && end <= *to)
        {
            return known.min(limit);
        }
        let rest = &self.bytes[end..];
        let whole = rest.iter().position(|&byte| !class.has(byte)).map_or(self.bytes.len(), |len| end + len);
        let slot = self.kept.iter().position(|(of, ..)| *of == class).unwrap_or_else(|| {
            self.next = (self.next + 1) % KEPT;
            self.next
        });
        self.kept[slot] = (class, at, whole);
        whole.min(limit)
    }

    /// Where the run of `class` that ends before `at` begins, at most `max` bytes earlier.
    pub(super) fn run_start(&self, at: usize, class: Class, max: usize) -> usize {
        let limit = at.saturating_sub(max);
        let mut start = at;
        while start > limit && class.has(self.bytes[start - 1]) {
            start -= 1;
        }
        start
    }

    /// Whether a token may begin at `at`: no letter or digit stands before it, save one of an escape (`\n`).
    pub(super) fn begins(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|place| self.byte(place)) else { return true };
        if !ALNUM.has(before) {
            return true;
        }
        matches!(before, b'n' | b'r' | b't' | b'b' | b'f') && at >= 2 && self.bytes[at - 2] == b'\\'
    }
}
