//! OTLP over gRPC, on a runtime of our own.
//!
//! The client needs a Tokio runtime, which the threads that export don't have and the application may not have, or no longer.
//! Each exporter has a small one of its own, driven by the thread that exports and made when that has something to export.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig, Identity};
use opentelemetry_otlp::{LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::runtime::{Builder, Runtime};
use tokio::time;

use super::{Compression, Otlp, Tls};
use crate::batch::{Delivery, Export, Log};

/// The three builders have the same methods and no trait in common that could be named.
macro_rules! build {
    ($builder:expr, $otlp:expr) => {{
        let mut builder = $builder
            .with_endpoint(&$otlp.endpoint)
            .with_timeout($otlp.timeout)
            .with_metadata(MetadataMap::from_headers($otlp.headers.clone()));
        if let Some(Compression::Gzip) = $otlp.compression {
            builder = builder.with_compression(opentelemetry_otlp::Compression::Gzip);
        }
        if let Some(tls) = &$otlp.tls {
            builder = builder.with_tls_config(tls_config(tls));
        }
        builder.build().map_err(|error| error.to_string())
    }};
}

/// What rustls computes with is the application's choice, if it has made one for its process, else aws-lc.
fn tls_config(tls: &Tls) -> ClientTlsConfig {
    let config = match &tls.authorities {
        Some(authorities) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authorities)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    match &tls.identity {
        Some(identity) => config.identity(Identity::from_pem(&identity.certificate, &identity.key)),
        None => config,
    }
}

/// How long a connection has to notice that the backend has closed it. Between exports nothing drives the runtime, and what
/// is sent over a closed connection is lost: the client doesn't try it again.
const NOTICE: Duration = Duration::from_millis(1);

/// An exporter that is made, with its runtime, when it is first used.
pub(super) struct Lazy<E> {
    make: Box<dyn Fn() -> Result<E, String> + Send>,
    made: Option<(E, Runtime)>,
    timeout: Duration,
}

impl<E> Lazy<E> {
    fn new(timeout: Duration, make: impl Fn() -> Result<E, String> + Send + 'static) -> Self {
        Self { make: Box::new(make), made: None, timeout }
    }

    /// Exports, within the timeout. The client's own ends with the head of an answer: for the rest of it, it would wait
    /// forever.
    fn export<'a, F>(&'a mut self, export: impl FnOnce(&'a E) -> F) -> OTelSdkResult
    where
        F: Future<Output = OTelSdkResult>,
    {
        let timeout = self.timeout;
        let (exporter, runtime) = self.made()?;
        let exported = runtime.block_on(async {
            time::sleep(NOTICE).await;
            time::timeout(timeout, export(exporter)).await
        });
        exported.unwrap_or(Err(OTelSdkError::Timeout(timeout)))
    }

    fn made(&mut self) -> Result<&(E, Runtime), OTelSdkError> {
        let failed = |what: String| OTelSdkError::InternalFailure(what);
        if self.made.is_none() {
            let runtime =
                Builder::new_current_thread().enable_all().build().map_err(|error| failed(error.to_string()))?;
            let exporter = {
                let _entered = runtime.enter();
                (self.make)().map_err(failed)?
            };
            self.made = Some((exporter, runtime));
        }
        self.made.as_ref().ok_or_else(|| failed("no exporter".to_owned()))
    }
}

impl<E> Drop for Lazy<E> {
    fn drop(&mut self) {
        if let Some((exporter, runtime)) = self.made.take() {
            drop(exporter);
            // A runtime that is dropped where waiting isn't allowed panics; this one may be dropped anywhere.
            runtime.shutdown_background();
        }
    }
}

/// Exports spans.
pub(super) struct Spans(Lazy<SpanExporter>);

impl Spans {
    pub(super) fn new(otlp: Otlp, resource: Resource) -> Self {
        Self(Lazy::new(otlp.timeout, move || {
            let mut exporter = build!(SpanExporter::builder().with_tonic(), otlp)?;
            exporter.set_resource(&resource);
            Ok(exporter)
        }))
    }
}

impl Export<SpanData> for Spans {
    fn export(&mut self, batch: Vec<SpanData>) -> Delivery {
        delivery(self.0.export(|exporter| exporter.export(batch)))
    }
}

/// Exports log events.
pub(super) struct Logs(Lazy<LogExporter>);

impl Logs {
    pub(super) fn new(otlp: Otlp, resource: Resource) -> Self {
        Self(Lazy::new(otlp.timeout, move || {
            let mut exporter = build!(LogExporter::builder().with_tonic(), otlp)?;
            exporter.set_resource(&resource);
            Ok(exporter)
        }))
    }
}

impl Export<Log> for Logs {
    fn export(&mut self, batch: Vec<Log>) -> Delivery {
        let borrowed: Vec<_> = batch.iter().map(|log| (&log.0, &log.1)).collect();
        let batch = LogBatch::new(&borrowed);
        delivery(self.0.export(|exporter| exporter.export(batch)))
    }
}

/// What the backend says it refused of a batch is not to be had from this client.
fn delivery(result: OTelSdkResult) -> Delivery {
    match result {
        Ok(()) => Delivery::Accepted { refused: 0 },
        Err(error) => Delivery::Failed(error.to_string()),
    }
}

/// Exports metrics.
pub(super) struct Metrics {
    lazy: Mutex<Lazy<MetricExporter>>,
    temporality: Temporality,
}

impl Metrics {
    pub(super) fn new(otlp: Otlp, temporality: Temporality) -> Self {
        let timeout = otlp.timeout;
        let make = move || build!(MetricExporter::builder().with_tonic().with_temporality(temporality), otlp);
        Self { lazy: Mutex::new(Lazy::new(timeout, make)), temporality }
    }
}

impl PushMetricExporter for Metrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let mut lazy = self.lazy.lock().unwrap_or_else(PoisonError::into_inner);
        lazy.export(|exporter| exporter.export(metrics))
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
