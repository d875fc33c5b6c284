//! The providers that a sink writes to, and how they are flushed within a deadline.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;

/// Providers of the OpenTelemetry SDK. A signal without one is not emitted.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    /// For spans.
    pub tracer: Option<SdkTracerProvider>,
    /// For log events.
    pub logger: Option<SdkLoggerProvider>,
    /// For metrics.
    pub meter: Option<SdkMeterProvider>,
}

impl Providers {
    /// Flushes all of them, by `deadline`. Says what didn't work.
    pub(crate) fn flush(&self, deadline: Instant) -> Result<(), String> {
        let mut work: Vec<Work> = Vec::with_capacity(3);
        if let Some(tracer) = self.tracer.clone() {
            work.push(("spans", Box::new(move || tracer.force_flush())));
        }
        if let Some(logger) = self.logger.clone() {
            work.push(("log events", Box::new(move || logger.force_flush())));
        }
        if let Some(meter) = self.meter.clone() {
            work.push(("metrics", Box::new(move || meter.force_flush())));
        }
        by(deadline, work)
    }
}

/// A piece of work with the name of what it is about.
pub(crate) type Work = (&'static str, Box<dyn FnOnce() -> OTelSdkResult + Send>);

/// Does all of it at once, each on a thread of its own, and waits no longer than `deadline`: the SDK's own flushing waits
/// for as long as an exporter does.
pub(crate) fn by(deadline: Instant, work: Vec<Work>) -> Result<(), String> {
    let (sender, receiver) = mpsc::channel();
    let mut pending = Vec::with_capacity(work.len());
    let mut failed = Vec::new();
    for (about, work) in work {
        let sender = sender.clone();
        let spawned = thread::Builder::new().name("sidetone-flush".to_owned()).spawn(move || {
            // Nobody listens any more when the deadline has passed.
            let _ = sender.send((about, work()));
        });
        match spawned {
            Ok(_) => pending.push(about),
            Err(error) => failed.push(format!("{about}: {error}")),
        }
    }
    drop(sender);
    while !pending.is_empty() {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok((about, result)) => {
                pending.retain(|other| *other != about);
                if let Err(error) = result {
                    failed.push(format!("{about}: {error}"));
                }
            }
            Err(_) => {
                failed.extend(pending.drain(..).map(|about| format!("{about}: not delivered by the deadline")));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
}
