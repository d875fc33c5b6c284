//! `zstd` (RFC 8878): frames, block by block. What a frame's later blocks may refer to (its window, up to 8 MiB) comes out
//! when the frame ends: of a stream that is cut, that much is never seen.

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::bounded::Bounded;
use super::{Decode, EncodingError};

/// Longest header of a frame (RFC 8878 section 3.1.1.1): magic number and all fields.
const LONGEST_HEADER: usize = 18;
/// The header of a block.
const BLOCK_HEADER: usize = 3;
const CHECKSUM: usize = 4;
/// The window that RFC 8878 (section 3.1.1.1.2) recommends every decoder to support.
const WINDOW: u64 = 8 << 20;

struct Frames {
    decoder: FrameDecoder,
    /// What came and isn't decoded yet: less than a block.
    held: Vec<u8>,
    at: At,
    decoded: Bounded,
}

enum At {
    Header,
    Block,
    Checksum,
}

pub(super) fn named(name: &str, limit: usize) -> Option<Box<dyn Decode>> {
    if name != "zstd" {
        return None;
    }
    let mut decoder = FrameDecoder::new();
    decoder.set_max_window_size(WINDOW);
    Some(Box::new(Frames { decoder, held: Vec::new(), at: At::Header, decoded: Bounded::new(limit) }))
}

impl Decode for Frames {
    fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        self.decoded.clear();
        self.held.extend_from_slice(piece);
        let mut used = 0;
        while let Some(len) = self.step(used)? {
            used += len;
        }
        self.held.drain(..used);
        self.decoded.decoded(Ok(()))
    }
}

impl Frames {
    /// Decodes what comes next and gives its length; `None` if it isn't whole.
    fn step(&mut self, used: usize) -> Result<Option<usize>, EncodingError> {
        let mut rest = self.held.get(used..).unwrap_or_default();
        let before = rest.len();
        match self.at {
            At::Header if rest.is_empty() => return Ok(None),
            At::Header => {
                if self.decoder.reset(&mut rest).is_err() {
                    // Too short for its header, or none.
                    return if before < LONGEST_HEADER { Ok(None) } else { Err(EncodingError::Corrupt) };
                }
                self.at = At::Block;
            }
            At::Block => {
                let Some(&[low, middle, high]) = rest.first_chunk::<BLOCK_HEADER>() else { return Ok(None) };
                let header = u32::from_le_bytes([low, middle, high, 0]);
                let (is_last, kind, size) = (header & 1 == 1, header >> 1 & 3, header >> 3);
                // A run-length block is one byte, whatever its size.
                let content = if kind == 1 { 1 } else { size as usize };
                if rest.len() < BLOCK_HEADER + content {
                    return Ok(None);
                }
                let mut block = &rest[..BLOCK_HEADER + content];
                // Of a frame with a checksum the decoder reads that with the last block: it gets one made up.
                let mut last;
                if is_last {
                    last = block.to_vec();
                    last.extend_from_slice(&[0; CHECKSUM]);
                    block = &last;
                }
                self.decoder
                    .decode_blocks(&mut block, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|_| EncodingError::Corrupt)?;
                let decoded = self.decoder.collect_to_writer(&mut self.decoded);
                self.decoded.decoded(decoded.map(drop))?;
                if is_last {
                    self.at = if self.decoder.get_checksum_from_data().is_some() { At::Checksum } else { At::Header };
                }
                return Ok(Some(BLOCK_HEADER + content));
            }
            At::Checksum if before < CHECKSUM => return Ok(None),
            At::Checksum => {
                self.at = At::Header;
                return Ok(Some(CHECKSUM));
            }
        }
        Ok(Some(before - rest.len()))
    }
}
