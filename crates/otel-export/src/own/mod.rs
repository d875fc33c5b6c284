//! Providers of our own, from the standard `OTEL_*` variables. No global is set.

mod config;
mod console;
mod error;
mod export;
#[cfg(feature = "grpc")]
mod grpc;
#[cfg(feature = "http")]
mod http;
mod lookup;
mod metrics;
mod target;
mod tls;
mod variables;

pub use config::{Config, Limits};
pub use error::ConfigError;
pub use export::{Export, ExportError, Options};
pub use target::{Compression, Otlp, Protocol, Signal, Targets, without_credentials};
pub use tls::{Identity, Tls};
pub use variables::{VARIABLES, Variable, variable_table};
