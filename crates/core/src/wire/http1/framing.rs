//! Where a body ends: by its length, in chunks, or with the connection.

use bytes::Bytes;

/// Longest line of a chunked body (a size with its extensions, a trailer) that is waited for, in bytes.
pub(super) const CHUNK_LINE_BYTES: usize = 4 << 10;

/// Longest chunk that is believed in behind a gap, in bytes: it is held until its end proves it.
const RESUMED_CHUNK_BYTES: usize = 64 << 10;

/// Most bytes that are needed to know whether one is there: the end of the chunk before, its line, itself, its end.
const RESUMED_BYTES: usize = 2 + CHUNK_LINE_BYTES + RESUMED_CHUNK_BYTES + 2;

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
    /// In the trailers, at the beginning of a line or behind what came of it.
    Trailers(Trailer),
    /// Behind a gap, where a chunk may begin; what came since.
    Resume(Vec<u8>),
}

/// What came of a line behind the last chunk: an empty one ends the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trailer {
    Nothing,
    Return,
    Field,
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
            Self::Resume(held) => {
                let before = held.len();
                let room = RESUMED_BYTES.saturating_sub(before);
                held.extend_from_slice(&bytes[..bytes.len().min(room)]);
                let (body, end) = match resumed(held) {
                    Resumed::Open => {
                        let _ = bytes.split_to(held.len() - before);
                        return Step::More;
                    }
                    Resumed::No => {
                        held.truncate(before);
                        return Step::Broken(std::mem::take(held));
                    }
                    Resumed::Chunk(body, end) => (body, end),
                };
                // The proof came with these bytes: it ends among them.
                let _ = bytes.split_to(end.saturating_sub(before));
                let body = Bytes::copy_from_slice(&held[body]);
                *self = if body.is_empty() { Self::Trailers(Trailer::Nothing) } else { Self::Size(Vec::new()) };
                given(body)
            }
            Self::Trailers(line) => {
                let end = memchr::memchr(b'\n', bytes);
                let more = bytes.split_to(end.unwrap_or(bytes.len()));
                *line = match (*line, &more[..]) {
                    (so_far, b"") => so_far,
                    (Trailer::Nothing, b"\r") => Trailer::Return,
                    _ => Trailer::Field,
                };
                if end.is_none() {
                    return Step::More;
                }
                let _ = bytes.split_to(1);
                match std::mem::replace(line, Trailer::Nothing) {
                    Trailer::Nothing | Trailer::Return => Step::End,
                    Trailer::Field => Step::More,
                }
            }
        }
    }

    fn begin(&mut self, size: u64) -> Step {
        *self = if size == 0 { Self::Trailers(Trailer::Nothing) } else { Self::Data(size) };
        Step::More
    }
}

/// What bytes behind a gap are.
enum Resumed {
    Open,
    No,
    /// A chunk, and where it ends with its line. The last chunk has no bytes.
    Chunk(std::ops::Range<usize>, usize),
}

/// Whether `bytes` begin with a chunk: its size must be followed by that many bytes and a line's end. Text that looks like a
/// size is not rare, and would swallow what comes next.
fn resumed(bytes: &[u8]) -> Resumed {
    // The gap may have ended before, or within, the end of the chunk before.
    let from = if bytes.starts_with(b"\r\n") { 2 } else { usize::from(bytes.starts_with(b"\n")) };
    let rest = &bytes[from..];
    let end = memchr::memchr(b'\n', rest);
    let line = &rest[..end.map_or(rest.len(), |at| at + 1)];
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let may_be = digits <= 8 && matches!(line.get(digits), None | Some(b'\r' | b';' | b' '));
    if !may_be || line.len() > CHUNK_LINE_BYTES {
        return Resumed::No;
    }
    let Some(end) = end else { return Resumed::Open };
    let Some(size) = size_in(&rest[..end]).filter(|_| rest[..end].ends_with(b"\r")) else { return Resumed::No };
    let Ok(size @ ..=RESUMED_CHUNK_BYTES) = usize::try_from(size) else { return Resumed::No };
    let body = from + end + 1..from + end + 1 + size;
    if size == 0 {
        // Behind the last one comes a blank line, or a field.
        let line = &bytes[body.end..];
        let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count();
        return match line.get(name) {
            None if name <= CHUNK_LINE_BYTES => Resumed::Open,
            Some(b'\r') if name == 0 => Resumed::Chunk(body.clone(), body.end),
            Some(b':') if name > 0 => Resumed::Chunk(body.clone(), body.end),
            _ => Resumed::No,
        };
    }
    match bytes.get(body.end..body.end + 2) {
        Some(b"\r\n") => Resumed::Chunk(body.clone(), body.end + 2),
        Some(_) => Resumed::No,
        None => Resumed::Open,
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
