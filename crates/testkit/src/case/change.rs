//! Changes of a case: model, counts, texts, tool calls; every byte that isn't concerned stays.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::edit::{decoded, edit, encoded};
use super::{Case, Surface};

impl Case {
    /// Puts another body in the place of the response's.
    pub fn set_response(&mut self, body: impl Into<Bytes>) {
        self.response = body.into();
    }

    /// Renames the model in request and response: every `model` that begins with `from` then begins with `to`, so that a
    /// dated name keeps its date. Returns how many places changed.
    pub fn rename_model(&mut self, from: &str, to: &str) -> usize {
        let rename = |key: Option<&str>, raw: &str| {
            let name = decoded(raw).filter(|_| key == Some("model"))?;
            name.strip_prefix(from).map(|rest| encoded(&format!("{to}{rest}")))
        };
        self.edit_request(rename) + self.edit_response(rename)
    }

    /// Sets every number in the response that stands under `key`. Returns how many places changed.
    ///
    /// Sums that the response also holds, such as `total_tokens`, are left; see [`Case::set_usage`].
    pub fn set_number(&mut self, key: &str, value: u64) -> usize {
        let number = |raw: &str| raw.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        self.edit_response(|known, raw| (known == Some(key) && number(raw)).then(|| value.to_string()))
    }

    /// Sets every string in the response that stands under `key`. Returns how many places changed.
    pub fn set_string(&mut self, key: &str, value: &str) -> usize {
        self.edit_response(|known, raw| (known == Some(key) && raw.starts_with('"')).then(|| encoded(value)))
    }

    /// Replaces `from` by `to` inside every string value of request and response. Returns how many strings changed.
    ///
    /// In a stream a text is split over several events: change it by [`Case::set_reply`].
    pub fn replace_text(&mut self, from: &str, to: &str) -> usize {
        let replace = |_: Option<&str>, raw: &str| {
            let text = decoded(raw).filter(|text| text.contains(from))?;
            Some(encoded(&text.replace(from, to)))
        };
        self.edit_request(replace) + self.edit_response(replace)
    }

    /// Sets what the assistant says, in a response of any surface. In a stream the text is spread over the events that
    /// there are. Returns how many places changed: none where the response holds no text, as one that calls tools.
    pub fn set_reply(&mut self, text: &str) -> usize {
        self.put(text, Position::reply_text)
    }

    /// Sets the name and the arguments (JSON text) of every tool call in the response. Returns how many places changed.
    pub fn set_tool_call(&mut self, name: &str, arguments: &str) -> usize {
        let Some(surface) = Surface::of_path(&self.path) else {
            return 0;
        };
        let mut position = Position::new(surface);
        let names = self.edit_response(|key, raw| {
            position.pass(key, raw);
            position.is_tool_name().then(|| encoded(name))
        });
        names + self.put(arguments, Position::tool_arguments)
    }

    /// Sets the counts of input and output tokens, and their sum. Returns how many places changed: none in a stream
    /// without counts.
    pub fn set_usage(&mut self, input: u64, output: u64) -> usize {
        let Some(surface) = Surface::of_path(&self.path) else {
            return 0;
        };
        let (input_member, output_member) = surface.usage_members();
        let total = if surface == Surface::Embeddings { input } else { input.saturating_add(output) };
        self.set_number(input_member, input)
            + self.set_number(output_member, output)
            + self.set_number("total_tokens", total)
    }

    /// Takes the counts out of a stream, as they are without `stream_options.include_usage`.
    pub(crate) fn remove_stream_usage(&mut self) {
        let body = String::from_utf8_lossy(&self.response);
        let kept = body.split_inclusive("\n\n").filter(|event| !event.contains("\"choices\":[]"));
        self.response = Bytes::from(kept.collect::<String>().replace(",\"usage\":null", ""));
    }

