//! Content encodings of bodies (gzip, deflate, br, zstd), decoded piece by piece under a limit.
//!
//! Needed where a client asks for compressed answers and decodes them itself, above the place where they are observed.
//! Sources: RFC 9110 section 8.4, RFC 1950–1952, RFC 7932, RFC 8878.

use std::io::{self, Write};

/// Why a body can't be decoded (any further).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodingError {
    /// The encoding isn't known, isn't compiled in, or is several at once.
    Unsupported,
    /// The bytes are not of that encoding.
    Corrupt,
    /// One piece decodes to more than the limit.
    TooLarge,
}

/// Decodes a compressed body, piece by piece.
///
/// ```
/// # #[cfg(feature = "gzip")] {
/// use sidetone_core::wire::encoding::Decoder;
///
/// // `printf hello | gzip`
/// let gzipped = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xcbH\xcd\xc9\xc9\x07\0\x86\xa6\x106\x05\0\0\0";
/// let mut decoder = Decoder::named("gzip", 1 << 20).unwrap().unwrap();
/// let mut body = Vec::new();
/// for piece in gzipped.chunks(4) {
///     body.extend_from_slice(decoder.decode(piece).unwrap());
/// }
/// assert_eq!(body, b"hello");
/// # }
/// ```
pub struct Decoder {
    encoding: Encoding,
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

#[cfg_attr(
    not(any(feature = "gzip", feature = "brotli", feature = "zstd")),
    expect(dead_code, reason = "without any encoding there is nothing to hold")
)]
enum Encoding {
    #[cfg(feature = "gzip")]
    Gzip(Box<flate2::write::MultiGzDecoder<Bounded>>),
    #[cfg(feature = "gzip")]
    Zlib(Box<flate2::write::ZlibDecoder<Bounded>>),
    #[cfg(feature = "gzip")]
    Deflate(Box<flate2::write::DeflateDecoder<Bounded>>),
    /// `deflate`, of which the first byte tells in which of two ways it is meant.
    #[cfg(feature = "gzip")]
    Undecided(usize),
    #[cfg(feature = "brotli")]
    Brotli(Box<brotli_decompressor::DecompressorWriter<Bounded>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Frames>),
}

impl Decoder {
    /// A decoder for the value of `content-encoding`; `None` if the body isn't encoded. One piece may decode to up to
    /// `limit` bytes.
    ///
    /// # Errors
    /// When the encoding isn't supported.
    pub fn named(content_encoding: &str, limit: usize) -> Result<Option<Self>, EncodingError> {
        let name = content_encoding.trim();
        if name.is_empty() || name.eq_ignore_ascii_case("identity") {
            return Ok(None);
        }
        let encoding = match name.to_ascii_lowercase().as_str() {
            #[cfg(feature = "gzip")]
            "gzip" | "x-gzip" => Encoding::Gzip(Box::new(flate2::write::MultiGzDecoder::new(Bounded::new(limit)))),
            #[cfg(feature = "gzip")]
            "deflate" => Encoding::Undecided(limit),
            #[cfg(feature = "brotli")]
            "br" => Encoding::Brotli(Box::new(brotli_decompressor::DecompressorWriter::new(
                Bounded::new(limit),
                BROTLI_BUFFER,
            ))),
            #[cfg(feature = "zstd")]
            "zstd" => Encoding::Zstd(Box::new(zstd::Frames::new(limit))),
            _ => return Err(EncodingError::Unsupported),
        };
        let _ = limit;
        Ok(Some(Self { encoding }))
    }

