//! The metric points of a call.

use std::time::Duration;

use super::super::names;
use super::super::{Instrument, Measure, Metrics, Point, Value};
use super::list::List;
use super::{Words, span};
use crate::event::{Call, Operation, Outcome, Side};

const DURATION: usize = 0;
const TOKENS: usize = 1;
const FIRST_CHUNK: usize = 2;

/// Buckets of times in seconds. Source: semantic-conventions v1.30.0, `gen_ai.client.operation.duration`.
pub(in crate::dialect) const SECONDS: &[f64] =
    &[0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

/// Buckets of token counts. Source: semantic-conventions v1.30.0, `gen_ai.client.token.usage`.
pub(in crate::dialect) const COUNTS: &[f64] = &[
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16384.0,
    65536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// The histograms. Descriptions of the first two as the peer writes them, of the third as the newer conventions do.
///
/// `gen_ai.client.operation.time_per_output_chunk` is left out: the convention wants a point for each chunk, and a call
/// keeps the first, the last and their number. Their mean is on the span, as `sidetone.time_per_output_chunk`.
pub(in crate::dialect) static INSTRUMENTS: &[Instrument] = &[
    Instrument {
        name: names::GEN_AI_CLIENT_OPERATION_DURATION,
        unit: "s",
        description: "Duration of GenAI client operation",
        bounds: SECONDS,
        is_integer: false,
    },
    Instrument {
        name: names::GEN_AI_CLIENT_TOKEN_USAGE,
        unit: "{token}",
        description: "Number of input and output tokens used by GenAI clients",
        bounds: COUNTS,
        is_integer: true,
    },
    Instrument {
        name: names::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK,
        unit: "s",
        description: "Time to receive the first chunk, measured from when the client issues the generation request to when \
                      the first chunk is received in the response stream.",
        bounds: SECONDS,
        is_integer: false,
    },
];

/// The points of a call. A served one has none: the histograms are of clients.
pub(in crate::dialect) fn of<W: Words>(call: &Call) -> Metrics<'_> {
    if call.side == Side::Server {
        return Metrics { attributes: Vec::new(), points: Vec::new() };
    }
    Metrics { attributes: attributes::<W>(call), points: points(call) }
}

fn attributes<W: Words>(call: &Call) -> Vec<(&'static str, Value<'_>)> {
    // One place more than are filled: a sink adds a point's own attribute to this list.
    let mut list = List(Vec::with_capacity(13));
    list.0.push((names::GEN_AI_OPERATION_NAME, Value::from(&call.operation)));
    list.0.push(W::provider(call));
    list.text(names::GEN_AI_REQUEST_MODEL, call.request.model.as_deref());
    list.text(names::GEN_AI_RESPONSE_MODEL, call.response.model.as_deref());
    list.text(W::RESPONSE_SERVICE_TIER, call.response.service_tier.as_deref());
    list.text(W::RESPONSE_SYSTEM_FINGERPRINT, call.response.system_fingerprint.as_deref());
    list.text(names::SERVER_ADDRESS, span::known(&call.server.address));
    list.int(names::SERVER_PORT, span::port(call));
    if let Outcome::Failed(failure) = &call.outcome {
        list.0.push((names::ERROR_TYPE, W::error(&failure.class)));
    }
    if W::METRICS_HAVE_DIMENSIONS {
        // The peer puts the dimensions that were asked for here, never those that came.
        let asked = call.request.embeddings.as_ref().and_then(|embeddings| embeddings.dimensions);
        list.int(names::GEN_AI_EMBEDDINGS_DIMENSION_COUNT, asked);
    }
    list.text(names::GEN_AI_AGENT_ID, call.identity.agent_id.as_deref());
    list.text(names::SIDETONE_APP_NAME, call.identity.app_name.as_deref());
    list.0
}

fn points(call: &Call) -> Vec<Point<'static>> {
    let Call { usage, timing, .. } = call;
    let mut points = Vec::with_capacity(5);
    let mut point = |instrument, value, own| points.push(Point { instrument, value, own });
    let mut time = |instrument, time: Duration| point(instrument, Measure::Time(time), None);
    if call.outcome != Outcome::Unobserved {
        time(DURATION, timing.total);
    }
    if let Some(first) = timing.first_chunk {
        time(FIRST_CHUNK, first);
    }
    if let Some(count) = usage.input {
        point(TOKENS, Measure::Count(count), Some((names::GEN_AI_TOKEN_TYPE, Value::Static("input"))));
    }
    if let Some(count) = usage.output.filter(|_| call.operation != Operation::Embeddings) {
        point(TOKENS, Measure::Count(count), Some((names::GEN_AI_TOKEN_TYPE, Value::Static("output"))));
    }
    points
}
