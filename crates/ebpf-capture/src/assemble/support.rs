//! Calls for the tests of this folder.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_core::event::{Call, OwnSpan, Server, SpanId, TraceId};
use sidetone_core::exchange::{End, Exchange, RequestHead, Settings};
use sidetone_core::provider::SURFACES;

use super::announcement::Announcement;

/// A moment so many milliseconds after a fixed one.
pub(super) fn at(ms: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000 + ms)
}

/// A call from `start` to `end`, both by [`at`].
pub(super) fn call(response_id: Option<&str>, start: u64, end: u64) -> Call {
    let head = RequestHead {
        surface: SURFACES[0],
        server: Arc::new(Server { address: "api.example.com".into(), port: Some(443) }),
        deployment: None,
        start: at(start),
        parent: None,
        resend_count: None,
        scope: None,
    };
    let exchange = Exchange::new(head, Arc::new(Settings::default()));
    let mut call = exchange.finish(End::Complete, Duration::from_millis(end - start)).call;
    call.response.id = response_id.map(Into::into);
    call
}

/// What a process says of a call of its own.
pub(super) fn announcement(pid: u32, response_id: Option<&str>, start: u64) -> Announcement {
    let span = OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) };
    Announcement { pid, span, response_id: response_id.map(Into::into), request_id: None, start: at(start) }
}
