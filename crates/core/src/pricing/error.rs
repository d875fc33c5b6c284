//! Why there is no price, and why a file of prices can't be used.

use std::fmt;

use crate::event::TokenClass;

/// Why a call has no cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unpriced {
    /// It was served here, not made: whoever made it pays.
    Served,
    /// Neither the answer nor the request names a model.
    NoModel,
    /// No table of that host or provider has the model.
    UnknownModel,
    /// A service tier that no table knows, or that was asked for and not confirmed.
    UnknownTier,
    /// The model has no price in the tier that the answer says it was served in, or for an input that long.
    NoPriceInTier,
    /// The server reported no count of the input or of the output.
    NoCounts,
    /// There are tokens of a class that has no price.
    NoPriceOf(TokenClass),
    /// The counts contradict each other: a part is more than its whole, or the total isn't the sum.
    Inconsistent,
    /// The counts can be read in more than one way: cached tokens and audio, and nobody says how much is both.
    Ambiguous,
    /// The sum has no number.
    OutOfRange,
}

impl Unpriced {
    /// A few words for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::NoModel => "no_model",
            Self::UnknownModel => "unknown_model",
            Self::UnknownTier => "unknown_tier",
            Self::NoPriceInTier => "no_price_in_tier",
            Self::NoCounts => "no_counts",
            Self::NoPriceOf(_) => "no_price_of_class",
            Self::Inconsistent => "inconsistent_counts",
            Self::Ambiguous => "ambiguous_counts",
            Self::OutOfRange => "out_of_range",
        }
    }
}

/// A file of prices can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceError(pub(super) String);

impl fmt::Display for PriceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prices: {}", self.0)
    }
}

impl std::error::Error for PriceError {}
