//! What an API surface has to know of itself.

use super::{Answer, Outline, Place};
use crate::event::{Failure, Operation, Request};
use crate::policy::Keep;
use crate::wire::json::{Read, Str};

/// One API surface of a provider: how its paths, requests and responses read.
pub trait Surface: Sync + std::fmt::Debug {
    /// Its name, `provider.surface`.
    fn name(&self) -> &'static str;

    /// What its calls do.
    fn operation(&self) -> Operation;

    /// Whether a URL's path (without query) belongs to it. Runs on the caller's path: compares, never allocates.
    fn matches(&self, path: &str) -> bool;

    /// Whether its paths are nobody else's, whatever the host.
    fn owns_paths(&self) -> bool {
        false
    }

    /// The key of a request's body that holds what the model is given.
    fn input(&self) -> &'static str;

    /// Whether a body with that outline may be a request of its.
    fn asks(&self, request: &Outline<'_>) -> bool;

    /// Whether a body, or an event of a stream, with that outline is an answer of its.
    fn answers(&self, answer: &Outline<'_>) -> bool;

    /// Whether a body with that outline is what it answers when it fails.
    fn fails(&self, answer: &Outline<'_>) -> bool;

    /// Reads the body of a request.
    ///
    /// # Errors
    /// When it is no such body.
    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request>;

    /// Reads the body of a response that isn't streamed.
    ///
    /// # Errors
    /// When it is no such body; what `answer` then holds is of no worth.
    fn read_response(&self, body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()>;

    /// Reads the body of a response whose status says that the call failed.
    fn read_error(&self, body: &str, keep: &mut Keep<'_>) -> Option<Failure>;

    /// Reads one event of a streamed response.
    ///
    /// # Errors
    /// When it is no such event; `answer` is then as it was.
    fn read_event(&self, kind: &str, data: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<Heard>;
}

/// What an event of a stream was, beside what it added to the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Heard {
    /// Whether it is part of the answer, rather than a word about the stream (its end, an error).
    pub is_chunk: bool,
    /// Whether it carried output of the model: text, refusal, reasoning, audio, tool arguments.
    pub has_output: bool,
    /// How an event differs that says the same with other words.
    pub varies: Option<Varies>,
}

/// Where an event may differ and still be the same but for the text that it appends to one part.
///
/// A surface that gives this promises: replacing the strings (by strings) and the number (by whole numbers) at these places gives an event
/// whose whole effect is to append the new text to that part, and that the places don't overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Varies {
    /// The choice that the text belongs to.
    pub choice: u32,
    /// The part that the text belongs to. It exists.
    pub place: Place,
    /// The text, by its place in the event's data, without its quotes.
    pub text: Span,
    /// Another string that has no meaning, without its quotes.
    pub padding: Option<Span>,
    /// A whole number that has no meaning.
    pub number: Option<Span>,
}

/// A place in an event's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl Span {
    /// Where a string stands in the text it was read from.
    #[must_use]
    pub fn of(text: Str<'_>) -> Self {
        Self { start: text.at(), end: text.at() + text.raw().len() }
    }
}
