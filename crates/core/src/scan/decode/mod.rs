//! The same text without its escapes, and where each byte of it stood.

mod base64;
mod escapes;
mod view;

pub(super) use base64::each_decoded;
pub(super) use escapes::each_unescaped;
pub(super) use view::View;
