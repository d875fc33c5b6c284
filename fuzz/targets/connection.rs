//! A connection as a process sees it: sniffing, both versions of HTTP, exchanges, with gaps and closes.
#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Seen};
use sidetone_core::event::Outcome;
use sidetone_core::exchange::Settings;
use sidetone_core::wire::http::Flow;
use sidetone_fuzz::{Step, cut, fed, has_gap, steps};

fn direction(flow: Flow, is_server: bool) -> Direction {
    match (flow, is_server) {
        (Flow::Request, false) | (Flow::Response, true) => Direction::Write,
        _ => Direction::Read,
    }
}

/// Which version of HTTP the connection speaks, if its first bytes tell and are seen: otherwise it depends on the pieces when
/// it is known.
fn version(flags: u8, steps: &[Step]) -> Option<u8> {
    let Some(Step::Bytes(Flow::Request, bytes)) = steps.first().filter(|_| flags & 2 == 0) else { return None };
    let beginnings: [(&[u8], u8); 3] = [
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 2),
        (b"POST /v1/chat/completions HTTP/1.1\r\n", 1),
        (b"GET / HTTP/1.1\r\n", 1),
    ];
    beginnings.iter().find(|(beginning, _)| bytes.starts_with(beginning)).map(|(_, version)| *version)
}

/// A call that was understood as a whole. Of a body that is corrupt it depends on the cuts how far it is looked at.
fn whole_call(seen: &Seen) -> Option<String> {
    let is_whole = seen.understood.call.outcome == Outcome::Completed && seen.understood.skips.iter().next().is_none();
    is_whole.then(|| format!("{seen:?}"))
}

/// The whole calls that are seen, pieces cut where `cut_of` gives a seed for them.
fn read(cut_of: impl Fn(Flow) -> Option<u8>, flags: u8, script: &[Step]) -> Vec<String> {
    let facts = Facts {
        server_name: (flags & 1 == 0).then(|| "api.openai.com".into()),
        port: None,
        from_start: flags & 2 == 0,
        boot: SystemTime::UNIX_EPOCH,
    };
    let is_server = flags & 4 != 0;
    let mut connection = Connection::new(facts, Arc::new(Settings::default()));
    let limit = (256 << 10) + 64 * fed(script);
    let mut seen = Vec::new();
    let mut now = Duration::ZERO;
    for step in script {
        now += Duration::from_millis(5);
        match step {
            Step::Bytes(flow, bytes) => {
                let at = At { begun: now, ended: now };
                let direction = direction(*flow, is_server);
                match cut_of(*flow) {
                    None => connection.handle_bytes(direction, bytes.clone(), at),
                    Some(seed) => cut(seed, bytes).for_each(|piece| connection.handle_bytes(direction, piece, at)),
                }
            }
            Step::Gap(flow, bytes) => connection.handle_gap(direction(*flow, is_server), *bytes, now),
            Step::Close(_) => connection.handle_timeout(now),
        }
        assert!(connection.held_bytes() <= limit, "{} bytes are held of {}", connection.held_bytes(), fed(script));
        while let Some(call) = connection.poll() {
            seen.extend(whole_call(&call));
        }
    }
    connection.handle_close(now, [Close::Freed, Close::ProcessEnded, Close::Ended][usize::from(flags >> 3) % 3]);
    while let Some(call) = connection.poll() {
        seen.extend(whole_call(&call));
    }
    assert_eq!(connection.open_calls(), 0);
    seen.sort();
    seen
}

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    let Some((flags, script)) = script.split_first() else { return };
    let (seed, steps) = steps(script);
    let version = version(*flags, &steps);
    let whole = read(|_| None, *flags, &steps);
    // Of HTTP/1 the cuts of requests tell something behind a gap (see `Cuts`).
    let all_cuts = version != Some(1) || !has_gap(&steps);
    let cut = read(|flow| (all_cuts || flow == Flow::Response).then_some(seed), *flags, &steps);
    if version.is_some() {
        assert_eq!(whole, cut, "cut by {seed}");
    }
});
