//! A call as the table shows it, and the sink that gives it there.

use std::sync::mpsc::Sender;
use std::time::{Duration, SystemTime};

use sidetone::core::event::{Call, Outcome};
use sidetone::pipeline::{Finished, Sink};

use super::News;

/// A call as the table shows it: facts of the event, nothing of the client.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    pub(super) start: SystemTime,
    pub(super) operation: String,
    pub(super) model: Option<String>,
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
    pub(super) latency: Duration,
    pub(super) first_token: Option<Duration>,
    pub(super) ending: Ending,
}

/// How it ended, and what is worth saying about it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ending {
    Completed { retries: usize, finish: Option<String> },
    Failed { class: &'static str, status: Option<u16>, retries: usize },
    Cancelled { chunks: u64 },
    Unobserved,
}

impl Seen {
    fn of(call: &Call) -> Self {
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
                Ending::Failed { class: failure.class.as_str(), status: call.response.status, retries }
            }
            Outcome::Cancelled => Ending::Cancelled { chunks: call.timing.output_chunks.unwrap_or(0) },
            _ => Ending::Unobserved,
        };
        Self {
            start: call.timing.start,
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

/// Gives each call to the table.
pub(super) struct Tell(pub(super) Sender<News>);

impl Sink for Tell {
    fn name(&self) -> &'static str {
        "table"
    }

    fn call(&mut self, finished: &mut Finished) {
        // Nobody looks any more when this fails.
        let _ = self.0.send(News::Seen(Box::new(Seen::of(&finished.call))));
    }
}
