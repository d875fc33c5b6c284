//! A string in JSON text.

use std::fmt::Write as _;

/// So many bytes are looked at together.
const BLOCK: usize = 64;

/// Writes a string: as it is, but for what JSON wants escaped.
pub(in crate::dialect) fn json_string(out: &mut String, text: &str) {
    out.push('"');
    let (blocks, end) = text.as_bytes().as_chunks::<BLOCK>();
    // What isn't written yet begins at `kept`.
    let (mut rest, mut kept, mut base) = (text, 0, 0);
    for block in blocks {
        let mut special = specials(block);
        while special != 0 {
            let at = base + special.trailing_zeros() as usize;
            special &= special - 1;
            (rest, kept) = escape(out, rest, kept, at);
        }
        base += BLOCK;
    }
    let (eights, end) = end.as_chunks::<8>();
    for eight in eights {
        let mut special = specials_of_eight(u64::from_le_bytes(*eight));
        while special != 0 {
            let at = base + (special.trailing_zeros() / 8) as usize;
            special &= special - 1;
            (rest, kept) = escape_at_end(out, rest, kept, at);
        }
        base += 8;
    }
    for byte in end {
        if *byte < b' ' || matches!(byte, b'"' | b'\\') {
            (rest, kept) = escape_at_end(out, rest, kept, base);
        }
        base += 1;
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes what stands between `kept` and a byte that has to be escaped, and the escape; gives what is still to be written.
#[inline(always)]
fn escape<'t>(out: &mut String, rest: &'t str, kept: usize, at: usize) -> (&'t str, usize) {
    let run = at - kept;
    let byte = rest.as_bytes()[run];
    // So it is with all that are escaped; said so that where the text is cut isn't looked at again.
    assert!(byte.is_ascii(), "is no special byte");
    let (run, rest) = rest.split_at(run);
    out.push_str(run);
    if byte >= b' ' {
        // A quote or a stroke stands for itself behind a stroke: it is written with what follows.
        out.push('\\');
        return (rest, at);
    }
    if byte == b'\n' {
        out.push_str("\\n");
    } else {
        control(out, byte);
    }
    (&rest[1..], at + 1)
}

/// The same where it needn't be fast, so that it isn't there three times.
#[inline(never)]
fn escape_at_end<'t>(out: &mut String, rest: &'t str, kept: usize, at: usize) -> (&'t str, usize) {
    escape(out, rest, kept, at)
}

#[cold]
fn control(out: &mut String, byte: u8) {
    match byte {
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        // Writing to a String can't fail.
        other => drop(write!(out, "\\u{other:04x}")),
    }
}

/// A bit for each byte of a block that can't stand in a string as it is. Written so that compilers compare sixteen bytes at once.
#[inline(always)]
fn specials(block: &[u8; BLOCK]) -> u64 {
    let mut marks = [0_u8; BLOCK];
    for (place, (mark, byte)) in marks.iter_mut().zip(block).enumerate() {
        // All three are asked, without a branch.
        *mark = if (*byte < b' ') | (*byte == b'"') | (*byte == b'\\') { 1 << (place % 8) } else { 0 };
    }
    // The bits of eight marks, gathered in the highest byte of a product.
    marks
        .as_chunks::<8>()
        .0
        .iter()
        .rev()
        .fold(0, |bits, eight| bits << 8 | u64::from_le_bytes(*eight).wrapping_mul(all(1)) >> 56)
}

/// The top bit of each of eight bytes that can't stand in a string as it is. No byte's sum reaches the next: it is exact.
#[inline(always)]
fn specials_of_eight(eight: u64) -> u64 {
    let low = eight & all(0x7f);
    let is_plain = ((low ^ all(b'"')) + all(0x7f)) & ((low ^ all(b'\\')) + all(0x7f)) & (low + all(0x80 - b' '));
    !(is_plain | eight) & all(0x80)
}

/// That byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}
