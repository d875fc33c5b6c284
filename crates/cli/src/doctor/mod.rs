//! `sidetone doctor`: what an application in this environment would do, and whether its telemetry would arrive.

mod probe;
mod report;
mod settings;

use std::io::{self, Write};

use crate::exit::Failure;
use crate::style::Style;
use report::Report;
use settings::Settings;
pub(crate) use settings::without_credentials;

/// Runs `sidetone doctor`.
pub(crate) fn run(json: bool) -> Result<(), Failure> {
    let settings = Settings::of_process();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::told(format!("starting a runtime: {error}. Free some file descriptors")))?;
    let reached = runtime.block_on(probe::all(&settings));
    let report = Report::new(settings, reached);
    let mut out = io::stdout().lock();
    if json {
        writeln!(out, "{}", report.json())?;
    } else {
        report.print(&mut out, Style::of(&io::stdout()))?;
    }
    out.flush()?;
    report.verdict().map_or(Ok(()), |problem| Err(Failure::told(problem)))
}
