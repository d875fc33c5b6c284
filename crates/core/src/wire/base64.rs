//! The digits of base64, of both its alphabets (RFC 4648, sections 4 and 5).

/// What stands in [`VALUES`] for a byte that is no digit.
pub(crate) const NO_DIGIT: u8 = 0xff;

/// The six bits that each byte stands for.
pub(crate) const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 64 {
        let digit = match value {
            0..26 => b'A' + value,
            26..52 => b'a' + value - 26,
            52..62 => b'0' + value - 52,
            62 => b'+',
            _ => b'/',
        };
        values[digit as usize] = value;
        value += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};
