//! JSON text of a value.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::super::{Key, Value};
use super::json_string::json_string;
use crate::event::Text;

/// A map being built, from which what is unknown is left out.
#[derive(Default)]
pub(in crate::dialect) struct Object<'a>(Vec<(Key, Value<'a>)>);

impl<'a> Object<'a> {
    pub(in crate::dialect) fn put(&mut self, key: &'static str, value: Value<'a>) {
        self.0.push((Cow::Borrowed(key), value));
    }

    pub(in crate::dialect) fn text(&mut self, key: &'static str, text: Option<&'a str>) {
        if let Some(text) = text {
            self.put(key, Value::Str(text));
        }
    }

    pub(in crate::dialect) fn said(&mut self, key: &'static str, text: Option<&'a Text>) {
        self.text(key, text.and_then(Text::as_str));
    }

    pub(in crate::dialect) fn int(&mut self, key: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.put(key, Value::Int(value));
        }
    }

    pub(in crate::dialect) fn count(&mut self, key: &'static str, value: Option<u64>) {
        self.int(key, value.map(super::list::saturating));
    }

    pub(in crate::dialect) fn double(&mut self, key: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.put(key, Value::Double(value));
        }
    }

    /// A list that isn't empty.
    pub(in crate::dialect) fn list(&mut self, key: &'static str, values: Vec<Value<'a>>) {
        if !values.is_empty() {
            self.put(key, Value::Array(values));
        }
    }

    /// An object that isn't empty.
    pub(in crate::dialect) fn object(&mut self, key: &'static str, object: Self) {
        if !object.0.is_empty() {
            self.put(key, object.value());
        }
    }

    pub(in crate::dialect) fn extend(&mut self, members: Vec<(Key, Value<'a>)>) {
        self.0.extend(members);
    }

    pub(in crate::dialect) fn members(self) -> Vec<(Key, Value<'a>)> {
        self.0
    }

    pub(in crate::dialect) fn value(self) -> Value<'a> {
        Value::Map(self.0)
    }
}

impl Value<'_> {
    /// It as JSON text.
    ///
    /// ```
    /// use sidetone_core::dialect::Value;
    ///
    /// let value = Value::Array(vec![Value::Int(1), Value::Double(1.0), Value::Static("\""), Value::Null]);
    /// assert_eq!(value.to_json(), r#"[1,1.0,"\"",null]"#);
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        write(&mut out, self);
        out
    }
}

/// The JSON of a value.
pub(in crate::dialect) fn of(value: &Value<'_>) -> Value<'static> {
    Value::String(value.to_json())
}

fn write(out: &mut String, value: &Value<'_>) {
    // Writing to a String can't fail.
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => drop(write!(out, "{value}")),
        // JSON has no word for what isn't finite.
        Value::Double(value) if !value.is_finite() => out.push_str("null"),
        Value::Double(value) => drop(write!(out, "{value:?}")),
        Value::Static(text) => json_string(out, text),
        Value::Str(text) => json_string(out, text),
        Value::String(text) => json_string(out, text),
        Value::Strings(texts) => between(out, '[', ']', texts, |out, text| json_string(out, text)),
        Value::Array(values) => between(out, '[', ']', values, write),
        Value::Map(members) => between(out, '{', '}', members, |out, (key, value)| {
            json_string(out, key);
            out.push(':');
            write(out, value);
        }),
    }
}

fn between<T>(out: &mut String, open: char, close: char, items: &[T], each: impl Fn(&mut String, &T)) {
    out.push(open);
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(close);
}
