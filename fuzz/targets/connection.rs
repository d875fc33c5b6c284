//! A connection as a process sees it: sniffing, both versions of HTTP, exchanges, with gaps and closes.
#![no_main]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_core::connection::{At, Close, Connection, Direction, Facts};
use sidetone_core::exchange::Settings;
use sidetone_core::wire::http::Flow;
use sidetone_fuzz::{Step, cut, fed, has_gap, steps};

fn direction(flow: Flow, is_server: bool) -> Direction {
    match (flow, is_server) {
        (Flow::Request, false) | (Flow::Response, true) => Direction::Write,
        _ => Direction::Read,
    }
}

/// Whether the first request is seen from its beginning.
fn begins(steps: &[Step]) -> bool {
    let first = steps.iter().find_map(|step| match step {
        Step::Bytes(Flow::Request, bytes) => Some(bytes),
        _ => None,
    });
    // Of HTTP/1 nonsense may be noticed earlier or later; its own target compares what is none.
    first.is_some_and(|bytes| bytes.starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
}

fn read(seed: Option<u8>, flags: u8, script: &[Step]) -> Vec<String> {
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
                match seed {
                    None => connection.handle_bytes(direction, bytes.clone(), at),
                    Some(seed) => cut(seed, bytes).for_each(|piece| connection.handle_bytes(direction, piece, at)),
                }
            }
            Step::Gap(flow, bytes) => connection.handle_gap(direction(*flow, is_server), *bytes, now),
            Step::Close(_) => connection.handle_timeout(now),
        }
        assert!(connection.held_bytes() <= limit, "{} bytes are held of {}", connection.held_bytes(), fed(script));
        while let Some(call) = connection.poll() {
            seen.push(format!("{:?}", call));
        }
    }
    connection.handle_close(now, if flags & 8 == 0 { Close::Freed } else { Close::ProcessEnded });
    while let Some(call) = connection.poll() {
        seen.push(format!("{:?}", call));
    }
    assert_eq!(connection.open_calls(), 0);
    seen.sort();
    seen
}

libfuzzer_sys::fuzz_target!(|script: &[u8]| {
    let Some((flags, script)) = script.split_first() else { return };
    let (seed, steps) = steps(script);
    let whole = read(None, *flags, &steps);
    let cut = read(Some(seed), *flags, &steps);
    // Seen from its middle, it depends on the pieces when it is known to be HTTP.
    let is_from_start = flags & 2 == 0 && begins(&steps);
    if is_from_start && !has_gap(&steps) {
        assert_eq!(whole.len(), cut.len(), "calls when cut by {seed}");
    }
});
