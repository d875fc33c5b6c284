//! Checksums of tokens, cards and accounts.

use super::class::{ALNUM, DIGIT};

/// What must hold of a match besides its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Nothing.
    None,
    /// The last six characters are the CRC-32 of the others behind the first `_`, in base 62.
    /// Source: GitHub, "Behind GitHub's new authentication token formats", 2021; npm the same.
    Crc32Base62,
    /// The last seven characters are the CRC-32 of everything before them, in base 36.
    /// Source: GitLab, `lib/authn/token_field/generator/routable_token.rb`.
    Crc32Base36,
    /// The polymod of Bech32 is 1. Source: BIP 173; age, "The age file encryption format".
    Bech32,
    /// Letters and digits both.
    Mixed,
    /// Digits, small letters and capitals, and no example of a vendor's documentation.
    ThreeKinds,
    /// Two of digits, small letters and capitals.
    NotWord,
    /// Digits and letters that change places as in what was drawn by lot, not as in names of things.
    Random,
    /// No example of a vendor's documentation: those say so.
    NotExample,
}

impl Check {
    /// Whether it holds of `token`, of which `prefix` bytes are the public prefix.
    pub(super) fn holds(self, token: &[u8], prefix: usize) -> bool {
        match self {
            Self::None => true,
            Self::Crc32Base62 => {
                let body = token.iter().position(|&byte| byte == b'_').map_or(0, |at| at + 1);
                crc_base62(token.get(body..).unwrap_or_default())
            }
            Self::Crc32Base36 => crc_base36(token),
            Self::Bech32 => bech32(token),
            Self::Mixed => {
                let body = token.get(prefix..).unwrap_or_default();
                body.iter().any(u8::is_ascii_digit) && body.iter().any(u8::is_ascii_alphabetic)
            }
            Self::NotWord => {
                let body = token.get(prefix..).unwrap_or_default();
                let kinds: [fn(&u8) -> bool; 3] = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase];
                kinds.iter().filter(|&&kind| body.iter().any(kind)).count() >= 2
            }
            Self::Random => random(token),
            Self::NotExample => !is_example(token),
            Self::ThreeKinds => {
                let body = token.get(prefix..).unwrap_or_default();
                body.iter().any(u8::is_ascii_digit)
                    && body.iter().any(u8::is_ascii_lowercase)
                    && body.iter().any(u8::is_ascii_uppercase)
                    && !is_example(body)
            }
        }
    }
}

/// Whether a token is one of AWS's documentation: `AKIAIOSFODNN7EXAMPLE`, `…/bPxRfiCYEXAMPLEKEY`.
fn is_example(token: &[u8]) -> bool {
    memchr::memmem::find(token, b"EXAMPLE").is_some()
}

/// Names of things have few digits, or few changes between letters and digits.
fn random(token: &[u8]) -> bool {
    let digits = token.iter().filter(|byte| byte.is_ascii_digit()).count();
    let others = token.iter().filter(|byte| !byte.is_ascii_alphanumeric()).count();
    if digits * 12 < token.len() || digits * 10 > token.len() * 9 || others * 8 > token.len() {
        return false;
    }
    let changes = token.windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit()).count();
    if changes * 10 < token.len() {
        return false;
    }
    let lower = token.to_ascii_lowercase();
    // Those have a checksum: one of them that is found here has a wrong one.
    let checked = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "npm_", "glpat-", "glrt-", "age-secret-key-"];
    !checked.iter().any(|of| lower.starts_with(of.as_bytes()))
        && ![&b"example"[..], b"secret", b"12345", b"xxxx"].iter().any(|of| memchr::memmem::find(&lower, of).is_some())
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "below 256")]
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
};

/// CRC-32 as of ISO 3309.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, &byte| CRC_TABLE[((crc ^ u32::from(byte)) & 0xff) as usize] ^ (crc >> 8))
}

fn crc_base62(body: &[u8]) -> bool {
    let Some((random, check)) = body.len().checked_sub(6).and_then(|len| body.split_at_checked(len)) else {
        return false;
    };
    let value = check.iter().try_fold(0_u64, |value, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        Some(value * 62 + u64::from(digit))
    });
    value == Some(u64::from(crc32(random)))
}

fn crc_base36(token: &[u8]) -> bool {
    let Some((rest, check)) = token.len().checked_sub(7).and_then(|len| token.split_at_checked(len)) else {
        return false;
    };
    let value = check.iter().try_fold(0_u64, |value, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            _ => return None,
        };
        Some(value * 36 + u64::from(digit))
    });
    value == Some(u64::from(crc32(rest)))
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

fn bech32(token: &[u8]) -> bool {
    let lower = token.to_ascii_lowercase();
    let Some(one) = lower.iter().rposition(|&byte| byte == b'1') else { return false };
    let (human, data) = (&lower[..one], &lower[one + 1..]);
    let high = human.iter().map(|byte| Some(byte >> 5));
    let low = human.iter().map(|byte| Some(byte & 31));
    let digits = data.iter().map(|byte| BECH32.iter().position(|of| of == byte).and_then(|at| u8::try_from(at).ok()));
    let mut check = 1_u32;
    for value in high.chain(std::iter::once(Some(0))).chain(low).chain(digits) {
        let Some(value) = value else { return false };
        let top = check >> 25;
        check = ((check & 0x01ff_ffff) << 5) ^ u32::from(value);
        for (bit, generator) in
            [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3].into_iter().enumerate()
        {
            if top >> bit & 1 == 1 {
                check ^= generator;
            }
        }
    }
    check == 1
}

/// Whether the digits of a card number agree with the last of them (ISO/IEC 7812-1).
pub(super) fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| {
            let digit = u32::from(digit.wrapping_sub(b'0'));
            match at % 2 {
                0 => digit,
                _ if digit > 4 => digit * 2 - 9,
                _ => digit * 2,
            }
        })
        .sum();
    digits.iter().all(|&digit| DIGIT.has(digit)) && sum.is_multiple_of(10)
}

/// Whether an account number without blanks has the right check digits (ISO 13616, ISO 7064 MOD 97-10).
pub(super) fn mod97(iban: &[u8]) -> bool {
    if iban.len() < 5 || !iban.iter().all(|&byte| ALNUM.has(byte)) {
        return false;
    }
    let rest = iban[4..].iter().chain(&iban[..4]).fold(0_u32, |rest, &byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

/// Entropy of `bytes` in bits a byte (Shannon).
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let length = bytes.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / length)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_agree_with_their_check_digits() {
        // zlib's own test value.
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        // The example of the gist that explains GitHub's format, made with a token that GitHub had revoked.
        assert!(Check::Crc32Base62.holds(b"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", 4));
        assert!(!Check::Crc32Base62.holds(b"ghp_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq18", 4));
        // BIP 173, test vectors.
        assert!(bech32(b"A12UEL5L"));
        assert!(bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"));
        assert!(!bech32(b"A1G7SGD8"));
        // Numbers that card networks publish for tests.
        assert!(luhn(b"4111111111111111") && luhn(b"378282246310005") && luhn(b"5555555555554444"));
        assert!(!luhn(b"4111111111111112"));
        // ISO 13616 registry examples.
        assert!(mod97(b"GB29NWBK60161331926819") && mod97(b"DE89370400440532013000"));
        assert!(!mod97(b"GB29NWBK60161331926818"));
    }
}
