//! A bounded queue with a thread that exports what is in it.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry::Context;
use sidetone_pipeline::warn::{Cause, once_a_minute};
use sidetone_pipeline::{Counters, Reason};

/// What is exported in one go is at most this many bytes, whatever its number of items. A single item may be larger.
const BATCH_BYTES: usize = 4 << 20;

/// How much waits, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Most items that wait or are being exported.
    pub(crate) items: usize,
    /// Most bytes that they hold, by estimate.
    pub(crate) bytes: usize,
    /// Most items exported in one go.
    pub(crate) batch: usize,
    /// How long an item waits for others.
    pub(crate) delay: Duration,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// The backend has it, but for this many items that it says it refused.
    Accepted { refused: u64 },
    /// It could not be delivered, and why.
    Failed(String),
}

/// Where batches go. Runs on the queue's thread and may take its time.
pub(crate) trait Export<T>: Send {
    fn export(&mut self, batch: Vec<T>) -> Delivery;
}

impl<T, E: Export<T> + ?Sized> Export<T> for Box<E> {
    fn export(&mut self, batch: Vec<T>) -> Delivery {
        (**self).export(batch)
    }
}

/// The causes that the losses of one signal are counted and warned about under.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Losses {
    /// One word for the items, for warnings.
    pub(crate) what: &'static str,
    pub(crate) full: Reason,
    pub(crate) failed: Reason,
    pub(crate) left: Reason,
    pub(crate) cause: Cause,
}

#[derive(Debug)]
struct State<T> {
    waiting: VecDeque<(T, usize)>,
    waiting_bytes: usize,
    /// Items and bytes that are being exported.
    exporting: (usize, usize),
    /// When the oldest waiting item is due.
    due: Option<Instant>,
    /// Items ever taken in, and items that are settled: delivered or counted.
    taken: u64,
    settled: u64,
    /// Everything up to here is wanted now.
    wanted: u64,
    is_stopping: bool,
    /// The deadline of the stop has passed: what is left is counted already.
    is_abandoned: bool,
    is_running: bool,
}

#[derive(Debug)]
struct Shared<T> {
    settings: Settings,
    losses: Losses,
    counters: Arc<Counters>,
    state: Mutex<State<T>>,
    work: Condvar,
    settled: Condvar,
}

