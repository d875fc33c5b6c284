//! What observing allocates on the caller's path: so much a call, nothing a chunk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::alloc::System;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{Extensions, HeaderValue};
use http_body::{Body, Frame};
use reqwest::{Client, Method, Request, Response, ResponseBuilderExt as _};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use sidetone_middleware::Observer;
use sidetone_pipeline::{Config, Pipeline, Worker};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How often a call allocates more than without us, at most. Three boxes for bodies, three for the URL and one for the
/// future are the price of rebuilding a response of reqwest's and of its middleware.
const A_CALL: usize = 7;

/// Gives the same answer to each request, in so many chunks.
struct Fabricated {
    chunk: Bytes,
    chunks: usize,
}

struct Chunks(Bytes, usize);

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.0.clone()))))
    }
}

#[async_trait::async_trait]
impl Middleware for Fabricated {
    async fn handle(&self, request: Request, _: &mut Extensions, _: Next<'_>) -> reqwest_middleware::Result<Response> {
        let body = reqwest::Body::wrap(Chunks(self.chunk.clone(), self.chunks));
        // As of a real response: an extension (the server's address) and headers whose memory is shared already.
        let response = http::Response::builder().extension(1_u8).url(request.url().clone());
        let response = response.header("content-type", HeaderValue::from_static("application/json"));
        Ok(response.body(body).unwrap().into())
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

fn client(observer: Option<&Observer>, chunks: usize) -> ClientWithMiddleware {
    let chunk = Bytes::from(vec![b' '; 200]);
    let _shared = chunk.clone();
    let mut builder = ClientBuilder::new(Client::builder().no_proxy().build().unwrap());
    if let Some(observer) = observer {
        builder = builder.with(observer.middleware());
    }
    builder.with(Fabricated { chunk, chunks }).build()
}

fn request(body: &Bytes, path: &str) -> Request {
    let url = format!("https://api.openai.com{path}").parse().unwrap();
    let mut request = Request::new(Method::POST, url);
    *request.body_mut() = Some(body.clone().into());
    request
}

fn observer() -> (Observer, Worker) {
    let (pipeline, worker) = Pipeline::unattended(Config::default(), Vec::new(), Default::default());
    (Observer::new(pipeline), worker)
}

/// Allocations of one request whose answer is read to its end.
fn allocations(client: &ClientWithMiddleware, request: Request) -> usize {
    let region = Region::new(ALLOCATOR);
    ready(async {
        let mut response = client.execute(request).await.unwrap();
        while let Some(chunk) = response.chunk().await.unwrap() {
            std::hint::black_box(chunk);
        }
    });
    let change = region.change();
    change.allocations + change.reallocations
}

// One test, because others on other threads would be counted, too.
#[test]
fn a_call_allocates_little_more_than_without_us_and_a_chunk_nothing() {
    const CHAT: &str = "/v1/chat/completions";
    let body = Bytes::from(vec![b' '; 100]);
    let _shared = body.clone();
    let (observer, mut worker) = observer();

    let without = client(None, 1);
    let with = client(Some(&observer), 1);
    let mut counts = Vec::new();
    for _ in 0..10 {
        let base = allocations(&without, request(&body, CHAT));
        counts.push(allocations(&with, request(&body, CHAT)) - base);
        worker.drain();
    }
    // The first calls make what later ones use again.
    assert!(counts[1..].iter().all(|&count| count <= A_CALL), "{counts:?}");
    println!("a call allocates {counts:?} times more than without us");

    let few = allocations(&client(Some(&observer), 10), request(&body, CHAT));
    worker.drain();
    let many = allocations(&client(Some(&observer), 1010), request(&body, CHAT));
    worker.drain();
    assert_eq!(many, few, "1,000 chunks more");

    // No LLM call: only the clone of the middleware's handle may differ, and it doesn't allocate.
    let base = allocations(&without, request(&body, "/v1/traces"));
    assert_eq!(allocations(&with, request(&body, "/v1/traces")), base);
}
