//! Dialect `posthog`: the events that PostHog's Python package `posthog` 7.91.1 captures around OpenAI's SDK (`posthog.ai.openai`),
//! and right where that package is wrong.
//!
//! An event is told as a span: the span's name is the event's (`$ai_generation`), the attributes are the properties. Properties that
//! PostHog has as lists and maps are such values; on a span of the SDK they are JSON text ([`PostHog::is_structured`]). What stands
//! beside an event's properties is not among them: its `uuid` is [`PostHog::uuid`] of the span's ids, its `distinct_id` the user
//! ([`POSTHOG_DISTINCT_ID`](super::names::posthog::POSTHOG_DISTINCT_ID)) or else the trace's id, its `timestamp` the span's end.
//!
//! What PostHog's receivers understand and the package doesn't send is added: the ids of trace, span and parent, the session, a name,
//! the time to the first token. What has no name in PostHog is under `sidetone.*`. With content off there are no messages, and of
//! tools the names alone.

mod facts;
mod media;
mod messages;
mod parameters;
mod read;
mod uuid;

pub(super) use read::Reader;

use super::names::posthog as ph;
use super::shared::{RESPONSES, kept, span};
use super::{ContentPlace, Dialect, Instrument, Latest, Metrics, Span, Telemetry};
use crate::event::{Call, Operation, SpanId, TraceId};

/// The dialect.
#[derive(Debug, Clone, Copy)]
pub struct PostHog;

impl PostHog {
    /// The `uuid` of the event that a span is told as: always the same one, so that an event that is sent again is the same event.
    ///
    /// ```
    /// use sidetone_core::dialect::PostHog;
    /// use sidetone_core::event::{SpanId, TraceId};
    ///
    /// let (trace, span) = (TraceId([0x4b; 16]), SpanId([0x7a; 8]));
    /// assert_eq!(PostHog::uuid(trace, span), PostHog::uuid(trace, span));
    /// assert_eq!(PostHog::uuid(trace, span).len(), 36);
    /// ```
    #[must_use]
    pub fn uuid(trace: TraceId, span: SpanId) -> String {
        // So did PostHog's first receiver of OpenTelemetry.
        uuid::v5(&format!("{trace}:{span}"))
    }

    /// Whether a property of that name is a list or a map. On a span of the SDK it is JSON text.
    #[must_use]
    pub fn is_structured(property: &str) -> bool {
        ph::POSTHOG.iter().any(|(name, kind)| *name == property && matches!(*kind, "list" | "map"))
    }
}

impl Dialect for PostHog {
    fn name(&self) -> &'static str {
        "posthog"
    }

    fn schema_url(&self) -> &'static str {
        // There is none.
        ""
    }

    fn instruments(&self) -> &'static [Instrument] {
        &[]
    }

    fn with_content_in(&self, _: ContentPlace) -> &'static dyn Dialect {
        &Self
    }

    fn project<'a>(&self, call: &'a Call) -> Telemetry<'a> {
        let mut attributes = facts::of(call);
        messages::add(&mut attributes, call, kept::is_kept(call));
        // What was read of another's event may have names that are told here.
        let mut kept = span::attributes_kept(call);
        kept.retain(|(name, _)| attributes.0.iter().all(|(told, _)| told != name));
        let span = Span {
            name: event(call).into(),
            side: call.side,
            start: call.timing.start,
            end: call.timing.start + call.timing.total,
            status: span::status(&call.outcome, call.response.status),
            attributes: attributes.0,
            indexed: kept,
            events: call.attempts.iter().map(|attempt| span::event::<Latest>(call, attempt)).collect(),
        };
        Telemetry { span, logs: Vec::new(), metrics: Metrics { attributes: Vec::new(), points: Vec::new() } }
    }
}

/// The event's name. A call stays a generation where nothing is above it, too.
fn event(call: &Call) -> &'static str {
    match &call.operation {
        Operation::Embeddings => ph::AI_EMBEDDING,
        operation if operation.is_call() => ph::AI_GENERATION,
        _ if call.parent.is_none() => ph::AI_TRACE,
        _ => ph::AI_SPAN,
    }
}
