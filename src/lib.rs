//! OpenTelemetry for LLM calls: wrap the HTTP client that a program already has, and every LLM call becomes a span, its log
//! events and its metrics, by the GenAI semantic conventions.
//!
//! [`start`] reads the standard `OTEL_*` variables and returns a [`Handle`], which makes the parts that observe clients:
//!
//! ```
//! # #[cfg(feature = "reqwest")] {
//! let sidetone = sidetone::builder().app_name("assistant").console().start()?;
//! let observes = sidetone.middleware(); // for `reqwest_middleware::ClientBuilder::with`
//! // … make calls …
//! sidetone.stop(std::time::Duration::from_secs(5))?; // delivers what is left
//! # drop(observes);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What each front end sees is told in [`middleware`]; the README has an example for each client, and says what is captured
//! and what is not.
//!
//! # Features
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `reqwest` | yes | middleware for `reqwest-middleware` |
//! | `otlp` | yes | export by OTLP http/protobuf |
//! | `grpc` | | export by OTLP gRPC, with TLS |
//! | `tls` | | TLS for OTLP http/protobuf, with certificates of one's own; without it, the TLS of the program's reqwest |
//! | `async-openai` | | layers for async-openai |
//! | `rig` | | rig's transport |
//! | `ebpf` | | host-wide capture: the calls of every process on a Linux host |
//!
//! A feature only adds API; enabling one starts nothing. `grpc` and `tls` compile rustls with aws-lc, as reqwest's defaults do: a
//! program that has its own rustls compute with something else says so with rustls' `CryptoProvider::install_default`.
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
pub mod environment;
mod handle;
mod process;

pub use builder::{Builder, StartError, builder, start};
pub use environment::DebugLevel;
pub use handle::Handle;
pub use sidetone_core as core;
pub use sidetone_core::policy::{Content, Limits};
pub use sidetone_core::scan::Scanner;
pub use sidetone_middleware as middleware;
pub use sidetone_middleware::{ExecuteObserved, Observer, Scope, Scoped, SendObserved, content, identity};
pub use sidetone_otel_export as otel_export;
pub use sidetone_pipeline as pipeline;
pub use sidetone_pipeline::{Counters, Reason, StopError};

/// Host-wide capture.
#[cfg(feature = "ebpf")]
pub use sidetone_ebpf_capture as ebpf;
