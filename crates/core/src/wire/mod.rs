//! Bytes to frames: decoders without I/O.

pub mod encoding;
pub mod http;
pub mod json;
pub mod sse;
