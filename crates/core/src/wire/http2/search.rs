//! Finds where a frame begins in bytes whose framing is unknown.

use memchr::memchr;

use super::frame::{CONTINUATION, DATA, FrameHeader, HEADER, HEADERS, fragment};
use super::hpack::Decoder;
use super::sections::Sections;

/// The offset of the first frame in `bytes`. `Err` is the first offset that more bytes may yet show to be one.
///
/// The answer depends on what lies before it and not on how many bytes are there, so that it doesn't matter how they were
/// cut. `is_open` tells which streams may have data.
pub(super) fn first_frame(bytes: &[u8], is_open: impl Fn(u32) -> bool) -> Result<usize, usize> {
    let mut at = 0;
    // A frame that is looked for is shorter than 2^16 bytes: its header begins with a zero.
    while let Some(zero) = bytes.get(at..).and_then(|rest| memchr(0, rest)) {
        at += zero;
        match begins_frame(&bytes[at..], &is_open) {
            Some(true) => return Ok(at),
            Some(false) => at += 1,
            None => return Err(at),
        }
    }
    Err(bytes.len())
}

/// Whether a frame begins here, `None` as long as it can't be said.
fn begins_frame(bytes: &[u8], is_open: impl Fn(u32) -> bool) -> Option<bool> {
    let header = FrameHeader::at(bytes, 0)?;
    if !header.is_plausible() {
        return Some(false);
    }
    if header.is_certain() {
        return Some(true);
    }
    let is_open = is_open(header.stream);
    let end = HEADER + header.len as usize;
    match header.kind {
        DATA if is_open && header.len > 0 => Some(true),
        HEADERS if header.ends_headers() => {
            let payload = bytes.get(HEADER..end)?;
            Some(fragment(header, payload).is_some_and(|block| is_header_block(block, is_open && header.ends_stream())))
        }
        _ => {
            let next = FrameHeader::at(bytes, end)?;
            let continues = next.kind == CONTINUATION && next.stream == header.stream;
            let goes_on = header.is_of_block() && !header.ends_headers();
            Some(next.is_plausible() && continues == goes_on)
        }
    }
}

/// Whether it reads as a header block, with pseudo-header fields unless it may be a trailer section.
fn is_header_block(block: &[u8], may_be_trailers: bool) -> bool {
    let mut sections = Sections::default();
    let is_whole = Decoder::from_middle().decode(block, |name, value| sections.add(name, value)).is_ok();
    is_whole && sections.are_in_order() && (sections.are_of().is_some() || may_be_trailers)
}
