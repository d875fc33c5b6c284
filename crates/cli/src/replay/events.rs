//! Spans of dialect `posthog` as the events that they are, in the layout of the recorded golden files.

use std::collections::BTreeMap;

use opentelemetry::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};
use sidetone_core::dialect::PostHog;
use sidetone_core::dialect::names::posthog as ph;
use sidetone_core::event;

/// Ids that were made up, by the order in which they are met: two that are equal stay equal.
#[derive(Default)]
pub(super) struct MadeUp(Vec<String>);

impl MadeUp {
    fn name(&mut self, id: String) -> String {
        let place = self.0.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.0.push(id);
            self.0.len() - 1
        });
        format!("uuid{place}")
    }
}

/// The event of a span, whose attributes are typed already, and whose id and parent have names.
pub(super) fn event(
    span: &SpanData,
    mut properties: BTreeMap<String, Value>,
    name: impl Fn(SpanId) -> Option<String>,
    ids: &mut MadeUp,
) -> Value {
    let trace = span.span_context.trace_id();
    let distinct_id = match properties.remove(ph::POSTHOG_DISTINCT_ID) {
        Some(user) => user["string"].clone(),
        None => json!(ids.name(trace.to_string())),
    };
    let uuid = ids.name(PostHog::uuid(trace_id(trace), span_id(span.span_context.span_id())));
    for (property, value) in &mut properties {
        if PostHog::is_structured(property)
            && let Some(parsed) = value["string"].as_str().and_then(|text| serde_json::from_str(text).ok())
        {
            *value = typed(parsed);
        }
    }
    // A receiver takes these from the span.
    let parent = name(span.parent_span_id);
    for (property, id) in [
        (ph::AI_TRACE_ID, Some(ids.name(trace.to_string()))),
        (ph::AI_SPAN_ID, name(span.span_context.span_id())),
        (ph::AI_PARENT_ID, parent),
    ] {
        match id {
            Some(id) => drop(properties.insert(property.to_owned(), json!({"string": id}))),
            None => drop(properties.remove(property)),
        }
    }
    json!({"event": span.name, "distinct_id": distinct_id, "uuid": uuid, "timestamp": "<time>", "properties": properties})
}

fn trace_id(id: TraceId) -> event::TraceId {
    event::TraceId(id.to_bytes())
}

fn span_id(id: SpanId) -> event::SpanId {
    event::SpanId(id.to_bytes())
}

fn typed(value: Value) -> Value {
    match value {
        Value::Null => json!({"null": null}),
        Value::Bool(value) => json!({"bool": value}),
        Value::Number(number) if number.is_f64() => json!({"double": number}),
        Value::Number(number) => json!({"int": number}),
        Value::String(text) => json!({"string": text}),
        Value::Array(values) => json!({"array": values.into_iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(map) => {
            json!({"kvlist": map.into_iter().map(|(key, value)| (key, typed(value))).collect::<Map<_, _>>()})
        }
    }
}
