//! What is offered to a pipeline is delivered or counted by cause, in calls, items and bytes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method};
use sidetone_core::event::{Attempt, Call, ErrorClass, Outcome, Server};
use sidetone_core::exchange::{End, RequestHead, ResponseHead, TransportError};
use sidetone_core::provider::surface_of;
use sidetone_pipeline::{
    Config, Counters, Finished, Pipeline, Reason, RequestBody, Sink, SinkError, StopError, Worker,
};

const REQUEST: &[u8] = br#"{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}"#;
const EVENT: &[u8] = b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
const DONE: &[u8] = b"data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

#[derive(Clone, Default)]
struct Collected {
    calls: Arc<Mutex<Vec<Call>>>,
    shut_down: Arc<Mutex<u32>>,
}

impl Sink for Collected {
    fn name(&self) -> &'static str {
        "collected"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.calls.lock().unwrap().push(finished.call.clone());
    }

    fn shutdown(&mut self, _deadline: Instant) -> Result<(), SinkError> {
        *self.shut_down.lock().unwrap() += 1;
        Ok(())
    }
}

fn request() -> RequestHead {
    RequestHead {
        surface: surface_of(&Method::POST, "/v1/chat/completions").unwrap(),
        server: Arc::new(Server { address: "api.openai.com".into(), port: Some(443) }),
        deployment: None,
        start: SystemTime::now(),
        parent: None,
        resend_count: None,
        scope: None,
    }
}

fn stream_head() -> ResponseHead {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "text/event-stream".parse().unwrap());
    ResponseHead::of(200, &headers)
}

fn unattended(config: Config) -> (Pipeline, Worker, Collected) {
    let collected = Collected::default();
    let (pipeline, worker) =
        Pipeline::unattended(config, vec![Box::new(collected.clone())], Arc::new(Counters::default()));
    (pipeline, worker, collected)
}

fn begin(pipeline: &Pipeline) -> Option<sidetone_pipeline::Tap> {
    pipeline.begin(request(), RequestBody::Whole(Bytes::from_static(REQUEST)), Instant::now())
}

