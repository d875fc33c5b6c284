//! Totals of a capture, for the line that it ends with.

use std::sync::{Arc, Mutex, PoisonError};

use sidetone::core::event::{Call, Outcome};
use sidetone::pipeline::{Finished, Sink};

/// What was seen, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) calls: u64,
    pub(super) failed: u64,
    pub(super) cancelled: u64,
    pub(super) incomplete: u64,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

impl Totals {
    fn add(&mut self, call: &Call) {
        self.calls += 1;
        match call.outcome {
            Outcome::Completed => {}
            Outcome::Failed(_) => self.failed += 1,
            Outcome::Cancelled => self.cancelled += 1,
            _ => self.incomplete += 1,
        }
        self.input_tokens += call.usage.input.unwrap_or(0);
        self.output_tokens += call.usage.output.unwrap_or(0);
    }
}

/// Counts calls as they pass. Clones count together.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally(Arc<Mutex<Totals>>);

impl Tally {
    pub(super) fn totals(&self) -> Totals {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Tally {
    fn name(&self) -> &'static str {
        "tally"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(&finished.call);
    }
}
