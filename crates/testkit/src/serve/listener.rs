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
use super::wire::{Socket, Wire};

/// Connections that may wait to be accepted, so that a burst of clients isn't held up by lost SYN packets.
const BACKLOG: u32 = 4096;
/// How long to wait when no connection can be accepted, as with too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

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
    done: std::sync::mpsc::Sender<()>,
}

impl Listener {
    /// Listens on loopback; port 0 lets the system choose.
    pub(crate) fn start<S, F>(port: u16, service: S) -> io::Result<Self>
    where
        S: Fn(Request<Incoming>, Wire) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Delivery>> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _inside = runtime.enter();
            bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?.listen(BACKLOG)?
        };
        let addr = listener.local_addr()?;
        let connections = Arc::new(AtomicUsize::new(0));
        let (control, controls) = mpsc::unbounded_channel();
        let accepting = accept(listener, service, Arc::clone(&connections), controls);
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
    pub(crate) fn set_accepting(&self, accept: bool) {
        let (done, wait) = std::sync::mpsc::channel();
        if let Some(control) = &self.control {
            let _ = control.send(Control { accept, done });
            let _ = wait.recv();
        }
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

/// A socket that has its port and refuses connections until it listens.
pub(crate) fn bind(addr: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Without it a port can't be taken again while closed connections linger.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    Ok(socket)
}

async fn accept<S, F>(
    listener: TcpListener,
    service: S,
    count: Arc<AtomicUsize>,
    mut controls: mpsc::UnboundedReceiver<Control>,
) where
    S: Fn(Request<Incoming>, Wire) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Delivery>> + Send + 'static,
{
    let addr = listener.local_addr();
    let mut listener = Some(listener);
    let mut refusing = None;
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            stream = next(listener.as_ref()) => {
                count.fetch_add(1, Ordering::AcqRel);
                connections.spawn(serve(stream, service.clone()));
            }
            Some(_) = connections.join_next() => {}
            control = controls.recv() => {
                let Some(Control { accept, done }) = control else { return };
                match (accept, &addr) {
                    (true, Ok(addr)) if listener.is_none() => {
                        let socket = refusing.take().map_or_else(|| bind(*addr), Ok);
                        listener = socket.and_then(|socket| socket.listen(BACKLOG)).ok();
                    }
                    (false, Ok(addr)) => {
                        listener = None;
                        // Keeps the port, so that nobody else gets it.
                        refusing = refusing.or_else(|| bind(*addr).ok());
                        connections.shutdown().await;
                    }
                    _ => {}
                }
                let _ = done.send(());
            }
        }
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return std::future::pending().await };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve<S, F>(stream: TcpStream, service: S)
where
    S: Fn(Request<Incoming>, Wire) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Delivery>> + Send + 'static,
{
    // Each piece of an answer leaves when it is written.
    let _ = stream.set_nodelay(true);
    let wire = Wire::default();
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