#[test]
fn under_threads_every_call_and_every_byte_is_delivered_or_counted() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 300;
    const EVENTS: u64 = 40;
    let collected = Collected::default();
    let counters = Arc::new(Counters::default());
    // Small enough that both kinds of drop happen, large enough that some calls are whole.
    let config = Config { queue_items: 512, queue_bytes: 1 << 20, ..Config::default() };
    let pipeline = Pipeline::start(config, vec![Box::new(collected.clone())], Arc::clone(&counters)).unwrap();
    let offered_bytes: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let pipeline = pipeline.clone();
                scope.spawn(move || {
                    let mut offered = 0;
                    for _ in 0..CALLS {
                        let Some(mut tap) = begin(&pipeline) else { continue };
                        tap.head(stream_head());
                        for _ in 0..EVENTS {
                            tap.body(&Bytes::from_static(EVENT));
                            offered += EVENT.len() as u64;
                        }
                        tap.body(&Bytes::from_static(DONE));
                        offered += DONE.len() as u64;
                        tap.end(End::Complete);
                    }
                    offered
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    pipeline.stop(Duration::from_secs(20)).unwrap();

    let calls = collected.calls.lock().unwrap();
    let dropped_whole = counters.items(Reason::CallQueueItems) + counters.items(Reason::CallQueueBytes);
    assert_eq!(calls.len() as u64 + dropped_whole, THREADS * CALLS, "calls: {counters:?}");
    let seen: u64 = calls.iter().map(|call| call.response.body_bytes).sum();
    let lost_items: u64 = calls.iter().map(|call| call.incomplete.lost_items).sum();
    let lost_bytes: u64 = calls.iter().map(|call| call.incomplete.lost_bytes).sum();
    assert_eq!(seen + lost_bytes, offered_bytes, "bytes");
    assert_eq!(
        lost_items,
        counters.items(Reason::PartQueueItems) + counters.items(Reason::PartQueueBytes),
        "lost items"
    );
    assert_eq!(
        lost_bytes,
        counters.bytes(Reason::PartQueueItems) + counters.bytes(Reason::PartQueueBytes),
        "lost bytes"
    );
    assert_eq!(counters.items(Reason::CallPanicked), 0);
    assert_eq!(*collected.shut_down.lock().unwrap(), 1);
}

#[test]
fn a_call_whose_start_does_not_fit_is_dropped_whole_and_counted() {
    let (pipeline, mut worker, collected) = unattended(Config { queue_items: 4, ..Config::default() });
    let first = begin(&pipeline);
    let second = begin(&pipeline);
    assert!(first.is_some() && second.is_some(), "two calls have two places each");
    assert!(begin(&pipeline).is_none());
    assert_eq!(pipeline.counters().items(Reason::CallQueueItems), 1);
    assert_eq!(pipeline.counters().bytes(Reason::CallQueueItems), REQUEST.len() as u64);
    drop((first, second));
    worker.drain();
    assert_eq!(collected.calls.lock().unwrap().len(), 2);
    assert!(begin(&pipeline).is_some(), "places are given back");
}

#[test]
fn a_request_larger_than_the_byte_budget_is_dropped_whole_and_counted() {
    let (pipeline, _worker, _) = unattended(Config { queue_bytes: 4096, ..Config::default() });
    let body = Bytes::from(vec![b' '; 4097]);
    assert!(pipeline.begin(request(), RequestBody::Whole(body), Instant::now()).is_none());
    assert_eq!(pipeline.counters().items(Reason::CallQueueBytes), 1);
    assert_eq!(pipeline.counters().bytes(Reason::CallQueueBytes), 4097);
}

#[test]
fn the_end_of_a_call_that_lost_parts_still_fits_and_says_what_was_lost() {
    let (pipeline, mut worker, collected) = unattended(Config { queue_items: 4, ..Config::default() });
    let mut tap = begin(&pipeline).unwrap();
    tap.head(stream_head());
    for _ in 0..10 {
        tap.body(&Bytes::from_static(EVENT));
    }
    tap.end(End::Complete);
    worker.drain();
    let calls = collected.calls.lock().unwrap();
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    // Four places: start, end, two parts.
    assert_eq!(call.incomplete.lost_items, 8);
    assert_eq!(call.incomplete.lost_bytes, 8 * EVENT.len() as u64);
    assert_eq!(call.usage.output, None);
    assert_eq!(pipeline.counters().items(Reason::PartQueueItems), 8);
}

#[test]
fn slices_of_one_buffer_are_charged_once_for_it_and_slices_of_many_each() {
    let (pipeline, mut worker, collected) = unattended(Config { queue_bytes: 64 << 10, ..Config::default() });
    let buffer = Bytes::from([EVENT; 20].concat());
    let mut tap = begin(&pipeline).unwrap();
    tap.head(stream_head());
    for place in 0..20 {
        tap.body(&buffer.slice(place * EVENT.len()..(place + 1) * EVENT.len()));
    }
    assert_eq!(pipeline.counters().items(Reason::PartQueueBytes), 0, "one buffer fits easily");
    tap.end(End::Complete);
    worker.drain();
    assert_eq!(collected.calls.lock().unwrap()[0].incomplete.lost_items, 0);

    // Each of these keeps 64 KiB alive for 200 bytes: what doesn't fit as a handle is copied instead of lost.
    let mut tap = begin(&pipeline).unwrap();
    tap.head(stream_head());
    for _ in 0..20 {
        let mut large = EVENT.to_vec();
        large.resize(64 << 10, b' ');
        tap.body(&Bytes::from(large).slice(..EVENT.len()));
    }
    tap.end(End::Complete);
    worker.drain();
    assert_eq!(collected.calls.lock().unwrap()[1].incomplete.lost_items, 0);
    assert_eq!(pipeline.counters().items(Reason::PartQueueBytes), 0);
}

#[test]
fn a_tap_that_is_dropped_reports_that_the_caller_let_go() {
    let (pipeline, mut worker, collected) = unattended(Config::default());
    drop(begin(&pipeline).unwrap());
    let mut answered = begin(&pipeline).unwrap();
    answered.head(stream_head());
    answered.body(&Bytes::from_static(EVENT));
    drop(answered);
    worker.drain();
    let calls = collected.calls.lock().unwrap();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().all(|call| call.outcome == Outcome::Cancelled), "{calls:?}");
    assert_eq!((calls[0].response.status, calls[1].response.status), (None, Some(200)));
    assert_eq!(worker.open_calls(), 0);
}