    /// Decodes the next piece: gives what can be known by it.
    ///
    /// # Errors
    /// When the piece isn't of the encoding, or decodes to more than the limit. Nothing that follows can be decoded.
    pub fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        #[cfg(feature = "gzip")]
        if let (Encoding::Undecided(limit), [first, ..]) = (&self.encoding, piece) {
            // RFC 9110 means zlib's format; some servers send bare deflate. zlib begins with its method: 8.
            let bounded = Bounded::new(*limit);
            self.encoding = if first & 0x0f == 8 {
                Encoding::Zlib(Box::new(flate2::write::ZlibDecoder::new(bounded)))
            } else {
                Encoding::Deflate(Box::new(flate2::write::DeflateDecoder::new(bounded)))
            };
        }
        match &mut self.encoding {
            #[cfg(feature = "gzip")]
            Encoding::Gzip(decoder) => {
                decoder.get_mut().clear();
                let result = write(&mut **decoder, piece);
                decoder.get_mut().decoded(result)
            }
            #[cfg(feature = "gzip")]
            Encoding::Zlib(decoder) => {
                decoder.get_mut().clear();
                let result = write(&mut **decoder, piece);
                decoder.get_mut().decoded(result)
            }
            #[cfg(feature = "gzip")]
            Encoding::Deflate(decoder) => {
                decoder.get_mut().clear();
                let result = write(&mut **decoder, piece);
                decoder.get_mut().decoded(result)
            }
            #[cfg(feature = "gzip")]
            Encoding::Undecided(_) => Ok(&[]),
            #[cfg(feature = "brotli")]
            Encoding::Brotli(decoder) => {
                decoder.get_mut().clear();
                let result = write(&mut **decoder, piece);
                decoder.get_mut().decoded(result)
            }
            #[cfg(feature = "zstd")]
            Encoding::Zstd(decoder) => decoder.decode(piece),
            #[cfg(not(any(feature = "gzip", feature = "brotli", feature = "zstd")))]
            _ => Err(EncodingError::Unsupported),
        }
    }
}

#[cfg(feature = "brotli")]
const BROTLI_BUFFER: usize = 4096;

/// Writes a piece and asks for everything that it makes known.
#[cfg(any(feature = "gzip", feature = "brotli"))]
fn write(decoder: &mut impl Write, piece: &[u8]) -> io::Result<()> {
    if piece.is_empty() {
        return Ok(());
    }
    decoder.write_all(piece)?;
    decoder.flush()
}

/// Takes up to a limit of bytes.
#[cfg_attr(
    not(any(feature = "gzip", feature = "brotli", feature = "zstd")),
    expect(dead_code, reason = "without any encoding there is nothing to bound")
)]
#[derive(Debug)]
struct Bounded {
    bytes: Vec<u8>,
    limit: usize,
    is_over: bool,
}

/// Buffers are given back beyond this size once their bytes were handed out.
const KEPT_BUFFER: usize = 64 << 10;

