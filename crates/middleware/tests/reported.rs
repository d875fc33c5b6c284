//! What is reported of a request, by every way of observing it and for every way that it can end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use reqwest::{ClientBuilder, Response};
use sidetone_core::event::{Call, ErrorClass, Outcome};
use sidetone_middleware::{Observer, SendObserved as _};
use sidetone_testkit::server::{Failure, Fault, MockServer, MockServerBuilder, Pieces, Point};
use support::{PATIENCE, WAYS, Watched, chat, local};

/// What the application does with the response.
#[derive(Debug, Clone, Copy)]
enum Act {
    Read,
    /// Reads that many pieces, then drops it.
    DropAfter(usize),
    ErrorForStatus,
}

async fn act(act: Act, mut response: Response) {
    match act {
        Act::Read => while let Ok(Some(_)) = response.chunk().await {},
        Act::DropAfter(pieces) => {
            for _ in 0..pieces {
                response.chunk().await.unwrap().unwrap();
            }
        }
        Act::ErrorForStatus => {
            response.error_for_status().unwrap_err();
        }
    }
}

struct Scenario {
    name: &'static str,
    server: fn(MockServerBuilder) -> MockServerBuilder,
    client: fn(ClientBuilder) -> ClientBuilder,
    url: Option<&'static str>,
    stream: bool,
    act: Act,
    reported: fn(&Call),
}

fn completed(call: &Call) {
    assert_eq!(call.outcome, Outcome::Completed);
    assert_eq!(call.response.status, Some(200));
    assert_eq!(call.request.model.as_deref(), Some("gpt-4o-mini"));
    // The recorded cases have tokens to count.
    assert!(call.usage.input.unwrap() > 0 && call.usage.output.unwrap() > 0);
    assert!(call.timing.head.is_some() && !call.incomplete.is_some());
}

fn failed(call: &Call, class: ErrorClass) {
    let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!(failure.class, class);
}

fn timed_out(call: &Call) {
    failed(call, ErrorClass::Timeout);
}

fn disconnected(call: &Call) {
    failed(call, ErrorClass::Connection);
}

fn accepting_gzip() -> http::HeaderMap {
    http::HeaderMap::from_iter([(http::header::ACCEPT_ENCODING, http::HeaderValue::from_static("gzip"))])
}

struct Unresolving;

impl reqwest::dns::Resolve for Unresolving {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(std::future::pending())
    }
}

const SHORT: Duration = Duration::from_millis(60);

