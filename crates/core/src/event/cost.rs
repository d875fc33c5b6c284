//! What a call cost, exactly.

use std::fmt;
use std::sync::Arc;

/// An amount of US dollars: exact and never negative, counted in 10⁻¹⁸ dollars.
///
/// ```
/// use sidetone_core::event::Usd;
///
/// let price = Usd::parse("0.000000125").unwrap();
/// assert_eq!(price.times(1_000).unwrap().to_string(), "0.000125");
/// assert_eq!(Usd::parse("-1"), None);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(u128);

/// Digits behind the point.
const DIGITS: usize = 18;

/// Most characters of an amount that is read.
const LONGEST_AMOUNT: usize = 40;

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of that many 10⁻¹⁸ dollars.
    #[must_use]
    pub const fn from_attos(attos: u128) -> Self {
        Self(attos)
    }

    /// How many 10⁻¹⁸ dollars it is.
    #[must_use]
    pub const fn attos(self) -> u128 {
        self.0
    }

    /// Reads a plain decimal number (`12`, `0.25`): no sign, no exponent, at most 18 digits behind the point.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, fraction),
            None => (text, "0"),
        };
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() > LONGEST_AMOUNT || !is_number(whole) || !is_number(fraction) || fraction.len() > DIGITS {
            return None;
        }
        let scale = 10_u128.checked_pow(u32::try_from(DIGITS - fraction.len()).ok()?)?;
        let fraction = fraction.parse::<u128>().ok()?.checked_mul(scale)?;
        let whole = whole.parse::<u128>().ok()?.checked_mul(10_u128.pow(18))?;
        whole.checked_add(fraction).map(Self)
    }

    /// The sum; `None` if there is no number for it.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// That many times the amount; `None` if there is no number for it.
    #[must_use]
    pub fn times(self, count: u64) -> Option<Self> {
        self.0.checked_mul(count.into()).map(Self)
    }

    /// The nearest double, for where nothing better can be written.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "only of what a double holds exactly")]
    pub fn to_f64(self) -> f64 {
        // Two doubles that are exact have a quotient that is rounded once: nearly every amount has few digits.
        const EXACT: u64 = 1 << 53;
        const POWERS: [f64; DIGITS + 1] =
            [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];
        if let Ok(mut digits) = u64::try_from(self.0) {
            let mut behind = DIGITS;
            if digits % 1_000_000_000 == 0 {
                digits /= 1_000_000_000;
                behind -= 9;
            }
            while behind > 0 && digits % 10 == 0 {
                digits /= 10;
                behind -= 1;
            }
            if digits <= EXACT {
                return digits as f64 / POWERS[behind];
            }
        }
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Usd {
    /// A plain decimal number, without an exponent and without zeros at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 10_u128.pow(18), self.0 % 10_u128.pow(18));
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:018}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl fmt::Debug for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} USD")
    }
}

macro_rules! classes {
    ($($class:ident = $name:literal, $about:literal;)+) => {
        /// A class of tokens that has a price of its own. Each token of a call is in one of them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum TokenClass {
            $(#[doc = $about] $class,)+
        }

        impl TokenClass {
            /// Each of them.
            pub const ALL: &[Self] = &[$(Self::$class,)+];

            /// How many there are.
            pub const COUNT: usize = Self::ALL.len();

            /// Its name, here and in the price file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$class => $name,)+ }
            }
        }
    };
}

classes! {
    Input = "input", "Text of the input that no cache had.";
    CacheRead = "cache_read", "Text of the input, read from the provider's cache.";
    CacheWrite = "cache_write", "Text of the input, written to the provider's cache for its usual time.";
    CacheWrite1h = "cache_write_1h", "Text of the input, written to the provider's cache for an hour.";
    InputAudio = "input_audio", "Sound of the input that no cache had.";
    CacheReadAudio = "cache_read_audio", "Sound of the input, read from the provider's cache.";
    InputImage = "input_image", "Pictures of the input, where the provider counts them by themselves.";
    Output = "output", "Text of the output.";
    Reasoning = "reasoning", "Reasoning.";
    OutputAudio = "output_audio", "Sound of the output.";
    OutputImage = "output_image", "Pictures of the output, where the provider counts them by themselves.";
}

/// Where a price was taken from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PriceSource {
    /// The data set's name.
    pub name: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// Its licence.
    pub licence: Option<Box<str>>,
    /// When it was taken over, as `2026-11-21`.
    pub date: Option<Box<str>>,
}

/// What the tokens of a call cost, exactly.
///
/// It is the cost of that one call. A span that stands for several calls (an agent's, a workflow's) has none of its own:
/// who sums costs sums those of calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: Usd,
    /// What each class cost, in the order of [`TokenClass::ALL`]; they sum up to `total`, or each is nothing where telemetry told
    /// that alone.
    pub parts: [Usd; TokenClass::COUNT],
    /// Where the price is from.
    pub source: Arc<PriceSource>,
}

impl Cost {
    /// What the tokens of one class cost.
    #[must_use]
    pub fn part(&self, class: TokenClass) -> Usd {
        self.parts[class as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_amount_is_read_and_written_as_a_plain_decimal() {
        for (text, written) in [
            ("0", "0"),
            ("00.50", "0.5"),
            ("12", "12"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("340282366920938463463.374607431768211455", "340282366920938463463.374607431768211455"),
        ] {
            assert_eq!(Usd::parse(text).unwrap().to_string(), written);
        }
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "٣", "0.0000000000000000001"] {
            assert_eq!(Usd::parse(text), None, "{text:?}");
        }
        assert_eq!(Usd::parse("340282366920938463463.374607431768211456"), None);
        assert_eq!(Usd::parse(&"9".repeat(LONGEST_AMOUNT + 1)), None);
    }

    #[test]
    fn no_sum_and_no_product_wraps() {
        let most = Usd::from_attos(u128::MAX);
        assert_eq!(most.plus(Usd::from_attos(1)), None);
        assert_eq!(most.times(2), None);
        assert_eq!(most.times(1), Some(most));
    }

    proptest! {
        #[test]
        fn a_double_is_the_nearest_one(attos in prop_oneof![any::<u128>(), any::<u64>().prop_map(u128::from), (0..1_000_000_u128).prop_map(|n| n * 10_u128.pow(10))]) {
            let amount = Usd::from_attos(attos);
            prop_assert_eq!(amount.to_f64(), amount.to_string().parse::<f64>().unwrap());
            prop_assert_eq!(Usd::parse(&amount.to_string()), Some(amount));
        }
    }
}
