//! Whatever becomes of the receiver of telemetry, the application is as it is without us, and nothing is lost uncounted.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use sidetone_acceptance::Application;
use sidetone_acceptance::protocol::{Place, Request, Start, State};
use sidetone_testkit::hostile::{Behaviour, Receiver};
use sidetone_testkit::server::MockServer;
use sidetone_testkit::telemetry::Received;
use support::{PROGRAM, chat_with, requests, text};

/// Each is a call with a span; two in five are streams.
const CASES: [&str; 5] = ["chat_basic", "chat_stream_usage", "chat_tools_call", "chat_stream_tools", "error_429"];
/// A log event for each message sent and each choice that came: as many as the peer gives, in the same order.
const LOG_EVENTS: [usize; 5] = [3, 3, 3, 3, 2];
const CALLS: usize = 1_000;
/// What a run may take more than the run without us.
const MEMORY_KIB: u64 = 64 << 10;
/// The deadline of `stop()`, and what a busy machine may add. The exporter's own timeout is 10 s, the SDK's for a stop 5 s.
const DEADLINE: Duration = Duration::from_millis(500);
const SLACK: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(60);

const FAILURES: [Behaviour; 8] = [
    Behaviour::Refuse,
    Behaviour::Hang,
    Behaviour::HangUnread,
    Behaviour::HangAfterHead,
    Behaviour::Status { status: 429, retry_after: Some(1) },
    Behaviour::Status { status: 500, retry_after: None },
    Behaviour::HugeBody { bytes: 1 << 30 },
    Behaviour::DieMidResponse,
];

/// Whether it hangs for as long as it isn't told otherwise.
fn hangs(behaviour: Behaviour) -> bool {
    matches!(behaviour, Behaviour::Hang | Behaviour::HangUnread | Behaviour::HangAfterHead)
}

fn quiet_server() -> MockServer {
    MockServer::builder().record_requests(false).start()
}

fn with_content() -> Start {
    Start { content: Some(true), ..Start::default() }
}

/// Variables that have telemetry sent soon, so that the receiver is at work while calls are made.
fn variables<'a>(protocol: &'a str, endpoint: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "500"),
    ]
}

/// The same calls without us: what each gives, and the peak of memory.
struct Without {
    results: Vec<Result<u64, String>>,
    peak_kib: u64,
}

fn without_us(requests: &[Request]) -> Without {
    let mut application = Application::start(PROGRAM, &[]);
    let made = application.calls(requests, CALLS, false);
    let peak_kib = application.state().peak_kib;
    assert!(peak_kib > 0);
    assert_eq!(application.end(), "");
    Without { results: made.results, peak_kib }
}

const SPAN_DROPS: [&str; 8] = [
    "call_queue_items",
    "call_queue_bytes",
    "call_stopped",
    "call_panicked",
    "span_not_sampled",
    "span_queue_full",
    "span_export_failed",
    "span_left_at_stop",
];
const LOG_DROPS: [&str; 3] = ["log_queue_full", "log_export_failed", "log_left_at_stop"];

fn dropped(state: &State, reasons: &[&str]) -> u64 {
    reasons.iter().map(|reason| state.items(reason)).sum()
}

/// Calls made = spans received + drops by cause, and likewise for log events.
fn assert_conserved(got: &Received, state: &State, calls: usize, log_events: usize, about: &str) {
    let spans: BTreeSet<_> = got.spans.iter().map(|span| (&span.trace_id, &span.span_id)).collect();
    assert_eq!(spans.len(), got.spans.len(), "{about}: a span came twice");
    let drops = dropped(state, &SPAN_DROPS);
    assert_eq!(spans.len() as u64 + drops, calls as u64, "{about}: {} received, {state:?}", spans.len());
    let drops = dropped(state, &LOG_DROPS);
    assert_eq!(got.logs.len() as u64 + drops, log_events as u64, "{about}: {} logs, {state:?}", got.logs.len());
}

fn log_events(calls: usize) -> usize {
    (0..calls).map(|call| LOG_EVENTS[call % LOG_EVENTS.len()]).sum()
}