#[cfg_attr(
    not(any(feature = "gzip", feature = "brotli", feature = "zstd")),
    expect(dead_code, reason = "without any encoding there is nothing to bound")
)]
impl Bounded {
    fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit, is_over: false }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_BUFFER);
    }

    fn decoded(&self, result: io::Result<()>) -> Result<&[u8], EncodingError> {
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

#[cfg(feature = "zstd")]
mod zstd {
    //! Zstandard frames, block by block. What a frame's later blocks may refer to (its window, up to 8 MiB) comes out
    //! when the frame ends: of a stream that is cut, that much is never seen.

    use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

    use super::{Bounded, EncodingError};

    /// Longest header of a frame (RFC 8878 section 3.1.1.1): magic number and all fields.
    const LONGEST_HEADER: usize = 18;
    /// The header of a block.
    const BLOCK_HEADER: usize = 3;
    const CHECKSUM: usize = 4;
    /// The window that RFC 8878 (section 3.1.1.1.2) recommends every decoder to support.
    const WINDOW: u64 = 8 << 20;

    pub(super) struct Frames {
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

    impl Frames {
        pub(super) fn new(limit: usize) -> Self {
            let mut decoder = FrameDecoder::new();
            decoder.set_max_window_size(WINDOW);
            Self { decoder, held: Vec::new(), at: At::Header, decoded: Bounded::new(limit) }
        }

        pub(super) fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
            self.decoded.clear();
            self.held.extend_from_slice(piece);
            let mut used = 0;
            while let Some(len) = self.step(used)? {
                used += len;
            }
            self.held.drain(..used);
            Ok(&self.decoded.bytes)
        }

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
                        self.at =
                            if self.decoder.get_checksum_from_data().is_some() { At::Checksum } else { At::Header };
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
}

/// Decodes whatever it is given, under every encoding: must neither panic nor exceed the limit.
#[cfg(test)]
fn fuzz_decoder(bytes: &[u8], piece: usize) {
    const LIMIT: usize = 4096;
    for name in ["gzip", "deflate", "br", "zstd"] {
        let Ok(Some(mut decoder)) = Decoder::named(name, LIMIT) else { continue };
        for piece in bytes.chunks(piece.max(1)) {
            match decoder.decode(piece) {
                Ok(decoded) => assert!(decoded.len() <= LIMIT),
                Err(_) => break,
            }
        }
    }
}

#[cfg(all(test, feature = "gzip", feature = "brotli", feature = "zstd"))]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // Made by gzip 1.12, Node's zlib and zstd 1.5 of the text below (see tests/encoded/README.md).
    const TEXT: &[u8] = include_bytes!("../../tests/encoded/text.json");
    const ENCODED: &[(&str, &[u8])] = &[
        ("gzip", include_bytes!("../../tests/encoded/text.json.gz")),
        ("X-GZIP", include_bytes!("../../tests/encoded/text.json.gz")),
        ("deflate", include_bytes!("../../tests/encoded/text.json.zlib")),
        ("deflate", include_bytes!("../../tests/encoded/text.json.deflate")),
        ("br", include_bytes!("../../tests/encoded/text.json.br")),
        ("zstd", include_bytes!("../../tests/encoded/text.json.zst")),
    ];

    fn decoded(name: &str, pieces: &[&[u8]], limit: usize) -> Result<Vec<u8>, EncodingError> {
        let mut decoder = Decoder::named(name, limit).unwrap().unwrap();
        let mut all = Vec::new();
        for piece in pieces {
            all.extend_from_slice(decoder.decode(piece)?);
        }
        Ok(all)
    }

    #[test]
    fn what_others_encoded_is_decoded_at_every_cut_and_byte_by_byte() {
        for (name, encoded) in ENCODED {
            for cut in 0..=encoded.len() {
                let (first, second) = encoded.split_at(cut);
                assert_eq!(decoded(name, &[first, second], 1 << 20).unwrap(), TEXT, "{name} {cut}");
            }
            let bytes: Vec<&[u8]> = encoded.chunks(1).collect();
            assert_eq!(decoded(name, &bytes, 1 << 20).unwrap(), TEXT, "{name}");
        }
    }

    #[test]
    fn a_piece_may_decode_to_the_limit_and_not_to_more() {
        for (name, encoded) in ENCODED {
            assert_eq!(decoded(name, &[encoded], TEXT.len()).unwrap(), TEXT, "{name}");
            assert_eq!(decoded(name, &[encoded], TEXT.len() + 1).unwrap(), TEXT, "{name}");
            assert_eq!(decoded(name, &[encoded], TEXT.len() - 1), Err(EncodingError::TooLarge), "{name}");
        }
    }

    #[test]
    fn what_is_corrupt_or_unknown_is_told_apart() {
        for (name, encoded) in ENCODED {
            let mut corrupt = encoded.to_vec();
            corrupt[..8].fill(0xff);
            assert_eq!(decoded(name, &[&corrupt], 1 << 20), Err(EncodingError::Corrupt), "{name}");
        }
        assert_eq!(Decoder::named("compress", 9).unwrap_err(), EncodingError::Unsupported);
        assert_eq!(Decoder::named("gzip, br", 9).unwrap_err(), EncodingError::Unsupported);
        assert!(Decoder::named("identity", 9).unwrap().is_none());
        assert!(Decoder::named("", 9).unwrap().is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), piece in 1..64_usize) {
            fuzz_decoder(&bytes, piece);
        }

        #[test]
        fn bytes_that_began_well_are_decoded_or_refused(
            which in 0..ENCODED.len(), at in 0..400_usize, byte in any::<u8>(), piece in 1..64_usize,
        ) {
            let mut bytes = ENCODED[which].1.to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            fuzz_decoder(&bytes, piece);
        }
    }
}
