//! The assembler, by records as the kernel side makes them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sidetone_core::connection::Listener;
use sidetone_core::event::{Call, Outcome, Process, Side, SpanId, TraceId};
use sidetone_pipeline::{Counters, Finished, Reason, Sink};

use super::assembler::{Assembler, Host};
use crate::kernel::{Close, Comm, Direction, Record, RecordHeader, RecordKind};
use crate::listen::{Listeners, Origin, Passed};
use crate::options::Options;

const PID: u32 = 4_000;

#[derive(Default)]
struct Fake {
    ignored: Vec<u64>,
    instrumented: HashSet<u32>,
    excluded: HashSet<u32>,
}

impl Host for Fake {
    fn ignore(&mut self, _: u32, _: u64, conn: u64) {
        self.ignored.push(conn);
    }
    fn admits(&mut self, header: &RecordHeader) -> bool {
        !self.excluded.contains(&header.pid)
    }
    fn process(&mut self, header: &RecordHeader) -> Arc<Process> {
        // Who had that id is a matter of time.
        let name = if header.end_ns < 1_000_000_000 { "before" } else { "after" };
        Arc::new(Process { pid: Some(header.pid), name: Some(name.into()), ..Process::default() })
    }
    fn is_instrumented(&mut self, pid: u32, _: &Process) -> bool {
        self.instrumented.contains(&pid)
    }
    fn handle_announcing(&mut self, pid: u32) {
        self.instrumented.insert(pid);
    }
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Call>>>);

impl Sink for Kept {
    fn name(&self) -> &'static str {
        "kept"
    }
    fn call(&mut self, finished: &mut Finished) {
        self.0.lock().unwrap().push(finished.call.clone());
    }
}

#[derive(Default)]
struct Ended(Mutex<HashMap<u64, Passed>>);

impl Listeners for Ended {
    fn listen(&self, _: &Origin) -> Option<Box<dyn Listener>> {
        None
    }
    fn ended(&self, origin: &Origin, passed: &Passed) {
        self.0.lock().unwrap().insert(origin.connection, *passed);
    }
}

/// Connections as processes and the kernel side make them.
struct World {
    assembler: Assembler<Fake>,
    counters: Arc<Counters>,
    kept: Kept,
    ended: Arc<Ended>,
    now: Duration,
    /// Bytes that went by: by connection, read and written.
    offsets: HashMap<u64, [u64; 2]>,
    pids: HashMap<u64, u32>,
}

impl World {
    fn new(options: Options) -> Self {
        let (counters, kept, ended) = (Arc::<Counters>::default(), Kept::default(), Arc::<Ended>::default());
        let options = Options { listeners: Some(ended.clone()), ..options };
        let sinks: Vec<Box<dyn Sink>> = vec![Box::new(kept.clone())];
        let assembler = Assembler::new(Fake::default(), &options, SystemTime::UNIX_EPOCH, sinks, Arc::clone(&counters));
        let now = Duration::from_millis(500);
        Self { assembler, counters, kept, ended, now, offsets: HashMap::new(), pids: HashMap::new() }
    }

    /// The connection belongs to that process.
    fn of(&mut self, conn: u64, pid: u32) -> u64 {
        self.pids.insert(conn, pid);
        conn
    }

    fn record(&mut self, conn: u64, kind: RecordKind, direction: Direction, offset: u64, payload: &[u8]) -> Record {
        self.now += Duration::from_micros(10);
        let at = u64::try_from(self.now.as_nanos()).unwrap();
        let header = RecordHeader {
            kind,
            direction,
            runtime: 0,
            from_start: true,
            is_first: false,
            start_ns: at - 5_000,
            end_ns: at,
            conn,
            address: 0xa000 + conn % 2,
            offset,
            call_bytes: payload.len() as u64,
            pid: self.pids.get(&conn).copied().unwrap_or(PID),
            tid: PID,
            uid: 0,
            cgroup: 1,
            comm: Comm(*b"python3\0\0\0\0\0\0\0\0\0"),
        };
        Record { header, payload: Bytes::copy_from_slice(payload) }
    }

    /// Bytes go by; the record of them is for the caller to deliver, or to lose.
    fn bytes(&mut self, conn: u64, direction: Direction, bytes: &[u8]) -> Record {
        let way = usize::from(direction == Direction::Write);
        let passed = &mut self.offsets.entry(conn).or_default()[way];
        let offset = *passed;
        *passed += bytes.len() as u64;
        self.record(conn, RecordKind::Data, direction, offset, bytes)
    }

