//! `sidetone run` and `sidetone agent` as scripts see them: exit codes, signals, streams, privileges. What they capture is
//! tested in `tests/host`.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use sidetone_testkit::require;

/// The bits of CAP_BPF and CAP_PERFMON; CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH and CAP_CHECKPOINT_RESTORE: linux/capability.h.
const CAPTURE: u64 = 1 << 39 | 1 << 38;
const MORE: u64 = 1 << 19 | 1 << 2 | 1 << 40;

fn sidetone(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    for name in ["SUDO_UID", "SUDO_GID", "SUDO_USER", "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"] {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The same command as a user without privileges, where this one has any.
fn unprivileged(command: Command) -> Option<Command> {
    if !is_root() {
        return Some(command);
    }
    let mut as_nobody = Command::new(require::tool("setpriv")?);
    as_nobody.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"]);
    as_nobody.arg(command.get_program()).args(command.get_args());
    as_nobody.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(as_nobody)
}

fn run(args: &[&str]) -> Command {
    sidetone(&[&["run"], args].concat())
}

fn ended(child: Child) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Whether this process may capture.
fn may_capture() -> bool {
    let effective = status_field(&std::fs::read_to_string("/proc/self/status").unwrap(), "CapEff");
    require::or_skip("root, to capture", is_root() && u64::from_str_radix(&effective, 16).unwrap() & CAPTURE == CAPTURE)
}

fn is_root() -> bool {
    status_field(&std::fs::read_to_string("/proc/self/status").unwrap(), "Uid").starts_with("0\t")
}

/// A line of `/proc/PID/status`.
fn status_field(status: &str, name: &str) -> String {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.unwrap_or_else(|| panic!("{name} is missing: {status}")).trim().to_owned()
}

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("capture-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_cant_be_understood_exits_2_and_starts_nothing() {
    for args in [
        &["run"][..],
        &["run", "--"],
        &["run", "--frobnicate", "true"],
        &["run", "--format", "xml", "true"],
        &["agent", "extra"],
        &["agent", "--duration", "-1"],
        &["agent", "--pid", "init"],
        &["agent", "--allow", "https://api.openai.com"],
        &["agent", "--max-cpu", "0"],
        &["agent", "--max-memory", "0"],
    ] {
        let (code, stdout, stderr) = ended(sidetone(args).spawn().unwrap());
        assert_eq!((code, &*stdout), (Some(2), ""), "{args:?}");
        assert!(stderr.contains("Usage") || stderr.contains("--help"), "{args:?}: {stderr}");
    }
}

#[test]
fn a_command_that_isnt_there_or_isnt_executable_exits_as_env_does() {
    for (name, code, words) in [
        ("no-such-program", 127, "not found"),
        ("/no/such/program", 127, "not found"),
        ("/etc/passwd", 126, "can't be executed"),
        ("/etc", 126, "can't be executed"),
    ] {
        let told = ended(run(&["--", name]).spawn().unwrap());
        let env = Command::new("env").arg(name).stderr(Stdio::null()).status().unwrap();
        assert_eq!((told.0, told.0), (Some(code), env.code()), "{}", told.2);
        assert!(told.2.contains(words) && told.2.contains(name) && told.2.lines().count() == 1, "{}", told.2);
    }
}

#[test]
fn without_privileges_nothing_is_started_and_the_code_is_125() {
    let marker = folder("unprivileged").join("started");
    let Some(mut command) = unprivileged(run(&["--", "touch", marker.to_str().unwrap()])) else { return };
    let (code, stdout, stderr) = ended(command.spawn().unwrap());
    assert_eq!((code, &*stdout), (Some(125), ""), "{stderr}");
    assert!(stderr.contains("CAP_BPF") && stderr.contains("was not started"), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(!marker.exists());
}

#[test]
fn the_exit_code_is_the_commands() {
    if !may_capture() {
        return;
    }
    let commands = [("exit 7", 7), ("exit 0", 0), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("kill -SEGV $$", 139)];
    let started = commands.map(|(script, code)| (script, run(&["--", "sh", "-c", script]).spawn().unwrap(), code));
    for (script, child, code) in started {
        let told = ended(child);
        assert_eq!((told.0, &*told.1), (Some(code), ""), "{script}: {}", told.2);
        assert_eq!(told.2.lines().count(), 1, "a summary and nothing else: {}", told.2);
        assert!(told.2.contains("0 calls") && told.2.contains("no byte lost"), "{}", told.2);
    }
}

#[test]
fn the_command_has_the_streams_and_the_arguments_that_it_was_given() {
    if !may_capture() {
        return;
    }
    let script = r#"read line; echo "got $line, $1 $2"; echo "to stderr" >&2"#;
    let mut child = run(&["--", "sh", "-c", script, "sh", "--format", "a b"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a line\n").unwrap();
    let (code, stdout, stderr) = ended(child);
    assert_eq!((code, &*stdout), (Some(0), "got a line, --format a b\n"), "{stderr}");
    assert_eq!(stderr.lines().next(), Some("to stderr"), "{stderr}");
}

#[test]
fn signals_are_passed_on_and_nothing_of_them_is_inherited() {
    if !may_capture() {
        return;
    }
    let script = "trap 'echo term; exit 3' TERM; trap 'echo usr1' USR1; grep Sig /proc/self/status; echo ready; \
                  while :; do sleep 0.05; done";
    let mut child = run(&["--", "sh", "-c", script]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let status = lines.by_ref().take_while(|line| line != "ready").collect::<Vec<_>>().join("\n");
    assert_eq!(u64::from_str_radix(&status_field(&status, "SigBlk"), 16), Ok(0));
    let send = |signal: &str| {
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    };
    send("-USR1");
    assert_eq!(lines.next().as_deref(), Some("usr1"));
    send("-TERM");
    assert_eq!(lines.next().as_deref(), Some("term"));
    assert_eq!(child.wait().unwrap().code(), Some(3));
}

#[test]
fn called_by_sudo_the_command_is_its_callers_and_has_none_of_our_privileges() {
    if !may_capture() {
        return;
    }
    let script = "id -u; id -g; id -G; echo $HOME; cat /proc/self/status";
    let as_nobody = |args: &[&str]| {
        let mut command = run(&[args, &["--", "sh", "-c", script]].concat());
        // Who is in no file: what sudo says holds.
        command.env("SUDO_UID", "54321").env("SUDO_GID", "54322").env("SUDO_USER", "nobody-of-here");
        command.spawn().unwrap()
    };
    let children = [as_nobody(&[]), as_nobody(&["--as-root"])];
    let [(code, stdout, stderr), (_, root, _)] = children.map(ended);
    assert_eq!(code, Some(0), "{stderr}");
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines[..3], ["54321", "54322", "54322"], "{stdout}");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(u64::from_str_radix(&status_field(&stdout, set), 16), Ok(0), "{set}");
    }
    // It may use sudo itself.
    assert_eq!(status_field(&stdout, "NoNewPrivs"), "0");
    assert_eq!(root.lines().next(), Some("0"), "{root}");
}

#[test]
fn an_output_file_is_for_its_owner_only() {
    if !may_capture() {
        return;
    }
    let file = folder("output").join("calls.jsonl");
    std::fs::write(&file, "old\n").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (code, _, stderr) = ended(run(&["--output", file.to_str().unwrap(), "--", "true"]).spawn().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "");
    let (code, _, stderr) = ended(run(&["--output", "/no/such/folder/file", "--", "true"]).spawn().unwrap());
    assert_eq!(code, Some(125), "{stderr}");
    assert!(stderr.contains("/no/such/folder/file") && stderr.contains("--output"), "{stderr}");
}

#[test]
fn the_agent_says_when_it_is_ready_keeps_what_it_needs_and_ends_when_told() {
    if !may_capture() {
        return;
    }
    let file = folder("agent").join("calls.jsonl");
    let mut child =
        sidetone(&["agent", "--output", file.to_str().unwrap(), "--process", "nobody-has-this-name"]).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    stderr.read_line(&mut first).unwrap();
    assert_eq!(first, "ready\n");
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let kept = u64::from_str_radix(&status_field(&status, "CapEff"), 16).unwrap();
    assert_eq!(kept & CAPTURE, CAPTURE);
    assert_eq!(kept & !(CAPTURE | MORE), 0, "{kept:x}: only what capture needs");
    assert_eq!(status_field(&status, "CapPrm"), status_field(&status, "CapEff"));
    assert_eq!(status_field(&status, "NoNewPrivs"), "1");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().rev().nth(2), Some("0"), "{core}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("sidetone: 0 calls of 0 processes in "), "{rest}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn the_agent_ends_by_itself_after_its_duration() {
    if !may_capture() {
        return;
    }
    let (code, stdout, stderr) =
        ended(sidetone(&["agent", "--duration", "0.2", "--process", "nobody-has-this-name"]).spawn().unwrap());
    assert_eq!((code, &*stdout), (Some(0), ""), "{stderr}");
    assert!(stderr.starts_with("ready\n"), "{stderr}");
}

fn doctor(command: Option<Command>) -> Option<(Option<i32>, Value, String)> {
    let (code, stdout, stderr) = ended(command?.spawn().unwrap());
    Some((code, serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}")), stderr))
}

/// The state of each check of that name.
fn states<'a>(report: &'a Value, name: &str) -> Vec<&'a str> {
    let checks = report["host"]["checks"].as_array().unwrap().iter().filter(|check| check["name"] == name);
    checks.map(|check| check["state"].as_str().unwrap()).collect()
}

#[test]
fn the_doctor_tries_the_whole_way_where_capture_can_work() {
    if !may_capture() {
        return;
    }
    let Some((code, report, stderr)) = doctor(Some(sidetone(&["doctor", "--only", "host", "--json"]))) else { return };
    assert_eq!((code, &*stderr), (Some(0), ""), "{report}");
    assert_eq!((&report["ok"], states(&report, "CAP_BPF")), (&json!(true), vec!["good"]));
    assert_eq!(states(&report, "self-test"), ["good"], "{report}");
    assert!(report.get("signals").is_none(), "that is the part of exports");
    let out_of_reach = report["host"]["out_of_reach"].to_string();
    for name in ["Ollama", "vLLM", "llama.cpp", "QUIC", "kTLS", "Java"] {
        assert!(out_of_reach.contains(name), "{name}");
    }
}

#[test]
fn the_doctor_names_what_an_ordinary_user_lacks_and_what_to_do() {
    let command = unprivileged(sidetone(&["doctor", "--only", "host", "--json"]));
    let Some((code, report, stderr)) = doctor(command) else { return };
    assert_eq!((code, &report["ok"]), (Some(1), &json!(false)), "{report}");
    assert_eq!(states(&report, "CAP_BPF"), ["missing"], "{report}");
    assert!(states(&report, "self-test").is_empty(), "nothing is tried that can't work");
    assert!(stderr.contains("CAP_BPF") && stderr.contains("setcap") && stderr.lines().count() == 1, "{stderr}");
    // Exports need no privilege.
    let (code, _, stderr) = ended(unprivileged(sidetone(&["doctor", "--only", "export"])).unwrap().spawn().unwrap());
    assert_eq!(code, Some(0), "{stderr}");
}

#[test]
fn the_doctor_lists_what_is_recognised_in_a_process() {
    let own = std::process::id().to_string();
    let Some((code, report, _)) = doctor(Some(sidetone(&["doctor", "--json", "--pid", &own]))) else { return };
    assert_eq!(code, Some(0));
    let [process] = report["processes"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!(process["pid"].as_u64(), Some(u64::from(std::process::id())));
    assert_eq!(process["exe"].as_str(), std::env::current_exe().unwrap().to_str());
    let (code, _, stderr) = ended(sidetone(&["doctor", "--pid", "most"]).spawn().unwrap());
    assert_eq!(code, Some(2), "{stderr}");
}
