//! From a dialect's values to the SDK's.

use std::collections::HashMap;
use std::sync::Arc;

use opentelemetry::logs::AnyValue;
use opentelemetry::trace::Event;
use opentelemetry::{Array, Key, KeyValue, StringValue};
use sidetone_core::dialect::{Attribute, SpanEvent, Value};

/// The longest text of an attribute, in characters; `None` is no limit. The SDK has no such limit of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LengthLimit(pub(crate) Option<usize>);

impl LengthLimit {
    fn cut(self, text: &str) -> &str {
        // A text has no more characters than bytes.
        match self.0 {
            Some(limit) if text.len() > limit => {
                text.char_indices().nth(limit).map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
            }
            _ => text,
        }
    }

    fn string(self, text: &str) -> StringValue {
        StringValue::from(self.cut(text).to_owned())
    }

    /// The same of a text that is given away: content may be long, and isn't copied once more.
    fn own_string(self, mut text: String) -> StringValue {
        let end = self.cut(&text).len();
        text.truncate(end);
        StringValue::from(text)
    }
}

/// Attributes. The SDK has no maps for them, nor lists of anything: those are JSON text. `null` is left out.
pub(crate) fn attributes(list: &[Attribute<'_>], limit: LengthLimit) -> Vec<KeyValue> {
    // One place more: a metric point adds its own.
    let mut attributes = Vec::with_capacity(list.len() + 1);
    for (name, value) in list {
        if let Some(value) = attribute(value, limit) {
            attributes.push(KeyValue::new(*name, value));
        }
    }
    attributes
}

/// Attributes that are given away.
pub(crate) fn own_attributes(mut list: Vec<Attribute<'_>>, limit: LengthLimit) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(list.len());
    for (name, value) in &mut list {
        let value = match value {
            Value::String(text) => Some(opentelemetry::Value::String(limit.own_string(std::mem::take(text)))),
            value => attribute(value, limit),
        };
        if let Some(value) = value {
            attributes.push(KeyValue::new(*name, value));
        }
    }
    attributes
}

/// Those whose names have an index in them.
pub(crate) fn indexed(list: Vec<(String, Value<'_>)>, limit: LengthLimit) -> impl Iterator<Item = KeyValue> {
    list.into_iter().filter_map(move |(name, value)| Some(KeyValue::new(name, own(value, limit)?)))
}

#[inline]
fn own(value: Value<'_>, limit: LengthLimit) -> Option<opentelemetry::Value> {
    match value {
        Value::String(text) => Some(opentelemetry::Value::String(limit.own_string(text))),
        value => attribute(&value, limit),
    }
}

#[inline(always)]
pub(crate) fn attribute(value: &Value<'_>, limit: LengthLimit) -> Option<opentelemetry::Value> {
    Some(match value {
        Value::Str(text) => opentelemetry::Value::String(limit.string(text)),
        Value::Int(value) => opentelemetry::Value::I64(*value),
        Value::Static(text) => opentelemetry::Value::String(StringValue::from(limit.cut(text))),
        Value::Double(value) => opentelemetry::Value::F64(*value),
        Value::Bool(value) => opentelemetry::Value::Bool(*value),
        Value::String(text) => opentelemetry::Value::String(limit.string(text)),
        Value::Strings(texts) => {
            opentelemetry::Value::Array(Array::String(texts.iter().map(|text| limit.string(text)).collect()))
        }
        Value::Null => return None,
        value @ (Value::Array(_) | Value::Map(_)) => json(value, limit),
    })
}

#[cold]
fn json(value: &Value<'_>, limit: LengthLimit) -> opentelemetry::Value {
    opentelemetry::Value::String(limit.own_string(value.to_json()))
}

/// Whether a list is what `attributes` made of this one, without a limit.
pub(crate) fn are_same(list: &[Attribute<'_>], made: &[KeyValue]) -> bool {
    let is_same = |value: &Value<'_>, made: &opentelemetry::Value| match (value, made) {
        (Value::Int(value), opentelemetry::Value::I64(made)) => value == made,
        (value, opentelemetry::Value::String(made)) => value.as_str() == Some(made.as_str()),
        // Attributes of metrics are texts and whole numbers; anything else is made anew.
        _ => false,
    };
    list.len() == made.len()
        && list.iter().zip(made).all(|((name, value), made)| *name == made.key.as_str() && is_same(value, &made.value))
}

/// An attribute of a log event. The limit is for each text in it.
pub(crate) fn log_attribute(value: Value<'_>, limit: LengthLimit) -> Option<AnyValue> {
    any(value, limit)
}

/// A body, which no limit is for.
pub(crate) fn body(value: Value<'_>) -> Option<AnyValue> {
    any(value, LengthLimit::default())
}

pub(crate) fn events(events: &[SpanEvent<'_>], limit: LengthLimit) -> Vec<Event> {
    let event = |event: &SpanEvent<'_>| Event::new(event.name, event.time, attributes(&event.attributes, limit), 0);
    events.iter().map(event).collect()
}

/// `None` for `null`, which the SDK has no value for.
fn any(value: Value<'_>, limit: LengthLimit) -> Option<AnyValue> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(value) => AnyValue::Boolean(value),
        Value::Int(value) => AnyValue::Int(value),
        Value::Double(value) => AnyValue::Double(value),
        Value::Static(text) => AnyValue::String(text.into()),
        // Shared: the SDK copies a record for each processor that keeps it, and a text may be long.
        Value::Str(text) => AnyValue::String(Arc::<str>::from(limit.cut(text)).into()),
        Value::String(text) => AnyValue::String(Arc::<str>::from(limit.cut(&text)).into()),
        Value::Strings(texts) => {
            AnyValue::ListAny(Box::new(texts.iter().map(|text| AnyValue::String(limit.string(text))).collect()))
        }
        Value::Array(values) => {
            AnyValue::ListAny(Box::new(values.into_iter().filter_map(|value| any(value, limit)).collect()))
        }
        Value::Map(entries) => {
            let mut map = HashMap::with_capacity(entries.len());
            for (key, value) in entries {
                if let Some(value) = any(value, limit) {
                    map.insert(Key::from(key), value);
                }
            }
            AnyValue::Map(Box::new(map))
        }
    })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn nested<'a>(text: &'a str) -> Value<'a> {
        Value::Array(vec![Value::Map(vec![(Cow::Borrowed("content"), Value::Str(text))]), Value::Null])
    }

    #[test]
    fn a_limit_on_length_is_for_each_text_of_a_log_events_attribute_and_for_no_body() {
        let of = |value: Option<AnyValue>| format!("{value:?}");
        let limit = LengthLimit(Some(3));
        assert_eq!(of(log_attribute(nested("äöüß"), limit)), of(body(nested("äöü"))));
        assert_ne!(of(body(nested("äöüß"))), of(body(nested("äöü"))));
    }

    #[test]
    fn a_list_or_a_map_on_a_span_is_json_text_which_a_limit_cuts_and_null_is_nothing() {
        let list = |value: Value<'static>| vec![("name", value)];
        let told = |limit| own_attributes(list(nested("a\n")), limit);
        assert_eq!(told(LengthLimit(None)), [KeyValue::new("name", r#"[{"content":"a\n"},null]"#)]);
        assert_eq!(told(LengthLimit(Some(4))), [KeyValue::new("name", r#"[{"c"#)]);
        assert_eq!(attributes(&list(nested("a\n")), LengthLimit(None)), told(LengthLimit(None)));
        let indexed: Vec<_> = indexed(vec![("name".to_owned(), nested("a\n"))], LengthLimit(None)).collect();
        assert_eq!(indexed, told(LengthLimit(None)));
        assert_eq!(own_attributes(list(Value::Map(Vec::new())), LengthLimit(None)), [KeyValue::new("name", "{}")]);
        assert_eq!(own_attributes(list(Value::Null), LengthLimit(None)), []);
    }

    #[test]
    fn a_text_that_is_given_away_is_cut_like_any_other() {
        for limit in [LengthLimit(None), LengthLimit(Some(0)), LengthLimit(Some(3)), LengthLimit(Some(4))] {
            let text = "äöüß";
            let given = own_attributes(vec![("name", Value::String(text.to_owned()))], limit);
            assert_eq!(given, attributes(&[("name", Value::Str(text))], limit), "{limit:?}");
        }
    }
}
