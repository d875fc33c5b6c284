//! Dialect `openinference`: what the Python package `openinference-instrumentation-openai` 0.1.66 emits, and right where that
//! package is wrong. Arize Phoenix reads it.
//!
//! A span with the call's facts. If the policy keeps content, what was said is there twice, as the package has it: message by
//! message under names with indices, and as JSON of the request and the answer in `input.value` and `output.value`. If not, those
//! two hold [`HIDDEN`], and there are no messages. The dialect has no log events and no histograms.
//!
//! Steps around calls have kinds of their own (`TOOL`, `AGENT`, `CHAIN`, `RETRIEVER`, `RERANKER`), and their input and output there.

mod exchange;
mod facts;
mod indexed;
mod media;
mod messages;
mod parameters;
mod read;
mod step;

use std::borrow::Cow;

use super::shared::{RESPONSES, items, json_text as json, kept, span};
use super::{ContentPlace, Dialect, Instrument, Metrics, Span, Telemetry};
use crate::event::{Call, Operation};

pub(super) use read::Reader;

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct OpenInference;

/// Stands for what was said and isn't kept. Source: openinference-instrumentation 0.1.72, `REDACTED_VALUE`.
const HIDDEN: &str = "__REDACTED__";

impl Dialect for OpenInference {
    fn name(&self) -> &'static str {
        "openinference"
    }

    fn schema_url(&self) -> &'static str {
        // The conventions have none.
        ""
    }

    fn instruments(&self) -> &'static [Instrument] {
        &[]
    }

    fn with_content_in(&self, _: ContentPlace) -> &'static dyn Dialect {
        &Self
    }

    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a> {
        let is_shown = kept::is_kept(call);
        let span = Span {
            name: name(call),
            side: call.side,
            start: call.timing.start,
            end: call.timing.start + call.timing.total,
            status: span::status(&call.outcome, call.response.status),
            attributes: facts::of(call, is_shown),
            indexed: messages::of(call, is_shown).into_iter().chain(span::attributes_kept(call)).collect(),
            events: facts::events(call),
        };
        Telemetry { span, logs: Vec::new(), metrics: Metrics { attributes: Vec::new(), points: Vec::new() } }
    }
}

/// The span's name: the class of the answer in the OpenAI SDK, or the step's.
fn name(call: &Call) -> Cow<'static, str> {
    Cow::Borrowed(match call.operation {
        Operation::Embeddings => "CreateEmbeddings",
        Operation::TextCompletion => "Completion",
        _ if !call.operation.is_call() => return step::name(call),
        _ if call.surface == RESPONSES => "Response",
        _ => "ChatCompletion",
    })
}
