//! The pipeline itself: what callers, the worker and whoever starts and stops it share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};

use sidetone_core::exchange::RequestHead;

use crate::config::Config;
use crate::counters::{Counters, Reason};
use crate::queue::{Item, Queue};
use crate::sink::{Sink, SinkError};
use crate::tap::{RequestBody, Tap, first_call};
use crate::worker::Worker;

/// How much longer than its deadline a caller waits for the worker's answer.
const ANSWER_SLACK: Duration = Duration::from_millis(100);

/// What is asked of the worker beside the queue.
#[derive(Debug)]
pub(crate) enum Command {
    Flush(Instant, SyncSender<Vec<SinkError>>),
    Stop(Instant, SyncSender<Vec<SinkError>>),
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) queue: Queue,
    pub(crate) counters: Arc<Counters>,
    pub(crate) next_call: AtomicU64,
    pub(crate) commands: Mutex<Vec<Command>>,
    open: AtomicBool,
    /// The worker is gone: whatever is still pushed has nobody to read it.
    pub(crate) finished: AtomicBool,
    worker: OnceLock<Thread>,
}

impl Shared {
    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Relaxed)
    }

    pub(crate) fn wake(&self) {
        if let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }

    /// Queues what was charged for. After the worker is gone it counts what nobody will read.
    pub(crate) fn push(&self, item: Item) {
        if self.queue.push(item).is_err() {
            // The budget admits only what has a place; were it wrong, the loss is at least counted.
            self.counters.add(Reason::PartQueueItems, 1, 0);
        }
        if self.finished.load(Ordering::Acquire) {
            self.count_unread();
        }
    }

    /// Empties the queue once nobody reads it any more, and counts the calls that were told of in it.
    pub(crate) fn count_unread(&self) {
        while let Some(item) = self.queue.pop() {
            if let Item::Open(_, opening) = item {
                let bytes = opening.and_then(|opening| opening.request_body).map_or(0, |body| body.len() as u64);
                self.counters.add(Reason::CallStopped, 1, bytes);
            }
        }
    }
}

/// A running pipeline. Clones are handles to the same one.
#[derive(Debug, Clone)]
pub struct Pipeline {
    shared: Arc<Shared>,
}

/// The pipeline could not be started.
#[derive(Debug, thiserror::Error)]
#[error("the worker thread could not be started: {0}. Is the limit of threads of this process reached (`ulimit -u`)?")]
pub struct StartError(#[from] std::io::Error);

/// Not everything was delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StopError {
    /// Sinks were left with something.
    #[error("not everything was delivered: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Sinks(Vec<SinkError>),
    /// The worker did not answer before the deadline.
    #[error("the worker did not answer before the deadline; what it held is lost or still on its way")]
    Deadline,
}

impl Pipeline {
    /// Starts a pipeline with a worker thread of its own.
    ///
    /// # Errors
    /// If the operating system refuses the thread.
    pub fn start(config: Config, sinks: Vec<Box<dyn Sink>>, counters: Arc<Counters>) -> Result<Self, StartError> {
        let (pipeline, worker) = Self::unattended(config, sinks, counters);
        let thread = std::thread::Builder::new().name("sidetone".into()).spawn(move || worker.run())?;
        let _ = pipeline.shared.worker.set(thread.thread().clone());
        Ok(pipeline)
    }

    /// A pipeline without a thread: whoever holds the [`Worker`] calls [`Worker::drain`]. For benches and tests that
    /// must repeat exactly.
    #[must_use]
    pub fn unattended(config: Config, sinks: Vec<Box<dyn Sink>>, counters: Arc<Counters>) -> (Self, Worker) {
        let shared = Arc::new(Shared {
            queue: Queue::new(config.queue_items, config.queue_bytes),
            counters,
            next_call: first_call(),
            commands: Mutex::default(),
            open: AtomicBool::new(true),
            finished: AtomicBool::new(false),
            worker: OnceLock::new(),
        });
        let worker = Worker::new(Arc::clone(&shared), config, sinks);
        (Self { shared }, worker)
    }

    /// Whether calls are observed; `false` after [`stop`](Self::stop).
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.shared.is_open()
    }

    /// Begins to report a call that started at `started`; `None` if it must be dropped whole, which has been counted,
    /// or observation is stopped.
    #[must_use]
    pub fn begin(&self, request: RequestHead, body: RequestBody, started: Instant) -> Option<Tap> {
        Tap::begin(&self.shared, request, body, started)
    }

    /// What was counted.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.shared.counters
    }

    /// Delivers every call that has ended so far. Blocks, at most for `timeout`.
    ///
    /// # Errors
    /// When something is left undelivered.
    pub fn flush(&self, timeout: Duration) -> Result<(), StopError> {
        self.ask(timeout, Command::Flush)
    }

    /// Ends observation: calls are passed by from now on, those under way are emitted with what is known, sinks are
    /// shut down. Blocks, at most for `timeout`. Stopping twice does nothing.
    ///
    /// # Errors
    /// When something is left undelivered; it has been counted.
    pub fn stop(&self, timeout: Duration) -> Result<(), StopError> {
        if !self.shared.open.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        self.ask(timeout, Command::Stop)
    }

    fn ask(
        &self,
        timeout: Duration,
        command: fn(Instant, SyncSender<Vec<SinkError>>) -> Command,
    ) -> Result<(), StopError> {
        if self.shared.finished.load(Ordering::Acquire) {
            return Ok(());
        }
        let (answer, answered) = sync_channel(1);
        let deadline = Instant::now() + timeout;
        self.shared.commands.lock().unwrap_or_else(PoisonError::into_inner).push(command(deadline, answer));
        self.shared.wake();
        match answered.recv_timeout(timeout + ANSWER_SLACK) {
            Ok(errors) if errors.is_empty() => Ok(()),
            Ok(errors) => Err(StopError::Sinks(errors)),
            Err(RecvTimeoutError::Timeout) => Err(StopError::Deadline),
            // The worker finished before it saw the command: nothing was left to do.
            Err(RecvTimeoutError::Disconnected) => Ok(()),
        }
    }
}
