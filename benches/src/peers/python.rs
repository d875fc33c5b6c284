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
    call_us: f64,
    chunk_us: f64,
    chunks: u64,
    calls: u64,
    spans: u64,
    logs: u64,
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
    let plain = run(&python, "plain", &url, quick)?;
    for content in ["off", "full"] {
        let instrumented = run(&python, content, &url, quick)?;
        check(&instrumented)?;
        let (call, chunk) = whole_cost(measured, content);
        for (what, own, their) in [
            ("call", call, (instrumented.call_us - plain.call_us) * 1e3),
            ("chunk", chunk, (instrumented.chunk_us - plain.chunk_us) * 1e3),
        ] {
            table.push(
                Row::new(format!("B3 whole cost of a {what}, content {content}, against Python: CPU time"), own, "ns")
                    .against("openai-v2", their)
                    .at_most(their / TIMES_LESS, "a fortieth of the peer"),
            );
        }
    }
    Ok(())
}

fn check(printed: &Printed) -> Result<(), String> {
    // Two messages of the request and one choice a call.
    let right = printed.spans == printed.calls
        && printed.logs == 3 * printed.calls
        && printed.tokens == Some(TOKENS.0)
        && printed.model.as_deref() == Some(MODEL)
        && printed.chunks == 1000;
    if right { Ok(()) } else { Err(format!("openai-v2 made other telemetry than expected: {printed:?}")) }
}

fn run(python: &Path, mode: &str, url: &str, quick: bool) -> Result<Printed, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/openai_v2.py");
    let rounds = if quick { "3" } else { "7" };
    let output = Command::new(python)
        .args([script, mode, url, rounds])
        .output()
        .map_err(|error| format!("{}: {error}", python.display()))?;
    if !output.status.success() {
        return Err(format!("{script} {mode}: {}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("{script} {mode}: {error}"))
}
