//! Planted secrets: exchanges that hold one in every place that a request or a response has, and a search for any of them in what was emitted.
//!
//! ```
//! use sidetone_testkit::canaries::planted;
//!
//! let planted = planted(0);
//! let search = planted.search(|canary| canary.is_plain);
//! assert_eq!(search.find(b"nothing of it"), None);
//! let emitted = format!("it says {}", planted.canaries[0].secret.text);
//! assert_eq!(search.find(emitted.as_bytes()).is_some(), planted.canaries[0].is_plain);
//! ```
#![allow(clippy::unwrap_used, reason = "it is a part of tests: what can't be planted is a bug")]

mod planted;
mod search;
mod secret;

pub use planted::{Canary, EXCHANGES, Planted, planted, session_id};
pub use search::Search;
pub use secret::{KEYS, Make, Numbers, OTHERS, Secret};
