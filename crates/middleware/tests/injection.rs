//! Writing `traceparent`: only for hosts that were listed, and never over the application's own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue};
use opentelemetry::context::FutureExt as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use sidetone_core::event::Operation;
use sidetone_middleware::Observer;
use sidetone_pipeline::span::{SpanStart, SpanStarter, StartedSpan};
use sidetone_pipeline::{Config, Finished, Pipeline, Sink};
use sidetone_testkit::server::{Failure, MockServer};
use support::{PATIENCE, WAYS, Way, chat, local};

/// Starts spans that only have a number.
#[derive(Debug, Default)]
struct Numbers {
    started: AtomicUsize,
    parents: Mutex<Vec<Option<[u8; 8]>>>,
}

#[derive(Debug)]
struct Number(usize);

impl SpanStarter for Numbers {
    fn start(&self, start: &SpanStart<'_>) -> Box<dyn StartedSpan> {
        assert_eq!((start.operation.clone(), &*start.server.address), (Operation::Chat, "127.0.0.1"));
        self.parents.lock().unwrap().push(start.parent.map(|parent| parent.span_id.0));
        Box::new(Number(self.started.fetch_add(1, Ordering::Relaxed) + 1))
    }
}

fn traceparent(number: usize) -> String {
    format!("00-{:032x}-{number:016x}-01", 7)
}

impl StartedSpan for Number {
    fn inject(&self, headers: &mut HeaderMap) {
        headers.insert("traceparent", traceparent(self.0).parse().unwrap());
        headers.insert("tracestate", HeaderValue::from_static("vendor=1"));
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any + Send> {
        self
    }
}

/// The numbers of the spans that calls came with.
struct Spans(Arc<Mutex<Vec<Option<usize>>>>);

impl Sink for Spans {
    fn name(&self) -> &'static str {
        "spans"
    }

    fn call(&mut self, finished: &mut Finished) {
        let span = finished.span.take().map(|span| span.into_any().downcast::<Number>().unwrap().0);
        self.0.lock().unwrap().push(span);
    }
}

struct Injecting {
    observer: Observer,
    numbers: Arc<Numbers>,
    spans: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Injecting {
    fn start(hosts: &[&str]) -> Self {
        let spans = Arc::default();
        let sink: Box<dyn Sink> = Box::new(Spans(Arc::clone(&spans)));
        let pipeline = Pipeline::start(Config::default(), vec![sink], Arc::default()).unwrap();
        let numbers = Arc::<Numbers>::default();
        let observer = Observer::injecting(pipeline, hosts.iter().copied(), numbers.clone());
        Self { observer, numbers, spans }
    }

    fn spans(&self) -> Vec<Option<usize>> {
        self.observer.pipeline().flush(PATIENCE).unwrap();
        self.spans.lock().unwrap().clone()
    }

    async fn send(&self, way: Way, server: &MockServer, own: Option<&'static str>, streamed: bool) {
        let client = local().build().unwrap();
        let url = format!("{}/chat/completions", server.base_url());
        let builds = client.clone();
        let response = way.send_by(&self.observer, &client, move || {
            let mut request = builds.post(&url);
            if let Some(own) = own {
                request = request.header("traceparent", own);
            }
            let body: reqwest::Body = chat(false).into();
            request.body(if streamed { reqwest::Body::wrap(body) } else { body }).build()
        });
        response.await.unwrap().bytes().await.unwrap();
    }
}

#[tokio::test]
async fn a_listed_host_gets_the_span_that_its_call_is_reported_with() {
    for hosts in [&["other.example", "127.0.0.1"][..], &["*.0.0.1"]] {
        for way in WAYS {
            for streamed in [false, true] {
                let server = MockServer::start();
                let injecting = Injecting::start(hosts);
                injecting.send(way, &server, None, streamed).await;
                let request = server.requests().remove(0);
                assert_eq!(request.header("traceparent"), Some(&*traceparent(1)), "{way:?}");
                assert_eq!(request.header("tracestate"), Some("vendor=1"));
                assert_eq!(injecting.spans(), [Some(1)], "{way:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_callers_span_is_the_parent_of_a_span_that_is_started_early() {
    let server = MockServer::start();
    let span = SpanContext::new(
        TraceId::from_bytes([1; 16]),
        SpanId::from_bytes([2; 8]),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let context = opentelemetry::Context::new().with_remote_span_context(span);
    for way in WAYS {
        let injecting = Injecting::start(&["127.0.0.1"]);
        injecting.send(way, &server, None, false).with_context(context.clone()).await;
        assert_eq!(*injecting.numbers.parents.lock().unwrap(), [Some([2; 8])], "{way:?}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_listed_gets_nothing_and_no_span_is_started_for_it() {
    for way in WAYS {
        let server = MockServer::start();
        let injecting = Injecting::start(&["localhost", "*.127.0.0.1", "127.0.0.2"]);
        injecting.send(way, &server, None, false).await;
        assert_eq!(server.requests()[0].header("traceparent"), None, "{way:?}");
        assert_eq!(injecting.spans(), [None]);
        assert_eq!(injecting.numbers.started.load(Ordering::Relaxed), 0);
    }
}

#[tokio::test]
async fn a_traceparent_of_the_applications_own_stays() {
    for way in WAYS {
        let server = MockServer::start();
        let injecting = Injecting::start(&["127.0.0.1"]);
        injecting.send(way, &server, Some("own"), false).await;
        assert_eq!(server.requests()[0].header("traceparent"), Some("own"), "{way:?}");
        assert_eq!(injecting.spans(), [None]);
    }
}

#[tokio::test]
async fn all_attempts_of_a_call_carry_its_one_span() {
    let server = MockServer::builder().fail_first(2, Failure::status(429).header("retry-after", "0")).start();
    let injecting = Injecting::start(&["127.0.0.1"]);
    let config = async_openai::config::OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none");
    let client = injecting.observer.async_openai(config);
    let request = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
    let request: async_openai::types::chat::CreateChatCompletionRequest = serde_json::from_value(request).unwrap();
    client.chat().create(request).await.unwrap();
    let seen: Vec<_> =
        server.requests().iter().map(|request| request.header("traceparent").unwrap().to_owned()).collect();
    assert_eq!(seen, [traceparent(1), traceparent(1), traceparent(1)]);
    assert_eq!(injecting.spans(), [Some(1)]);
}

#[tokio::test]
async fn no_span_is_started_for_a_call_that_there_is_no_room_for() {
    let server = MockServer::start();
    let config = Config { queue_bytes: 8, ..Config::default() };
    let pipeline = Pipeline::start(config, Vec::new(), Arc::default()).unwrap();
    let numbers = Arc::<Numbers>::default();
    let observer = Observer::injecting(pipeline, ["127.0.0.1"], numbers.clone());
    let injecting = Injecting { observer, numbers, spans: Arc::default() };
    injecting.send(Way::Middleware, &server, None, false).await;
    assert_eq!(server.requests()[0].header("traceparent"), None);
    assert_eq!(injecting.numbers.started.load(Ordering::Relaxed), 0);
}
