//! A list of attributes whose names have indices.

use super::super::Value;
use super::HIDDEN;
use crate::event::Text;

/// Attributes being collected, below a name that grows and shrinks.
pub(super) struct Indexed<'a> {
    list: Vec<(String, Value<'a>)>,
    path: String,
}

impl<'a> Indexed<'a> {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), path: String::new() }
    }

    pub(super) fn finish(self) -> Vec<(String, Value<'a>)> {
        self.list
    }

    /// Does something below `name` and an index.
    pub(super) fn at(&mut self, name: &str, index: usize, tell: impl FnOnce(&mut Self)) {
        self.below(name, |this| this.below(&index.to_string(), tell));
    }

    /// Does something below `name`.
    pub(super) fn below(&mut self, name: &str, tell: impl FnOnce(&mut Self)) {
        let before = self.path.len();
        self.path.push_str(name);
        self.path.push('.');
        tell(self);
        self.path.truncate(before);
    }

    pub(super) fn put(&mut self, name: &str, value: Value<'a>) {
        self.list.push(([&self.path, name].concat(), value));
    }

    /// A text that may not be known.
    pub(super) fn known(&mut self, name: &str, text: Option<&'a str>) {
        if let Some(text) = text {
            self.put(name, Value::Str(text));
        }
    }

    /// What was said: nothing where that is nothing, as the package has it.
    pub(super) fn said(&mut self, name: &str, text: &'a Text) {
        match text.as_str() {
            Some("") => {}
            Some(text) => self.put(name, Value::Str(text)),
            None => self.put(name, Value::Static(HIDDEN)),
        }
    }
}
