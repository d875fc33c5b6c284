//! Escapes of JSON strings, of URLs and of programs: `\u002d`, `\/`, `%2D`, `\x2d`.

use memchr::memchr2;

use super::View;

/// How far around an escape the text is read again without escapes, in bytes.
const AROUND: usize = 512;

/// Longest part that is read again at once, about.
const PIECE: usize = 64 * 1024;

/// An escape: the character it stands for, and its length.
fn escape(bytes: &[u8]) -> Option<(u8, usize)> {
    let hex = |from: usize| -> Option<u8> {
        let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
        u8::try_from(digit(from)? * 16 + digit(from + 1)?).ok().filter(u8::is_ascii)
    };
    match bytes {
        [b'%', ..] => Some((hex(1)?, 3)),
        [b'\\', b'u', b'0', b'0', ..] => Some((hex(4)?, 6)),
        [b'\\', b'x', ..] => Some((hex(2)?, 4)),
        [b'\\', of @ (b'/' | b'\\' | b'"' | b'\''), ..] => Some((*of, 2)),
        [b'\\', b'n', ..] => Some((b'\n', 2)),
        [b'\\', b'r', ..] => Some((b'\r', 2)),
        [b'\\', b't', ..] => Some((b'\t', 2)),
        _ => None,
    }
}

/// Whether an escape can hide a part of a secret: others only stand between.
fn hides(bytes: &[u8]) -> bool {
    match bytes {
        [b'%', ..] | [b'\\', b'u' | b'x' | b'/', ..] => escape(bytes).is_some_and(|(of, _)| of > b' '),
        // Escaped twice: `\\u002d`, `\\/`.
        [b'\\', rest @ ..] if rest.first() == Some(&b'\\') => {
            let slashes = rest.iter().take(8).take_while(|&&byte| byte == b'\\').count();
            matches!(rest.get(slashes..), Some([b'u', b'0', b'0', ..] | [b'x', ..] | [b'/', ..]))
        }
        _ => false,
    }
}

/// Gives each part of `text` around escapes, without its escapes.
pub(in crate::scan) fn each_unescaped(text: &str, mut give: impl FnMut(View)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(first) = next_hiding(bytes, from) {
        let start = boundary_before(text, first.saturating_sub(AROUND).max(from));
        let mut end = first + AROUND;
        let mut at = first + 1;
        while at < end && at < start + PIECE {
            let Some(next) = next_hiding(bytes.get(..end.min(bytes.len())).unwrap_or(bytes), at) else { break };
            end = next + AROUND;
            at = next + 1;
        }
        let end = boundary_before(text, end.min(bytes.len()));
        give(unescaped(text, start, end));
        // What is cut stands whole in one of two parts.
        from = if end >= start + PIECE && end < bytes.len() { boundary_before(text, end - AROUND * 8) } else { end };
    }
}

fn next_hiding(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'\\', b'%', bytes.get(at..)?)?;
        if hides(&bytes[at..]) {
            return Some(at);
        }
        at += 1;
    }
}

fn boundary_before(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}

fn unescaped(text: &str, start: usize, end: usize) -> View {
    let part = &text[start..end];
    let bytes = part.as_bytes();
    let mut plain = String::with_capacity(part.len());
    let mut marks = vec![(0, start)];
    let mut done = 0;
    let mut at = 0;
    while let Some(place) = bytes.get(at..).and_then(|rest| memchr2(b'\\', b'%', rest)).map(|ahead| at + ahead) {
        let Some((of, length)) = escape(&bytes[place..]) else {
            at = place + 1;
            continue;
        };
        plain.push_str(&part[done..place]);
        marks.push((plain.len(), start + place));
        plain.push(char::from(of));
        at = place + length;
        done = at;
        marks.push((plain.len(), start + at));
    }
    plain.push_str(&part[done..]);
    View::marked(plain, marks)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn views(text: &str) -> Vec<View> {
        let mut views = Vec::new();
        each_unescaped(text, |view| views.push(view));
        views
    }

    #[test]
    fn a_place_in_the_plain_text_is_a_place_in_the_escaped_one() {
        let text = r#"{"key": "gl\u0070at%2Dabc"}"#;
        let [view] = views(text).try_into().unwrap();
        let start = view.text.find("glpat-abc").unwrap();
        let (from, to) = view.range(start, start + "glpat-abc".len());
        assert_eq!(&text[from..to], r"gl\u0070at%2Dabc");
    }

    #[test]
    fn a_text_whose_escapes_hide_nothing_is_not_read_again() {
        assert!(views(r#"{"a": "line\nline\t\"quoted\"", "b": "100 % sure", "c": "C:\\Users"}"#).is_empty());
    }
}
