//! The caller's end of the pipeline: one tap per observed call.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use sidetone_core::event::{Attempt, Server};
use sidetone_core::exchange::{End, RequestHead, ResponseHead};

use crate::counters::Reason;
use crate::pipeline::Shared;
use crate::queue::{CallId, Full, Item, Lost, Opening};
use crate::span::StartedSpan;

/// What a slice is taken to keep alive when it may be part of a larger read buffer: hyper's smallest.
const PINNED_BYTES: usize = 8 << 10;

/// Slices up to this length are copied out of their buffer when the budget gets tight.
const COPIED_BYTES: usize = 4 << 10;

/// What a call is charged for its start beside its request's body.
const OPENING_BYTES: usize = size_of::<Opening>();

/// The body of a request, as far as it is known when the call begins.
pub enum RequestBody {
    /// There is none.
    Empty,
    /// All of it.
    Whole(Bytes),
    /// It will be read piece by piece: see [`Tap::request_tap`].
    Streamed,
}

impl std::fmt::Debug for RequestBody {
    /// Its size: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Whole(bytes) => write!(f, "Whole({} bytes)", bytes.len()),
            Self::Streamed => f.write_str("Streamed"),
        }
    }
}

/// Reports one call. Dropped without [`end`](Self::end), it reports that the caller let go.
#[derive(Debug)]
pub struct Tap {
    shared: Arc<Shared>,
    call: CallId,
    started: Instant,
    /// What is known, until the worker is told of the call; kept back until the response's head comes, so that the
    /// usual call costs one item for both.
    opening: Option<Box<Option<Opening>>>,
    lost: Lost,
    lost_of_request: Option<Arc<Mutex<Lost>>>,
    /// Where the last slice ended, to tell slices of one read buffer from slices of many.
    last_slice_end: usize,
    answered: bool,
    /// A part that later ones can't be understood without was lost.
    broken: bool,
    ended: bool,
}

impl Tap {
    /// Begins to report a call; `None` if it must be dropped whole (which has been counted) or observation is stopped.
    pub(crate) fn begin(
        shared: &Arc<Shared>,
        request: RequestHead,
        body: RequestBody,
        started: Instant,
    ) -> Option<Self> {
        if !shared.is_open() {
            return None;
        }
        let body_bytes = if let RequestBody::Whole(bytes) = &body { bytes.len() } else { 0 };
        let charged_bytes = OPENING_BYTES + body_bytes;
        match shared.queue.budget.charge(2, charged_bytes) {
            Ok(wake) => {
                if wake {
                    shared.wake();
                }
            }
            Err(full) => {
                let reason = match full {
                    Full::Items => Reason::CallQueueItems,
                    Full::Bytes => Reason::CallQueueBytes,
                };
                shared.counters.add(reason, 1, body_bytes as u64);
                return None;
            }
        }
        let streamed = matches!(body, RequestBody::Streamed);
        let opening = Opening {
            request,
            request_body: if let RequestBody::Whole(bytes) = body { Some(bytes) } else { None },
            attempts: Vec::new(),
            response: None,
            response_at: started,
            span: None,
            started,
            charged_bytes,
        };
        let tap = Self {
            call: shared.next_call.fetch_add(1, Ordering::Relaxed),
            started,
            opening: Some(shared.queue.boxed(opening)),
            shared: Arc::clone(shared),
            lost: Lost::default(),
            lost_of_request: streamed.then(Arc::default),
            last_slice_end: 0,
            answered: false,
            broken: false,
            ended: false,
        };
        Some(tap)
    }

    /// Adds the span that was started for this call. Only before [`request_tap`](Self::request_tap) and the response's head.
    pub fn set_span(&mut self, span: Box<dyn StartedSpan>) {
        if let Some(opening) = self.opening() {
            opening.span = Some(span);
        }
    }

