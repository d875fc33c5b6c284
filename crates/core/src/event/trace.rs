//! Identifiers of the W3C trace context, as plain bytes.

/// A trace id (16 bytes, big endian, not all zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

/// A span id (8 bytes, big endian, not all zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

/// The span that a call belongs under. Holds identifiers only: it keeps nothing of the application's alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentSpan {
    /// Its trace.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The trace flags (bit 0: sampled).
    pub flags: u8,
    /// Whether it came from another process.
    pub is_remote: bool,
    /// The `tracestate`, if there is any.
    pub trace_state: Option<Box<str>>,
}
