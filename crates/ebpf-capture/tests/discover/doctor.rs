//! What `doctor` says is what is so.

use std::process::Command;

use sidetone_ebpf_capture::doctor::{self, State, Which};
use sidetone_testkit::require;

use crate::faces::{copy_of, libssl, loads_programs, sleeper_with};

/// Says that this program is to be the child of the self-test.
const CHILD: &str = "SIDETONE_TEST_LOOP_BACK";

#[test]
fn the_self_test_sees_the_bytes_of_its_child() {
    if !loads_programs() || libssl().is_none() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["doctor::child_of_the_self_test", "--exact", "--nocapture"]).env(CHILD, "1");
    let check = doctor::self_test(child);
    assert_eq!(check.state, State::Good, "{check:?}");
}

#[test]
fn a_child_that_says_nothing_fails_the_self_test() {
    if !loads_programs() {
        return;
    }
    let check = doctor::self_test(Command::new("true"));
    assert_eq!(check.state, State::Missing, "{check:?}");
}

/// Not a test by itself: what the self-test starts.
#[test]
fn child_of_the_self_test() {
    if std::env::var_os(CHILD).is_some() {
        std::process::exit(doctor::loop_back_child());
    }
}

#[test]
fn nothing_is_missing_where_capture_works() {
    if !loads_programs() {
        return;
    }
    let checks = doctor::checks();
    let missing: Vec<_> = checks.iter().filter(|check| check.state == State::Missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
    for name in ["CAP_BPF", "CAP_PERFMON", "kernel", "lockdown", "eBPF programs", "process events"] {
        assert!(checks.iter().any(|check| check.name == name), "{name}");
    }
    assert!(checks.iter().all(|check| check.state == State::Good || check.remedy.is_some()));
}

#[test]
fn a_process_is_listed_with_its_library_and_its_hook() {
    let Some(library) = libssl() else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = copy_of(&library, folder.path(), "libssl.so.3");
    let process = sleeper_with(&copy);
    let all = doctor::processes(Which::Pid(process.pid()));
    let [listed] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!(listed.name.as_deref(), Some("sleep"));
    let found = listed.libraries.iter().find(|library| library.path == copy).unwrap();
    assert_eq!((found.runtime, &found.out_of_reach), ("openssl", &None));
    assert!(found.hook.is_some());
}

#[test]
fn a_process_without_tls_and_one_that_is_not_there_are_listed_with_a_remark() {
    let process = crate::faces::Running(Command::new("sleep").arg("1000").spawn().unwrap());
    let remark = |pid| doctor::processes(Which::Pid(pid)).remove(0).remark.unwrap();
    crate::faces::until("it has executed", || remark(process.pid()) == "no TLS library is in it");
    assert_eq!(remark(u32::MAX - 1), "there is no such process");
}

#[test]
fn java_is_listed_as_out_of_reach_with_what_to_do() {
    let Some(java) = require::tool("java") else { return };
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Sleep.java");
    std::fs::write(
        &source,
        "class Sleep { public static void main(String[] a) throws Exception { Thread.sleep(60000); } }",
    )
    .unwrap();
    let process = crate::faces::Running(Command::new(java).arg(source).spawn().unwrap());
    crate::faces::until("the JVM is there", || {
        let listed = doctor::processes(Which::Pid(process.pid())).remove(0);
        listed
            .libraries
            .iter()
            .any(|library| library.out_of_reach.as_deref().is_some_and(|why| why.contains("Java agent")))
    });
}

#[test]
fn a_server_of_plain_text_is_named() {
    // By its name, on a port of the system's choice.
    let folder = tempfile::tempdir().unwrap();
    let Some(python) = require::tool("python3") else { return };
    let script = folder.path().join("llama-server");
    std::fs::write(&script, "import socket,time\ns=socket.socket()\ns.bind(('127.0.0.1',0))\ns.listen()\nprint(s.getsockname()[1],flush=True)\ntime.sleep(60)\n").unwrap();
    let mut child = Command::new(python).arg(&script).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    let _process = crate::faces::Running(child);
    let port: u16 = line.trim().parse().unwrap();
    let servers = doctor::plain_servers();
    let found = servers.iter().find(|server| server.port == port).unwrap();
    assert_eq!((found.name, found.is_guess), ("llama.cpp", false));
    assert!(found.advice.contains("middleware"));
}
