//! What may be kept of a call, and how much.

mod content;
mod keep;
mod limits;
mod mask;

pub use content::Content;
pub use keep::{Allowance, GrowingText, Keep};
pub use limits::Limits;
pub use mask::mask;
