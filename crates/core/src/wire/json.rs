//! A pull reader of JSON text: borrows what it gives out, skips what isn't asked for, never allocates by itself.
//!
//! What a surface wants of a body is a small part of it, and with content off it wants the sizes of texts, not the
//! texts. This reader goes through the text once, hands out strings as they stand (escapes untouched until somebody
//! asks) with their place in the text, and skips the rest by looking for quotes and brackets only.
//!
//! It reads whatever RFC 8259 allows, with the same result as any other reader. It is lenient: of some texts that the
//! RFC forbids (a raw control character in a string, `1.2.3`, a `]` that closes a `{` in a skipped value) it reads what can be read.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2};

use crate::event::Value;

/// Deepest nesting that is read as a [`Value`] (skipping has no limit, it doesn't recurse).
pub const VALUE_DEPTH: usize = 128;

/// Text that isn't JSON, or not what was expected of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

/// What was read, or that it can't be.
pub type Read<T> = Result<T, Unreadable>;

/// The kinds of JSON values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true`, `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// A string as it stands in the text, between its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Str<'a> {
    raw: &'a str,
    at: usize,
    /// Length with escapes resolved: smaller than that of `raw` if there are any.
    len: usize,
}

impl<'a> Str<'a> {
    /// A string that stands for itself.
    #[must_use]
    pub fn plain(text: &'a str) -> Self {
        Self { raw: text, at: 0, len: text.len() }
    }

