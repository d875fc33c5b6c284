//! Calls as JSON lines: one `ai.request` and one `ai.response` record for each.

mod content;
mod json;
mod record;
mod sink;
mod time;

pub use sink::JsonLines;
