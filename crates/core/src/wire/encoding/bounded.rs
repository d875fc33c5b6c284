//! Takes what a decoder writes, up to a limit.

use std::io::{self, Write};

use super::EncodingError;

/// Takes up to a limit of bytes.
#[derive(Debug)]
pub(super) struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_over: bool,
}

/// Buffers are given back beyond this size once their bytes were handed out.
const KEPT_BUFFER: usize = 64 << 10;

impl Bounded {
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_over: false }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BUFFER);
    }

    /// How many bytes were written since.
    #[cfg(feature = "brotli")]
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What was written, if the writer came to its end.
    pub(super) fn decoded(&self, result: io::Result<()>) -> Result<&[u8], EncodingError> {
        match result {
            _ if self.is_over => Err(EncodingError::TooLarge),
            Ok(()) => Ok(&self.bytes),
            Err(_) => Err(EncodingError::Corrupt),
        }
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > self.limit {
            self.is_over = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a piece and asks for everything that it makes known.
#[cfg(any(feature = "gzip", feature = "brotli"))]
pub(super) fn write(decoder: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    if piece.is_empty() {
        return Ok(());
    }
    decoder.write_all(piece)?;
    decoder.flush()
}
