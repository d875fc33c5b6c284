//! Content encodings of bodies (gzip, deflate, br, zstd), decoded piece by piece under a limit.
//!
//! Needed where a client asks for compressed answers and decodes them itself, above the place where they are observed.
//! Sources: RFC 9110 section 8.4, RFC 1950–1952, RFC 7932, RFC 8878.

#[cfg(any(feature = "gzip", feature = "brotli", feature = "zstd"))]
mod bounded;
#[cfg(feature = "brotli")]
mod brotli;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "zstd")]
mod zstd;

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

/// Something that decodes one body.
trait Decode: Send {
    /// Decodes the next piece: gives what can be known by it.
    fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError>;
}

/// Makes what decodes the encoding of that (lower-case) name, if it knows it; a piece may decode to so many bytes.
type Named = fn(&str, usize) -> Option<Box<dyn Decode>>;

/// Every encoding that is compiled in.
const ENCODINGS: &[Named] = &[
    #[cfg(feature = "gzip")]
    gzip::named,
    #[cfg(feature = "brotli")]
    brotli::named,
    #[cfg(feature = "zstd")]
    zstd::named,
];

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
pub struct Decoder(Box<dyn Decode>);

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
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
        let name = name.to_ascii_lowercase();
        let decode = ENCODINGS.iter().find_map(|named| named(&name, limit));
        decode.map(|decode| Some(Self(decode))).ok_or(EncodingError::Unsupported)
    }

    /// Decodes the next piece: gives what can be known by it.
    ///
    /// # Errors
    /// When the piece isn't of the encoding, or decodes to more than the limit. Nothing that follows can be decoded.
    pub fn decode(&mut self, piece: &[u8]) -> Result<&[u8], EncodingError> {
        self.0.decode(piece)
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
    const TEXT: &[u8] = include_bytes!("../../../tests/encoded/text.json");
    const ENCODED: &[(&str, &[u8])] = &[
        ("gzip", include_bytes!("../../../tests/encoded/text.json.gz")),
        ("X-GZIP", include_bytes!("../../../tests/encoded/text.json.gz")),
        ("deflate", include_bytes!("../../../tests/encoded/text.json.zlib")),
        ("deflate", include_bytes!("../../../tests/encoded/text.json.deflate")),
        ("br", include_bytes!("../../../tests/encoded/text.json.br")),
        ("zstd", include_bytes!("../../../tests/encoded/text.json.zst")),
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
    fn a_stream_that_ends_early_gives_all_that_is_known_of_it() {
        // Node's `brotliCompressSync` with a window of 2^16 of 9,014 bytes of events: more than the decoder's own buffer.
        let events = include_bytes!("../../../tests/encoded/events.sse.br");
        for end in 0..=events.len() {
            let bytes: Vec<&[u8]> = events[..end].chunks(1).collect();
            let (whole, cut) = (decoded("br", &[&events[..end]], 1 << 20), decoded("br", &bytes, 1 << 20));
            assert_eq!(whole.unwrap(), cut.unwrap(), "of {end} bytes");
        }
        assert_eq!(decoded("br", &[events], 1 << 20).unwrap().len(), 9014);
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