fn a_thousand_calls_are_as_without_us(protocol: &str) {
    let server = quiet_server();
    let requests = requests(&server, &CASES);
    let without = without_us(&requests);
    assert_eq!(without.results.len(), CALLS);
    for behaviour in FAILURES {
        let about = format!("{protocol} {behaviour:?}");
        let receiver = Receiver::start_with(behaviour);
        let endpoint = receiver.endpoint();
        let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), with_content());

        let before = application.calls(&requests, 100, true);
        if behaviour != Behaviour::Refuse {
            // From here on calls are made while the receiver has something of us that it has not answered for.
            let patience = std::time::Instant::now() + PATIENCE;
            while receiver.connections() == 0 {
                assert!(std::time::Instant::now() < patience, "{about}: nothing was sent");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let after = application.calls(&requests, CALLS - 100, true);
        if hangs(behaviour) {
            assert!(receiver.received().spans.is_empty(), "{about}: it hangs still, and every call is back");
        }
        let results: Vec<_> = before.results.into_iter().chain(after.results).collect();
        assert!(results == without.results, "{about}: other results");

        let stopped = application.stop(DEADLINE, Place::Main);
        assert!(stopped.ms < (DEADLINE + SLACK).as_millis() as u64, "{about}: {stopped:?}");
        let state = application.state();
        assert!(state.items("span_left_at_stop") > 0 || !hangs(behaviour), "{about}: {stopped:?} {state:?}");
        let is_any_left = state.items("span_left_at_stop") + state.items("log_left_at_stop") > 0;
        assert!(stopped.error.is_some() || !is_any_left, "{about}: what is left is told: {state:?}");
        assert!(state.peak_kib < without.peak_kib + MEMORY_KIB, "{about}: {} and {}", state.peak_kib, without.peak_kib);
        let said = application.end();
        assert!(!said.contains("panicked"), "{about}: {said}");
        // What is lost is warned about, but not each time.
        assert!(
            ["could not be delivered", "not delivered by"].iter().any(|told| said.contains(told)),
            "{about}: {said}"
        );
        assert!(said.lines().count() < 12, "{about}: {said}");

        assert!(receiver.received().spans.is_empty(), "{about}: nothing was acknowledged");
        // What a connection has room for, of each answer; not the gibibyte.
        assert!(receiver.body_bytes_taken() < receiver.request_count().max(1) as u64 * (16 << 20), "{about}");
        assert_conserved(&receiver.received(), &state, CALLS, log_events(CALLS), &about);
    }
}

#[test]
fn a_thousand_calls_over_a_failing_http_receiver_are_as_without_us() {
    a_thousand_calls_are_as_without_us("http/protobuf");
}

#[test]
fn a_thousand_calls_over_a_failing_grpc_receiver_are_as_without_us() {
    a_thousand_calls_are_as_without_us("grpc");
}

fn a_receiver_that_is_back_gets_what_comes_then(protocol: &str) {
    let server = quiet_server();
    let requests = requests(&server, &CASES);
    let later = [chat_with(&server, "gpt-later")];
    for behaviour in FAILURES {
        let about = format!("{protocol} {behaviour:?}");
        let receiver = Receiver::start_with(behaviour);
        let endpoint = receiver.endpoint();
        // Nothing is sent before a flush wants it: what is under way when the receiver comes back may be received and time
        // out all the same.
        let variables = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500"),
            ("OTEL_BSP_SCHEDULE_DELAY", "86400000"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "86400000"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "86400000"),
        ];
        let mut application = Application::observed(PROGRAM, &variables, with_content());

        application.calls(&requests, 50, true);
        assert!(application.flush(PATIENCE).error.is_some(), "{about}");
        assert_eq!(application.state().items("span_export_failed"), 50, "{about}");
        receiver.set(Behaviour::Accept);
        application.calls(&later, 20, true);
        assert_eq!(application.flush(PATIENCE).error, None, "{about}");
        let got = receiver.received();
        let came = got.spans.iter().filter(|span| span.attributes["gen_ai.request.model"] == text("gpt-later"));
        let came = came.count();
        assert_eq!(came, 20, "{about}: all that came later; {:?} {}", application.state(), application.end());

        assert_eq!(application.stop(PATIENCE, Place::Main).error, None, "{about}");
        let state = application.state();
        assert_conserved(&receiver.received(), &state, 70, log_events(50) + 20 * 3, &about);
        let told = receiver.received().metrics.into_iter().rev().find(|metric| metric.name == "sidetone.dropped");
        let told = told.unwrap_or_else(|| panic!("{about}: what was lost is exported"));
        let lost = told.points.iter().find(|point| point.attributes["reason"] == text("span_export_failed")).unwrap();
        assert_eq!(lost.value, Some(state.items("span_export_failed") as f64), "{about}");
        assert!(!application.end().contains("panicked"), "{about}");
    }
}

