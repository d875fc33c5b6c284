//! A client that shows the bytes on the wire: HTTP/1.1 over a plain socket.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests; each uses a part")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Closed,
    Reset,
    /// Nothing came for a while.
    Silent,
}

/// What came back on a connection.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

impl Raw {
    pub(crate) fn head(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        text.split_once("\r\n\r\n").map_or(text.clone(), |(head, _)| head.to_owned())
    }

    /// The body so far.
    pub(crate) fn body(&self) -> &[u8] {
        let end_of_head = self.bytes.windows(4).position(|four| four == b"\r\n\r\n");
        end_of_head.map_or(&[], |at| &self.bytes[at + 4..])
    }

    /// The whole chunks of the body, the empty one at its end included if it came.
    pub(crate) fn chunks(&self) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut rest = self.body();
        while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
            let Some(chunk) = rest.get(at + 2..at + 2 + size) else { break };
            chunks.push(chunk.to_vec());
            rest = rest.get(at + 2 + size + 2..).unwrap_or_default();
        }
        chunks
    }
}

/// How long nothing comes from who says nothing.
const SILENCE: Duration = Duration::from_millis(200);
/// How long a busy machine may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Posts `body` and reads until the connection ends, or until it is silent once `settled` says that nothing is to come.
pub(crate) fn post(addr: SocketAddr, path: &str, headers: &str, body: &str, settled: impl Fn(&Raw) -> bool) -> Raw {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(SILENCE)).unwrap();
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n{headers}\r\n{body}").unwrap();
    let mut raw = Raw { bytes: Vec::new(), end: End::Closed };
    let mut buffer = [0; 65536];
    let start = Instant::now();
    let mut was_settled = false;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return raw,
            Ok(count) => raw.bytes.extend_from_slice(&buffer[..count]),
            Err(error) => match error.kind() {
                ErrorKind::ConnectionReset => {
                    raw.end = End::Reset;
                    return raw;
                }
                ErrorKind::WouldBlock | ErrorKind::TimedOut if was_settled => {
                    raw.end = End::Silent;
                    return raw;
                }
                // Silence counts from when nothing is to come.
                ErrorKind::WouldBlock | ErrorKind::TimedOut => was_settled = settled(&raw),
                other => panic!("{other}"),
            },
        }
        assert!(start.elapsed() < PATIENCE, "the connection neither ended nor settled: {raw:?}");
    }
}
