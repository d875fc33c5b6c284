//! `br` (RFC 7932).

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
        let result = write(&mut self.0, piece);
        self.0.get_mut().decoded(result)
    }
}
