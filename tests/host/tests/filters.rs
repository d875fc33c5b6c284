//! What `sidetone agent` is told to leave out: by host, by process, by control group, and what is told on request only.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sidetone_host_tests::chat;
use sidetone_host_tests::event::Event;
use sidetone_host_tests::place::Place;
use sidetone_host_tests::watch::{Agent, Running, succeed};
use sidetone_testkit::case::Case;
use sidetone_testkit::require;

/// An answer that needs more than 1 MiB.
const BIG: usize = 4 << 20;

/// Names of the server, and what an agent is to see of calls to them.
const NAMES: [&str; 3] = ["kept.test", "sub.kept.test", "denied.kept.test"];

/// The client, under a name of its own.
fn named(curl: &Path, folder: &Path, name: &str) -> PathBuf {
    let copy = folder.join(name);
    fs::copy(curl, &copy).unwrap();
    copy
}

/// A call to each of the server's names.
fn calls(place: &Place) -> Vec<String> {
    let address = place.address();
    let mut arguments = ["--silent", "--insecure", "--json"].map(str::to_owned).to_vec();
    arguments.push(chat("plain").to_string());
    for name in NAMES {
        arguments.push("--resolve".to_owned());
        arguments.push(format!("{name}:{}:{}", address.port(), address.ip()));
        arguments.push(format!("https://{name}/v1/chat/completions"));
    }
    arguments
}

/// The hosts that an agent saw calls to, sorted.
fn hosts(events: &[Event]) -> Vec<&str> {
    let mut hosts: Vec<&str> = events.iter().map(|event| event.server.as_str()).collect();
    hosts.sort_unstable();
    hosts
}

/// One test at a time: an agent sees what the other's clients do.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program of which an agent is to tell nothing, or all.
fn one_call(place: &Place) -> u32 {
    let arguments = ["--silent", "--fail", "--output", "/dev/null", "--data", &chat("plain").to_string()];
    let curl =
        Running::start(place.command("curl").args(arguments).arg(format!("{}/chat/completions", place.base_url())));
    let pid = curl.pid();
    assert!(curl.end().status.success());
    pid
}

const CALLS_OVER_LIMIT: usize = 10;

#[test]
fn above_a_limit_of_processor_time_calls_are_left_out_and_counted() {
    let _alone = alone();
    if require::tool("curl").is_none() {
        return;
    }
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], |server| server) else { return };
    // Less than looking at an empty ring takes.
    let mut agent = Agent::start(&["--max-cpu", "0.0001", "--pid", &std::process::id().to_string()]);
    agent.running.wait_until("it is too much", |agent| agent.stderr().contains("calls are left out"));
    // What it takes is looked at each second: now and then a second may be quiet.
    let calls: Vec<u32> = (0..CALLS_OVER_LIMIT).map(|_| one_call(&place)).collect();
    let seen = agent.stop();
    let told = seen.events.iter().filter(|event| event.pid.is_some_and(|pid| calls.contains(&pid))).count();
    let said = &seen.ended.stderr;
    let left_out = said.split(" left out by a limit").next().and_then(|before| before.rsplit(' ').next());
    let left_out: usize = left_out.and_then(|count| count.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(left_out > 0 && left_out + told == CALLS_OVER_LIMIT, "{told} told, {said}");
}

#[test]
fn a_call_that_takes_more_than_the_limit_of_memory_is_left_out_and_counted() {
    let _alone = alone();
    if require::tool("curl").is_none() {
        return;
    }
    let mut case = Case::embedded("chat_basic").unwrap();
    let text = String::from_utf8(case.response.to_vec()).unwrap();
    case.set_response(text.replace("This is a test.", &"sixteen letters ".repeat(BIG / 16)));
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], |server| server.answer_with(case)) else { return };
    let mut agent = Agent::start(&["--max-memory", "1", "--pid", &std::process::id().to_string()]);
    let big = one_call(&place);
    let basic = Case::embedded("chat_basic").unwrap();
    place.server.change(|server| server.answer_with(basic));
    let small = one_call(&place);
    agent.wait_for(&[small], 1);
    let seen = agent.stop();
    assert!(seen.events.iter().all(|event| event.pid != Some(big)), "{:?}", seen.events);
    assert!(seen.ended.stderr.contains("1 left out by a limit"), "{}", seen.ended.stderr);
}

/// A control group of the test's own, where it may make one.
struct Group(PathBuf);

