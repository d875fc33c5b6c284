//! Providers of our own and the queues behind them.

use std::sync::Arc;
use std::time::Instant;

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::resource::TelemetryResourceDetector;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use sidetone_core::dialect::names;
use sidetone_core::event::Process;
use sidetone_pipeline::Counters;
use sidetone_pipeline::warn::{Cause, once_a_minute};

use super::config::SERVICE_NAME;
use super::console::Console;
use super::metrics::Counted;
use super::{Config, Limits};
#[cfg(any(feature = "http", feature = "grpc"))]
use super::{Otlp, Protocol};
use crate::batch::{Log, LogQueue, Queue, SpanQueue};
use crate::ids::Ids;
use crate::providers::{Providers, Work, by};

/// What a program says that no variable does.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `service.name`, where no variable gives it.
    pub service_name: Option<String>,
    /// More attributes of the resource. Those of `OTEL_RESOURCE_ATTRIBUTES` win.
    pub resource: Vec<(String, String)>,
    /// The process whose telemetry it is: `process.*` of the resource. Left out by one that tells of others' calls.
    pub process: Option<Arc<Process>>,
}

/// Providers of our own, with the queues behind them. An [`OtelSink`](crate::OtelSink) takes it, and stops it.
#[derive(Debug)]
pub struct Export {
    pub(crate) providers: Providers,
    pub(crate) limits: Limits,
    spans: Vec<Queue<SpanData>>,
    logs: Vec<Queue<Log>>,
}

/// An exporter could not be made: no thread, no TLS. Never because a backend is absent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("exporting {signal}: {what}")]
pub struct ExportError {
    /// The signal.
    pub signal: &'static str,
    /// What went wrong.
    pub what: String,
}

impl Export {
    /// Makes the providers that `config` describes. Connects to nothing yet.
    ///
    /// # Errors
    /// When the system gives no thread, or an HTTP client can't be made.
    pub fn new(config: &Config, options: &Options, counters: &Arc<Counters>) -> Result<Self, ExportError> {
        if !config.warnings.is_empty() {
            once_a_minute(Cause::Configuration, &config.warnings.join("; "));
        }
        let mut made = Makers {
            config,
            resource: resource(config, options),
            counters,
            #[cfg(feature = "http")]
            clients: Vec::new(),
        };
        let mut export =
            Self { providers: Providers::default(), limits: config.limits, spans: Vec::new(), logs: Vec::new() };
        let failed = |signal| move |what| ExportError { signal, what };
        export.spans = made.spans().map_err(failed("spans"))?;
        export.logs = made.logs().map_err(failed("log events"))?;
        if !export.spans.is_empty() {
            let mut builder = SdkTracerProvider::builder()
                .with_resource(made.resource.clone())
                .with_sampler(config.sampler.clone())
                .with_id_generator(Ids::default());
            let small = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
            if let Some(limit) = config.limits.span_attributes {
                builder = builder.with_max_attributes_per_span(small(limit));
            }
            if let Some(limit) = config.limits.span_events {
                builder = builder.with_max_events_per_span(small(limit));
            }
            if let Some(limit) = config.limits.event_attributes {
                builder = builder.with_max_attributes_per_event(small(limit));
            }
            for queue in &export.spans {
                builder = builder.with_span_processor(SpanQueue(queue.clone()));
            }
            export.providers.tracer = Some(builder.build());
        }
        if !export.logs.is_empty() {
            let mut builder = SdkLoggerProvider::builder().with_resource(made.resource.clone());
            for queue in &export.logs {
                builder = builder.with_log_processor(LogQueue(queue.clone()));
            }
            export.providers.logger = Some(builder.build());
        }
        export.providers.meter = made.meter().map_err(failed("metrics"))?;
        Ok(export)
    }

    /// The providers: `None` for a signal that goes nowhere.
    #[must_use]
    pub fn providers(&self) -> &Providers {
        &self.providers
    }

    /// Waits until everything so far is delivered or counted.
    pub(crate) fn flush(&self, deadline: Instant) -> Result<(), String> {
        // All at once, so that one that hangs doesn't take the others' time.
        self.spans.iter().for_each(Queue::begin_flush);
        self.logs.iter().for_each(Queue::begin_flush);
        let metrics = by(deadline, self.metric_work(|meter| meter.force_flush()));
        let spans = self.spans.iter().map(|queue| queue.flush(deadline)).collect::<Vec<_>>();
        let logs = self.logs.iter().map(|queue| queue.flush(deadline)).collect::<Vec<_>>();
        told(&spans, &logs, metrics)
    }

