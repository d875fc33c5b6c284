//! Telemetry in the layout of the recorded golden files: every value with its type, times as `<time>`.

use std::collections::BTreeMap;

use opentelemetry::logs::AnyValue;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, SpanId, Value as Otel};
use opentelemetry_sdk::logs::in_memory_exporter::LogDataWithResource;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Histogram, Metric, MetricData, Sum};
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};
use sidetone_core::dialect::{Dialect as _, PostHog};

use super::Recorded;
use super::events::{self, MadeUp};

/// Names that no convention has begin so.
const OWN: &str = "sidetone.";

/// Parts of the names of attributes that hold a time.
const TIMES: &[&str] = &["latency", "time_to_first_chunk", "time_per_output_chunk", "time_to_first_token"];

/// The document of one case. Names of our own are left out unless `extensions`. Dialect `posthog` has events in place of spans.
#[must_use]
pub fn document(case: &str, recorded: &Recorded, extensions: bool) -> Value {
    let mut document = telemetry(case, recorded, extensions);
    if recorded.dialect == PostHog.name() {
        let names = Names::of(recorded);
        let shown = Shown { extensions, names: &names };
        let mut ids = MadeUp::default();
        let event = |span| {
            let name = |id| names.name(id).map(ToOwned::to_owned);
            events::event(span, shown.typed(&span.attributes), name, &mut ids)
        };
        document["events"] = recorded.spans.iter().map(event).collect();
        document["spans"] = json!([]);
    }
    document
}

/// The same with spans in any dialect.
pub(super) fn telemetry(case: &str, recorded: &Recorded, extensions: bool) -> Value {
    let names = Names::of(recorded);
    let shown = Shown { extensions, names: &names };
    let mut metrics: Vec<_> = recorded
        .metrics
        .iter()
        .flat_map(|resource| resource.scope_metrics())
        .flat_map(|scope| scope.metrics().map(move |metric| (scope.scope(), metric)))
        .filter(|(_, metric)| shown.has(metric.name()))
        .flat_map(|(scope, metric)| shown.points(scope, metric))
        .collect();
    metrics.sort_by_key(|point| (point["name"].to_string(), point["attributes"].to_string()));
    let logs = recorded.logs.iter().filter(|log| shown.has(log.record.event_name().unwrap_or_default()));
    json!({
        "case": case,
        "spans": recorded.spans.iter().map(|span| shown.span(span)).collect::<Vec<_>>(),
        "logs": logs.map(|log| shown.log(log)).collect::<Vec<_>>(),
        "metrics": metrics,
    })
}

/// Stable names for the ids of one case's spans.
struct Names<'a> {
    recorded: &'a Recorded,
    by_id: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    fn of(recorded: &'a Recorded) -> Self {
        let spans = recorded.spans.iter().enumerate();
        let mut by_id: BTreeMap<_, _> =
            spans.map(|(index, span)| (span.span_context.span_id().to_string(), format!("span{index}"))).collect();
        by_id.insert(recorded.parent.span_id().to_string(), "parent".to_owned());
        Self { recorded, by_id }
    }

    fn name(&self, id: SpanId) -> Option<&str> {
        self.by_id.get(&id.to_string()).map(String::as_str)
    }
}

struct Shown<'a> {
    extensions: bool,
    names: &'a Names<'a>,
}

