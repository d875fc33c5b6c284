//! What a dialect makes of a call: a span, log events and metric points, free of any SDK.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use crate::event::{Operation, Side};

/// The key of a map inside a [`Value`]: part of the program, or read from JSON.
pub type Key = Cow<'static, str>;

/// The value of an attribute or of a log event's body.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// JSON's `null`; no attribute is one.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Double(f64),
    /// Text that is part of the program.
    Static(&'static str),
    /// Text of the call.
    Str(&'a str),
    /// Text that was composed.
    String(String),
    /// A list of texts.
    Strings(Vec<&'a str>),
    /// A list of anything. As a span's attribute it is JSON text for who has no such attributes ([`Value::to_json`]).
    Array(Vec<Value<'a>>),
    /// A map, in the order it is to be shown; as a list.
    Map(Vec<(Key, Value<'a>)>),
}

impl Value<'_> {
    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Static(text) => Some(text),
            Self::Str(text) => Some(text),
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> From<&'a Cow<'static, str>> for Value<'a> {
    fn from(text: &'a Cow<'static, str>) -> Self {
        match text {
            Cow::Borrowed(text) => Self::Static(text),
            Cow::Owned(text) => Self::Str(text),
        }
    }
}

impl<'a> From<&'a Operation> for Value<'a> {
    fn from(operation: &'a Operation) -> Self {
        operation.word().map_or_else(|| Self::Str(operation.as_str()), Self::Static)
    }
}

/// A name and its value.
pub type Attribute<'a> = (&'static str, Value<'a>);

/// Everything that one call is told as.
#[derive(Debug, Clone, PartialEq)]
pub struct Telemetry<'a> {
    /// Its span.
    pub span: Span<'a>,
    /// Its log events, in order. They belong to the span and have no time of their own.
    pub logs: Vec<LogEvent<'a>>,
    /// Its metric points.
    pub metrics: Metrics<'a>,
}

/// A span.
#[derive(Debug, Clone, PartialEq)]
pub struct Span<'a> {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its kind: `CLIENT` or `SERVER`.
    pub side: Side,
    /// When it starts.
    pub start: SystemTime,
    /// When it ends.
    pub end: SystemTime,
    /// Its status.
    pub status: Status,
    /// Its attributes, those first that a limit on their number must not evict.
    pub attributes: Vec<Attribute<'a>>,
    /// Attributes after those whose names have an index in them, such as `llm.input_messages.0.message.role`.
    pub indexed: Vec<(String, Value<'a>)>,
    /// Its events, in order.
    pub events: Vec<SpanEvent<'a>>,
}

/// The status of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Nothing went wrong that the span's owner is to be blamed for.
    Unset,
    /// It failed, described in a few words.
    Error(String),
}

/// An event inside a span.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanEvent<'a> {
    /// Its name.
    pub name: &'static str,
    /// When.
    pub time: SystemTime,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
}

/// A log event.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent<'a> {
    /// Its name.
    pub name: &'static str,
    /// Whether its severity is `WARN`; otherwise it has none.
    pub is_warning: bool,
    /// The attribute that it has. Most events have just one, and a list would cost each an allocation.
    pub attribute: Attribute<'a>,
    /// Attributes beside that one.
    pub more: Vec<Attribute<'a>>,
    /// Its body, if it has one.
    pub body: Option<Value<'a>>,
}

/// A histogram, or a counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instrument {
    /// Its name.
    pub name: &'static str,
    /// Its unit, as UCUM writes it.
    pub unit: &'static str,
    /// What it measures.
    pub description: &'static str,
    /// The upper bounds of its buckets; a counter has [none](Self::COUNTER).
    pub bounds: &'static [f64],
    /// Whether its values are whole numbers. A counter's are.
    pub is_integer: bool,
}

impl Instrument {
    /// The bounds of a counter.
    pub const COUNTER: &'static [f64] = &[];
}

/// The points of one call. They share one list of attributes.
#[derive(Debug, Clone, PartialEq)]
pub struct Metrics<'a> {
    /// What every point has.
    pub attributes: Vec<Attribute<'a>>,
    /// The points.
    pub points: Vec<Point<'a>>,
}

/// One measurement.
#[derive(Debug, Clone, PartialEq)]
pub struct Point<'a> {
    /// Which of the dialect's instruments measured.
    pub instrument: usize,
    /// What it measured.
    pub value: Measure,
    /// The attribute that only this point has.
    pub own: Option<Attribute<'a>>,
}

/// A measured value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// A number of things.
    Count(u64),
    /// A time, to be written in seconds.
    Time(Duration),
}
