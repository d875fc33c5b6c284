//! Finds where a frame begins in bytes whose framing is unknown.

use memchr::memchr;

use super::frame::{CONTINUATION, DATA, FrameHeader, HEADER, HEADERS, PUSH_PROMISE, SETTINGS, fragment};
use super::hpack::Decoder;
use super::sections::Sections;

/// The offset of a frame in `bytes`. `Err` is the first offset that more bytes may yet show to be one.
///
/// Of several places that look like a frame the one is taken that can be told by the fewest bytes, so that the answer is the
/// same however the bytes were cut, and a place that will prove wrong doesn't stand in the way of what follows it.
/// `is_open` tells which streams may have data.
pub(super) fn first_frame(bytes: &[u8], is_open: impl Fn(u32) -> bool) -> Result<usize, usize> {
    let mut undecided = None;
    let mut found: Option<(usize, usize)> = None;
    let mut at = 0;
    // A frame that is looked for is shorter than 2^16 bytes: its header begins with a zero.
    while let Some(zero) = bytes.get(at..).and_then(|rest| memchr(0, rest)) {
        at += zero;
        if found.is_some_and(|(needs, _)| at + HEADER >= needs) {
            break;
        }
        match begins_frame(&bytes[at..], &is_open) {
            Some(Verdict::Yes { needs }) => found = Some(found.unwrap_or((usize::MAX, 0)).min((at + needs, at))),
            Some(Verdict::No) => {}
            None => undecided = undecided.or(Some(at)),
        }
        at += 1;
    }
    found.map(|(_, at)| at).ok_or(undecided.unwrap_or(bytes.len()))
}

enum Verdict {
    No,
    /// So many bytes tell it.
    Yes {
        needs: usize,
    },
}

/// Whether a frame begins here, `None` as long as it can't be said.
fn begins_frame(bytes: &[u8], is_open: impl Fn(u32) -> bool) -> Option<Verdict> {
    let header = FrameHeader::at(bytes, 0)?;
    if !header.is_plausible() {
        return Some(Verdict::No);
    }
    if header.is_certain() || (header.kind == DATA && header.len > 0 && is_open(header.stream)) {
        return Some(Verdict::Yes { needs: HEADER });
    }
    let end = HEADER + header.len as usize;
    let (is_one, needs) = match header.kind {
        HEADERS if header.ends_headers() => {
            let block = fragment(header, bytes.get(HEADER..end)?);
            (block.is_some_and(|block| is_header_block(block, header.ends_stream())), end)
        }
        HEADERS | CONTINUATION | PUSH_PROMISE | SETTINGS => {
            let next = FrameHeader::at(bytes, end)?;
            let continues = next.kind == CONTINUATION && next.stream == header.stream;
            (next.is_plausible() && continues == header.goes_on(), end + HEADER)
        }
        // Data of a stream that we don't know: of a message that began before us, or whose head was lost.
        DATA if header.len > 0 => {
            let next = FrameHeader::at(bytes, end)?;
            let past = end + HEADER + next.len as usize;
            if next.is_plausible() && !next.is_of_block() {
                (FrameHeader::at(bytes, past)?.is_plausible(), past + HEADER)
            } else {
                (false, 0)
            }
        }
        _ => (false, 0),
    };
    Some(if is_one { Verdict::Yes { needs } } else { Verdict::No })
}

/// Whether it reads as a header block, with pseudo-header fields first unless it may be a trailer section.
fn is_header_block(block: &[u8], may_be_trailers: bool) -> bool {
    let mut sections = Sections::default();
    let is_whole = Decoder::from_middle().decode(block, |name, value| sections.add(name, value)).is_ok();
    is_whole && sections.are_in_order() && (may_be_trailers || !sections.are_trailers())
}
