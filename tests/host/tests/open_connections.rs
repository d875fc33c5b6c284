//! Connections that are there before the agent, and those that begin with something else than a call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::ffi::OsString;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sidetone_host_tests::clients;
use sidetone_host_tests::compare;
use sidetone_host_tests::place::{Place, own_file};
use sidetone_host_tests::watch::{Agent, Running, of, program, succeed};
use sidetone_testkit::require;

const HTTP1: &[&str] = &["http/1.1"];
const HTTP2: &[&str] = &["h2"];
const BEFORE: &[&str] = &["plain", "stream", "plain"];

/// An agent sees the whole host, and so the other tests too: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A client, and what is known of how it reads.
struct Client {
    protocols: &'static [&'static str],
    command: Vec<OsString>,
    /// What it does before the agent is there.
    before: &'static [&'static str],
}

/// Calls on a connection that was there before the agent are seen like any other.
fn later_calls_are_seen(client: &Client) {
    let _alone = alone();
    let Some(place) = Place::new("api.openai.com", client.protocols, |server| server) else { return };
    let mut command = place.command(&client.command[0]);
    let mut running = Running::start(command.args(&client.command[1..]));
    for step in client.before {
        running.step(step);
    }
    let mut agent = Agent::start(&["--pid", &running.pid().to_string()]);
    let before = place.server.answers().len();
    // A client may close a connection after a stream: that comes last.
    for step in ["plain", "plain", "stream"] {
        running.step(step);
    }
    let connections = place.server.connections();
    assert_eq!(connections, 1, "the client made another connection");
    let pid = running.pid();
    let ended = running.end();
    assert!(ended.status.success(), "{ended:?}");
    agent.wait_for(&[pid], 3);
    let events = of(agent.stop().events, &[pid]);
    compare::one_to_one(&events, &place.server.answers()[before..]);
}

#[test]
fn later_calls_of_openssl_over_http1_are_seen() {
    let Some(python) = clients::python() else { return };
    let command = vec![python.into(), own_file("clients/python/sync.py").into()];
    later_calls_are_seen(&Client { protocols: HTTP1, command, before: &["plain", "other"] });
}

/// A read waits on the connection all the time: it was begun before the agent.
fn later_calls_of_go_are_seen(protocols: &'static [&'static str], version: &str) {
    let Some(go) = clients::go() else { return };
    let command = vec![go.into(), version.into()];
    later_calls_are_seen(&Client { protocols, command, before: BEFORE });
}

#[test]
fn later_calls_of_go_over_http1_are_seen() {
    later_calls_of_go_are_seen(HTTP1, "http1");
}

#[test]
fn later_calls_of_go_over_http2_are_seen() {
    later_calls_of_go_are_seen(HTTP2, "http2");
}

fn later_calls_of_rustls_are_seen(protocols: &'static [&'static str], version: &str) {
    let command = vec![program("reqwest-client").into(), version.into()];
    later_calls_are_seen(&Client { protocols, command, before: BEFORE });
}

#[test]
fn later_calls_of_rustls_over_http1_are_seen() {
    later_calls_of_rustls_are_seen(HTTP1, "http1");
}

#[test]
fn later_calls_of_rustls_over_http2_are_seen() {
    later_calls_of_rustls_are_seen(HTTP2, "http2");
}

#[test]
fn a_connection_that_begins_with_three_other_requests_is_captured() {
    let _alone = alone();
    let Some(go) = clients::go() else { return };
    for (version, protocols) in [("http1", HTTP1), ("http2", HTTP2)] {
        let Some(place) = Place::new("api.openai.com", protocols, |server| server) else { return };
        let mut client = Running::start(place.command(&go).arg(version));
        let pid = client.pid();
        // The program is there when the agent looks, its connection isn't yet.
        let mut agent = Agent::start(&["--pid", &pid.to_string()]);
        for step in ["other", "other", "other", "plain", "stream"] {
            client.step(step);
        }
        let ended = client.end();
        assert!(ended.status.success(), "{ended:?}");
        assert_eq!(place.server.connections(), 1);
        agent.wait_for(&[pid], 2);
        let events = of(agent.stop().events, &[pid]);
        compare::one_to_one(&events, &place.server.answers()[3..]);
    }
}

#[test]
fn a_connection_at_the_address_of_an_ignored_one_is_captured() {
    let _alone = alone();
    let Some(steps) = clients::c_steps() else { return };
    let Some(openssl) = require::tool("openssl") else { return };
    let Some(place) = Place::new("api.openai.com", HTTP1, |server| server) else { return };
    // A server that speaks TLS and no HTTP: it answers each line by the line turned round.
    let (certificate, key) = (place.file("echo.pem"), place.file("echo.key"));
    let mut request = Command::new(&openssl);
    request.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    succeed(request.args(["-subj", "/CN=echo.test", "-keyout"]).arg(&key).arg("-out").arg(&certificate));
    let ip = place.address().ip();
    let mut echo = Command::new(&openssl);
    echo.args(["s_server", "-rev", "-accept", &format!("{ip}:7"), "-cert"]).arg(&certificate).arg("-key").arg(&key);
    let mut echo = Running::start(&echo);
    echo.wait_until("it accepts", |echo| echo.stdout().contains("ACCEPT"));

    let mut agent = Agent::start(&["--deny", "denied.test", "--pid", &std::process::id().to_string()]);
    let call = |name: &str| format!("{name}={ip}:443=chat");
    let steps = Running::start(Command::new(steps).args([
        format!("echo.test={ip}:7=echo"),
        call("api.openai.com"),
        call("denied.test"),
        call("api.openai.com"),
    ]));
    let pid = steps.pid();
    let ended = steps.end();
    assert!(ended.status.success(), "{ended:?}");
    let addresses: Vec<&str> = ended.stdout.lines().collect();
    assert!(addresses.len() == 4 && addresses.iter().all(|address| *address == addresses[0]), "{addresses:?}");
    agent.wait_for(&[pid], 2);
    let events = of(agent.stop().events, &[pid]);
    let answers = place.server.answers();
    assert_eq!(answers.len(), 3);
    compare::one_to_one(&events, &[answers[0].clone(), answers[2].clone()]);
}
