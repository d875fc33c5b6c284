//! How a call is told to OpenTelemetry: names, attributes, log events and metrics of one convention each.
//!
//! A [`Dialect`] projects a [`Call`] to neutral [`Telemetry`] that borrows from it; a sink turns that
//! into whatever it writes. A new convention is one folder and one line in [`DIALECTS`].

mod finding;
mod latest;
pub mod names;
mod openinference;
mod posthog;
pub mod read;
mod shared;
mod telemetry;
mod v1;
mod v2;
mod vercel;

use crate::event::Call;

pub use finding::{FindingEvent, findings};
pub use latest::Latest;
pub use openinference::OpenInference;
pub use posthog::PostHog;
pub use telemetry::{
    Attribute, Instrument, Key, LogEvent, Measure, Metrics, Point, Span, SpanEvent, Status, Telemetry, Value,
};
pub use v1::V1;
pub use v2::V2;

/// Where what was said is written, if it is kept: the places that `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum ContentPlace {
    /// `SPAN_ONLY`: attributes of the span, as JSON text. The conventions name this place first, and backends read it.
    #[default]
    Span,
    /// `EVENT_ONLY`: attributes of a log event, as structured values.
    Event,
    /// `SPAN_AND_EVENT`: both.
    SpanAndEvent,
}

/// One convention.
pub trait Dialect: Sync + std::fmt::Debug {
    /// Its name, as configuration gives it.
    fn name(&self) -> &'static str;

    /// Schema URL of everything it writes.
    fn schema_url(&self) -> &'static str;

    /// The histograms and counters that it writes; [`Point::instrument`] is an index into them.
    fn instruments(&self) -> &'static [Instrument];

    /// The same convention with what was said in another place; itself if it has but one.
    fn with_content_in(&self, place: ContentPlace) -> &'static dyn Dialect;

    /// What `call` is in this convention.
    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a>;
}

/// Every dialect. The first is the default.
pub static DIALECTS: &[&dyn Dialect] = &[&V2, &Latest::SPAN_ONLY, &V1, &OpenInference, &PostHog];

/// The dialect of that name.
#[must_use]
pub fn dialect_named(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.name() == name)
}