fn scenarios() -> Vec<Scenario> {
    let base = || Scenario {
        name: "a whole answer",
        server: |server| server,
        client: |client| client,
        url: None,
        stream: false,
        act: Act::Read,
        reported: completed,
    };
    let hanging = |server: MockServerBuilder| server.fault(Fault::Hang(Point::AfterBytes(60)));
    vec![
        base(),
        Scenario {
            name: "a stream",
            stream: true,
            reported: |call| {
                completed(call);
                assert!(call.timing.first_chunk.is_some() && call.timing.output_chunks.unwrap() > 1);
            },
            ..base()
        },
        Scenario { name: "HTTP/2", client: |client| client.http2_prior_knowledge(), ..base() },
        Scenario {
            name: "a stream over HTTP/2",
            client: |client| client.http2_prior_knowledge(),
            stream: true,
            ..base()
        },
        Scenario { name: "a redirect with 307", server: |server| server.redirect(true), ..base() },
        Scenario { name: "compressed, decoded by the client", server: |server| server.gzip(true), ..base() },
        Scenario {
            name: "compressed, left so by the client",
            server: |server| server.gzip(true),
            client: |client| client.no_gzip().default_headers(accepting_gzip()),
            ..base()
        },
        Scenario {
            name: "a compressed stream, left so by the client",
            server: |server| server.gzip(true),
            client: |client| client.no_gzip().default_headers(accepting_gzip()),
            stream: true,
            ..base()
        },
        Scenario {
            name: "an answer that nobody reads",
            server: |server| server.pieces(Pieces::Bytes(50)).piece_delay(SHORT),
            act: Act::DropAfter(0),
            reported: |call| {
                assert_eq!(call.outcome, Outcome::Cancelled);
                assert_eq!(call.response.status, Some(200));
            },
            ..base()
        },
        Scenario {
            name: "a stream that is dropped",
            stream: true,
            act: Act::DropAfter(2),
            reported: |call| {
                assert_eq!(call.outcome, Outcome::Cancelled);
                assert!(call.timing.first_chunk.is_some());
                assert!(call.response.model.is_some(), "what was seen is told");
                assert_eq!(call.usage.output, None, "what was not seen is not known");
            },
            ..base()
        },
        Scenario {
            name: "an error status",
            server: |server| server.fail_first(1, Failure::status(500)),
            reported: |call| failed(call, ErrorClass::InternalServer),
            ..base()
        },
        Scenario {
            name: "an error status whose body is dropped unread",
            server: |server| server.fail_first(1, Failure::status(401)),
            act: Act::ErrorForStatus,
            reported: |call| {
                failed(call, ErrorClass::Authentication);
                assert_eq!(call.response.status, Some(401));
            },
            ..base()
        },
        Scenario {
            name: "a refused connection",
            url: Some("http://127.0.0.1:1/v1/chat/completions"),
            reported: |call| {
                disconnected(call);
                assert_eq!((&*call.server.address, call.server.port), ("127.0.0.1", Some(1)));
                assert_eq!(call.timing.head, None);
            },
            ..base()
        },
        Scenario {
            name: "a timeout of the connection",
            client: |client| client.dns_resolver(Arc::new(Unresolving)).connect_timeout(SHORT),
            url: Some("http://unresolved.test/v1/chat/completions"),
            reported: timed_out,
            ..base()
        },
        Scenario {
            name: "a timeout before the head",
            server: |server| server.fault(Fault::Hang(Point::BeforeHead)),
            client: |client| client.timeout(SHORT),
            reported: timed_out,
            ..base()
        },
        Scenario {
            name: "a timeout between chunks",
            server: hanging,
            client: |client| client.read_timeout(SHORT),
            stream: true,
            reported: timed_out,
            ..base()
        },
        Scenario {
            name: "a timeout of the whole, in the body",
            server: hanging,
            client: |client| client.timeout(Duration::from_millis(200)),
            reported: timed_out,
            ..base()
        },
        Scenario {
            name: "a connection closed before the head",
            server: |server| server.fault(Fault::Close(Point::BeforeHead)),
            reported: disconnected,
            ..base()
        },
        Scenario {
            name: "a connection closed in the body",
            server: |server| server.fault(Fault::Close(Point::AfterBytes(60))),
            reported: disconnected,
            ..base()
        },
        Scenario {
            name: "a connection reset in a stream",
            server: |server| server.fault(Fault::Reset(Point::AfterBytes(60))),
            stream: true,
            reported: disconnected,
            ..base()
        },
        Scenario {
            name: "a stream closed over HTTP/2",
            server: |server| server.fault(Fault::Close(Point::AfterBytes(60))),
            client: |client| client.http2_prior_knowledge(),
            stream: true,
            reported: disconnected,
            ..base()
        },
    ]
}

#[tokio::test]
async fn each_end_of_a_request_is_reported_once_and_as_what_it_is() {
    for scenario in scenarios() {
        let server = (scenario.server)(MockServer::builder()).start();
        let url = scenario.url.map_or_else(|| format!("{}/chat/completions", server.base_url()), str::to_owned);
        for way in WAYS {
            // The failure of the first request is each way's first.
            server.change(scenario.server);
            let watched = Watched::start();
            let client = (scenario.client)(local()).build().unwrap();
            let build = {
                let (client, url) = (client.clone(), url.clone());
                move || client.post(&url).body(chat(scenario.stream)).build()
            };
            if let Ok(response) = way.send(&watched, &client, build).await {
                act(scenario.act, response).await;
            }
            let call = watched.call();
            println!("{} by {way:?}: {:?}", scenario.name, call.outcome);
            (scenario.reported)(&call);
        }
    }
}

