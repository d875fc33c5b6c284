//! An ordinary user with two capabilities captures root's processes; with less there is a clear error; and nothing outlives the agent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sidetone_host_tests::clients;
use sidetone_host_tests::compare;
use sidetone_host_tests::leftovers::Held;
use sidetone_host_tests::place::{Place, own_file};
use sidetone_host_tests::watch::{Agent, Running, of, open_to_all, sidetone};
use sidetone_testkit::require;
use tempfile::TempDir;

/// Nobody.
const USER: &str = "65534";

/// An agent sees the whole host, and so the other tests too: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The command under test where any user may run it.
fn copied() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let copy = folder.path().join("sidetone");
    fs::copy(sidetone(), &copy).unwrap();
    (folder, copy)
}

/// A command that becomes `program` as an ordinary user with these capabilities and no more.
fn as_user(program: &PathBuf, capabilities: &str) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", USER, "--regid", USER, "--clear-groups"]);
    for set in ["--inh-caps", "--ambient-caps", "--bounding-set"] {
        command.arg(format!("{set}=-all{capabilities}"));
    }
    command.arg(program);
    command
}

/// Whether the kernel lets `/proc/PID/maps` of others be read with CAP_PERFMON: 6.15 and later.
fn shows_mappings() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut parts = release.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next(), parts.next()) >= (Some(6), Some(15))
}

/// The kernel lets go of links and programs a little after the last descriptor is closed.
#[track_caller]
fn wait_until_nothing_is_left(held: &Held) {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let left = held.left();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < deadline, "{left:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn with_two_capabilities_processes_of_root_are_captured_whether_they_began_before_or_after() {
    let _alone = alone();
    let Some(python) = clients::python() else { return };
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], |server| server) else { return };
    let (_folder, program) = copied();
    let client = own_file("clients/python/sync.py");
    let mut before = Running::start(place.command(&python).arg(&client));
    before.step("plain");
    let mut agent = Agent::start_by(&mut as_user(&program, ",+bpf,+perfmon"), &[]);
    let mut after = Running::start(place.command(&python).arg(&client));
    for process in [&mut before, &mut after] {
        process.step("plain");
        process.step("stream");
    }
    let pids = [before.pid(), after.pid()];
    let exe = fs::read_link(format!("/proc/{}/exe", pids[0])).unwrap();
    agent.wait_for(&pids, 4);
    let held = Held::by(agent.running.pid());
    let events = of(agent.stop().events, &pids);
    compare::one_to_one(&events, &place.server.answers()[1..]);
    if shows_mappings() {
        for event in &events {
            assert_eq!(event.exe.as_deref().map(PathBuf::from).as_ref(), Some(&exe), "{}", event.response);
        }
    }
    if let Some(held) = held {
        assert!(!held.links.is_empty());
        wait_until_nothing_is_left(&held);
    }
}

#[test]
fn with_less_there_is_a_clear_error_and_nothing_is_left() {
    let _alone = alone();
    if !require::or_skip("root", sidetone_host_tests::place::is_root()) {
        return;
    }
    let (_folder, program) = copied();
    for (capabilities, missing) in
        [("", ["CAP_BPF", "CAP_PERFMON"]), (",+bpf", ["CAP_PERFMON"; 2]), (",+perfmon", ["CAP_BPF"; 2])]
    {
        let agent = Running::start(as_user(&program, capabilities).args(["agent", "--duration", "20"])).end();
        assert_eq!(agent.status.code(), Some(1), "{agent:?}");
        assert!(!agent.stderr.lines().any(|line| line == "ready"), "{agent:?}");
        assert_eq!(agent.stderr.lines().count(), 1, "{agent:?}");
        assert!(missing.iter().all(|name| agent.stderr.contains(name)), "{capabilities:?}: {agent:?}");

        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let mark = folder.path().join("started");
        let run = Running::start(as_user(&program, capabilities).args(["run", "--", "touch"]).arg(&mark)).end();
        assert_eq!(run.status.code(), Some(125), "{run:?}");
        assert!(missing.iter().all(|name| run.stderr.contains(name)), "{capabilities:?}: {run:?}");
        assert!(!mark.exists(), "the command was started");
    }
}

#[test]
fn no_probe_outlives_an_agent_that_is_killed() {
    let _alone = alone();
    if !require::or_skip("root", sidetone_host_tests::place::is_root()) {
        return;
    }
    let agent = Agent::start(&[]);
    let pid = agent.running.pid();
    let Some(held) = Held::by(pid) else { return };
    assert!(!held.links.is_empty() && !held.programs.is_empty() && !held.maps.is_empty(), "{held:?}");
    assert!(!held.left().is_empty());
    agent.running.signal("KILL");
    wait_until_nothing_is_left(&held);
}
