//! Through a real client: reqwest sends each case's `request.json` as it is, through our middleware, over HTTP/1.1 and
//! HTTP/2, and gets the response in one piece, by event and byte by byte. The telemetry is that of `sidetone replay`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TraceContextExt;
use serde_json::{Value, json};
use sidetone_cli::replay::{Memory, golden};
use sidetone_core::dialect::V2;
use sidetone_core::exchange::Settings;
use sidetone_core::policy::Content;
use sidetone_middleware::Observer;
use sidetone_otel_export::OtelSink;
use sidetone_pipeline::{Config, Counters, Pipeline};
use sidetone_testkit::case::{Case, RecordedFault};
use sidetone_testkit::server::{Fault, Framing, MockServer, Pieces, Point};

use super::{cases, fields};

const DEADLINE: Duration = Duration::from_secs(20);

/// Where the recorded cases were served; ours has a port that the system chose.
const RECORDED_PORT: u16 = 18181;

/// How a client speaks and how the body comes.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Way {
    http2: bool,
    pieces: Pieces,
}

/// The end of the second event: what a client that stops after two items has read.
fn second_event(case: &Case) -> usize {
    let text = std::str::from_utf8(&case.response).unwrap();
    text.match_indices("\n\n").nth(1).expect("two events").0 + 2
}

fn leaves_early(case: &Case) -> bool {
    case.client_action.as_deref() == Some("break_after_2_then_close")
}

/// A server for this case. For a client that leaves early it stops where the client will: on a network, what comes after
/// may or may not have arrived by then.
fn server(case: &Case, way: Way) -> MockServer {
    let mut server = MockServer::builder().case(case.clone()).pieces(way.pieces);
    if way.pieces == Pieces::Bytes(1) {
        server = server.framing(Framing::Chunked);
    }
    if leaves_early(case) && way.pieces != Pieces::Whole {
        server = server.fault(Fault::Hang(Point::AfterBytes(second_event(case))));
    }
    server.start()
}

/// Does what the application of the case did, and gives how many pieces of the body it got.
async fn call(case: &Case, way: Way, observer: &Observer, base: &str) -> usize {
    let client = reqwest::Client::builder().timeout(DEADLINE);
    let client = if way.http2 { client.http2_prior_knowledge() } else { client };
    let client = observer.client(client.build().unwrap());
    let url = format!("{base}{}", case.path.strip_prefix("/v1").unwrap());
    let request = client.post(url).header("content-type", "application/json").body(case.request.clone());
    let response = request.send().await;
    if case.fault == Some(RecordedFault::ConnectionRefused) {
        assert!(response.unwrap_err().is_connect());
        return 0;
    }
    let mut response = response.unwrap();
    assert_eq!(response.status(), case.status);
    let (mut pieces, mut read) = (0, Vec::new());
    let enough = if leaves_early(case) { second_event(case) } else { usize::MAX };
    while read.len() < enough {
        let Some(piece) = response.chunk().await.unwrap() else { break };
        read.extend_from_slice(&piece);
        pieces += 1;
    }
    if !leaves_early(case) {
        assert_eq!(read, case.response, "the application gets every byte");
    }
    pieces
}

/// The telemetry of a case, called that way.
fn called(case: &Case, mode: &str, way: Way) -> (Value, usize) {
    let content = if mode == "full" { Content::Full } else { Content::Off };
    let memory = Memory::new(&V2);
    let counters = Arc::new(Counters::default());
    let sink = OtelSink::with_providers(memory.providers(), &V2, counters.clone());
    let config = Config { settings: Settings { content, ..Settings::default() }, ..Config::default() };
    let pipeline = Pipeline::start(config, vec![Box::new(sink)], counters).unwrap();
    let observer = Observer::new(pipeline.clone());

    let server = server(case, way);
    let refused = case.fault == Some(RecordedFault::ConnectionRefused);
    let base = if refused { "http://127.0.0.1:1/v1".to_owned() } else { server.case_url(&case.name) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pieces = {
        let application = opentelemetry::Context::new().with_remote_span_context(memory.parent_context());
        let _current = application.attach();
        runtime.block_on(call(case, way, &observer, &base))
    };
    pipeline.stop(DEADLINE).unwrap();
    if !refused {
        let [request] = server.requests().try_into().unwrap_or_else(|_| panic!("one request"));
        assert_eq!(request.body, case.request, "request.json as it is");
        assert_eq!(request.version == "HTTP/2.0", way.http2, "{}", request.version);
    }
    let mut document = golden::document(&case.name, &memory.recorded().unwrap(), false);
    if !refused {
        as_recorded(&mut document, server.addr().port());
    }
    (document, pieces)
}

/// Puts the recorded server's port where ours is named: `server.port` of the span and of each metric, nowhere else.
fn as_recorded(document: &mut Value, port: u16) {
    let mut elements: Vec<_> =
        ["spans", "metrics"].iter().flat_map(|key| document[key].as_array().unwrap().clone()).collect();
    for element in &mut elements {
        assert_eq!(element["attributes"]["server.port"], json!({"int": port}));
        element["attributes"]["server.port"] = json!({"int": RECORDED_PORT});
    }
    let spans = document["spans"].as_array().unwrap().len();
    let metrics = elements.split_off(spans);
    document["spans"] = Value::Array(elements);
    document["metrics"] = Value::Array(metrics);
}

/// What `sidetone replay` says that such a call is.
fn expected(case: &Case, mode: &str, way: Way) -> Value {
    if !(leaves_early(case) && way.pieces == Pieces::Whole) {
        return cases::replay_case(mode, &case.name);
    }
    // In one piece the answer was there, whole, before the client left: that call is completed.
    let mut whole = case.clone();
    whole.client_action = None;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance").join(format!("whole-{mode}-{}", way.http2));
    let folder = whole.save(folder).unwrap();
    cases::replay(mode, &[], &[&folder]).remove(0)
}

fn by_protocol(http2: bool) {
    for way in [Pieces::Whole, Pieces::Events, Pieces::Bytes(1)].map(|pieces| Way { http2, pieces }) {
        for name in cases::names() {
            let case = Case::load(cases::folder().join(&name)).unwrap();
            for (mode, _) in cases::MODES {
                let (document, pieces) = called(&case, mode, way);
                let expected = expected(&case, mode, way);
                assert_eq!(fields::compare(&expected, &document), [], "{name}, content {mode}, {way:?}");
                if way.pieces == Pieces::Bytes(1) && case.status != 0 {
                    let whole = if leaves_early(&case) { second_event(&case) } else { case.response.len() };
                    assert_eq!(pieces, whole, "{name}: each byte came by itself");
                }
            }
        }
    }
}

#[test]
fn a_real_client_gives_the_same_telemetry_over_http1_in_any_pieces() {
    by_protocol(false);
}

#[test]
fn a_real_client_gives_the_same_telemetry_over_http2_in_any_pieces() {
    by_protocol(true);
}
