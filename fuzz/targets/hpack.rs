//! Header blocks: whoever joins late knows less and nothing wrong.
#![no_main]

use sidetone_core::wire::http2::hpack::{Decoder, Malformed, TABLE_LIMIT};

type Fields = Vec<(Option<String>, Option<bytes::Bytes>)>;

fn fields(decoder: &mut Decoder, block: &[u8]) -> (Fields, Result<(), Malformed>) {
    let mut fields = Vec::new();
    let result = decoder.decode(block, |name, value| fields.push((name.map(str::to_owned), value)));
    assert!(decoder.held_bytes() <= TABLE_LIMIT);
    (fields, result)
}

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    // The number of the block behind which the other one joins; then blocks, each with its length before it.
    let Some((join, mut rest)) = script.split_first() else { return };
    let (mut first, mut late) = (Decoder::from_start(), Decoder::from_middle());
    let mut number = 0_u8;
    while let [len, after @ ..] = rest {
        let (block, after) = after.split_at(usize::from(*len).min(after.len()));
        rest = after;
        let (known, result) = fields(&mut first, block);
        let is_known = known.iter().all(|(name, value)| name.is_some() && value.is_some());
        if result.is_err() || !is_known {
            // Both ends would hang up here: it refers to what was never in the table, or no longer is.
            let _ = fields(&mut late, block);
            return;
        }
        if number >= *join {
            let (seen, result) = fields(&mut late, block);
            assert_eq!(result, Ok(()));
            assert_eq!(seen.len(), known.len());
            for ((name, value), (real_name, real_value)) in seen.iter().zip(&known) {
                assert!(name.is_none() || name == real_name, "{seen:?} for {known:?}");
                assert!(value.is_none() || value == real_value, "{seen:?} for {known:?}");
            }
        } else if resizes(block) {
            // Below the usual size it is assumed that an encoder adds nothing that doesn't fit.
            return;
        }
        number = number.saturating_add(1);
    }
});

/// Whether the block may set the size of the table.
fn resizes(block: &[u8]) -> bool {
    block.iter().any(|byte| byte & 0xe0 == 0x20)
}
