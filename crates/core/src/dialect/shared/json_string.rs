//! A string in JSON text.

use std::fmt::Write as _;

/// Writes a string: as it is, but for what JSON wants escaped.
pub(in crate::dialect) fn json_string(out: &mut String, text: &str) {
    out.push('"');
    let bytes = text.as_bytes();
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut kept = 0;
    // Eight bytes at a time: messages are long, and most of their bytes are nothing special.
    for (index, eight) in eights.iter().enumerate() {
        let mut special = specials(u64::from_le_bytes(*eight));
        while special != 0 {
            let within = (special.trailing_zeros() / 8) as usize;
            kept = escape(out, text, kept, index * 8 + within, eight[within]);
            special &= special - 1;
        }
    }
    for (index, byte) in rest.iter().enumerate().filter(|(_, byte)| **byte < b' ' || matches!(byte, b'"' | b'\\')) {
        kept = escape(out, text, kept, eights.len() * 8 + index, *byte);
    }
    out.push_str(text.get(kept..).unwrap_or_default());
    out.push('"');
}

/// Writes what stands between `kept` and a byte that has to be escaped, and the escape; gives where what is still to be written begins.
#[inline(always)]
fn escape(out: &mut String, text: &str, kept: usize, at: usize, byte: u8) -> usize {
    out.push_str(text.get(kept..at).unwrap_or_default());
    match byte {
        // These stand for themselves behind the stroke: they are written with what follows.
        b'"' | b'\\' => {
            out.push('\\');
            at
        }
        b'\n' => {
            out.push_str("\\n");
            at + 1
        }
        other => {
            control(out, other);
            at + 1
        }
    }
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

/// The top bit of each of eight bytes that can't stand in a string as it is.
fn specials(eight: u64) -> u64 {
    is_zero(eight ^ all(b'"')) | is_zero(eight ^ all(b'\\')) | is_control(eight)
}

/// That byte eight times.
const fn all(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The top bit of each byte that is zero. No byte's sum reaches the next: it is exact.
fn is_zero(eight: u64) -> u64 {
    !(((eight & all(0x7f)) + all(0x7f)) | eight) & all(0x80)
}

/// The top bit of each byte that is less than a space.
fn is_control(eight: u64) -> u64 {
    !(((eight & all(0x7f)) + all(0x80 - b' ')) | eight) & all(0x80)
}
