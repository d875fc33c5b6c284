//! What may be kept of a call, and how much: what leaves a process is decided here.
//!
//! While a call is read, [`Keep`] is the only way for texts and names into it. When it has ended, [`Review`] looks at every field of
//! it once more: the security scan, the content mode, ids, and the application's own last word.

mod base64;
mod content;
mod encoded;
mod fields;
mod growing;
mod ids;
mod keep;
mod limits;
mod mask;
mod media;
mod redact;
mod review;
mod scope;
mod sha256;
mod url;
mod walk;

pub use content::Content;
pub use growing::GrowingText;
pub use ids::{Ids, is_hash};
pub use keep::{Allowance, Keep};
pub use limits::Limits;
pub use mask::mask;
pub use review::Review;
pub use scope::Scope;
