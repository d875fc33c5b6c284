//! What a mock server answers and how: the builder, whose settings can also be changed while the server runs.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::MockServer;
#[cfg(feature = "tls")]
use super::Tls;
use crate::case::{Case, CaseError};
use crate::serve::stream::Security;

/// The pieces in which a body is written; each is handed to the socket before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pieces {
    /// The body at once.
    Whole,
    /// One server-sent event at a time.
    Events,
    /// So many bytes at a time; 0 is taken as 1.
    Bytes(usize),
}

/// How the end of a body is told in HTTP/1.1. (HTTP/2 has frames; there it is whether a `content-length` is sent.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By a `content-length`.
    Length,
    /// By the last chunk.
    Chunked,
}

/// Where in a response something goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// When the request has been read, before the response's head.
    BeforeHead,
    /// When the head and so many bytes of the body have been sent; 0 is right after the head.
    AfterBytes(usize),
    /// When the whole body has been sent, but not its end: the last chunk, or the last byte where there is a `content-length`.
    BeforeEnd,
}

/// What goes wrong on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server closes the connection, all streams of it in HTTP/2.
    Close(Point),
    /// The server resets the connection (RST); the client may lose bytes that it hasn't read yet.
    Reset(Point),
    /// The server says nothing more and keeps the connection.
    Hang(Point),
}

/// How a request fails: with a status, or with a [`Fault`].
#[derive(Clone, Debug)]
pub struct Failure(pub(super) FailureKind);

#[derive(Clone, Debug)]
pub(super) enum FailureKind {
    Status { status: u16, headers: Vec<(String, String)>, body: Option<Bytes> },
    Fault(Fault),
}

impl Failure {
    /// An answer with this status and an error as OpenAI sends it.
    pub fn status(status: u16) -> Self {
        Self(FailureKind::Status { status, headers: Vec::new(), body: None })
    }

    /// Adds a header to the answer, such as `retry-after`. A fault has no headers.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let FailureKind::Status { headers, .. } = &mut self.0 {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Sets the answer's body. A fault has none.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        if let FailureKind::Status { body, .. } = &mut self.0 {
            *body = Some(bytes.into());
        }
        self
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self(FailureKind::Fault(fault))
    }
}

/// Sets up a [`MockServer`].
///
/// [`MockServer::change`] takes the same methods, from the next request on.
#[derive(Clone)]
#[must_use = "call `start`"]
pub struct MockServerBuilder {
    pub(super) addr: SocketAddr,
    pub(super) security: Security,
    pub(super) log_file: Option<Arc<File>>,
    pub(super) settings: Settings,
}

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) cases: HashMap<String, Arc<Case>>,
    pub(super) only: Option<Arc<Case>>,
    pub(super) reply: Reply,
    pub(super) record: bool,
    pub(super) log: bool,
    pub(super) is_numbered: bool,
    pub(super) pieces: Option<Pieces>,
    pub(super) head_delay: Duration,
    pub(super) piece_delay: Duration,
    pub(super) framing: Option<Framing>,
    pub(super) gzip: bool,
    pub(super) redirect: bool,
    pub(super) fault: Option<Fault>,
    pub(super) first: Option<Arc<First>>,
}

/// What is put into an answer that path and body chose.
#[derive(Clone, Default)]
pub(super) struct Reply {
    pub(super) text: Option<String>,
    pub(super) usage: Option<(u64, u64)>,
    pub(super) model: Option<String>,
    pub(super) tool_call: Option<(String, String)>,
    pub(super) no_tool_calls: bool,
}

/// The failure of the first requests.
pub(super) struct First {
    left: AtomicUsize,
    failure: FailureKind,
}

impl First {
    /// The failure, for as many requests as were asked for.
    pub(super) fn take(&self) -> Option<&FailureKind> {
        let less = |left: usize| left.checked_sub(1);
        self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).ok().map(|_| &self.failure)
    }
}

impl Default for MockServerBuilder {
    fn default() -> Self {
        let cases = Case::all_embedded().into_iter().map(|case| (case.name.clone(), Arc::new(case))).collect();
        let settings = Settings {
            cases,
            only: None,
            reply: Reply::default(),
            record: true,
            log: false,
            is_numbered: false,
            pieces: None,
            head_delay: Duration::ZERO,
            piece_delay: Duration::ZERO,
            framing: None,
            gzip: false,
            redirect: false,
            fault: None,
            first: None,
        };
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self { addr, security: Security::None, log_file: None, settings }
    }
}

impl MockServerBuilder {
    /// The port on 127.0.0.1; 0, the default, lets the system choose.
    pub fn port(mut self, port: u16) -> Self {
        self.addr.set_port(port);
        self
    }

    /// The address, one of 127.0.0.0/8; 127.0.0.1 is the default. With another than others have, the port is free.
    pub fn address(mut self, address: Ipv4Addr) -> Self {
        self.addr.set_ip(address.into());
        self
    }

