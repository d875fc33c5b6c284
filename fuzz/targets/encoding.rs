//! Content codings: never more than the limit at once, and the same however it is cut.
#![no_main]

use sidetone_core::wire::encoding::Decoder;

const LIMIT: usize = 1 << 16;

fn decode<'a>(name: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, bool) {
    let Ok(Some(mut decoder)) = Decoder::named(name, LIMIT) else { return (Vec::new(), false) };
    let mut all = Vec::new();
    for piece in pieces {
        match decoder.decode(piece) {
            Ok(decoded) => {
                assert!(decoded.len() <= LIMIT);
                all.extend_from_slice(decoded);
            }
            Err(_) => return (all, false),
        }
    }
    (all, true)
}

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    let [which, seed, body @ ..] = script else { return };
    let name = ["gzip", "deflate", "br", "zstd"][usize::from(which & 3)];
    let (whole, is_whole) = decode(name, [body]);
    let (cut, is_cut_whole) = decode(name, body.chunks(usize::from(*seed) % 64 + 1));
    // An error, and a limit that holds for each piece, come at another place when it is cut.
    if is_whole {
        assert!(is_cut_whole && whole == cut, "{name} in pieces");
    }
});
