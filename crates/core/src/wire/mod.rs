//! Bytes to frames: decoders without I/O.

pub mod json;
pub mod sse;
