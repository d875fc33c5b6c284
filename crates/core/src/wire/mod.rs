//! Bytes to frames: decoders without I/O.

pub(crate) mod base64;
pub mod encoding;
pub mod http;
pub mod http1;
pub mod http2;
pub mod json;
pub mod sse;