    /// Delivers what can be by `deadline`, and counts the rest.
    pub(crate) fn stop(&self, deadline: Instant) -> Result<(), String> {
        self.spans.iter().for_each(Queue::begin_stop);
        self.logs.iter().for_each(Queue::begin_stop);
        let metrics = by(deadline, self.metric_work(|meter| meter.shutdown()));
        let spans = self.spans.iter().map(|queue| queue.stop(deadline)).collect::<Vec<_>>();
        let logs = self.logs.iter().map(|queue| queue.stop(deadline)).collect::<Vec<_>>();
        told(&spans, &logs, metrics)
    }

    fn metric_work(&self, work: fn(&SdkMeterProvider) -> opentelemetry_sdk::error::OTelSdkResult) -> Vec<Work> {
        let meter = self.providers.meter.clone();
        let work = |meter: SdkMeterProvider| -> Work { ("metrics", Box::new(move || work(&meter))) };
        meter.map(work).into_iter().collect()
    }
}

fn told(spans: &[Result<(), u64>], logs: &[Result<(), u64>], metrics: Result<(), String>) -> Result<(), String> {
    let left = |what: &str, results: &[Result<(), u64>]| {
        let left: u64 = results.iter().filter_map(|result| result.err()).sum();
        (left > 0).then(|| format!("{left} {what} not delivered by the deadline"))
    };
    let told: Vec<_> = [left("spans", spans), left("log events", logs), metrics.err()].into_iter().flatten().collect();
    if told.is_empty() { Ok(()) } else { Err(told.join("; ")) }
}

fn resource(config: &Config, options: &Options) -> Resource {
    let name = config.service_name.as_ref().or(options.service_name.as_ref());
    let attributes = options.resource.iter().chain(&config.resource);
    let name = name.cloned().unwrap_or_else(unknown_service);
    Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(options.process.iter().flat_map(|process| of_process(process)))
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key.clone(), value.clone())))
        .with_attribute(KeyValue::new(SERVICE_NAME, name))
        .build()
}

/// Source: <https://opentelemetry.io/docs/specs/semconv/resource/process/>
fn of_process(process: &Process) -> impl Iterator<Item = KeyValue> {
    let texts = [
        (names::PROCESS_EXECUTABLE_NAME, process.executable_name()),
        (names::PROCESS_EXECUTABLE_PATH, process.executable.as_deref()),
    ];
    let texts = texts.into_iter().filter_map(|(name, text)| Some(KeyValue::new(name, text?.to_owned())));
    process.pid.map(|pid| KeyValue::new(names::PROCESS_PID, i64::from(pid))).into_iter().chain(texts)
}

/// The name of a service that nobody named.
///
/// Source: <https://opentelemetry.io/docs/specs/semconv/resource/#service>
fn unknown_service() -> String {
    let program = std::env::current_exe().ok();
    match program.as_deref().and_then(|path| path.file_name()?.to_str()) {
        Some(program) => format!("unknown_service:{program}"),
        None => "unknown_service".to_owned(),
    }
}

/// What exporters are made from.
struct Makers<'a> {
    config: &'a Config,
    resource: Resource,
    counters: &'a Arc<Counters>,
    #[cfg(feature = "http")]
    clients: Vec<(super::Tls, reqwest::blocking::Client)>,
}