    /// The string that begins at `at`, behind its opening quote. Gives also where the closing quote is.
    fn scan(text: &'a str, at: usize) -> Read<(Self, usize)> {
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

    fn is_escaped(self) -> bool {
        self.len != self.raw.len()
    }

    /// Whether it is the empty string.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Calls `each` with the runs of characters that make up the string. Half of a surrogate pair becomes U+FFFD.
    pub fn for_each_run(self, mut each: impl FnMut(&str)) {
        let mut rest = self.raw;
        if !self.is_escaped() {
            if !rest.is_empty() {
                each(rest);
            }
            return;
        }
        while let Some(place) = find_special(rest.as_bytes()) {
            let (run, escape) = rest.split_at(place);
            if !run.is_empty() {
                each(run);
            }
            rest = unescape(&escape[1..], &mut each);
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

/// Where the first quote or backslash is.
#[inline]
fn find_special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let mut at = 0;
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
        // A byte of these words is zero where the character is; the subtraction then borrows into its high bit. It may
        // borrow on into higher bytes, but the lowest high bit is right.
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * b'"' as u64);
        let backslash = word ^ (ONES * b'\\' as u64);
        let found = ((quote.wrapping_sub(ONES) & !quote) | (backslash.wrapping_sub(ONES) & !backslash)) & HIGHS;
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
pub(crate) fn end_of_string(text: &[u8], start: usize) -> Read<(usize, usize)> {
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
#[inline]
pub(crate) fn end_of_short_string(text: &[u8]) -> Option<ShortString> {
    let mut at = 0;
    let mut escapes = 0;
    let mut all = 0;
    loop {
        let byte = *text.get(at)?;
        match byte {
            b'"' => return Some(ShortString { end: at, len: at - escapes, is_ascii: all < 0x80 }),
            b'\\' => {
                let (raw, resolved) = escape(text.get(at..)?).ok()?;
                at += raw;
                escapes += raw - resolved;
            }
            0..0x20 => return None,
            _ => {
                all |= byte;
                at += 1;
            }
        }
        if at >= NEAR {
            let (end, len) = end_of_string(text, at).ok()?;
            let rest = text.get(at..end)?;
            let has_control = rest.iter().any(|byte| *byte < 0x20);
            return (!has_control).then_some(ShortString { end, len: at - escapes + len, is_ascii: all < 0x80 && rest.is_ascii() });
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

/// Reads one JSON text from its beginning to its end.
///
/// Each method that reads a value goes past exactly one value. When the value is of another kind than the method asks
/// for, it is skipped and the answer is `None` (`false` for arrays and objects): a field of an unexpected type is an
/// unknown field.
///
/// ```
/// use sidetone_core::wire::json::Json;
///
/// let mut json = Json::new(r#"{"model": "gpt-5", "n": 2, "metadata": {"k": [1]}}"#);
/// let (mut model, mut n) = (None, None);
/// json.object(|key, json| {
///     match key {
///         "model" => model = json.str()?.map(|text| text.to_cow().into_owned()),
///         "n" => n = json.i64()?,
///         _ => {} // skipped
///     }
///     Ok(())
/// })?;
/// json.end()?;
/// assert_eq!((model.as_deref(), n), (Some("gpt-5"), Some(2)));
/// # Ok::<(), sidetone_core::wire::json::Unreadable>(())
/// ```
#[derive(Debug, Clone)]
pub struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    /// A reader at the beginning of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Where the reader is in its text.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The text from `start` to where the reader is.
    #[must_use]
    pub fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The kind of the value that comes next.
    ///
    /// # Errors
    /// When no value comes next.
    pub fn peek(&mut self) -> Read<Kind> {
        Ok(match self.next_byte()? {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            b'-' | b'0'..=b'9' => Kind::Number,
            _ => return Err(Unreadable),
        })
    }

    /// Goes through an object: calls `each` with every key, the reader being before its value. A value that `each`
    /// leaves where it is, is skipped. `false`: it wasn't an object.
    ///
    /// # Errors
    /// When the text isn't JSON, or by `each`.
    pub fn object(&mut self, mut each: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<bool> {
        if self.peek()? != Kind::Object {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        if self.next_byte()? == b'}' {
            self.at += 1;
            return Ok(true);
        }
        loop {
            let key = self.string()?;
            self.expect(b':')?;
            self.next_byte()?;
            let before = self.at;
            if key.is_escaped() {
                each(&key.to_cow(), self)?;
            } else {
                each(key.raw, self)?;
            }
            if self.at == before {
                self.skip()?;
            }
            match self.next_byte()? {
                b',' => self.at += 1,
                b'}' => break,
                _ => return Err(Unreadable),
            }
            self.next_byte()?;
        }
        self.at += 1;
        Ok(true)
    }

    /// Goes through an array: calls `each` before every element. An element that `each` leaves where it is, is skipped.
    /// `false`: it wasn't an array.
    ///
    /// # Errors
    /// When the text isn't JSON, or by `each`.
    pub fn array(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<bool> {
        if self.peek()? != Kind::Array {
            self.skip()?;
            return Ok(false);
        }
        self.at += 1;
        if self.next_byte()? == b']' {
            self.at += 1;
            return Ok(true);
        }
        loop {
            self.next_byte()?;
            let before = self.at;
            each(self)?;
            if self.at == before {
                self.skip()?;
            }
            match self.next_byte()? {
                b',' => self.at += 1,
                b']' => break,
                _ => return Err(Unreadable),
            }
        }
        self.at += 1;
        Ok(true)
    }

    /// A string.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn str(&mut self) -> Read<Option<Str<'a>>> {
        if self.next_byte()? == b'"' {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// A whole number that fits.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn i64(&mut self) -> Read<Option<i64>> {
        Ok(self.number()?.and_then(|number| number.parse().ok()))
    }

    /// A whole number that isn't negative.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn u64(&mut self) -> Read<Option<u64>> {
        Ok(self.number()?.and_then(|number| number.parse().ok()))
    }

    /// Any finite number.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn f64(&mut self) -> Read<Option<f64>> {
        Ok(self.number()?.and_then(|number| number.parse().ok()).filter(|number: &f64| number.is_finite()))
    }

    /// `true` or `false`.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn bool(&mut self) -> Read<Option<bool>> {
        let first = self.next_byte()?;
        self.skip()?;
        Ok(match first {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        })
    }

    /// The text of any value, as it was written.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn raw(&mut self) -> Read<&'a str> {
        self.next_byte()?;
        let start = self.at;
        self.skip()?;
        self.text.get(start..self.at).ok_or(Unreadable)
    }

    /// Any value.
    ///
    /// # Errors
    /// When the text isn't JSON, or deeper than [`VALUE_DEPTH`].
    pub fn value(&mut self) -> Read<Value> {
        self.value_within(VALUE_DEPTH)
    }

    fn value_within(&mut self, depth: usize) -> Read<Value> {
        let deeper = depth.checked_sub(1).ok_or(Unreadable)?;
        Ok(match self.peek()? {
            Kind::Null => {
                self.skip()?;
                Value::Null
            }
            Kind::Bool => Value::Bool(self.bool()?.ok_or(Unreadable)?),
            Kind::Number => {
                let number = self.number()?.ok_or(Unreadable)?;
                match number.parse() {
                    Ok(whole) => Value::Int(whole),
                    Err(_) => Value::Double(number.parse().map_err(|_| Unreadable)?),
                }
            }
            Kind::String => Value::String(self.string()?.to_cow().into_owned()),
            Kind::Array => {
                let mut elements = Vec::new();
                self.array(|json| {
                    elements.push(json.value_within(deeper)?);
                    Ok(())
                })?;
                Value::Array(elements)
            }
            Kind::Object => {
                let mut entries = Vec::new();
                self.object(|key, json| {
                    let key = key.to_owned();
                    entries.push((key, json.value_within(deeper)?));
                    Ok(())
                })?;
                Value::Map(entries)
            }
        })
    }

    /// The number of elements of an array; `None` if it isn't one.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn array_len(&mut self) -> Read<Option<u64>> {
        if self.peek()? == Kind::Array
            && let Some(len) = memchr(b']', &self.text.as_bytes()[self.at..])
        {
            // Vectors are arrays of thousands of plain numbers: count their commas.
            let inner = &self.text.as_bytes()[self.at + 1..self.at + len];
            if !inner.iter().any(|byte| matches!(byte, b'"' | b'[' | b'{' | b'}')) {
                self.at += len + 1;
                let is_empty = inner.iter().all(u8::is_ascii_whitespace);
                return Ok(Some(if is_empty { 0 } else { memchr_iter(b',', inner).count() as u64 + 1 }));
            }
        }
        let mut elements = 0;
        let is_array = self.array(|json| {
            elements += 1;
            json.skip()
        })?;
        Ok(is_array.then_some(elements))
    }

    /// Goes past one value of any kind.
    ///
    /// # Errors
    /// When the text isn't JSON.
    pub fn skip(&mut self) -> Read<()> {
        match self.next_byte()? {
            b'"' => self.string().map(drop),
            b'{' | b'[' => self.skip_container(),
            b't' => self.literal("true"),
            b'f' => self.literal("false"),
            b'n' => self.literal("null"),
            _ => self.number().map(drop),
        }
    }

    /// Checks that nothing follows but white space.
    ///
    /// # Errors
    /// When something follows.
    pub fn end(&mut self) -> Read<()> {
        match self.next_byte() {
            Ok(_) => Err(Unreadable),
            Err(Unreadable) => Ok(()),
        }
    }

    fn skip_container(&mut self) -> Read<()> {
        let bytes = self.text.as_bytes();
        let mut depth = 0_usize;
        let mut at = self.at;
        loop {
            match bytes.get(at).ok_or(Unreadable)? {
                b'"' => at = end_of_string(bytes, at + 1)?.0,
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at = at + 1;
                        return Ok(());
                    }
                }
                _ => {}
            }
            at += 1;
        }
    }

    fn literal(&mut self, literal: &str) -> Read<()> {
        if !self.text.as_bytes()[self.at..].starts_with(literal.as_bytes()) {
            return Err(Unreadable);
        }
        self.at += literal.len();
        Ok(())
    }

    /// The text of a number; `None` (and past it) for a value of another kind.
    fn number(&mut self) -> Read<Option<&'a str>> {
        let first = self.next_byte()?;
        if !matches!(first, b'-' | b'0'..=b'9') {
            if !matches!(first, b'"' | b'{' | b'[' | b't' | b'f' | b'n') {
                return Err(Unreadable);
            }
            self.skip()?;
            return Ok(None);
        }
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .unwrap_or(rest.len());
        let number = self.text.get(self.at..self.at + len).ok_or(Unreadable)?;
        self.at += len;
        Ok(Some(number))
    }

    fn string(&mut self) -> Read<Str<'a>> {
        if self.text.as_bytes().get(self.at) != Some(&b'"') {
            return Err(Unreadable);
        }
        let (string, end) = Str::scan(self.text, self.at + 1)?;
        self.at = end + 1;
        Ok(string)
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.next_byte()? != byte {
            return Err(Unreadable);
        }
        self.at += 1;
        Ok(())
    }

