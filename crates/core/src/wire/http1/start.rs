//! What the first line of a message looks like, and where the next one is among other bytes.

use memchr::memmem;

use crate::wire::http::Flow;

/// Longest first line of a message, in bytes. Servers refuse targets far shorter.
pub(super) const START_LINE_BYTES: usize = 16 << 10;

/// Longest status line that is looked for, in bytes.
const STATUS_LINE_BYTES: usize = 512;

/// Longest name of a field that is looked for behind a first line, in bytes.
const NAME_BYTES: usize = 128;

/// Longest method, in bytes (`UPDATEREDIRECTREF` is the longest that is registered).
const METHOD_BYTES: usize = 24;

/// The methods that are looked for among other bytes.
const METHODS: [&[u8]; 9] = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"];

const VERSION: &[u8] = b"HTTP/1.";

/// Whether bytes are the beginning of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Looks {
    Like,
    /// They may be: there are too few of them.
    Open,
    Unlike,
}

/// Whether `bytes` begin with the first line of a message that goes this way.
pub(crate) fn looks(bytes: &[u8], flow: Flow) -> Looks {
    let end = memchr::memchr(b'\n', bytes);
    if let Some(end) = end {
        return if is_start_line(&bytes[..end], flow) { Looks::Like } else { Looks::Unlike };
    }
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let may_be = match flow {
        Flow::Response => {
            let known = bytes.len().min(VERSION.len());
            bytes[..known] == VERSION[..known] && bytes.len() <= STATUS_LINE_BYTES
        }
        Flow::Request => {
            let method = bytes.iter().take_while(|byte| is_method_byte(**byte)).count();
            let is_method = match bytes.get(method) {
                None => method <= METHOD_BYTES,
                Some(b' ') => (1..=METHOD_BYTES).contains(&method),
                Some(_) => false,
            };
            is_method
                && bytes.len() <= START_LINE_BYTES
                && bytes.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\r')
        }
    };
    if may_be { Looks::Open } else { Looks::Unlike }
}

/// Whether `line` (without its line feed) is the first line of a message.
fn is_start_line(line: &[u8], flow: Flow) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match flow {
        Flow::Request => request_line(line).is_some(),
        Flow::Response => status_line(line).is_some(),
    }
}

/// The method and target of a request's first line (RFC 9112 section 3).
pub(super) fn request_line(line: &[u8]) -> Option<(&str, &str)> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.len() <= START_LINE_BYTES)?;
    let (rest, version) = line.rsplit_once(' ')?;
    let (method, target) = rest.split_once(' ')?;
    let is_method = (1..=METHOD_BYTES).contains(&method.len()) && method.bytes().all(is_method_byte);
    let is_target = !target.is_empty() && !target.bytes().any(|byte| byte.is_ascii_control() || byte == b' ');
    let is_version = matches!(version, "HTTP/1.1" | "HTTP/1.0");
    (is_method && is_target && is_version).then_some((method, target))
}

/// The version's minor number and the status of a response's first line (RFC 9112 section 4).
pub(super) fn status_line(line: &[u8]) -> Option<(u8, u16)> {
    let rest = line.strip_prefix(VERSION)?;
    let (&[minor @ (b'0' | b'1'), b' ', a @ b'1'..=b'9', b, c], reason) = rest.split_first_chunk()? else {
        return None;
    };
    let is_number = b.is_ascii_digit() && c.is_ascii_digit();
    let is_reason = matches!(reason.first(), None | Some(b' '))
        && reason.iter().all(|byte| !byte.is_ascii_control() || *byte == b'\t')
        && line.len() <= STATUS_LINE_BYTES;
    let digit = |byte: u8| u16::from(byte - b'0');
    (is_number && is_reason).then(|| (minor - b'0', digit(a) * 100 + digit(b) * 10 + digit(c)))
}

fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte == b'-' || byte == b'_'
}

/// Where a message begins among other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// There.
    At(usize),
    /// Nowhere yet; what may be the beginning of one is from there on.
    Open(usize),
}

