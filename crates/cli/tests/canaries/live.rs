//! The same with a real client, exporters and a receiver, and every line that is logged.

use std::time::Duration;

use sidetone::{Content, SendObserved};
use sidetone_pipeline::{Finished, Sink};
use sidetone_testkit::canaries::{Search, planted};
use sidetone_testkit::hostile::Receiver;
use sidetone_testkit::server::MockServer;

use super::{Written, assert_event, sinks};

/// How long to wait for what must happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many calls are made.
const CALLS: u64 = 24;

/// Keeps calls.
struct Keep(std::sync::Arc<std::sync::Mutex<Vec<sidetone_core::event::Call>>>);

impl Sink for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap().push(finished.call.clone());
    }
}

/// Makes the calls, and gives all that left this process but for the calls themselves.
async fn emitted(content: Content) -> (Vec<sidetone_core::event::Call>, Vec<u8>) {
    let receiver = Receiver::start();
    let (calls, written) = (std::sync::Arc::default(), Written::default());
    let mut builder = sidetone::builder().content(content).sink(Keep(std::sync::Arc::clone(&calls)));
    for sink in sinks(&written) {
        builder = builder.sink(Boxed(sink));
    }
    let config = sidetone::otel_export::Config::from_lookup(&|name| {
        (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| receiver.endpoint())
    });
    let options = sidetone::otel_export::Options::default();
    let export = sidetone::otel_export::Export::new(&config.unwrap(), &options, &std::sync::Arc::default()).unwrap();
    let otel = sidetone::otel_export::OtelSink::new(export, &sidetone_core::dialect::V2, std::sync::Arc::default());
    let builder = builder.sink(otel);
    let mut bytes = format!("{builder:?}").into_bytes();
    let handle = builder.start().unwrap();
    for number in 0..CALLS {
        let planted = planted(number);
        let server = MockServer::builder().answer_with(planted.case.clone()).start();
        let url = format!("{}{}", server.url(), planted.case.path);
        let mut request = reqwest::Client::new().post(url).body(planted.case.request.clone());
        for (name, value) in &planted.headers {
            request = request.header(*name, value);
        }
        let scope = sidetone::identity().user("person-of-the-scope").session("session-of-the-scope");
        bytes.extend_from_slice(format!("{scope:?}{handle:?}").as_bytes());
        let answer = scope.scope(request.send_observed(&handle)).await.unwrap();
        bytes.extend_from_slice(format!("{handle:?}").as_bytes());
        let _ = answer.bytes().await.unwrap();
    }
    let stopped = handle.stop(PATIENCE);
    bytes.extend_from_slice(format!("{stopped:?}{:?}", handle.counters()).as_bytes());
    bytes.extend(written.bytes());
    let requests = receiver.requests();
    assert!(requests.len() >= 3, "spans, log events, metrics");
    for request in requests {
        bytes.extend_from_slice(format!("{:?}", request.headers).as_bytes());
        bytes.extend_from_slice(&request.body);
    }
    let calls = calls.lock().unwrap().clone();
    (calls, bytes)
}

/// A sink in a box is one.
struct Boxed(Box<dyn Sink>);

impl Sink for Boxed {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn call(&mut self, finished: &mut Finished) {
        self.0.call(finished);
    }
}

fn emitted_of(content: Content) -> (Vec<sidetone_core::event::Call>, Vec<u8>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(emitted(content))
}

#[test]
fn no_canary_of_a_live_call_leaves_with_content_off_and_none_of_a_known_format_redacted() {
    for content in [Content::Off, Content::Redacted] {
        let (calls, emitted) = emitted_of(content);
        assert_eq!(calls.len() as u64, CALLS);
        let mut search = Search::default();
        for (number, call) in calls.iter().enumerate() {
            let planted = planted(number as u64);
            assert_event(&planted, call);
            search.extend(planted.search(|canary| content == Content::Off || canary.secret.is_known));
            let hashed = sidetone_core::policy::Ids::default();
            assert_eq!(call.identity.user_id.as_deref(), Some(&*hashed.id("person-of-the-scope")));
            assert_eq!(call.identity.session_id.as_deref(), Some(&*hashed.id("session-of-the-scope")));
        }
        assert_eq!(search.find(&emitted), None, "{content:?}");
        for raw in ["person-of-the-scope", "session-of-the-scope"] {
            assert!(!emitted.windows(raw.len()).any(|window| window == raw.as_bytes()), "{raw}");
        }
    }
}

#[test]
fn the_search_finds_the_canaries_of_live_calls_with_content_full() {
    let (calls, emitted) = emitted_of(Content::Full);
    assert_eq!(calls.len() as u64, CALLS);
    for (number, planted) in (0..CALLS).map(|number| (number, planted(number))) {
        assert_eq!(planted.search(|canary| !canary.is_content).find(&emitted), None, "exchange {number}");
        assert!(planted.search(|canary| canary.is_content && canary.is_plain).find(&emitted).is_some());
    }
}