    /// Where the call goes, as long as the worker hasn't been told.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        self.opening.as_deref()?.as_ref().map(|opening| &*opening.request.server)
    }

    /// When the call began.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Reports the pieces of a request body that is read while it is sent; `None` unless it was begun as
    /// [`RequestBody::Streamed`]. From here on the worker knows of the call.
    #[must_use]
    pub fn request_tap(&mut self) -> Option<RequestTap> {
        let lost = Arc::clone(self.lost_of_request.as_ref()?);
        self.open();
        Some(RequestTap { shared: Arc::clone(&self.shared), call: self.call, pending: Lost::default(), lost })
    }

    /// The head of the response arrived.
    pub fn head(&mut self, head: ResponseHead) {
        let at = Instant::now();
        self.answered = true;
        match self.opening() {
            Some(opening) => {
                opening.response = Some(head);
                opening.response_at = at;
                self.open();
            }
            None => self.late_head(at, head),
        }
    }

    /// The head of the response arrived, with these headers. As [`head`](Self::head), with fewer moves of memory.
    pub fn head_of(&mut self, status: u16, headers: &HeaderMap) {
        let at = Instant::now();
        self.answered = true;
        match self.opening() {
            Some(opening) => {
                opening.response.insert(ResponseHead::new(status)).keep_all(headers);
                opening.response_at = at;
                self.open();
            }
            None => self.late_head(at, ResponseHead::of(status, headers)),
        }
    }

    /// A head that comes when the worker knows of the call.
    fn late_head(&mut self, at: Instant, head: ResponseHead) {
        if self.charge(1, 0).is_ok() {
            self.push(Item::Head(self.call, at, Box::new(head)));
        } else {
            self.broken = true;
            self.lose(0, Reason::PartQueueItems);
        }
    }

    /// An attempt failed and the request will be sent again: what was reported of a response is void.
    pub fn retry(&mut self, attempt: Attempt) {
        self.answered = false;
        match self.opening() {
            Some(opening) => opening.attempts.push(attempt),
            None => {
                if self.charge(1, 0).is_ok() {
                    self.push(Item::Retry(self.call, Box::new(attempt)));
                } else {
                    self.broken = true;
                    self.lose(0, Reason::PartQueueItems);
                }
            }
        }
    }

    /// The next piece of the response's body arrived.
    pub fn body(&mut self, bytes: &Bytes) {
        self.body_at(bytes, Instant::now());
    }

    /// The last piece of the response's body arrived, and with it the body's end.
    pub fn last(mut self, bytes: &Bytes) {
        let at = Instant::now();
        self.body_at(bytes, at);
        self.finish(End::Complete, at);
    }

    fn body_at(&mut self, bytes: &Bytes, at: Instant) {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        if self.broken {
            return self.lose(len, Reason::PartQueueItems);
        }
        let start = bytes.as_ptr() as usize;
        let shares_buffer =
            start.wrapping_sub(self.last_slice_end) < PINNED_BYTES || start + len == self.last_slice_end;
        let copied = len <= COPIED_BYTES && self.shared.queue.budget.is_tight();
        let charged = if copied || shares_buffer { len } else { len.max(PINNED_BYTES) };
        match self.charge(1, charged) {
            Ok(()) => {
                self.last_slice_end = start + len;
                self.tell_lost();
                let bytes = if copied { Bytes::copy_from_slice(bytes) } else { bytes.clone() };
                let charged = u32::try_from(charged).unwrap_or(u32::MAX);
                self.push(Item::Body { call: self.call, at, charged, bytes });
            }
            Err(Full::Items) => self.lose(len, Reason::PartQueueItems),
            Err(Full::Bytes) => self.lose(len, Reason::PartQueueBytes),
        }
    }

    /// Tells of a gap before the piece that follows it. Without a place for that the end tells of it.
    fn tell_lost(&mut self) {
        if self.lost.is_some() && self.charge(1, 0).is_ok() {
            let lost = std::mem::take(&mut self.lost);
            self.push(Item::Lost(self.call, lost));
        }
    }

    /// The exchange ended. Reported once; the place for it was reserved at the start.
    pub fn end(mut self, end: End) {
        self.finish(end, Instant::now());
    }

    fn finish(&mut self, end: End, at: Instant) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.open();
        let mut lost = self.lost;
        if let Some(of_request) = &self.lost_of_request {
            let of_request = *of_request.lock().unwrap_or_else(PoisonError::into_inner);
            lost.items = lost.items.saturating_add(of_request.items);
            lost.bytes = lost.bytes.saturating_add(of_request.bytes);
        }
        self.push(Item::End { call: self.call, at, lost, end });
    }

    fn opening(&mut self) -> Option<&mut Opening> {
        self.opening.as_deref_mut()?.as_mut()
    }

    /// Tells the worker of the call, if that hasn't happened yet.
    fn open(&mut self) {
        if let Some(opening) = self.opening.take() {
            self.push(Item::Open(self.call, opening));
        }
    }

    fn charge(&self, items: u64, bytes: usize) -> Result<(), Full> {
        if self.shared.queue.budget.charge(items, bytes)? {
            self.shared.wake();
        }
        Ok(())
    }

    fn push(&self, item: Item) {
        self.shared.push(item);
    }

    fn lose(&mut self, bytes: usize, reason: Reason) {
        self.lost.add(bytes);
        self.shared.counters.add(reason, 1, bytes as u64);
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(if self.answered { End::Dropped } else { End::Unanswered }, Instant::now());
        }
    }
}

/// Reports the pieces of a request body that is read while it is sent.
#[derive(Debug)]
pub struct RequestTap {
    shared: Arc<Shared>,
    call: CallId,
    pending: Lost,
    lost: Arc<Mutex<Lost>>,
}

impl RequestTap {
    /// The next piece of the request's body was read.
    pub fn body(&mut self, bytes: &Bytes) {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        let reason = match self.shared.queue.budget.charge(1, len) {
            Ok(wake) => {
                if wake {
                    self.shared.wake();
                }
                let lost = std::mem::take(&mut self.pending);
                let charged = u32::try_from(len).unwrap_or(u32::MAX);
                return self.shared.push(Item::RequestBody { call: self.call, charged, lost, bytes: bytes.clone() });
            }
            Err(Full::Items) => Reason::PartQueueItems,
            Err(Full::Bytes) => Reason::PartQueueBytes,
        };
        self.pending.add(len);
        self.shared.counters.add(reason, 1, len as u64);
    }
}

impl Drop for RequestTap {
    fn drop(&mut self) {
        if self.pending.is_some() {
            *self.lost.lock().unwrap_or_else(PoisonError::into_inner) = self.pending;
        }
    }
}

/// Numbers the calls of one pipeline.
pub(crate) fn first_call() -> AtomicU64 {
    AtomicU64::new(1)
}
