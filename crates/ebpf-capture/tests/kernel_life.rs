//! Where a connection begins and ends: addresses that are used again, forks, execs, deaths, verdicts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod kernel_side;

use kernel_side::{Connection, Listening, Program, bytes, connections, libssl, only_watched, program};
use sidetone_ebpf_capture::kernel::{Close, LoadOptions, Record, RecordKind};
use sidetone_ebpf_capture::probe::{Cookie, Probe, Program as Place};

fn of(records: &[Record], pid: u32, address: u64) -> Vec<(u64, Connection)> {
    let mut found: Vec<_> =
        connections(records).into_iter().filter(|(_, it)| (it.pid, it.address) == (pid, address)).collect();
    found.sort_by_key(|(conn, _)| *conn);
    found
}

fn start() -> Option<(Listening, Program, sidetone_ebpf_capture::kernel::Attachment)> {
    let path = program()?;
    let listening = Listening::start(&only_watched())?;
    let attachment = listening.attach(&libssl(path));
    let program = listening.program(path);
    Some((listening, program, attachment))
}

#[test]
fn an_address_that_is_used_again_is_another_connection() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let first = program.open(0, "first.test");
    program.tell("send 0 100 1 1");
    program.tell("free 0");
    let second = program.open(0, "second.test");
    assert_eq!(first, second, "the allocator gives the same memory again");
    program.tell("send 0 50 2 1");
    program.tell("free 0");
    let records = listening.records();
    let found = of(&records, program.pid(), first.0);
    assert_eq!(found.len(), 2);
    for ((_, connection), (name, written)) in
        found.iter().zip([("first.test", bytes(1, 100)), ("second.test", bytes(2, 50))])
    {
        assert_eq!(connection.name.as_deref(), Some(name));
        assert_eq!(connection.written.bytes, written);
        assert_eq!(connection.close, Some(Close::Freed));
        assert!(connection.from_start);
    }
}

#[test]
fn a_connection_with_two_owners_is_over_when_the_last_has_freed_it() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let (client, _) = program.open(0, "two.test");
    for line in ["keep 0", "send 0 100 1 1", "drop 0", "send 0 50 2 1", "free 0"] {
        program.tell(line);
    }
    let records = listening.records();
    let found = of(&records, program.pid(), client);
    let [(_, connection)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(connection.written.bytes, [bytes(1, 100), bytes(2, 50)].concat());
    assert_eq!(connection.close, Some(Close::Freed));
}

#[test]
fn a_verdict_ends_with_its_connection() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let pid = program.pid();
    let (client, _) = program.open(0, "ignored.test");
    program.tell("send 0 100 1 1");
    let records = listening.records();
    let conn = of(&records, pid, client)[0].0;
    assert!(listening.kernel.ignore(pid, client, conn));
    assert!(!listening.kernel.ignore(pid, client, conn + 1000), "another connection than the one at that address");
    program.tell("send 0 777 1 3");
    let counters = listening.kernel.counters();
    assert_eq!((counters.ignored_calls, counters.ignored_bytes), (3, 3 * 777));
    // A new server name on the same object, then a new object at the same address.
    program.tell("name 0 renamed.test");
    program.tell("send 0 60 2 1");
    let mut all = records;
    all.extend(listening.records());
    let found = of(&all, pid, client);
    assert_eq!(found.len(), 2);
    let ignored = &found[0].1;
    assert_eq!(
        (ignored.close, ignored.written.missing.as_slice()),
        (Some(Close::Renamed), &[(100, 100 + 3 * 777)][..])
    );
    assert_eq!((found[1].1.name.as_deref(), &found[1].1.written.bytes), (Some("renamed.test"), &bytes(2, 60)));
    assert!(listening.kernel.ignore(pid, client, found[1].0));
    program.tell("free 0");
    assert_eq!(program.open(0, "again.test").0, client);
    program.tell("send 0 40 3 1");
    all.extend(listening.records());
    let found = of(&all, pid, client);
    assert_eq!(found.len(), 3);
    assert_eq!(found[1].1.close, Some(Close::Freed));
    assert_eq!(found[2].1.written.bytes, bytes(3, 40));
}

