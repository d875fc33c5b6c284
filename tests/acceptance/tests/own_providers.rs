//! An application's own providers get every call, up to which nothing is lost uncounted; they are flushed, never shut down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use opentelemetry::Context;
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use sidetone::pipeline::{Config as Queue, Finished, Sink};
use sidetone::{Handle, Reason, SendObserved};
use sidetone_acceptance::protocol::Request;
use sidetone_testkit::server::MockServer;
use support::{chat_with, request, requests};

const CALLS: usize = 1_000;
const DEADLINE: Duration = Duration::from_secs(1);
/// What a busy machine may add; without a deadline, it would wait for ever.
const SLACK: Duration = Duration::from_secs(20);

/// What an application's provider hands its spans to, and what it was asked.
#[derive(Debug, Default)]
struct Taken {
    spans: Mutex<Vec<SpanData>>,
    flushes: AtomicUsize,
    is_shut_down: AtomicBool,
    /// Taking a span, or flushing, waits for as long as this is.
    is_stuck: Mutex<Stuck>,
    unstuck: Condvar,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stuck {
    #[default]
    Never,
    InFlush,
    Always,
}

impl Taken {
    fn stuck(stuck: Stuck) -> Arc<Self> {
        Arc::new(Self { is_stuck: Mutex::new(stuck), ..Self::default() })
    }

    fn wait(&self, here: Stuck) {
        let mut stuck = self.is_stuck.lock().unwrap();
        while *stuck == Stuck::Always || *stuck == here {
            stuck = self.unstuck.wait(stuck).unwrap();
        }
    }

    fn release(&self) {
        *self.is_stuck.lock().unwrap() = Stuck::Never;
        self.unstuck.notify_all();
    }

    fn count(&self) -> usize {
        self.spans.lock().unwrap().len()
    }

    fn names(&self) -> Vec<String> {
        self.spans.lock().unwrap().iter().map(|span| span.name.to_string()).collect()
    }
}

/// The application's span processor.
#[derive(Debug)]
struct Processor(Arc<Taken>);

impl SpanProcessor for Processor {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.wait(Stuck::Always);
        self.0.spans.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.flushes.fetch_add(1, Ordering::Relaxed);
        self.0.wait(Stuck::InFlush);
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.0.is_shut_down.store(true, Ordering::Relaxed);
        Ok(())
    }
}

fn tracer(taken: &Arc<Taken>) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(Processor(Arc::clone(taken))).build()
}

fn observed_by(tracer: &SdkTracerProvider, queue: Queue) -> Handle {
    let (logger, meter) = (SdkLoggerProvider::builder().build(), SdkMeterProvider::builder().build());
    sidetone::builder().providers(tracer.clone(), logger, meter).queue(queue).start().unwrap()
}

async fn sent(client: reqwest::Client, request: Request, handle: Option<Handle>) -> (u16, Vec<u8>) {
    let built = client.post(request.url).header("content-type", "application/json").body(request.body);
    let response = match handle {
        Some(handle) => built.send_observed(&handle).await.unwrap(),
        None => built.send().await.unwrap(),
    };
    (response.status().as_u16(), response.bytes().await.unwrap().to_vec())
}

async fn calls(requests: &[Request], count: usize, handle: Option<&Handle>) -> Vec<(u16, Vec<u8>)> {
    let client = reqwest::Client::new();
    let made = (0..count)
        .map(|number| tokio::spawn(sent(client.clone(), requests[number % requests.len()].clone(), handle.cloned())));
    futures_util::stream::iter(made).buffered(8).map(Result::unwrap).collect().await
}

const CASES: [&str; 3] = ["chat_basic", "chat_stream_usage", "error_429"];

