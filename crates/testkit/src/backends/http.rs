//! One HTTP request from the loopback interface, enough to ask a receiver's own API.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(30);
/// More than any answer that a test asks for.
const MAX_RESPONSE_BYTES: u64 = 64 << 20;

/// Status and body. HTTP/1.0 keeps the body in one piece and ends it with the connection.
pub(super) fn get(port: u16, path: &str) -> io::Result<(u16, Vec<u8>)> {
    ask(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

/// Posts JSON; answers status and body.
pub(super) fn post(port: u16, path: &str, json: &str) -> io::Result<(u16, Vec<u8>)> {
    let length = json.len();
    ask(
        port,
        &format!(
            "POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{json}"
        ),
    )
}

fn ask(port: u16, request: &str) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(request.as_bytes())?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE_BYTES).read_to_end(&mut response)?;
    parse(&response).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no HTTP response"))
}

fn parse(response: &[u8]) -> Option<(u16, Vec<u8>)> {
    let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&response[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some((status, response[end + 4..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_body_are_told_apart() {
        let response = b"HTTP/1.1 404 Not Found\r\nserver: x\r\n\r\na\r\n\r\nb";
        assert_eq!(parse(response), Some((404, b"a\r\n\r\nb".to_vec())));
        assert_eq!(parse(b"HTTP/1.1 404 Not Found\r\n"), None);
        assert_eq!(parse(b"SSH-2.0\r\n\r\n"), None);
    }
}
