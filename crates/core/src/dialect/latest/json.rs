//! JSON text, written value by value straight into a `String`.

use std::fmt::Write as _;

use super::super::Value;
use super::super::shared::json_string::json_string;
use super::document::Document;
use crate::event;

/// JSON text that is being written, without a space or a line's end.
#[derive(Debug, Default)]
pub(super) struct Json {
    out: String,
    /// Whether a value has just ended, so that a comma belongs before the next.
    is_after_value: bool,
}

impl Json {
    fn separate(&mut self) {
        if self.is_after_value {
            self.out.push(',');
        }
        self.is_after_value = true;
    }

    fn open(&mut self, bracket: char) {
        self.separate();
        self.out.push(bracket);
        self.is_after_value = false;
    }

    fn close(&mut self, bracket: char) {
        self.out.push(bracket);
        self.is_after_value = true;
    }
}

impl<'a> Document<'a> for Json {
    fn with_room(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), is_after_value: false }
    }

    fn finish(self) -> Option<Value<'a>> {
        (!self.out.is_empty()).then_some(Value::String(self.out))
    }

    fn open_map(&mut self) {
        self.open('{');
    }

    fn close_map(&mut self) {
        self.close('}');
    }

    fn open_list(&mut self) {
        self.open('[');
    }

    fn close_list(&mut self) {
        self.close(']');
    }

    fn key(&mut self, key: &'static str) {
        self.separate();
        self.out.push('"');
        self.out.push_str(key);
        self.out.push_str("\":");
        self.is_after_value = false;
    }

    fn null(&mut self) {
        self.separate();
        self.out.push_str("null");
    }

    fn flag(&mut self, value: bool) {
        self.separate();
        self.out.push_str(if value { "true" } else { "false" });
    }

    fn number(&mut self, value: i64) {
        self.separate();
        // Writing to a String can't fail.
        let _ = write!(self.out, "{value}");
    }

    fn text(&mut self, text: &'a str) {
        self.separate();
        json_string(&mut self.out, text);
    }

    fn json(&mut self, text: &'a str) {
        // Checked by its own reader, which goes through it and keeps nothing: one letter that isn't JSON would spoil all.
        match serde_json::from_str::<&serde_json::value::RawValue>(text) {
            Ok(value) => {
                self.separate();
                compact(&mut self.out, value.get());
            }
            Err(_) => self.text(text),
        }
    }

    fn value(&mut self, value: &'a event::Value) {
        match value {
            event::Value::Null => self.null(),
            event::Value::Bool(value) => self.flag(*value),
            event::Value::Int(value) => self.number(*value),
            // JSON has no word for what isn't finite.
            event::Value::Double(value) if !value.is_finite() => self.null(),
            event::Value::Double(value) => {
                self.separate();
                let _ = write!(self.out, "{value:?}");
            }
            event::Value::String(text) => self.text(text),
            event::Value::Array(values) => {
                self.open('[');
                values.iter().for_each(|value| self.value(value));
                self.close(']');
            }
            event::Value::Map(entries) => {
                self.open('{');
                for (key, value) in entries {
                    self.separate();
                    json_string(&mut self.out, key);
                    self.out.push(':');
                    self.is_after_value = false;
                    self.value(value);
                }
                self.close('}');
            }
        }
    }
}

/// JSON without the white space between its values.
fn compact(out: &mut String, json: &str) {
    let bytes = json.as_bytes();
    let (mut kept, mut at) = (0, 0);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => at = end_of_string(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                out.push_str(json.get(kept..at).unwrap_or_default());
                at += 1;
                kept = at;
            }
            _ => at += 1,
        }
    }
    out.push_str(json.get(kept..).unwrap_or_default());
}

/// Behind the quote that ends the string which begins at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += found;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        json.out
    }

    #[test]
    fn json_is_compact_and_what_is_not_json_is_a_string() {
        let json = |text: &str| written(|json| json.json(text));
        assert_eq!(json(" {\"a\" : [1, 2.50 ,\t\"b \\\" c\" ] ,\n \"d\": { } }"), r#"{"a":[1,2.50,"b \" c"],"d":{}}"#);
        assert_eq!(json("{\"a\": 1"), r#""{\"a\": 1""#);
        assert_eq!(json("{\"a\": 1} x"), r#""{\"a\": 1} x""#);
        assert_eq!(json(""), r#""""#);
        assert_eq!(json("[\"\n\"]"), r#""[\"\n\"]""#);
    }

    #[test]
    fn deep_json_does_not_recurse() {
        let deep = "[".repeat(200_000) + &"]".repeat(200_000);
        assert_eq!(written(|json| json.json(&deep)), deep);
    }

    #[test]
    fn maps_and_lists_have_commas_between_their_values_only() {
        let text = written(|json| {
            json.open_list();
            json.open_map();
            json.key("a");
            json.null();
            json.key("b");
            json.open_list();
            json.close_list();
            json.close_map();
            json.text("x");
            json.close_list();
        });
        assert_eq!(text, r#"[{"a":null,"b":[]},"x"]"#);
    }

    fn any_value() -> impl Strategy<Value = event::Value> {
        let leaf = prop_oneof![
            Just(event::Value::Null),
            any::<bool>().prop_map(event::Value::Bool),
            any::<i64>().prop_map(event::Value::Int),
            (-1_000_000..1_000_000_i32).prop_map(|eighths| event::Value::Double(f64::from(eighths) / 8.0)),
            any::<String>().prop_map(event::Value::String),
        ];
        leaf.prop_recursive(3, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(event::Value::Array),
                proptest::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| event::Value::Map(map.into_iter().collect())),
            ]
        })
    }

    fn as_serde(value: &event::Value) -> serde_json::Value {
        match value {
            event::Value::Null => serde_json::Value::Null,
            event::Value::Bool(value) => (*value).into(),
            event::Value::Int(value) => (*value).into(),
            event::Value::Double(value) => (*value).into(),
            event::Value::String(text) => text.clone().into(),
            event::Value::Array(values) => values.iter().map(as_serde).collect(),
            event::Value::Map(map) => map.iter().map(|(key, value)| (key.clone(), as_serde(value))).collect(),
        }
    }

    proptest! {
        #[test]
        fn another_reader_reads_every_string_back(text in "[a-z\"\\\\\n\t\r\u{0}-\u{1f}\u{7f}äß€😀 ]{0,160}", lead in 0..72_usize) {
            let text = "x".repeat(lead) + &text;
            let ours = written(|json| json.text(&text));
            prop_assert_eq!(serde_json::from_str::<String>(&ours).unwrap(), text);
        }

        #[test]
        fn another_reader_reads_every_value_back(value in any_value()) {
            let ours = written(|json| json.value(&value));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&ours).unwrap(), as_serde(&value));
        }

        #[test]
        fn compact_json_is_the_same_value(value in any_value()) {
            let pretty = serde_json::to_string_pretty(&as_serde(&value)).unwrap();
            let ours = written(|json| json.json(&pretty));
            prop_assert_eq!(&ours, &serde_json::to_string(&as_serde(&value)).unwrap());
        }
    }
}
