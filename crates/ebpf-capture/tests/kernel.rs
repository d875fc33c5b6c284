//! What goes through a TLS library comes out of the kernel side, byte for byte, or is said to be missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(target_os = "linux")]

mod kernel_side;

use std::process::Command;

use kernel_side::{Listening, Program, ROUTES, by_route, bytes, connections, libssl, probes, program};
use sidetone_ebpf_capture::kernel::{Close, Direction, LoadOptions, RecordKind, Route};
use sidetone_testkit::require;

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
        assert!(instructions < 200_000, "{program}: {instructions}");
    }
}

/// The variable under which this test program starts itself with fewer rights.
const ROLE: &str = "SIDETONE_TEST_ROLE";

/// Runs one test of this program as nobody with these capabilities; `None` without `setpriv`.
fn as_nobody(test: &str, capabilities: &str) -> Option<std::process::Output> {
    let setpriv = require::tool("setpriv")?;
    // Where nobody can read it.
    let copy = std::env::temp_dir().join(format!("sidetone-{test}-{}", std::process::id()));
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let sets = [("inh", capabilities), ("ambient", capabilities)].map(|(set, value)| format!("--{set}-caps={value}"));
    let run = || {
        Command::new(&setpriv)
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(&sets)
            .arg("--")
            .arg(&copy)
            .args(["--exact", test, "--nocapture"])
            .env(ROLE, test)
            .current_dir("/")
            .output()
            .unwrap()
    };
    let mut out = run();
    // Another test's child may still hold the copy open for writing, between its fork and its exec.
    while String::from_utf8_lossy(&out.stderr).contains("Text file busy") {
        out = run();
    }
    std::fs::remove_file(&copy).unwrap();
    Some(out)
}

#[test]
fn nobody_with_two_capabilities_captures_a_process_of_root() {
    let name = "nobody_with_two_capabilities_captures_a_process_of_root";
    if std::env::var(ROLE).is_ok_and(|role| role == name) {
        let listening = Listening::try_start(&LoadOptions::default()).unwrap();
        assert_ne!(listening.kernel.route(), Route::Perf);
        let path = std::path::Path::new("/usr/lib/x86_64-linux-gnu/libssl.so.3");
        let _attachment = listening.attach(path);
        println!("attached");
        let records = listening.records_until(|record| {
            let is_ours = record.header.comm.as_str() == "tls" && record.header.direction == Direction::Write;
            is_ours && record.header.kind == RecordKind::Data && record.header.call_bytes == 12_345
        });
        println!("captured of user {}", records.last().unwrap().header.uid);
        return;
    }
    let Some(path) = program() else { return };
    if !require::bpf() {
        return;
    }
    let mut program = Program::start(path);
    program.open(0, "root.test");
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let sender = std::thread::spawn({
        let stop = stop.clone();
        move || {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                program.tell("send 0 12345 1 1");
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
        }
    });
    let out = as_nobody(name, "-all,+bpf,+perfmon");
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    sender.join().unwrap();
    let Some(out) = out else { return };
    let (said, why) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success() && said.contains("captured of user 0"), "{said}\n{why}");
}

#[test]
fn without_a_capability_the_error_says_which() {
    let name = "without_a_capability_the_error_says_which";
    if std::env::var(ROLE).is_ok_and(|role| role == name) {
        match Listening::try_start(&LoadOptions::default()) {
            Ok(_) => println!("loaded"),
            Err(error) => println!("error: {error}"),
        }
        return;
    }
    if !require::bpf() {
        return;
    }
    for (capabilities, missing) in [("-all", "CAP_BPF and CAP_PERFMON"), ("-all,+bpf", "CAP_PERFMON")] {
        let Some(out) = as_nobody(name, capabilities) else { return };
        let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        let words = format!("this process lacks {missing}: run it as root, or `setcap cap_bpf,cap_perfmon+ep`");
        assert!(said.contains(&words), "{said}");
    }
}

#[test]
fn perf_events_without_sys_admin_are_refused_with_the_reason() {
    let name = "perf_events_without_sys_admin_are_refused_with_the_reason";
    if std::env::var(ROLE).is_ok_and(|role| role == name) {
        let listening = Listening::try_start(&by_route(Route::Perf)).unwrap();
        let path = std::path::Path::new("/usr/lib/x86_64-linux-gnu/libssl.so.3");
        match listening.kernel.attach(path, &probes(path)) {
            Ok(_) => println!("attached"),
            Err(error) => println!("error: {error}"),
        }
        return;
    }
    if !require::bpf() {
        return;
    }
    let Some(out) = as_nobody(name, "-all,+bpf,+perfmon") else { return };
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(said.contains("attached") || said.contains("uprobes by perf events need CAP_SYS_ADMIN"), "{said}");
}

#[test]
fn what_is_not_there_is_said_so() {
    let Some(listening) = Listening::start(&LoadOptions::default()) else { return };
    let Some(program) = program() else { return };
    let absent = std::path::Path::new("/no/such/libssl.so.3");
    let error = listening.kernel.attach(absent, &probes(&libssl(program))).unwrap_err();
    assert!(error.to_string().starts_with("/no/such/libssl.so.3 is not there"), "{error}");
    assert_eq!(listening.kernel.attach(absent, &[]).unwrap().links(), 0);
    for ring_bytes in [0, 4096, (64 << 10) + 1, 2 << 30] {
        let options = LoadOptions { ring_bytes, ..LoadOptions::default() };
        assert!(Listening::try_start(&options).is_err(), "{ring_bytes}");
    }
}
