//! The OpenTelemetry SDK with exporters that keep what they get, so that what is printed is the SDK's truth.

use std::sync::Arc;
use std::time::{Duration, Instant};

use opentelemetry::trace::{Span as _, SpanContext, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::logs::in_memory_exporter::LogDataWithResource;
use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::{
    InMemoryMetricExporter, InMemoryMetricExporterBuilder, PeriodicReader, SdkMeterProvider, Temporality,
};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, Span, SpanData};
use sidetone_core::dialect::Dialect;
use sidetone_core::event::{self, Call, ParentSpan};
use sidetone_otel_export::{OtelSink, Providers};
use sidetone_pipeline::{Counters, Finished, Sink, SinkError};

/// How long handing telemetry over within this process may take.
const HAND_OVER: Duration = Duration::from_secs(10);

/// Providers that keep what they are given, and a span that an application would have open around its call.
#[derive(Debug)]
pub struct Memory {
    providers: Providers,
    spans: InMemorySpanExporter,
    logs: InMemoryLogExporter,
    metrics: InMemoryMetricExporter,
    parent: Span,
    dialect: &'static dyn Dialect,
}

/// What was kept.
#[derive(Debug)]
pub struct Recorded {
    /// The application's span.
    pub parent: SpanContext,
    /// The spans beside it, by start.
    pub spans: Vec<SpanData>,
    /// The log events, in order.
    pub logs: Vec<LogDataWithResource>,
    /// The metrics.
    pub metrics: Vec<ResourceMetrics>,
    /// The name of the dialect that all of it is in.
    pub dialect: &'static str,
}

/// The SDK didn't hand over what it was given.
#[derive(Debug, thiserror::Error)]
pub enum HandOverError {
    /// One of its exporters.
    #[error("the OpenTelemetry SDK kept nothing: {0}. This is a bug of sidetone, please report it")]
    Sdk(#[from] OTelSdkError),
    /// Flushing.
    #[error("{0}. This is a bug of sidetone, please report it")]
    Sink(#[from] SinkError),
}

impl Memory {
    /// Fresh providers, so that metrics count from zero, and an open span.
    #[must_use]
    pub fn new(dialect: &'static dyn Dialect) -> Self {
        let (spans, logs) = (InMemorySpanExporter::default(), InMemoryLogExporter::default());
        let metrics = InMemoryMetricExporterBuilder::new().with_temporality(Temporality::Delta).build();
        let tracer = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let parent = tracer.tracer("sidetone.replay").start("parent");
        let providers = Providers {
            tracer: Some(tracer),
            logger: Some(SdkLoggerProvider::builder().with_simple_exporter(logs.clone()).build()),
            meter: Some(
                SdkMeterProvider::builder().with_reader(PeriodicReader::builder(metrics.clone()).build()).build(),
            ),
        };
        Self { providers, spans, logs, metrics, parent, dialect }
    }

    /// The providers, for a capture of real calls.
    #[must_use]
    pub fn providers(&self) -> Providers {
        self.providers.clone()
    }

    /// The application's span, as the parent of a call.
    #[must_use]
    pub fn parent(&self) -> ParentSpan {
        let context = self.parent.span_context();
        ParentSpan {
            trace_id: event::TraceId(context.trace_id().to_bytes()),
            span_id: event::SpanId(context.span_id().to_bytes()),
            flags: context.trace_flags().to_u8(),
            is_remote: false,
            trace_state: None,
        }
    }

    /// The application's span, as a context.
    #[must_use]
    pub fn parent_context(&self) -> SpanContext {
        self.parent.span_context().clone()
    }

    /// Tells a call, and gives all that the SDK made of it.
    ///
    /// # Errors
    /// When the SDK doesn't hand it over.
    pub fn record(self, call: Call) -> Result<Recorded, HandOverError> {
        let mut sink = OtelSink::with_providers(self.providers(), self.dialect, Arc::new(Counters::default()));
        sink.call(&mut Finished { call, span: None });
        sink.flush(Instant::now() + HAND_OVER)?;
        self.recorded()
    }

    /// All that was kept, once whoever wrote it has flushed.
    ///
    /// # Errors
    /// When the SDK doesn't hand it over.
    pub fn recorded(mut self) -> Result<Recorded, HandOverError> {
        let parent = self.parent_context();
        self.parent.end();
        let mut spans = self.spans.get_finished_spans()?;
        spans.retain(|span| span.span_context.span_id() != parent.span_id());
        spans.sort_by_key(|span| span.start_time);
        Ok(Recorded {
            parent,
            spans,
            logs: self.logs.get_emitted_logs()?,
            metrics: self.metrics.get_finished_metrics()?,
            dialect: self.dialect.name(),
        })
    }
}
