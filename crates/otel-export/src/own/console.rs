//! The exporter `console`: telemetry as text on standard output.

use std::fmt::Write as _;
use std::io::{self, Stdout, Write};
use std::sync::{Mutex, PoisonError};
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

/// Writes telemetry as text.
#[derive(Debug)]
pub(super) struct Console<W> {
    temporality: Temporality,
    out: Mutex<W>,
}

impl Console<Stdout> {
    pub(super) fn new(temporality: Temporality) -> Self {
        Self { temporality, out: Mutex::new(io::stdout()) }
    }
}

impl<W: Write + Send> Console<W> {
    fn write(&self, text: &str) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn deliver(&self, text: &str) -> Delivery {
        match self.write(text) {
            Ok(()) => Delivery::Accepted { refused: 0 },
            Err(error) => Delivery::Failed(format!("standard output: {error}")),
        }
    }
}

impl<W: Write + Send> Export<SpanData> for Console<W> {
    fn export(&mut self, batch: Vec<SpanData>) -> Delivery {
        self.deliver(&batch.iter().map(span).collect::<String>())
    }
}

impl<W: Write + Send> Export<Log> for Console<W> {
    fn export(&mut self, batch: Vec<Log>) -> Delivery {
        self.deliver(&batch.iter().map(log).collect::<String>())
    }
}

impl<W: Write + Send + 'static> PushMetricExporter for Console<W> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let all = metrics.scope_metrics().flat_map(|scope| scope.metrics());
        let text: String = all.map(metric).collect();
        self.write(&text).map_err(|error| OTelSdkError::InternalFailure(format!("standard output: {error}")))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::sync::Arc;

    use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _};
    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
    use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};

    use super::*;

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn console() -> (Console<Shared>, impl Fn() -> String) {
        let shared = Shared::default();
        let written = shared.clone();
        let console = Console { temporality: Temporality::Cumulative, out: Mutex::new(shared) };
        (console, move || String::from_utf8(written.0.lock().unwrap().clone()).unwrap())
    }

    #[test]
    fn a_span_is_shown_with_its_ids_status_attributes_and_events() {
        let memory = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(memory.clone()).build();
        let mut own = provider.tracer("t").start("chat x");
        own.set_attribute(KeyValue::new("gen_ai.usage.input_tokens", 20));
        own.add_event("sidetone.attempt", vec![KeyValue::new("error.type", "RateLimitError")]);
        own.set_status(Status::error("RateLimitError: HTTP 429"));
        own.end();
        let spans = memory.get_finished_spans().unwrap();
        let ids = format!("  trace {} span {}", spans[0].span_context.trace_id(), spans[0].span_context.span_id());
        let (mut console, written) = console();
        assert_eq!(Export::export(&mut console, spans), Delivery::Accepted { refused: 0 });
        let written = written();
        assert!(written.starts_with("span chat x "), "{written}");
        let lines: Vec<_> = written.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                &format!("{ids} parent none"),
                "  error RateLimitError: HTTP 429",
                "  gen_ai.usage.input_tokens = 20",
                "  event sidetone.attempt",
                "    error.type = RateLimitError",
            ]
        );
    }

    #[test]
    fn a_log_event_is_shown_with_its_body_in_the_order_of_its_keys() {
        let memory = InMemoryLogExporter::default();
        let provider = SdkLoggerProvider::builder().with_simple_exporter(memory.clone()).build();
        let logger = provider.logger("t");
        let mut record = logger.create_log_record();
        record.set_event_name("gen_ai.choice");
        record.add_attribute("gen_ai.system", "openai");
        let parts = AnyValue::ListAny(Box::new(vec![AnyValue::from("a\nb"), AnyValue::from(1.5)]));
        record.set_body([("index", AnyValue::from(0)), ("content", parts)].into_iter().collect());
        logger.emit(record);
        let emitted = memory.get_emitted_logs().unwrap().remove(0);
        let (mut console, written) = console();
        let log: Log = Box::new((emitted.record, emitted.instrumentation));
        assert_eq!(Export::export(&mut console, vec![log]), Delivery::Accepted { refused: 0 });
        let body = r#"  {"content": ["a\nb", 1.5], "index": 0}"#;
        assert_eq!(written(), format!("log gen_ai.choice\n  gen_ai.system = \"openai\"\n{body}\n"));
    }

    #[test]
    fn a_metric_is_shown_with_its_points() {
        let (console, written) = console();
        let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(console).build()).build();
        let histogram = provider.meter("t").u64_histogram("gen_ai.client.token.usage").with_unit("{token}").build();
        histogram.record(20, &[KeyValue::new("gen_ai.token.type", "input")]);
        provider.force_flush().unwrap();
        let expected = "metric gen_ai.client.token.usage {token}\n  count 1 sum 20\n    gen_ai.token.type = input\n";
        assert_eq!(written(), expected);
    }
}
