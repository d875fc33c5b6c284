//! What an exception of the OpenAI SDK for Python says: the server's own words are inside of it.

use std::borrow::Cow;

/// What the server said.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Raised<'a> {
    pub(super) status: u16,
    pub(super) message: Cow<'a, str>,
    pub(super) code: Option<Box<str>>,
}

/// Reads `Error code: 429 - {'error': {'message': 'Rate limit.', 'type': 'requests', 'param': None, 'code': 'x'}}`, where newer SDKs
/// have the message alone behind the dash.
///
/// Source: openai-python, `_base_client.py`, `_make_status_error_from_response`: `f"Error code: {status} - {body}"`, where a body
/// that is JSON is a `dict`, and that is shown as Python writes it.
pub(super) fn raised(said: &str) -> Option<Raised<'_>> {
    let (status, body) = said.strip_prefix("Error code: ")?.split_once(" - ")?;
    let status = status.parse().ok().filter(|_| status.len() == 3)?;
    let Some(members) = body.strip_prefix("{'error': {") else {
        return Some(Raised { status, message: Cow::Borrowed(body), code: None });
    };
    let (mut message, mut code) = (None, None);
    let mut rest = members;
    while let Some((key, behind)) = string(rest) {
        let Some(value) = behind.strip_prefix(": ") else { break };
        let (text, behind) = match string(value) {
            Some((text, behind)) => (Some(text), behind),
            // A word or a number. What holds more, nobody reads.
            None if value.starts_with(['{', '[']) => break,
            None => (None, value.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))),
        };
        match &*key {
            "message" => message = text,
            "code" => code = text,
            _ => {}
        }
        let Some(next) = behind.strip_prefix(", ") else { break };
        rest = next;
    }
    Some(Raised { status, message: Cow::Owned(message?), code: code.map(Into::into) })
}

/// A string as Python writes it, and what stands behind it.
fn string(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let mut said = String::new();
    let mut chars = text[1..].chars();
    loop {
        let c = chars.next()?;
        if c == quote {
            return Some((said, chars.as_str()));
        }
        if c != '\\' {
            said.push(c);
            continue;
        }
        let digits = match chars.next()? {
            'n' => {
                said.push('\n');
                continue;
            }
            'r' => {
                said.push('\r');
                continue;
            }
            't' => {
                said.push('\t');
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => {
                said.push(other);
                continue;
            }
        };
        let number = u32::from_str_radix(chars.as_str().get(..digits)?, 16).ok()?;
        said.push(char::from_u32(number)?);
        chars = chars.as_str().get(digits..)?.chars();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(said: &str) -> Option<(u16, String, Option<String>)> {
        raised(said).map(|it| (it.status, it.message.into_owned(), it.code.map(|code| code.into_string())))
    }

    #[test]
    fn the_servers_words_are_found_in_what_python_shows() {
        // As `repr` of Python 3.11 writes such bodies.
        for (said, message, code) in [
            (r"{'error': {'message': 'Bad.', 'type': 't', 'param': None, 'code': None}}", "Bad.", None),
            (r#"{'error': {'message': "Can't.", 'code': 'c'}}"#, "Can't.", Some("c")),
            (
                r#"{'error': {'code': 'c', 'message': 'a "b" \'c\'\n\\ \x1b \u200b'}}"#,
                "a \"b\" 'c'\n\\ \u{1b} \u{200b}",
                Some("c"),
            ),
            (r"{'error': {'status': 4, 'message': 'Bad.', 'more': {'code': 'c'}}}", "Bad.", None),
            ("Bad.", "Bad.", None),
            ("{'detail': 'Not Found'}", "{'detail': 'Not Found'}", None),
        ] {
            let expected = Some((400, message.to_owned(), code.map(ToOwned::to_owned)));
            assert_eq!(read(&format!("Error code: 400 - {said}")), expected, "{said}");
        }
    }

    #[test]
    fn other_texts_are_left_as_they_are() {
        for said in [
            "",
            "Connection error.",
            "Error code: 4 - x",
            "Error code: 400",
            "Error code: 400 - {'error': {",
            "Error code: 400 - {'error': {'message': 'cut",
            "Error code: 400 - {'error': {'message': '\\x",
            "Error code: 400 - {'error': {'message': '\\xé'}}",
            "Error code: 400 - {'error': {'message': None}}",
            "Error code: 400 - {'error': {'message'",
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
