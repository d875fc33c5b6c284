//! `examples/celery`, whole, and with workers that are replaced after every task.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::process::Command;
use std::sync::{Mutex, PoisonError};

use sidetone_host_tests::place::{is_root, own_file};
use sidetone_host_tests::{clients, event, watch};
use sidetone_testkit::require;

/// Runs the example, which compares by itself, and checks each line of its events against the schema.
fn example(variables: &[(&str, &str)]) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let may = require::or_skip("Linux and root", cfg!(target_os = "linux") && is_root());
    if !may || require::tool("redis-server").is_none() {
        return;
    }
    let Some(python) = clients::python() else { return };
    let work = tempfile::tempdir().unwrap();
    let mut command = Command::new(own_file("../../examples/celery/run.sh"));
    command.envs(variables.iter().copied()).env("WORK", work.path()).env("PYTHON", python);
    command.env("SIDETONE", watch::sidetone()).env("MOCK_LLM_SERVER", watch::program("mock-llm-server"));
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    eprintln!("{stdout}");
    assert!(output.status.success(), "{stdout}{stderr}");
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(!event::read(&work.path().join("events.jsonl")).is_empty());
}

#[test]
fn every_call_of_the_workers_is_seen_once() {
    example(&[]);
}

#[test]
fn every_call_of_workers_that_are_replaced_after_each_task_is_seen_once() {
    example(&[("TASKS_PER_CHILD", "1"), ("TASKS", "120"), ("WORKERS", "1"), ("CHILDREN", "8"), ("AT_ONCE", "8")]);
}