/// Looks for a message's first line and the beginning of a field behind it.
///
/// The body of JSON or events holds no such thing, also where it speaks of HTTP: a line's end is escaped there.
pub(crate) fn find(bytes: &[u8], flow: Flow) -> Found {
    let mut open = bytes.len();
    for at in memmem::find_iter(bytes, VERSION) {
        let start = match flow {
            Flow::Response => Some(at),
            Flow::Request => request_start(bytes, at),
        };
        let Some(start) = start else { continue };
        let limit = match flow {
            Flow::Response => STATUS_LINE_BYTES,
            // The line ends with the version.
            Flow::Request => at - start + VERSION.len() + "1\r\n".len(),
        };
        match has_field_behind(&bytes[start..], limit, flow) {
            Looks::Like => return Found::At(start),
            Looks::Open => open = open.min(start),
            Looks::Unlike => {}
        }
    }
    // What a later piece may complete.
    let tail = match flow {
        Flow::Response => bytes.len().saturating_sub(VERSION.len() - 1),
        Flow::Request => open_request(bytes),
    };
    Found::Open(open.min(tail))
}

/// From where on `bytes` may be the beginning of a request line that has no version yet.
fn open_request(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(START_LINE_BYTES);
    let last = |end: usize| bytes[from..end].iter().rposition(|byte| *byte <= b' ').map(|at| from + at);
    // The last word is a target, or the beginning of a version behind one.
    let words = [last(bytes.len()), last(bytes.len()).and_then(last)];
    let starts = words.into_iter().flatten().filter(|at| bytes[*at] == b' ').filter_map(|at| method_before(bytes, at));
    starts.min().unwrap_or(bytes.len().saturating_sub("CONNECT".len()))
}

/// Where the method begins that ends at `end`. A body may end right before it, without a line's end.
fn method_before(bytes: &[u8], end: usize) -> Option<usize> {
    let method = METHODS.iter().find(|method| bytes[..end].ends_with(method))?;
    Some(end - method.len())
}

/// Where the request line begins whose version is at `version`.
fn request_start(bytes: &[u8], version: usize) -> Option<usize> {
    let before = bytes[..version].strip_suffix(b" ")?;
    let from = before.len().saturating_sub(START_LINE_BYTES);
    let target = from + before[from..].iter().rposition(|byte| *byte <= b' ')?;
    if bytes[target] != b' ' || target + 1 == before.len() {
        return None;
    }
    method_before(bytes, target)
}

/// Whether `bytes` begin with a first line of up to `limit` bytes, and a field or the head's end behind it.
fn has_field_behind(bytes: &[u8], limit: usize, flow: Flow) -> Looks {
    let reach = &bytes[..bytes.len().min(limit)];
    let end = memchr::memchr(b'\n', reach);
    let line = &reach[..end.unwrap_or(reach.len())];
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_version = |rest: &[u8]| rest.is_empty() || rest.first().is_some_and(|byte| b"01".contains(byte));
    let may_be = match flow {
        Flow::Response => {
            is_version(&line[VERSION.len()..])
                && line.iter().all(|byte| !byte.is_ascii_control() && !b"\"\\".contains(byte))
        }
        Flow::Request => memmem::rfind(line, VERSION).is_some_and(|at| is_version(&line[at + VERSION.len()..])),
    };
    let Some(end) = end else {
        return if may_be && bytes.len() < limit { Looks::Open } else { Looks::Unlike };
    };
    if !may_be || !is_start_line(line, flow) {
        return Looks::Unlike;
    }
    let rest = &bytes[end + 1..];
    let name = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte)).count();
    match rest.get(name) {
        None if name <= NAME_BYTES => Looks::Open,
        Some(b':') if (1..=NAME_BYTES).contains(&name) => Looks::Like,
        Some(b'\r' | b'\n') if name == 0 => Looks::Like,
        _ => Looks::Unlike,
    }
}