    /// Puts `text` where `part` says: whole, or cut into as many pieces as there are places in the same choice.
    fn put(&mut self, text: &str, part: fn(&Position) -> Option<Part>) -> usize {
        let Some(surface) = Surface::of_path(&self.path) else {
            return 0;
        };
        let whole = !self.stream;
        let part = |position: &Position| part(position).map(|part| if whole { Part::Whole } else { part });
        // An empty string is where the text is yet to come.
        let is_text = |raw: &str| raw.starts_with('"') && raw.len() > 2;

        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut position = Position::new(surface);
        self.edit_response(|key, raw| {
            position.pass(key, raw);
            if is_text(raw) && part(&position) == Some(Part::Piece) {
                *places.entry(position.index.clone()).or_default() += 1;
            }
            None
        });
        let mut pieces: BTreeMap<String, _> =
            places.into_iter().map(|(index, count)| (index, pieces(text, count).into_iter())).collect();
        let mut position = Position::new(surface);
        self.edit_response(|key, raw| {
            position.pass(key, raw);
            match part(&position).filter(|_| is_text(raw))? {
                Part::Whole => Some(encoded(text)),
                Part::Piece => pieces.get_mut(&position.index)?.next().map(|piece| encoded(&piece)),
            }
        })
    }

    fn edit_request(&mut self, change: impl FnMut(Option<&str>, &str) -> Option<String>) -> usize {
        let (request, changed) = edit(&self.request, change);
        self.request = request;
        changed
    }

    fn edit_response(&mut self, change: impl FnMut(Option<&str>, &str) -> Option<String>) -> usize {
        let (response, changed) = edit(&self.response, change);
        self.response = response;
        changed
    }
}

/// What of a text belongs in a place.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Whole,
    Piece,
}

/// Where in a body a value stands, as far as the surfaces need it to tell their texts apart.
struct Position {
    surface: Surface,
    key: String,
    /// The last `index`, as written: which choice or tool call.
    index: String,
    /// The last `type`.
    kind: String,
}

impl Position {
    fn new(surface: Surface) -> Self {
        Self { surface, key: String::new(), index: String::new(), kind: String::new() }
    }

    fn pass(&mut self, key: Option<&str>, raw: &str) {
        key.unwrap_or_default().clone_into(&mut self.key);
        match key {
            // A legacy completion has its `index` behind the text.
            Some("index") if self.surface != Surface::Completions => raw.clone_into(&mut self.index),
            Some("type") => raw.trim_matches('"').clone_into(&mut self.kind),
            _ => {}
        }
    }

    fn reply_text(&self) -> Option<Part> {
        match (self.surface, self.key.as_str(), self.kind.as_str()) {
            (Surface::Chat, "content", _) | (Surface::Completions, "text", _) => Some(Part::Piece),
            (Surface::Responses, "delta", "response.output_text.delta") => Some(Part::Piece),
            (Surface::Responses, "text", "output_text" | "response.output_text.done") => Some(Part::Whole),
            _ => None,
        }
    }

    fn is_tool_name(&self) -> bool {
        let in_call = self.surface == Surface::Chat || self.kind == "function_call";
        in_call && self.key == "name"
    }

    fn tool_arguments(&self) -> Option<Part> {
        match (self.surface, self.key.as_str(), self.kind.as_str()) {
            (Surface::Chat, "arguments", _) => Some(Part::Piece),
            (Surface::Responses, "delta", "response.function_call_arguments.delta") => Some(Part::Piece),
            (Surface::Responses, "arguments", _) => Some(Part::Whole),
            _ => None,
        }
    }
}

/// `text` in exactly `count` pieces of whole words, or of characters where there are too few words.
fn pieces(text: &str, count: usize) -> Vec<String> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let letters: Vec<&str> = text.split_inclusive(|_| true).collect();
    let units = if words.len() >= count { words } else { letters };
    (0..count)
        .map(|piece| {
            let (from, to) = (piece * units.len() / count, (piece + 1) * units.len() / count);
            units.get(from..to).unwrap_or_default().concat()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_text_is_cut_into_as_many_pieces_as_asked() {
        assert_eq!(pieces("one two three", 2), ["one ", "two three"]);
        assert_eq!(pieces("añb", 2), ["a", "ñb"]);
        assert_eq!(pieces("a", 3).concat(), "a");
        assert_eq!(pieces("a", 3).len(), 3);
        assert!(pieces("a", 0).is_empty());
    }

    #[test]
    fn a_chat_without_text_has_no_reply_to_set() {
        let mut case = Case::embedded("chat_tools_call").unwrap();
        assert_eq!(case.set_reply("x"), 0);
    }
}
