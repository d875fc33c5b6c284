//! HTTP/1: the bytes of both directions of a connection to what they say.
//!
//! Sources: RFC 9110 (semantics), RFC 9112 (HTTP/1.1), RFC 1945 (HTTP/1.0).
//!
//! ```
//! use bytes::Bytes;
//! use sidetone_core::wire::http::{Flow, Said};
//! use sidetone_core::wire::http1::Http1;
//!
//! let mut connection = Http1::new();
//! connection.handle_bytes(Flow::Request, Bytes::from_static(b"GET /v1/models HTTP/1.1\r\nHost: example.com\r\n\r\n"));
//! connection.handle_bytes(Flow::Response, Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
//! let said: Vec<Said> = std::iter::from_fn(|| connection.poll()).collect();
//! let [Said::Head { head: request, .. }, Said::End { .. }, Said::Head { head: response, .. }, Said::Body { bytes, .. }, Said::End { .. }] =
//!     &said[..]
//! else {
//!     unreachable!("{said:?}")
//! };
//! assert_eq!(request.authority.as_deref(), Some("example.com"));
//! assert_eq!((response.status, &bytes[..]), (Some(200), &b"{}"[..]));
//! ```
//!
//! It works from the middle of a connection: what isn't the beginning of a message is passed over until one begins. Bytes
//! that were not seen end only the message that they belong to; where the framing survives (inside of a body whose length
//! is known, inside of a chunk) not even that.
//!
//! What it doesn't do: it decodes no transfer coding but `chunked`, and no content coding; and it reads nothing behind an
//! upgrade (101, CONNECT). Of pipelined requests a gap is taken to hide one; were there more, the answers that are left
//! over at the end are told each with the gap, but those between went to the requests behind it.

mod decoder;
mod framing;
mod head;
mod resync;
mod start;

pub use decoder::Http1;
pub(crate) use start::{Found, Looks, find, looks};
