//! The worker: reads the queue, understands calls, hands them to the sinks.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use sidetone_core::exchange::{End, Exchange, Settings};

use crate::config::Config;
use crate::counters::Reason;
use crate::pipeline::{Command, Shared};
use crate::queue::{CallId, Item, Lost, Opening};
use crate::sink::{Finished, Sink, SinkError};
use crate::span::StartedSpan;
use crate::warn::{self, Cause};

/// Charges are given back after so many items, so that a long drain frees the queue as it goes.
const RELEASE_EVERY: u64 = 64;

/// How long delivery may take when a pipeline was let go of without being stopped.
const LAST_DEADLINE: Duration = Duration::from_secs(5);

/// A call that has begun and not ended.
#[derive(Debug)]
struct OpenCall {
    exchange: Exchange,
    span: Option<Box<dyn StartedSpan>>,
    started: Instant,
    /// What the exchange held when it was last asked; asking costs about as much as looking up the call.
    held_bytes: usize,
}

/// Reads the queue of one pipeline.
pub struct Worker {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    config: Config,
    sinks: Vec<Box<dyn Sink>>,
    /// Boxed: a table has more places than calls.
    open: HashMap<CallId, Box<OpenCall>, BuildHasherDefault<IdHasher>>,
    held_bytes: usize,
    release_items: u64,
    release_bytes: usize,
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("open", &self.open.len())
            .field("held_bytes", &self.held_bytes)
            .finish_non_exhaustive()
    }
}

impl Worker {
    pub(crate) fn new(shared: Arc<Shared>, config: Config, sinks: Vec<Box<dyn Sink>>) -> Self {
        Self {
            shared,
            settings: Arc::new(config.settings.clone()),
            config,
            sinks,
            open: HashMap::default(),
            held_bytes: 0,
            release_items: 0,
            release_bytes: 0,
        }
    }

    /// Runs until the pipeline is stopped, or until nobody but the worker knows it any more.
    pub(crate) fn run(mut self) {
        let mut pause = self.config.drain_interval;
        loop {
            let drained = self.drain();
            if self.serve_commands() {
                return;
            }
            if Arc::strong_count(&self.shared) == 1 {
                self.finish(Instant::now() + LAST_DEADLINE);
                return;
            }
            pause = if drained == 0 && self.open.is_empty() {
                (pause * 2).min(self.config.idle_interval)
            } else {
                self.config.drain_interval
            };
            std::thread::park_timeout(pause);
        }
    }

    /// Handles everything that is queued; answers how many items that were.
    pub fn drain(&mut self) -> u64 {
        let mut drained = 0;
        while let Some(item) = self.shared.queue.pop() {
            drained += 1;
            self.handle(item);
            if self.release_items >= RELEASE_EVERY {
                self.release();
            }
        }
        self.release();
        drained
    }

    /// How many calls have begun and not ended.
    #[must_use]
    pub fn open_calls(&self) -> usize {
        self.open.len()
    }

