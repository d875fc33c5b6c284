//! Accepts connections (HTTP/1.1, and HTTP/2 with prior knowledge, told apart by their first bytes) on a thread of its own.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::delivery::Delivery;
use super::stream::Security;
use super::wire::{Socket, Wire};

/// Connections that may wait to be accepted, so that a burst of clients isn't held up by lost SYN packets.
const BACKLOG: u32 = 4096;
/// How long to wait when no connection can be accepted, as with too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// How often, and with what pause, a port that is in use is tried again.
const AGAIN_ATTEMPTS: u32 = 200;
const AGAIN_PAUSE: Duration = Duration::from_millis(5);

/// A listening server; it stops when this is dropped.
pub(crate) struct Listener {
    addr: SocketAddr,
    connections: Arc<AtomicUsize>,
    control: Option<mpsc::UnboundedSender<Control>>,
    thread: Option<JoinHandle<()>>,
}

/// Whether connections are accepted or refused; answered when that is so.
struct Control {
    accept: bool,
    done: std::sync::mpsc::Sender<io::Result<()>>,
}

impl Listener {
    /// Listens on 127.0.0.1 without TLS; port 0 lets the system choose.
    pub(crate) fn start<S, F>(port: u16, service: S) -> io::Result<Self>
    where
        S: Fn(Request<Incoming>, Wire) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Delivery>> + Send + 'static,
    {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)), Security::None, service)
    }

    /// Listens on a loopback address; port 0 lets the system choose.
    pub(crate) fn start_at<S, F>(addr: SocketAddr, security: Security, service: S) -> io::Result<Self>
    where
        S: Fn(Request<Incoming>, Wire) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Delivery>> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            bind(addr, true)?.listen(BACKLOG)?
        };
        let addr = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let (control, controls) = mpsc::unbounded_channel();
        let accepting = accept(listener, addr, security, service, Arc::clone(&connections), controls);
        let thread = std::thread::Builder::new()
            .name(format!("testkit-{}", addr.port()))
            .spawn(move || runtime.block_on(accepting))?;
        Ok(Self { addr, connections, control: Some(control), thread: Some(thread) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// How many connections have been accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Accepts connections, or refuses them and closes those there are; returns when that is so.
    ///
    /// Fails when the port can't be taken again.
    pub(crate) fn set_accepting(&self, accept: bool) -> io::Result<()> {
        let (done, wait) = std::sync::mpsc::channel();
        let gone = || io::Error::other("the server's thread has ended");
        let control = self.control.as_ref().ok_or_else(gone)?;
        control.send(Control { accept, done }).map_err(|_| gone())?;
        wait.recv().map_err(|_| gone())?
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.control = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A socket that has its port and refuses connections until it listens. With `again`, a port can be taken while closed
/// connections linger on it; without, nobody else can take the port.
pub(crate) fn bind(addr: SocketAddr, again: bool) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // On Windows the option means that anybody may take it.
    socket.set_reuseaddr(again && cfg!(unix))?;
    socket.bind(addr)?;
    Ok(socket)
}

async fn accept<S, F>(
    listener: TcpListener,
    addr: SocketAddr,
    security: Security,
    service: S,
    count: Arc<AtomicUsize>,
    mut controls: mpsc::UnboundedReceiver<Control>,
) where
    S: Fn(Request<Incoming>, Wire) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Delivery>> + Send + 'static,
{
    let mut door = Door::Open(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = next(&door) => {
                let number = count.fetch_add(1, Ordering::AcqRel) as u64;
                connections.spawn(serve(stream, number, security.clone(), service.clone()));
            }
            Some(_) = connections.join_next() => {}
            control = controls.recv() => {
                let Some(Control { accept, done }) = control else { return };
                let (turned, result) = door.turn(addr, accept).await;
                door = turned;
                if !accept {
                    connections.shutdown().await;
                }
                let _ = done.send(result);
            }
        }
    }
}

/// Whether connections are accepted. A refusing socket keeps the port.
enum Door {
    Open(TcpListener),
    Refusing(Option<TcpSocket>),
}

impl Door {
    async fn turn(self, addr: SocketAddr, accept: bool) -> (Self, io::Result<()>) {
        match (self, accept) {
            (Self::Refusing(socket), true) => {
                let mut socket = socket;
                let listened = again(|| {
                    let socket = socket.take().map_or_else(|| bind(addr, true), Ok)?;
                    socket.listen(BACKLOG)
                });
                match listened.await {
                    Ok(listener) => (Self::Open(listener), Ok(())),
                    Err(error) => (Self::Refusing(None), Err(error)),
                }
            }
            (Self::Open(listener), false) => {
                drop(listener);
                (Self::Refusing(again(|| bind(addr, true)).await.ok()), Ok(()))
            }
            (same, _) => (same, Ok(())),
        }
    }
}

/// Tries again while the port is in use: a process that is just being started by another thread holds a copy of a listening
/// socket that was closed here, until it becomes the program that it is started for.
async fn again<T>(mut attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..AGAIN_ATTEMPTS {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => tokio::time::sleep(AGAIN_PAUSE).await,
            result => return result,
        }
    }
    attempt()
}

async fn next(door: &Door) -> TcpStream {
    let Door::Open(listener) = door else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve<S, F>(stream: TcpStream, number: u64, security: Security, service: S)
where
    S: Fn(Request<Incoming>, Wire) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Delivery>> + Send + 'static,
{
    // Each piece of an answer leaves when it is written.
    let _ = stream.set_nodelay(true);
    let wire = Wire::new(number, stream.peer_addr().map_or(0, |addr| addr.port()));
    // A client that doesn't trust the certificate is a client that goes away.
    let Ok(stream) = security.accept(stream).await else { return };
    let io = TokioIo::new(Socket::new(stream, wire.clone()));
    let answer = service_fn(|request| {
        let response = service(request, wire.clone());
        async { Ok::<_, Infallible>(response.await) }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    // A connection that ends in an error is the client's doing, or what the test asked for.
    tokio::select! {
        _ = builder.serve_connection(io, answer) => {}
        () = wire.until_cut() => {}
    }
}
