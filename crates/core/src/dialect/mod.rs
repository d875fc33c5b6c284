//! How a call is told to OpenTelemetry: names, attributes, log events and metrics of one convention each.
//!
//! A [`Dialect`] projects a [`Call`] to neutral [`Telemetry`] that borrows from it; a sink turns that
//! into whatever it writes. A new convention is one folder and one line in [`DIALECTS`].

mod finding;
pub mod names;
mod shared;
mod telemetry;
mod v2;

use crate::event::Call;

pub use finding::{FindingEvent, findings};
pub use telemetry::{
    Attribute, Instrument, Key, LogEvent, Measure, Metrics, Point, Span, SpanEvent, Status, Telemetry, Value,
};
pub use v2::V2;

/// One convention.
pub trait Dialect: Sync + std::fmt::Debug {
    /// Its name, as configuration gives it.
    fn name(&self) -> &'static str;

    /// Schema URL of everything it writes.
    fn schema_url(&self) -> &'static str;

    /// The histograms that it writes; [`Point::instrument`] is an index into them.
    fn instruments(&self) -> &'static [Instrument];

    /// What `call` is in this convention.
    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a>;
}

/// Every dialect. The first is the default.
pub static DIALECTS: &[&dyn Dialect] = &[&V2];

/// The dialect of that name.
#[must_use]
pub fn dialect_named(name: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.name() == name)
}
