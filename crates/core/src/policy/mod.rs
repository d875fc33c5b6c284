//! What may be kept of a call, and how much.

mod content;
mod limits;

pub use content::Content;
pub use limits::Limits;
