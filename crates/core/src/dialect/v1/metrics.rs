//! The metric points of a call.

use super::super::names::{self, traceloop as own};
use super::super::shared::list::List;
use super::super::shared::{Words as _, metrics, span};
use super::super::{Attribute, Instrument, Measure, Metrics, Point, V2, Value};
use crate::event::{Call, Operation, Outcome, Side};

const DURATION: usize = 0;
const TOKENS: usize = 1;
const CHOICES: usize = 2;
const EXCEPTIONS: usize = 3;
const FIRST_TOKEN: usize = 4;
const GENERATION: usize = 5;
const VECTOR_SIZE: usize = 6;
const EMBEDDINGS_EXCEPTIONS: usize = 7;

/// A histogram of times.
const fn seconds(name: &'static str, description: &'static str) -> Instrument {
    Instrument { name, unit: "s", description, bounds: metrics::SECONDS, is_integer: false }
}

const fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Instrument {
    Instrument { name, unit, description, bounds: Instrument::COUNTER, is_integer: true }
}

/// The package's instruments and their descriptions, with the conventions' buckets and unit of tokens: it leaves buckets to its
/// SDK, whose default puts every call into the first.
pub(super) static INSTRUMENTS: &[Instrument] = &[
    seconds(names::GEN_AI_CLIENT_OPERATION_DURATION, "GenAI operation duration"),
    Instrument {
        name: names::GEN_AI_CLIENT_TOKEN_USAGE,
        unit: "{token}",
        description: "Measures number of input and output tokens used",
        bounds: metrics::COUNTS,
        is_integer: true,
    },
    counter(names::GEN_AI_CLIENT_GENERATION_CHOICES, "choice", "Number of choices returned by chat completions call"),
    counter(
        own::LLM_OPENAI_CHAT_COMPLETIONS_EXCEPTIONS,
        "time",
        "Number of exceptions occurred during chat completions",
    ),
    seconds(names::GEN_AI_SERVER_TIME_TO_FIRST_TOKEN, "Time to first token in streaming chat completions"),
    seconds(
        own::LLM_CHAT_COMPLETIONS_STREAMING_TIME_TO_GENERATE,
        "Time between first token and completion in streaming chat completions",
    ),
    counter(own::LLM_OPENAI_EMBEDDINGS_VECTOR_SIZE, "element", "The size of returned vector"),
    counter(own::LLM_OPENAI_EMBEDDINGS_EXCEPTIONS, "time", "Number of exceptions occurred during embeddings operation"),
];

/// The points of a call. A served one has none: the instruments are of clients. Nor has a step, whose calls have their own.
pub(super) fn of(call: &Call) -> Metrics<'_> {
    if call.side == Side::Server || !call.operation.is_call() {
        return Metrics { attributes: Vec::new(), points: Vec::new() };
    }
    Metrics { attributes: attributes(call), points: points(call) }
}

fn attributes(call: &Call) -> Vec<Attribute<'_>> {
    // One place more than are filled: a sink adds a point's own attribute to this list.
    let mut list = List(Vec::with_capacity(11));
    list.0.push((names::GEN_AI_OPERATION_NAME, Value::from(&call.operation)));
    list.0.push(V2::provider(call));
    list.text(names::GEN_AI_REQUEST_MODEL, call.request.model.as_deref());
    list.text(names::GEN_AI_RESPONSE_MODEL, call.response.model.as_deref());
    list.text(names::SERVER_ADDRESS, span::known(&call.server.address));
    list.int(names::SERVER_PORT, span::port(call));
    list.0.push((own::STREAM, Value::Bool(call.request.stream.unwrap_or(call.response.is_stream))));
    if let Outcome::Failed(failure) = &call.outcome {
        list.0.push((names::ERROR_TYPE, V2::error(&failure.class)));
    }
    list.text(names::GEN_AI_AGENT_ID, call.identity.agent_id.as_deref());
    list.text(names::SIDETONE_APP_NAME, call.identity.app_name.as_deref());
    list.0
}

fn points(call: &Call) -> Vec<Point<'_>> {
    let Call { usage, timing, response, .. } = call;
    let is_embedding = call.operation == Operation::Embeddings;
    let mut points = Vec::with_capacity(6);
    let mut point = |instrument, value, own| points.push(Point { instrument, value, own });
    if call.outcome != Outcome::Unobserved {
        point(DURATION, Measure::Time(timing.total), None);
    }
    let kind = |kind| Some((names::GEN_AI_TOKEN_TYPE, Value::Static(kind)));
    if let Some(count) = usage.input {
        point(TOKENS, Measure::Count(count), kind("input"));
    }
    if let Some(count) = usage.output.filter(|_| !is_embedding) {
        point(TOKENS, Measure::Count(count), kind("output"));
    }
    for choice in &response.choices {
        let reason = choice.finish_reason.as_ref().map(|reason| (own::LLM_RESPONSE_FINISH_REASON, Value::from(reason)));
        point(CHOICES, Measure::Count(1), reason);
    }
    if let Some(first) = timing.first_output {
        point(FIRST_TOKEN, Measure::Time(first), None);
        if call.outcome == Outcome::Completed {
            point(GENERATION, Measure::Time(timing.total.saturating_sub(first)), None);
        }
    }
    if let Some(dimensions) = response.embedding_dimensions {
        point(VECTOR_SIZE, Measure::Count(dimensions), None);
    }
    if matches!(call.outcome, Outcome::Failed(_)) {
        let counter = if is_embedding { EMBEDDINGS_EXCEPTIONS } else { EXCEPTIONS };
        point(counter, Measure::Count(1), None);
    }
    points
}
