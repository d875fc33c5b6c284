//! The Huffman code of HPACK (RFC 7541, section 5.2 and appendix B).

/// Lengths in bits of the codes of the 256 bytes and of the end of a string. The code is canonical: of two codes the
/// shorter one comes first, of two with one length the one of the lower symbol; so that lengths say everything.
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];
const SYMBOLS: usize = 257;
const END: u16 = 256;
const LONGEST: usize = 30;

/// Codes up to this length are looked up at once.
const SHORT: u32 = 8;

struct Code {
    /// Symbols in the order of their codes.
    symbols: [u16; SYMBOLS],
    /// By length: the first code, how many there are, and the place of the first one's symbol.
    first: [u32; LONGEST + 1],
    count: [u32; LONGEST + 1],
    place: [u32; LONGEST + 1],
    /// By the next eight bits: the symbol and the length of its code, or a length of 0.
    short: [(u8, u8); 1 << SHORT],
}

static CODE: Code = Code::new();

impl Code {
    const fn new() -> Self {
        let mut code = Self {
            symbols: [0; SYMBOLS],
            first: [0; LONGEST + 1],
            count: [0; LONGEST + 1],
            place: [0; LONGEST + 1],
            short: [(0, 0); 1 << SHORT],
        };
        let (mut length, mut next, mut placed) = (1, 0_u32, 0);
        while length <= LONGEST {
            next <<= 1;
            code.first[length] = next;
            code.place[length] = placed as u32;
            let mut symbol = 0;
            while symbol < SYMBOLS {
                if LENGTHS[symbol] as usize == length {
                    code.symbols[placed] = symbol as u16;
                    placed += 1;
                    if length <= SHORT as usize {
                        let spare = SHORT - length as u32;
                        let mut at = next << spare;
                        while at < (next + 1) << spare {
                            code.short[at as usize] = (symbol as u8, length as u8);
                            at += 1;
                        }
                    }
                    next += 1;
                }
                symbol += 1;
            }
            code.count[length] = next - code.first[length];
            length += 1;
        }
        code
    }
}

/// The string that was encoded; `None` if no encoder writes such bytes.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(bytes.len() + bytes.len() / 2);
    // The lowest `have` bits of `bits` are the ones not read yet.
    let (mut bits, mut have, mut rest) = (0_u64, 0_u32, bytes.iter());
    loop {
        while have <= 56 {
            let Some(byte) = rest.next() else { break };
            bits = bits << 8 | u64::from(*byte);
            have += 8;
        }
        if have >= SHORT {
            let (symbol, length) = CODE.short[(bits >> (have - SHORT)) as usize & ((1 << SHORT) - 1)];
            if length > 0 {
                decoded.push(symbol);
                have -= u32::from(length);
                continue;
            }
        }
        let mut length = 5;
        loop {
            if length as usize > LONGEST {
                return None;
            }
            if length > have {
                // What is left are the first bits of the code of the end: fewer than eight ones.
                let ones = (1_u64 << have) - 1;
                return (have < 8 && bits & ones == ones).then_some(decoded);
            }
            let code = (bits >> (have - length)) as u32 & (((1_u64 << length) - 1) as u32);
            let past = code.wrapping_sub(CODE.first[length as usize]);
            if past < CODE.count[length as usize] {
                let symbol = CODE.symbols[(CODE.place[length as usize] + past) as usize];
                if symbol == END {
                    return None;
                }
                decoded.push(symbol as u8);
                have -= length;
                break;
            }
            length += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unusual_byte_groupings, reason = "codes are grouped, not digits")]
    use super::*;

    #[test]
    fn the_code_is_complete() {
        assert_eq!(CODE.first[LONGEST] + CODE.count[LONGEST], 1 << LONGEST);
        assert_eq!(CODE.symbols[SYMBOLS - 1], END);
    }

    #[test]
    fn codes_of_appendix_b() {
        // RFC 7541, appendix B: '0' is 00000, 'a' is 00011, '&' is 11111000, NUL is 1111111111000 (13 bits).
        assert_eq!(decode(&[0b00000_000, 0b11_111111]), Some(b"0a".to_vec()));
        assert_eq!(decode(&[0b1111_1000]), Some(b"&".to_vec()));
        assert_eq!(decode(&[0b1111_1111, 0b11000_111]), Some(vec![0]));
    }

    #[test]
    fn padding_is_up_to_seven_ones() {
        assert_eq!(decode(&[0b00000_111]), Some(b"0".to_vec()));
        assert_eq!(decode(&[0b00000_110]), None);
        assert_eq!(decode(&[0b1111_1000, 0xff]), None);
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff]), None, "the end itself is never written");
        assert_eq!(decode(&[]), Some(Vec::new()));
    }
}