#[tokio::test(flavor = "multi_thread")]
async fn calls_made_are_spans_handed_over_while_the_applications_flush_hangs() {
    let server = MockServer::builder().record_requests(false).start();
    let requests = requests(&server, &CASES);
    let without = calls(&requests, CALLS, None).await;
    let taken = Taken::stuck(Stuck::InFlush);
    let tracer = tracer(&taken);
    let handle = observed_by(&tracer, Queue::default());
    assert!(calls(&requests, CALLS, Some(&handle)).await == without);
    let begun = Instant::now();
    let stopped = handle.stop(DEADLINE);
    assert!(begun.elapsed() < DEADLINE + SLACK, "{:?}", begun.elapsed());
    assert!(stopped.unwrap_err().to_string().contains("spans: not delivered by the deadline"));
    assert_eq!(taken.count(), CALLS);
    assert_eq!(handle.counters().nonzero().count(), 0, "{:?}", handle.counters());
    assert_eq!(taken.flushes.load(Ordering::Relaxed), 1);
    taken.release();
    assert!(!taken.is_shut_down.load(Ordering::Relaxed));
    drop(handle);
    tracer.tracer("own").start("its own").end();
    assert_eq!(taken.names().last().unwrap(), "its own", "it works on");
    assert!(!taken.is_shut_down.load(Ordering::Relaxed));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_back_while_the_hand_over_hangs_and_what_did_not_fit_is_counted() {
    let server = MockServer::builder().record_requests(false).start();
    let requests = requests(&server, &CASES);
    let without = calls(&requests, CALLS, None).await;
    let taken = Taken::stuck(Stuck::Always);
    let tracer = tracer(&taken);
    let handle = observed_by(&tracer, Queue { queue_items: 200, ..Queue::default() });
    assert!(calls(&requests, CALLS, Some(&handle)).await == without);
    assert_eq!(taken.count(), 0, "it hangs still, and every call is back");
    let begun = Instant::now();
    handle.stop(DEADLINE).unwrap_err();
    assert!(begun.elapsed() < DEADLINE + SLACK, "{:?}", begun.elapsed());

    taken.release();
    let dropped = || {
        let reasons = [Reason::CallQueueItems, Reason::CallQueueBytes, Reason::CallStopped, Reason::CallPanicked];
        reasons.iter().map(|reason| handle.counters().items(*reason)).sum::<u64>() as usize
    };
    let patience = Instant::now() + Duration::from_secs(60);
    while taken.count() + dropped() < CALLS && Instant::now() < patience {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(taken.count() + dropped(), CALLS, "{:?}", handle.counters());
    assert!(taken.count() > 1 && dropped() > CALLS / 2, "{} {}", taken.count(), dropped());
}

#[tokio::test]
async fn what_was_made_before_a_stop_passes_calls_through_after_it() {
    let server = MockServer::start();
    let taken = Taken::stuck(Stuck::Never);
    let tracer = tracer(&taken);
    let handle = observed_by(&tracer, Queue::default());
    let client = handle.client(reqwest::Client::new());
    let built = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(handle.middleware()).build();
    let ask = async |client: &reqwest_middleware::ClientWithMiddleware| {
        let Request { url, body } = request(&server, "chat_basic");
        client.post(url).header("content-type", "application/json").body(body).send().await.unwrap().bytes().await
    };
    let before = [ask(&client).await.unwrap(), ask(&built).await.unwrap()];
    handle.stop(Duration::from_secs(60)).unwrap();
    assert_eq!(taken.count(), 2);
    drop(handle);
    assert_eq!([ask(&client).await.unwrap(), ask(&built).await.unwrap()], before);
    assert_eq!((taken.count(), server.request_count()), (2, 4));

    let handle = observed_by(&tracer, Queue::default());
    let client = handle.client(reqwest::Client::new());
    ask(&client).await.unwrap();
    drop(handle);
    assert_eq!(taken.count(), 3, "dropping the handle delivers, and ends");
    ask(&client).await.unwrap();
    assert_eq!((taken.count(), server.request_count()), (3, 6));
}

/// Keeps the models that were asked for.
struct Models(Arc<Mutex<Vec<Option<String>>>>);

impl Sink for Models {
    fn name(&self) -> &'static str {
        "models"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap().push(finished.call.request.model.as_deref().map(str::to_owned));
    }
}

#[tokio::test]
async fn a_sink_of_the_applications_own_gets_every_call_too() {
    let server = MockServer::start();
    let taken = Taken::stuck(Stuck::Never);
    let (logger, meter) = (SdkLoggerProvider::builder().build(), SdkMeterProvider::builder().build());
    let models = Arc::default();
    let builder = sidetone::builder().providers(tracer(&taken), logger, meter).sink(Models(Arc::clone(&models)));
    let handle = builder.start().unwrap();
    for model in ["one", "two"] {
        sent(reqwest::Client::new(), chat_with(&server, model), Some(handle.clone())).await;
    }
    handle.stop(Duration::from_secs(60)).unwrap();
    assert_eq!(*models.lock().unwrap(), [Some("one".to_owned()), Some("two".to_owned())]);
    assert_eq!(taken.names(), ["chat one", "chat two"]);
}

#[tokio::test]
async fn two_observations_at_once_see_their_own_calls() {
    let server = MockServer::start();
    let taken = [Taken::stuck(Stuck::Never), Taken::stuck(Stuck::Never)];
    let tracers = [tracer(&taken[0]), tracer(&taken[1])];
    let handles = [observed_by(&tracers[0], Queue::default()), observed_by(&tracers[1], Queue::default())];
    let client = reqwest::Client::new();
    for _ in 0..3 {
        for (handle, model) in handles.iter().zip(["one", "two"]) {
            sent(client.clone(), chat_with(&server, model), Some(handle.clone())).await;
        }
    }
    handles[0].stop(Duration::from_secs(60)).unwrap();
    sent(client.clone(), chat_with(&server, "one"), Some(handles[0].clone())).await;
    sent(client.clone(), chat_with(&server, "two"), Some(handles[1].clone())).await;
    handles[1].stop(Duration::from_secs(60)).unwrap();
    assert_eq!(taken[0].names(), ["chat one"; 3]);
    assert_eq!(taken[1].names(), ["chat two"; 4], "the end of one is not the end of the other");
}
