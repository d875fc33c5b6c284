//! The reader: one value after the other, from the beginning of a text to its end.

use memchr::{memchr, memchr_iter};

use super::string::{Str, end_of_string};
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
#[derive(Clone)]
pub struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl std::fmt::Debug for Json<'_> {
    /// Where it is, and not in what.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Json({} of {} bytes)", self.at, self.text.len())
    }
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
                each(key.raw(), self)?;
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
