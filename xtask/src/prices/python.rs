//! The part of Python that a module of data is written in: calls with named arguments, lists, texts, numbers.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Py {
    /// `None`, `True`, `False` and other plain names.
    Name(String),
    Text(String),
    Number(String),
    List(Vec<Py>),
    Map(Vec<(Py, Py)>),
    /// `ModelPrice(input_mtok=Decimal('3'))`: name, arguments by place, arguments by name.
    Call(String, Vec<Py>, Vec<(String, Py)>),
}

impl Py {
    /// An argument of a call by its name; nothing for `None`.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Call(_, _, named) = self else { return None };
        named.iter().find(|(key, _)| key == name).map(|(_, value)| value).filter(|value| !value.is(NONE))
    }

    /// Whether it is that name, or a call of it.
    pub(super) fn is(&self, name: &str) -> bool {
        matches!(self, Self::Name(own) | Self::Call(own, _, _) if own == name)
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text),
            // `Decimal('3')`
            Self::Call(_, placed, _) => placed.first().and_then(Self::text),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

const NONE: &str = "None";

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// The value that a module gives to a variable: what follows `name: … = `.
pub(super) fn variable(module: &str, name: &str) -> Result<Py, String> {
    let begin = format!("\n{name}:");
    let at = module.find(&begin).ok_or_else(|| format!("no variable `{name}`"))?;
    let from = module[at..].find('=').ok_or_else(|| format!("`{name}` has no value"))? + at + 1;
    let mut reader = Reader { text: module, at: from };
    reader.value(0)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            if !trimmed.starts_with('#') {
                return trimmed.chars().next();
            }
            self.at += trimmed.find('\n').unwrap_or(trimmed.len());
        }
    }

    fn takes(&mut self, wanted: char) -> bool {
        let is_there = self.peek() == Some(wanted);
        if is_there {
            self.at += wanted.len_utf8();
        }
        is_there
    }

    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        let line = self.text[..self.at].lines().count();
        Err(format!("line {line}: {what}"))
    }

    fn value(&mut self, depth: usize) -> Result<Py, String> {
        if depth > MAX_DEPTH {
            return self.wrong("nested too deeply");
        }
        match self.peek() {
            Some('\'' | '"') => {
                let mut text = String::new();
                // Texts that stand beside each other are one.
                while let Some('\'' | '"') = self.peek() {
                    text += &self.string()?;
                }
                Ok(Py::Text(text))
            }
            Some('[') => Ok(Py::List(self.items('[', ']', |own| own.value(depth + 1))?)),
            Some('(') => {
                let mut items = self.items('(', ')', |own| own.value(depth + 1))?;
                Ok(if items.len() == 1 { items.remove(0) } else { Py::List(items) })
            }
            Some('{') => Ok(Py::Map(self.items('{', '}', |own| {
                let key = own.value(depth + 1)?;
                if !own.takes(':') {
                    return own.wrong("`:` expected");
                }
                Ok((key, own.value(depth + 1)?))
            })?)),
            Some(first) if first.is_ascii_digit() || first == '-' => Ok(Py::Number(
                self.word(|letter| letter.is_ascii_alphanumeric() || "._-+".contains(letter)).replace('_', ""),
            )),
            Some(first) if first.is_alphabetic() || first == '_' => {
                let name = self.name();
                if self.peek() != Some('(') {
                    return Ok(Py::Name(name));
                }
                let (mut placed, mut named) = (Vec::new(), Vec::new());
                let arguments = self.items('(', ')', |own| {
                    let before = own.at;
                    if own.peek().is_some_and(|letter| letter.is_alphabetic() || letter == '_') {
                        let key = own.name();
                        if own.takes('=') {
                            return Ok((Some(key), own.value(depth + 1)?));
                        }
                        own.at = before;
                    }
                    Ok((None, own.value(depth + 1)?))
                })?;
                for (key, value) in arguments {
                    match key {
                        Some(key) => named.push((key, value)),
                        None => placed.push(value),
                    }
                }
                Ok(Py::Call(name, placed, named))
            }
            _ => self.wrong("a value expected"),
        }
    }

    fn items<T>(
        &mut self,
        open: char,
        close: char,
        each: impl Fn(&mut Self) -> Result<T, String>,
    ) -> Result<Vec<T>, String> {
        let mut items = Vec::new();
        if !self.takes(open) {
            return self.wrong("a bracket expected");
        }
        while !self.takes(close) {
            items.push(each(self)?);
            if !self.takes(',') && self.peek() != Some(close) {
                return self.wrong("`,` or the closing bracket expected");
            }
        }
        Ok(items)
    }

    fn name(&mut self) -> String {
        let _ = self.peek();
        self.word(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.')
    }

    fn word(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let rest = &self.text[self.at..];
        let end = rest.find(|letter| !belongs(letter)).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    fn string(&mut self) -> Result<String, String> {
        let mut letters = self.text[self.at..].char_indices();
        let Some((_, quote)) = letters.next() else { return self.wrong("a text expected") };
        let mut text = String::new();
        while let Some((at, letter)) = letters.next() {
            if letter == quote {
                self.at += at + 1;
                return Ok(text);
            }
            if letter != '\\' {
                text.push(letter);
                continue;
            }
            match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, same @ ('\\' | '\'' | '"'))) => text.push(same),
                // Only names and numbers are wanted of a text, and they have no other escapes.
                Some((_, other)) => text.extend(['\\', other]),
                None => break,
            }
        }
        self.wrong("a text without an end")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_of_data_is_read() {
        let module = "import x\n\nitems: list[T] = [\n  T(id='a\\'b' 'c', n=-1.5, d=Decimal('3'), # why\n  m=None, w={'k': [True, {}]}, t=datetime.date(2026, 10, 1)),\n]\n";
        let items = variable(module, "items").unwrap();
        let item = &items.list()[0];
        assert_eq!(item.get("id").and_then(Py::text), Some("a'bc"));
        assert_eq!(item.get("n"), Some(&Py::Number("-1.5".to_owned())));
        assert_eq!(item.get("d").and_then(Py::text), Some("3"));
        assert_eq!(item.get("m"), None);
        assert!(item.get("t").unwrap().is("datetime.date"));
        let of = "\na: T = [";
        for broken in ["[", "x(", "x(a=", "'", "{'a'}", "[1 2]", "", ")"] {
            assert!(variable(&format!("{of}{broken}"), "a").is_err(), "{broken}");
        }
        assert!(variable(&format!("{of}{}", "[".repeat(1000)), "a").is_err());
    }
}
