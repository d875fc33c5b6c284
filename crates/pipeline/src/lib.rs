//! The way from observed calls to sinks: a bounded queue, one worker thread, counters.
#![forbid(unsafe_code)]

mod counters;
mod sink;
pub mod span;

pub use counters::{Counters, Reason};
pub use sink::{Finished, Sink, SinkError};