impl Group {
    fn new() -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let at = |kind: &str| {
            let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some(kind))?;
            line.split(' ').nth(1).map(PathBuf::from)
        };
        let made = [at("cgroup2"), at("cgroup")].into_iter().flatten().find_map(|mount| {
            let group = mount.join(format!("sidetone-test-{}", std::process::id()));
            fs::create_dir(&group).ok().map(|()| Self(group))
        });
        require::some("a control group that may be made", made)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn calls_are_told_by_host_process_tree_name_and_control_group() {
    let _alone = alone();
    let Some(curl) = require::tool("curl") else { return };
    let Some(place) = Place::new(NAMES[0], &["http/1.1"], |server| server) else { return };
    let Some(group) = Group::new() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (named(&curl, folder.path(), "client-here"), named(&curl, folder.path(), "client-there"));
    // A process that was there before, and what it starts later.
    let mut shell = Running::start(
        Command::new("sh").args(["-c", "read line; \"$@\"; read line", "sh"]).arg(&here).args(calls(&place)),
    );
    let pid = shell.pid().to_string();
    let in_group = group.0.join("cgroup.procs");
    let agents = [
        ("allow", vec!["--allow", "kept.test"]),
        ("suffix", vec!["--allow", "*.kept.test", "--deny", "denied.kept.test"]),
        ("pid", vec!["--pid", &pid]),
        ("process", vec!["--process", "client-there"]),
        ("cgroup", vec!["--cgroup", group.0.to_str().unwrap()]),
    ];
    let agents = agents.map(|(name, arguments)| (name, Agent::start(&arguments)));
    // By the shell; by name; in the group, under a name that nobody asks for.
    shell.tell("go");
    shell.wait_until("its client has called", |_| place.server.answers().len() == 3);
    assert!(Running::start(Command::new(&there).args(calls(&place))).end().status.success());
    let enter = format!("echo $$ > {} && exec \"$@\"", in_group.display());
    let mut elsewhere = Command::new("sh");
    elsewhere.args(["-c", &enter, "sh"]).arg(&here).args(calls(&place));
    assert!(Running::start(&elsewhere).end().status.success());
    assert_eq!(place.server.answers().len(), 9);

    let expected = [
        ("allow", vec![NAMES[0]; 3]),
        ("suffix", vec![NAMES[1]; 3]),
        ("pid", vec![NAMES[2], NAMES[0], NAMES[1]]),
        ("process", vec![NAMES[2], NAMES[0], NAMES[1]]),
        ("cgroup", vec![NAMES[2], NAMES[0], NAMES[1]]),
    ];
    let seen = agents.map(|(name, agent)| (name, agent.stop()));
    let told: Vec<_> = seen.iter().map(|(name, seen)| (*name, hosts(&seen.events))).collect();
    assert_eq!(told, expected, "{seen:#?}");
    let is_of = |index: usize, program: &PathBuf| {
        seen[index].1.events.iter().all(|event| event.exe.as_deref() == program.to_str())
    };
    assert!(is_of(2, &here) && is_of(3, &there) && is_of(4, &here));
    shell.tell("end");
    assert!(shell.end().status.success());
}

/// A server on OpenSSL that gives each chat the same answer, and says at which port it listens.
const SERVER: &str = r#"
import json, ssl, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Chat(BaseHTTPRequestHandler):
    def do_POST(self):
        model = json.loads(self.rfile.read(int(self.headers["content-length"])))["model"]
        message = {"role": "assistant", "content": "Hi"}
        usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
        answer = {"id": "served-1", "object": "chat.completion", "model": model, "usage": usage,
                  "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", 0), Chat)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"#;

#[test]
fn a_served_call_alone_is_told_on_request_only_and_marked() {
    let _alone = alone();
    let (Some(curl), Some(python)) = (require::tool("curl"), require::tool("python3")) else { return };
    let Some(openssl) = require::tool("openssl") else { return };
    if !require::or_skip("root", fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = ["served.pem", "served.key"].map(|name| folder.path().join(name));
    let mut request = Command::new(openssl);
    request.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    succeed(request.args(["-subj", "/CN=served.test", "-keyout"]).arg(&key).arg("-out").arg(&certificate));
    let mut server = Running::start(Command::new(python).args(["-c", SERVER]).args([&certificate, &key]));
    server.wait_until("it listens", |server| server.stdout().ends_with('\n'));
    let url = format!("https://127.0.0.1:{}/v1/chat/completions", server.stdout().trim());
    let pid = server.pid().to_string();
    // The client is outside of what is captured: only the server's side is let in.
    let [silent, mut telling] = [&["--pid", &pid][..], &["--pid", &pid, "--server-side"]].map(Agent::start);
    let body = chat("plain").to_string();
    for _ in 0..3 {
        succeed(Command::new(&curl).args(["--silent", "--insecure", "--json", &body, &url]));
    }
    telling.wait_for(&[server.pid()], 3);
    let (silent, telling) = (silent.stop(), telling.stop());
    assert!(silent.events.is_empty(), "{:?}", silent.events);
    assert_eq!(telling.events.len(), 3);
    for event in &telling.events {
        assert_eq!((&event.response["data"]["side"], event.pid), (&"server".into(), Some(server.pid())));
        assert_eq!((event.id.as_deref(), event.model.as_deref()), (Some("served-1"), Some("gpt-4o")));
        assert_eq!((event.input_tokens, event.output_tokens, event.is_complete), (Some(11), Some(3), true));
    }
}
