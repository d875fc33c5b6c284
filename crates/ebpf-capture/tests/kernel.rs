//! What goes through a TLS library comes out of the kernel side, byte for byte, or is said to be missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod kernel_side;

use kernel_side::{Listening, ROUTES, by_route, bytes, connections, libssl, program};
use sidetone_ebpf_capture::kernel::{Close, LoadOptions, RecordKind};

#[test]
fn every_size_is_captured_whole_by_every_route() {
    let Some(path) = program() else { return };
    for route in ROUTES {
        let Some(listening) = Listening::start(&by_route(route)) else { continue };
        let _attachment = listening.attach(&libssl(path));
        let mut program = listening.program(path);
        let (client, server) = program.open(0, "sizes.test");
        let sizes = [
            1,
            255,
            256,
            257,
            1024,
            1025,
            4096,
            4097,
            16_383,
            16_384,
            16_385,
            65_535,
            65_536,
            65_537,
            1 << 20,
            2 << 20,
        ];
        let (mut there, mut back) = (Vec::new(), Vec::new());
        for (seed, size) in sizes.into_iter().enumerate() {
            program.tell(&format!("send 0 {size} {seed} 1"));
            program.tell(&format!("reply 0 {size} {} 1", seed + 100));
            there.extend(bytes(seed, size));
            back.extend(bytes(seed + 100, size));
        }
        program.tell("free 0");
        let pid = program.pid();
        let records = listening.records_until(|record| {
            record.header.address == server && matches!(record.header.kind, RecordKind::Close { .. })
        });
        let seen = connections(&records);
        let of = |address| seen.values().find(|it| it.pid == pid && it.address == address).unwrap();
        assert_eq!(of(client).name.as_deref(), Some("sizes.test"), "{route}");
        for (connection, written, read) in [(of(client), &there, &back), (of(server), &back, &there)] {
            assert!(connection.from_start);
            assert_eq!(connection.close, Some(Close::Freed));
            assert_eq!((connection.written.missing_bytes(), connection.read.missing_bytes()), (0, 0), "{route}");
            assert!(connection.written.bytes == *written && connection.read.bytes == *read, "{route}: other bytes");
        }
        let counters = listening.kernel.counters();
        assert_eq!(counters.lost_bytes(), 0, "{counters:?}");
    }
}

#[test]
fn the_verifier_is_far_from_its_limit() {
    let Some(listening) = Listening::start(&LoadOptions::default()) else { return };
    for (program, instructions) in listening.kernel.verified_instructions().unwrap() {
        println!("{program}: {instructions}");
        assert!(instructions < 100_000, "{program}: {instructions}");
    }
}