    fn deliver(&mut self, record: Record) {
        self.assembler.handle_record(record, self.now);
    }

    fn write(&mut self, conn: u64, bytes: &[u8]) {
        let record = self.bytes(conn, Direction::Write, bytes);
        self.deliver(record);
    }

    fn read(&mut self, conn: u64, bytes: &[u8]) {
        let record = self.bytes(conn, Direction::Read, bytes);
        self.deliver(record);
    }

    fn name(&mut self, conn: u64, name: &str) {
        let record = self.record(conn, RecordKind::Name, Direction::Read, 0, name.as_bytes());
        self.deliver(record);
    }

    fn close(&mut self, conn: u64) {
        let [read, written] = self.offsets.get(&conn).copied().unwrap_or_default();
        let kind = RecordKind::Close { read, written, how: Close::Freed, has_ended: false };
        let record = self.record(conn, kind, Direction::Read, 0, b"");
        self.deliver(record);
    }

    /// A client's exchange, whole.
    fn ask(&mut self, conn: u64, id: &str) {
        self.write(conn, &request("api.openai.com", "hi"));
        self.read(conn, &response(id));
        self.pass(Duration::from_millis(10));
    }

    /// A server's exchange, whole.
    fn serve(&mut self, conn: u64, id: &str) {
        self.read(conn, &request("api.openai.com", "hi"));
        self.write(conn, &response(id));
        self.pass(Duration::from_millis(10));
    }

    fn announce(&mut self, pid: u32, response_id: &str) {
        let mut payload = [[3_u8; 16].as_slice(), &[4; 8], &0_u64.to_ne_bytes(), response_id.as_bytes()].concat();
        payload.resize(288, 0);
        let conn = self.of(0, pid);
        let record = self.record(conn, RecordKind::Announce, Direction::Read, 0, &payload);
        self.deliver(record);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.assembler.handle_time(self.now);
    }

    fn finish(&mut self) -> Vec<Call> {
        self.assembler.finish(self.now);
        self.calls()
    }

    fn calls(&self) -> Vec<Call> {
        self.kept.0.lock().unwrap().clone()
    }

    fn ids(&self) -> Vec<Option<String>> {
        self.calls().iter().map(|call| call.response.id.as_deref().map(str::to_owned)).collect()
    }
}

