//! Dialect `v1`: what the Python package `opentelemetry-instrumentation-openai` 0.53.4 (traceloop) emits, and right where that
//! package is wrong.
//!
//! A span with the call's facts and, if the policy keeps content, with what was said under names with indices: prompts,
//! completions, functions. Histograms and counters. There are no log events. What the package has no name for has that of the
//! conventions.

mod events;
mod facts;
mod messages;
mod metrics;
mod numbered;
mod read;
mod step;

use std::borrow::Cow;

use super::shared::{RESPONSES, kept, span};
use super::{ContentPlace, Dialect, Instrument, Span, Telemetry, Value};
use crate::event::{Call, Operation};

pub(super) use read::{Reader, is_in};

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct V1;

impl Dialect for V1 {
    fn name(&self) -> &'static str {
        "v1"
    }

    fn schema_url(&self) -> &'static str {
        // The package has none.
        ""
    }

    fn instruments(&self) -> &'static [Instrument] {
        metrics::INSTRUMENTS
    }

    fn with_content_in(&self, _: ContentPlace) -> &'static dyn Dialect {
        &Self
    }

    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a> {
        let span = Span {
            name: name(call),
            side: call.side,
            start: call.timing.start,
            end: call.timing.start + call.timing.total,
            status: span::status(&call.outcome, call.response.status),
            attributes: facts::of(call),
            indexed: indexed(call),
            events: events::of(call),
        };
        Telemetry { span, logs: Vec::new(), metrics: metrics::of(call) }
    }
}

/// What was said, if it is kept, and what isn't understood.
fn indexed(call: &Call) -> Vec<(String, Value<'_>)> {
    let mut indexed = if kept::is_kept(call) { messages::of(call) } else { Vec::new() };
    indexed.extend(span::attributes_kept(call));
    indexed
}

/// The span's name: the method of the OpenAI SDK, or the step's name and kind.
fn name(call: &Call) -> Cow<'static, str> {
    match &call.operation {
        Operation::Chat if call.surface == RESPONSES => "openai.response".into(),
        Operation::Chat => "openai.chat".into(),
        Operation::TextCompletion => "openai.completion".into(),
        Operation::Embeddings => "openai.embeddings".into(),
        other => step::name(call).map_or_else(|| other.name(), Cow::Owned),
    }
}