    /// Speaks TLS.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.security = Security::Tls(tls);
        self
    }

    /// Gives every answer that path and body choose an `id` and token counts of its own: those of the n-th request, from 0
    /// on, are n + 1,000 tokens of input and 10 to 98 tokens of output.
    pub fn number_answers(mut self, number: bool) -> Self {
        self.settings.is_numbered = number;
        self
    }

    /// Whether answers are kept for [`MockServer::answers`]; by default they aren't.
    pub fn log_answers(mut self, log: bool) -> Self {
        self.settings.log = log;
        self
    }

    /// Writes a line of JSON to `file` for each answer, as [`Answered::json`](super::Answered::json) gives it.
    pub fn log_to(mut self, file: File) -> Self {
        self.settings.log = true;
        self.log_file = Some(Arc::new(file));
        self
    }

    /// Adds a case, in place of another of the same name.
    pub fn case(mut self, case: Case) -> Self {
        self.settings.cases.insert(case.name.clone(), Arc::new(case));
        self
    }

    /// Adds every case of a folder; see [`Case::load_all`].
    ///
    /// # Errors
    /// When a case can't be read.
    pub fn cases_from(self, dir: impl AsRef<Path>) -> Result<Self, CaseError> {
        Ok(Case::load_all(dir)?.into_iter().fold(self, Self::case))
    }

    /// Answers every request by this case, whatever its path.
    pub fn answer_with(mut self, case: Case) -> Self {
        self.settings.only = Some(Arc::new(case));
        self
    }

    /// What the assistant says, in an answer chosen by path and body.
    pub fn reply_text(mut self, text: impl Into<String>) -> Self {
        self.settings.reply.text = Some(text.into());
        self
    }

    /// The token counts of an answer chosen by path and body.
    pub fn usage(mut self, input: u64, output: u64) -> Self {
        self.settings.reply.usage = Some((input, output));
        self
    }

    /// The model named by an answer chosen by path and body, in place of the requested one.
    pub fn reply_model(mut self, model: impl Into<String>) -> Self {
        self.settings.reply.model = Some(model.into());
        self
    }

    /// Name and arguments (JSON text) of the tool calls in an answer chosen by path and body.
    pub fn reply_tool_call(mut self, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        self.settings.reply.tool_call = Some((name.into(), arguments.into()));
        self
    }

    /// Whether offered tools are called (the default) or answered by text.
    pub fn tool_calls(mut self, call: bool) -> Self {
        self.settings.reply.no_tool_calls = !call;
        self
    }

    /// Whether requests are kept for [`MockServer::requests`]; they are by default, up to
    /// [`REQUESTS_KEPT_MAX`](super::REQUESTS_KEPT_MAX).
    pub fn record_requests(mut self, record: bool) -> Self {
        self.settings.record = record;
        self
    }

    /// The pieces in which bodies are written. By default those of the case's `write_size`, else events for a stream, and
    /// the whole body for anything else.
    pub fn pieces(mut self, pieces: Pieces) -> Self {
        self.settings.pieces = Some(pieces);
        self
    }

    /// How long the server waits before it sends a response's head.
    pub fn head_delay(mut self, delay: Duration) -> Self {
        self.settings.head_delay = delay;
        self
    }

    /// How long the server waits between two pieces of a body.
    pub fn piece_delay(mut self, delay: Duration) -> Self {
        self.settings.piece_delay = delay;
        self
    }

    /// How the end of a body is told. By default by chunks for a stream, and by its length for anything else.
    pub fn framing(mut self, framing: Framing) -> Self {
        self.settings.framing = Some(framing);
        self
    }

    /// Whether bodies are compressed for clients that accept gzip; by default they aren't. Each event of a stream is
    /// complete in what has been sent.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.settings.gzip = gzip;
        self
    }

    /// Whether requests are first redirected (307) to the same path below `/redirected`.
    pub fn redirect(mut self, redirect: bool) -> Self {
        self.settings.redirect = redirect;
        self
    }

    /// What goes wrong with every answer; `None` ends that.
    pub fn fault(mut self, fault: impl Into<Option<Fault>>) -> Self {
        self.settings.fault = fault.into();
        self
    }

    /// Makes the next `count` requests fail.
    pub fn fail_first(mut self, count: usize, failure: impl Into<Failure>) -> Self {
        self.settings.first = Some(Arc::new(First { left: AtomicUsize::new(count), failure: failure.into().0 }));
        self
    }

    /// Starts the server.
    ///
    /// # Panics
    /// When the port is taken; see [`MockServerBuilder::try_start`].
    #[expect(clippy::panic, reason = "a test without its server can only fail")]
    pub fn start(self) -> MockServer {
        let addr = self.addr;
        match self.try_start() {
            Ok(server) => server,
            Err(error) => panic!("the mock server can't listen on {addr}: {error}"),
        }
    }

    /// Starts the server.
    ///
    /// # Errors
    /// When the port is taken, or the system gives no socket or thread.
    pub fn try_start(self) -> io::Result<MockServer> {
        MockServer::with(self)
    }
}
