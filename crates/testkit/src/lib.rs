//! A mock LLM server, recorded cases and fault injection for tests of LLM applications.
#[cfg(feature = "backends")]
pub mod backends;
pub mod case;
pub mod hostile;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod require;
mod serve;
pub mod server;
pub mod split;
#[cfg(any(feature = "backends", feature = "otlp"))]
pub mod telemetry;
