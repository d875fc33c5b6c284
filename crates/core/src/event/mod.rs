//! The event model: what one LLM call was, whoever saw it and wherever it goes.
//!
//! A [`Call`] is the only thing that leaves the understanding stage. Every field says "unknown" by `None`; no count is
//! ever 0 because it was missing.

mod call;
mod cost;
mod finding;
mod identity;
mod message;
mod missing;
mod operation;
mod outcome;
mod request;
mod response;
mod text;
mod trace;
mod usage;
mod value;

pub use call::{Attempt, Call, Incomplete, Process, Server, Side, Timing};
pub use cost::{Cost, PriceSource, TokenClass, Usd};
pub use finding::{Category, Field, Finding, Findings, MoreFindings, Place, Severity};
pub use identity::{EndUser, Identity};
pub use message::{Choice, Media, MediaSource, Message, Modality, Part, Role, ToolCall, ToolDefinition};
pub use missing::{Missing, MissingBytes};
pub use operation::{Operation, Step};
pub use outcome::{ErrorClass, Failure, Outcome};
pub use request::{EmbeddingsRequest, Request};
pub use response::{RateLimit, Response};
pub use text::Text;
pub use trace::{OwnSpan, ParentSpan, SpanId, TraceId};
pub use usage::Usage;
pub use value::Value;
