//! Where finished calls go.

use std::time::Instant;

use sidetone_core::event::Call;

use crate::span::StartedSpan;

/// A finished call on its way to the sinks.
#[derive(Debug)]
pub struct Finished {
    /// The call.
    pub call: Call,
    /// The span that was already started for it on the caller's path, if any; the sink that ends it takes it.
    pub span: Option<Box<dyn StartedSpan>>,
}

/// A destination of finished calls. All methods run on the pipeline's worker thread, in order.
pub trait Sink: Send {
    /// Its name, for diagnostics.
    fn name(&self) -> &'static str;

    /// Takes a call. Must not wait: a sink that exports queues, and counts what its own queue drops in the
    /// [`Counters`](crate::Counters) it was made with.
    fn call(&mut self, finished: &mut Finished);

    /// Delivers what it holds, by `deadline`.
    ///
    /// # Errors
    /// When something is left undelivered.
    fn flush(&mut self, deadline: Instant) -> Result<(), SinkError> {
        let _ = deadline;
        Ok(())
    }

    /// Delivers what it holds and lets go of everything, by `deadline`. Nothing is called after it.
    ///
    /// # Errors
    /// When something is left undelivered.
    fn shutdown(&mut self, deadline: Instant) -> Result<(), SinkError> {
        self.flush(deadline)
    }
}

/// A sink could not deliver all that it holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sink}: {what}")]
pub struct SinkError {
    /// The sink's name.
    pub sink: &'static str,
    /// What is left, and why.
    pub what: String,
}
