//! Spans and log events as they arrive.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Debug;
use std::time::{Duration, SystemTime};

use super::super::{Attribute, LogEvent, SpanEvent, Status, Telemetry, Value, findings, names};
use crate::event::{Call, Side, SpanId, TraceId};

/// Bits of an OTLP span's flags: that they say whether the parent is remote, and that and that it is.
pub(super) const HAS_IS_REMOTE: u32 = 0x100;
pub(super) const IS_REMOTE: u32 = 0x300;

/// A name and its value, as they arrived.
pub type Field<'a> = (Cow<'a, str>, Value<'a>);

/// A span as it arrived. What isn't known is empty or `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpanRecord<'a> {
    /// The name of the instrumentation scope.
    pub scope: Cow<'a, str>,
    /// The trace that it belongs to.
    pub trace_id: Option<TraceId>,
    /// Its own id.
    pub span_id: Option<SpanId>,
    /// Its parent's.
    pub parent_span_id: Option<SpanId>,
    /// The trace flags, where the lowest byte is W3C's.
    pub flags: u32,
    /// The `tracestate`.
    pub trace_state: Cow<'a, str>,
    /// Its name.
    pub name: Cow<'a, str>,
    /// Its kind.
    pub kind: SpanKind,
    /// When it started.
    pub start: Option<SystemTime>,
    /// When it ended.
    pub end: Option<SystemTime>,
    /// Its status.
    pub status: RecordStatus<'a>,
    /// Its attributes.
    pub attributes: Vec<Field<'a>>,
    /// Its events.
    pub events: Vec<EventRecord<'a>>,
}

/// The kind of a span.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SpanKind {
    /// Not said.
    #[default]
    Unspecified,
    /// `INTERNAL`
    Internal,
    /// `SERVER`
    Server,
    /// `CLIENT`
    Client,
    /// `PRODUCER`
    Producer,
    /// `CONSUMER`
    Consumer,
}

/// The status of a span that arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RecordStatus<'a> {
    /// Not set.
    #[default]
    Unset,
    /// `OK`
    Ok,
    /// `ERROR`, with what was said of it.
    Error(Cow<'a, str>),
}

/// An event of a span.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventRecord<'a> {
    /// Its name.
    pub name: Cow<'a, str>,
    /// When it was.
    pub time: Option<SystemTime>,
    /// Its attributes.
    pub attributes: Vec<Field<'a>>,
}

/// A log event as it arrived.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LogRecord<'a> {
    /// The name of the instrumentation scope.
    pub scope: Cow<'a, str>,
    /// The trace that it belongs to.
    pub trace_id: Option<TraceId>,
    /// The span that it belongs to.
    pub span_id: Option<SpanId>,
    /// The event's name: of the record, or of its attribute `event.name`.
    pub name: Cow<'a, str>,
    /// When it was, or was observed.
    pub time: Option<SystemTime>,
    /// Its attributes.
    pub attributes: Vec<Field<'a>>,
    /// Its body.
    pub body: Option<Value<'a>>,
}

/// Where the name of an event was before OTLP's log records had an `event_name` of their own.
const EVENT_NAME: &str = "event.name";

impl LogRecord<'_> {
    /// Takes its name from the attribute that older exporters have it in.
    fn take_name(&mut self) {
        let Some(place) = self.attributes.iter().position(|(name, _)| name == EVENT_NAME) else { return };
        let Some(name) = self.attributes[place].1.as_str() else { return };
        if self.name.is_empty() {
            self.name = Cow::Owned(name.to_owned());
        }
        if *self.name == *name {
            self.attributes.remove(place);
        }
    }
}

/// All that arrived of one span: in order, and each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Records<'a> {
    spans: Vec<SpanRecord<'a>>,
    logs: Vec<LogRecord<'a>>,
}

impl<'a> Records<'a> {
    /// What belongs to one span. The same comes out whatever the order, and however often something is in it.
    #[must_use]
    pub fn new(mut spans: Vec<SpanRecord<'a>>, mut logs: Vec<LogRecord<'a>>) -> Self {
        // What two of them say differently, the one says that ended last or knows more.
        if spans.len() > 1 {
            spans = each_once(spans, |span| (Reverse(span.end), Reverse(span.attributes.len())));
        }
        logs.iter_mut().for_each(LogRecord::take_name);
        let is_sorted = logs.windows(2).all(|pair| pair[0].time < pair[1].time);
        if !is_sorted {
            // Times of the same tick: any order will do that is always the same.
            logs = each_once(logs, |log| log.time);
        }
        Self { spans, logs }
    }

