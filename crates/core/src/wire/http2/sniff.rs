//! Whether bytes are HTTP/2, and whose.

use super::super::http::Flow;
use super::frame::{FrameHeader, HEADER, HEADERS, PREFACE, fragment};
use super::hpack::Decoder;
use super::search::first_frame;
use super::sections::Sections;

/// What some bytes of one direction look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looks {
    /// The client's preface: a connection from its beginning.
    Preface,
    /// Frames, with the head of a request.
    Request,
    /// Frames, with the head of a response.
    Response,
    /// Frames, which don't say whose they are.
    Frames,
    /// Too few bytes to tell.
    TooShort,
}

/// What `bytes` look like, the first ones that were seen of a direction; `None` if they are no HTTP/2. They may begin
/// within a frame: the next one is looked for, but must then be followed by another one.
#[must_use]
pub fn looks_like(bytes: &[u8]) -> Option<Looks> {
    if bytes.starts_with(PREFACE) {
        return Some(Looks::Preface);
    }
    if PREFACE.starts_with(bytes) {
        return Some(Looks::TooShort);
    }
    match first_frame(bytes, |_| false) {
        Ok(at) => walk(bytes, at),
        // The beginning of a frame's header, or one that the next frame must confirm.
        Err(0) => Some(Looks::TooShort),
        Err(at) if at + HEADER <= bytes.len() => Some(Looks::TooShort),
        Err(_) => None,
    }
}

fn walk(bytes: &[u8], begin: usize) -> Option<Looks> {
    let (mut at, mut frames) = (begin, 0);
    while let Some(header) = FrameHeader::at(bytes, at) {
        if !header.is_legal() {
            return None;
        }
        frames += 1;
        let end = at + HEADER + header.len as usize;
        if header.kind == HEADERS
            && let Some(block) = bytes.get(at + HEADER..end).and_then(|payload| fragment(header, payload))
        {
            let mut sections = Sections::default();
            // Of a block that goes on in the next frame the beginning is enough.
            let _ = Decoder::from_middle().decode(block, |name, value| sections.add(name, value));
            match sections.are_of() {
                Some(Flow::Request) => return Some(Looks::Request),
                Some(Flow::Response) => return Some(Looks::Response),
                None => {}
            }
        }
        at = end;
    }
    Some(if begin == 0 || frames > 1 { Looks::Frames } else { Looks::TooShort })
}
