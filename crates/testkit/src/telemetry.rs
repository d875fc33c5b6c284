//! Telemetry as a receiver understood it: plain values to compare in a test.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that a receiver has shown so far, in the order of arrival.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// Spans of all traces.
    pub spans: Vec<Span>,
    /// Log records, events among them.
    pub logs: Vec<LogRecord>,
    /// One entry for each metric of each export: a metric exported twice is here twice.
    pub metrics: Vec<Metric>,
}

/// A typed attribute value or log body, with the names of OTLP.
///
/// The Collector prints the inside of slices and maps as JSON, where a double without a fraction looks like an
/// integer: there it is read as one. Bytes, which no convention for LLM calls uses, stay unread.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// An `AnyValue` without a value.
    #[default]
    Empty,
    /// A boolean.
    Bool(bool),
    /// A signed 64-bit integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// A string.
    Str(String),
    /// An array.
    Slice(Vec<Value>),
    /// A key-value list.
    Map(BTreeMap<String, Value>),
    /// What the receiver printed, where that is in no form this module knows. Equal to no sent value.
    Unreadable(String),
}

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;

/// The resource of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    /// Empty when not set.
    pub schema_url: String,
    /// `service.name` and its like.
    pub attributes: Attributes,
}

/// The instrumentation scope of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// Empty when not set.
    pub name: String,
    /// Empty when not set.
    pub version: String,
    /// Empty when not set.
    pub schema_url: String,
    /// Attributes of the scope itself.
    pub attributes: Attributes,
}

/// A span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// Where it comes from.
    pub resource: Arc<Resource>,
    /// What made it.
    pub scope: Arc<Scope>,
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// 16 hexadecimal digits; empty for a root span.
    pub parent_span_id: String,
    /// The span's name.
    pub name: String,
    /// `Client`, `Internal`, `Server`, `Producer`, `Consumer` or `Unspecified`.
    pub kind: String,
    /// Nanoseconds since 1970; 0 when not set, as in OTLP.
    pub start_unix_nano: u64,
    /// Nanoseconds since 1970; 0 when not set, as in OTLP.
    pub end_unix_nano: u64,
    /// `Unset`, `Ok` or `Error`.
    pub status_code: String,
    /// The status description; empty when not set.
    pub status_message: String,
    /// The span's attributes.
    pub attributes: Attributes,
    /// Span events in their order.
    pub events: Vec<SpanEvent>,
}

/// An event of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SpanEvent {
    /// The event's name.
    pub name: String,
    /// The event's attributes.
    pub attributes: Attributes,
}

/// A log record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogRecord {
    /// Where it comes from.
    pub resource: Arc<Resource>,
    /// What made it.
    pub scope: Arc<Scope>,
    /// Nanoseconds since 1970; 0 when not set, as in OTLP.
    pub time_unix_nano: u64,
    /// Nanoseconds since 1970; 0 when not set, as in OTLP.
    pub observed_time_unix_nano: u64,
    /// 0 when not set.
    pub severity_number: i32,
    /// Empty when not set.
    pub severity_text: String,
    /// Empty for a record that is no event.
    pub event_name: String,
    /// The body.
    pub body: Value,
    /// The record's attributes.
    pub attributes: Attributes,
    /// 32 hexadecimal digits; empty when not set.
    pub trace_id: String,
    /// 16 hexadecimal digits; empty when not set.
    pub span_id: String,
}

/// A metric of one export.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metric {
    /// Where it comes from.
    pub resource: Arc<Resource>,
    /// What made it.
    pub scope: Arc<Scope>,
    /// The metric's name.
    pub name: String,
    /// Empty when not set.
    pub description: String,
    /// Empty when not set.
    pub unit: String,
    /// `Histogram`, `Sum`, `Gauge`, `ExponentialHistogram` or `Summary`.
    pub kind: String,
    /// `Cumulative`, `Delta`, or empty where the kind has none.
    pub temporality: String,
    /// For sums only.
    pub is_monotonic: Option<bool>,
    /// One for each set of attributes.
    pub points: Vec<Point>,
}

/// A data point. Which fields are set depends on the kind of its metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Point {
    /// The point's attributes.
    pub attributes: Attributes,
    /// The value of a sum or gauge.
    pub value: Option<f64>,
    /// The count of a histogram.
    pub count: Option<u64>,
    /// The sum of a histogram. The Collector prints six places.
    pub sum: Option<f64>,
    /// The smallest value of a histogram.
    pub min: Option<f64>,
    /// The largest value of a histogram.
    pub max: Option<f64>,
    /// Upper bounds of a histogram's buckets, without the last, unbounded one.
    pub bounds: Vec<f64>,
    /// Counts of a histogram's buckets.
    pub bucket_counts: Vec<u64>,
}