    /// Bytes held of calls that have begun and not ended.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.held_bytes
    }

    fn release(&mut self) {
        self.shared.queue.budget.release(self.release_items, self.release_bytes);
        (self.release_items, self.release_bytes) = (0, 0);
    }

    fn handle(&mut self, item: Item) {
        self.release_items += 1;
        let call = match &item {
            Item::Open(call, _)
            | Item::RequestBody { call, .. }
            | Item::Head(call, ..)
            | Item::Body { call, .. }
            | Item::Lost(call, _)
            | Item::Retry(call, _)
            | Item::End { call, .. } => *call,
        };
        // Bytes that strangers wrote are read here: a mistake of ours may cost this call, never the application's
        // telemetry as a whole.
        if catch_unwind(AssertUnwindSafe(|| self.handle_of(call, item))).is_err() {
            self.shared.counters.add(Reason::CallPanicked, 1, 0);
            warn::once_a_minute(
                Cause::Panicked,
                "a call was lost to a panic: a bug of sidetone, which please report, or of a function of yours that edits calls",
            );
            if let Some(open) = self.open.remove(&call) {
                self.held_bytes = self.held_bytes.saturating_sub(open.held_bytes);
            }
        }
    }

    fn handle_of(&mut self, call: CallId, item: Item) {
        match item {
            Item::Open(_, boxed) => {
                if let Some(opening) = self.shared.queue.unboxed(boxed) {
                    self.begin(call, opening);
                }
            }
            Item::RequestBody { charged, lost, bytes, .. } => {
                self.release_bytes += charged as usize;
                let room = self.room();
                self.advance(call, lost, |exchange, _| {
                    if bytes.len() > room {
                        exchange.handle_lost(1, bytes.len() as u64);
                        return Some(bytes.len());
                    }
                    exchange.handle_request_body(bytes);
                    None
                });
            }
            Item::Head(_, at, head) => self.advance(call, Lost::default(), |exchange, started| {
                exchange.handle_response_head(&head, at.saturating_duration_since(started));
                None
            }),
            Item::Lost(_, lost) => self.advance(call, lost, |_, _| None),
            Item::Body { at, charged, bytes, .. } => {
                self.release_bytes += charged as usize;
                let room = self.room();
                self.advance(call, Lost::default(), |exchange, started| {
                    if bytes.len() > room {
                        exchange.handle_lost(1, bytes.len() as u64);
                        return Some(bytes.len());
                    }
                    exchange.handle_response_body(bytes, at.saturating_duration_since(started));
                    None
                });
            }
            Item::Retry(_, attempt) => {
                self.advance(call, Lost::default(), |exchange, _| {
                    exchange.handle_retry(*attempt);
                    None
                });
            }
            Item::End { at, lost, end, .. } => {
                if let Some(mut open) = self.open.remove(&call) {
                    self.held_bytes = self.held_bytes.saturating_sub(open.held_bytes);
                    if lost.is_some() {
                        open.exchange.handle_lost(lost.items.into(), lost.bytes.into());
                    }
                    let at = at.saturating_duration_since(open.started);
                    self.deliver(*open, end, at);
                }
            }
        }
    }

    fn begin(&mut self, call: CallId, opening: Opening) {
        self.release_bytes += opening.charged_bytes;
        let mut exchange = Exchange::new(opening.request, Arc::clone(&self.settings));
        if let Some(body) = opening.request_body {
            exchange.handle_request_body(body);
        }
        for attempt in opening.attempts {
            exchange.handle_retry(attempt);
        }
        if let Some(head) = opening.response {
            exchange.handle_response_head(&head, opening.response_at.saturating_duration_since(opening.started));
        }
        let held_bytes = exchange.held_bytes();
        self.held_bytes += held_bytes;
        let open = OpenCall { exchange, span: opening.span, started: opening.started, held_bytes };
        self.open.insert(call, Box::new(open));
    }

    /// Hands facts to an open call, with its start; `facts` answers the bytes that it had to leave out for want of room.
    fn advance(&mut self, call: CallId, lost: Lost, facts: impl FnOnce(&mut Exchange, Instant) -> Option<usize>) {
        let Some(open) = self.open.get_mut(&call) else {
            return;
        };
        if lost.is_some() {
            open.exchange.handle_lost(lost.items.into(), lost.bytes.into());
        }
        let left_out = facts(&mut open.exchange, open.started);
        let held_before = std::mem::replace(&mut open.held_bytes, open.exchange.held_bytes());
        self.held_bytes = (self.held_bytes + open.held_bytes).saturating_sub(held_before);
        if let Some(bytes) = left_out {
            self.shared.counters.add(Reason::PartHeldBytes, 1, bytes as u64);
        }
    }

    fn room(&self) -> usize {
        self.config.held_bytes.saturating_sub(self.held_bytes)
    }

    fn deliver(&mut self, open: OpenCall, end: End, at: Duration) {
        let understood = open.exchange.finish(end, at);
        for (skip, items, bytes) in understood.skips.iter() {
            self.shared.counters.add(skip.into(), items, bytes);
        }
        let mut finished = Finished { call: understood.call, span: open.span };
        for sink in &mut self.sinks {
            sink.call(&mut finished);
        }
    }

    /// Does what was asked; answers whether the worker is to end.
    fn serve_commands(&mut self) -> bool {
        let commands = std::mem::take(&mut *self.shared.commands.lock().unwrap_or_else(PoisonError::into_inner));
        let mut ended = false;
        for command in commands {
            match command {
                Command::Flush(deadline, answer) => {
                    // What was queued before the command was given may have come after the last look.
                    self.drain();
                    let errors = self.sinks.iter_mut().filter_map(|sink| sink.flush(deadline).err()).collect();
                    let _ = answer.try_send(errors);
                }
                Command::Stop(deadline, answer) => {
                    let errors = self.finish(deadline);
                    let _ = answer.try_send(errors);
                    ended = true;
                }
            }
        }
        ended
    }

    /// Emits what is known of calls that are still open and shuts the sinks down.
    pub fn finish(&mut self, deadline: Instant) -> Vec<SinkError> {
        self.drain();
        for (_, open) in std::mem::take(&mut self.open) {
            let at = open.started.elapsed();
            if catch_unwind(AssertUnwindSafe(|| self.deliver(*open, End::Unobserved, at))).is_err() {
                self.shared.counters.add(Reason::CallPanicked, 1, 0);
            }
        }
        self.held_bytes = 0;
        let errors = self.sinks.iter_mut().filter_map(|sink| sink.shutdown(deadline).err()).collect();
        self.sinks.clear();
        self.shared.finished.store(true, Ordering::Release);
        self.shared.count_unread();
        errors
    }
}

/// Calls are numbered by us, so their numbers need no hashing against attackers, only spreading.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, id: u64) {
        self.0 = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
