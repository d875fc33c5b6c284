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
