//! A client that shows the bytes on the wire: HTTP/1.1 over a plain socket.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests; each uses a part")]

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

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
    pub(crate) reads: usize,
}

impl Raw {
    pub(crate) fn head(&self) -> String {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        text.split_once("\r\n\r\n").map_or(text.clone(), |(head, _)| head.to_owned())
    }

    pub(crate) fn body(&self) -> &[u8] {
        let at = self.bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        &self.bytes[at + 4..]
    }

    /// The chunks of the body, the empty one at its end included if it came.
    pub(crate) fn chunks(&self) -> Vec<Vec<u8>> {
        let mut chunks = Vec::new();
        let mut rest = self.body();
        while let Some(at) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..at]).unwrap(), 16).unwrap();
            chunks.push(rest[at + 2..at + 2 + size].to_vec());
            rest = &rest[at + 2 + size + 2..];
        }
        chunks
    }
}

/// Posts `body` and reads until the connection ends or is silent for `patience`.
pub(crate) fn post(addr: SocketAddr, path: &str, headers: &str, body: &str, patience: Duration) -> Raw {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(patience)).unwrap();
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: test\r\ncontent-length: {length}\r\n{headers}\r\n{body}").unwrap();
    let mut raw = Raw { bytes: Vec::new(), end: End::Closed, reads: 0 };
    let mut buffer = [0; 65536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return raw,
            Ok(count) => {
                raw.reads += 1;
                raw.bytes.extend_from_slice(&buffer[..count]);
            }
            Err(error) => {
                raw.end = match error.kind() {
                    ErrorKind::ConnectionReset => End::Reset,
                    ErrorKind::WouldBlock | ErrorKind::TimedOut => End::Silent,
                    other => panic!("{other}"),
                };
                return raw;
            }
        }
    }
}