fn request(host: &str, text: &str) -> Vec<u8> {
    let body = format!(r#"{{"model":"gpt-4o-mini","messages":[{{"role":"user","content":"{text}"}}]}}"#);
    let length = body.len();
    format!("POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn response(id: &str) -> Vec<u8> {
    let body = format!(
        r#"{{"id":"{id}","object":"chat.completion","created":1,"model":"gpt-4o-mini-2024-07-18","choices":[{{"index":0,"message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],"usage":{{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}}}"#,
        "y".repeat(300)
    );
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

fn some(id: &str) -> Option<String> {
    Some(id.to_owned())
}

#[test]
fn a_call_names_its_process_and_has_ids_of_its_own() {
    let mut world = World::new(Options::default());
    for byte in request("api.openai.com", "hi").chunks(7) {
        world.write(1, byte);
    }
    for byte in response("a").chunks(11) {
        world.read(1, byte);
    }
    world.close(1);
    let calls = world.finish();
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    assert_eq!(call.outcome, Outcome::Completed);
    assert_eq!((call.usage.input, call.usage.output), (Some(3), Some(2)));
    assert_eq!(&*call.server.address, "api.openai.com");
    assert_eq!(call.process.as_ref().unwrap().pid, Some(PID));
    assert_eq!(call.side, Side::Client);
    let span = call.span.unwrap();
    assert!(span.trace_id != TraceId([0; 16]) && span.span_id != SpanId([0; 8]));
    assert!(!call.is_announced && call.parent.is_none());
}

#[test]
fn a_traceparent_on_the_wire_is_the_parent() {
    let mut world = World::new(Options::default());
    let asked = String::from_utf8(request("api.openai.com", "hi")).unwrap();
    let field = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ncontent-type";
    world.write(1, asked.replace("content-type", field).as_bytes());
    world.read(1, &response("a"));
    let call = world.finish().remove(0);
    let parent = call.parent.unwrap();
    assert_eq!(parent.span_id.0, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert_eq!(call.span.unwrap().trace_id, parent.trace_id);
    assert_ne!(call.span.unwrap().span_id, parent.span_id);
}

#[test]
fn records_that_overtake_each_other_are_put_into_order() {
    let mut world = World::new(Options::default());
    let asked = request("api.openai.com", "hi");
    let first = world.bytes(1, Direction::Write, &asked[..50]);
    let second = world.bytes(1, Direction::Write, &asked[50..]);
    let answer = world.bytes(1, Direction::Read, &response("a"));
    for record in [answer, second, first] {
        world.deliver(record);
    }
    world.pass(Duration::from_millis(10));
    assert_eq!(world.ids(), [some("a")]);
    assert_eq!(world.calls()[0].outcome, Outcome::Completed);
}

#[test]
fn a_gap_ends_only_its_own_call_and_tells_how_many_bytes_are_missing() {
    let mut world = World::new(Options::default());
    world.ask(1, "a");
    world.write(1, &request("api.openai.com", "hi"));
    let answer = response("b");
    world.read(1, &answer[..200]);
    let _lost = world.bytes(1, Direction::Read, &answer[200..300]);
    world.read(1, &answer[300..]);
    world.pass(Duration::from_millis(10));
    world.ask(1, "c");
    world.close(1);
    let calls = world.finish();
    assert_eq!(calls.len(), 3);
    assert_eq!((&calls[0].outcome, &calls[2].outcome), (&Outcome::Completed, &Outcome::Completed));
    assert_eq!(calls[1].outcome, Outcome::Incomplete);
    assert_eq!(calls[1].incomplete.missing.as_ref().unwrap().bytes(), 100);
    assert_eq!(world.ended.0.lock().unwrap()[&1].missing_read, 100);
}

#[test]
fn a_lost_end_is_known_by_the_final_offsets() {
    let mut world = World::new(Options::default());
    world.write(1, &request("api.openai.com", "hi"));
    let answer = response("a");
    world.read(1, &answer[..200]);
    let _lost = world.bytes(1, Direction::Read, &answer[200..]);
    world.close(1);
    let calls = world.finish();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].outcome, Outcome::Incomplete);
    assert_eq!(calls[0].incomplete.missing.as_ref().unwrap().bytes(), answer.len() as u64 - 200);
    let tally = world.assembler.tally();
    assert_eq!((tally.lost.len(), tally.lost[0].read, tally.lost[0].written), (1, answer.len() as u64 - 200, 0));
}

#[test]
fn a_connection_of_which_only_the_close_came_is_accounted_for() {
    let mut world = World::new(Options::default());
    let _lost = world.bytes(9, Direction::Write, &[0; 1_000]);
    world.close(9);
    assert_eq!(world.finish(), []);
    let expected = Passed { missing_written: 1_000, ..Passed::default() };
    assert_eq!(world.ended.0.lock().unwrap()[&9], expected);
    assert_eq!(world.assembler.connections(), 0);
}

#[test]
fn two_processes_of_one_id_are_told_apart_by_time() {
    let mut world = World::new(Options::default());
    world.ask(1, "a");
    world.close(1);
    world.pass(Duration::from_secs(10));
    world.ask(3, "b");
    let names: Vec<_> =
        world.finish().iter().map(|call| call.process.as_ref().unwrap().name.clone().unwrap()).collect();
    assert_eq!(names, ["before".into(), "after".into()]);
}

#[test]
fn a_connection_at_the_address_of_an_ignored_one_is_captured() {
    let options = Options { deny: vec!["denied.example".parse().unwrap()], ..Options::default() };
    let mut world = World::new(options);
    world.name(1, "denied.example");
    world.ask(1, "a");
    world.close(1);
    world.name(3, "api.openai.com"); // 3 has the address of 1
    world.ask(3, "b");
    assert_eq!(world.assembler.host.ignored, [1]);
    assert_eq!(world.ids(), [some("b")]);
    let bytes = request("api.openai.com", "hi").len() + response("a").len();
    assert_eq!(world.counters.items(Reason::CaptureIgnoredHost), 1);
    assert_eq!(world.counters.bytes(Reason::CaptureIgnoredHost), bytes as u64);
}

#[test]
fn a_host_that_only_the_request_names_is_excluded_too() {
    let options = Options { allow: vec!["*.openai.com".parse().unwrap()], ..Options::default() };
    let mut world = World::new(options);
    world.write(1, &request("gateway.example", "hi"));
    world.read(1, &response("a"));
    world.pass(Duration::from_millis(10));
    world.ask(1, "b");
    assert_eq!(world.ids(), [some("b")]);
    assert_eq!(world.counters.items(Reason::CallHost), 1);
}

#[test]
fn a_connection_that_carries_no_http_is_ignored_and_its_bytes_are_counted() {
    let mut world = World::new(Options::default());
    world.write(1, b"\x00\x00\x00\x08\x04\xd2\x16\x2f and a database's words");
    world.read(1, b"\x52\x00\x00\x00\x08 and its answer, which is no HTTP either");
    world.pass(Duration::from_millis(10));
    assert_eq!(world.assembler.host.ignored, [1]);
    world.write(1, &[7; 5_000]);
    world.close(1);
    assert_eq!(world.finish(), []);
    assert_eq!(world.counters.bytes(Reason::CaptureIgnoredNotHttp), 5_000);
    assert_eq!(world.assembler.tally().lost.len(), 0);
}

#[test]
fn a_connection_is_never_ignored_because_its_first_exchanges_were_no_calls() {
    let mut world = World::new(Options::default());
    for _ in 0..3 {
        world.write(1, b"GET /health HTTP/1.1\r\nhost: api.openai.com\r\n\r\n");
        world.read(1, b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
        world.pass(Duration::from_millis(10));
    }
    world.ask(1, "a");
    assert_eq!(world.ids(), [some("a")]);
    assert!(world.assembler.host.ignored.is_empty());
}

#[test]
fn a_process_that_the_filter_keeps_out_is_not_heard() {
    let mut world = World::new(Options::default());
    world.assembler.host.excluded.insert(77);
    world.of(1, 77);
    world.ask(1, "a");
    world.ask(2, "b");
    assert_eq!(world.ids(), [some("b")]);
    assert_eq!(world.assembler.host.ignored, [1]);
}

#[test]
fn above_the_limit_of_memory_whole_calls_are_dropped_heaviest_first_and_counted() {
    let mut world = World::new(Options { max_memory: 100_000, ..Options::default() });
    let heavy = request("api.openai.com", &"x".repeat(90_000));
    world.write(1, &heavy[..60_000]);
    world.write(2, &request("api.openai.com", &"x".repeat(90_000))[..50_000]);
    world.pass(Duration::from_millis(10));
    assert!(world.assembler.held_bytes() <= 100_000, "{}", world.assembler.held_bytes());
    assert_eq!(world.counters.items(Reason::CallMemory), 1);
    assert!(world.counters.bytes(Reason::CallMemory) >= 60_000);
    // The other one is whole, and so is the next on the connection that was dropped from.
    let rest = request("api.openai.com", &"x".repeat(90_000));
    world.write(2, &rest[50_000..]);
    world.read(2, &response("b"));
    world.write(1, &heavy[60_000..]);
    world.read(1, &response("a"));
    world.pass(Duration::from_millis(10));
    world.ask(1, "c");
    let calls = world.finish();
    assert_eq!(world.ids(), [some("b"), some("c")]);
    assert!(calls.iter().all(|call| call.outcome == Outcome::Completed));
    assert_eq!(world.assembler.held_bytes(), 0);
}

#[test]
fn idle_connections_hold_nothing_of_what_they_said() {
    let mut world = World::new(Options::default());
    for conn in 1..=1_000 {
        world.ask(conn, "a");
    }
    assert_eq!(world.assembler.connections(), 1_000);
    assert_eq!(world.assembler.held_bytes(), 0);
    for conn in 1..=1_000 {
        world.close(conn);
    }
    assert_eq!((world.assembler.connections(), world.calls().len()), (0, 1_000));
}

#[test]
fn a_served_exchange_is_told_only_when_asked_for_and_marked() {
    let mut world = World::new(Options::default());
    world.serve(1, "a");
    assert_eq!(world.finish(), []);
    assert_eq!(world.counters.items(Reason::CallServed), 1);
    let mut world = World::new(Options { server_side: true, ..Options::default() });
    world.serve(1, "a");
    let calls = world.finish();
    assert_eq!((calls.len(), calls[0].side), (1, Side::Server));
}

#[test]
fn of_an_exchange_that_nobody_asks_for_nothing_is_held() {
    let mut world = World::new(Options::default());
    let asked = request("api.openai.com", &"x".repeat(90_000));
    for piece in asked.chunks(16_000) {
        world.read(1, piece);
        world.pass(Duration::from_millis(10));
        assert!(world.assembler.held_bytes() < 1_000, "{}", world.assembler.held_bytes());
    }
    world.write(1, &response("a"));
    world.pass(Duration::from_millis(10));
    world.ask(2, "b");
    assert_eq!(world.ids(), [some("b")]);
    assert_eq!(world.counters.items(Reason::CallServed), 1);
}

#[test]
fn an_exchange_seen_at_both_ends_is_one_call_of_the_client() {
    for server_side in [false, true] {
        let mut world = World::new(Options { server_side, ..Options::default() });
        let (client, server) = (world.of(1, 11), world.of(2, 22));
        let (asked, answer) = (request("api.openai.com", "hi"), response("a"));
        world.write(client, &asked);
        world.read(server, &asked);
        world.write(server, &answer);
        world.read(client, &answer);
        world.pass(Duration::from_secs(2));
        let calls = world.finish();
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].side, calls[0].process.as_ref().unwrap().pid), (Side::Client, Some(11)));
    }
}

