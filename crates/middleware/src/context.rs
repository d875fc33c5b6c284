//! What is read of the caller's OpenTelemetry context.

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use sidetone_core::event::{ParentSpan, SpanId, TraceId};

/// The span that is current for the caller. `Err` where telemetry is suppressed: an exporter is at work.
///
/// Only its identifiers are taken. Holding the context would keep the caller's span from ending.
pub(crate) fn parent() -> Result<Option<ParentSpan>, Suppressed> {
    Context::map_current(|context| {
        if context.is_telemetry_suppressed() {
            return Err(Suppressed);
        }
        if !context.has_active_span() {
            return Ok(None);
        }
        Ok(parent_of(context.span().span_context()))
    })
}

/// No telemetry may be made of what happens here.
pub(crate) struct Suppressed;

fn parent_of(span: &SpanContext) -> Option<ParentSpan> {
    span.is_valid().then(|| ParentSpan {
        trace_id: TraceId(span.trace_id().to_bytes()),
        span_id: SpanId(span.span_id().to_bytes()),
        flags: span.trace_flags().to_u8(),
        is_remote: span.is_remote(),
        trace_state: (*span.trace_state() != TraceState::NONE)
            .then(|| span.trace_state().header())
            .filter(|state| !state.is_empty())
            .map(String::into_boxed_str),
    })
}
