//! Dialect `v2`: what the Python package `opentelemetry-instrumentation-openai-v2` 2.4b0 emits by default, and right where
//! that package is wrong.
//!
//! A span with the call's facts, one log event for each message and choice (with content only if the policy keeps it),
//! and histograms. Semantic conventions 1.30.0; what they have no name for is named by the newest conventions, and what
//! those don't name either is in [`EXTENSIONS`](super::names::EXTENSIONS).
//!
//! It does not write what only the newer conventions have another form for, such as `gen_ai.input.messages`.

mod messages;
mod read;
mod span;
mod words;

use super::shared::metrics;
use super::{ContentPlace, Dialect, Instrument, Telemetry};
use crate::event::Call;

pub(super) use read::{Reader, system};

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct V2;

impl Dialect for V2 {
    fn name(&self) -> &'static str {
        "v2"
    }

    fn schema_url(&self) -> &'static str {
        "https://opentelemetry.io/schemas/1.30.0"
    }

    fn instruments(&self) -> &'static [Instrument] {
        metrics::INSTRUMENTS
    }

    fn with_content_in(&self, _: ContentPlace) -> &'static dyn Dialect {
        &Self
    }

    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a> {
        Telemetry { span: span::of(call), logs: messages::of(call), metrics: metrics::of::<V2>(call) }
    }
}
