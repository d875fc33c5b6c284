//! Spans that start on the caller's path, because their id goes on the wire.

use std::any::Any;
use std::str::FromStr;

use http::{HeaderMap, HeaderValue};
use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState, Tracer,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};
use sidetone_core::dialect::names;
use sidetone_core::event::ParentSpan;
use sidetone_pipeline::span::{SpanStart, SpanStarter, StartedSpan};

/// Starts spans with the tracer of an [`OtelSink`](crate::OtelSink), which ends them.
#[derive(Debug)]
pub struct OtelSpanStarter {
    pub(crate) tracer: SdkTracer,
}

impl SpanStarter for OtelSpanStarter {
    fn start(&self, start: &SpanStart<'_>) -> Box<dyn StartedSpan> {
        // What the conventions want a sampler to see and is known before the body is read. The sink completes them.
        let attributes = vec![
            KeyValue::new(names::GEN_AI_OPERATION_NAME, start.operation.name()),
            KeyValue::new(names::SERVER_ADDRESS, String::from(&*start.server.address)),
        ];
        let mut builder = SpanBuilder::from_name(start.operation.name());
        builder.span_kind = Some(SpanKind::Client);
        builder.start_time = Some(start.time);
        builder.attributes = Some(attributes);
        let span = self.tracer.build_with_context(builder, &context(start.parent));
        Box::new(Started { span })
    }
}

#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) span: Span,
}

impl StartedSpan for Started {
    /// Source: <https://www.w3.org/TR/trace-context/#traceparent-header>
    fn inject(&self, headers: &mut HeaderMap) {
        let context = opentelemetry::trace::Span::span_context(&self.span);
        if !context.is_valid() {
            return;
        }
        let flags = context.trace_flags().to_u8();
        let parent = format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id());
        if let Ok(value) = HeaderValue::from_str(&parent) {
            headers.insert("traceparent", value);
        }
        let state = context.trace_state().header();
        match HeaderValue::from_str(&state) {
            Ok(value) if !state.is_empty() => {
                headers.insert("tracestate", value);
            }
            _ => {}
        }
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// Whether a span that was started early has that attribute already: the SDK would keep it twice.
pub(crate) fn has_already(name: &str) -> bool {
    [names::GEN_AI_OPERATION_NAME, names::SERVER_ADDRESS].contains(&name)
}

/// The context of a parent, or an empty one: never the thread's current one, which is the worker's.
pub(crate) fn context(parent: Option<&ParentSpan>) -> Context {
    match parent {
        Some(parent) => Context::new().with_remote_span_context(span_context(parent)),
        None => Context::new(),
    }
}

pub(crate) fn span_context(parent: &ParentSpan) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(parent.trace_id.0),
        SpanId::from_bytes(parent.span_id.0),
        TraceFlags::new(parent.flags),
        parent.is_remote,
        parent.trace_state.as_deref().and_then(|state| TraceState::from_str(state).ok()).unwrap_or_default(),
    )
}