/// A handle to a queue.
#[derive(Debug)]
pub(crate) struct Queue<T>(Arc<Shared<T>>);

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: Send + 'static> Queue<T> {
    /// A queue, and its thread.
    pub(crate) fn start(
        name: &str,
        settings: Settings,
        losses: Losses,
        counters: Arc<Counters>,
        exporter: impl Export<T> + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            settings,
            losses,
            counters,
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                waiting_bytes: 0,
                exporting: (0, 0),
                due: None,
                taken: 0,
                settled: 0,
                wanted: 0,
                is_stopping: false,
                is_abandoned: false,
                is_running: true,
            }),
            work: Condvar::new(),
            settled: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            // What an exporter sends is no call of the application: capture looks for this.
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            own.run(exporter);
        })?;
        Ok(Self(shared))
    }

    /// Takes an item, or counts it. Never waits for an exporter.
    pub(crate) fn offer(&self, item: T, bytes: usize) {
        let Shared { settings, losses, counters, work, .. } = &*self.0;
        let mut state = self.0.lock();
        let items = state.waiting.len() + state.exporting.0;
        let is_stopped = state.is_stopping;
        if is_stopped || items >= settings.items || state.waiting_bytes + state.exporting.1 + bytes > settings.bytes {
            drop(state);
            let reason = if is_stopped { losses.left } else { losses.full };
            counters.add(reason, 1, bytes as u64);
            if !is_stopped {
                let what = losses.what;
                once_a_minute(Cause::ExportQueue, &format!("the exporter's queue is full: {what} are dropped"));
            }
            return;
        }
        let is_first = state.waiting.is_empty();
        state.waiting.push_back((item, bytes));
        state.waiting_bytes += bytes;
        state.taken += 1;
        if is_first {
            state.due = Some(Instant::now() + settings.delay);
        }
        let is_woken = is_first || state.waiting.len() == settings.batch;
        drop(state);
        if is_woken {
            work.notify_one();
        }
    }

    /// Everything taken so far is wanted now: exporting it begins.
    pub(crate) fn begin_flush(&self) {
        let mut state = self.0.lock();
        state.wanted = state.taken;
        self.0.work.notify_one();
    }

    /// Waits until everything taken so far is delivered or counted; `Err` says how much is not.
    pub(crate) fn flush(&self, deadline: Instant) -> Result<(), u64> {
        self.begin_flush();
        let mut state = self.0.lock();
        let wanted = state.wanted;
        while state.settled < wanted && state.is_running {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(wanted - state.settled);
            }
            state = self.0.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// From now on nothing is taken in, and everything that waits is exported without delay.
    pub(crate) fn begin_stop(&self) {
        self.0.lock().is_stopping = true;
        self.0.work.notify_one();
    }

    /// Waits for the thread to end. What is left at the deadline is counted; a batch that a backend has been given but not
    /// answered for is among it. `Err` says how much that is.
    pub(crate) fn stop(&self, deadline: Instant) -> Result<(), u64> {
        self.begin_stop();
        let mut state = self.0.lock();
        while state.is_running && !state.is_abandoned {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let items = (state.waiting.len() + state.exporting.0) as u64;
                let bytes = (state.waiting_bytes + state.exporting.1) as u64;
                state.is_abandoned = true;
                state.settled = state.taken;
                let left = std::mem::take(&mut state.waiting);
                state.waiting_bytes = 0;
                drop(state);
                drop(left);
                self.0.counters.add(self.0.losses.left, items, bytes);
                return if items == 0 { Ok(()) } else { Err(items) };
            }
            state = self.0.settled.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, mut exporter: impl Export<T>) {
        while let Some(batch) = self.next() {
            let items = batch.len() as u64;
            // A panic in an exporter loses its batch, not the thread.
            let delivery = catch_unwind(AssertUnwindSafe(|| exporter.export(batch)))
                .unwrap_or_else(|_| Delivery::Failed("the exporter panicked".to_owned()));
            self.settle(items, &delivery);
        }
        self.lock().is_running = false;
        self.settled.notify_all();
    }

    /// The next batch, when it is due; `None` at the end.
    fn next(&self) -> Option<Vec<T>> {
        let mut state = self.lock();
        loop {
            if state.is_abandoned || (state.is_stopping && state.waiting.is_empty()) {
                return None;
            }
            let is_wanted = state.is_stopping || state.settled < state.wanted;
            let is_full = state.waiting.len() >= self.settings.batch;
            let now = Instant::now();
            match state.due {
                Some(due) if !(is_wanted || is_full) && now < due => {
                    state = self.work.wait_timeout(state, due - now).unwrap_or_else(PoisonError::into_inner).0;
                }
                Some(_) => return Some(self.take(&mut state, now)),
                None => state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn take(&self, state: &mut State<T>, now: Instant) -> Vec<T> {
        let mut batch = Vec::with_capacity(state.waiting.len().min(self.settings.batch));
        let mut bytes = 0;
        while batch.len() < self.settings.batch {
            match state.waiting.front() {
                Some((_, size)) if batch.is_empty() || bytes + size <= BATCH_BYTES => {}
                _ => break,
            }
            if let Some((item, size)) = state.waiting.pop_front() {
                batch.push(item);
                bytes += size;
            }
        }
        state.waiting_bytes -= bytes;
        state.exporting = (batch.len(), bytes);
        // The rest came later than what was due; giving it a whole delay again keeps the clock out of every `offer`.
        state.due = (!state.waiting.is_empty()).then(|| now + self.settings.delay);
        batch
    }

    fn settle(&self, items: u64, delivery: &Delivery) {
        let mut state = self.lock();
        let (_, bytes) = std::mem::take(&mut state.exporting);
        if !state.is_abandoned {
            state.settled += items;
            let Losses { what, failed, cause, .. } = self.losses;
            match delivery {
                Delivery::Accepted { refused: 0 } => {}
                Delivery::Accepted { refused } => {
                    self.counters.add(failed, (*refused).min(items), 0);
                    once_a_minute(cause, &format!("the backend refused {refused} of {items} {what}"));
                }
                Delivery::Failed(why) => {
                    self.counters.add(failed, items, bytes as u64);
                    once_a_minute(cause, &format!("{items} {what} could not be delivered: {why}"));
                }
            }
        }
        drop(state);
        self.settled.notify_all();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc;

    use super::*;

    const LOSSES: Losses = Losses {
        what: "spans",
        full: Reason::SpanQueueFull,
        failed: Reason::SpanExportFailed,
        left: Reason::SpanLeftAtStop,
        cause: Cause::SpanExport,
    };

    fn settings(items: usize, batch: usize) -> Settings {
        Settings { items, bytes: 1 << 20, batch, delay: Duration::from_secs(3600) }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(30)
    }

    /// Delivers, but fails every third batch and refuses one item of every second.
    struct Moody {
        delivered: Arc<AtomicU64>,
        batches: u64,
    }

    impl Export<u64> for Moody {
        fn export(&mut self, batch: Vec<u64>) -> Delivery {
            self.batches += 1;
            let items = batch.len() as u64;
            match self.batches % 6 {
                0 | 3 => Delivery::Failed("no".to_owned()),
                5 => panic!("a bug"),
                2 => {
                    self.delivered.fetch_add(items - 1, Ordering::Relaxed);
                    Delivery::Accepted { refused: 1 }
                }
                _ => {
                    self.delivered.fetch_add(items, Ordering::Relaxed);
                    Delivery::Accepted { refused: 0 }
                }
            }
        }
    }

    /// Hangs until the sender is dropped.
    struct Hanging(mpsc::Receiver<()>);

    impl Export<u64> for Hanging {
        fn export(&mut self, _batch: Vec<u64>) -> Delivery {
            let _ = self.0.recv();
            Delivery::Failed("hung".to_owned())
        }
    }

    #[test]
    fn offered_is_delivered_plus_counted_under_threads() {
        let delivered = Arc::new(AtomicU64::new(0));
        let counters = Arc::new(Counters::default());
        let exporter = Moody { delivered: Arc::clone(&delivered), batches: 0 };
        let queue = Queue::start("test", settings(64, 7), LOSSES, Arc::clone(&counters), exporter).unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..5_000).for_each(|item| queue.offer(item, 1)));
            }
        });
        queue.stop(soon()).unwrap();
        let [full, failed] = [Reason::SpanQueueFull, Reason::SpanExportFailed].map(|reason| counters.items(reason));
        assert_eq!(delivered.load(Ordering::Relaxed) + full + failed, 20_000);
        assert!(failed > 0);
        assert_eq!(counters.items(Reason::SpanLeftAtStop), 0);
    }

    #[test]
    fn items_wait_for_the_delay_but_a_flush_wants_them_now() {
        let delivered = Arc::new(AtomicU64::new(0));
        let exporter = Moody { delivered: Arc::clone(&delivered), batches: 0 };
        let queue = Queue::start("test", settings(64, 7), LOSSES, Arc::default(), exporter).unwrap();
        (0..3).for_each(|item| queue.offer(item, 1));
        assert_eq!(delivered.load(Ordering::Relaxed), 0);
        queue.flush(soon()).unwrap();
        assert_eq!(delivered.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn a_stop_keeps_its_deadline_while_the_exporter_hangs_and_counts_what_is_left_once() {
        let (hold, held) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let queue = Queue::start("test", settings(8, 2), LOSSES, Arc::clone(&counters), Hanging(held)).unwrap();
        (0..20).for_each(|item| queue.offer(item, 10));
        assert!(queue.flush(Instant::now()).is_err());
        assert_eq!(queue.stop(Instant::now()), Err(8));
        queue.offer(21, 10);
        assert_eq!(counters.items(Reason::SpanQueueFull), 12);
        assert_eq!(counters.items(Reason::SpanLeftAtStop), 9);
        assert_eq!(counters.bytes(Reason::SpanLeftAtStop), 90);
        drop(hold);
        while queue.0.lock().is_running {
            thread::yield_now();
        }
        assert_eq!(counters.items(Reason::SpanExportFailed), 0, "it was counted as left already");
    }

    /// Says whether it runs where telemetry is suppressed.
    struct Telling(mpsc::Sender<bool>);

    impl Export<u64> for Telling {
        fn export(&mut self, _batch: Vec<u64>) -> Delivery {
            let _ = self.0.send(Context::is_current_telemetry_suppressed());
            Delivery::Accepted { refused: 0 }
        }
    }

    #[test]
    fn an_exporter_runs_where_telemetry_is_suppressed_so_that_its_requests_are_not_captured() {
        let (told, says) = mpsc::channel();
        let queue = Queue::start("test", settings(8, 1), LOSSES, Arc::default(), Telling(told)).unwrap();
        queue.offer(1, 1);
        assert_eq!(says.recv(), Ok(true));
    }

    #[test]
    fn bytes_are_bounded_too() {
        let (_hold, held) = mpsc::channel();
        let counters = Arc::new(Counters::default());
        let settings = Settings { bytes: 100, ..settings(1000, 1000) };
        let queue = Queue::start("test", settings, LOSSES, Arc::clone(&counters), Hanging(held)).unwrap();
        (0..10).for_each(|item| queue.offer(item, 30));
        assert_eq!(counters.items(Reason::SpanQueueFull), 7);
        assert_eq!(counters.bytes(Reason::SpanQueueFull), 210);
    }
}