#[test]
fn an_http_receiver_that_is_back_gets_what_comes_then() {
    a_receiver_that_is_back_gets_what_comes_then("http/protobuf");
}

#[test]
fn a_grpc_receiver_that_is_back_gets_what_comes_then() {
    a_receiver_that_is_back_gets_what_comes_then("grpc");
}

#[test]
fn a_receiver_that_dies_within_a_run_loses_only_what_is_counted() {
    for protocol in ["http/protobuf", "grpc"] {
        let server = quiet_server();
        let requests = requests(&server, &CASES);
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), with_content());
        application.calls(&requests, 100, true);
        let got = receiver.wait_until(PATIENCE, |got| !got.spans.is_empty());
        assert!(!got.spans.is_empty(), "{protocol}");
        receiver.set(Behaviour::DieMidResponse);
        application.calls(&requests, 100, true);
        receiver.set(Behaviour::Refuse);
        application.calls(&requests, 100, true);
        let stopped = application.stop(DEADLINE, Place::Main);
        assert!(stopped.ms < (DEADLINE + SLACK).as_millis() as u64, "{protocol}: {stopped:?}");
        let state = application.state();
        assert!(dropped(&state, &SPAN_DROPS) > 0, "{protocol}: {state:?}");
        assert_conserved(&receiver.received(), &state, 300, log_events(300), protocol);
    }
}

#[test]
fn a_receiver_that_restarts_between_exports_misses_nothing() {
    for protocol in ["http/protobuf", "grpc"] {
        let server = quiet_server();
        let requests = requests(&server, &CASES);
        let receiver = Receiver::start();
        let endpoint = receiver.endpoint();
        let mut application = Application::observed(PROGRAM, &variables(protocol, &endpoint), with_content());
        for run in 1..=5 {
            application.calls(&requests, 10, true);
            assert_eq!(application.flush(PATIENCE).error, None, "{protocol} {run}: {:?}", application.state());
            assert_eq!(receiver.received().spans.len(), 10 * run, "{protocol}: {:?}", application.state());
            receiver.set(Behaviour::Refuse);
            receiver.set(Behaviour::Accept);
        }
        assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
        assert_conserved(&receiver.received(), &application.state(), 50, log_events(50), protocol);
    }
}

#[test]
fn calls_that_do_not_fit_are_dropped_whole_and_counted() {
    let server = quiet_server();
    let requests = requests(&server, &CASES);
    let receiver = Receiver::start();
    let endpoint = receiver.endpoint();
    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
    // Room for one call's start and end at a time, but not for eight.
    let start = Start { queue_items: Some(4), ..Start::default() };
    let mut application = Application::observed(PROGRAM, &variables, start);
    let made = application.calls(&requests, 200, true);
    assert!(made.results.iter().all(Result::is_ok), "{made:?}");
    assert_eq!(application.stop(PATIENCE, Place::Main).error, None);
    let state = application.state();
    assert!(state.items("call_queue_items") > 0, "{state:?}");
    let got = receiver.received();
    assert!(!got.spans.is_empty(), "{state:?}");
    assert_eq!(got.spans.len() as u64 + dropped(&state, &SPAN_DROPS), 200, "{state:?}");
}
