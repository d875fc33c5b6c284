//! Records as OTLP, in protobuf and in JSON, and back: both through the same messages.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList, any_value,
};
use opentelemetry_proto::tonic::{logs::v1 as logs_v1, trace::v1 as trace_v1};
use prost::Message as _;
use sidetone_core::dialect::Value;
use sidetone_core::dialect::read::{EventRecord, Field, LogRecord, RecordStatus, SpanKind, SpanRecord};
use sidetone_core::event::{SpanId, TraceId};

use super::reading_records::base64;

/// How a request is written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// Spans as the body of a request to `/v1/traces`.
pub(crate) fn spans_to(encoding: Encoding, spans: &[SpanRecord<'static>]) -> Vec<u8> {
    let group = |span: &SpanRecord<'static>| trace_v1::ScopeSpans {
        scope: Some(scope(&span.scope)),
        spans: vec![self::span(span)],
        schema_url: String::new(),
    };
    let groups = spans.iter().map(group).collect();
    let all = trace_v1::ResourceSpans { resource: None, scope_spans: groups, schema_url: String::new() };
    let request = ExportTraceServiceRequest { resource_spans: vec![all] };
    match encoding {
        Encoding::Protobuf => request.encode_to_vec(),
        Encoding::Json => serde_json::to_vec(&request).unwrap(),
    }
}

/// The spans of such a body.
pub(crate) fn spans_from(encoding: Encoding, body: &[u8]) -> Vec<SpanRecord<'static>> {
    let request = match encoding {
        Encoding::Protobuf => ExportTraceServiceRequest::decode(body).unwrap(),
        Encoding::Json => serde_json::from_slice(body).unwrap(),
    };
    let groups = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    let of = |group: trace_v1::ScopeSpans| {
        let scope = group.scope.unwrap_or_default().name;
        group.spans.into_iter().map(move |span| span_record(&scope, span)).collect::<Vec<_>>()
    };
    groups.flat_map(of).collect()
}

/// Log events as the body of a request to `/v1/logs`.
pub(crate) fn logs_to(encoding: Encoding, logs: &[LogRecord<'static>]) -> Vec<u8> {
    let group = |log: &LogRecord<'static>| logs_v1::ScopeLogs {
        scope: Some(scope(&log.scope)),
        log_records: vec![self::log(log)],
        schema_url: String::new(),
    };
    let groups = logs.iter().map(group).collect();
    let all = logs_v1::ResourceLogs { resource: None, scope_logs: groups, schema_url: String::new() };
    let request = ExportLogsServiceRequest { resource_logs: vec![all] };
    match encoding {
        Encoding::Protobuf => request.encode_to_vec(),
        Encoding::Json => serde_json::to_vec(&request).unwrap(),
    }
}

/// The log events of such a body.
pub(crate) fn logs_from(encoding: Encoding, body: &[u8]) -> Vec<LogRecord<'static>> {
    let request = match encoding {
        Encoding::Protobuf => ExportLogsServiceRequest::decode(body).unwrap(),
        Encoding::Json => serde_json::from_slice(body).unwrap(),
    };
    let groups = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    let of = |group: logs_v1::ScopeLogs| {
        let scope = group.scope.unwrap_or_default().name;
        group.log_records.into_iter().map(move |log| log_record(&scope, log)).collect::<Vec<_>>()
    };
    groups.flat_map(of).collect()
}

fn scope(name: &str) -> InstrumentationScope {
    InstrumentationScope { name: name.to_owned(), ..InstrumentationScope::default() }
}

fn span(from: &SpanRecord<'static>) -> trace_v1::Span {
    let event = |event: &EventRecord<'static>| trace_v1::span::Event {
        time_unix_nano: nanos(event.time),
        name: event.name.to_string(),
        attributes: attributes(&event.attributes),
        dropped_attributes_count: 0,
    };
    let (code, message) = match &from.status {
        RecordStatus::Unset => (0, String::new()),
        RecordStatus::Ok => (1, String::new()),
        RecordStatus::Error(message) => (2, message.to_string()),
    };
    trace_v1::Span {
        trace_id: from.trace_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        span_id: from.span_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        parent_span_id: from.parent_span_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        trace_state: from.trace_state.to_string(),
        flags: from.flags,
        name: from.name.to_string(),
        kind: KINDS.iter().position(|kind| *kind == from.kind).unwrap() as i32,
        start_time_unix_nano: nanos(from.start),
        end_time_unix_nano: nanos(from.end),
        attributes: attributes(&from.attributes),
        events: from.events.iter().map(event).collect(),
        status: Some(trace_v1::Status { message, code }),
        ..trace_v1::Span::default()
    }
}

/// The kinds of spans by their number.
const KINDS: [SpanKind; 6] = [
    SpanKind::Unspecified,
    SpanKind::Internal,
    SpanKind::Server,
    SpanKind::Client,
    SpanKind::Producer,
    SpanKind::Consumer,
];