#[tokio::test]
async fn an_answer_that_says_it_is_at_its_end_is_complete_before_anyone_polls_again() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        let watched = Watched::start();
        let build = {
            let (client, url) = (client.clone(), url.clone());
            move || client.post(&url).body(chat(false)).build()
        };
        let mut response = way.send(&watched, &client, build).await.unwrap();
        let mut left = response.content_length().unwrap();
        while left > 0 {
            left -= response.chunk().await.unwrap().unwrap().len() as u64;
        }
        completed(&watched.call());
        drop(response);
        assert_eq!(watched.calls().len(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn a_future_dropped_before_the_head_is_cancelled() {
    let server = MockServer::builder().fault(Fault::Hang(Point::BeforeHead)).start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        for polled in [true, false] {
            let watched = Watched::start();
            let build = {
                let (client, url) = (client.clone(), url.clone());
                move || client.post(&url).body(chat(false)).build()
            };
            let mut sent = Box::pin(way.send(&watched, &client, build));
            if polled {
                server.clear_requests();
                while server.request_count() == 0 {
                    assert!((&mut sent).now_or_never().is_none());
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                drop(sent);
                let call = watched.call();
                assert_eq!(call.outcome, Outcome::Cancelled, "{way:?}");
                assert_eq!(call.request.model.as_deref(), Some("gpt-4o-mini"));
                assert_eq!((call.timing.head, call.response.status), (None, None));
            } else {
                drop(sent);
                assert_eq!(watched.calls(), [], "{way:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_streamed_request_body_is_read_as_it_is_sent() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        let watched = Watched::start();
        let build = {
            let (client, url) = (client.clone(), url.clone());
            move || {
                let text = chat(false);
                let pieces: Vec<_> =
                    text.as_bytes().chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
                client.post(&url).body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))).build()
            }
        };
        act(Act::Read, way.send(&watched, &client, build).await.unwrap()).await;
        completed(&watched.call());
    }
}

#[tokio::test]
async fn the_current_span_is_the_parent_and_is_not_kept_alive() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    let state = TraceState::from_key_value([("vendor", "a"), ("other", "b")]).unwrap();
    for way in WAYS {
        let watched = Watched::start();
        let span = SpanContext::new(
            TraceId::from_bytes([1; 16]),
            SpanId::from_bytes([2; 8]),
            TraceFlags::SAMPLED,
            true,
            state.clone(),
        );
        let alive = Arc::new(());
        let context = opentelemetry::Context::new().with_remote_span_context(span).with_value(Arc::clone(&alive));
        let build = {
            let (client, url) = (client.clone(), url.clone());
            move || client.post(&url).body(chat(false)).build()
        };
        let response = {
            use opentelemetry::context::FutureExt as _;
            way.send(&watched, &client, build).with_context(context).await.unwrap()
        };
        assert_eq!(Arc::strong_count(&alive), 1, "{way:?} holds the caller's context while the body is open");
        act(Act::Read, response).await;
        let parent = watched.call().parent.unwrap();
        assert_eq!((parent.trace_id.0, parent.span_id.0), ([1; 16], [2; 8]));
        assert_eq!((parent.flags, parent.is_remote), (1, true));
        assert_eq!(parent.trace_state.as_deref(), Some("vendor=a,other=b"));
    }
}

#[tokio::test]
async fn what_is_no_llm_call_is_not_reported_nor_what_an_exporter_sends() {
    use opentelemetry::context::FutureExt as _;
    let server = MockServer::start();
    let client = local().build().unwrap();
    let suppressed = opentelemetry::Context::new().with_telemetry_suppressed();
    for way in WAYS {
        let watched = Watched::start();
        for (method, path) in [("POST", "/v1/traces"), ("GET", "/v1/chat/completions"), ("GET", "/v1/models")] {
            let url = format!("{}{path}", server.url());
            let build = {
                let client = client.clone();
                move || client.request(method.parse().unwrap(), &url).body("x").build()
            };
            act(Act::Read, way.send(&watched, &client, build).await.unwrap()).await;
        }
        let url = format!("{}/chat/completions", server.base_url());
        let build = {
            let client = client.clone();
            move || client.post(&url).body(chat(false)).build()
        };
        let response = way.send(&watched, &client, build).with_context(suppressed.clone()).await.unwrap();
        act(Act::Read, response).await;
        assert_eq!(watched.calls(), [], "{way:?}");
        assert_eq!(watched.observer.pipeline().counters().nonzero().count(), 0);
    }
}

#[tokio::test]
async fn after_stop_requests_and_open_answers_go_through() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        let watched = Watched::start();
        let send = |stream| {
            let (builds, url) = (client.clone(), url.clone());
            way.send(&watched, &client, move || builds.post(&url).body(chat(stream)).build())
        };
        let mut open = send(true).await.unwrap();
        open.chunk().await.unwrap().unwrap();
        watched.observer.pipeline().stop(PATIENCE).unwrap();
        let mut rest = Vec::new();
        while let Some(piece) = open.chunk().await.unwrap() {
            rest.extend_from_slice(&piece);
        }
        assert!(rest.ends_with(b"[DONE]\n\n"));
        let after = send(false).await.unwrap();
        assert!(after.content_length().is_some());
        assert!(after.bytes().await.unwrap().starts_with(b"{"));
        let calls = watched.calls();
        assert_eq!(calls.len(), 1, "{way:?}");
        assert_eq!(calls[0].outcome, Outcome::Unobserved);
    }
}

