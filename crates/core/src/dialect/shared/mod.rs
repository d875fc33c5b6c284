//! What the dialects with GenAI attributes have in common: the same facts of a call, under names that differ in a few places.

pub(super) mod chat;
pub(super) mod content;
pub(super) mod items;
pub(super) mod json;
pub(super) mod json_string;
pub(super) mod json_text;
pub(super) mod kept;
pub(super) mod list;
pub(super) mod metrics;
pub(super) mod parameters;
pub(super) mod said;
pub(super) mod span;
mod words;

pub(super) use words::Words;

/// The surface whose requests and answers have another shape than chat completions.
pub(super) const RESPONSES: &str = "openai.responses";