#[test]
fn a_forked_childs_copy_is_another_connection() {
    let Some(path) = program() else { return };
    let Some(listening) = Listening::start(&LoadOptions::default()) else { return };
    let _attachment = listening.attach(&libssl(path));
    let mut program = Program::start(path);
    let (client, _) = program.open(0, "fork.test");
    program.tell("send 0 100 1 1");
    let answer = program.tell("fork 0 30");
    let child: u32 = answer.split(' ').next().unwrap().parse().unwrap();
    listening.kernel.forget_process(child);
    program.tell("send 0 20 2 1");
    let records = listening.records();
    let parents = of(&records, program.pid(), client);
    let childs = of(&records, child, client);
    assert_eq!((parents.len(), childs.len()), (1, 1));
    assert_ne!(parents[0].0, childs[0].0);
    assert_eq!(parents[0].1.written.bytes, [bytes(1, 100), bytes(2, 20)].concat());
    assert_eq!(childs[0].1.written.bytes, bytes(5, 30));
    assert!(!childs[0].1.from_start, "its beginning was its parent's");
    assert_eq!(childs[0].1.close, Some(Close::ProcessEnded));
    assert_eq!(parents[0].1.close, None);
}

#[test]
fn after_exec_everything_is_another_connection() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let pid = program.pid();
    let (client, _) = program.open(0, "before.test");
    program.tell("send 0 100 1 1");
    assert!(program.tell("exec").starts_with("ready"));
    let (after, _) = program.open(0, "after.test");
    program.tell("send 0 100 2 1");
    let records = listening.records();
    let found = of(&records, pid, client);
    assert_eq!(found[0].1.close, Some(Close::Replaced));
    assert_eq!(found[0].1.written.bytes, bytes(1, 100));
    let last = of(&records, pid, after);
    let (_, last) = last.last().unwrap();
    assert_eq!((last.close, &last.written.bytes), (None, &bytes(2, 100)));
}

#[test]
fn a_killed_process_leaves_nothing() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let (client, _) = program.open(0, "killed.test");
    for pair in 1..100 {
        program.open(pair, "idle.test");
    }
    program.tell("send 0 5000 1 1");
    assert_eq!(listening.kernel.connections().iter().filter(|it| it.pid == program.pid()).count(), 200);
    let pid = program.kill();
    listening.kernel.forget_process(pid);
    let records = listening.records();
    let found = of(&records, pid, client);
    assert_eq!((found[0].1.close, &found[0].1.written.bytes), (Some(Close::ProcessEnded), &bytes(1, 5000)));
    assert!(listening.kernel.connections().iter().all(|it| it.pid != pid));
}

#[test]
fn thousands_of_short_connections_leave_the_maps_as_they_were() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    program.tell("short 50 200");
    let mut seen = connections(&listening.records());
    let before = listening.kernel.usage();
    for _ in 0..10 {
        program.tell("short 500 200");
        kernel_side::add(&mut seen, &listening.records());
    }
    listening.records();
    assert_eq!(listening.kernel.usage(), before);
    let own: Vec<_> = seen.values().filter(|it| it.pid == program.pid()).collect();
    assert_eq!(own.len(), 2 * 5050, "each end of each connection");
    assert!(own.iter().all(|it| it.close == Some(Close::Freed)));
    assert_eq!(own.iter().map(|it| it.written.bytes.len()).sum::<usize>(), 5050 * 200);
    assert_eq!(listening.kernel.counters().lost_bytes(), 0);
}

#[test]
fn more_connections_than_places_are_counted() {
    let Some(path) = program() else { return };
    let options = LoadOptions { max_connections: 10, ..only_watched() };
    let Some(listening) = Listening::start(&options) else { return };
    let mut program = listening.program(path);
    let _attachment = listening.attach(&libssl(path));
    for pair in 0..10 {
        program.open(pair, "many.test");
        program.tell(&format!("send {pair} 100 1 1"));
    }
    let counters = listening.kernel.counters();
    assert!(counters.connections_full_bytes > 0);
    assert_eq!(counters.bytes + counters.lost_bytes(), 2 * 10 * 100);
    // When places are free again they are used.
    for pair in 0..10 {
        program.tell(&format!("free {pair}"));
    }
    listening.records();
    program.open(0, "free.test");
    program.tell("send 0 333 1 1");
    assert!(connections(&listening.records()).values().any(|it| it.written.bytes.len() == 333));
}

#[test]
fn only_processes_that_are_watched_are_captured_when_asked_so() {
    let Some(path) = program() else { return };
    let Some(listening) = Listening::start(&only_watched()) else { return };
    let _attachment = listening.attach(&libssl(path));
    let (mut watched, mut other) = (Program::start(path), Program::start(path));
    listening.kernel.watch_process(watched.pid());
    for program in [&mut watched, &mut other] {
        program.open(0, "filter.test");
        program.tell("send 0 100 1 1");
    }
    let records = listening.records();
    assert!(records.iter().all(|record| record.header.pid == watched.pid()));
    assert_eq!(connections(&records).len(), 2);
    listening.kernel.ignore_process(watched.pid());
    watched.tell("send 0 100 1 1");
    assert!(listening.records().iter().all(|record| !matches!(record.header.kind, RecordKind::Data)));
}

