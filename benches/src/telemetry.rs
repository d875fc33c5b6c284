//! OpenTelemetry providers whose exporters do nothing, and which do all their work on the thread that is measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::logs::AnyValue;
use opentelemetry::{Context, InstrumentationScope, Key, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider, Temporality};
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use sidetone_core::policy::Content;
use sidetone_otel_export::Providers;

use crate::payload::{MODEL, Payload, TOKENS};

/// A batch is handed on (here: dropped) when it has so many items, as the SDK's batch processors do by default.
const BATCH: usize = 512;

/// What the processors hold, and how much they have seen.
#[derive(Debug, Default)]
#[expect(clippy::vec_box, reason = "the SDK's batch processor boxes each record, too")]
struct Held {
    spans: Mutex<Vec<SpanData>>,
    logs: Mutex<Vec<Box<(SdkLogRecord, InstrumentationScope)>>>,
    last_span: Mutex<Option<SpanData>>,
    span_count: AtomicU64,
    log_count: AtomicU64,
    points: AtomicU64,
}

/// Providers for a sink, and sight of what it gave them.
#[derive(Debug, Clone)]
pub(crate) struct Inline {
    held: Arc<Held>,
    pub(crate) providers: Providers,
}

impl Inline {
    pub(crate) fn new() -> Self {
        let held = Arc::new(Held::default());
        let tracer = SdkTracerProvider::builder().with_span_processor(Spans(Arc::clone(&held))).build();
        let logger = SdkLoggerProvider::builder().with_log_processor(Logs(Arc::clone(&held))).build();
        // Never on its own: collected when the bench checks.
        let reader =
            PeriodicReader::builder(Points(Arc::clone(&held))).with_interval(Duration::from_secs(1 << 20)).build();
        let meter = SdkMeterProvider::builder().with_reader(reader).build();
        Self { held, providers: Providers { tracer: Some(tracer), logger: Some(logger), meter: Some(meter) } }
    }

    /// Whether the spans, log events and points of `calls` calls came out, and the last one's are right.
    ///
    /// # Errors
    /// What was wrong.
    pub(crate) fn check(&self, calls: u64, payload: &Payload, content: Content, place: Told) -> Result<(), String> {
        let (spans, logs) = (self.held.span_count.load(Ordering::Relaxed), self.held.log_count.load(Ordering::Relaxed));
        let events = match place {
            // Two messages of the request and one choice.
            Told::AsEvents => 3 * calls,
            Told::OnSpan => 0,
        };
        if spans != calls || logs != events {
            return Err(format!("{calls} calls gave {spans} spans and {logs} log events"));
        }
        let last = locked(&self.held.last_span);
        let span = last.as_ref().ok_or("no span came out")?;
        let attribute =
            |name: &str| span.attributes.iter().find(|own| own.key.as_str() == name).map(|own| own.value.clone());
        let (input, output) = TOKENS;
        for (name, expected) in [
            ("gen_ai.request.model", Value::from(MODEL)),
            ("gen_ai.response.model", Value::from(MODEL)),
            ("gen_ai.usage.input_tokens", Value::I64(input as i64)),
            ("gen_ai.usage.output_tokens", Value::I64(output as i64)),
        ] {
            if attribute(name).as_ref() != Some(&expected) {
                return Err(format!("{name} is {:?}", attribute(name)));
            }
        }
        let text = match place {
            Told::AsEvents => locked(&self.held.logs).last().and_then(|record| text_of(record.0.body()?)),
            Told::OnSpan => attribute("gen_ai.output.messages").and_then(|messages| text_in(&messages.as_str())),
        };
        let expected = content.keeps_text().then(|| payload.text.clone());
        if text != expected {
            return Err(format!("the choice's text is {text:?}"));
        }
        if let Some(meter) = &self.providers.meter {
            meter.force_flush().map_err(|error| error.to_string())?;
        }
        let points = self.held.points.load(Ordering::Relaxed);
        // A duration and two kinds of tokens, at least.
        if points < 3 * calls { Err(format!("{calls} calls gave {points} measurements")) } else { Ok(()) }
    }
}

/// The text of a choice: `message.content` of the body.
fn text_of(body: &AnyValue) -> Option<String> {
    let AnyValue::Map(body) = body else { return None };
    let AnyValue::Map(message) = body.get(&Key::from("message"))? else { return None };
    match message.get(&Key::from("content"))? {
        AnyValue::String(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

/// The text of the first part of the first message.
fn text_in(messages: &str) -> Option<String> {
    let messages: serde_json::Value = serde_json::from_str(messages).ok()?;
    messages[0]["parts"][0]["content"].as_str().map(str::to_owned)
}

/// Where what was said is to be found.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told {
    /// In log events, with content off too.
    AsEvents,
    /// On the span.
    OnSpan,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
struct Spans(Arc<Held>);

impl SpanProcessor for Spans {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        let count = self.0.span_count.fetch_add(1, Ordering::Relaxed);
        // The first of each subject's rounds is kept for the check; one clone in a thousand doesn't show.
        if count.is_multiple_of(1024) {
            *locked(&self.0.last_span) = Some(span.clone());
        }
        let mut spans = locked(&self.0.spans);
        if spans.len() >= BATCH {
            spans.clear();
        }
        spans.push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[derive(Debug)]
struct Logs(Arc<Held>);

impl LogProcessor for Logs {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        self.0.log_count.fetch_add(1, Ordering::Relaxed);
        let mut logs = locked(&self.0.logs);
        if logs.len() >= BATCH {
            logs.clear();
        }
        // The SDK's batch processor clones both, too.
        logs.push(Box::new((record.clone(), scope.clone())));
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[derive(Debug)]
struct Points(Arc<Held>);

impl PushMetricExporter for Points {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut points = 0;
        for metric in metrics.scope_metrics().flat_map(|scope| scope.metrics()) {
            match metric.data() {
                AggregatedMetrics::F64(MetricData::Histogram(data)) => {
                    points += data.data_points().map(|point| point.count()).sum::<u64>();
                }
                AggregatedMetrics::U64(MetricData::Histogram(data)) => {
                    points += data.data_points().map(|point| point.count()).sum::<u64>();
                }
                _ => {}
            }
        }
        self.0.points.store(points, Ordering::Relaxed);
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}
