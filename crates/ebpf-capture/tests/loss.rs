//! What is lost is known to the byte, for each connection, also when its last bytes and its close are lost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod support;

use serde_json::Value;
use sidetone_core::event::Outcome;
use sidetone_ebpf_capture::{Options, Passed};
use sidetone_pipeline::Reason;
use support::{Program, Server, Test};

/// Bytes that each connection read and wrote, by the program's own account.
fn own_counts(noted: &[Value]) -> Vec<(u64, u64)> {
    let mut counts: Vec<_> =
        noted.iter().map(|it| (it["read"].as_u64().unwrap(), it["written"].as_u64().unwrap())).collect();
    counts.sort_unstable();
    counts
}

/// The same by the capture's: heard and missing.
fn counts(passed: &[Passed]) -> Vec<(u64, u64)> {
    let mut counts: Vec<_> =
        passed.iter().map(|it| (it.read + it.missing_read, it.written + it.missing_written)).collect();
    counts.sort_unstable();
    counts
}

fn missing(passed: &[Passed]) -> u64 {
    passed.iter().map(|it| it.missing_read + it.missing_written).sum()
}

fn passed_of(test: &Test, program: &Program) -> Vec<Passed> {
    let heard = test.heard.lock().unwrap();
    heard.passed.iter().filter(|(origin, _)| origin.pid == program.pid()).map(|(_, passed)| *passed).collect()
}

#[test]
fn bytes_sent_less_bytes_captured_are_the_bytes_reported_missing_for_each_connection() {
    let Some(python) = support::python() else { return };
    const COUNT: usize = 20;
    let folder = support::certificate();
    let server = Server::start(&python, folder.path());
    let mut test = Test::start(Options { ring_bytes: 256 << 10, ..Options::default() });
    test.add(&server.program);
    let round = |size: usize, done: usize| {
        let mut client = support::client(&python, &server, folder.path(), COUNT, size, size);
        test.add(&client);
        client.tell("go");
        let asked = support::asked(&client);
        assert_eq!(server.noted("connection", done + COUNT).len(), done + COUNT);
        client.end();
        (client, asked)
    };
    let capture = test.capture.as_ref().unwrap();

    // Before: everything fits. One call after the other.
    let (before, asked_before) = round(1 << 10, 0);
    support::wait(|| test.calls.0.lock().unwrap().len() >= COUNT);
    // Nobody reads the ring: it holds the first few of many bytes, then nothing, no close either.
    capture.pause(true);
    let (during, asked_during) = round(256 << 10, COUNT);
    capture.pause(false);
    support::wait(|| passed_of(&test, &during).len() >= COUNT);
    // After: whole again.
    let (after, asked_after) = round(1 << 10, 2 * COUNT);
    support::wait(|| passed_of(&test, &after).len() >= COUNT);
    let report = test.stop();

    for (client, asked) in [(&before, &asked_before), (&during, &asked_during), (&after, &asked_after)] {
        assert_eq!(counts(&passed_of(&test, client)), own_counts(asked));
    }
    let served = passed_of(&test, &server.program);
    assert_eq!(counts(&served), own_counts(&server.noted("connection", 3 * COUNT)));

    assert_eq!(missing(&passed_of(&test, &before)) + missing(&passed_of(&test, &after)), 0);
    let lost = missing(&passed_of(&test, &during));
    assert!(lost > 9 << 20, "{lost} of 10 MiB");
    // Three accounts of one loss: the connections', the report's, the kernel's own by cause.
    let all_lost = lost + missing(&served);
    let pids = [during.pid(), server.program.pid()];
    let listed = report.lost.iter().filter(|lost| pids.contains(&lost.pid));
    assert_eq!(listed.map(|lost| lost.read + lost.written).sum::<u64>(), all_lost);
    // Something else on this host may have filled the ring too.
    assert!(test.counters.bytes(Reason::CaptureRingFull) >= all_lost);

    let calls = test.calls.0.lock().unwrap();
    for program in [&before, &after] {
        let own = calls.iter().filter(|call| call.process.as_ref().unwrap().pid == Some(program.pid()));
        let whole = own.filter(|call| call.outcome == Outcome::Completed && call.incomplete.missing.is_none());
        assert_eq!(whole.count(), COUNT, "calls that nothing is missing of are whole");
    }
    for call in calls.iter().filter(|call| call.process.as_ref().unwrap().pid == Some(during.pid())) {
        assert!(call.incomplete.missing.is_some() || call.outcome == Outcome::Completed, "{call:?}");
    }
}

#[test]
fn the_bytes_of_a_process_that_is_killed_in_the_middle_of_a_call_are_accounted_for() {
    let Some(python) = support::python() else { return };
    let folder = support::certificate();
    let server = Server::start(&python, folder.path());
    let mut test = Test::start(Options::default());
    let mut client = support::client(&python, &server, folder.path(), 1, 1 << 10, 1 << 10);
    test.add(&client);
    client.tell("go");
    let asked = support::asked(&client);
    // Its connection is closed and a second one never made; what it held goes with it.
    client.kill();
    support::wait(|| passed_of(&test, &client).len() == 1);
    assert_eq!(counts(&passed_of(&test, &client)), own_counts(&asked));
    let report = test.stop();
    assert_eq!((report.connections, report.held_bytes), (0, 0));
}
