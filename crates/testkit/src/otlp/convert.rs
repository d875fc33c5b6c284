//! From the messages of OTLP to plain values.

use std::fmt::Write;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value};
use opentelemetry_proto::tonic::metrics::v1 as metrics_v1;
use opentelemetry_proto::tonic::resource::v1::Resource as OtlpResource;
use opentelemetry_proto::tonic::{logs::v1 as logs_v1, trace::v1 as trace_v1};

use crate::telemetry::{Attributes, LogRecord, Metric, Point, Received, Resource, Scope, Span, SpanEvent, Value};

pub(super) fn spans(request: ExportTraceServiceRequest) -> Received {
    let mut spans = Vec::new();
    for group in request.resource_spans {
        let resource = resource(group.resource, group.schema_url);
        for group in group.scope_spans {
            let scope = scope(group.scope, group.schema_url);
            spans.extend(group.spans.into_iter().map(|from| span(from, &resource, &scope)));
        }
    }
    Received { spans, ..Received::default() }
}

pub(super) fn logs(request: ExportLogsServiceRequest) -> Received {
    let mut logs = Vec::new();
    for group in request.resource_logs {
        let resource = resource(group.resource, group.schema_url);
        for group in group.scope_logs {
            let scope = scope(group.scope, group.schema_url);
            logs.extend(group.log_records.into_iter().map(|from| log_record(from, &resource, &scope)));
        }
    }
    Received { logs, ..Received::default() }
}

pub(super) fn metrics(request: ExportMetricsServiceRequest) -> Received {
    let mut metrics = Vec::new();
    for group in request.resource_metrics {
        let resource = resource(group.resource, group.schema_url);
        for group in group.scope_metrics {
            let scope = scope(group.scope, group.schema_url);
            metrics.extend(group.metrics.into_iter().map(|from| metric(from, &resource, &scope)));
        }
    }
    Received { metrics, ..Received::default() }
}

fn resource(from: Option<OtlpResource>, schema_url: String) -> Arc<Resource> {
    let attributes = attributes(from.unwrap_or_default().attributes);
    Arc::new(Resource { schema_url, attributes })
}

fn scope(from: Option<InstrumentationScope>, schema_url: String) -> Arc<Scope> {
    let from = from.unwrap_or_default();
    Arc::new(Scope { name: from.name, version: from.version, schema_url, attributes: attributes(from.attributes) })
}

fn span(from: trace_v1::Span, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Span {
    let status = from.status.unwrap_or_default();
    let event = |event: trace_v1::span::Event| SpanEvent { name: event.name, attributes: attributes(event.attributes) };
    Span {
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        trace_id: hex(&from.trace_id),
        span_id: hex(&from.span_id),
        parent_span_id: hex(&from.parent_span_id),
        name: from.name,
        kind: word(from.kind, &["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]),
        start_unix_nano: from.start_time_unix_nano,
        end_unix_nano: from.end_time_unix_nano,
        status_code: word(status.code, &["Unset", "Ok", "Error"]),
        status_message: status.message,
        attributes: attributes(from.attributes),
        events: from.events.into_iter().map(event).collect(),
    }
}

fn log_record(from: logs_v1::LogRecord, resource: &Arc<Resource>, scope: &Arc<Scope>) -> LogRecord {
    LogRecord {
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        time_unix_nano: from.time_unix_nano,
        observed_time_unix_nano: from.observed_time_unix_nano,
        severity_number: from.severity_number,
        severity_text: from.severity_text,
        event_name: from.event_name,
        body: value(from.body),
        attributes: attributes(from.attributes),
        trace_id: hex(&from.trace_id),
        span_id: hex(&from.span_id),
    }
}

fn metric(from: metrics_v1::Metric, resource: &Arc<Resource>, scope: &Arc<Scope>) -> Metric {
    use metrics_v1::metric::Data;
    let temporality = |number| word(number, &["", "Delta", "Cumulative"]);
    let numbers = |points: Vec<_>| points.into_iter().map(number).collect();
    let (kind, temporality, is_monotonic, points) = match from.data {
        None => ("", String::new(), None, Vec::new()),
        Some(Data::Gauge(gauge)) => ("Gauge", String::new(), None, numbers(gauge.data_points)),
        Some(Data::Sum(sum)) => {
            ("Sum", temporality(sum.aggregation_temporality), Some(sum.is_monotonic), numbers(sum.data_points))
        }
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.into_iter().map(distribution).collect();
            ("Histogram", temporality(histogram.aggregation_temporality), None, points)
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let points = histogram.data_points.into_iter().map(exponential).collect();
            ("ExponentialHistogram", temporality(histogram.aggregation_temporality), None, points)
        }
        Some(Data::Summary(summary)) => {
            let points = summary.data_points.into_iter().map(quantiles).collect();
            ("Summary", String::new(), None, points)
        }
    };
    Metric {
        resource: Arc::clone(resource),
        scope: Arc::clone(scope),
        name: from.name,
        description: from.description,
        unit: from.unit,
        kind: kind.to_owned(),
        temporality,
        is_monotonic,
        points,
    }
}

fn number(from: metrics_v1::NumberDataPoint) -> Point {
    use metrics_v1::number_data_point::Value;
    let value = from.value.map(|value| match value {
        Value::AsDouble(value) => value,
        Value::AsInt(value) => value as f64,
    });
    Point { attributes: attributes(from.attributes), value, ..Point::default() }
}

fn distribution(from: metrics_v1::HistogramDataPoint) -> Point {
    Point {
        attributes: attributes(from.attributes),
        count: Some(from.count),
        sum: from.sum,
        min: from.min,
        max: from.max,
        bounds: from.explicit_bounds,
        bucket_counts: from.bucket_counts,
        ..Point::default()
    }
}

/// Without its buckets.
fn exponential(from: metrics_v1::ExponentialHistogramDataPoint) -> Point {
    Point {
        attributes: attributes(from.attributes),
        count: Some(from.count),
        sum: from.sum,
        min: from.min,
        max: from.max,
        ..Point::default()
    }
}

/// Without its quantiles.
fn quantiles(from: metrics_v1::SummaryDataPoint) -> Point {
    let attributes = attributes(from.attributes);
    Point { attributes, count: Some(from.count), sum: Some(from.sum), ..Point::default() }
}

fn attributes(from: Vec<KeyValue>) -> Attributes {
    from.into_iter().map(|pair| (pair.key, value(pair.value))).collect()
}

fn value(from: Option<AnyValue>) -> Value {
    match from.and_then(|value| value.value) {
        None => Value::Empty,
        Some(any_value::Value::BoolValue(value)) => Value::Bool(value),
        Some(any_value::Value::IntValue(value)) => Value::Int(value),
        Some(any_value::Value::DoubleValue(value)) => Value::Double(value),
        Some(any_value::Value::StringValue(value)) => Value::Str(value),
        Some(any_value::Value::ArrayValue(array)) => {
            Value::Slice(array.values.into_iter().map(|item| value(Some(item))).collect())
        }
        Some(any_value::Value::KvlistValue(list)) => Value::Map(attributes(list.values)),
        Some(other) => Value::Unreadable(format!("{other:?}")),
    }
}

/// The word for an enumeration's number, or the number where there is none.
fn word(number: i32, words: &[&str]) -> String {
    let known = usize::try_from(number).ok().and_then(|at| words.get(at));
    known.map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a string doesn't fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
