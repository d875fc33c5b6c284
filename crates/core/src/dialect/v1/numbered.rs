//! A list of attributes whose names have indices.

use super::super::Value;
use crate::event::Text;

/// Attributes being collected. A name comes with `N` for each index, as in the table of names.
#[derive(Default)]
pub(super) struct Numbered<'a>(Vec<(String, Value<'a>)>);

impl<'a> Numbered<'a> {
    pub(super) fn finish(self) -> Vec<(String, Value<'a>)> {
        self.0
    }

    pub(super) fn put<const N: usize>(&mut self, name: &str, indices: [usize; N], value: Value<'a>) {
        self.0.push((numbered(name, indices), value));
    }

    /// A text that may not be known.
    pub(super) fn known<const N: usize>(&mut self, name: &str, indices: [usize; N], text: Option<&'a str>) {
        if let Some(text) = text {
            self.put(name, indices, Value::Str(text));
        }
    }

    /// What was said, if it is kept and isn't nothing, as the package has it.
    pub(super) fn said<const N: usize>(&mut self, name: &str, indices: [usize; N], text: Option<&'a Text>) {
        self.known(name, indices, text.and_then(Text::as_str).filter(|text| !text.is_empty()));
    }

    /// What was said, composed.
    pub(super) fn composed<const N: usize>(&mut self, name: &str, indices: [usize; N], value: Option<Value<'a>>) {
        if let Some(value) = value {
            self.put(name, indices, value);
        }
    }
}

/// `gen_ai.prompt.N.role` and 7 is `gen_ai.prompt.7.role`.
fn numbered<const N: usize>(name: &str, indices: [usize; N]) -> String {
    let mut pieces = name.split(".N.");
    let mut whole = String::with_capacity(name.len() + 8);
    whole.push_str(pieces.next().unwrap_or_default());
    for (index, piece) in indices.iter().zip(pieces) {
        whole.push('.');
        whole.push_str(&index.to_string());
        whole.push('.');
        whole.push_str(piece);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_n_becomes_an_index() {
        assert_eq!(numbered("gen_ai.prompt.N.role", [7]), "gen_ai.prompt.7.role");
        assert_eq!(numbered("gen_ai.prompt.N.tool_calls.N.id", [0, 12]), "gen_ai.prompt.0.tool_calls.12.id");
        assert_eq!(numbered("gen_ai.prompt.N.Name", [1]), "gen_ai.prompt.1.Name");
    }
}
