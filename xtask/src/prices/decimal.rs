//! Decimal numbers as texts: what data sets write as doubles or decimals, as plain decimals.

/// The plain decimal number that `text` (`1.25e-07`) times ten to the `shift` is, without zeros at its ends; `None` for
/// what is no number or negative. Behind it: whether digits that only a double's rounding explains were left out.
pub(super) fn plain(text: &str, shift: i32) -> Option<(String, bool)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut point = i32::try_from(whole.len()).ok()? + exponent + shift;
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    digits.drain(..zeros);
    point -= i32::try_from(zeros).ok()?;
    let is_noisy = digits.trim_end_matches('0').len() > SIGNIFICANT;
    if is_noisy {
        let kept: u64 = digits.get(..SIGNIFICANT)?.parse().ok()?;
        let up = u64::from(digits.as_bytes()[SIGNIFICANT] >= b'5');
        let rounded = (kept + up).to_string();
        point += i32::try_from(rounded.len() - SIGNIFICANT).ok()?;
        digits = rounded;
    }
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return Some(("0".to_owned(), is_noisy));
    }
    let plain = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => format!("{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) if point > 0 => format!("{}.{}", &digits[..point], &digits[point..]),
        _ => format!("0.{}{digits}", "0".repeat(usize::try_from(-point).ok()?)),
    };
    Some((plain, is_noisy))
}

/// No price has more digits than these.
const SIGNIFICANT: usize = 10;

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_double_is_written_as_the_decimal_that_it_stands_for() {
        for (text, shift, expected, noisy) in [
            ("1.25e-07", 6, "0.125", false),
            ("2.5e-06", 6, "2.5", false),
            ("0.0", 6, "0", false),
            ("0.00001", 6, "10", false),
            ("1", 6, "1000000", false),
            ("3.0000000000000004e-06", 6, "3", true),
            ("9.999999999999999e-06", 6, "10", true),
            ("0.055", 0, "0.055", false),
            ("5E+1", 0, "50", false),
        ] {
            assert_eq!(plain(text, shift), Some((expected.to_owned(), noisy)), "{text}");
        }
        for text in ["-1", "", ".", "x", "1e", "NaN"] {
            assert_eq!(plain(text, 0), None, "{text}");
        }
    }
}
