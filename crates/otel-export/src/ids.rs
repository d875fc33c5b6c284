//! The ids of spans: chosen at random, unless those of the next span were given before it is made.
//!
//! The SDK takes ids from its generator only (0.33), and asks it on the thread that makes the span. So ids are laid there.

use std::cell::Cell;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};
use sidetone_core::event::OwnSpan;

thread_local! {
    static NEXT: Cell<Option<OwnSpan>> = const { Cell::new(None) };
}

/// The spans that this thread makes while this is held have these ids.
#[must_use]
pub(crate) fn give(ids: OwnSpan) -> Given {
    NEXT.set(Some(ids));
    Given(())
}

/// Ids are given for as long as it lives.
#[derive(Debug)]
pub(crate) struct Given(());

impl Drop for Given {
    fn drop(&mut self) {
        NEXT.set(None);
    }
}

/// Takes the ids that were given, else random ones.
#[derive(Debug, Default)]
pub(crate) struct Ids(RandomIdGenerator);

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        NEXT.get().map_or_else(|| self.0.new_trace_id(), |ids| TraceId::from_bytes(ids.trace_id.0))
    }

    fn new_span_id(&self) -> SpanId {
        NEXT.get().map_or_else(|| self.0.new_span_id(), |ids| SpanId::from_bytes(ids.span_id.0))
    }
}
