//! What a function of 64-bit ARM calls and where it returns: instructions of four bytes each.

fn words(code: &[u8], address: u64) -> impl Iterator<Item = (u64, u32)> {
    code.chunks_exact(4).zip(0_u64..).map(move |(word, index)| {
        let word = word.try_into().map_or(0, u32::from_le_bytes);
        (address.wrapping_add(index * 4), word)
    })
}

/// The addresses of a function's return instructions (`ret`, `retaa`, `retab`).
pub(crate) fn returns(code: &[u8], address: u64) -> Vec<u64> {
    words(code, address)
        .filter(|(_, word)| *word == 0xd65f_03c0 || word & 0xffff_fbff == 0xd65f_0bff)
        .map(|(at, _)| at)
        .collect()
}

/// Where `bl` and `b` go, as far as they leave the function.
pub(crate) fn destinations(code: &[u8], address: u64) -> Vec<u64> {
    let length = code.len() as u64;
    words(code, address)
        .filter(|(_, word)| word & 0x7c00_0000 == 0x1400_0000)
        .map(|(at, word)| {
            let distance = (word << 6).cast_signed() >> 4; // 26 signed bits, in units of four bytes
            at.wrapping_add_signed(i64::from(distance))
        })
        .filter(|target| target.wrapping_sub(address) >= length || *target == address)
        .collect()
}

/// Whether a function begins as those of Go do: `ldr x16, [x28, #16]`, the goroutine's stack limit.
pub(crate) fn checks_stack(code: &[u8]) -> bool {
    words(code, 0).next().is_some_and(|(_, word)| word == 0xf940_0b90)
}
