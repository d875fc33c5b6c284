//! JSON of a call as a structured value.

use std::borrow::Cow;

use super::super::Value;
use crate::event;

/// A value from JSON; `None` if it isn't JSON, as when only its beginning was kept.
pub(in crate::dialect) fn value(text: &str) -> Option<Value<'static>> {
    serde_json::from_str(text).ok().map(converted)
}

fn converted(value: serde_json::Value) -> Value<'static> {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::String(text),
        Json::Array(values) => Value::Array(values.into_iter().map(converted).collect()),
        Json::Object(map) => {
            Value::Map(map.into_iter().map(|(key, value)| (Cow::Owned(key), converted(value))).collect())
        }
    }
}

/// A value that was read from JSON.
pub(in crate::dialect) fn borrowed(value: &event::Value) -> Value<'_> {
    match value {
        event::Value::Null => Value::Null,
        event::Value::Bool(value) => Value::Bool(*value),
        event::Value::Int(value) => Value::Int(*value),
        event::Value::Double(value) => Value::Double(*value),
        event::Value::String(text) => Value::Str(text),
        event::Value::Array(values) => Value::Array(values.iter().map(borrowed).collect()),
        event::Value::Map(entries) => {
            Value::Map(entries.iter().map(|(key, value)| (Cow::Owned(key.clone()), borrowed(value))).collect())
        }
    }
}
