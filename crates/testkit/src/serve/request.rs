//! The requests that a server got, kept for assertions.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

use super::locked;

/// The longest request body that is read, in bytes; a longer one is answered by 413.
pub const REQUEST_BODY_MAX: usize = 64 << 20;
/// How many requests a server keeps; older ones are forgotten.
pub const REQUESTS_KEPT_MAX: usize = 10_000;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method, such as `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The headers in the order they came, names in lower case. A value that isn't UTF-8 has replacement characters.
    pub headers: Vec<(String, String)>,
    /// The body as it came, compressed if it was.
    pub body: Bytes,
}

impl ReceivedRequest {
    /// The first value of a header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `None` when it isn't.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Why a request's body isn't there.
pub(crate) enum Unread {
    TooLong,
    /// The client went away, or broke the protocol.
    Broken,
}

pub(crate) async fn read(request: Request<Incoming>) -> Result<ReceivedRequest, Unread> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, REQUEST_BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(Unread::TooLong),
        Err(_) => return Err(Unread::Broken),
    };
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    Ok(ReceivedRequest {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        version: format!("{:?}", head.version),
        headers: head.headers.iter().map(header).collect(),
        body,
    })
}

/// The requests received so far.
#[derive(Default)]
pub(crate) struct Requests {
    kept: Mutex<Kept>,
    arrived: Condvar,
}

#[derive(Default)]
struct Kept {
    requests: std::collections::VecDeque<ReceivedRequest>,
    count: usize,
}

impl Requests {
    /// Counts a request, and keeps it if there is one to keep.
    pub(crate) fn add(&self, request: Option<ReceivedRequest>) {
        let mut kept = locked(&self.kept);
        kept.count += 1;
        if let Some(request) = request {
            if kept.requests.len() == REQUESTS_KEPT_MAX {
                kept.requests.pop_front();
            }
            kept.requests.push_back(request);
        }
        self.arrived.notify_all();
    }

    pub(crate) fn all(&self) -> Vec<ReceivedRequest> {
        locked(&self.kept).requests.iter().cloned().collect()
    }

    pub(crate) fn count(&self) -> usize {
        locked(&self.kept).count
    }

    pub(crate) fn clear(&self) {
        *locked(&self.kept) = Kept::default();
    }

    /// Waits until `count` requests have come; `false` when they haven't within `patience`.
    pub(crate) fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut kept = locked(&self.kept);
        while kept.count < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            kept = self.arrived.wait_timeout(kept, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_request_is_forgotten_beyond_the_limit() {
        let requests = Requests::default();
        for count in 1..=REQUESTS_KEPT_MAX + 1 {
            requests.add(Some(ReceivedRequest {
                method: "POST".to_owned(),
                path: count.to_string(),
                version: String::new(),
                headers: Vec::new(),
                body: Bytes::new(),
            }));
            if count >= REQUESTS_KEPT_MAX - 1 {
                let kept = requests.all();
                assert_eq!(kept.len(), count.min(REQUESTS_KEPT_MAX));
                assert_eq!(kept[0].path, if count > REQUESTS_KEPT_MAX { "2" } else { "1" });
            }
        }
        assert_eq!(requests.count(), REQUESTS_KEPT_MAX + 1);
    }
}
