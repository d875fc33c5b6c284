//! A receiver of telemetry that behaves, or doesn't: it hangs, refuses, fails, never ends its answer, dies within it, and
//! comes back when told.
//!
//! What an exporter sends stays readable, decoded with the feature `otlp` (see the module `otlp`). HTTP/1.1 and HTTP/2 with
//! prior knowledge share the port, so OTLP over HTTP and over gRPC are answered.
//!
//! ```
//! use sidetone_testkit::hostile::{Behaviour, Receiver};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), reqwest::Error> {
//! let receiver = Receiver::start();
//! let url = format!("{}/v1/traces", receiver.endpoint());
//! let export = || reqwest::Client::new().post(&url).header("content-type", "application/x-protobuf").send();
//! assert_eq!(export().await?.status(), 200);
//!
//! receiver.set(Behaviour::Status { status: 429, retry_after: Some(1) });
//! assert_eq!(export().await?.headers()["retry-after"], "1");
//!
//! receiver.set(Behaviour::Refuse);
//! assert!(export().await.unwrap_err().is_connect());
//!
//! receiver.set(Behaviour::Accept);
//! assert_eq!(export().await?.status(), 200);
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;

use crate::serve::delivery::{Delivery, Stop, Unfinished};
use crate::serve::listener::{Listener, bind};
use crate::serve::locked;
use crate::serve::request::{ReceivedRequest, Requests, Unread, read};
use crate::serve::wire::Wire;

/// What a [`Receiver`] does with the requests that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers 200 with an empty message.
    Accept,
    /// Reads the request and never answers.
    Hang,
    /// Accepts the connection, doesn't read the request's body and never answers.
    HangUnread,
    /// Answers with the head of a 200 and never ends its body.
    HangAfterHead,
    /// Answers with this status, over gRPC too, as a proxy would.
    Status {
        /// The status, such as 429 or 500.
        status: u16,
        /// The value of `retry-after`, in seconds.
        retry_after: Option<u64>,
    },
    /// Answers 200 with a body of so many bytes, as fast as the client takes them.
    HugeBody {
        /// The body's length.
        bytes: u64,
    },
    /// Answers with the head of a 200, some bytes of its body, and closes the connection.
    DieMidResponse,
    /// Closes all connections and refuses new ones; the port stays its own.
    Refuse,
}

/// The length that an unfinished body claims to have.
const CLAIMED: usize = 1000;
/// How much of it comes before the receiver dies.
const SENT: u64 = 10;
/// A huge body is sent in pieces of this size.
static PIECE: [u8; 64 << 10] = [b' '; 64 << 10];

/// A receiver on a thread of its own; it stops when this is dropped.
pub struct Receiver {
    listener: Listener,
    shared: Arc<Shared>,
}

struct Shared {
    behaviour: Mutex<Behaviour>,
    requests: Requests,
    taken: Arc<AtomicU64>,
    #[cfg(feature = "otlp")]
    exports: Mutex<crate::otlp::Exports>,
}

impl Receiver {
    /// Starts a receiver that accepts, on a port that the system chooses.
    ///
    /// # Panics
    /// When the system gives no socket or thread.
    pub fn start() -> Self {
        Self::start_with(Behaviour::Accept)
    }

    /// Starts a receiver that behaves like this, on a port that the system chooses.
    ///
    /// # Panics
    /// When the system gives no socket or thread.
    #[expect(clippy::panic, reason = "a test without its receiver can only fail")]
    pub fn start_with(behaviour: Behaviour) -> Self {
        match Self::try_start(0, behaviour) {
            Ok(receiver) => receiver,
            Err(error) => panic!("a receiver can't listen on 127.0.0.1: {error}"),
        }
    }

    /// Starts a receiver on this port; 0 lets the system choose.
    ///
    /// # Errors
    /// When the port is taken, or the system gives no socket or thread.
    pub fn try_start(port: u16, behaviour: Behaviour) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            behaviour: Mutex::new(Behaviour::Accept),
            requests: Requests::default(),
            taken: Arc::default(),
            #[cfg(feature = "otlp")]
            exports: Mutex::default(),
        });
        let answering = Arc::clone(&shared);
        let listener = Listener::start(port, move |request, wire| {
            let shared = Arc::clone(&answering);
            async move { respond(&shared, request, wire).await }
        })?;
        let receiver = Self { listener, shared };
        receiver.try_set(behaviour)?;
        Ok(receiver)
    }

    /// Changes what it does with the requests that come from now on. Those that hang go on hanging, unless it is to
    /// [refuse](Behaviour::Refuse).
    ///
    /// # Panics
    /// When, having refused, it can't listen on its port again.
    #[expect(clippy::panic, reason = "a test without its receiver can only fail")]
    pub fn set(&self, behaviour: Behaviour) {
        if let Err(error) = self.try_set(behaviour) {
            panic!("the receiver can't listen on {} again: {error}", self.addr());
        }
    }

    fn try_set(&self, behaviour: Behaviour) -> io::Result<()> {
        *locked(&self.shared.behaviour) = behaviour;
        self.listener.set_accepting(behaviour != Behaviour::Refuse)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listener.addr()
    }

    /// `http://127.0.0.1:PORT`, as for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.addr())
    }

    /// The requests read so far, oldest first, whatever became of them; as many as
    /// [`REQUESTS_KEPT_MAX`](crate::server::REQUESTS_KEPT_MAX).
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests.all()
    }

    /// How many requests were read so far.
    pub fn request_count(&self) -> usize {
        self.shared.requests.count()
    }

    /// Blocks until `count` requests were read; `false` when they weren't within `patience`.
    ///
    /// For threads, not for async tests: nothing else runs on the thread meanwhile.
    #[must_use = "assert that it's true"]
    pub fn wait_for_requests(&self, count: usize, patience: Duration) -> bool {
        self.shared.requests.wait_for(count, patience)
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.listener.connections()
    }

    /// How many bytes of [huge bodies](Behaviour::HugeBody) were written so far.
    pub fn body_bytes_taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Acquire)
    }

    /// Forgets what was received so far.
    pub fn clear(&self) {
        self.shared.requests.clear();
        #[cfg(feature = "otlp")]
        locked(&self.shared.exports).clear();
    }

    #[cfg(feature = "otlp")]
    pub(crate) fn with_exports<T>(&self, read: impl FnOnce(&crate::otlp::Exports) -> T) -> T {
        read(&locked(&self.shared.exports))
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let behaviour = *locked(&self.shared.behaviour);
        f.debug_struct("Receiver").field("addr", &self.addr()).field("behaviour", &behaviour).finish_non_exhaustive()
    }
}