#[test]
fn a_streamed_request_reaches_the_worker_before_and_after_the_head() {
    let (pipeline, mut worker, collected) = unattended(Config::default());
    let mut tap = pipeline.begin(request(), RequestBody::Streamed, Instant::now()).unwrap();
    let mut sending = tap.request_tap().unwrap();
    let (one, two) = REQUEST.split_at(20);
    sending.body(&Bytes::from_static(one));
    worker.drain();
    sending.body(&Bytes::from_static(two));
    drop(sending);
    tap.head(stream_head());
    tap.body(&Bytes::from_static(DONE));
    tap.end(End::Complete);
    worker.drain();
    let calls = collected.calls.lock().unwrap();
    assert_eq!(calls[0].request.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!(calls[0].outcome, Outcome::Completed);
}

#[test]
fn a_retried_attempt_is_kept_as_an_attempt_and_its_response_forgotten() {
    let (pipeline, mut worker, collected) = unattended(Config::default());
    let mut tap = begin(&pipeline).unwrap();
    tap.head(ResponseHead::new(429));
    tap.body(&Bytes::from_static(br#"{"error":{"message":"slow down"}}"#));
    let attempt = Attempt {
        number: 1,
        ended: Duration::from_millis(5),
        status: Some(429),
        retry_after: Some("1".into()),
        error: ErrorClass::RateLimit,
    };
    tap.retry(attempt.clone());
    tap.head(stream_head());
    tap.body(&Bytes::from_static(DONE));
    tap.end(End::Complete);
    worker.drain();
    let calls = collected.calls.lock().unwrap();
    assert_eq!(calls[0].attempts, [attempt]);
    assert_eq!(calls[0].response.status, Some(200));
    assert_eq!(calls[0].outcome, Outcome::Completed);
}

#[test]
fn stopping_emits_open_calls_once_and_passes_later_ones_by() {
    let collected = Collected::default();
    let pipeline =
        Pipeline::start(Config::default(), vec![Box::new(collected.clone())], Arc::new(Counters::default())).unwrap();
    let mut open = begin(&pipeline).unwrap();
    open.head(stream_head());
    open.body(&Bytes::from_static(EVENT));
    let unanswered = begin(&pipeline).unwrap();
    pipeline.stop(Duration::from_secs(10)).unwrap();
    pipeline.stop(Duration::from_secs(10)).unwrap();
    assert!(begin(&pipeline).is_none());
    open.body(&Bytes::from_static(DONE));
    open.end(End::Complete);
    unanswered.end(End::Failed(TransportError::Timeout));
    {
        let calls = collected.calls.lock().unwrap();
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].outcome, Outcome::Unobserved);
    }
    assert_eq!(pipeline.counters().items(Reason::CallStopped), 1, "the call that nothing was known of yet");
    assert_eq!(*collected.shut_down.lock().unwrap(), 1);
}

#[test]
fn a_sink_that_panics_costs_its_call_and_no_other() {
    struct Panics(Arc<Mutex<u32>>);
    impl Sink for Panics {
        fn name(&self) -> &'static str {
            "panics"
        }
        fn call(&mut self, finished: &mut Finished) {
            *self.0.lock().unwrap() += 1;
            assert!(finished.call.outcome != Outcome::Cancelled, "on purpose");
        }
    }
    let seen = Arc::new(Mutex::new(0));
    let (pipeline, mut worker) = Pipeline::unattended(
        Config::default(),
        vec![Box::new(Panics(Arc::clone(&seen)))],
        Arc::new(Counters::default()),
    );
    drop(begin(&pipeline).unwrap());
    worker.drain();
    let tap = begin(&pipeline).unwrap();
    tap.end(End::Failed(TransportError::Connection));
    worker.drain();
    assert_eq!(pipeline.counters().items(Reason::CallPanicked), 1);
    assert_eq!(*seen.lock().unwrap(), 2);
}

#[test]
fn a_worker_that_holds_too_much_drops_parts_and_says_so() {
    let (pipeline, mut worker, collected) = unattended(Config { held_bytes: 1000, ..Config::default() });
    let mut headers = HeaderMap::new();
    headers.insert("content-type", "application/json".parse().unwrap());
    let mut tap = begin(&pipeline).unwrap();
    tap.head(ResponseHead::of(200, &headers));
    tap.body(&Bytes::from([b"{".as_slice(), &[b' '; 899]].concat()));
    tap.body(&Bytes::from(vec![b' '; 900]));
    tap.end(End::Complete);
    worker.drain();
    assert_eq!(pipeline.counters().items(Reason::PartHeldBytes), 1);
    assert_eq!(pipeline.counters().bytes(Reason::PartHeldBytes), 900);
    let calls = collected.calls.lock().unwrap();
    assert_eq!(calls[0].incomplete.lost_bytes, 900);
    assert_eq!(worker.held_bytes(), 0);
}

#[test]
fn a_flush_that_can_not_finish_in_time_says_so() {
    struct Slow;
    impl Sink for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }
        fn call(&mut self, _finished: &mut Finished) {}
        fn flush(&mut self, deadline: Instant) -> Result<(), SinkError> {
            std::thread::sleep(deadline.saturating_duration_since(Instant::now()));
            Err(SinkError { sink: "slow", what: "1 span left".into() })
        }
    }
    let pipeline = Pipeline::start(Config::default(), vec![Box::new(Slow)], Arc::new(Counters::default())).unwrap();
    let error = pipeline.flush(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(&error, StopError::Sinks(errors) if errors.len() == 1), "{error}");
    assert_eq!(error.to_string(), "not everything was delivered: slow: 1 span left");
}