    /// The next byte that is no white space; the reader stays before it.
    fn next_byte(&mut self) -> Read<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(&byte) => return Ok(byte),
                None => return Err(Unreadable),
            }
        }
    }
}

/// Goes through any text in every way: must never panic, and skip just what it reads.
#[cfg(test)]
fn fuzz_json(text: &str) {
    let mut skipped = Json::new(text);
    let skips = skipped.skip();
    let mut json = Json::new(text);
    if json.value().is_ok() {
        assert!(skips.is_ok(), "{text:?} can be read and not skipped");
        assert_eq!(json.at(), skipped.at(), "{text:?}");
    }
    let read: [&dyn Fn(&mut Json<'_>) -> bool; 6] = [
        &|json| json.array_len().is_ok(),
        &|json| json.f64().is_ok(),
        &|json| json.u64().is_ok(),
        &|json| json.bool().is_ok(),
        &|json| json.str().is_ok(),
        &|json| json.raw().is_ok(),
    ];
    for (way, read) in read.iter().enumerate() {
        let mut json = Json::new(text);
        if read(&mut json) && skips.is_ok() {
            assert_eq!(json.at(), skipped.at(), "{text:?} in way {way}");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The value as serde_json, an independent reader, gives it.
    fn converted(value: serde_json::Value) -> Value {
        match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(bool) => Value::Bool(bool),
            serde_json::Value::Number(number) => match number.as_i64() {
                Some(whole) => Value::Int(whole),
                None => Value::Double(number.as_f64().unwrap()),
            },
            serde_json::Value::String(text) => Value::String(text),
            serde_json::Value::Array(elements) => Value::Array(elements.into_iter().map(converted).collect()),
            serde_json::Value::Object(entries) => {
                Value::Map(entries.into_iter().map(|(key, value)| (key, converted(value))).collect())
            }
        }
    }

    /// Sorts maps, because serde_json may.
    fn sorted(value: Value) -> Value {
        match value {
            Value::Array(elements) => Value::Array(elements.into_iter().map(sorted).collect()),
            Value::Map(entries) => {
                let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                Value::Map(entries)
            }
            other => other,
        }
    }

    fn read(text: &str) -> Read<Value> {
        let mut json = Json::new(text);
        let value = json.value()?;
        json.end()?;
        Ok(value)
    }

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            (-1000..1000_i32).prop_map(|number| f64::from(number) / 8.0).prop_map(Into::into),
            any::<String>().prop_map(Into::into),
            "[a-z\"\\\\/\n\t\u{1}äß😀]{0,90}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::Array),
                proptest::collection::hash_map(any::<String>(), inner, 0..6)
                    .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_another_writer_wrote_is_read_back(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            fuzz_json(&text);
            prop_assert_eq!(sorted(read(&text).unwrap()), sorted(converted(value)));
        }

        #[test]
        fn what_another_reader_reads_is_read_to_the_same(text in "[\\[\\]{}:,\"\\\\a-fnrtul0-9 .+-]{0,40}") {
            fuzz_json(&text);
            // A raw control character, `1.2.3` and their like: ours may read what another refuses, never the other way.
            if let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) {
                let ours = read(&text);
                prop_assert!(ours.is_ok(), "{}", text);
                let has_float = text.contains(['.', 'e']) || text.contains("-0");
                let has_double_key = text.contains(':');
                if !has_float && !has_double_key {
                    prop_assert_eq!(ours.unwrap(), converted(value));
                }
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in any::<String>()) {
            fuzz_json(&text);
        }

        #[test]
        fn a_text_that_was_cut_is_refused(value in any_json(), cut in any::<prop::sample::Index>()) {
            let text = serde_json::to_string(&serde_json::json!({ "k": value })).unwrap();
            let mut cut = cut.index(text.len());
            while !text.is_char_boundary(cut) {
                cut -= 1;
            }
            fuzz_json(&text[..cut]);
            prop_assert_eq!(read(&text[..cut]), Err(Unreadable));
            prop_assert!(Json::new(&text[..cut]).skip().is_err());
        }

        #[test]
        fn a_string_has_the_length_of_its_characters(text in any::<String>(), at in 0..3_usize) {
            let quoted = format!("{}{}", &"   "[..at], serde_json::to_string(&text).unwrap());
            let string = Json::new(&quoted).str().unwrap().unwrap();
            prop_assert_eq!(string.len(), text.len());
            prop_assert_eq!(string.to_cow(), text.as_str());
            prop_assert_eq!(&quoted[string.at()..][..string.raw().len()], string.raw());
            if let Some(short) = end_of_short_string(&quoted.as_bytes()[at + 1..]) {
                prop_assert_eq!(short.end, string.raw().len());
                prop_assert_eq!(short.len, string.len());
                prop_assert_eq!(short.is_ascii, string.raw().is_ascii());
            } else {
                prop_assert!(string.raw().bytes().any(|byte| byte < 0x20));
            }
        }
    }

    #[test]
    fn escapes_stand_for_what_the_rfc_says() {
        // RFC 8259 section 7; half of a surrogate pair is nobody's character.
        let cases = [
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u0041\u00e4\u20AC""#, "Aä€"),
            (r#""\ud834\udd1e""#, "𝄞"),
            (r#""\ud834""#, "\u{fffd}"),
            (r#""\ud834x""#, "\u{fffd}x"),
            (r#""\ud834\n""#, "\u{fffd}\n"),
            (r#""\udd1e\ud834""#, "\u{fffd}\u{fffd}"),
            (r#""\ud834\ud834\udd1e""#, "\u{fffd}𝄞"),
            (r#""""#, ""),
        ];
        for (text, expected) in cases {
            let string = Json::new(text).str().unwrap().unwrap();
            assert_eq!(string.to_cow(), expected, "{text}");
            assert_eq!(string.len(), expected.len(), "{text}");
        }
        for text in [r#"""#, r#""\x""#, r#""\u12g4""#, r#""\u+123""#, r#""\u12"#, r#""\"#, r#""\u00e4"#, ""] {
            assert_eq!(Json::new(text).str(), Err(Unreadable), "{text}");
        }
    }

    #[test]
    fn a_value_of_another_kind_is_none_and_skipped() {
        for text in ["null", "true", "12", "\"12\"", "[1,[2]]", "{\"a\":{\"b\":\"}\"}}"] {
            let text = format!("[{text}, 7]");
            let mut json = Json::new(&text);
            let mut seen = Vec::new();
            json.array(|json| {
                seen.push((json.peek()?, json.clone().i64()?, json.clone().bool()?, json.clone().str()?.is_some()));
                json.object(|_, _| Ok(())).map(drop)
            })
            .unwrap();
            json.end().unwrap();
            assert_eq!(seen.len(), 2, "{text}");
            assert_eq!(seen[1].1, Some(7));
        }
        assert_eq!(Json::new("1.5").i64(), Ok(None));
        assert_eq!(Json::new("99999999999999999999").i64(), Ok(None));
        assert_eq!(Json::new("-1").u64(), Ok(None));
        assert_eq!(Json::new("1e999").f64(), Ok(None));
    }

    #[test]
    fn elements_are_counted_in_arrays_of_any_kind() {
        let cases = [
            ("[]", Some(0)),
            ("[ ]", Some(0)),
            ("[0.25, -0.5,1]", Some(3)),
            ("[\"a,b\", \"]\"]", Some(2)),
            ("[[1,2],[3]]", Some(2)),
            ("[{\"a\":[1,2]}]", Some(1)),
            ("\"[1,2]\"", None),
            ("null", None),
        ];
        for (text, len) in cases {
            assert_eq!(Json::new(text).array_len(), Ok(len), "{text}");
        }
    }

    #[test]
    fn values_are_read_to_the_limit_of_their_depth() {
        for (depth, is_read) in [(VALUE_DEPTH - 1, true), (VALUE_DEPTH, true), (VALUE_DEPTH + 1, false)] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(read(&text).is_ok(), is_read, "{depth}");
            assert!(Json::new(&text).skip().is_ok());
        }
        let deep = "[".repeat(1 << 20);
        assert!(Json::new(&deep).skip().is_err());
    }
}