impl Shown<'_> {
    fn has(&self, name: &str) -> bool {
        self.extensions || !name.starts_with(OWN)
    }

    fn span(&self, span: &SpanData) -> Value {
        let (code, description) = match &span.status {
            Status::Unset => ("UNSET", Value::Null),
            Status::Ok => ("OK", Value::Null),
            Status::Error { description } => ("ERROR", json!(description)),
        };
        let events = span.events.iter().filter(|event| self.has(&event.name));
        json!({
            "id": self.names.name(span.span_context.span_id()),
            "parent": self.names.name(span.parent_span_id),
            "same_trace": span.span_context.trace_id() == self.names.recorded.parent.trace_id(),
            "name": span.name,
            "kind": match span.span_kind {
                SpanKind::Client => "CLIENT",
                SpanKind::Server => "SERVER",
                SpanKind::Producer => "PRODUCER",
                SpanKind::Consumer => "CONSUMER",
                SpanKind::Internal => "INTERNAL",
            },
            "status": {"code": code, "description": description},
            "attributes": self.attributes(&span.attributes),
            "events": events
                .map(|event| json!({"name": event.name, "attributes": self.attributes(&event.attributes)}))
                .collect::<Vec<_>>(),
            "scope": scope(&span.instrumentation_scope),
        })
    }

    fn log(&self, log: &LogDataWithResource) -> Value {
        let record = &log.record;
        let context = record.trace_context();
        let attributes = record.attributes_iter().filter(|(key, _)| self.has(key.as_str()));
        json!({
            "event_name": record.event_name(),
            "severity": record.severity_number().map(|severity| severity.name()),
            "severity_text": record.severity_text(),
            "span": context.and_then(|context| self.names.name(context.span_id)),
            "same_trace": context.is_some_and(|context| context.trace_id == self.names.recorded.parent.trace_id()),
            "timestamp_set": record.timestamp().is_some(),
            "body": record.body().map_or_else(|| json!({"null": null}), any),
            "attributes": attributes
                .map(|(key, value)| (key.to_string(), without_time(key.as_str(), any(value))))
                .collect::<BTreeMap<_, _>>(),
            "scope": scope(&log.instrumentation),
        })
    }

    fn attributes<'a>(&self, attributes: impl IntoIterator<Item = &'a KeyValue>) -> Value {
        json!(self.typed(attributes))
    }

    fn typed<'a>(&self, attributes: impl IntoIterator<Item = &'a KeyValue>) -> BTreeMap<String, Value> {
        let own = attributes.into_iter().filter(|own| self.has(own.key.as_str()));
        own.map(|own| (own.key.to_string(), attribute(own.key.as_str(), &own.value))).collect()
    }

    fn points(&self, scope: &InstrumentationScope, metric: &Metric) -> Vec<Value> {
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(data)) => self.histogram(scope, metric, data),
            AggregatedMetrics::U64(MetricData::Histogram(data)) => self.histogram(scope, metric, data),
            AggregatedMetrics::I64(MetricData::Histogram(data)) => self.histogram(scope, metric, data),
            AggregatedMetrics::F64(MetricData::Sum(data)) => self.sum(scope, metric, data),
            AggregatedMetrics::U64(MetricData::Sum(data)) => self.sum(scope, metric, data),
            AggregatedMetrics::I64(MetricData::Sum(data)) => self.sum(scope, metric, data),
            // Said without a value rather than not at all: a new kind of instrument is to be seen.
            _ => vec![json!(self.point(scope, metric, "Other", &mut std::iter::empty()))],
        }
    }

    fn histogram<T: Copy + serde::Serialize>(
        &self,
        scope: &InstrumentationScope,
        metric: &Metric,
        data: &Histogram<T>,
    ) -> Vec<Value> {
        let points = data.data_points().map(|point| {
            let mut shown = self.point(scope, metric, "Histogram", &mut point.attributes());
            shown.insert("bounds".to_owned(), point.bounds().map(bound).collect());
            shown.insert("count".to_owned(), json!(point.count()));
            // What a clock measured differs from run to run.
            if metric.unit() != "s" {
                shown.insert("sum".to_owned(), json!(point.sum()));
                shown.insert("min".to_owned(), json!(point.min()));
                shown.insert("max".to_owned(), json!(point.max()));
            }
            Value::Object(shown)
        });
        points.collect()
    }

    fn sum<T: Copy + serde::Serialize>(
        &self,
        scope: &InstrumentationScope,
        metric: &Metric,
        data: &Sum<T>,
    ) -> Vec<Value> {
        let points = data.data_points().map(|point| {
            let mut shown = self.point(scope, metric, "Sum", &mut point.attributes());
            shown.insert("value".to_owned(), json!(point.value()));
            Value::Object(shown)
        });
        points.collect()
    }

    fn point(
        &self,
        from: &InstrumentationScope,
        metric: &Metric,
        kind: &str,
        attributes: &mut dyn Iterator<Item = &KeyValue>,
    ) -> Map<String, Value> {
        let mut point = Map::new();
        point.insert("name".to_owned(), json!(metric.name()));
        point.insert("unit".to_owned(), json!(metric.unit()));
        point.insert("description".to_owned(), json!(metric.description()));
        point.insert("type".to_owned(), json!(kind));
        point.insert("attributes".to_owned(), self.attributes(attributes));
        point.insert("scope".to_owned(), scope(from));
        point
    }
}

fn scope(scope: &InstrumentationScope) -> Value {
    json!({
        "name": scope.name(),
        "version": scope.version().unwrap_or_default(),
        "schema_url": scope.schema_url().unwrap_or_default(),
    })
}

/// A bound of a bucket, without a fraction when it has none.
#[expect(clippy::cast_possible_truncation, reason = "the fraction was looked at, and 2^53 bounds the rest")]
fn bound(bound: f64) -> Value {
    if bound.fract() == 0.0 && bound.abs() < 9_007_199_254_740_992.0 { json!(bound as i64) } else { json!(bound) }
}

fn attribute(name: &str, value: &Otel) -> Value {
    let typed = match value {
        Otel::Bool(value) => json!({"bool": value}),
        Otel::I64(value) => json!({"int": value}),
        Otel::F64(value) => json!({"double": value}),
        Otel::String(value) => json!({"string": value.as_str()}),
        Otel::Array(Array::Bool(values)) => array(values, "bool"),
        Otel::Array(Array::I64(values)) => array(values, "int"),
        Otel::Array(Array::F64(values)) => array(values, "double"),
        Otel::Array(Array::String(values)) => {
            let values: Vec<_> = values.iter().map(|value| value.as_str()).collect();
            array(&values, "string")
        }
        other => json!({"string": other.as_str()}),
    };
    without_time(name, typed)
}

/// Whether an attribute of that name holds a time.
pub(super) fn is_time(name: &str) -> bool {
    TIMES.iter().any(|time| name.contains(time))
}

/// A typed value, or its type alone where it is a time.
fn without_time(name: &str, typed: Value) -> Value {
    match typed {
        Value::Object(typed) if is_time(name) => typed.into_iter().map(|(kind, _)| (kind, json!("<time>"))).collect(),
        typed => typed,
    }
}

fn array<T: serde::Serialize>(values: &[T], kind: &str) -> Value {
    json!({"array": values.iter().map(|value| json!({kind: value})).collect::<Vec<_>>()})
}

fn any(value: &AnyValue) -> Value {
    match value {
        AnyValue::Int(value) => json!({"int": value}),
        AnyValue::Double(value) => json!({"double": value}),
        AnyValue::String(value) => json!({"string": value.as_str()}),
        AnyValue::Boolean(value) => json!({"bool": value}),
        AnyValue::Bytes(value) => json!({"bytes": value.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
        AnyValue::ListAny(values) => json!({"array": values.iter().map(any).collect::<Vec<_>>()}),
        AnyValue::Map(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(key, value)| (key.as_str(), any(value))).collect();
            json!({"kvlist": sorted})
        }
        // The type has room for more; none is known.
        other => json!({"string": format!("{other:?}")}),
    }
}
