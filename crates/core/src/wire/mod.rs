//! Bytes to frames: decoders without I/O.
