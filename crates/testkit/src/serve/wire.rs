//! The server's end of a connection, which tells when bytes have left and can be cut from within an answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;

use super::locked;
use super::stream::Stream;

/// A connection as its answers see it.
#[derive(Clone, Default)]
pub(crate) struct Wire(Arc<State>);

#[derive(Default)]
struct State {
    /// Which of the server's connections this is, counted from 0, and the port that the client has on it.
    number: u64,
    client_port: u16,
    /// How often everything that was written has been handed to the operating system.
    flushes: AtomicU64,
    waiting: Mutex<Vec<Waker>>,
    cut: Notify,
    reset: AtomicBool,
}

impl Wire {
    pub(crate) fn new(number: u64, client_port: u16) -> Self {
        Self(Arc::new(State { number, client_port, ..State::default() }))
    }

    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    pub(crate) fn client_port(&self) -> u16 {
        self.0.client_port
    }

    pub(crate) fn flushes(&self) -> u64 {
        self.0.flushes.load(Ordering::Acquire)
    }

    /// Ready once everything written before `flushes()` gave `mark` has been handed to the operating system.
    pub(crate) fn poll_flushed(&self, mark: u64, cx: &Context<'_>) -> Poll<()> {
        let mut waiting = locked(&self.0.waiting);
        if self.flushes() > mark {
            return Poll::Ready(());
        }
        if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Closes the connection, with everything on it, by FIN or by RST.
    pub(crate) fn cut(&self, reset: bool) {
        self.0.reset.store(reset, Ordering::Release);
        self.0.cut.notify_one();
    }

    /// Returns when an answer has asked to cut the connection.
    pub(crate) async fn until_cut(&self) {
        self.0.cut.notified().await;
    }

    fn flushed(&self) {
        let mut waiting = locked(&self.0.waiting);
        self.0.flushes.fetch_add(1, Ordering::AcqRel);
        waiting.drain(..).for_each(Waker::wake);
    }
}

/// The socket of a [`Wire`].
pub(crate) struct Socket {
    stream: Stream,
    wire: Wire,
}

impl Socket {
    pub(crate) fn new(stream: Stream, wire: Wire) -> Self {
        Self { stream, wire }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut Stream> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.wire.0.reset.load(Ordering::Acquire) {
            // Where it can't be set the connection closes by FIN, and the test that waits for a reset says so.
            let _ = self.stream.tcp().set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper calls this once its own buffers are empty.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.as_mut().stream().poll_flush(cx);
        if flushed.is_ready() {
            self.wire.flushed();
        }
        flushed
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }
}
