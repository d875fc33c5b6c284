//! What may be kept of a call, and how much.

mod content;
mod growing;
mod keep;
mod limits;
mod mask;

pub use content::Content;
pub use growing::GrowingText;
pub(crate) use keep::floor_char_boundary;
pub use keep::{Allowance, Keep};
pub use limits::Limits;
pub use mask::mask;
