//! The floors of B1 and B2: a response that is rebuilt around its own body, and the least that a tee can do in it (read
//! the clock, clone the handle, queue both).

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use crossbeam_queue::ArrayQueue;
use http::Extensions;
use http_body::{Body, Frame, SizeHint};
use reqwest::{Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Middleware, Next, Result};

use crate::meter::Meter;
use crate::ours::Attached;

/// A middleware that gives the response a body of its own, and the URL that it had: what reqwest asks of any tee.
pub(crate) struct Rebuild;

#[async_trait::async_trait]
impl Middleware for Rebuild {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let response = next.run(request, extensions).await?;
        let url = response.url().clone();
        let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        let carrier = http::Response::builder().url(url).body(()).map_err(reqwest_middleware::Error::middleware)?;
        parts.extensions.extend(carrier.into_parts().0.extensions);
        Ok(http::Response::from_parts(parts, reqwest::Body::wrap(body)).into())
    }
}

type Queue = Arc<ArrayQueue<(Instant, Bytes)>>;

/// A middleware that queues each piece of a body with the time that it came.
pub(crate) struct PlainTee(Queue);

#[async_trait::async_trait]
impl Middleware for PlainTee {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let response = http::Response::<reqwest::Body>::from(next.run(request, extensions).await?);
        let queue = Arc::clone(&self.0);
        Ok(response.map(|inner| reqwest::Body::wrap(Tee { inner, queue })).into())
    }
}

struct Tee<B> {
    inner: B,
    queue: Queue,
}

impl<B> Body for Tee<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Error + 'static,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            let _ = self.queue.push((Instant::now(), data.clone()));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The tee's queue, emptied between the parts that count.
pub(crate) struct Queued {
    queue: Queue,
    pieces: u64,
    pieces_of_a_call: u64,
}

impl Queued {
    fn empty(&mut self) {
        while self.queue.pop().is_some() {
            self.pieces += 1;
        }
    }

    pub(crate) fn new(pieces_of_a_call: u64) -> (PlainTee, Self) {
        let queue = Arc::new(ArrayQueue::new(1 << 16));
        (PlainTee(Arc::clone(&queue)), Self { queue, pieces: 0, pieces_of_a_call })
    }
}

impl Attached for Queued {
    fn settle(&mut self, _: &mut Meter) {
        self.empty();
    }

    fn check(&mut self, calls: u64) -> std::result::Result<(), String> {
        self.empty();
        let expected = calls * self.pieces_of_a_call;
        if self.pieces == expected { Ok(()) } else { Err(format!("{} of {expected} pieces were teed", self.pieces)) }
    }
}
