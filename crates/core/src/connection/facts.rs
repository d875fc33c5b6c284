//! What a connection is told, and what it tells.

use std::time::{Duration, SystemTime};

use crate::event::Side;
use crate::exchange::Understood;
use crate::wire::http::{Flow, Head, StreamId};

/// Which way bytes went, as the process sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The process read them.
    Read,
    /// The process wrote them.
    Write,
}

/// What is known of a connection before its first byte.
#[derive(Clone)]
pub struct Facts {
    /// The server's name, as the TLS handshake gave it.
    pub server_name: Option<Box<str>>,
    /// The server's port.
    pub port: Option<u16>,
    /// Whether the first bytes that are handed in are the first that went over it.
    pub from_start: bool,
    /// The moment at which the monotonic clock was 0.
    pub boot: SystemTime,
}

impl std::fmt::Debug for Facts {
    /// Without the name, which no policy has looked at yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Facts").field("port", &self.port).field("from_start", &self.from_start).finish_non_exhaustive()
    }
}

/// When a read or write happened, by a monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// When the process called for it. A request starts when its first bytes are about to be written.
    pub begun: Duration,
    /// When the call returned. The bytes of a response have come when they were read.
    pub ended: Duration,
}

/// How a connection came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Close {
    /// The process let go of it.
    Freed,
    /// The other side ended it, and the process read that end.
    Ended,
    /// The process ended.
    ProcessEnded,
    /// The capture stopped; the connection may go on.
    CaptureStopped,
}

/// What a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not known yet.
    Unknown,
    /// It speaks HTTP.
    Http,
    /// It doesn't, or no longer: there is nothing to be had from it.
    NotHttp,
}

/// An LLM call that a connection showed.
#[derive(Clone, PartialEq)]
pub struct Seen {
    /// The call; its `side` is set.
    pub understood: Understood,
    /// Which end of it the process is.
    pub side: Side,
    /// Which exchange of the connection it is.
    pub stream: StreamId,
    /// When its request began to be sent, by the monotonic clock (of a request that wasn't seen: when its response came).
    pub begun: Duration,
    /// When it ended.
    pub ended: Duration,
    /// The server's id of it (`x-request-id`).
    pub request_id: Option<Box<str>>,
    /// `host` or `:authority` of its request.
    pub authority: Option<Box<str>>,
}

impl std::fmt::Debug for Seen {
    /// The call as its review left it; without the names beside it, which pair it with others and weren't reviewed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Seen")
            .field("understood", &self.understood)
            .field("side", &self.side)
            .field("stream", &self.stream)
            .field("begun", &self.begun)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

/// Hears everything that a connection says in HTTP, LLM call or not.
pub trait Listener: Send {
    /// Which end the process is: once, before the first head.
    fn side(&mut self, _side: Side) {}

    /// A head came.
    fn head(&mut self, stream: StreamId, flow: Flow, head: &Head);

    /// The next bytes of a body came, without the transfer's framing, still content-encoded.
    fn body(&mut self, stream: StreamId, flow: Flow, bytes: &[u8]);

    /// A message ended. `is_complete`: nothing of it was missed, and it came to its end.
    fn end(&mut self, stream: StreamId, flow: Flow, is_complete: bool);
}
