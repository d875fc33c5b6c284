//! Where a body ends: by its length, in chunks, or with the connection.

use bytes::Bytes;

/// Longest line of a chunked body (a size with its extensions, a trailer) that is waited for, in bytes.
pub(super) const CHUNK_LINE_BYTES: usize = 4 << 10;

/// Longest line that is taken for a chunk's size behind a gap.
const RESUMED_LINE_BYTES: usize = 32;

/// How the end of a body is found, and how far it came.
#[derive(Debug)]
pub(super) enum Framing {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunk),
    /// It ends with the connection.
    UntilClose,
}

/// Where in a chunked body we are (RFC 9112 section 7.1).
#[derive(Debug)]
pub(super) enum Chunk {
    /// In the line that tells a chunk's size.
    Size(Vec<u8>),
    /// So many bytes of a chunk are left.
    Data(u64),
    /// Behind a chunk's bytes, and so many of the line's end came.
    DataEnd(u8),
    /// In the trailers; so many bytes of the line came.
    Trailers(usize),
    /// Behind a gap, where a chunk may begin.
    Resume(Vec<u8>),
}

/// What the next bytes were.
#[derive(Debug)]
pub(super) enum Step {
    /// Framing; all bytes were used up, or another step is to be made.
    More,
    /// Bytes of the body.
    Body(Bytes),
    /// The message has ended.
    End,
    /// This is no such body (any more). The bytes that were held to find out.
    Broken(Vec<u8>),
}

/// What a gap did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// All of it lay within the body, whose framing is still known.
    Within,
    /// The message ended after so many of its bytes.
    Ended(u64),
    /// Where the body goes on, and whether it does, isn't known; it may do so with a chunk's size.
    Unframed,
}

impl Framing {
    /// A body in chunks, at its beginning.
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunk::Size(Vec::new()))
    }

    /// Takes the next bytes.
    pub(super) fn step(&mut self, bytes: &mut Bytes) -> Step {
        match self {
            Self::Length(0) => Step::End,
            Self::Length(left) => {
                let body = take(bytes, *left);
                *left -= body.len() as u64;
                given(body)
            }
            Self::UntilClose => given(std::mem::take(bytes)),
            Self::Chunked(chunk) => chunk.step(bytes),
        }
    }

    /// `missing` bytes were not seen.
    pub(super) fn gap(&mut self, missing: u64) -> Gap {
        match self {
            Self::UntilClose => Gap::Within,
            Self::Length(left) if missing < *left => {
                *left -= missing;
                Gap::Within
            }
            Self::Length(left) => Gap::Ended(*left),
            Self::Chunked(Chunk::Data(left)) if missing <= *left => {
                *left -= missing;
                Gap::Within
            }
            Self::Chunked(chunk) => {
                *chunk = Chunk::Resume(Vec::new());
                Gap::Unframed
            }
        }
    }

    /// Bytes that are held to be understood with the next ones.
    pub(super) fn held_bytes(&self) -> usize {
        match self {
            Self::Chunked(Chunk::Size(line) | Chunk::Resume(line)) => line.capacity(),
            _ => 0,
        }
    }
}

impl Chunk {
    fn step(&mut self, bytes: &mut Bytes) -> Step {
        match self {
            Self::Data(left) => {
                let body = take(bytes, *left);
                *left -= body.len() as u64;
                if *left == 0 {
                    *self = Self::DataEnd(0);
                }
                given(body)
            }
            Self::DataEnd(seen) => {
                // The size of the next chunk follows a line's end; some write a bare line feed.
                let Some(&byte) = bytes.first() else { return Step::More };
                match (byte, *seen) {
                    (b'\r', 0) => *seen = 1,
                    (b'\n', _) => *self = Self::Size(Vec::new()),
                    _ => return Step::Broken(if *seen == 1 { vec![b'\r'] } else { Vec::new() }),
                }
                let _ = bytes.split_to(1);
                Step::More
            }
            Self::Size(line) => match line_of(line, bytes, CHUNK_LINE_BYTES) {
                Line::More => Step::More,
                Line::TooLong => Step::Broken(std::mem::take(line)),
                Line::Whole => match size_in(line) {
                    Some(size) => self.begin(size),
                    None => Step::Broken(std::mem::take(line)),
                },
            },
            Self::Resume(line) => {
                if line.is_empty() && bytes.starts_with(b"\r\n") {
                    let _ = bytes.split_to(2);
                }
                match line_of(line, bytes, RESUMED_LINE_BYTES) {
                    // The gap may have ended between a carriage return and its line feed.
                    Line::Whole if line.as_slice() == b"\n" => {
                        line.clear();
                        Step::More
                    }
                    Line::Whole => match size_in(line).filter(|_| line.ends_with(b"\r\n")) {
                        Some(size) => self.begin(size),
                        None => Step::Broken(std::mem::take(line)),
                    },
                    Line::More if line.iter().all(|byte| byte.is_ascii_hexdigit() || b"\r; ".contains(byte)) => {
                        Step::More
                    }
                    Line::More | Line::TooLong => Step::Broken(std::mem::take(line)),
                }
            }
            Self::Trailers(len) => {
                let Some(at) = memchr::memchr(b'\n', bytes) else {
                    *len += bytes.len() - usize::from(bytes.ends_with(b"\r"));
                    bytes.clear();
                    return Step::More;
                };
                let line = bytes.split_to(at + 1);
                let is_blank = *len == 0 && matches!(&line[..], b"\n" | b"\r\n");
                *len = 0;
                if is_blank { Step::End } else { Step::More }
            }
        }
    }

    fn begin(&mut self, size: u64) -> Step {
        *self = if size == 0 { Self::Trailers(0) } else { Self::Data(size) };
        Step::More
    }
}

/// Up to `limit` bytes from the front.
fn take(bytes: &mut Bytes, limit: u64) -> Bytes {
    let len = usize::try_from(limit).unwrap_or(usize::MAX).min(bytes.len());
    bytes.split_to(len)
}

fn given(body: Bytes) -> Step {
    if body.is_empty() { Step::More } else { Step::Body(body) }
}

enum Line {
    More,
    Whole,
    TooLong,
}

/// Moves the rest of a line from `bytes` to `line`.
fn line_of(line: &mut Vec<u8>, bytes: &mut Bytes, limit: usize) -> Line {
    let end = memchr::memchr(b'\n', bytes);
    let len = end.map_or(bytes.len(), |at| at + 1);
    if line.len() + len > limit {
        return Line::TooLong;
    }
    line.extend_from_slice(&bytes.split_to(len));
    if end.is_some() { Line::Whole } else { Line::More }
}

/// The size that a chunk's first line tells, in hexadecimal digits; what extensions say doesn't matter to us.
fn size_in(line: &[u8]) -> Option<u64> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, rest) = line.split_at(digits);
    if !matches!(rest.trim_ascii().first(), None | Some(b';')) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
