//! JSON, written as it comes: members in the order they are given, `null` for what is unknown.

use std::fmt::Write as _;

/// An object that is being written.
#[derive(Debug)]
pub(super) struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

/// Writes an object.
pub(super) fn object(out: &mut String, members: impl FnOnce(&mut Object<'_>)) {
    out.push('{');
    members(&mut Object { out, is_empty: true });
    out.push('}');
}

impl Object<'_> {
    fn name(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        string(self.out, name);
        self.out.push(':');
        self.out
    }

    pub(super) fn null(&mut self, name: &str) {
        self.name(name).push_str("null");
    }

    pub(super) fn text(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => string(self.name(name), text),
            None => self.null(name),
        }
    }

    pub(super) fn shown(&mut self, name: &str, shown: Option<impl std::fmt::Display>) {
        self.text(name, shown.map(|shown| shown.to_string()).as_deref());
    }

    pub(super) fn count(&mut self, name: &str, count: Option<u64>) {
        match count {
            // Writing to a String can't fail.
            Some(count) => drop(write!(self.name(name), "{count}")),
            None => self.null(name),
        }
    }

    pub(super) fn int(&mut self, name: &str, int: Option<i64>) {
        match int {
            Some(int) => drop(write!(self.name(name), "{int}")),
            None => self.null(name),
        }
    }

    pub(super) fn number(&mut self, name: &str, number: Option<f64>) {
        match number {
            Some(number) => self::number(self.name(name), number),
            None => self.null(name),
        }
    }

    pub(super) fn flag(&mut self, name: &str, flag: Option<bool>) {
        match flag {
            Some(flag) => self.name(name).push_str(if flag { "true" } else { "false" }),
            None => self.null(name),
        }
    }

    pub(super) fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        object(self.name(name), members);
    }

    pub(super) fn array<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        each: impl FnMut(&mut String, T),
    ) {
        array(self.name(name), items, each);
    }

    /// A member whose value is written elsewhere.
    pub(super) fn value(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        write(self.name(name));
    }
}

/// Writes an array.
pub(super) fn array<T>(out: &mut String, items: impl IntoIterator<Item = T>, mut each: impl FnMut(&mut String, T)) {
    out.push('[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(out, item);
    }
    out.push(']');
}

/// Writes a number; JSON has no word for those that aren't finite.
pub(super) fn number(out: &mut String, number: f64) {
    if number.is_finite() {
        let _ = write!(out, "{number}");
    } else {
        out.push_str("null");
    }
}

/// Writes a string. What could end a line for some reader (U+0085, U+2028, U+2029) is escaped, too.
pub(super) fn string(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.find(|letter: char| {
        letter < ' ' || matches!(letter, '"' | '\\' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}')
    }) {
        out.push_str(&rest[..at]);
        let mut letters = rest[at..].chars();
        match letters.next() {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(other) => drop(write!(out, "\\u{:04x}", u32::from(other))),
            None => {}
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_one_line_of_json_whatever_is_in_it() {
        let written = |text: &str| {
            let mut out = String::new();
            string(&mut out, text);
            out
        };
        assert_eq!(written("plain, é, 🦀"), r#""plain, é, 🦀""#);
        assert_eq!(written("a\"b\\c\nd\re\tf"), r#""a\"b\\c\nd\re\tf""#);
        assert_eq!(written("\0\u{1f}\u{7f}\u{2028}\u{85}"), r#""\u0000\u001f\u007f\u2028\u0085""#);
        assert_eq!(written(""), r#""""#);
    }

    #[test]
    fn what_is_unknown_is_null_and_numbers_are_numbers() {
        let mut out = String::new();
        object(&mut out, |all| {
            all.text("a", None);
            all.count("b", Some(u64::MAX));
            all.int("c", Some(-1));
            all.number("d", Some(0.25));
            all.number("e", Some(f64::NAN));
            all.flag("f", Some(true));
            all.object("g", |inner| inner.null("h"));
            all.array("i", [1.0, 2.5], number);
        });
        assert_eq!(
            out,
            r#"{"a":null,"b":18446744073709551615,"c":-1,"d":0.25,"e":null,"f":true,"g":{"h":null},"i":[1,2.5]}"#
        );
    }
}
