//! Changes single values inside JSON text (a body, or the events of a stream) and leaves every other byte as it was.

use std::ops::Range;

use bytes::Bytes;

/// Calls `change` for every string, number, `true`, `false` and `null` of the JSON in `body`, in order, with the key it
/// stands under (`None` for an element of an array) and its text as written. What `change` returns replaces that text.
///
/// The text around the JSON may be anything without unpaired quotes on a line, so a stream of `data: {…}` lines works.
/// Returns the new body and how many values were changed.
pub(super) fn edit(body: &Bytes, mut change: impl FnMut(Option<&str>, &str) -> Option<String>) -> (Bytes, usize) {
    let Ok(text) = std::str::from_utf8(body) else {
        return (body.clone(), 0);
    };
    let mut out = String::with_capacity(text.len());
    let (mut copied, mut changed) = (0, 0);
    let mut key: Option<&str> = None;
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    while let Some(token) = scanner.next_token() {
        match token {
            Token::Key(range) => key = text.get(range),
            Token::Open => key = None,
            Token::Value(range) => {
                let Some(old) = text.get(range.clone()) else {
                    continue;
                };
                let new = change(key.take(), old);
                if let Some(new) = new.filter(|new| new != old) {
                    out.push_str(text.get(copied..range.start).unwrap_or_default());
                    out.push_str(&new);
                    copied = range.end;
                    changed += 1;
                }
            }
        }
    }
    if changed == 0 {
        return (body.clone(), 0);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    (Bytes::from(out), changed)
}

/// The text of a JSON string as written, quotes included; `None` when it isn't one.
pub(super) fn decoded(raw: &str) -> Option<String> {
    raw.starts_with('"').then(|| serde_json::from_str(raw).ok()).flatten()
}

/// A JSON string, quotes included.
pub(super) fn encoded(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

enum Token {
    /// A member's name, without its quotes.
    Key(Range<usize>),
    /// `{` or `[`.
    Open,
    /// A scalar as written, strings with their quotes.
    Value(Range<usize>),
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn next_token(&mut self) -> Option<Token> {
        loop {
            let start = self.at;
            match *self.text.get(start)? {
                b'"' => {
                    let Some(end) = self.end_of_string() else {
                        self.at += 1;
                        continue;
                    };
                    self.at = end;
                    if let Some(colon) = self.colon() {
                        self.at = colon + 1;
                        return Some(Token::Key(start + 1..end - 1));
                    }
                    return Some(Token::Value(start..end));
                }
                b'{' | b'[' => {
                    self.at += 1;
                    return Some(Token::Open);
                }
                byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    self.at = self.end_of_word();
                    let word = self.text.get(start..self.at)?;
                    if byte == b'-' || byte.is_ascii_digit() || matches!(word, b"true" | b"false" | b"null") {
                        return Some(Token::Value(start..self.at));
                    }
                }
                _ => self.at += 1,
            }
        }
    }

    /// One past the closing quote of the string that starts here; `None` when its line ends first (then it is no JSON).
    fn end_of_string(&self) -> Option<usize> {
        let mut at = self.at + 1;
        loop {
            match *self.text.get(at)? {
                b'"' => return Some(at + 1),
                b'\\' => at += 2,
                b'\n' | b'\r' => return None,
                _ => at += 1,
            }
        }
    }

    /// Where the colon after a member's name stands.
    fn colon(&self) -> Option<usize> {
        let blanks = self.text.get(self.at..)?.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        (self.text.get(self.at + blanks) == Some(&b':')).then_some(self.at + blanks)
    }

    fn end_of_word(&self) -> usize {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let word = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_');
        self.at + rest.iter().take_while(word).count().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &'static str) -> Vec<(Option<String>, String)> {
        let mut seen = Vec::new();
        edit(&Bytes::from_static(text.as_bytes()), |key, value| {
            seen.push((key.map(str::to_owned), value.to_owned()));
            None
        });
        seen
    }

    fn pair(key: Option<&str>, value: &str) -> (Option<String>, String) {
        (key.map(str::to_owned), value.to_owned())
    }

    #[test]
    fn every_scalar_is_visited_with_its_key() {
        assert_eq!(
            seen(r#"{"a" : -1.5e+3, "b":[true,"x"],"c":{"d":null}, "e\"f":"{\"g\":1}"}"#),
            [
                pair(Some("a"), "-1.5e+3"),
                pair(None, "true"),
                pair(None, "\"x\""),
                pair(Some("d"), "null"),
                pair(Some(r#"e\"f"#), r#""{\"g\":1}""#),
            ]
        );
    }

    #[test]
    fn events_of_a_stream_are_visited_and_their_frame_is_not() {
        assert_eq!(
            seen("event: a.b\ndata: {\"n\":1}\n\n: don\"t\ndata: {\"n\":2}\n\ndata: [DONE]\n\n"),
            [pair(Some("n"), "1"), pair(Some("n"), "2")]
        );
    }

    #[test]
    fn only_the_changed_value_differs() {
        let body = Bytes::from_static(b"{ \"n\":1,\n  \"m\" : 1.0, \"u\":\"\\u00e9\" }");
        let (new, changed) = edit(&body, |key, _| (key == Some("n")).then(|| "23".to_owned()));
        assert_eq!((new.as_ref(), changed), (&b"{ \"n\":23,\n  \"m\" : 1.0, \"u\":\"\\u00e9\" }"[..], 1));
    }

    #[test]
    fn broken_text_is_left_alone() {
        for text in ["\"", "{\"a", "{\"a\":", "\\", "\"\\", "{\"a\":\"\\"] {
            assert_eq!(edit(&Bytes::from_static(text.as_bytes()), |_, _| Some("1".into())).1, 0, "{text}");
        }
    }
}
