//! Structure that is read value by value: JSON text, or a value that arrived as a tree.

use std::borrow::Cow;

use super::super::Value;
use crate::event;
use crate::wire::json::{Json, Kind, Read, Unreadable, VALUE_DEPTH};

/// What is read value by value. Each method goes past exactly one value; one of another kind than is asked for is skipped.
pub(in crate::dialect) trait Source<'a>: Clone {
    /// The kind of the value that comes next.
    fn peek(&mut self) -> Read<Kind>;

    /// Goes past a value.
    fn skip(&mut self) -> Read<()>;

    /// Goes through an object, key by key; what `each` leaves is skipped. `false`: it wasn't one.
    fn object(&mut self, each: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<bool>;

    /// Goes through an array, element by element. `false`: it wasn't one.
    fn array(&mut self, each: impl FnMut(&mut Self) -> Read<()>) -> Read<bool>;

    /// A string.
    fn str(&mut self) -> Read<Option<Cow<'a, str>>>;

    /// A whole number.
    fn i64(&mut self) -> Read<Option<i64>>;

    /// `true` or `false`.
    fn bool(&mut self) -> Read<Option<bool>>;

    /// Any value as JSON text.
    fn json(&mut self) -> Read<Cow<'a, str>>;

    /// Any value.
    fn value(&mut self) -> Read<event::Value>;

    /// A string as it is to be kept.
    fn text(&mut self) -> Read<Option<Box<str>>> {
        Ok(self.str()?.map(|text| text.into_owned().into_boxed_str()))
    }

    /// A string, or any other value as JSON text, and whether it was that; `None` for `null`.
    fn said(&mut self) -> Read<Option<(Box<str>, bool)>> {
        Ok(match self.peek()? {
            Kind::Null => {
                self.skip()?;
                None
            }
            Kind::String => self.text()?.map(|text| (text, false)),
            _ => Some((self.json()?.into_owned().into_boxed_str(), true)),
        })
    }
}

impl<'a> Source<'a> for Json<'a> {
    fn peek(&mut self) -> Read<Kind> {
        Json::peek(self)
    }

    fn skip(&mut self) -> Read<()> {
        Json::skip(self)
    }

    fn object(&mut self, each: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<bool> {
        Json::object(self, each)
    }

    fn array(&mut self, each: impl FnMut(&mut Self) -> Read<()>) -> Read<bool> {
        Json::array(self, each)
    }

    fn str(&mut self) -> Read<Option<Cow<'a, str>>> {
        Ok(Json::str(self)?.map(crate::wire::json::Str::to_cow))
    }

    fn i64(&mut self) -> Read<Option<i64>> {
        Json::i64(self)
    }

    fn bool(&mut self) -> Read<Option<bool>> {
        Json::bool(self)
    }

    fn json(&mut self) -> Read<Cow<'a, str>> {
        self.raw().map(Cow::Borrowed)
    }

    fn value(&mut self) -> Read<event::Value> {
        Json::value(self)
    }
}

/// A value that arrived as a tree, being read.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) enum Tree<'r, 'a> {
    Value(&'r Value<'a>),
    /// An element of a list of texts.
    Text(&'r str),
}

impl<'r, 'a> Tree<'r, 'a> {
    pub(in crate::dialect) fn new(value: &'r Value<'a>) -> Self {
        Self::Value(value)
    }
}

impl<'r> Source<'r> for Tree<'r, '_> {
    fn peek(&mut self) -> Read<Kind> {
        Ok(match self {
            Self::Value(Value::Null) => Kind::Null,
            Self::Value(Value::Bool(_)) => Kind::Bool,
            Self::Value(Value::Int(_) | Value::Double(_)) => Kind::Number,
            Self::Value(Value::Static(_) | Value::Str(_) | Value::String(_)) | Self::Text(_) => Kind::String,
            Self::Value(Value::Strings(_) | Value::Array(_)) => Kind::Array,
            Self::Value(Value::Map(_)) => Kind::Object,
        })
    }

    fn skip(&mut self) -> Read<()> {
        Ok(())
    }

    fn object(&mut self, mut each: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<bool> {
        let Self::Value(Value::Map(members)) = self else { return Ok(false) };
        for (key, value) in members {
            each(key, &mut Tree::Value(value))?;
        }
        Ok(true)
    }

    fn array(&mut self, mut each: impl FnMut(&mut Self) -> Read<()>) -> Read<bool> {
        match self {
            Self::Value(Value::Array(values)) => values.iter().try_for_each(|value| each(&mut Tree::Value(value)))?,
            Self::Value(Value::Strings(texts)) => texts.iter().try_for_each(|text| each(&mut Tree::Text(text)))?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn str(&mut self) -> Read<Option<Cow<'r, str>>> {
        Ok(match self {
            Self::Value(value) => value.as_str(),
            Self::Text(text) => Some(*text),
        }
        .map(Cow::Borrowed))
    }

    fn i64(&mut self) -> Read<Option<i64>> {
        Ok(if let Self::Value(Value::Int(number)) = self { Some(*number) } else { None })
    }

    fn bool(&mut self) -> Read<Option<bool>> {
        Ok(if let Self::Value(Value::Bool(value)) = self { Some(*value) } else { None })
    }

    fn json(&mut self) -> Read<Cow<'r, str>> {
        Ok(Cow::Owned(match self {
            Self::Value(value) => value.to_json(),
            Self::Text(text) => Value::Str(text).to_json(),
        }))
    }

    fn value(&mut self) -> Read<event::Value> {
        match self {
            Self::Value(value) => owned(value, VALUE_DEPTH),
            Self::Text(text) => Ok(event::Value::String((*text).to_owned())),
        }
    }
}

/// A value of its own.
pub(in crate::dialect) fn owned(value: &Value<'_>, depth: usize) -> Read<event::Value> {
    let deeper = depth.checked_sub(1).ok_or(Unreadable)?;
    Ok(match value {
        Value::Null => event::Value::Null,
        Value::Bool(value) => event::Value::Bool(*value),
        Value::Int(value) => event::Value::Int(*value),
        Value::Double(value) => event::Value::Double(*value),
        Value::Static(text) => event::Value::String((*text).to_owned()),
        Value::Str(text) => event::Value::String((*text).to_owned()),
        Value::String(text) => event::Value::String(text.clone()),
        Value::Strings(texts) => {
            event::Value::Array(texts.iter().map(|text| event::Value::String((*text).to_owned())).collect())
        }
        Value::Array(values) => {
            event::Value::Array(values.iter().map(|value| owned(value, deeper)).collect::<Read<_>>()?)
        }
        Value::Map(members) => {
            let members = members.iter().map(|(key, value)| Ok((key.to_string(), owned(value, deeper)?)));
            event::Value::Map(members.collect::<Read<_>>()?)
        }
    })
}
