//! What calls cost: a dated table of prices, and exact sums by it.
//!
//! ```
//! use sidetone_core::pricing::{Prices, Tier};
//! use sidetone_core::event::Usage;
//!
//! let prices = Prices::embedded();
//! let usage = Usage { input: Some(1_000), cache_read: Some(400), output: Some(100), ..Usage::default() };
//! let cost = prices.of_tokens("openai", "gpt-4o-2024-08-06", Tier::Standard, &usage).unwrap();
//! // 600 × 2.50 + 400 × 1.25 + 100 × 10, each per million
//! assert_eq!(cost.total.to_string(), "0.003");
//! ```
//!
//! A price is known or it isn't: a model that no table has, a class of tokens without a price, counts that contradict
//! each other give no cost at all, never a part of one. What it doesn't do: fees that are no tokens' (a search, a session of
//! a code interpreter, storage), currencies, prices of another day than the table's.

mod by_name;
mod entry;
mod error;
mod layer;
mod prices;
mod tokens;
mod version;
mod windows;

pub use error::{PriceError, Unpriced};
pub use prices::{MAX_FILE_BYTES, Prices};
pub use tokens::Tier;
