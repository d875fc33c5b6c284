//! A call as a line of a terminal shows it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone::core::event::{Call, Outcome, Process, Side};

/// A call as a line shows it: facts of the event, nothing of the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seen {
    pub(crate) start: SystemTime,
    pub(crate) process: Option<Arc<Process>>,
    pub(crate) is_served: bool,
    pub(crate) operation: String,
    pub(crate) model: Option<String>,
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) latency: Duration,
    pub(crate) first_token: Option<Duration>,
    pub(crate) ending: Ending,
}

/// How it ended, and what is worth saying about it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    Completed { retries: usize, finish: Option<String> },
    Failed { class: String, status: Option<u16>, retries: usize },
    Cancelled { chunks: u64 },
    Incomplete { bytes: u64 },
    Unobserved,
}

impl Seen {
    pub(crate) fn of(call: &Call) -> Self {
        let mut operation = call.operation.as_str().to_owned();
        if call.surface.ends_with(".responses") {
            operation = "responses".to_owned();
        }
        for (is_so, word) in [(call.response.is_stream, " stream"), (!call.request.tools.is_empty(), " tools")] {
            if is_so {
                operation.push_str(word);
            }
        }
        let retries = call.attempts.len();
        let ending = match &call.outcome {
            Outcome::Completed => {
                let finish = call.response.choices.first().and_then(|choice| choice.finish_reason.as_deref());
                Ending::Completed { retries, finish: finish.map(str::to_owned) }
            }
            Outcome::Failed(failure) => {
                Ending::Failed { class: failure.class.as_str().to_owned(), status: call.response.status, retries }
            }
            Outcome::Cancelled => Ending::Cancelled { chunks: call.timing.output_chunks.unwrap_or(0) },
            Outcome::Unobserved => Ending::Unobserved,
            _ => Ending::Incomplete { bytes: call.incomplete.lost_bytes + call.incomplete.over_limit_bytes },
        };
        Self {
            start: call.timing.start,
            process: call.process.clone(),
            is_served: call.side == Side::Server,
            operation,
            model: call.request.model.as_deref().map(str::to_owned),
            input: call.usage.input,
            output: call.usage.output,
            latency: call.timing.total,
            first_token: call.timing.first_output,
            ending,
        }
    }
}
