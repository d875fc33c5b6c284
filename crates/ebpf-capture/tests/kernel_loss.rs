//! What the kernel side could not send is known: how many bytes, of which connection, at which place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod kernel_side;

use kernel_side::{Connection, Listening, Program, bytes, connections, libssl, only_watched, program};
use sidetone_ebpf_capture::kernel::{Close, LoadOptions, MIN_RING_BYTES, RecordKind};

fn small_ring() -> LoadOptions {
    LoadOptions { ring_bytes: MIN_RING_BYTES, ..only_watched() }
}

/// What one end of a pair wrote and read by its own account.
struct Account {
    address: u64,
    written: Vec<u8>,
    read: Vec<u8>,
}

fn assert_accounted(seen: &[Connection], pid: u32, accounts: &[Account]) -> u64 {
    let mut missing = 0;
    for account in accounts {
        let connection = seen.iter().find(|it| (it.pid, it.address) == (pid, account.address)).expect("its records");
        assert!(connection.written.is_part_of(&account.written), "written");
        assert!(connection.read.is_part_of(&account.read), "read");
        missing += connection.written.missing_bytes() + connection.read.missing_bytes();
    }
    missing
}

#[test]
fn each_lost_byte_is_known_by_connection_also_at_the_end_and_in_closes() {
    const PAIRS: usize = 24;
    let Some(path) = program() else { return };
    let Some(listening) = Listening::start(&small_ring()) else { return };
    let _attachment = listening.attach(&libssl(path));
    let mut program = listening.program(path);
    let pid = program.pid();
    let mut accounts = Vec::new();
    for pair in 0..PAIRS {
        let (client, server) = program.open(pair, "loss.test");
        accounts.push(Account { address: client, written: Vec::new(), read: Vec::new() });
        accounts.push(Account { address: server, written: Vec::new(), read: Vec::new() });
    }
    let mut transfer = |program: &mut Program, pair: usize, size: usize| {
        program.tell(&format!("send {pair} {size} 1 1"));
        program.tell(&format!("reply {pair} {size} 2 1"));
        for (index, seed) in [(2 * pair, 1), (2 * pair + 1, 2)] {
            accounts[index].written.extend(bytes(seed, size));
            accounts[index ^ 1].read.extend(bytes(seed, size));
        }
    };
    // The first are whole; the ring overflows; some of them are closed while it is full; some go on when it is not.
    for pair in 0..PAIRS {
        transfer(&mut program, pair, 700);
    }
    let mut records = listening.records();
    listening.control.pause(true);
    std::thread::sleep(std::time::Duration::from_millis(50));
    for round in 0..3 {
        for pair in 0..PAIRS {
            transfer(&mut program, pair, 3000 + 1000 * round + pair);
        }
    }
    for pair in 0..PAIRS / 2 {
        program.tell(&format!("free {pair}"));
    }
    listening.control.pause(false);
    records.extend(listening.records());
    for pair in PAIRS / 2..PAIRS {
        transfer(&mut program, pair, 500);
    }
    records.extend(listening.records());
    let lost_before_the_end = listening.kernel.counters().lost_bytes();
    let open: Vec<_> = connections(&records).into_values().filter(|it| it.close.is_none()).collect();
    assert_eq!(open.len(), PAIRS, "half of the pairs are open");
    let missing: u64 =
        connections(&records).values().map(|it| it.written.missing_bytes() + it.read.missing_bytes()).sum();
    assert_eq!(missing, lost_before_the_end, "known while they are open");
    drop(program);
    listening.kernel.forget_process(pid);
    records.extend(listening.records());
    records.extend(listening.records());
    let seen: Vec<_> = connections(&records).into_values().collect();
    let missing = assert_accounted(&seen, pid, &accounts);
    let counters = listening.kernel.counters();
    assert!(missing > 0 && counters.ring_full_bytes > 0, "the ring was never full: {counters:?}");
    assert_eq!(missing, counters.lost_bytes(), "{counters:?}");
    assert_eq!(seen.iter().filter(|it| it.close == Some(Close::Freed)).count(), PAIRS);
    assert_eq!(seen.iter().filter(|it| it.close == Some(Close::ProcessEnded)).count(), PAIRS);
    let offsets = records.iter().filter(|record| matches!(record.header.kind, RecordKind::Offsets { .. })).count();
    assert!(offsets > 0, "no record told of a loss before the end");
    let usage = listening.kernel.usage();
    assert_eq!((usage.connections, usage.keys, usage.calls), (0, 0, 0));
}

#[test]
fn calls_beside_a_loss_are_whole() {
    let Some(path) = program() else { return };
    let Some(listening) = Listening::start(&small_ring()) else { return };
    let _attachment = listening.attach(&libssl(path));
    let mut program = listening.program(path);
    let (pid, whole) = (program.pid(), program.open(0, "whole.test"));
    program.tell("send 0 2000 1 1");
    let mut records = listening.records();
    listening.control.pause(true);
    std::thread::sleep(std::time::Duration::from_millis(50));
    program.open(1, "lossy.test");
    program.tell("send 1 100000 1 2");
    listening.control.pause(false);
    records.extend(listening.records());
    program.tell("reply 0 2000 2 1");
    program.tell("free 0");
    records.extend(listening.until_closed(pid, whole.1));
    let seen = connections(&records);
    assert!(seen.values().any(|it| it.written.missing_bytes() > 0));
    for (address, written, read) in [(whole.0, 1, 2), (whole.1, 2, 1)] {
        let connection = seen.values().find(|it| (it.pid, it.address) == (pid, address)).unwrap();
        assert_eq!((connection.written.missing_bytes(), connection.read.missing_bytes()), (0, 0));
        assert_eq!((&connection.written.bytes, &connection.read.bytes), (&bytes(written, 2000), &bytes(read, 2000)));
    }
}
