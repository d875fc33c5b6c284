//! What wears a capture down: processes that are killed, that live for milliseconds, that read much, that keep many connections. After
//! each, the agent holds as much as before.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use sidetone_host_tests::compare;
use sidetone_host_tests::leftovers::{self, Held};
use sidetone_host_tests::place::Place;
use sidetone_host_tests::watch::{Agent, Running, of, signal};
use sidetone_host_tests::{clients, event};
use sidetone_testkit::case::Case;
use sidetone_testkit::require;
use sidetone_testkit::server::{Answered, MockServerBuilder, Pieces};

const HTTP1: &[&str] = &["http/1.1"];
/// How long short-lived clients are started.
const STORM: Duration = Duration::from_secs(60);
/// What an allocator may keep of what was given back, in KiB.
const MEMORY_KEPT_KIB: u64 = 8 * 1024;
/// How long it may take until everything is given back.
const SETTLE: Duration = Duration::from_secs(20);
/// An agent that has held the same for so long is at rest.
const QUIET: Duration = Duration::from_secs(2);
/// What is remembered of a process that has ended, for a minute.
const REMEMBERED_KIB: u64 = 4;
const CONNECTIONS: usize = 1_000;
const BIG: usize = 64 << 20;
const PIECE: usize = 256 << 10;
const PIECE_DELAY: Duration = Duration::from_millis(4);

/// An agent sees the whole host, and so the other tests too: one at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an agent holds.
#[derive(Debug, PartialEq)]
struct Footprint {
    entries: Vec<(String, usize)>,
    links: usize,
    programs: usize,
    maps: usize,
    descriptors: usize,
}

impl Footprint {
    fn of(pid: u32) -> Option<Self> {
        let held = Held::by(pid)?;
        assert!(!held.links.is_empty() && !held.maps.is_empty(), "bpftool shows nothing of the agent: {held:?}");
        Some(Self {
            entries: held.entries(),
            links: held.links.len(),
            programs: held.programs.len(),
            maps: held.maps.len(),
            descriptors: leftovers::descriptors(pid),
        })
    }

    fn entries(&self) -> usize {
        self.entries.iter().map(|(_, count)| count).sum()
    }
}

/// What an agent holds when that no longer changes.
fn settled(pid: u32) -> Option<Footprint> {
    let deadline = Instant::now() + SETTLE;
    let mut before = Footprint::of(pid)?;
    loop {
        thread::sleep(QUIET);
        let now = Footprint::of(pid)?;
        if now == before {
            return Some(now);
        }
        assert!(Instant::now() < deadline, "it doesn't come to rest: {before:?}, then {now:?}");
        before = now;
    }
}

/// An agent that has captured one call of the client on libssl, so that everything that is made once is made, and what it holds then.
struct Agents {
    agent: Agent,
    before: Footprint,
    memory_kib: u64,
}

impl Agents {
    fn new(place: &Place) -> Option<Self> {
        let client = clients::c_openssl()?;
        // Only what this test starts: what else runs on the host has libraries and connections of its own.
        let mut agent = Agent::start(&["--pid", &std::process::id().to_string()]);
        let ip = place.address().ip().to_string();
        let first = Running::start(Command::new(client).args([&ip, "443", "1"]));
        let pid = first.pid();
        assert!(first.end().status.success());
        agent.wait_for(&[pid], 1);
        place.server.clear_answers();
        let before = settled(agent.running.pid())?;
        let memory_kib = leftovers::memory_kib(agent.running.pid());
        Some(Self { agent, before, memory_kib })
    }

    /// Waits until the agent holds what it held before.
    #[track_caller]
    fn holds_as_before(&self) {
        self.holds_as_before_but_for(0);
    }

