//! What an instrumented process says through its USDT probe `sidetone:call`.

use std::time::{Duration, SystemTime};

use sidetone_core::event::{OwnSpan, SpanId, TraceId};

/// What a process says of a call that it reports itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Announcement {
    pub(crate) pid: u32,
    pub(crate) span: OwnSpan,
    pub(crate) response_id: Option<Box<str>>,
    /// The server's id of the request (`x-request-id`).
    pub(crate) request_id: Option<Box<str>>,
    pub(crate) start: SystemTime,
}

/// How long a text is in the record: cut or filled up with NUL.
const TEXT: usize = 128;

impl Announcement {
    /// Reads what the kernel side makes of the probe's arguments: trace id (16 bytes), span id (8), start in nanoseconds since
    /// 1970 (8), response id, the server's id of the request. `None` if it isn't that.
    pub(crate) fn read(pid: u32, bytes: &[u8]) -> Option<Self> {
        let (trace_id, rest) = bytes.split_first_chunk::<16>()?;
        let (span_id, rest) = rest.split_first_chunk::<8>()?;
        let (start, rest) = rest.split_first_chunk::<8>()?;
        let (response_id, rest) = rest.split_first_chunk::<TEXT>()?;
        let (request_id, _) = rest.split_first_chunk::<TEXT>()?;
        if *trace_id == [0; 16] || *span_id == [0; 8] {
            return None;
        }
        Some(Self {
            pid,
            span: OwnSpan { trace_id: TraceId(*trace_id), span_id: SpanId(*span_id) },
            response_id: text(response_id),
            request_id: text(request_id),
            start: SystemTime::UNIX_EPOCH + Duration::from_nanos(u64::from_ne_bytes(*start)),
        })
    }
}

/// The text before the first NUL, if there is any.
fn text(padded: &[u8]) -> Option<Box<str>> {
    let text = padded.split(|&byte| byte == 0).next()?;
    std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).map(Box::from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn bytes(response_id: &str, request_id: &str) -> Vec<u8> {
        let mut bytes = [[7; 16].as_slice(), &[9; 8], &1_000_000_007_u64.to_ne_bytes()].concat();
        for text in [response_id, request_id] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.resize(bytes.len() + TEXT - text.len(), 0);
        }
        bytes
    }

    #[test]
    fn each_part_is_read_and_an_empty_id_is_unknown() {
        let said = Announcement::read(42, &bytes("chatcmpl-1", "req_2")).unwrap();
        assert_eq!(said.pid, 42);
        assert_eq!(said.span, OwnSpan { trace_id: TraceId([7; 16]), span_id: SpanId([9; 8]) });
        assert_eq!(said.response_id.as_deref(), Some("chatcmpl-1"));
        assert_eq!(said.request_id.as_deref(), Some("req_2"));
        assert_eq!(said.start, SystemTime::UNIX_EPOCH + Duration::from_nanos(1_000_000_007));
        let said = Announcement::read(42, &bytes("", "")).unwrap();
        assert_eq!((said.response_id, said.request_id), (None, None));
        let longest = "x".repeat(TEXT);
        let said = Announcement::read(42, &bytes(&longest, &longest)).unwrap();
        assert_eq!(said.request_id.as_deref(), Some(&*longest));
    }

    #[test]
    fn a_cut_one_and_one_without_ids_are_refused() {
        let whole = bytes("chatcmpl-1", "");
        assert_eq!(Announcement::read(42, &whole[..whole.len() - 1]), None);
        assert_eq!(Announcement::read(42, &vec![0; whole.len()]), None);
    }
}
