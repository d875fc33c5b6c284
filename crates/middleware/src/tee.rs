//! A body that tells what passes through it, and how it ended, and changes nothing.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use sidetone_core::exchange::End;
use sidetone_pipeline::{RequestTap, Tap};

use crate::failure::transport_error;

/// Who is told of a body.
pub(crate) trait Listener: Unpin {
    /// The next piece.
    fn data(&mut self, bytes: &Bytes);
    /// How it ended; told once.
    fn end(self, end: End);
}

impl Listener for Tap {
    fn data(&mut self, bytes: &Bytes) {
        self.body(bytes);
    }

    fn end(self, end: End) {
        Tap::end(self, end);
    }
}

impl Listener for RequestTap {
    fn data(&mut self, bytes: &Bytes) {
        self.body(bytes);
    }

    fn end(self, _: End) {}
}

/// Wraps a body. What is polled out of it, its size hint and its end flag are those of the wrapped body.
pub(crate) struct TeeBody<B: Body, L: Listener> {
    inner: B,
    /// Taken by the first end that is seen, so that no second one can be told.
    listener: Option<L>,
}

impl<B: Body, L: Listener> TeeBody<B, L> {
    pub(crate) fn new(inner: B, listener: L) -> Self {
        let mut tee = Self { inner, listener: Some(listener) };
        // The answer to HEAD, 204, an empty body: nobody will poll it.
        if tee.is_at_end() {
            tee.end(End::Complete);
        }
        tee
    }

    /// Whether there is nothing left to be polled. A body that is ready to decompress never says that it is at its end,
    /// not even where there is nothing to decompress; its length tells.
    fn is_at_end(&self) -> bool {
        self.inner.is_end_stream() || self.inner.size_hint().exact() == Some(0)
    }

    fn end(&mut self, end: End) {
        if let Some(listener) = self.listener.take() {
            listener.end(end);
        }
    }
}

/// The end that a polled frame is, if it is one. `is_end_stream` is what the polled body says afterwards: with a known
/// length a client may stop polling at the last byte.
fn end_of<E: Error + 'static>(
    polled: &Poll<Option<Result<Frame<Bytes>, E>>>,
    is_end_stream: impl FnOnce() -> bool,
) -> Option<End> {
    match polled {
        Poll::Pending => None,
        Poll::Ready(Some(Ok(frame))) => (frame.is_trailers() || is_end_stream()).then_some(End::Complete),
        Poll::Ready(Some(Err(error))) => Some(End::Failed(transport_error(error))),
        Poll::Ready(None) => Some(End::Complete),
    }
}

impl<B, L> Body for TeeBody<B, L>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
    L: Listener,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        let polled = Pin::new(&mut this.inner).poll_frame(cx);
        if let Some(listener) = &mut this.listener {
            if let Poll::Ready(Some(Ok(frame))) = &polled
                && let Some(data) = frame.data_ref()
            {
                listener.data(data);
            }
            if let Some(end) = end_of(&polled, || this.inner.is_end_stream()) {
                this.end(end);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Body, L: Listener> Drop for TeeBody<B, L> {
    fn drop(&mut self) {
        if self.listener.is_some() {
            // HTTP/2 may have ended the stream after the last frame that was polled.
            let end = if self.is_at_end() { End::Complete } else { End::Dropped };
            self.end(end);
        }
    }
}
