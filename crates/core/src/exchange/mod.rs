//! One HTTP exchange with an LLM server, from the facts that a capture saw to a [`Call`](crate::event::Call).

mod end;
mod gather;
mod head;
mod outcome;
mod packed;
mod reader;
mod received;
mod skips;
mod stream;
mod template;

pub use end::{End, TransportError};
pub use head::{Header, RequestHead, ResponseHead};
pub use reader::{Exchange, Settings, Understood};
pub use skips::{Skip, Skips};
