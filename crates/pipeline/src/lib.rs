//! The way from observed calls to sinks: a bounded queue, one worker thread, counters.
//!
//! ```text
//!  caller's tasks                 queue                    worker thread "sidetone"
//!  Tap ── parts ──→  [ items ≤ N, bytes ≤ M ]  ──→  Exchange per call ──→ Call ──→ sink, sink, …
//! ```
//!
//! What it promises:
//! - A caller never waits: a part is queued or it is counted under the [`Reason`] that it was not.
//! - It is bounded, in items and in bytes held. A teed slice is charged what it keeps alive, not what it shows.
//! - A call whose start doesn't fit is dropped whole. The end of one that did start always fits: its place is
//!   reserved at the start. One that lost a part in between is emitted with what is known, marked incomplete.
//! - Parsing, policy and export run on the one worker thread, which needs no async runtime and outlives any.
//!
//! ```
//! use std::time::Duration;
//! use sidetone_pipeline::{Config, Pipeline};
//!
//! let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
//! assert!(pipeline.is_open());
//! pipeline.stop(Duration::from_secs(1))?;
//! assert!(!pipeline.is_open());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod config;
mod counters;
mod json_lines;
mod pipeline;
mod queue;
mod sink;
pub mod span;
mod tap;
pub mod warn;
mod worker;

pub use config::Config;
pub use counters::{Counters, Reason};
pub use json_lines::JsonLines;
pub use pipeline::{Pipeline, StartError, StopError};
pub use sink::{Finished, Sink, SinkError};
pub use tap::{RequestBody, RequestTap, Tap};
pub use worker::Worker;
