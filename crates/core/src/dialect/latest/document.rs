//! Content as a document: told once, value by value, to whoever writes it down.

use super::super::Value;
use crate::event;

/// What is told the values of a document in order. A span wants JSON text of it, a log event a structured value.
pub(super) trait Document<'a>: Sized {
    /// An empty one, with room for that many bytes of text where it wants any.
    fn with_room(bytes: usize) -> Self;

    /// What was told; `None` where that was nothing.
    fn finish(self) -> Option<Value<'a>>;

    /// A map begins.
    fn open_map(&mut self);

    /// The map that began last ends.
    fn close_map(&mut self);

    /// A list begins.
    fn open_list(&mut self);

    /// The list that began last ends.
    fn close_list(&mut self);

    /// The key of a map's next value: one that needs no escape.
    fn key(&mut self, key: &'static str);

    /// No value.
    fn null(&mut self);

    /// Yes or no.
    fn flag(&mut self, value: bool);

    /// A whole number.
    fn number(&mut self, value: i64);

    /// Text.
    fn text(&mut self, text: &'a str);

    /// A value that was written as JSON; a text where it isn't JSON.
    fn json(&mut self, text: &'a str);

    /// A value that was read from JSON.
    fn value(&mut self, value: &'a event::Value);
}