#[test]
fn a_dropped_attachment_hears_nothing_and_a_new_one_hears_the_middle() {
    let Some((listening, mut program, attachment)) = start() else { return };
    let (client, _) = program.open(0, "middle.test");
    program.tell("send 0 100 1 1");
    drop(attachment);
    program.tell("send 0 100 2 1");
    let first = listening.records();
    assert_eq!(of(&first, program.pid(), client)[0].1.written.bytes, bytes(1, 100));
    listening.kernel.forget_process(program.pid());
    listening.records();
    listening.kernel.watch_process(program.pid());
    let path = kernel_side::program().unwrap();
    let _attachment = listening.attach(&libssl(path));
    program.tell("send 0 100 3 1");
    let found = listening.records();
    let found = of(&found, program.pid(), client);
    assert_eq!(found[0].1.written.bytes, bytes(3, 100));
    assert!(!found[0].1.from_start);
}

#[test]
fn sixty_four_mib_go_through_whole() {
    const MIB: usize = 1 << 20;
    let Some((listening, mut program, _attachment)) = start() else { return };
    let (client, server) = program.open(0, "big.test");
    let mut seen = std::collections::HashMap::new();
    for _ in 0..32 {
        program.tell(&format!("reply 0 {} 9 1", 2 * MIB));
        kernel_side::add(&mut seen, &listening.records());
    }
    let chunk = bytes(9, 2 * MIB);
    let is_whole = |stream: &kernel_side::Stream| {
        stream.bytes.len() == 64 * MIB
            && stream.missing.is_empty()
            && stream.bytes.chunks(2 * MIB).all(|it| it == chunk)
    };
    let find = |address| seen.values().find(|it| (it.pid, it.address) == (program.pid(), address)).unwrap();
    assert!(is_whole(&find(server).written));
    assert!(is_whole(&find(client).read));
}

#[test]
fn a_connection_inside_another_is_captured_and_so_is_the_other() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let (outer, _) = program.open(0, "proxy.test");
    let answer = program.tell("inside 0 1");
    let inner: u64 = answer.split(' ').next().unwrap().parse().unwrap();
    program.tell("send 1 3000 1 2");
    let records = listening.records();
    let inner = &of(&records, program.pid(), inner)[0].1;
    assert_eq!(inner.written.bytes, [bytes(1, 3000), bytes(1, 3000)].concat());
    // The outer one carries the inner one's records: handshake and 6,000 bytes, each with its head and its tag.
    let outer = &of(&records, program.pid(), outer)[0].1;
    assert!(outer.written.bytes.len() > 6000 + 2 * 29, "{}", outer.written.bytes.len());
    assert_eq!((outer.written.missing_bytes(), outer.read.missing_bytes()), (0, 0));
    assert_eq!(outer.written.bytes[..2], [0x16, 0x03], "a handshake record of TLS");
    assert_eq!(listening.kernel.usage().calls, 0);
}

#[test]
fn a_process_that_ended_unnoticed_is_forgotten() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let (client, _) = program.open(0, "unnoticed.test");
    program.tell("send 0 50 1 1");
    let pid = program.kill();
    let records = listening.until_closed(pid, client);
    let found = of(&records, pid, client);
    assert_eq!((found[0].1.close, &found[0].1.written.bytes), (Some(Close::ProcessEnded), &bytes(1, 50)));
}

#[test]
fn an_announcement_arrives_with_its_ids() {
    let Some((listening, mut program, _attachment)) = start() else { return };
    let path = kernel_side::program().unwrap();
    // rdi, rsi, rdx, rcx, r8
    let registers = [5, 4, 3, 2, 8];
    let cookie = registers.iter().rev().fold(0, |cookie, register| cookie << 4 | register) << Cookie::REGISTERS_SHIFT;
    let probe =
        Probe { program: Place::Announce, offset: kernel_side::function(path, "announce"), cookie: Cookie(cookie) };
    let _probe = listening.kernel.attach(path, &[probe]).unwrap();
    program.tell("announce");
    let records = listening.records();
    let announcement = records.iter().find(|record| record.header.kind == RecordKind::Announce).unwrap();
    assert_eq!((announcement.header.pid, announcement.header.conn), (program.pid(), 0));
    let mut expected = b"0123456789abcdefABCDEFGH".to_vec();
    expected.extend(77u64.to_le_bytes());
    expected.extend(b"chatcmpl-1");
    expected.resize(288, 0);
    assert_eq!(announcement.payload[..], expected);
}