async fn respond(shared: &Shared, request: Request<Incoming>, wire: Wire) -> Response<Delivery> {
    let behaviour = *locked(&shared.behaviour);
    if behaviour == Behaviour::HangUnread {
        // Keeps the body, and with it the connection.
        let _unread = request;
        return std::future::pending().await;
    }
    let body = Body { wire, taken: Arc::clone(&shared.taken) };
    let (behaviour, request) = match read(request).await {
        Ok(request) => (behaviour, request),
        Err(Unread::TooLong) => return body.status(413, None),
        Err(Unread::Broken) => return std::future::pending().await,
    };
    let kind = request.header("content-type").unwrap_or_default().to_owned();
    #[cfg(feature = "otlp")]
    locked(&shared.exports).add(&request, behaviour);
    shared.requests.add(Some(request));
    match behaviour {
        Behaviour::Accept => body.accepted(&kind),
        Behaviour::Hang | Behaviour::HangUnread | Behaviour::Refuse => std::future::pending().await,
        Behaviour::HangAfterHead => body.unfinished(&kind, 0, Stop::Hang),
        Behaviour::Status { status, retry_after } => body.status(status, retry_after),
        Behaviour::HugeBody { bytes } => body.huge(&kind, bytes),
        Behaviour::DieMidResponse => body.unfinished(&kind, SENT, Stop::Close),
    }
}

/// Makes the answers.
struct Body {
    wire: Wire,
    taken: Arc<AtomicU64>,
}

impl Body {
    fn delivery<I>(&self, pieces: I) -> Delivery
    where
        I: IntoIterator<Item = Bytes>,
        I::IntoIter: Send + 'static,
    {
        Delivery::new(self.wire.clone(), Unfinished::uncounted(), pieces)
    }

    fn accepted(&self, kind: &str) -> Response<Delivery> {
        if !kind.starts_with("application/grpc") {
            let empty: &[u8] = if kind.starts_with("application/json") { b"{}" } else { b"" };
            let length = empty.len() as u64;
            return ok(kind, self.delivery([Bytes::from_static(empty)]).with_length(Some(length)));
        }
        // One message, not compressed, of no bytes; then the status.
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        ok(kind, self.delivery([Bytes::from_static(&[0; 5])]).with_trailers(trailers))
    }

    fn unfinished(&self, kind: &str, at: u64, stop: Stop) -> Response<Delivery> {
        let body = Bytes::from_static(PIECE.get(..CLAIMED).unwrap_or_default());
        let delivery = self.delivery([body]).with_length(Some(CLAIMED as u64));
        ok(kind, delivery.with_stop(Some((Some(at), stop))))
    }

    fn huge(&self, kind: &str, bytes: u64) -> Response<Delivery> {
        let mut left = bytes;
        let pieces = std::iter::from_fn(move || {
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE.len());
            left -= length as u64;
            PIECE.get(..length).filter(|piece| !piece.is_empty()).map(Bytes::from_static)
        });
        ok(kind, self.delivery(pieces).with_length(Some(bytes)).counting(&self.taken))
    }

    fn status(&self, status: u16, retry_after: Option<u64>) -> Response<Delivery> {
        let mut response = Response::new(self.delivery([]).with_length(Some(0)));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn ok(kind: &str, delivery: Delivery) -> Response<Delivery> {
    let mut response = Response::new(delivery);
    if let Ok(kind) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(CONTENT_TYPE, kind);
    }
    response
}

/// An address that refuses connections as long as this lives: its port is taken and nothing listens on it.
///
/// ```
/// let nobody = sidetone_testkit::hostile::Refused::bind();
/// let error = std::net::TcpStream::connect(nobody.addr()).unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
/// ```
pub struct Refused {
    addr: SocketAddr,
    _socket: tokio::net::TcpSocket,
}

impl Refused {
    /// Takes a port that the system chooses.
    ///
    /// # Panics
    /// When the system gives none.
    #[expect(clippy::panic, reason = "a test without its address can only fail")]
    pub fn bind() -> Self {
        let bound = bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), false);
        match bound.and_then(|socket| Ok(Self { addr: socket.local_addr()?, _socket: socket })) {
            Ok(refused) => refused,
            Err(error) => panic!("no port of 127.0.0.1 can be taken: {error}"),
        }
    }

    /// The address.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}
