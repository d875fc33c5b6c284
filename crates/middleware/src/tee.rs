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
    /// The last piece, with which the body is complete.
    fn last(mut self, bytes: &Bytes)
    where
        Self: Sized,
    {
        self.data(bytes);
        self.end(End::Complete);
    }
    /// How it ended; told once.
    fn end(self, end: End);
}

impl Listener for Tap {
    fn data(&mut self, bytes: &Bytes) {
        self.body(bytes);
    }

    fn last(self, bytes: &Bytes) {
        Tap::last(self, bytes);
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
    /// How much is to come, where the length is known. A body that is ready to decompress never says that it is at its
    /// end, not even where there is nothing to decompress; its length tells.
    left: Option<u64>,
    /// Taken by the first end that is seen, so that no second one can be told.
    listener: Option<L>,
}

impl<B: Body, L: Listener> TeeBody<B, L> {
    pub(crate) fn new(inner: B, listener: L) -> Self {
        let left = inner.size_hint().exact();
        let mut tee = Self { inner, left, listener: Some(listener) };
        // The answer to HEAD, 204, an empty body: nobody will poll it.
        if tee.is_at_end() {
            tee.end(End::Complete);
        }
        tee
    }

    fn is_at_end(&self) -> bool {
        is_at_end(self.left, &self.inner)
    }

