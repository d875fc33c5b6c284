//! From sidetone's [`Call`](sidetone_core::event::Call)s to OpenTelemetry: spans, log events and metrics.
//!
//! [`OtelSink`] is a [`Sink`](sidetone_pipeline::Sink) that tells each call through the OpenTelemetry SDK, in the words of a
//! [`Dialect`](sidetone_core::dialect::Dialect). It takes the providers that an application already has and only ever
//! flushes them:
//!
//! ```
//! use std::sync::Arc;
//! use opentelemetry_sdk::trace::SdkTracerProvider;
//! use sidetone_core::dialect::V2;
//! use sidetone_otel_export::{OtelSink, Providers};
//! use sidetone_pipeline::{Counters, Sink};
//!
//! let tracer = SdkTracerProvider::builder().build();
//! let providers = Providers { tracer: Some(tracer), ..Providers::default() };
//! let sink = OtelSink::with_providers(providers, &V2, Arc::new(Counters::default()));
//! assert_eq!(sink.name(), "otel");
//! ```
#![forbid(unsafe_code)]

mod announce;
mod batch;
mod convert;
mod costs;
mod findings;
mod ids;
mod instruments;
mod own;
mod providers;
mod readable;
mod sink;
mod started;

pub use own::{
    Compression, Config, ConfigError, Export, ExportError, Identity, Limits, Options, Otlp, Protocol, Signal, Targets,
    Tls, VARIABLES, Variable, variable_table, without_credentials,
};
pub use providers::Providers;
pub use readable::Readable;
pub use sink::OtelSink;
pub use started::OtelSpanStarter;

/// The name of the instrumentation scope.
pub const SCOPE: &str = "sidetone";
