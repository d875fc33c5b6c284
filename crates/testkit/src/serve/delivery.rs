//! A response body that goes out in given pieces, with delays, and ends as told: whole, cut, reset, or never.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Sleep;

use super::wire::Wire;
use crate::server::Entry;

/// How an answer stops before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    Close,
    Reset,
    Hang,
}

/// Counts an answer that its client didn't wait for: it is dropped without having been [kept](Unfinished::kept).
pub(crate) struct Unfinished(Option<Arc<AtomicUsize>>);

impl Unfinished {
    pub(crate) fn new(abandoned: &Arc<AtomicUsize>) -> Self {
        Self(Some(Arc::clone(abandoned)))
    }

    /// For a server that doesn't count them.
    pub(crate) fn uncounted() -> Self {
        Self(None)
    }

    pub(crate) fn kept(&mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.0 {
            abandoned.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The body of every response of this crate's servers.
pub(crate) struct Delivery {
    wire: Wire,
    pieces: Box<dyn Iterator<Item = Bytes> + Send>,
    next: Option<Bytes>,
    trailers: Option<HeaderMap>,
    /// What the length is said to be, as far as it is yet to come; `None` leaves the framing to the protocol.
    length: Option<u64>,
    delay: Duration,
    /// Stops after so many bytes, or where the body would end.
    stop: Option<(Option<u64>, Stop)>,
    sent: u64,
    taken: Arc<AtomicU64>,
    unfinished: Unfinished,
    entry: Option<Entry>,
    started: bool,
    /// Set while a piece is on its way to the socket.
    unflushed: Option<u64>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Delivery {
    /// A body of these pieces; each is handed to the socket before the next is made.
    pub(crate) fn new<I>(wire: Wire, unfinished: Unfinished, pieces: I) -> Self
    where
        I: IntoIterator<Item = Bytes>,
        I::IntoIter: Send + 'static,
    {
        let mut pieces: Box<dyn Iterator<Item = Bytes> + Send> =
            Box::new(pieces.into_iter().filter(|piece| !piece.is_empty()));
        let next = pieces.next();
        Self {
            wire,
            pieces,
            next,
            trailers: None,
            length: None,
            delay: Duration::ZERO,
            stop: None,
            sent: 0,
            taken: Arc::default(),
            unfinished,
            entry: None,
            started: false,
            unflushed: None,
            sleep: None,
        }
    }

    /// Says the length in the head, whatever the pieces then are.
    pub(crate) fn with_length(mut self, length: Option<u64>) -> Self {
        self.length = length;
        self
    }

    /// Waits so long between pieces.
    pub(crate) fn with_delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Stops after `at` bytes, or where the body would end.
    pub(crate) fn with_stop(mut self, stop: Option<(Option<u64>, Stop)>) -> Self {
        self.stop = stop;
        self
    }

    /// Tells the log how far it has come.
    pub(crate) fn with_entry(mut self, entry: Option<Entry>) -> Self {
        self.entry = entry;
        self
    }

    pub(crate) fn with_trailers(mut self, trailers: HeaderMap) -> Self {
        self.trailers = Some(trailers);
        self
    }

    /// Adds each byte that the connection takes to `taken`.
    pub(crate) fn counting(mut self, taken: &Arc<AtomicU64>) -> Self {
        self.taken = Arc::clone(taken);
        self
    }

    /// How it stops, if it does so here.
    fn stop_here(&self) -> Option<Stop> {
        let (at, stop) = self.stop?;
        (self.next.is_none() || at.is_some_and(|at| self.sent >= at)).then_some(stop)
    }

    /// The next piece, or its first part where the body stops within it.
    fn take_piece(&mut self) -> Option<Bytes> {
        let mut piece = self.next.take()?;
        let left = self.stop.and_then(|(at, _)| at).map(|at| at.saturating_sub(self.sent));
        match left.and_then(|left| usize::try_from(left).ok()).filter(|left| *left < piece.len()) {
            Some(left) => self.next = Some(piece.split_off(left)),
            None => self.next = self.pieces.next(),
        }
        self.sent += piece.len() as u64;
        self.taken.fetch_add(piece.len() as u64, Ordering::AcqRel);
        self.length = self.length.map(|length| length.saturating_sub(piece.len() as u64));
        Some(piece)
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if !this.started {
            this.started = true;
            // Before anything goes wrong the head is to be out.
            this.unflushed = this.stop_here().map(|_| this.wire.flushes());
        }
        if let Some(mark) = this.unflushed {
            ready!(this.wire.poll_flushed(mark, cx));
            this.unflushed = None;
            this.sleep = (!this.delay.is_zero()).then(|| Box::pin(tokio::time::sleep(this.delay)));
        }
        if let Some(sleep) = &mut this.sleep {
            ready!(sleep.as_mut().poll(cx));
            this.sleep = None;
        }
        match this.stop_here() {
            None => {}
            // Nothing will wake this again; the connection's end drops it.
            Some(Stop::Hang) => return Poll::Pending,
            Some(stop) => {
                this.unfinished.kept();
                this.wire.cut(stop == Stop::Reset);
                return Poll::Pending;
            }
        }
        let piece = this.take_piece();
        if let Some(entry) = &mut this.entry {
            entry.piece();
            if this.next.is_none() && this.stop.is_none() {
                entry.complete();
            }
        }
        if this.next.is_some() || this.stop.is_some() {
            this.unflushed = Some(this.wire.flushes());
        } else {
            this.unfinished.kept();
        }
        let frame = piece.map(Frame::data).or_else(|| this.trailers.take().map(Frame::trailers));
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.next.is_none() && self.stop.is_none() && self.trailers.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map(SizeHint::with_exact).unwrap_or_default()
    }
}
