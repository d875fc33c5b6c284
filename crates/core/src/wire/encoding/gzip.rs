//! `gzip` (RFC 1952) and `deflate` (RFC 1950, and bare RFC 1951).

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use super::bounded::{Bounded, write};
use super::{Decode, EncodingError};

struct Gzip(MultiGzDecoder<Bounded>);

/// RFC 9110 means zlib's format by `deflate`; some servers send bare deflate. The first byte tells.
enum Deflate {
    Undecided(usize),
    Zlib(ZlibDecoder<Bounded>),
    Bare(DeflateDecoder<Bounded>),
}

pub(super) fn named(name: &str, limit: usize) -> Option<Box<dyn Decode>> {
    Some(match name {
        "gzip" | "x-gzip" => Box::new(Gzip(MultiGzDecoder::new(Bounded::new(limit)))),
        "deflate" => Box::new(Deflate::Undecided(limit)),
        _ => return None,
    })
}

impl Decode for Gzip {
    fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        self.0.get_mut().clear();
        let result = write(&mut self.0, piece);
        self.0.get_mut().decoded(result)
    }
}

impl Decode for Deflate {
    fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        if let (Self::Undecided(limit), [first, ..]) = (&self, piece) {
            let bounded = Bounded::new(*limit);
            // zlib begins with its method, which is 8.
            *self = if first & 0x0f == 8 {
                Self::Zlib(ZlibDecoder::new(bounded))
            } else {
                Self::Bare(DeflateDecoder::new(bounded))
            };
        }
        match self {
            Self::Undecided(_) => Ok(&[]),
            Self::Zlib(decoder) => {
                decoder.get_mut().clear();
                let result = write(decoder, piece);
                decoder.get_mut().decoded(result)
            }
            Self::Bare(decoder) => {
                decoder.get_mut().clear();
                let result = write(decoder, piece);
                decoder.get_mut().decoded(result)
            }
        }
    }
}
