//! Golden files as what a receiver would have got: spans, their events and log events with typed values. Times rise in the order of the
//! file; ids are made of the file's. An event of PostHog is a record with its name, its properties as attributes.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use sidetone_core::dialect;
use sidetone_core::dialect::read::{
    EventRecord, Field, LogRecord, RecordStatus, Records, SpanKind, SpanRecord, gather,
};
use sidetone_core::event::{SpanId, TraceId};

/// What stands in the files for a time that was measured: any will do.
const MEASURED: f64 = 0.25;

const TRACE: TraceId = TraceId([7; 16]);

/// What arrived, span by span, in the order of the file.
pub(crate) fn of(document: &Value) -> Vec<Records<'static>> {
    let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
    let mut spans: Vec<_> = (0..).zip(&list("spans")).map(|(place, span)| self::span(place, span)).collect();
    spans.extend((0..).zip(&list("events")).map(|(place, event)| self::event(place, event)));
    let logs = (0..).zip(&list("logs")).map(|(place, log)| self::log(place, log)).collect();
    gather(spans, logs)
}

/// A typed value.
pub(crate) fn value(typed: &Value) -> dialect::Value<'static> {
    let map = typed.as_object().unwrap_or_else(|| panic!("{typed} has no type"));
    let [(kind, value)] = map.iter().collect::<Vec<_>>()[..] else { panic!("{typed} has no type") };
    match (kind.as_str(), value) {
        ("string", Value::String(text)) => dialect::Value::String(text.clone()),
        ("int", value) => dialect::Value::Int(value.as_i64().unwrap_or_else(|| panic!("{value} is no int"))),
        ("double", Value::String(time)) if time == "<time>" => dialect::Value::Double(MEASURED),
        ("double", value) => dialect::Value::Double(value.as_f64().unwrap()),
        ("bool", value) => dialect::Value::Bool(value.as_bool().unwrap()),
        ("bytes", Value::String(hex)) => dialect::Value::String(base64_of_hex(hex)),
        ("null", _) => dialect::Value::Null,
        ("array", Value::Array(values)) => dialect::Value::Array(values.iter().map(self::value).collect()),
        ("kvlist", Value::Object(map)) => {
            dialect::Value::Map(map.iter().map(|(key, value)| (Cow::Owned(key.clone()), self::value(value))).collect())
        }
        (kind, value) => panic!("{value} is no {kind}"),
    }
}

fn fields(attributes: &Value) -> Vec<Field<'static>> {
    let all = attributes.as_object().into_iter().flatten();
    all.map(|(name, typed)| (Cow::Owned(name.clone()), value(typed))).collect()
}

fn text(value: &Value) -> Cow<'static, str> {
    Cow::Owned(value.as_str().unwrap_or_default().to_owned())
}

fn id(name: &Value) -> Option<SpanId> {
    let name = name.as_str()?;
    let number = name.strip_prefix("span").and_then(|number| number.parse::<u64>().ok());
    Some(SpanId(number.map_or([0xaa; 8], |number| (number + 1).to_be_bytes())))
}

fn moment(nanos: u64) -> Option<SystemTime> {
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_nanos(nanos))
}

fn span(place: u64, span: &Value) -> SpanRecord<'static> {
    let event = |(place, event): (u64, &Value)| EventRecord {
        name: text(&event["name"]),
        time: moment(2_000 + place),
        attributes: fields(&event["attributes"]),
    };
    SpanRecord {
        scope: text(&span["scope"]["name"]),
        trace_id: Some(TRACE),
        span_id: id(&span["id"]),
        parent_span_id: id(&span["parent"]),
        name: text(&span["name"]),
        kind: match span["kind"].as_str().unwrap() {
            "CLIENT" => SpanKind::Client,
            "INTERNAL" => SpanKind::Internal,
            other => panic!("a span of kind {other}"),
        },
        start: moment(place),
        end: moment(1_000_000 - place),
        status: match span["status"]["code"].as_str().unwrap() {
            "UNSET" => RecordStatus::Unset,
            "OK" => RecordStatus::Ok,
            "ERROR" => RecordStatus::Error(text(&span["status"]["description"])),
            other => panic!("status {other}"),
        },
        attributes: fields(&span["attributes"]),
        events: (0..).zip(span["events"].as_array().unwrap()).map(event).collect(),
        ..SpanRecord::default()
    }
}

/// An event of PostHog's, with whom it is of among its properties.
fn event(place: u64, event: &Value) -> SpanRecord<'static> {
    let mut attributes = fields(&event["properties"]);
    attributes.push(("distinct_id".into(), dialect::Value::String(text(&event["distinct_id"]).into_owned())));
    SpanRecord { name: text(&event["event"]), end: moment(place), attributes, ..SpanRecord::default() }
}

fn log(place: u64, log: &Value) -> LogRecord<'static> {
    LogRecord {
        scope: text(&log["scope"]["name"]),
        trace_id: Some(TRACE),
        span_id: id(&log["span"]),
        name: text(&log["event_name"]),
        time: moment(1_000_000 + place),
        attributes: fields(&log["attributes"]),
        body: log.get("body").filter(|body| !body.is_null()).map(value),
    }
}

/// Bytes that the files have in hexadecimal digits.
pub(crate) fn base64_of_hex(text: &str) -> String {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    base64(&(0..text.len()).step_by(2).map(byte).collect::<Vec<_>>())
}

/// Bytes as text, as protobuf's JSON has them: the event has no bytes.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |three: &[u8]| {
        let whole = (0..3).fold(0, |whole, at| whole << 8 | u32::from(three.get(at).copied().unwrap_or(0)));
        let digit =
            |at: usize| if at <= three.len() { DIGITS[(whole >> (18 - 6 * at)) as usize & 63] as char } else { '=' };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

#[test]
fn bytes_are_written_as_rfc_4648_has_them() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
}
