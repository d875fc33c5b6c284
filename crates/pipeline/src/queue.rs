//! The bounded queue between callers and the worker, and its budget of items and bytes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use bytes::Bytes;
use crossbeam_queue::ArrayQueue;
use sidetone_core::event::Attempt;
use sidetone_core::exchange::{End, RequestHead, ResponseHead};

use crate::span::StartedSpan;

/// Identifies a call within one pipeline.
pub(crate) type CallId = u64;

/// Parts of a call that did not fit, told to the worker with the next part that does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) items: u32,
    pub(crate) bytes: u32,
}

impl Lost {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.items = self.items.saturating_add(1);
        self.bytes = self.bytes.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
    }

    pub(crate) fn is_some(self) -> bool {
        self.items > 0
    }
}

/// All that is known of a call when it is first told to the worker.
pub(crate) struct Opening {
    pub(crate) request: RequestHead,
    pub(crate) request_body: Option<Bytes>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) response: Option<ResponseHead>,
    pub(crate) response_at: Instant,
    pub(crate) span: Option<Box<dyn StartedSpan>>,
    pub(crate) started: Instant,
    /// What it was charged, without its two items.
    pub(crate) charged_bytes: usize,
}

impl std::fmt::Debug for Opening {
    /// Without what is sent and received: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opening").field("charged_bytes", &self.charged_bytes).finish_non_exhaustive()
    }
}

/// What the worker is told. Times are as the clock gave them: the worker takes the start of the call from them.
#[derive(Debug)]
pub(crate) enum Item {
    Open(CallId, Box<Option<Opening>>),
    RequestBody {
        call: CallId,
        charged: u32,
        lost: Lost,
        bytes: Bytes,
    },
    Head(CallId, Instant, Box<ResponseHead>),
    Body {
        call: CallId,
        at: Instant,
        charged: u32,
        bytes: Bytes,
    },
    /// Pieces of the response's body that did not fit, before the next one that does.
    Lost(CallId, Lost),
    Retry(CallId, Box<Attempt>),
    End {
        call: CallId,
        at: Instant,
        lost: Lost,
        end: End,
    },
}

/// Why a charge was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    Items,
    Bytes,
}

const BYTES_BITS: u32 = 40;
const BYTES_MASK: u64 = (1 << BYTES_BITS) - 1;

/// Items and bytes in use, in one word, so that charging both is one atomic addition.
///
/// Items sit in the upper 24 bits, bytes in the lower 40. Additions that overshoot are taken back, so the word may be
/// too high for a moment, never too low.
#[derive(Debug)]
pub(crate) struct Budget {
    used: AtomicU64,
    max_items: u64,
    max_bytes: u64,
    /// Powers of two near an eighth of each limit: crossing a multiple of one wakes the worker.
    items_mark: u32,
    bytes_mark: u32,
}

impl Budget {
    pub(crate) fn new(max_items: usize, max_bytes: usize) -> Self {
        // Half of each field stays free for charges that overshoot on other threads at the same moment.
        let max_items = (max_items as u64).clamp(2, (1 << (63 - BYTES_BITS)) - 1);
        let max_bytes = (max_bytes as u64).min(BYTES_MASK >> 1);
        let mark = |limit: u64| (limit / 8).max(1).ilog2();
        Self { used: AtomicU64::new(0), max_items, max_bytes, items_mark: mark(max_items), bytes_mark: mark(max_bytes) }
    }

    pub(crate) fn max_items(&self) -> usize {
        self.max_items as usize
    }

    /// Charges items and bytes; answers whether this filled another part of either (about an eighth), so that the worker is woken.
    pub(crate) fn charge(&self, items: u64, bytes: usize) -> Result<bool, Full> {
        let bytes = bytes as u64;
        if bytes > self.max_bytes {
            return Err(Full::Bytes);
        }
        let charge = (items << BYTES_BITS) | bytes;
        let before = self.used.fetch_add(charge, Ordering::Relaxed);
        let (items_before, bytes_before) = (before >> BYTES_BITS, before & BYTES_MASK);
        let (items_now, bytes_now) = (items_before + items, bytes_before + bytes);
        if items_now > self.max_items || bytes_now > self.max_bytes {
            self.used.fetch_sub(charge, Ordering::Relaxed);
            return Err(if items_now > self.max_items { Full::Items } else { Full::Bytes });
        }
        Ok(items_before >> self.items_mark != items_now >> self.items_mark
            || bytes_before >> self.bytes_mark != bytes_now >> self.bytes_mark)
    }

    pub(crate) fn release(&self, items: u64, bytes: usize) {
        self.used.fetch_sub((items << BYTES_BITS) | bytes as u64, Ordering::Relaxed);
    }

