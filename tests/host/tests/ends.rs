//! Who ended a call that has no end: a server that closes the connection has failed it, a client that lets go has cancelled it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::ffi::OsString;
use std::time::Duration;

use sidetone_host_tests::chat;
use sidetone_host_tests::clients;
use sidetone_host_tests::place::{Place, own_file};
use sidetone_host_tests::watch;
use sidetone_testkit::require;
use sidetone_testkit::server::{Fault, MockServerBuilder, Point};

/// So much of an answer comes, which is less than all of it.
const CUT: Fault = Fault::Close(Point::AfterBytes(100));

/// Runs the client, whatever its exit code, and gives the outcome and the class of error of its only call.
#[track_caller]
fn ends(place: &Place, client: impl IntoIterator<Item = OsString>) -> (String, Option<String>) {
    let seen = watch::run_whatever_comes(place, client);
    let [event] = seen.events.as_slice() else { panic!("{:?} {:?}", seen.events, seen.ended) };
    eprintln!("{}", event.response);
    let class = event.response["data"]["error"]["type"].as_str().map(str::to_owned);
    (event.outcome.clone(), class)
}

#[track_caller]
fn is_the_servers_failure(protocols: &[&str], client: impl FnOnce(&Place) -> Option<Vec<OsString>>) {
    let Some(place) = Place::new("api.openai.com", protocols, |server| server.fault(CUT)) else { return };
    let Some(client) = client(&place) else { return };
    assert_eq!(ends(&place, client), ("failed".to_owned(), Some("APIConnectionError".to_owned())));
}

fn python(step: &str) -> Option<Vec<OsString>> {
    Some(vec![clients::python()?.into(), own_file("clients/python/sync.py").into(), step.into()])
}

/// A streamed call by curl.
fn curl(place: &Place, options: &[&str]) -> Option<Vec<OsString>> {
    require::tool("curl")?;
    let url = format!("{}/chat/completions", place.base_url());
    let body = chat("stream").to_string();
    let command = ["curl", "--silent", "--no-buffer", "--data", &body, &url];
    Some(command.iter().chain(options).map(OsString::from).collect())
}

#[test]
fn a_server_that_ends_a_stream_has_failed_pythons_call() {
    is_the_servers_failure(&["http/1.1"], |_| python("stream"));
}

#[test]
fn a_server_that_ends_an_answer_has_failed_pythons_call() {
    is_the_servers_failure(&["http/1.1"], |_| python("plain"));
}

#[test]
fn a_server_that_ends_a_stream_has_failed_gos_call() {
    is_the_servers_failure(&["http/1.1"], |_| Some(vec![clients::go()?.into(), "http1".into(), "stream".into()]));
}

#[test]
fn a_server_that_ends_a_stream_has_failed_curls_call() {
    is_the_servers_failure(&["http/1.1"], |place| curl(place, &[]));
}

#[test]
fn a_server_that_ends_a_connection_of_http2_has_failed_curls_call() {
    is_the_servers_failure(&["h2"], |place| curl(place, &["--http2"]));
}

#[test]
fn a_server_that_ends_a_stream_has_failed_the_call_of_gnutls() {
    is_the_servers_failure(&["http/1.1"], |place| {
        let address = place.address();
        let (ip, port) = (address.ip().to_string(), address.port().to_string());
        Some(vec![clients::c_gnutls()?.into(), ip.into(), port.into(), "1".into()])
    });
}

#[test]
fn a_client_that_lets_go_has_cancelled_its_call() {
    let slow = |server: MockServerBuilder| server.piece_delay(Duration::from_millis(300));
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], slow) else { return };
    let Some(client) = curl(&place, &["--max-time", "0.7"]) else { return };
    assert_eq!(ends(&place, client), ("cancelled".to_owned(), None));
}