#[test]
fn a_gateways_onward_call_is_a_call_of_its_own() {
    let mut world = World::new(Options { server_side: true, ..Options::default() });
    let (application, gateway, onward) = (world.of(1, 11), world.of(2, 22), world.of(3, 22));
    let (asked, answer) = (request("gateway.example", "hi"), response("a"));
    world.write(application, &asked);
    world.read(gateway, &asked);
    world.write(onward, &request("api.openai.com", "hi"));
    world.read(onward, &answer);
    world.write(gateway, &answer);
    world.read(application, &answer);
    world.pass(Duration::from_secs(2));
    let calls = world.finish();
    let mut who: Vec<_> =
        calls.iter().map(|call| (call.process.as_ref().unwrap().pid, &*call.server.address, call.side)).collect();
    who.sort_by_key(|(pid, ..)| *pid);
    assert_eq!(who, [(Some(11), "gateway.example", Side::Client), (Some(22), "api.openai.com", Side::Client)]);
}

#[test]
fn the_call_of_an_instrumented_process_is_told_once_with_its_own_ids() {
    let mut world = World::new(Options::default());
    world.assembler.host.instrumented.insert(PID);
    world.ask(1, "a");
    assert!(world.ids().is_empty(), "held back");
    world.announce(PID, "a");
    let calls = world.calls();
    assert_eq!(calls.len(), 1);
    assert!(calls[0].is_announced);
    assert_eq!(calls[0].span.unwrap().trace_id, TraceId([3; 16]));
    world.pass(Duration::from_secs(60));
    assert_eq!(world.finish().len(), 1);
}

