//! Each TLS runtime's hooks fire with the right arguments: what a program of that runtime sent and got, as its server
//! logged it, is what the probes of the program's own files saw, byte for byte.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod kernel_side;

use std::fs::File;
use std::io::{IoSlice, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use kernel_side::{Connection, Listening, connections};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use sidetone_ebpf_capture::kernel::{Close, LoadOptions, Record, RecordKind};
use sidetone_ebpf_capture::runtime::{self, Recognised};
use sidetone_testkit::{backends, require};
use tokio_rustls::rustls::{self, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// What the server got and sent on one connection.
#[derive(Debug, Default, Clone, PartialEq)]
struct Exchange {
    got: Vec<u8>,
    sent: Vec<u8>,
}

/// A TLS server that answers each request with as many bytes as its path says, and logs every byte.
struct Server {
    port: u16,
    roots: RootCertStore,
    log: Arc<Mutex<Vec<Exchange>>>,
}

impl Server {
    fn start() -> Self {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let key = rustls::pki_types::PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![cert.der().clone()], key);
        let config = Arc::new(config.unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Arc::new(Mutex::new(Vec::new()));
        let logged = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (config, log) = (Arc::clone(&config), Arc::clone(&logged));
                std::thread::spawn(move || log.lock().unwrap().extend(serve(stream.unwrap(), config)));
            }
        });
        Self { port, roots, log }
    }

    fn url(&self, length: usize) -> String {
        format!("https://localhost:{}/{length}", self.port)
    }

    /// The exchanges so far, once there are as many.
    fn exchanges(&self, count: usize) -> Vec<Exchange> {
        for _ in 0..3000 {
            let log = self.log.lock().unwrap().clone();
            if log.len() >= count {
                return log;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("the server has not seen {count} exchanges");
    }
}

/// One request and its response; `None` for a connection that says nothing.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) -> Option<Exchange> {
    let mut stream = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    let mut exchange = Exchange::default();
    let mut piece = vec![0; 64 * 1024];
    let (head, length) = loop {
        let count = stream.read(&mut piece).ok().filter(|count| *count > 0)?;
        exchange.got.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&exchange.got);
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        if head.to_ascii_lowercase().contains("expect: 100-continue") && exchange.sent.is_empty() {
            exchange.sent.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
            stream.write_all(&exchange.sent).unwrap();
        }
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let length = head.lines().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix("content-length:").map(|it| it.trim().parse::<usize>().unwrap())
        });
        let is_whole = if chunked {
            exchange.got.ends_with(b"0\r\n\r\n")
        } else {
            exchange.got.len() >= head.len() + 4 + length.unwrap_or(0)
        };
        if is_whole {
            let path = head.split(' ').nth(1).unwrap().trim_start_matches('/').to_owned();
            break (path, length);
        }
    };
    let _ = length;
    let wanted = head.parse().unwrap();
    let mut answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {wanted}\r\nconnection: close\r\n\r\n").into_bytes();
    answer.extend(kernel_side::bytes(wanted, wanted));
    stream.write_all(&answer).unwrap();
    exchange.sent.extend_from_slice(&answer);
    stream.conn.send_close_notify();
    let _ = stream.flush();
    let _ = stream.sock.shutdown(std::net::Shutdown::Write);
    while stream.sock.read(&mut piece).is_ok_and(|count| count > 0) {}
    Some(exchange)
}

/// What is recognised in a file.
fn recognised(path: &Path) -> Vec<Recognised> {
    runtime::recognise(&File::open(path).unwrap(), path).unwrap()
}

/// The library of that name that a program loads.
fn library(program: &Path, name: &str) -> Option<PathBuf> {
    let listed = Command::new("ldd").arg(program).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let found = listed.lines().find(|line| line.contains(name)).and_then(|line| line.split_whitespace().nth(2));
    require::some(&format!("{} on {name}", program.display()), found).map(PathBuf::from)
}

/// The bytes that a client sends.
fn body() -> Vec<u8> {
    kernel_side::bytes(77, 100_000)
}

/// Bytes of the answers.
const ANSWER: usize = 300_000;

