//! Bytes to frames: decoders without I/O.

pub mod encoding;
pub mod json;
pub mod sse;
