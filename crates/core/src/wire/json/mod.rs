//! A pull reader of JSON text: borrows what it gives out, skips what isn't asked for, never allocates by itself.
//!
//! What a surface wants of a body is a small part of it, and with content off it wants the sizes of texts, not the
//! texts. This reader goes through the text once, hands out strings as they stand (escapes untouched until somebody
//! asks) with their place in the text, and skips the rest by looking for quotes and brackets only.
//!
//! It reads whatever RFC 8259 allows, with the same result as any other reader. It is lenient: of some texts that the
//! RFC forbids (a raw control character in a string, `1.2.3`, a `]` that closes a `{` in a skipped value) it reads what can be read.

mod reader;
mod string;

pub use reader::{Json, Kind, Read, Unreadable, VALUE_DEPTH};
pub use string::Str;
pub(crate) use string::{ShortString, end_of_short_string};

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
    use crate::event::Value;

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