    /// The same, but for so much memory.
    #[track_caller]
    fn holds_as_before_but_for(&self, kept_kib: u64) {
        let pid = self.agent.running.pid();
        let deadline = Instant::now() + SETTLE;
        loop {
            let now = Footprint::of(pid).unwrap();
            let memory_kib = leftovers::memory_kib(pid);
            let is_as_before = now == self.before;
            if is_as_before && memory_kib <= self.memory_kib + MEMORY_KEPT_KIB + kept_kib {
                eprintln!("memory: {} KiB before, {memory_kib} KiB after", self.memory_kib);
                return;
            }
            if Instant::now() > deadline {
                let (entries, said) = (leftovers::shown(&Held::by(pid).unwrap()), self.agent.running.stderr());
                let what = format!("this is process {}\n{entries}\n{said}", std::process::id());
                assert!(is_as_before, "{now:?}, and before {:?}; {what}", self.before);
                panic!("{} KiB of memory before, {memory_kib} KiB after", self.memory_kib);
            }
            thread::sleep(Duration::from_millis(200));
        }
    }
}

#[test]
fn a_process_that_is_killed_in_the_middle_of_a_call_leaves_one_call_and_nothing_else() {
    let _alone = alone();
    if require::tool("curl").is_none() {
        return;
    }
    let slow = Duration::from_millis(300);
    let Some(place) = Place::new("api.openai.com", HTTP1, |server| server.piece_delay(slow)) else { return };
    let Some(mut agents) = Agents::new(&place) else { return };
    let body = r#"{"model":"gpt-4o","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let url = "https://api.openai.com/v1/chat/completions";
    let mut curl = Running::start(place.command("curl").args(["--silent", "--no-buffer", "--data", body, url]));
    curl.wait_until("its first token", |curl| curl.stdout().contains(r#""content":"This"#));
    let pid = curl.pid();
    signal(pid, "KILL");
    assert!(!curl.end().status.success());
    let events = agents.agent.wait_for(&[pid], 1);
    agents.holds_as_before();
    assert_eq!(of(agents.agent.stop().events, &[pid]), events);
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event.outcome, "cancelled", "{}", event.response);
    assert_eq!((event.model.as_deref(), event.input_tokens), (Some("gpt-4o"), None));
    assert!(event.is_stream && event.time_to_first_token.is_some(), "{}", event.response);
}

#[test]
fn every_call_of_short_lived_clients_is_seen_once() {
    let _alone = alone();
    let Some(client) = clients::c_openssl() else { return };
    let Some(place) = Place::new("api.openai.com", HTTP1, |server| server.record_requests(false)) else { return };
    let Some(mut agents) = Agents::new(&place) else { return };
    let ip = place.address().ip().to_string();
    let is_over = AtomicBool::new(false);
    let begin = Instant::now();
    // As many at a time as keep the machine busy.
    let pids: Vec<u32> = thread::scope(|scope| {
        let each = || {
            let mut pids = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let mut command = Command::new(&client);
                command.args([&ip, "443", "1"]).stdin(Stdio::null()).stdout(Stdio::null());
                let mut process = command.spawn().unwrap();
                pids.push(process.id());
                assert!(process.wait().unwrap().success());
            }
            pids
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(each)).collect();
        thread::sleep(STORM);
        is_over.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let took = begin.elapsed();
    let rate = pids.len() as f64 / took.as_secs_f64();
    eprintln!("{} clients in {:.0} s: {rate:.0} a second", pids.len(), took.as_secs_f64());
    agents.agent.wait_for(&pids, pids.len());
    // Processes are remembered for a minute.
    agents.holds_as_before_but_for(pids.len() as u64 * REMEMBERED_KIB);
    let events = of(agents.agent.stop().events, &pids);
    let answers = place.server.answers();
    assert_eq!(answers.len(), pids.len());
    compare::one_to_one(&events, &answers);
}

/// Has curl make a call, and gives what was seen of it and what the server answered.
fn one_call(agents: &mut Agents, place: &Place, body: &str) -> (event::Event, Answered) {
    place.server.clear_answers();
    let script = r#"exec curl --silent --fail --output /dev/null -H "x-test-pid: $$" -d "$0" \
        https://api.openai.com/v1/chat/completions"#;
    let curl = Running::start(place.command("sh").args(["-c", script, body]));
    let pid = curl.pid();
    assert!(curl.end().status.success());
    let mut events = agents.agent.wait_for(&[pid], 1);
    assert_eq!(events.len(), 1);
    (events.remove(0), place.server.answers().remove(0))
}

#[test]
fn a_response_of_64_mib_is_one_call() {
    let _alone = alone();
    if require::tool("curl").is_none() {
        return;
    }
    // As fast as a fast network, not as fast as memory: there nobody could promise to see all.
    let paced = |server: MockServerBuilder| server.pieces(Pieces::Bytes(PIECE)).piece_delay(PIECE_DELAY);
    let Some(place) = Place::new("api.openai.com", HTTP1, paced) else { return };
    let Some(mut agents) = Agents::new(&place) else { return };
    let missing = |event: &event::Event| event.response["data"]["missing"].clone();

    // Of a stream each event is read and let go of, so its size is no matter.
    let mut case = Case::embedded("chat_stream_usage").unwrap();
    let text = String::from_utf8(case.response.to_vec()).unwrap();
    let event = text.split_inclusive("\n\n").nth(1).unwrap();
    let long = event.replace("This ", &"sixteen letters ".repeat(4096));
    case.set_response(text.replacen(event, &long.repeat(BIG / long.len() + 1), 1));
    place.server.change(|server| server.answer_with(case));
    let body = r#"{"model":"gpt-4o-mini","messages":[],"stream":true,"stream_options":{"include_usage":true}}"#;
    let (event, answer) = one_call(&mut agents, &place, body);
    assert!(answer.response.bytes > BIG as u64);
    assert_eq!(event.response["data"]["response"]["body_bytes"], answer.response.bytes, "{}", event.response);
    assert_eq!((event.outcome.as_str(), event.is_complete), ("completed", true), "{}", event.response);
    assert_eq!((event.input_tokens, event.output_tokens), (answer.input_tokens, answer.output_tokens));
    assert!(event.input_tokens.is_some());
    agents.holds_as_before();

    // A single document is beyond what is read of one: it says so, to the byte, and doesn't guess.
    let mut case = Case::embedded("chat_basic").unwrap();
    let text = String::from_utf8(case.response.to_vec()).unwrap();
    assert!(text.contains("This is a test."));
    case.set_response(text.replace("This is a test.", &"sixteen letters ".repeat(BIG / 16)));
    place.server.change(|server| server.answer_with(case));
    let (event, answer) = one_call(&mut agents, &place, r#"{"model":"gpt-4o-mini","messages":[]}"#);
    assert!(answer.response.bytes > BIG as u64);
    assert_eq!(event.response["data"]["response"]["body_bytes"], answer.response.bytes, "{}", event.response);
    assert_eq!((event.outcome.as_str(), event.is_complete), ("completed", false), "{}", event.response);
    assert_eq!(missing(&event)["over_limit_bytes"], answer.response.bytes);
    assert_eq!((missing(&event)["bytes"].as_u64(), event.input_tokens), (Some(0), None));
    agents.holds_as_before();
    assert!(agents.agent.stop().ended.status.success());
}

#[test]
fn a_thousand_idle_connections_are_held_and_given_back() {
    let _alone = alone();
    let Some(idle) = clients::c_idle() else { return };
    let Some(place) = Place::new("api.openai.com", HTTP1, |server| server) else { return };
    let Some(mut agents) = Agents::new(&place) else { return };
    let ip = place.address().ip().to_string();
    // Each connection is freed, and then the process ends with all of them.
    for last_word in ["free", "drop", "free"] {
        place.server.clear_answers();
        let mut client = Running::start(Command::new(&idle).args([&ip, "443", &CONNECTIONS.to_string()]));
        client.wait_until("its connections", |client| client.stdout().contains("connections"));
        let pid = client.pid();
        let events = agents.agent.wait_for(&[pid], CONNECTIONS);
        compare::one_to_one(&events, &place.server.answers());
        let during = Footprint::of(agents.agent.running.pid()).unwrap();
        assert!(during.entries() >= agents.before.entries() + CONNECTIONS, "{during:?} {:?}", agents.before);
        client.tell(last_word);
        assert!(client.end().status.success());
        agents.holds_as_before();
    }
    let seen = agents.agent.stop();
    let calls: Vec<&event::Event> = seen.events.iter().filter(|event| event.server == "api.openai.com").collect();
    assert!(calls.len() >= 3 * CONNECTIONS);
}
