//! What is read of the caller's OpenTelemetry context.

use opentelemetry::Context;
use opentelemetry::baggage::Baggage;
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceState};
use sidetone_core::event::{ParentSpan, SpanId, TraceId};
use sidetone_core::policy::Scope;

/// What the caller's context says.
#[derive(Default)]
pub(crate) struct Current {
    /// The span.
    pub(crate) parent: Option<ParentSpan>,
    /// On whose behalf, by its baggage.
    pub(crate) baggage: Option<Scope>,
}

/// What is current for the caller. `Err` where telemetry is suppressed: an exporter is at work.
///
/// Only identifiers are taken. Holding the context would keep the caller's span from ending.
pub(crate) fn current() -> Result<Current, Suppressed> {
    Context::map_current(|context| {
        if context.is_telemetry_suppressed() {
            return Err(Suppressed);
        }
        let parent = if context.has_active_span() { parent_of(context.span().span_context()) } else { None };
        let baggage = context.get::<Baggage>();
        let baggage = baggage.and_then(|baggage| Scope::of_baggage(|key| baggage.get(key).map(|id| id.as_str())));
        Ok(Current { parent, baggage })
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
