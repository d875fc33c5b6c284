//! HPACK, read from the middle of a connection too: what refers to entries from before our time is unknown, never wrong.
//!
//! Source: RFC 7541. The dynamic table is addressed from its newest entry: an entry that was added before our eyes is found
//! at its distance from the top whatever lies below it, so that an unknown past hides only fields that refer to that past.

mod decoder;
mod fixed;
mod huffman;
mod table;

pub use decoder::{Decoder, Malformed};
pub use table::TABLE_LIMIT;