/// Runs the client with the probes of `file` attached, and compares what they saw with what the server logged.
fn sees_what_the_server_logs(file: &Path, runtime: &str, client: impl FnOnce(&Server) -> Command) {
    let found = recognised(file);
    let of_runtime: Vec<_> = found.iter().filter(|it| it.runtime == runtime).collect();
    assert_eq!(of_runtime.len(), 1, "{found:?}");
    assert_eq!(of_runtime[0].unsupported, None);
    let Some(listening) = Listening::start(&LoadOptions::default()) else { return };
    let _attachment = listening.attach(file);
    let server = Server::start();
    let mut child = client(&server).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let pid = child.id();
    let mut input = child.stdin.take().unwrap();
    let sender = std::thread::spawn(move || input.write_all(&body()));
    let out = child.wait_with_output().unwrap();
    let _ = sender.join();
    assert!(out.status.success(), "{out:?}");
    let logged = server.exchanges(1);
    listening.kernel.forget_process(pid);
    let records = listening
        .records_until(|record| record.header.pid == pid && matches!(record.header.kind, RecordKind::Close { .. }));
    let of_client: Vec<_> = records.into_iter().filter(|record| record.header.pid == pid).collect();
    let seen: Vec<Connection> = connections(&of_client).into_values().collect();
    assert_eq!(seen.len(), 1, "connections of {pid}");
    is_the_same(&seen[0], &logged[0]);
}

fn is_the_same(seen: &Connection, logged: &Exchange) {
    assert_eq!((seen.written.missing_bytes(), seen.read.missing_bytes()), (0, 0));
    assert!(logged.got.len() > body().len() && logged.sent.len() > ANSWER);
    assert_eq!((seen.written.bytes.len(), seen.read.bytes.len()), (logged.got.len(), logged.sent.len()));
    assert!(seen.written.bytes == logged.got && seen.read.bytes == logged.sent, "other bytes");
    assert!(seen.from_start || seen.name.is_some(), "the beginning of the connection was not seen");
}

fn curl(curl: &Path, server: &Server) -> Command {
    let mut command = Command::new(curl);
    command.args(["-sS", "-k", "--http1.1", "--data-binary", "@-", "-o", "/dev/null"]).arg(server.url(ANSWER));
    command
}

#[test]
fn openssl_shared() {
    let Some(program) = require::tool("curl") else { return };
    let Some(library) = library(&program, "libssl.so") else { return };
    sees_what_the_server_logs(&library, "openssl", |server| curl(&program, server));
}

#[test]
fn openssl_static_in_node() {
    let Some(node) = require::tool("node") else { return };
    let node = node.canonicalize().unwrap();
    let script = "const https = require('https'); const body = require('fs').readFileSync(0); \
        const request = https.request(process.argv[1], { method: 'POST', rejectUnauthorized: false }, \
        answer => answer.resume()); request.end(body);";
    sees_what_the_server_logs(&node, "openssl", |server| {
        let mut command = Command::new(&node);
        command.args(["-e", script]).arg(server.url(ANSWER));
        command
    });
}

#[test]
fn gnutls() {
    let Some(program) = require::tool("wget") else { return };
    let Some(library) = library(&program, "libgnutls.so") else { return };
    sees_what_the_server_logs(&library, "gnutls", |server| {
        let mut command = Command::new(&program);
        let posted = Path::new(env!("CARGO_TARGET_TMPDIR")).join("posted");
        std::fs::write(&posted, body()).unwrap(); // it wants to know the length before it reads
        command.args(["-q", "--no-check-certificate", "-O", "/dev/null", "--post-file"]).arg(posted);
        command.arg(server.url(ANSWER));
        command
    });
}

fn go(name: &str, arguments: &[&str]) {
    let Some(go) = require::tool("go") else { return };
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let built = Command::new(go)
        .args(["build", "-o"])
        .arg(&program)
        .args(arguments)
        .arg(".")
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/go"))
        .status();
    assert!(built.unwrap().success());
    sees_what_the_server_logs(&program, "go", |server| {
        let mut command = Command::new(&program);
        command.arg(server.url(ANSWER));
        command
    });
}

#[test]
fn go_with_symbols() {
    go("go-client", &[]);
}

#[test]
fn go_stripped() {
    go("go-client-stripped", &["-ldflags=-s -w"]);
}

#[test]
fn go_position_independent() {
    go("go-client-pie", &["-buildmode=pie", "-ldflags=-s -w"]);
}

/// A Python with this package, whose file holds a TLS library.
fn python_package(package: &str, file: &str) -> Option<(PathBuf, PathBuf)> {
    let python = backends::host_python()?;
    let script = format!("import importlib, {package}; print(importlib.import_module('{file}').__file__)");
    let out = Command::new(&python).args(["-c", &script]).output().unwrap();
    let path = out.status.success().then(|| PathBuf::from(String::from_utf8(out.stdout).unwrap().trim()));
    Some((python, require::some(&format!("the Python package {package}"), path)?))
}

#[test]
fn boringssl_in_a_python_wheel() {
    let Some((python, file)) = python_package("curl_cffi", "curl_cffi._wrapper") else { return };
    let script = "import sys; from curl_cffi import requests; \
        r = requests.post(sys.argv[1], data=sys.stdin.buffer.read(), verify=False, http_version=2); \
        assert r.status_code == 200";
    sees_what_the_server_logs(&file, "boringssl", |server| {
        let mut command = Command::new(&python);
        command.args(["-c", script]).arg(server.url(ANSWER));
        command
    });
}

