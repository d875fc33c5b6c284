//! `br` (RFC 7932).

use std::io::{self, Write as _};

use brotli_decompressor::DecompressorWriter;

use super::bounded::{Bounded, write};
use super::{Decode, EncodingError};

const BUFFER: usize = 4096;

struct Brotli(DecompressorWriter<Bounded>);

pub(super) fn named(name: &str, limit: usize) -> Option<Box<dyn Decode>> {
    (name == "br").then(|| Box::new(Brotli(DecompressorWriter::new(Bounded::new(limit), BUFFER))) as _)
}

impl Decode for Brotli {
    fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        self.0.get_mut().clear();
        let result = write(&mut self.0, piece).and_then(|()| self.rest());
        self.0.get_mut().decoded(result)
    }
}

impl Brotli {
    /// What is known and didn't fit into the buffer when the piece was used up comes only when it is asked for.
    fn rest(&mut self) -> io::Result<()> {
        let mut before = 0;
        while self.0.get_ref().len() - before >= BUFFER {
            before = self.0.get_ref().len();
            // Nothing is read of an empty piece.
            let _: usize = self.0.write(&[])?;
        }
        Ok(())
    }
}
