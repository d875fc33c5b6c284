//! The body of a request, read without a copy and left as it was.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::Body as _;
use reqwest::{Body, Request};
use sidetone_pipeline::{RequestBody, Tap};

use crate::tee::TeeBody;

/// The body of `request`, as far as it is known before it is sent.
///
/// reqwest lends a buffered body only as a slice, but hands all of it out in one frame when it is polled. It is put
/// back as a buffered body of the same memory, so that the request can still be cloned: retries, redirects with 307.
pub(crate) fn body_of(request: &mut Request) -> RequestBody {
    let slot = request.body_mut();
    match slot.as_ref().map(Body::as_bytes) {
        None | Some(Some([])) => RequestBody::Empty,
        Some(None) => RequestBody::Streamed,
        Some(Some(_)) => {
            let bytes = slot.take().and_then(taken_whole).unwrap_or_default();
            *slot = Some(Body::from(bytes.clone()));
            RequestBody::Whole(bytes)
        }
    }
}

fn taken_whole(mut body: Body) -> Option<Bytes> {
    match Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(Ok(frame))) => frame.into_data().ok(),
        _ => None,
    }
}

/// Lets a streamed body be reported while it is sent. Its length stays known where it was known.
pub(crate) fn tee_streamed(request: &mut Request, tap: &mut Tap) {
    let slot = request.body_mut();
    if slot.as_ref().is_some_and(|body| body.as_bytes().is_none())
        && let Some(request_tap) = tap.request_tap()
        && let Some(body) = slot.take()
    {
        *slot = Some(Body::wrap(TeeBody::new(body, request_tap)));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use reqwest::{Method, Url};

    use super::*;

    fn request(body: Option<Body>) -> Request {
        let mut request = Request::new(Method::POST, Url::parse("http://localhost/").unwrap());
        *request.body_mut() = body;
        request
    }

    #[test]
    fn a_buffered_body_is_read_without_a_copy_and_stays_reusable() {
        let sent = Bytes::from(vec![b'x'; 10_000]);
        let mut request = request(Some(sent.clone().into()));
        let RequestBody::Whole(read) = body_of(&mut request) else { unreachable!() };
        assert_eq!((read.as_ptr(), read.len()), (sent.as_ptr(), sent.len()));
        let again = request.try_clone().unwrap();
        for body in [request.body(), again.body()] {
            let bytes = body.unwrap().as_bytes().unwrap();
            assert_eq!((bytes.as_ptr(), bytes.len()), (sent.as_ptr(), sent.len()));
        }
    }

    #[test]
    fn no_body_and_an_empty_one_stay_what_they_are() {
        let mut none = request(None);
        assert!(matches!(body_of(&mut none), RequestBody::Empty));
        assert!(none.body().is_none());
        let mut empty = request(Some("".into()));
        assert!(matches!(body_of(&mut empty), RequestBody::Empty));
        assert_eq!(empty.body().unwrap().as_bytes(), Some(&b""[..]));
    }

    #[test]
    fn a_streamed_body_is_not_read_ahead() {
        let streamed = Body::wrap(Body::from("abc"));
        let mut request = request(Some(streamed));
        assert!(matches!(body_of(&mut request), RequestBody::Streamed));
        assert_eq!(request.body().unwrap().size_hint().exact(), Some(3));
    }
}
