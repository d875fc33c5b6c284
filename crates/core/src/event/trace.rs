//! Identifiers of the W3C trace context, as plain bytes.

/// A trace id (16 bytes, big endian, not all zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId(pub [u8; 16]);

impl std::fmt::Display for TraceId {
    /// As W3C writes it: 32 digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A span id (8 bytes, big endian, not all zero).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanId(pub [u8; 8]);

impl std::fmt::Display for SpanId {
    /// As W3C writes it: 16 digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

/// The ids of a call's own span, where they were given before the span is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnSpan {
    /// Its trace: the parent's, if it has one.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_written_with_all_their_digits() {
        // The example of <https://www.w3.org/TR/trace-context/#examples-of-http-traceparent-headers>.
        let trace = [0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36];
        assert_eq!(TraceId(trace).to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(SpanId([0x00, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7]).to_string(), "00f067aa0ba902b7");
    }
}
