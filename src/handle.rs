//! A running observation.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use sidetone_middleware::Observer;
use sidetone_pipeline::{Counters, StopError};

/// A running observation: makes the parts that observe clients, and ends with the last of its clones.
///
/// It derefs to [`Observer`], whose methods make the middleware, layers and clients:
/// [`client`](Observer::client), [`middleware`](Observer::middleware), and more with the features `async-openai` and
/// `rig`. After [`stop`](Self::stop), or when the last clone is dropped, what they made passes calls through untouched.
#[derive(Debug, Clone)]
pub struct Handle(Arc<Running>);

#[derive(Debug)]
struct Running {
    observer: Observer,
    stop_timeout: Duration,
}

impl Handle {
    pub(crate) fn new(observer: Observer, stop_timeout: Duration) -> Self {
        Self(Arc::new(Running { observer, stop_timeout }))
    }

    /// What makes the parts. May outlive the handle.
    #[must_use]
    pub fn observer(&self) -> &Observer {
        &self.0.observer
    }

    /// Delivers every call that has ended so far. Blocks, at most for `timeout`.
    ///
    /// # Errors
    /// When something is left undelivered.
    pub fn flush(&self, timeout: Duration) -> Result<(), StopError> {
        self.0.observer.pipeline().flush(timeout)
    }

    /// Ends observation and delivers what was seen. Blocks, at most for `timeout`; works from sync and async code, also
    /// after a runtime has shut down. Stopping twice does nothing; [`start`](crate::start) may be called again.
    ///
    /// # Errors
    /// When something is left undelivered; it has been counted in [`counters`](Self::counters).
    pub fn stop(&self, timeout: Duration) -> Result<(), StopError> {
        self.0.observer.pipeline().stop(timeout)
    }

    /// What was dropped or skipped, by reason. Exported as `sidetone.dropped`, too.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        self.0.observer.pipeline().counters()
    }
}

impl Deref for Handle {
    type Target = Observer;

    fn deref(&self) -> &Observer {
        &self.0.observer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // What is left has been counted and warned about by whoever left it; there is nobody to tell here.
        let _ = self.observer.pipeline().stop(self.stop_timeout);
    }
}
