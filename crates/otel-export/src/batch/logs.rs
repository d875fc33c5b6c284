//! The processor and exporter of log events.

use std::time::{Duration, Instant};

use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogProcessor, SdkLogRecord};
use sidetone_pipeline::Reason;
use sidetone_pipeline::warn::Cause;

use super::queue::{Losses, Queue};
use super::size;
use super::spans::{FLUSH, left};

/// A log event and who emitted it.
pub(crate) type Log = Box<(SdkLogRecord, InstrumentationScope)>;

/// Hands log events to a queue.
#[derive(Debug)]
pub(crate) struct LogQueue(pub(crate) Queue<Log>);

impl LogQueue {
    pub(crate) const LOSSES: Losses = Losses {
        what: "log events",
        full: Reason::LogQueueFull,
        failed: Reason::LogExportFailed,
        left: Reason::LogLeftAtStop,
        cause: Cause::LogExport,
    };
}

impl LogProcessor for LogQueue {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let bytes = size::of_log(record);
        // The SDK lends the record to each of its processors; only a copy can be kept.
        self.0.offer(Box::new((record.clone(), scope.clone())), bytes);
    }

    fn force_flush(&self) -> OTelSdkResult {
        left(self.0.flush(Instant::now() + FLUSH))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        left(self.0.stop(Instant::now() + timeout))
    }
}
