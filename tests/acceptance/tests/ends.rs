//! An observation begins and ends anywhere: without a runtime, in one, after it; and may begin again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::time::Duration;

use sidetone_acceptance::Application;
use sidetone_acceptance::protocol::{Place, Start, Threads};
use sidetone_testkit::hostile::{Behaviour, Receiver};
use sidetone_testkit::server::{Fault, MockServer, Point};
use support::{PROGRAM, request, requests, text};

const PROTOCOLS: [&str; 2] = ["http/protobuf", "grpc"];
const PATIENCE: Duration = Duration::from_secs(60);
const CASES: [&str; 2] = ["chat_basic", "chat_stream_usage"];
const PLACES: [(Threads, Place); 5] = [
    (Threads::Current, Place::Main),
    (Threads::Current, Place::BlockedOn),
    (Threads::Current, Place::Task),
    (Threads::Several, Place::BlockedOn),
    (Threads::Several, Place::Task),
];

fn variables<'a>(protocol: &'a str, endpoint: &'a str) -> [(&'a str, &'a str); 2] {
    [("OTEL_EXPORTER_OTLP_PROTOCOL", protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)]
}

#[test]
fn telemetry_of_a_runtime_that_is_gone_is_delivered() {
    let server = MockServer::start();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let mut application = Application::start(PROGRAM, &variables(protocol, &endpoint));
        application.end_runtime();
        assert_eq!(application.start_observing(Start::default()).error, None, "{protocol}: without a runtime");
        for threads in [Threads::Current, Threads::Several] {
            application.runtime(threads);
            let made = application.calls(&requests(&server, &CASES), 10, true);
            assert!(made.results.iter().all(Result::is_ok), "{protocol}: {made:?}");
            application.end_runtime();
        }
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None, "{protocol}");
        assert_eq!(application.state().dropped, [].into(), "{protocol}");
        let got = receiver.received();
        assert_eq!((got.spans.len(), got.logs.len()), (20, 60), "{protocol}");
        assert!(got.metrics.iter().any(|metric| metric.name == "gen_ai.client.operation.duration"), "{protocol}");
        assert_eq!(application.end(), "", "{protocol}");
    }
}

#[test]
fn a_call_that_ends_with_its_runtime_is_told_as_cancelled() {
    let server = MockServer::builder().fault(Fault::Hang(Point::AfterBytes(400))).start();
    for threads in [Threads::Current, Threads::Several] {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let variables = variables("http/protobuf", &endpoint);
        let mut application = Application::observed(PROGRAM, &variables, Start::default());
        application.runtime(threads);
        application.begin(request(&server, "chat_stream_usage"));
        application.end_runtime();
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
        let got = receiver.received();
        let [span] = got.spans.as_slice() else { panic!("{:?}", got.spans) };
        assert_eq!(span.attributes["sidetone.outcome"], text("cancelled"), "{threads:?}");
        assert_eq!(span.status_code, "Unset");
        assert!(!span.attributes.contains_key("error.type"));
        assert_eq!(span.attributes["gen_ai.response.model"], text("gpt-4o-mini-2024-07-18"), "what was seen is told");
        assert_eq!(application.end(), "");
    }
}

#[test]
fn a_call_under_way_at_a_stop_is_told_as_unobserved_and_goes_on() {
    let server = MockServer::builder().fault(Fault::Hang(Point::AfterBytes(400))).start();
    let receiver = Receiver::start();
    let endpoint = receiver.endpoint();
    let mut application = Application::observed(PROGRAM, &variables("http/protobuf", &endpoint), Start::default());
    application.begin(request(&server, "chat_stream_usage"));
    assert_eq!(application.stop(PATIENCE, Place::Task).error, None);
    let got = receiver.received();
    let [span] = got.spans.as_slice() else { panic!("{:?}", got.spans) };
    assert_eq!(span.attributes["sidetone.outcome"], text("unobserved"));
    assert_eq!(server.abandoned(), 0, "its answer is being read");
    assert_eq!(application.end(), "");
}

