//! Values of attributes as the event's fields want them. What a field holds already stays: it was said by who is worth more.

use std::time::Duration;

use super::super::Value;
use super::draft::{Taken, Why};

/// A text; an empty one says nothing.
pub(in crate::dialect) fn text(slot: &mut Option<Box<str>>, value: &Value<'_>) -> Taken {
    let text = value.as_str().ok_or(Why::WrongType)?;
    if slot.is_none() && !text.is_empty() {
        *slot = Some(text.into());
    }
    Ok(())
}

/// A whole number.
pub(in crate::dialect) fn int(slot: &mut Option<i64>, value: &Value<'_>) -> Taken {
    set(slot, whole(value))
}

/// A number of things.
pub(in crate::dialect) fn count(slot: &mut Option<u64>, value: &Value<'_>) -> Taken {
    set(slot, whole(value).and_then(|number| u64::try_from(number).ok()))
}

/// A number.
pub(in crate::dialect) fn double(slot: &mut Option<f64>, value: &Value<'_>) -> Taken {
    set(slot, number(value))
}

/// A time in seconds.
pub(in crate::dialect) fn seconds(slot: &mut Option<Duration>, value: &Value<'_>) -> Taken {
    set(slot, number(value).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}

/// Yes or no.
pub(in crate::dialect) fn flag(slot: &mut Option<bool>, value: &Value<'_>) -> Taken {
    set(slot, if let Value::Bool(value) = value { Some(*value) } else { None })
}

/// A list of texts, or one.
pub(in crate::dialect) fn texts(slot: &mut Vec<Box<str>>, value: &Value<'_>) -> Taken {
    let texts = list(value).ok_or(Why::WrongType)?;
    if slot.is_empty() {
        *slot = texts;
    }
    Ok(())
}

fn list(value: &Value<'_>) -> Option<Vec<Box<str>>> {
    match value {
        Value::Strings(texts) => Some(texts.iter().map(|text| Box::from(*text)).collect()),
        Value::Array(values) => values.iter().map(|value| value.as_str().map(Box::from)).collect(),
        one => one.as_str().map(|text| vec![text.into()]),
    }
}

/// A number; some exporters write whole ones as whole ones.
#[expect(clippy::cast_precision_loss, reason = "as any reader of JSON does")]
pub(in crate::dialect) fn number(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Double(number) => Some(*number).filter(|number| number.is_finite()),
        _ => None,
    }
}

/// A whole number; some exporters write all of them as doubles.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
pub(in crate::dialect) fn whole(value: &Value<'_>) -> Option<i64> {
    // Up to where each whole number has a double of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Int(number) => Some(*number),
        Value::Double(number) if number.fract() == 0.0 && number.abs() <= EXACT => Some(*number as i64),
        _ => None,
    }
}

fn set<T>(slot: &mut Option<T>, value: Option<T>) -> Taken {
    let value = value.ok_or(Why::WrongType)?;
    slot.get_or_insert(value);
    Ok(())
}
