//! Every byte of every body, as both ends of a connection sent it, is heard.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod support;

use std::collections::BTreeSet;

use serde_json::Value;
use sidetone_core::event::Outcome;
use sidetone_core::wire::http::Flow;
use sidetone_ebpf_capture::Options;
use support::{Body, Server, Test};

/// SHA-256 of each body that way, by the programs' own account.
fn sent(noted: &[Value], which: &str) -> Vec<String> {
    let mut hashes: Vec<_> = noted.iter().map(|it| it[which].as_str().unwrap().to_owned()).collect();
    hashes.sort();
    hashes
}

fn hashes(bodies: &[Body]) -> Vec<String> {
    assert!(bodies.iter().all(|body| body.is_complete));
    let mut hashes: Vec<_> = bodies.iter().map(|body| body.sha256.clone()).collect();
    hashes.sort();
    hashes
}

/// Exchanges at once.
const COUNT: usize = 500;

/// Exchanges of that size at once, both ends captured.
fn bodies_are_complete(size: usize) {
    let Some(python) = support::python() else { return };
    let folder = support::certificate();
    let server = Server::start(&python, folder.path());
    let mut client = support::client(&python, &server, folder.path(), COUNT, size, size);
    // Room for a burst while other tests take the processors.
    let mut test = Test::start(Options { ring_bytes: 64 << 20, max_memory: 2 << 30, ..Options::default() });
    test.add(&server.program);
    test.add(&client);
    client.tell("go");
    let asked = support::asked(&client);
    let served = server.noted("exchange", COUNT);
    assert_eq!(asked.len(), COUNT);
    // Connections end, on both sides.
    server.noted("connection", COUNT);
    support::wait(|| test.heard.lock().unwrap().passed.len() >= 2 * COUNT);
    let report = test.stop();
    assert!(report.lost.is_empty(), "{} connections, {:?}", report.lost.len(), report.kernel);
    assert_eq!(test.call_count(), COUNT);

    let heard = test.heard.lock().unwrap();
    for (pid, noted) in [(client.pid(), &asked), (server.program.pid(), &served)] {
        assert_eq!(hashes(&heard.bodies[&(pid, Flow::Request)]), sent(noted, "request"));
        assert_eq!(hashes(&heard.bodies[&(pid, Flow::Response)]), sent(noted, "response"));
    }
    assert_eq!(sent(&asked, "response"), sent(&served, "response"), "the programs agree");

    let calls = test.calls.0.lock().unwrap();
    let ids: BTreeSet<_> = calls.iter().map(|call| call.response.id.as_deref().unwrap().to_owned()).collect();
    assert_eq!((calls.len(), ids.len()), (COUNT, COUNT), "each exchange is one call");
    for call in calls.iter() {
        assert_eq!(call.process.as_ref().unwrap().pid, Some(client.pid()), "it is the client's");
        assert_eq!(call.outcome, Outcome::Completed);
        assert_eq!((call.usage.input, call.usage.output), (Some(11), Some(7)));
    }
}

#[test]
fn bodies_of_1_kib_are_complete() {
    bodies_are_complete(1 << 10);
}

#[test]
fn bodies_of_64_kib_are_complete() {
    bodies_are_complete(64 << 10);
}

#[test]
fn bodies_of_1_mib_are_complete() {
    bodies_are_complete(1 << 20);
}

#[test]
fn bodies_of_2_mib_in_one_write_are_complete() {
    bodies_are_complete(2 << 20);
}