#[test]
fn a_stop_anywhere_delivers_what_was_seen() {
    let server = MockServer::start();
    for protocol in PROTOCOLS {
        for (threads, place) in PLACES {
            let about = format!("{protocol} {threads:?} {place:?}");
            let receiver = Receiver::start();
            let endpoint = receiver.endpoint();
            let mut application = Application::start(PROGRAM, &variables(protocol, &endpoint));
            application.runtime(threads);
            let start = Start { in_runtime: place != Place::Main, ..Start::default() };
            assert_eq!(application.start_observing(start).error, None, "{about}");
            application.calls(&requests(&server, &CASES), 10, true);
            assert_eq!(application.stop(PATIENCE, place).error, None, "{about}");
            assert_eq!(application.stop(PATIENCE, place).error, None, "{about}: again, it does nothing");
            assert_eq!((receiver.spans().len(), receiver.logs().len()), (10, 30), "{about}");
            assert_eq!(application.drop_handles(place).error, None, "{about}");
            application.end_runtime();
            assert_eq!(application.end(), "", "{about}");
        }
    }
}

#[test]
fn a_dropped_handle_delivers_what_was_seen_from_anywhere() {
    let server = MockServer::start();
    for protocol in PROTOCOLS {
        for (threads, place) in PLACES {
            let about = format!("{protocol} {threads:?} {place:?}");
            let receiver = Receiver::start();
            let endpoint = receiver.endpoint();
            let start = Start { stop_timeout_ms: Some(60_000), ..Start::default() };
            let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), start);
            application.runtime(threads);
            application.calls(&requests(&server, &CASES), 10, true);
            assert_eq!(application.drop_handles(place).error, None, "{about}");
            assert_eq!((receiver.spans().len(), receiver.logs().len()), (10, 30), "{about}");
            application.end_runtime();
            assert_eq!(application.end(), "", "{about}");
        }
    }
}

#[test]
fn a_stop_or_a_drop_anywhere_is_back_while_the_receiver_hangs() {
    const DEADLINE_MS: u64 = 300;
    // The exporter's own timeout is 10 s; the SDK's for a stop is 5 s, and so is ours if nothing is said.
    const SLACK_MS: u64 = 4_000;
    let server = MockServer::start();
    for protocol in PROTOCOLS {
        for (threads, place) in PLACES {
            for is_dropped in [false, true] {
                let about = format!("{protocol} {threads:?} {place:?} dropped: {is_dropped}");
                let receiver = Receiver::start_with(Behaviour::Hang);
                let endpoint = receiver.endpoint();
                let start = Start { stop_timeout_ms: Some(DEADLINE_MS), ..Start::default() };
                let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), start);
                application.runtime(threads);
                application.calls(&requests(&server, &CASES), 4, true);
                let done = if is_dropped {
                    application.drop_handles(place)
                } else {
                    application.stop(Duration::from_millis(DEADLINE_MS), place)
                };
                assert!(done.ms < DEADLINE_MS + SLACK_MS, "{about}: {done:?}");
                assert!(is_dropped || done.error.as_deref().unwrap().contains("4 spans"), "{about}: {done:?}");
                assert!(receiver.received().spans.is_empty(), "{about}: it hangs still");
                let said = application.end();
                assert!(said.contains("4 spans not delivered by the deadline"), "{about}: {said}");
                assert!(!said.contains("panicked"), "{about}: {said}");
            }
        }
    }
}

#[test]
fn after_a_stop_calls_pass_untouched_and_a_new_start_observes_again() {
    let server = MockServer::start();
    for protocol in PROTOCOLS {
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), Start::default());
        let requests = requests(&server, &CASES);
        let without = application.calls(&requests, 10, false);
        assert!(application.calls(&requests, 10, true) == without);
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
        assert_eq!(receiver.spans().len(), 10);
        let exports = receiver.request_count();

        assert!(application.calls(&requests, 10, true) == without, "by a handle that is stopped");
        assert_eq!(application.flush(PATIENCE).error, None);
        assert_eq!(application.state().dropped, [].into(), "nothing is observed, so nothing is dropped");
        assert_eq!(receiver.request_count(), exports, "{protocol}");

        let again = Start { app_name: Some("again".to_owned()), ..Start::default() };
        assert_eq!(application.start_observing(again).error, None);
        assert!(application.calls(&requests, 6, true).results == without.results[..6]);
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
        let spans = receiver.spans();
        assert_eq!(spans.len(), 16, "{protocol}");
        let names: Vec<_> = spans.iter().map(|span| span.resource.attributes["service.name"].clone()).collect();
        assert_eq!(names[..10], vec![text("unknown_service:application"); 10]);
        assert_eq!(names[10..], vec![text("again"); 6]);
        assert_eq!(application.end(), "");
    }
}
