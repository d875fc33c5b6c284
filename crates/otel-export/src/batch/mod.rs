//! Bounded queues in front of exporters, one thread each, in which every item is delivered or counted.
//!
//! The SDK's batch processors keep the number of what they drop to themselves, bound their queue by items only (a queue of
//! 2,048 log events with content may be hundreds of megabytes, and one batch of them more than a receiver takes), and wait for
//! a hanging exporter for as long as it hangs. So there are processors here instead of wrappers around those: a queue that is
//! bounded by items and bytes, batches that are bounded by both, flush and stop that keep a deadline. The invariant, which a
//! test holds: offered = delivered + counted.

mod logs;
mod queue;
mod size;
mod spans;

pub(crate) use logs::{Log, LogQueue};
pub(crate) use queue::{Delivery, Export, Queue, Settings};
pub(crate) use spans::SpanQueue;