/// OpenSSL of 3.2 and later: the internal function has five arguments.
#[test]
fn openssl_static_in_a_python_wheel() {
    let Some((python, file)) = python_package("OpenSSL", "cryptography.hazmat.bindings._rust") else { return };
    let script = "
import socket, sys
from urllib.parse import urlsplit
from OpenSSL import SSL
url, body = urlsplit(sys.argv[1]), sys.stdin.buffer.read()
stream = SSL.Connection(SSL.Context(SSL.TLS_CLIENT_METHOD), socket.create_connection((url.hostname, url.port)))
stream.set_tlsext_host_name(b'localhost')
stream.set_connect_state()
stream.do_handshake()
stream.sendall(b'POST %s HTTP/1.1\\r\\nhost: localhost\\r\\ncontent-length: %d\\r\\n\\r\\n' % (url.path.encode(), len(body)) + body)
try:
    while stream.recv(50000): pass
except SSL.ZeroReturnError:
    pass
";
    sees_what_the_server_logs(&file, "openssl", |server| {
        let mut command = Command::new(&python);
        command.args(["-c", script]).arg(server.url(ANSWER));
        command
    });
}

/// Where the process that is client and server writes what it logged.
const LOG: &str = "SIDETONE_TEST_RUSTLS_LOG";

/// What the test below does in a process of its own: a capture never sees itself.
fn rustls_client_and_server(log: &Path) {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    let server = Server::start();
    let config = rustls::ClientConfig::builder().with_root_certificates(server.roots.clone()).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", server.port)).unwrap());
    let body = body();
    let head = format!("POST /{ANSWER} HTTP/1.1\r\ncontent-length: {}\r\n\r\n", body.len());
    // Before the handshake is done bytes are held back inside; then in one call of several slices, then in pieces.
    stream.write_all(head.as_bytes()).unwrap();
    let slices: Vec<_> = body[..30_000].chunks(7_001).map(IoSlice::new).collect();
    let taken = stream.write_vectored(&slices).unwrap();
    // Moved, it has another address and is the same connection; and so again before the last bytes, and before its end.
    let mut stream = Box::new(stream);
    stream.write_all(&body[taken..]).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    stream.read_exact(&mut byte).unwrap();
    let mut stream = vec![*stream];
    stream[0].read_to_end(&mut answer).unwrap();
    drop(Box::new(stream.remove(0)));
    let logged = server.exchanges(1).remove(0);
    std::fs::write(log.join("got"), logged.got).unwrap();
    std::fs::write(log.join("sent"), logged.sent).unwrap();
}

#[test]
fn rustls_of_both_sides() {
    if let Some(log) = std::env::var_os(LOG) {
        return rustls_client_and_server(Path::new(&log));
    }
    let myself = std::env::current_exe().unwrap();
    let found = recognised(&myself);
    let rustls = found.iter().find(|it| it.runtime == "rustls").unwrap();
    assert_eq!(rustls.unsupported, None);
    assert!(rustls.version.as_deref().is_some_and(|version| version.starts_with("0.23.")), "{rustls:?}");
    let Some(listening) = Listening::start(&LoadOptions::default()) else { return };
    let _attachment = listening.kernel.attach(&myself, &rustls.probes).unwrap();
    let log = tempfile::tempdir().unwrap();
    let mut child = Command::new(&myself)
        .args(["--exact", "rustls_of_both_sides", "--nocapture"])
        .env(LOG, log.path())
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    listening.kernel.forget_process(pid);
    let mut records = Vec::new();
    while records.iter().filter(|it: &&Record| matches!(it.header.kind, RecordKind::Close { .. })).count() < 2 {
        let next = |record: &Record| record.header.pid == pid && matches!(record.header.kind, RecordKind::Close { .. });
        records.extend(listening.records_until(next).into_iter().filter(|record| record.header.pid == pid));
    }
    let seen = connections(&records);
    assert_eq!(seen.len(), 2, "both ends of one connection");
    let (got, sent) = (std::fs::read(log.path().join("got")).unwrap(), std::fs::read(log.path().join("sent")).unwrap());
    let client = seen.values().find(|it| it.written.bytes.starts_with(b"POST")).expect("the client's side");
    let server = seen.values().find(|it| it.read.bytes.starts_with(b"POST")).expect("the server's side");
    for (name, side, written, read) in [("client", client, &got, &sent), ("server", server, &sent, &got)] {
        assert_eq!((side.written.missing_bytes(), side.read.missing_bytes()), (0, 0), "{name}");
        assert!(side.written.bytes == *written && side.read.bytes == *read, "{name}: other bytes");
        assert_eq!(side.close, Some(Close::Freed), "{name}");
    }
}