impl Makers<'_> {
    fn spans(&mut self) -> Result<Vec<Queue<SpanData>>, String> {
        let settings = self.config.span_queue;
        let start = |exporter: Box<dyn crate::batch::Export<SpanData>>, counters: &Arc<Counters>| {
            Queue::start("sidetone-spans", settings, SpanQueue::LOSSES, Arc::clone(counters), exporter)
                .map_err(|error| error.to_string())
        };
        let mut queues = Vec::new();
        #[cfg(any(feature = "http", feature = "grpc"))]
        if let Some(otlp) = &self.config.traces.otlp {
            queues.push(start(self.span_exporter(otlp)?, self.counters)?);
        }
        if self.config.traces.console {
            queues.push(start(Box::new(Console::new(self.config.temporality)), self.counters)?);
        }
        Ok(queues)
    }

    fn logs(&mut self) -> Result<Vec<Queue<Log>>, String> {
        let settings = self.config.log_queue;
        let start = |exporter: Box<dyn crate::batch::Export<Log>>, counters: &Arc<Counters>| {
            Queue::start("sidetone-logs", settings, LogQueue::LOSSES, Arc::clone(counters), exporter)
                .map_err(|error| error.to_string())
        };
        let mut queues = Vec::new();
        #[cfg(any(feature = "http", feature = "grpc"))]
        if let Some(otlp) = &self.config.logs.otlp {
            queues.push(start(self.log_exporter(otlp)?, self.counters)?);
        }
        if self.config.logs.console {
            queues.push(start(Box::new(Console::new(self.config.temporality)), self.counters)?);
        }
        Ok(queues)
    }

    fn meter(&mut self) -> Result<Option<SdkMeterProvider>, String> {
        let targets = &self.config.metrics;
        let mut builder = SdkMeterProvider::builder().with_resource(self.resource.clone());
        #[cfg(any(feature = "http", feature = "grpc"))]
        if let Some(otlp) = &targets.otlp {
            builder = match otlp.protocol {
                #[cfg(feature = "http")]
                Protocol::HttpProtobuf => {
                    let client = self.client(otlp)?;
                    builder.with_reader(self.reader(super::http::Metrics::new(otlp, client, self.config.temporality)?))
                }
                #[cfg(feature = "grpc")]
                Protocol::Grpc => {
                    builder.with_reader(self.reader(super::grpc::Metrics::new(otlp.clone(), self.config.temporality)))
                }
                #[cfg(not(all(feature = "http", feature = "grpc")))]
                other => return Err(not_compiled_in(other)),
            };
        }
        if targets.console {
            builder = builder.with_reader(self.reader(Console::new(self.config.temporality)));
        }
        let is_any = targets.otlp.is_some() || targets.console;
        Ok(is_any.then(|| builder.build()))
    }

    fn reader<E: PushMetricExporter>(&self, exporter: E) -> PeriodicReader<Counted<E>> {
        let counted = Counted { exporter, counters: Arc::clone(self.counters) };
        PeriodicReader::builder(counted).with_interval(self.config.metric_interval).build()
    }
}

#[cfg(any(feature = "http", feature = "grpc"))]
impl Makers<'_> {
    fn span_exporter(&mut self, otlp: &Otlp) -> Result<Box<dyn crate::batch::Export<SpanData>>, String> {
        match otlp.protocol {
            #[cfg(feature = "http")]
            Protocol::HttpProtobuf => {
                let client = self.client(otlp)?;
                Ok(Box::new(super::http::Spans::new(otlp, client, &self.resource)?))
            }
            #[cfg(feature = "grpc")]
            Protocol::Grpc => Ok(Box::new(super::grpc::Spans::new(otlp.clone(), self.resource.clone()))),
            #[cfg(not(all(feature = "http", feature = "grpc")))]
            other => Err(not_compiled_in(other)),
        }
    }

    fn log_exporter(&mut self, otlp: &Otlp) -> Result<Box<dyn crate::batch::Export<Log>>, String> {
        match otlp.protocol {
            #[cfg(feature = "http")]
            Protocol::HttpProtobuf => {
                let client = self.client(otlp)?;
                Ok(Box::new(super::http::Logs::new(otlp, client, &self.resource)?))
            }
            #[cfg(feature = "grpc")]
            Protocol::Grpc => Ok(Box::new(super::grpc::Logs::new(otlp.clone(), self.resource.clone()))),
            #[cfg(not(all(feature = "http", feature = "grpc")))]
            other => Err(not_compiled_in(other)),
        }
    }

    /// A signal's use of the client that it shares with all that connect as it does, which is made with the first.
    #[cfg(feature = "http")]
    fn client(&mut self, otlp: &Otlp) -> Result<super::http::Client, String> {
        let tls = otlp.tls.clone().unwrap_or_default();
        let shared = match self.clients.iter().find(|(other, _)| *other == tls) {
            Some((_, shared)) => shared.clone(),
            None => {
                let shared = super::http::Client::shared(tls.clone())?;
                self.clients.push((tls, shared.clone()));
                shared
            }
        };
        Ok(super::http::Client::new(shared, otlp.timeout))
    }
}

#[cfg(all(any(feature = "http", feature = "grpc"), not(all(feature = "http", feature = "grpc"))))]
fn not_compiled_in(protocol: Protocol) -> String {
    format!("{} is not compiled in", protocol.as_str())
}
