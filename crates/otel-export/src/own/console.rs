//! The exporter `console`: telemetry as text on standard output.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::Duration;

use opentelemetry::logs::AnyValue;
use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, SpanId};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, Metric, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::SpanData;

use crate::batch::{Delivery, Export, Log};

/// Writes to standard output.
#[derive(Debug)]
pub(super) struct Console {
    pub(super) temporality: Temporality,
}

impl Export<SpanData> for Console {
    fn export(&mut self, batch: Vec<SpanData>) -> Delivery {
        write(batch.iter().map(span).collect())
    }
}

impl Export<Log> for Console {
    fn export(&mut self, batch: Vec<Log>) -> Delivery {
        write(batch.iter().map(log).collect())
    }
}

impl PushMetricExporter for Console {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let all = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        match write(all.map(metric).collect()) {
            Delivery::Accepted { .. } => Ok(()),
            Delivery::Failed(why) => Err(OTelSdkError::InternalFailure(why)),
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        self.temporality
    }
}

fn write(text: String) -> Delivery {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Delivery::Accepted { refused: 0 },
        Err(error) => Delivery::Failed(format!("standard output: {error}")),
    }
}

/// Writing to a String can't fail.
macro_rules! line {
    ($text:expr, $($argument:tt)*) => {{ let _ = writeln!($text, $($argument)*); }};
}

fn span(span: &SpanData) -> String {
    let context = &span.span_context;
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let mut text = String::new();
    line!(text, "span {} {:?}", span.name, took);
    line!(text, "  trace {} span {} parent {}", context.trace_id(), context.span_id(), parent(span.parent_span_id));
    if let Status::Error { description } = &span.status {
        line!(text, "  error {description}");
    }
    list(&mut text, "  ", &span.attributes);
    for event in span.events.iter() {
        line!(text, "  event {}", event.name);
        list(&mut text, "    ", &event.attributes);
    }
    text
}

fn parent(id: SpanId) -> String {
    if id == SpanId::INVALID { "none".to_owned() } else { id.to_string() }
}

fn list<'a>(text: &mut String, indent: &str, attributes: impl IntoIterator<Item = &'a KeyValue>) {
    for own in attributes {
        line!(text, "{indent}{} = {}", own.key, own.value);
    }
}

fn log(log: &Log) -> String {
    let (record, _) = &**log;
    let mut text = String::new();
    line!(text, "log {}", record.event_name().unwrap_or_default());
    if let Some(context) = record.trace_context() {
        line!(text, "  trace {} span {}", context.trace_id, context.span_id);
    }
    for (key, value) in record.attributes_iter() {
        line!(text, "  {key} = {}", Shown(value));
    }
    if let Some(body) = record.body() {
        line!(text, "  {}", Shown(body));
    }
    text
}

struct Shown<'a>(&'a AnyValue);

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            AnyValue::Int(value) => value.fmt(f),
            AnyValue::Double(value) => value.fmt(f),
            AnyValue::Boolean(value) => value.fmt(f),
            AnyValue::String(text) => write!(f, "{:?}", text.as_str()),
            AnyValue::Bytes(bytes) => write!(f, "({} bytes)", bytes.len()),
            AnyValue::ListAny(values) => {
                f.debug_list().entries(values.iter().map(|value| Debugged(Shown(value)))).finish()
            }
            AnyValue::Map(map) => {
                let mut entries: Vec<_> =
                    map.iter().map(|(key, value)| (key.as_str(), Debugged(Shown(value)))).collect();
                entries.sort_by_key(|(key, _)| *key);
                f.debug_map().entries(entries).finish()
            }
            _ => f.write_str("?"),
        }
    }
}

/// For the builders of `Formatter`, which ask for `Debug`.
struct Debugged<'a>(Shown<'a>);

impl std::fmt::Debug for Debugged<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

fn metric(metric: &Metric) -> String {
    let mut text = String::new();
    line!(text, "metric {} {}", metric.name(), metric.unit());
    match metric.data() {
        AggregatedMetrics::F64(data) => points(&mut text, data),
        AggregatedMetrics::U64(data) => points(&mut text, data),
        AggregatedMetrics::I64(data) => points(&mut text, data),
    }
    text
}

fn points<T: std::fmt::Display + Copy>(text: &mut String, data: &MetricData<T>) {
    match data {
        MetricData::Histogram(histogram) => {
            for point in histogram.data_points() {
                line!(text, "  count {} sum {}", point.count(), point.sum());
                list(text, "    ", point.attributes());
            }
        }
        MetricData::Sum(sum) => {
            for point in sum.data_points() {
                line!(text, "  {}", point.value());
                list(text, "    ", point.attributes());
            }
        }
        MetricData::Gauge(gauge) => {
            for point in gauge.data_points() {
                line!(text, "  {}", point.value());
                list(text, "    ", point.attributes());
            }
        }
        MetricData::ExponentialHistogram(_) => {}
    }
}
