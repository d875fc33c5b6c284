//! Event streams, whole and cut, with a gap.
#![no_main]

use sidetone_core::wire::sse::{SseDecoder, SseItem};

type Events = Vec<Result<(Vec<u8>, Vec<u8>), u64>>;

fn read<'a>(decoder: &mut SseDecoder, pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize, events: &mut Events) {
    for mut piece in pieces {
        while let Some(item) = decoder.next(&mut piece) {
            events.push(match item {
                SseItem::Event(event) => {
                    assert!(event.data.len() <= limit);
                    Ok((event.kind.to_vec(), event.data.to_vec()))
                }
                SseItem::TooLarge(bytes) => Err(bytes),
            });
        }
        assert!(decoder.held_bytes() <= 3 * limit + 64, "{} bytes are held", decoder.held_bytes());
    }
}

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    let [limit, seed, gap, stream @ ..] = script else { return };
    let limit = 1 + usize::from(*limit) * 4;
    let (before, after) = stream.split_at((usize::from(*gap) * 16).min(stream.len()));
    let (mut whole, mut cut) = (Events::new(), Events::new());
    let mut decoder = SseDecoder::new(limit);
    read(&mut decoder, [before], limit, &mut whole);
    if *gap > 0 {
        decoder.handle_gap();
    }
    read(&mut decoder, [after], limit, &mut whole);
    let whole_end = decoder.finish();
    let mut decoder = SseDecoder::new(limit);
    let size = usize::from(*seed) % 32 + 1;
    read(&mut decoder, before.chunks(size), limit, &mut cut);
    if *gap > 0 {
        decoder.handle_gap();
    }
    read(&mut decoder, after.chunks(size), limit, &mut cut);
    assert_eq!((whole, whole_end.is_some()), (cut, decoder.finish().is_some()), "in pieces of {size}");
});
