//! An exporter of metrics that counts what it can't deliver.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use sidetone_pipeline::warn::{Cause, once_a_minute};
use sidetone_pipeline::{Counters, Reason};

/// Counts the batches that `exporter` can't deliver.
pub(super) struct Counted<E> {
    pub(super) exporter: E,
    pub(super) counters: Arc<Counters>,
}

impl<E: PushMetricExporter> PushMetricExporter for Counted<E> {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        let result = self.exporter.export(metrics).await;
        if let Err(error) = &result {
            self.counters.add(Reason::MetricExportFailed, 1, 0);
            once_a_minute(Cause::MetricExport, &format!("metrics could not be delivered: {error}"));
        }
        result
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}
