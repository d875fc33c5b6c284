//! A response with another body, and everything else as it was.

use reqwest::{Body, Response, ResponseBuilderExt};
use sidetone_pipeline::Tap;

use crate::tee::{Listener, TeeBody};

/// Reports the head of a response.
pub(crate) fn report_head(tap: &mut Tap, response: &Response) {
    tap.head_of(response.status().as_u16(), response.headers());
}

/// Reports the head of a response, and lets its body be reported as the caller reads it.
pub(crate) fn observe(mut tap: Tap, response: Response) -> Response {
    report_head(&mut tap, &response);
    tee(response, tap)
}

/// Puts a tee around the body.
pub(crate) fn tee<L: Listener + Send + Sync + 'static>(mut response: Response, listener: L) -> Response {
    // The URL is carried into the rebuilt response by an extension whose type is private: only this builder makes it.
    let mut carrier = http::Response::builder();
    if let Some(extensions) = carrier.extensions_mut() {
        *extensions = std::mem::take(response.extensions_mut());
    }
    carrier = carrier.url(response.url().clone());
    if let Some(extensions) = carrier.extensions_mut() {
        *response.extensions_mut() = std::mem::take(extensions);
    }
    let response = http::Response::<Body>::from(response);
    Response::from(response.map(|body| Body::wrap(TeeBody::new(body, listener))))
}