    /// What a receiver gets of a call that is told so. The log events, which have no time of their own, are a nanosecond apart.
    #[must_use]
    pub fn of(call: &'a Call, telemetry: Telemetry<'a>) -> Self {
        let Telemetry { span, logs, .. } = telemetry;
        let ids = call.span;
        let (trace_id, span_id) = (ids.map(|ids| ids.trace_id), ids.map(|ids| ids.span_id));
        let fields = |attributes: Vec<Attribute<'a>>| {
            attributes.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect::<Vec<Field<'a>>>()
        };
        let parent = call.parent.as_ref();
        let mut attributes = fields(span.attributes);
        attributes.extend(span.indexed.into_iter().map(|(name, value)| (Cow::Owned(name), value)));
        let event = |event: SpanEvent<'a>| EventRecord {
            name: event.name.into(),
            time: Some(event.time),
            attributes: fields(event.attributes),
        };
        let spans = vec![SpanRecord {
            scope: "sidetone".into(),
            trace_id,
            span_id,
            parent_span_id: parent.map(|parent| parent.span_id),
            flags: parent
                .map_or(0, |parent| u32::from(parent.flags) | if parent.is_remote { IS_REMOTE } else { HAS_IS_REMOTE }),
            trace_state: parent.and_then(|parent| parent.trace_state.as_deref()).unwrap_or_default().to_owned().into(),
            name: span.name,
            kind: match span.side {
                Side::Client => SpanKind::Client,
                Side::Server => SpanKind::Server,
            },
            start: Some(span.start),
            end: Some(span.end),
            status: match span.status {
                Status::Unset => RecordStatus::Unset,
                Status::Error(said) => RecordStatus::Error(said.into()),
            },
            attributes,
            events: span.events.into_iter().map(event).collect(),
        }];
        let log = |(place, log): (u64, LogEvent<'a>)| LogRecord {
            scope: "sidetone".into(),
            trace_id,
            span_id,
            name: log.name.into(),
            time: Some(span.end + Duration::from_nanos(place)),
            attributes: fields(std::iter::once(log.attribute).chain(log.more).collect()),
            body: log.body,
        };
        let mut logs: Vec<_> = (0..).zip(logs).map(log).collect();
        let start = u64::try_from(logs.len()).unwrap_or(u64::MAX);
        logs.extend((start..).zip(findings(call)).map(|(place, found)| LogRecord {
            scope: "sidetone".into(),
            trace_id,
            span_id,
            name: names::SIDETONE_SECURITY_FINDING.into(),
            time: Some(span.end + Duration::from_nanos(place)),
            attributes: fields(found.attributes),
            body: None,
        }));
        Self::new(spans, logs)
    }

    /// Its spans: one, unless it arrived in several versions.
    #[must_use]
    pub fn spans(&self) -> &[SpanRecord<'a>] {
        &self.spans
    }

    /// Its log events.
    #[must_use]
    pub fn logs(&self) -> &[LogRecord<'a>] {
        &self.logs
    }

    /// Whether any name of an attribute of its spans is as wanted.
    pub(in crate::dialect) fn has_attribute(&self, mut wanted: impl FnMut(&str) -> bool) -> bool {
        self.spans.iter().flat_map(|span| &span.attributes).any(|(name, _)| wanted(name))
    }

    /// Whether any log event is called so.
    pub(in crate::dialect) fn has_log(&self, mut wanted: impl FnMut(&str) -> bool) -> bool {
        self.logs.iter().any(|log| wanted(&log.name))
    }
}

/// In order, and none twice. What they show is compared: a number that is none equals not even itself.
fn each_once<T: Debug, K: Ord>(all: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
    let mut shown: Vec<_> = all.into_iter().map(|it| (key(&it), format!("{it:?}"), it)).collect();
    shown.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    shown.dedup_by(|one, other| one.1 == other.1);
    shown.into_iter().map(|(_, _, it)| it).collect()
}

/// Puts together what belongs to the same span, in the order in which the spans first appear. A log event without ids is alone.
#[must_use]
pub fn gather<'a>(spans: Vec<SpanRecord<'a>>, logs: Vec<LogRecord<'a>>) -> Vec<Records<'a>> {
    type Arrived<'a> = (Vec<SpanRecord<'a>>, Vec<LogRecord<'a>>);
    let mut all: Vec<Arrived<'a>> = Vec::new();
    let mut places = HashMap::new();
    let mut place = |all: &mut Vec<Arrived<'a>>, trace: Option<TraceId>, span: Option<SpanId>| {
        let next = all.len();
        let place = match (trace, span) {
            (Some(trace), Some(span)) => *places.entry((trace, span)).or_insert(next),
            _ => next,
        };
        if place == next {
            all.push(Arrived::default());
        }
        place
    };
    for span in spans {
        let at = place(&mut all, span.trace_id, span.span_id);
        all[at].0.push(span);
    }
    for log in logs {
        let at = place(&mut all, log.trace_id, log.span_id);
        all[at].1.push(log);
    }
    all.into_iter().map(|(spans, logs)| Records::new(spans, logs)).collect()
}
