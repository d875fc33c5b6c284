//! The peer of B3 in Python: `opentelemetry-instrumentation-openai-v2` on its own client, against the same answers.

use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use sidetone_testkit::backends::openai_v2_python;

use crate::loopback::serve;
use crate::payload::{MODEL, Payload, TOKENS};
use crate::report::{Measured, whole_cost};
use crate::table::{Row, Table};

/// Ours is to cost this many times less.
const TIMES_LESS: f64 = 40.0;

/// What the script prints.
#[derive(Debug, Deserialize)]
struct Printed {
    plain: Cpu,
    off: Cpu,
    full: Cpu,
    made: Made,
}

/// CPU time in microseconds, in the least disturbed round.
#[derive(Debug, Deserialize)]
struct Cpu {
    call_us: f64,
    chunk_us: f64,
}

/// What telemetry came out.
#[derive(Debug, Deserialize)]
struct Made {
    calls: u64,
    spans: u64,
    logs: u64,
    contents: u64,
    tokens: Option<u64>,
    model: Option<String>,
}

/// Runs the peer, where it is installed, and compares.
///
/// # Errors
/// When it fails, or made other telemetry than it should.
pub(crate) fn compare(measured: &Measured, quick: bool, table: &mut Table) -> Result<(), String> {
    let Some(python) = openai_v2_python() else {
        table.skipped.push("Python's openai-v2: needs `cargo xtask setup`".to_owned());
        return Ok(());
    };
    let address = serve(&Payload::chat(2 << 10), &Payload::stream(1000))?;
    let url = format!("http://{address}/v1");
    let printed = run(&python, &url, quick)?;
    check(&printed.made)?;
    for (content, peer) in [("off", &printed.off), ("full", &printed.full)] {
        let (call, chunk) = whole_cost(measured, content);
        for (what, own, their, alone) in [
            ("call", call, peer.call_us, printed.plain.call_us),
            ("chunk", chunk, peer.chunk_us, printed.plain.chunk_us),
        ] {
            let added = (their - alone) * 1e3;
            table.push(
                Row::new(format!("B3 a whole {what}, content {content}, against Python: CPU time"), own, "ns")
                    .against("openai-v2", added)
                    .at_most(added / TIMES_LESS, "a fortieth of the peer")
                    .note(format!("Python without it: {:.0} ns", alone * 1e3)),
            );
        }
    }
    Ok(())
}

fn check(made: &Made) -> Result<(), String> {
    // Two messages of the request and one choice a call; every second call with content.
    let right = made.spans == made.calls
        && made.logs == 3 * made.calls
        && made.contents == made.calls
        && made.tokens == Some(TOKENS.0)
        && made.model.as_deref() == Some(MODEL);
    if right { Ok(()) } else { Err(format!("openai-v2 made other telemetry than expected: {made:?}")) }
}

fn run(python: &Path, url: &str, quick: bool) -> Result<Printed, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/openai_v2.py");
    let rounds = if quick { "10" } else { "50" };
    let output = Command::new(python)
        .args([script, url, rounds])
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(format!("{script}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{script}: {error}"))
}