fn span_record(scope: &str, from: trace_v1::Span) -> SpanRecord<'static> {
    let event = |event: trace_v1::span::Event| EventRecord {
        name: event.name.into(),
        time: time(event.time_unix_nano),
        attributes: fields(event.attributes),
    };
    let status = from.status.unwrap_or_default();
    SpanRecord {
        scope: Cow::Owned(scope.to_owned()),
        trace_id: from.trace_id.try_into().ok().map(TraceId),
        span_id: from.span_id.try_into().ok().map(SpanId),
        parent_span_id: from.parent_span_id.try_into().ok().map(SpanId),
        flags: from.flags,
        trace_state: from.trace_state.into(),
        name: from.name.into(),
        kind: usize::try_from(from.kind).ok().and_then(|kind| KINDS.get(kind).copied()).unwrap_or_default(),
        start: time(from.start_time_unix_nano),
        end: time(from.end_time_unix_nano),
        status: match status.code {
            1 => RecordStatus::Ok,
            2 => RecordStatus::Error(status.message.into()),
            _ => RecordStatus::Unset,
        },
        attributes: fields(from.attributes),
        events: from.events.into_iter().map(event).collect(),
    }
}

fn log(from: &LogRecord<'static>) -> logs_v1::LogRecord {
    logs_v1::LogRecord {
        // As ours and the Python packages' have it.
        observed_time_unix_nano: nanos(from.time),
        event_name: from.name.to_string(),
        body: from.body.as_ref().map(any),
        attributes: attributes(&from.attributes),
        trace_id: from.trace_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        span_id: from.span_id.map(|id| id.0.to_vec()).unwrap_or_default(),
        ..logs_v1::LogRecord::default()
    }
}

fn log_record(scope: &str, from: logs_v1::LogRecord) -> LogRecord<'static> {
    LogRecord {
        scope: Cow::Owned(scope.to_owned()),
        trace_id: from.trace_id.try_into().ok().map(TraceId),
        span_id: from.span_id.try_into().ok().map(SpanId),
        name: from.event_name.into(),
        time: time(from.time_unix_nano).or_else(|| time(from.observed_time_unix_nano)),
        attributes: fields(from.attributes),
        body: from.body.map(value),
    }
}

fn nanos(time: Option<SystemTime>) -> u64 {
    let since = time.map(|time| time.duration_since(SystemTime::UNIX_EPOCH).unwrap());
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap())
}

fn time(nanos: u64) -> Option<SystemTime> {
    (nanos > 0).then(|| SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos))
}

fn attributes(fields: &[Field<'static>]) -> Vec<KeyValue> {
    let of = |(name, value): &Field<'static>| KeyValue {
        key: name.to_string(),
        value: Some(any(value)),
        ..KeyValue::default()
    };
    fields.iter().map(of).collect()
}

fn fields(attributes: Vec<KeyValue>) -> Vec<Field<'static>> {
    let of = |it: KeyValue| (Cow::Owned(it.key), it.value.map_or(Value::Null, value));
    attributes.into_iter().map(of).collect()
}

fn any(from: &Value<'static>) -> AnyValue {
    let array = |values: Vec<AnyValue>| any_value::Value::ArrayValue(ArrayValue { values });
    let value = match from {
        Value::Null => None,
        Value::Bool(value) => Some(any_value::Value::BoolValue(*value)),
        Value::Int(value) => Some(any_value::Value::IntValue(*value)),
        Value::Double(value) => Some(any_value::Value::DoubleValue(*value)),
        Value::Static(_) | Value::Str(_) | Value::String(_) => {
            Some(any_value::Value::StringValue(from.as_str().unwrap().to_owned()))
        }
        Value::Strings(texts) => {
            Some(array(texts.iter().map(|text| any(&Value::String((*text).to_owned()))).collect()))
        }
        Value::Array(values) => Some(array(values.iter().map(any).collect())),
        Value::Map(map) => {
            let of = |(key, value): &(Cow<'static, str>, Value<'static>)| KeyValue {
                key: key.to_string(),
                value: Some(any(value)),
                ..KeyValue::default()
            };
            Some(any_value::Value::KvlistValue(KeyValueList { values: map.iter().map(of).collect() }))
        }
    };
    AnyValue { value }
}

fn value(from: AnyValue) -> Value<'static> {
    match from.value {
        Some(any_value::Value::StringValue(text)) => Value::String(text),
        Some(any_value::Value::BoolValue(value)) => Value::Bool(value),
        Some(any_value::Value::IntValue(value)) => Value::Int(value),
        Some(any_value::Value::DoubleValue(value)) => Value::Double(value),
        Some(any_value::Value::ArrayValue(array)) => Value::Array(array.values.into_iter().map(value).collect()),
        Some(any_value::Value::KvlistValue(list)) => Value::Map(fields(list.values)),
        Some(any_value::Value::BytesValue(bytes)) => Value::String(base64(&bytes)),
        // "As if this value were absent": the other kind is of profiles only.
        Some(any_value::Value::StringValueStrindex(_)) | None => Value::Null,
    }
}
