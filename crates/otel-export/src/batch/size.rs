//! How much memory telemetry holds, by estimate: what bounds a queue, and what is counted when it is dropped.

use opentelemetry::logs::AnyValue;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::logs::SdkLogRecord;
use opentelemetry_sdk::trace::SpanData;

pub(super) fn of_span(span: &SpanData) -> usize {
    let events: usize = span.events.events.iter().map(|event| size_of_val(event) + of_list(&event.attributes)).sum();
    size_of::<SpanData>() + span.name.len() + of_list(&span.attributes) + events
}

fn of_list(list: &[KeyValue]) -> usize {
    list.iter().map(|own| size_of::<KeyValue>() + of_value(&own.value)).sum()
}

fn of_value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| size_of_val(text) + text.as_str().len()).sum(),
        _ => 0,
    }
}

pub(super) fn of_log(record: &SdkLogRecord) -> usize {
    let attributes: usize = record.attributes_iter().map(|(_, value)| of_any(value)).sum();
    size_of::<SdkLogRecord>() + attributes + record.body().map_or(0, of_any)
}

fn of_any(value: &AnyValue) -> usize {
    let held = match value {
        AnyValue::String(text) => text.as_str().len(),
        AnyValue::Bytes(bytes) => bytes.len(),
        AnyValue::ListAny(values) => values.iter().map(of_any).sum(),
        // A hash map has places to spare, and a byte of its own for each.
        AnyValue::Map(map) => map.values().map(|value| 2 * KEY + of_any(value)).sum(),
        _ => 0,
    };
    size_of::<AnyValue>() + held
}

const KEY: usize = 25;
