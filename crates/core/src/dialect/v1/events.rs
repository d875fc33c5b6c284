//! The events of a span: attempts that failed, the chunks of a stream whose times are known, and why the call failed.

use super::super::names::{self, traceloop as own};
use super::super::shared::list::List;
use super::super::shared::{Words as _, span};
use super::super::{Latest, SpanEvent, V2};
use super::RESPONSES;
use crate::event::{Call, Operation, Outcome, Text};

/// The events of a call's span.
pub(super) fn of(call: &Call) -> Vec<SpanEvent<'_>> {
    let timing = &call.timing;
    let mut events: Vec<_> = call.attempts.iter().map(|attempt| span::event::<V2>(call, attempt)).collect();
    // The package has an event for each chunk of a chat; a call keeps the times of the first, and of the last with output.
    if call.operation == Operation::Chat && call.surface != RESPONSES {
        let last = timing.last_chunk.filter(|_| timing.output_chunks.is_some_and(|count| count > 1));
        let times = timing.first_chunk.into_iter().chain(last);
        events.extend(times.map(|time| SpanEvent {
            name: own::LLM_CONTENT_COMPLETION_CHUNK,
            time: timing.start + time,
            attributes: Vec::new(),
        }));
    }
    if let Outcome::Failed(failure) = &call.outcome {
        // The exceptions of the OpenAI SDK, with the module that they are in.
        let mut list = List(vec![(names::EXCEPTION_TYPE, Latest::error(&failure.class))]);
        list.text(names::EXCEPTION_MESSAGE, failure.message.as_ref().and_then(Text::as_str));
        events.push(SpanEvent { name: names::EXCEPTION, time: timing.start + timing.total, attributes: list.0 });
    }
    events
}
