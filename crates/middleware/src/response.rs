//! A response with another body, and everything else as it was.

use reqwest::{Body, Response, ResponseBuilderExt};
use sidetone_core::exchange::ResponseHead;
use sidetone_pipeline::Tap;

use crate::tee::{Listener, TeeBody};

/// What is kept of a response's head.
pub(crate) fn head_of(response: &Response) -> ResponseHead {
    ResponseHead::of(response.status().as_u16(), response.headers())
}

/// Reports the head of a response, and lets its body be reported as the caller reads it.
pub(crate) fn observe(mut tap: Tap, response: Response) -> Response {
    tap.head(head_of(&response));
    tee(response, tap)
}

/// Puts a tee around the body.
pub(crate) fn tee<L: Listener + Send + Sync + 'static>(response: Response, listener: L) -> Response {
    let url = response.url().clone();
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    // The extension that carries the URL into the rebuilt response has a private type: only this builder can make it.
    let mut carrier = http::Response::builder();
    if let Some(extensions) = carrier.extensions_mut() {
        *extensions = std::mem::take(&mut parts.extensions);
    }
    carrier = carrier.url(url);
    if let Some(extensions) = carrier.extensions_mut() {
        parts.extensions = std::mem::take(extensions);
    }
    let body = Body::wrap(TeeBody::new(body, listener));
    Response::from(http::Response::from_parts(parts, body))
}
