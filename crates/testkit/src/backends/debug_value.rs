//! Reads a typed value as debug exporters print it: `Int(11)`, `Str(text)`, `Slice(["a"])` or rotel's `Slice(Str(a))`.
//!
//! rotel doesn't escape text inside lists, so that `Map(a:Str(x), b:Str(y))` may be one entry or two: the reading with
//! the shortest texts that fits the whole is taken.

use super::Value;

/// How many ways of reading one nested value are tried before it is called unreadable.
const MAX_READINGS: u32 = 100_000;

/// The value, or [`Value::Unreadable`] with the text.
pub(super) fn read(text: &str) -> Value {
    whole(text).unwrap_or_else(|| Value::Unreadable(text.to_owned()))
}

fn whole(text: &str) -> Option<Value> {
    if matches!(text, "Empty" | "Empty()") {
        return Some(Value::Empty);
    }
    let (kind, inner) = text.strip_suffix(')')?.split_once('(')?;
    match kind {
        "Str" => Some(Value::Str(inner.to_owned())),
        "Slice" if inner.starts_with('[') => json(inner),
        "Map" if inner.starts_with('{') => json(inner),
        "Slice" | "Map" => nested(text),
        _ => scalar(kind, inner),
    }
}

fn scalar(kind: &str, inner: &str) -> Option<Value> {
    match kind {
        "Int" => inner.parse().ok().map(Value::Int),
        "Double" => inner.parse().ok().map(Value::Double),
        "Bool" => inner.parse().ok().map(Value::Bool),
        _ => None,
    }
}

fn json(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().and_then(from_json)
}

fn from_json(json: serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match json {
        Json::Null => Value::Empty,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(value) => Value::Int(value),
            None => Value::Double(number.as_f64()?),
        },
        Json::String(value) => Value::Str(value),
        Json::Array(items) => Value::Slice(items.into_iter().map(from_json).collect::<Option<_>>()?),
        Json::Object(entries) => {
            Value::Map(entries.into_iter().map(|(key, value)| Some((key, from_json(value)?))).collect::<Option<_>>()?)
        }
    })
}

fn nested(text: &str) -> Option<Value> {
    let mut found = None;
    let mut readings = 0;
    value(text, &mut readings, &mut |_, value, rest| {
        let fits = rest.is_empty();
        if fits {
            found = Some(value);
        }
        fits
    });
    found
}

/// What is to be done with a value and the text after it; `false` asks for another reading.
type Then<'t, 'a> = &'t mut dyn FnMut(&mut u32, Value, &'a str) -> bool;

fn value<'a>(text: &'a str, readings: &mut u32, then: Then<'_, 'a>) -> bool {
    *readings += 1;
    if *readings > MAX_READINGS {
        return false;
    }
    if let Some(rest) = text.strip_prefix("Empty") {
        return then(readings, Value::Empty, rest);
    }
    let Some((kind, rest)) = text.split_once('(') else {
        return false;
    };
    match kind {
        "Str" => {
            rest.match_indices(')').any(|(end, _)| then(readings, Value::Str(rest[..end].to_owned()), &rest[end + 1..]))
        }
        "Slice" => match rest.strip_prefix(')') {
            Some(rest) => then(readings, Value::Slice(Vec::new()), rest),
            None => items(rest, &[], readings, then),
        },
        "Map" => match rest.strip_prefix(')') {
            Some(rest) => then(readings, Value::Map([].into()), rest),
            None => entries(rest, &[], readings, then),
        },
        _ => {
            let Some((inner, rest)) = rest.split_once(')') else {
                return false;
            };
            scalar(kind, inner).is_some_and(|value| then(readings, value, rest))
        }
    }
}

fn items<'a>(text: &'a str, before: &[Value], readings: &mut u32, then: Then<'_, 'a>) -> bool {
    value(text, readings, &mut |readings, item, rest| {
        let items_so_far = [before, &[item]].concat();
        if let Some(rest) = rest.strip_prefix(", ") {
            return items(rest, &items_so_far, readings, then);
        }
        rest.strip_prefix(')').is_some_and(|rest| then(readings, Value::Slice(items_so_far), rest))
    })
}

fn entries<'a>(text: &'a str, before: &[(String, Value)], readings: &mut u32, then: Then<'_, 'a>) -> bool {
    let Some((key, text)) = text.split_once(':').filter(|(key, _)| !key.contains(['(', ')'])) else {
        return false;
    };
    value(text, readings, &mut |readings, entry, rest| {
        let entries_so_far = [before, &[(key.to_owned(), entry)]].concat();
        if let Some(rest) = rest.strip_prefix(", ") {
            return entries(rest, &entries_so_far, readings, then);
        }
        rest.strip_prefix(')')
            .is_some_and(|rest| then(readings, Value::Map(entries_so_far.into_iter().collect()), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Value {
        Value::Str(value.to_owned())
    }

    #[test]
    fn the_type_is_the_printed_one() {
        assert_eq!(read("Int(11)"), Value::Int(11));
        assert_eq!(read("Double(1)"), Value::Double(1.0));
        assert_eq!(read("Double(1e+21)"), Value::Double(1e21));
        assert_eq!(read("Bool(true)"), Value::Bool(true));
        assert_eq!(read("Str()"), text(""));
        assert_eq!(read("Str(11)"), text("11"));
        assert_eq!(read("Str(a) -> b: Str(x))"), text("a) -> b: Str(x)"));
        assert_eq!(read("Empty()"), Value::Empty);
        assert_eq!(read("Empty"), Value::Empty);
    }

    #[test]
    fn lists_read_the_same_from_json_and_from_typed_text() {
        let expected = Value::Map(
            [
                ("index".to_owned(), Value::Int(0)),
                ("list".to_owned(), Value::Slice(vec![text("f(x)"), Value::Bool(true)])),
                ("none".to_owned(), Value::Slice(vec![])),
                ("text".to_owned(), text("a (b), c:d")),
            ]
            .into(),
        );
        assert_eq!(read(r#"Map({"index":0,"list":["f(x)",true],"none":[],"text":"a (b), c:d"})"#), expected);
        assert_eq!(
            read("Map(index:Int(0), list:Slice(Str(f(x)), Bool(true)), none:Slice(), text:Str(a (b), c:d))"),
            expected
        );
    }

    #[test]
    fn other_text_is_unreadable_and_kept() {
        for other in ["", "Int(x)", "Bytes(Af8=)", "Map(a)", "Slice(Str(x)", "text"] {
            assert_eq!(read(other), Value::Unreadable(other.to_owned()));
        }
    }

    #[test]
    fn hostile_text_ends_as_unreadable() {
        let hostile = format!("Slice({})x", vec!["Str())"; 40].join(", "));
        assert!(matches!(read(&hostile), Value::Unreadable(_)));
        let hostile = format!("Slice({}", "Str(), ".repeat(40));
        assert!(matches!(read(&format!("{hostile})")), Value::Unreadable(_) | Value::Slice(_)));
    }
}
