//! The processor and exporter of spans.

use std::time::{Duration, Instant};

use opentelemetry::Context;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use sidetone_pipeline::Reason;
use sidetone_pipeline::warn::Cause;

use super::queue::{Losses, Queue};
use super::size;

/// Hands ended spans to a queue.
#[derive(Debug)]
pub(crate) struct SpanQueue(pub(crate) Queue<SpanData>);

impl SpanQueue {
    pub(crate) const LOSSES: Losses = Losses {
        what: "spans",
        full: Reason::SpanQueueFull,
        failed: Reason::SpanExportFailed,
        left: Reason::SpanLeftAtStop,
        cause: Cause::SpanExport,
    };
}

impl SpanProcessor for SpanQueue {
    fn on_start(&self, _span: &mut Span, _cx: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() {
            let bytes = size::of_span(&span);
            self.0.offer(span, bytes);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        left(self.0.flush(Instant::now() + FLUSH))
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        left(self.0.stop(Instant::now() + timeout))
    }
}

/// For a flush that the SDK asks for; ours give their own deadline to the queue.
pub(super) const FLUSH: Duration = Duration::from_secs(5);

pub(super) fn left(result: Result<(), u64>) -> OTelSdkResult {
    result.map_err(|left| OTelSdkError::InternalFailure(format!("{left} left undelivered")))
}
