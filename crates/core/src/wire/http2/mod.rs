//! HTTP/2 as an onlooker reads it: both directions of a connection, from its beginning or its middle, with bytes missing.
//!
//! Source: RFC 9113, RFC 7541 (HPACK), RFC 8441 (extended CONNECT).
//!
//! | module | for |
//! | --- | --- |
//! | `session` | [`Http2`]: both directions of a connection |
//! | `streams` | which message a frame belongs to |
//! | `direction` | bytes of one direction to frames, gaps included |
//! | `search` | where a frame begins in bytes whose framing is unknown |
//! | `sections` | header blocks to heads |
//! | `frame` | frame headers |
//! | `sniff` | [`looks_like`]: whether bytes are HTTP/2 |
//! | [`hpack`] | header compression, read from the middle too |

mod direction;
mod frame;
pub mod hpack;
mod search;
mod sections;
mod session;
mod sniff;
mod streams;

pub use direction::HEADER_BLOCK_LIMIT;
pub use sections::HEADER_LIST_LIMIT;
pub use session::Http2;
pub use sniff::{Looks, looks_like};
pub use streams::STREAM_LIMIT;
