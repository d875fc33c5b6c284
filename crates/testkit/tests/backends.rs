//! Each real receiver starts, gets one recorded export, shows it, and is gone afterwards.
#![cfg(feature = "backends")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sidetone_testkit::backends::{self, Receiver, Span, Value};

/// One span of a chat with gpt-4o, 11 tokens in and 7 out, as OTLP protobuf.
const TRACES: &[u8] = include_bytes!("../src/backends/recorded/traces.binpb");
const TIMEOUT: Duration = Duration::from_secs(60);

fn address(endpoint: &str) -> &str {
    endpoint.strip_prefix("http://").unwrap()
}

fn export(endpoint: &str) {
    let address = address(endpoint);
    let mut stream = TcpStream::connect(address).unwrap();
    let length = TRACES.len();
    write!(
        stream,
        "POST /v1/traces HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/x-protobuf\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    stream.write_all(TRACES).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

fn assert_is_the_recorded_span(span: &Span) {
    assert_eq!(span.name, "chat gpt-4o");
    assert_eq!(span.kind, "Client");
    assert_eq!(span.attributes["gen_ai.usage.input_tokens"], Value::Int(11));
    assert_eq!(span.attributes["gen_ai.request.model"], Value::Str("gpt-4o".to_owned()));
    assert_eq!(span.resource.attributes["service.name"], Value::Str("backends-test".to_owned()));
    assert_eq!(span.scope.schema_url, "https://opentelemetry.io/schemas/1.30.0");
}

fn receives_stops_and_starts_again(mut receiver: Receiver) {
    assert!(receiver.received().spans.is_empty());
    export(&receiver.http_endpoint());
    let received = receiver.wait_until(TIMEOUT, |received| !received.spans.is_empty());
    assert_is_the_recorded_span(&received.spans[0]);

    receiver.stop();
    let grpc = receiver.grpc_endpoint();
    TcpStream::connect(address(&grpc)).unwrap_err();
    TcpStream::connect(address(&receiver.http_endpoint())).unwrap_err();

    receiver.start_again();
    TcpStream::connect(address(&grpc)).unwrap();
    export(&receiver.http_endpoint());
    let received = receiver.wait_until(TIMEOUT, |received| received.spans.len() == 2);
    assert_eq!(received.spans.len(), 2);
    assert_is_the_recorded_span(&received.spans[1]);

    drop(receiver);
    TcpStream::connect(address(&grpc)).unwrap_err();
}

#[test]
fn the_collector_receives_stops_and_starts_again() {
    let Some(collector) = backends::collector() else { return };
    receives_stops_and_starts_again(collector);
}

#[test]
fn rotel_receives_stops_and_starts_again() {
    let Some(rotel) = backends::rotel() else { return };
    receives_stops_and_starts_again(rotel);
}

/// More than what loggers print before they begin to sample.
const EXPORTS: usize = 50;

fn shows_every_export(receiver: &Receiver) {
    for _ in 0..EXPORTS {
        export(&receiver.http_endpoint());
    }
    let received = receiver.wait_until(TIMEOUT, |received| received.spans.len() >= EXPORTS);
    assert_eq!(received.spans.len(), EXPORTS);
    received.spans.iter().for_each(assert_is_the_recorded_span);
}

#[test]
fn the_collector_shows_every_export() {
    let Some(collector) = backends::collector() else { return };
    shows_every_export(&collector);
}

#[test]
fn rotel_shows_every_export() {
    let Some(rotel) = backends::rotel() else { return };
    shows_every_export(&rotel);
}

#[test]
fn two_collectors_do_not_see_each_other() {
    let (Some(first), Some(second)) = (backends::collector(), backends::collector()) else { return };
    export(&second.http_endpoint());
    let received = second.wait_until(TIMEOUT, |received| !received.spans.is_empty());
    assert_eq!(received.spans.len(), 1);
    assert!(first.received().spans.is_empty());
}

#[test]
fn phoenix_reads_model_and_tokens() {
    let Some(phoenix) = backends::phoenix() else { return };
    export(&phoenix.http_endpoint());
    let spans = phoenix.spans("backends-test", TIMEOUT, 1);
    let attributes = &spans[0]["attributes"];
    assert_eq!(spans[0]["span_kind"], "LLM");
    assert_eq!(attributes["llm.model_name"], "gpt-4o");
    assert_eq!(attributes["llm.token_count.prompt"], 11);
    assert_eq!(attributes["llm.token_count.completion"], 7);

    let address = address(&phoenix.http_endpoint()).to_owned();
    drop(phoenix);
    TcpStream::connect(address).unwrap_err();
}
