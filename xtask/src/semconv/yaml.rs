//! As much of YAML as definition files are written in: maps and lists by indentation, plain and quoted scalars.
//!
//! Block scalars, flow values and continued lines are texts that nobody here asks for: they are gone past.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key) {
            Some(Self::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn list(&self, key: &str) -> &[Self] {
        match self.get(key) {
            Some(Self::List(values)) => values,
            _ => &[],
        }
    }
}

/// Reads a document; an error names the line.
pub(super) fn read(text: &str) -> Result<Yaml, String> {
    let mut lines = Lines { lines: Vec::new(), at: 0 };
    for (number, line) in text.lines().enumerate() {
        let content = line.trim_start();
        if !content.is_empty() && !content.starts_with('#') {
            lines.lines.push(Line { number: number + 1, indent: line.len() - content.len(), text: content.trim_end() });
        }
    }
    match lines.lines.first() {
        Some(first) => {
            let indent = first.indent;
            let value = lines.block(indent)?;
            match lines.lines.get(lines.at) {
                Some(line) => Err(format!("line {} is not understood", line.number)),
                None => Ok(value),
            }
        }
        None => Ok(Yaml::Map(Vec::new())),
    }
}

#[derive(Debug, Clone, Copy)]
struct Line<'a> {
    number: usize,
    indent: usize,
    text: &'a str,
}

struct Lines<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
}

impl<'a> Lines<'a> {
    /// The next line, if it stands just so far in.
    fn at_indent(&self, indent: usize) -> Option<Line<'a>> {
        self.lines.get(self.at).copied().filter(|line| line.indent == indent)
    }

    fn block(&mut self, indent: usize) -> Result<Yaml, String> {
        match self.at_indent(indent) {
            Some(line) if line.text.starts_with("- ") => self.items(indent),
            _ => self.entries(indent),
        }
    }

    fn items(&mut self, indent: usize) -> Result<Yaml, String> {
        let mut values = Vec::new();
        while let Some(line) = self.at_indent(indent).filter(|line| line.text.starts_with("- ")) {
            let rest = line.text.trim_start_matches("- ").trim_start();
            if is_entry(rest) {
                let inner = indent + line.text.len() - rest.len();
                self.lines[self.at] = Line { indent: inner, text: rest, ..line };
                values.push(self.block(inner)?);
            } else {
                self.at += 1;
                self.go_past(indent);
                values.push(Yaml::Text(scalar(rest)));
            }
        }
        Ok(Yaml::List(values))
    }

    fn entries(&mut self, indent: usize) -> Result<Yaml, String> {
        let mut entries = Vec::new();
        while let Some(line) = self.at_indent(indent) {
            let (key, value) = entry(line.text).ok_or_else(|| format!("line {} is no entry of a map", line.number))?;
            self.at += 1;
            let value = if value.is_empty() {
                match self.lines.get(self.at) {
                    Some(next) if next.indent > indent => self.block(next.indent)?,
                    Some(next) if next.indent == indent && next.text.starts_with("- ") => self.items(indent)?,
                    _ => Yaml::Text(String::new()),
                }
            } else {
                self.go_past(indent);
                Yaml::Text(if value.starts_with(['|', '>']) { String::new() } else { scalar(value) })
            };
            entries.push((key.to_owned(), value));
        }
        Ok(Yaml::Map(entries))
    }

    /// Goes past what continues a text.
    fn go_past(&mut self, indent: usize) {
        while self.lines.get(self.at).is_some_and(|line| line.indent > indent) {
            self.at += 1;
        }
    }
}

fn entry(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once(':')?;
    let is_key = !key.is_empty() && key.chars().all(|letter| letter.is_alphanumeric() || "_.-$/".contains(letter));
    (is_key && (value.is_empty() || value.starts_with(' '))).then(|| (key, without_comment(value.trim())))
}

fn is_entry(text: &str) -> bool {
    entry(text).is_some()
}

fn without_comment(value: &str) -> &str {
    if value.starts_with(['"', '\'']) {
        return value;
    }
    value.split(" #").next().unwrap_or_default().trim_end()
}

fn scalar(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some((inner, _)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return inner.to_owned();
        }
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_and_scalars_are_read_and_other_texts_gone_past() {
        let text = "
# a comment
groups:
  - id: a.b
    brief: >
      several lines: of text
      - even such
    type:
      members:
        - id: x
          value: \"x y\"
    examples: ['a', 'b']
    note: a text that
      goes on
  - id: c # another
    list:
    - one
    - 'two'
last: true
";
        let yaml = read(text).unwrap();
        let groups = yaml.list("groups");
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].text("id"), Some("a.b"));
        assert_eq!(groups[0].text("brief"), None);
        assert_eq!(groups[0].text("note"), Some("a text that"));
        assert_eq!(groups[0].get("type").unwrap().list("members")[0].text("value"), Some("x y"));
        assert_eq!(groups[1].text("id"), Some("c"));
        assert_eq!(groups[1].list("list"), [Yaml::Text("one".to_owned()), Yaml::Text("two".to_owned())]);
        assert_eq!(yaml.text("last"), Some("true"));
    }

    #[test]
    fn what_is_no_map_is_refused_with_its_line() {
        assert_eq!(read("a: 1\nnot an entry\n"), Err("line 2 is no entry of a map".to_owned()));
        assert_eq!(read("  a: 1\nb: 2\n"), Err("line 2 is not understood".to_owned()));
    }
}