#[tokio::test]
async fn a_request_builder_is_sent_observed_and_its_error_stays_its_error() {
    let server = MockServer::start();
    let watched = Watched::start();
    let client = local().build().unwrap();
    let url = format!("{}/chat/completions", server.base_url());
    let response = client.post(url).body(chat(false)).send_observed(&watched.observer).await.unwrap();
    act(Act::Read, response).await;
    completed(&watched.call());
    let error = client.post("no url").send_observed(&watched.observer).await.unwrap_err();
    assert!(error.is_builder());
    assert_eq!(watched.calls().len(), 1);
}

#[tokio::test]
async fn nothing_secret_of_a_request_is_reported() {
    let server = MockServer::start();
    let client = local().build().unwrap();
    for way in WAYS {
        let watched = Watched::start();
        let url = format!("http://user:hunter2@{}/v1/chat/completions?api-key=hunter2", server.addr());
        let build = {
            let client = client.clone();
            move || client.post(&url).bearer_auth("hunter2").header("api-key", "hunter2").body(chat(false)).build()
        };
        act(Act::Read, way.send(&watched, &client, build).await.unwrap()).await;
        assert!(server.requests().last().unwrap().path.contains("hunter2"));
        assert!(!format!("{:?}", watched.call()).contains("hunter2"));
    }
}

#[tokio::test]
async fn a_call_without_room_is_dropped_whole_by_both_parts_and_counted_once() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        let config = sidetone_pipeline::Config { queue_bytes: 8, ..Default::default() };
        let counters = Arc::<sidetone_pipeline::Counters>::default();
        let pipeline = sidetone_pipeline::Pipeline::start(config, Vec::new(), Arc::clone(&counters)).unwrap();
        let watched = Watched::with(|_| Observer::new(pipeline));
        let build = {
            let (client, url) = (client.clone(), url.clone());
            move || client.post(&url).body(chat(false)).build()
        };
        let response = way.send(&watched, &client, build).await.unwrap();
        assert!(response.bytes().await.unwrap().starts_with(b"{"));
        let dropped: Vec<_> = counters.nonzero().map(|(reason, items, _)| (reason.as_str(), items)).collect();
        assert_eq!(dropped, [("call_queue_bytes", 1)], "{way:?}");
    }
}