    fn end(&mut self, end: End) {
        if let Some(listener) = self.listener.take() {
            listener.end(end);
        }
    }
}

/// Whether there is nothing left to be polled: with a known length a client may stop at the last byte.
fn is_at_end(left: Option<u64>, inner: &impl Body) -> bool {
    left == Some(0) || inner.is_end_stream()
}

/// The end that a polled frame is, if it is one; `is_at_end` is asked whether anything is left after it.
fn end_of<E: Error + 'static>(
    polled: &Poll<Option<Result<Frame<Bytes>, E>>>,
    is_at_end: impl FnOnce() -> bool,
) -> Option<End> {
    match polled {
        Poll::Pending => None,
        Poll::Ready(Some(Ok(frame))) => (frame.is_trailers() || is_at_end()).then_some(End::Complete),
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
        let Some(listener) = &mut this.listener else {
            return polled;
        };
        let data = match &polled {
            Poll::Ready(Some(Ok(frame))) => frame.data_ref(),
            _ => None,
        };
        if let (Some(data), Some(left)) = (data, &mut this.left) {
            *left = left.saturating_sub(data.len() as u64);
        }
        match (data, end_of(&polled, || is_at_end(this.left, &this.inner))) {
            (Some(data), None) => listener.data(data),
            (Some(data), Some(_)) => {
                if let Some(listener) = this.listener.take() {
                    listener.last(data);
                }
            }
            (None, Some(end)) => this.end(end),
            (None, None) => {}
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::VecDeque;
    use std::io;
    use std::sync::{Arc, Mutex};
    use std::task::Waker;

    use http::HeaderMap;
    use sidetone_core::exchange::TransportError;

    use super::*;

    /// A body that gives what it was told to, and may keep to itself that it is at its end.
    struct Script {
        frames: VecDeque<Result<Frame<Bytes>, io::Error>>,
        says_end: bool,
        length: SizeHint,
    }

    impl Script {
        fn of(frames: impl IntoIterator<Item = Result<Frame<Bytes>, io::Error>>) -> Self {
            Self { frames: frames.into_iter().collect(), says_end: false, length: SizeHint::default() }
        }

        fn saying_its_end(mut self) -> Self {
            self.says_end = true;
            self
        }
    }

    impl Body for Script {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Ready(self.frames.pop_front())
        }

        fn is_end_stream(&self) -> bool {
            self.says_end && self.frames.is_empty()
        }

        fn size_hint(&self) -> SizeHint {
            self.length
        }
    }

    #[derive(Debug, Clone, Default)]
    struct Heard(Arc<Mutex<(Vec<Bytes>, Vec<End>)>>);

    impl Heard {
        fn ends(&self) -> Vec<End> {
            self.0.lock().unwrap().1.clone()
        }

        fn data(&self) -> Vec<Bytes> {
            self.0.lock().unwrap().0.clone()
        }
    }

    impl Listener for Heard {
        fn data(&mut self, bytes: &Bytes) {
            self.0.lock().unwrap().0.push(bytes.clone());
        }

        fn end(self, end: End) {
            self.0.lock().unwrap().1.push(end);
        }
    }

    type Polled = Poll<Option<Result<Frame<Bytes>, io::Error>>>;

    fn poll(tee: &mut TeeBody<Script, Heard>) -> Polled {
        Pin::new(tee).poll_frame(&mut Context::from_waker(Waker::noop()))
    }

    fn data(text: &'static str) -> Result<Frame<Bytes>, io::Error> {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    fn error(kind: io::ErrorKind) -> Result<Frame<Bytes>, io::Error> {
        Err(kind.into())
    }

    /// Polls `times` times, drops, and tells what was heard before the drop and in all.
    fn run(script: Script, times: usize) -> (Vec<End>, Vec<End>) {
        let heard = Heard::default();
        let mut tee = TeeBody::new(script, heard.clone());
        for _ in 0..times {
            let _ = poll(&mut tee);
        }
        let before = heard.ends();
        drop(tee);
        (before, heard.ends())
    }

    #[test]
    fn a_body_that_was_polled_to_its_end_is_complete() {
        assert_eq!(run(Script::of([data("a")]), 1).0, []);
        assert_eq!(run(Script::of([data("a")]), 2), (vec![End::Complete], vec![End::Complete]));
    }

    #[test]
    fn an_empty_body_is_complete_when_it_is_wrapped() {
        assert_eq!(run(Script::of([]).saying_its_end(), 0).0, [End::Complete]);
        let mut empty = Script::of([]);
        empty.length = SizeHint::with_exact(0);
        assert_eq!(run(empty, 0).0, [End::Complete]);
    }

    #[test]
    fn a_body_that_says_it_is_at_its_end_is_complete_and_need_not_be_polled_again() {
        assert_eq!(run(Script::of([data("a"), data("b")]).saying_its_end(), 1).0, []);
        assert_eq!(run(Script::of([data("a"), data("b")]).saying_its_end(), 2).0, [End::Complete]);
    }

    #[test]
    fn trailers_complete_a_body() {
        let trailers = || Ok(Frame::trailers(HeaderMap::new()));
        assert_eq!(run(Script::of([data("a"), trailers()]), 2).0, [End::Complete]);
    }

    #[test]
    fn an_error_fails_a_body_by_its_kind_and_nothing_comes_after_it() {
        for (kind, expected) in [
            (io::ErrorKind::ConnectionReset, TransportError::Connection),
            (io::ErrorKind::UnexpectedEof, TransportError::Connection),
            (io::ErrorKind::TimedOut, TransportError::Timeout),
            (io::ErrorKind::InvalidData, TransportError::Other),
        ] {
            let ends = run(Script::of([data("a"), error(kind), data("b")]), 4);
            assert_eq!(ends.1, [End::Failed(expected)], "{kind}");
        }
    }

    #[test]
    fn a_body_dropped_before_its_end_is_dropped() {
        assert_eq!(run(Script::of([data("a"), data("b")]), 1), (vec![], vec![End::Dropped]));
        assert_eq!(run(Script::of([data("a")]), 0).1, [End::Dropped]);
    }

    #[test]
    fn a_body_of_which_nothing_is_left_of_its_length_is_complete() {
        let mut script = Script::of([data("ab"), data("c")]);
        script.length = SizeHint::with_exact(3);
        assert_eq!(run(script, 2).0, [End::Complete]);
        let mut script = Script::of([data("ab"), data("c")]);
        script.length = SizeHint::with_exact(4);
        assert_eq!(run(script, 2), (vec![], vec![End::Dropped]));
    }

    #[test]
    fn a_wrapped_body_keeps_its_size_hint_and_end_flag() {
        let mut script = Script::of([data("abc")]).saying_its_end();
        script.length = SizeHint::with_exact(3);
        let mut tee = TeeBody::new(script, Heard::default());
        assert_eq!(tee.size_hint().exact(), Some(3));
        assert!(!tee.is_end_stream());
        let _ = poll(&mut tee);
        assert!(tee.is_end_stream());
    }

    #[test]
    fn what_is_polled_and_what_is_heard_is_the_same_memory() {
        let bytes = Bytes::from(vec![b'x'; 100]);
        let heard = Heard::default();
        let mut tee = TeeBody::new(Script::of([Ok(Frame::data(bytes.clone()))]), heard.clone());
        let Poll::Ready(Some(Ok(frame))) = poll(&mut tee) else { unreachable!() };
        assert_eq!(frame.into_data().unwrap().as_ptr(), bytes.as_ptr());
        assert_eq!(heard.data()[0].as_ptr(), bytes.as_ptr());
    }
}