#[test]
fn without_an_announcement_the_captures_own_account_is_told_after_the_hold() {
    let mut world = World::new(Options::default());
    world.assembler.host.instrumented.insert(PID);
    world.ask(1, "a");
    world.pass(Duration::from_millis(4_900));
    assert!(world.ids().is_empty());
    world.pass(Duration::from_millis(200));
    assert_eq!(world.ids(), [some("a")]);
    assert!(!world.calls()[0].is_announced);
}

#[test]
fn what_is_under_way_at_the_end_is_told_as_it_is() {
    let mut world = World::new(Options::default());
    world.write(1, &request("api.openai.com", "hi"));
    world.assembler.host.instrumented.insert(12);
    world.of(2, 12);
    world.ask(2, "held");
    let calls = world.finish();
    assert_eq!(calls.len(), 2);
    assert!(calls.iter().any(|call| call.outcome == Outcome::Unobserved && call.response.id.is_none()));
    assert_eq!((world.assembler.connections(), world.assembler.held_bytes()), (0, 0));
}

#[test]
fn calls_are_dropped_whole_and_counted_while_shedding_and_told_again_after() {
    let mut world = World::new(Options::default());
    world.assembler.set_shedding(true);
    world.ask(1, "a");
    world.ask(2, "b");
    world.write(3, &request("api.openai.com", "hi"));
    world.pass(Duration::from_millis(10));
    world.assembler.set_shedding(false);
    // Its request went by while calls were shed: it isn't told by halves.
    world.read(3, &response("c"));
    world.pass(Duration::from_millis(10));
    world.ask(1, "d");
    assert_eq!(world.ids(), [some("d")]);
    assert_eq!(world.counters.items(Reason::CallCpu), 3);
}
