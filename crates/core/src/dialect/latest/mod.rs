//! Dialect `latest`: what the Python package `opentelemetry-instrumentation-genai-openai` 1.3b0 emits (with
//! `opentelemetry-util-genai` 1.3b0), and right where that package is wrong.
//!
//! A span with the call's facts and, if the policy keeps content, with what was said as JSON text; or a log event with both,
//! what was said as structured values; or each. A failed call is told by an event of its own, too. Histograms are those of `v2`
//! under newer attributes.
//!
//! It writes names that the conventions have or that the package has, never one that is only proposed.

mod content;
mod document;
mod events;
mod json;
mod read;
mod span;
mod tree;
mod words;

use super::shared::{kept, metrics};
use super::{ContentPlace, Dialect, Instrument, Telemetry};
use crate::event::Call;
use json::Json;
pub(super) use read::Reader;

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct Latest {
    content: ContentPlace,
}

impl Latest {
    /// What was said is on the span.
    pub const SPAN_ONLY: Self = Self { content: ContentPlace::Span };

    /// What was said is in a log event.
    pub const EVENT_ONLY: Self = Self { content: ContentPlace::Event };

    /// What was said is on the span and in a log event.
    pub const SPAN_AND_EVENT: Self = Self { content: ContentPlace::SpanAndEvent };
}

impl Dialect for Latest {
    fn name(&self) -> &'static str {
        "latest"
    }

    fn schema_url(&self) -> &'static str {
        // The package's: it names attributes that came later, too.
        "https://opentelemetry.io/schemas/1.37.0"
    }

    fn instruments(&self) -> &'static [Instrument] {
        metrics::INSTRUMENTS
    }

    fn with_content_in(&self, place: ContentPlace) -> &'static dyn Dialect {
        match place {
            ContentPlace::Span => &Self::SPAN_ONLY,
            ContentPlace::Event => &Self::EVENT_ONLY,
            ContentPlace::SpanAndEvent => &Self::SPAN_AND_EVENT,
        }
    }

    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a> {
        let is_kept = kept::is_kept(call);
        let on_span = is_kept && self.content != ContentPlace::Event;
        let as_event = is_kept && self.content != ContentPlace::Span;
        let mut list = span::facts(call);
        let mut logs = Vec::new();
        if as_event {
            logs.extend(events::details(call, &list));
        }
        logs.extend(events::exception(call));
        if on_span {
            content::add::<Json>(&mut list, call);
        }
        Telemetry { span: span::of(call, list), logs, metrics: metrics::of::<Self>(call) }
    }
}
