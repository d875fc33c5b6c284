//! A transport without a network: the last middleware, which fabricates the answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Extensions, HeaderMap};
use http_body::{Body, Frame, SizeHint};
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};

use crate::payload::Payload;

/// Answers every request with the same payload.
pub(crate) struct Fabricated {
    headers: HeaderMap,
    chunks: Arc<[Bytes]>,
}

impl Fabricated {
    pub(crate) fn new(payload: &Payload) -> Self {
        Self { headers: payload.headers.clone(), chunks: Arc::clone(&payload.chunks) }
    }
}

#[async_trait::async_trait]
impl Middleware for Fabricated {
    async fn handle(&self, request: Request, _: &mut Extensions, _: Next<'_>) -> reqwest_middleware::Result<Response> {
        let body = reqwest::Body::wrap(Chunks { chunks: Arc::clone(&self.chunks), next: 0 });
        let mut response = http::Response::builder()
            .url(request.url().clone())
            .body(body)
            .map_err(reqwest_middleware::Error::middleware)?;
        *response.headers_mut() = self.headers.clone();
        Ok(response.into())
    }
}

struct Chunks {
    chunks: Arc<[Bytes]>,
    next: usize,
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.chunks.get(self.next).cloned();
        self.next += 1;
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// A client whose requests pass through `attached` (if anything) and end in the fabricated answer.
pub(crate) fn client(
    transport: &reqwest::Client,
    attached: Option<Arc<dyn Middleware>>,
    payload: &Payload,
) -> ClientWithMiddleware {
    let mut builder = ClientBuilder::new(transport.clone());
    if let Some(attached) = attached {
        builder = builder.with_arc(attached);
    }
    builder.with(Fabricated::new(payload)).build()
}

/// A transport that is never used: everything is answered before it.
pub(crate) fn unused_transport() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap_or_default()
}

/// The answer of something that never waits.
pub(crate) fn ready<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}
