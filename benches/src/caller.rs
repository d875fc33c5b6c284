//! A caller: makes calls, one after the other or many at once, and reads their answers.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, Request, Response, Url};
use reqwest_middleware::{ClientWithMiddleware, Middleware};

use crate::meter::{Meter, Subject};
use crate::ours::Attached;
use crate::payload::Payload;
use crate::transport::{client, ready, unused_transport};

/// After so many calls or pieces what is queued is handled, as a worker would.
const BETWEEN_SETTLES: usize = 100;

/// Makes calls; only the caller's path counts.
pub(crate) struct Caller {
    client: ClientWithMiddleware,
    payload: Payload,
    attached: Box<dyn Attached>,
    /// How many calls are open at the same time.
    at_once: usize,
    /// How many calls a round makes.
    calls: usize,
    streamed: bool,
    made: u64,
    read: u64,
}

impl Caller {
    /// Makes `calls` calls a round, `at_once` of them open at the same time.
    pub(crate) fn new(
        payload: &Payload,
        middleware: Option<Arc<dyn Middleware>>,
        attached: Box<dyn Attached>,
        calls: usize,
        at_once: usize,
    ) -> Self {
        Self {
            client: client(&unused_transport(), middleware, payload),
            payload: payload.clone(),
            attached,
            at_once,
            calls,
            streamed: payload.chunks.len() > 8,
            made: 0,
            read: 0,
        }
    }

    fn one_after_the_other(&mut self, meter: &mut Meter) {
        let batch = if self.streamed { 1 } else { self.calls.min(BETWEEN_SETTLES) };
        for _ in 0..self.calls / batch {
            let mut requests: Vec<_> = (0..batch).map(|_| request(&self.payload.request)).collect();
            let (client, streamed, mut read) = (&self.client, self.streamed, 0);
            meter.part(|| {
                for request in requests.drain(..) {
                    read += ready(async {
                        let Ok(response) = client.execute(request).await else { return 0 };
                        if streamed { read_pieces(response).await } else { read_whole(response).await }
                    });
                }
            });
            self.read += read;
            self.made += batch as u64;
            self.attached.settle(meter);
        }
    }

    fn many_at_once(&mut self, meter: &mut Meter) {
        let mut open: Vec<Option<Response>> = Vec::with_capacity(self.at_once);
        while open.len() < self.at_once {
            let batch = BETWEEN_SETTLES.min(self.at_once - open.len());
            let mut requests: Vec<_> = (0..batch).map(|_| request(&self.payload.request)).collect();
            let client = &self.client;
            meter.part(|| {
                for request in requests.drain(..) {
                    open.push(ready(client.execute(request)).ok());
                }
            });
            self.attached.settle(meter);
        }
        self.made += self.at_once as u64;
        let mut read = 0;
        // All streams go on at the same time; one more turn than pieces, for their ends.
        let turns = if self.streamed { self.payload.chunks.len() + 1 } else { 1 };
        for _ in 0..turns {
            for responses in open.chunks_mut(BETWEEN_SETTLES) {
                let streamed = self.streamed;
                meter.part(|| {
                    for slot in responses.iter_mut() {
                        read +=
                            if streamed { read_piece(slot) } else { slot.take().map_or(0, |r| ready(read_whole(r))) };
                    }
                });
                self.attached.settle(meter);
            }
        }
        self.read += read;
    }
}

impl Subject for Caller {
    fn round(&mut self, meter: &mut Meter) {
        if self.at_once == 1 {
            self.one_after_the_other(meter);
        } else {
            for _ in 0..self.calls / self.at_once {
                self.many_at_once(meter);
            }
        }
    }

    fn check(&mut self) -> Result<(), String> {
        let expected = self.made * self.payload.chunks.iter().map(|chunk| chunk.len() as u64).sum::<u64>();
        if self.read != expected {
            return Err(format!("{} of {expected} bytes reached the caller", self.read));
        }
        self.attached.check(self.made)
    }
}

/// A request for a chat.
pub(crate) fn request(body: &Bytes) -> Request {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    let url = Url::parse("https://api.openai.com/v1/chat/completions").expect("a URL");
    let mut request = Request::new(Method::POST, url);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Bearer sk-none"));
    *request.body_mut() = Some(body.clone().into());
    request
}

pub(crate) async fn read_whole(response: Response) -> u64 {
    response.bytes().await.map_or(0, |bytes| std::hint::black_box(bytes).len() as u64)
}

pub(crate) async fn read_pieces(mut response: Response) -> u64 {
    let mut read = 0;
    while let Ok(Some(piece)) = response.chunk().await {
        read += std::hint::black_box(piece).len() as u64;
    }
    read
}

/// Reads one piece; an answer that has come to its end is let go.
fn read_piece(slot: &mut Option<Response>) -> u64 {
    let Some(response) = slot else { return 0 };
    match ready(response.chunk()) {
        Ok(Some(piece)) => std::hint::black_box(piece).len() as u64,
        _ => {
            *slot = None;
            0
        }
    }
}
