//! Spans that have to exist before their call is sent, because their id goes on the wire.
//!
//! Only for hosts that `traceparent` is injected for; every other span is made by a sink, on the worker, when the call
//! has ended.

use std::any::Any;
use std::fmt::Debug;
use std::time::SystemTime;

use http::HeaderMap;
use sidetone_core::event::{Operation, ParentSpan, Server};

/// What is known of a call when its span starts.
pub struct SpanStart<'a> {
    /// What is asked for.
    pub operation: Operation,
    /// Where it goes.
    pub server: &'a Server,
    /// When.
    pub time: SystemTime,
    /// The span it belongs under.
    pub parent: Option<&'a ParentSpan>,
}

impl Debug for SpanStart<'_> {
    /// Without the names in it (host, trace state): no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpanStart")
            .field("operation", &self.operation)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}

/// Starts spans on the caller's path.
pub trait SpanStarter: Send + Sync + Debug {
    /// Starts a span; sampling is decided here.
    fn start(&self, start: &SpanStart<'_>) -> Box<dyn StartedSpan>;
}

/// A span that was started on the caller's path and is ended by a sink.
pub trait StartedSpan: Any + Send + Sync + Debug {
    /// Writes the trace context of this span into the headers of the request (`traceparent`, `tracestate`).
    fn inject(&self, headers: &mut HeaderMap);

    /// Itself, for the sink that made it.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}