    /// Whether more than a quarter of the bytes is in use: from then on small slices are copied out of their buffers.
    pub(crate) fn is_tight(&self) -> bool {
        (self.used.load(Ordering::Relaxed) & BYTES_MASK) > self.max_bytes / 4
    }

    #[cfg(test)]
    pub(crate) fn used(&self) -> (u64, u64) {
        let used = self.used.load(Ordering::Relaxed);
        (used >> BYTES_BITS, used & BYTES_MASK)
    }
}

/// How many boxes of calls that were begun are kept for calls to come: as many as begin between two looks of the worker at
/// some thousand calls a second.
const SPARE_OPENINGS: usize = 256;

/// The queue. Everything pushed was charged before, so a push finds a place.
#[derive(Debug)]
pub(crate) struct Queue {
    items: ArrayQueue<Item>,
    /// Empty boxes on their way back to callers, who then neither allocate one nor have it freed by another thread.
    spare_openings: ArrayQueue<Box<Option<Opening>>>,
    pub(crate) budget: Budget,
}

impl Queue {
    pub(crate) fn new(max_items: usize, max_bytes: usize) -> Self {
        let budget = Budget::new(max_items, max_bytes);
        let spare_openings = ArrayQueue::new(SPARE_OPENINGS);
        Self { items: ArrayQueue::new(budget.max_items()), spare_openings, budget }
    }

    /// Puts `opening` in a box that was used before, if there is one.
    pub(crate) fn boxed(&self, opening: Opening) -> Box<Option<Opening>> {
        match self.spare_openings.pop() {
            Some(mut spare) => {
                *spare = Some(opening);
                spare
            }
            None => Box::new(Some(opening)),
        }
    }

    /// Takes what is in the box, and keeps the box.
    pub(crate) fn unboxed(&self, mut boxed: Box<Option<Opening>>) -> Option<Opening> {
        let opening = boxed.take();
        // With enough spare ones already it is freed.
        let _ = self.spare_openings.push(boxed);
        opening
    }

    /// Queues an item that was charged for; gives it back if there is no place, which the budget rules out.
    pub(crate) fn push(&self, item: Item) -> Result<(), Item> {
        self.items.push(item)
    }

    pub(crate) fn pop(&self) -> Option<Item> {
        self.items.pop()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_budget_holds_at_its_limit_and_refuses_one_more() {
        let budget = Budget::new(4, 100);
        assert!(budget.charge(3, 99).is_ok());
        assert_eq!(budget.charge(1, 2), Err(Full::Bytes));
        assert_eq!(budget.charge(2, 1), Err(Full::Items));
        assert!(budget.charge(1, 1).is_ok());
        assert_eq!(budget.used(), (4, 100));
        budget.release(4, 100);
        assert_eq!(budget.used(), (0, 0));
    }

    #[test]
    fn filling_another_eighth_asks_for_the_worker_once() {
        let budget = Budget::new(128, 1 << 20);
        let woken: Vec<bool> = (0..40).map(|_| budget.charge(1, 1).unwrap()).collect();
        assert_eq!(woken.iter().filter(|&&woken| woken).count(), 2);
        assert!(woken[15] && woken[31]);
    }

    fn opening(charged_bytes: usize) -> Opening {
        let server = sidetone_core::event::Server { address: "localhost".into(), port: None };
        Opening {
            request: RequestHead {
                surface: sidetone_core::provider::SURFACES[0],
                server: server.into(),
                deployment: None,
                start: std::time::SystemTime::UNIX_EPOCH,
                parent: None,
                resend_count: None,
                scope: None,
            },
            request_body: None,
            attempts: Vec::new(),
            response: None,
            response_at: Instant::now(),
            span: None,
            started: std::time::Instant::now(),
            charged_bytes,
        }
    }

    #[test]
    fn a_box_that_was_emptied_is_used_again_and_only_so_many_are_kept() {
        let queue = Queue::new(4, 100);
        let first = queue.boxed(opening(1));
        let place = std::ptr::from_ref(&*first);
        assert_eq!(queue.unboxed(first).unwrap().charged_bytes, 1);
        let second = queue.boxed(opening(2));
        assert_eq!(std::ptr::from_ref(&*second), place);
        assert_eq!(queue.unboxed(second).unwrap().charged_bytes, 2);
        let many: Vec<_> = (0..2 * SPARE_OPENINGS).map(|n| queue.boxed(opening(n))).collect();
        many.into_iter().for_each(|boxed| drop(queue.unboxed(boxed)));
        assert_eq!(queue.spare_openings.len(), SPARE_OPENINGS);
    }

    #[test]
    fn an_item_stays_within_one_cache_line() {
        assert!(size_of::<Item>() <= 64, "{}", size_of::<Item>());
    }
}
