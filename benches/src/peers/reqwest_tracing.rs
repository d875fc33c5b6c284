//! The peer of B1: reqwest-tracing's middleware, tracing-opentelemetry, a batch processor and an exporter that does
//! nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry_0_32::trace::TracerProvider as _;
use opentelemetry_sdk_0_32::error::OTelSdkResult;
use opentelemetry_sdk_0_32::trace::{SdkTracerProvider, SpanData, SpanExporter};
use reqwest_middleware::Middleware;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::meter::Meter;
use crate::ours::Attached;

static SPANS: AtomicU64 = AtomicU64::new(0);
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Drops spans, and counts them.
#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        SPANS.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// Makes the subscriber the process's own, as an application does. Every subject of B1 runs with it.
#[expect(clippy::disallowed_methods, reason = "the bench is the application here")]
pub(crate) fn subscribe() {
    PROVIDER.get_or_init(|| {
        let provider = SdkTracerProvider::builder().with_batch_exporter(Nowhere).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench")).with_filter(LevelFilter::INFO);
        let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer));
        provider
    });
}

fn flush() {
    if let Some(provider) = PROVIDER.get() {
        let _ = provider.force_flush();
    }
}

/// The middleware.
pub(crate) fn middleware() -> Arc<dyn Middleware> {
    Arc::new(reqwest_tracing::TracingMiddleware::default())
}

/// The spans that came out of it.
pub(crate) struct Traced {
    spans_before: u64,
}

impl Traced {
    pub(crate) fn new() -> Self {
        subscribe();
        Self { spans_before: SPANS.load(Ordering::Relaxed) }
    }
}

impl Attached for Traced {
    fn settle(&mut self, _: &mut Meter) {
        flush();
    }

    fn check(&mut self, calls: u64) -> Result<(), String> {
        flush();
        // Subjects that are timed in turn share the exporter: at least ours must be there.
        let spans = SPANS.load(Ordering::Relaxed) - self.spans_before;
        if spans >= calls { Ok(()) } else { Err(format!("{calls} calls were made and {spans} spans came out")) }
    }
}
