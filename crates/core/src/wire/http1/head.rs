//! The head of a message: its first line, its fields, and how its body is framed.

use bytes::Bytes;

use super::framing::Framing;
use super::start::{request_line, status_line};
use crate::wire::http::{Flow, Head};

/// Longest head that is read, in bytes.
pub(super) const HEAD_BYTES: usize = 64 << 10;

/// Most fields of a head that are given out.
pub(super) const FIELDS: usize = 256;

/// A head as it comes in.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    bytes: Vec<u8>,
    /// Where the line begins whose end is looked for.
    line: usize,
}

/// How far a head came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Whole,
    /// It is longer than [`HEAD_BYTES`].
    TooLong,
}

impl Gathering {
    /// Takes bytes up to the head's end; what belongs to the body stays.
    pub(super) fn take(&mut self, bytes: &mut Bytes) -> Progress {
        let room = HEAD_BYTES - self.bytes.len();
        let reach = bytes.len().min(room);
        let mut at = 0;
        while let Some(len) = memchr::memchr(b'\n', &bytes[at..reach]) {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(&bytes[at..at + len + 1]);
            at += len + 1;
            let is_blank = matches!(&self.bytes[self.line.min(start)..], b"\n" | b"\r\n");
            self.line = self.bytes.len();
            if is_blank {
                let _ = bytes.split_to(at);
                return Progress::Whole;
            }
        }
        self.bytes.extend_from_slice(&bytes[at..reach]);
        let _ = bytes.split_to(reach);
        if bytes.is_empty() { Progress::More } else { Progress::TooLong }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Reads what came, as far as its lines are whole.
    pub(super) fn read(self, flow: Flow, is_whole: bool) -> Option<Read> {
        let mut bytes = self.bytes;
        bytes.truncate(self.line);
        read(Bytes::from(bytes), flow, is_whole)
    }
}

/// A head, and what it says of the message's frame.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) head: Head,
    frame: Frame,
}

#[derive(Debug, Default)]
struct Frame {
    length: Length,
    /// The last of the transfer codings is `chunked`.
    is_chunked: bool,
    has_codings: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Length {
    #[default]
    None,
    Of(u64),
    /// It says several things.
    Unclear,
}

/// How the body of a message is framed.
#[derive(Debug)]
pub(super) enum Frames {
    /// There is no body.
    None,
    By(Framing),
    /// What the head says can't be followed.
    Unclear,
}

impl Read {
    /// How the body is framed (RFC 9112 section 6.3), `has_body` being what method and status allow.
    pub(super) fn frames(&self, flow: Flow, has_body: bool) -> Frames {
        if !has_body {
            return Frames::None;
        }
        if self.frame.has_codings {
            return match (self.frame.is_chunked, flow) {
                (true, _) => Frames::By(Framing::chunked()),
                (false, Flow::Response) => Frames::By(Framing::UntilClose),
                (false, Flow::Request) => Frames::Unclear,
            };
        }
        match (self.frame.length, flow) {
            (Length::Of(0), _) | (Length::None, Flow::Request) => Frames::None,
            (Length::Of(length), _) => Frames::By(Framing::Length(length)),
            (Length::None, Flow::Response) => Frames::By(Framing::UntilClose),
            (Length::Unclear, _) => Frames::Unclear,
        }
    }
}

fn read(bytes: Bytes, flow: Flow, is_whole: bool) -> Option<Read> {
    let mut lines = lines(&bytes);
    let first = lines.next()?;
    let mut head = Head { is_partial: !is_whole, ..Head::default() };
    match flow {
        Flow::Request => {
            let (method, target) = request_line(&bytes[first])?;
            head.method = Some(method.into());
            head.authority = authority_in(target).map(Into::into);
            head.target = Some(target.into());
        }
        Flow::Response => head.status = Some(status_line(&bytes[first])?.1),
    }
    let mut frame = Frame::default();
    let has_absolute_target = head.authority.is_some();
    for line in lines {
        if line.is_empty() {
            break;
        }
        let text = &bytes[line.clone()];
        // A line that goes on with the one before (obsolete: RFC 9112 section 5.2), or is no field.
        let Some(colon) = memchr::memchr(b':', text).filter(|_| !text[0].is_ascii_whitespace()) else {
            head.is_partial = true;
            continue;
        };
        let Some(name) = std::str::from_utf8(text[..colon].trim_ascii_end()).ok().filter(|name| !name.is_empty())
        else {
            head.is_partial = true;
            continue;
        };
        let name = name.to_ascii_lowercase();
        let value = text[colon + 1..].trim_ascii();
        frame.hear(&name, value);
        if flow == Flow::Request && name == "host" {
            if !has_absolute_target {
                head.authority = std::str::from_utf8(value).ok().filter(|host| !host.is_empty()).map(Into::into);
            }
        } else if head.fields.len() < FIELDS {
            let value = bytes.slice_ref(value);
            head.fields.push((name.into_boxed_str(), value));
        } else {
            head.is_partial = true;
        }
    }
    Some(Read { head, frame })
}

impl Frame {
    fn hear(&mut self, name: &str, value: &[u8]) {
        match name {
            "content-length" => {
                for value in value.split(|byte| *byte == b',') {
                    let value = value.trim_ascii();
                    let length = std::str::from_utf8(value)
                        .ok()
                        .filter(|value| value.bytes().all(|byte| byte.is_ascii_digit()))
                        .and_then(|value| value.parse().ok())
                        .map_or(Length::Unclear, Length::Of);
                    self.length =
                        if self.length == Length::None || self.length == length { length } else { Length::Unclear };
                }
            }
            "transfer-encoding" => {
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
                self.has_codings = true;
                self.is_chunked = last.eq_ignore_ascii_case(b"chunked");
            }
            _ => {}
        }
    }
}

/// Where the lines of a head are, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', bytes).map(move |end| {
        let line = start..if end > start && bytes[end - 1] == b'\r' { end - 1 } else { end };
        start = end + 1;
        line
    })
}

/// The authority of a target that is a URL, or of a CONNECT.
fn authority_in(target: &str) -> Option<&str> {
    let (_, rest) = target.split_once("://").filter(|(scheme, _)| !scheme.contains('/'))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    // What stands before the host names a user, and may hold a password.
    Some(authority.rsplit_once('@').map_or(authority, |(_, host)| host)).filter(|authority| !authority.is_empty())
}
