//! `sidetone doctor`: what an application in this environment would do, whether its telemetry would arrive, and whether
//! host-wide capture can work here.

#[cfg(target_os = "linux")]
mod host;
mod probe;
mod report;
mod settings;

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::args::{Doctor, Part};
use crate::exit::Failure;
use crate::style::Style;
use report::Report;
use settings::Settings;

/// Runs `sidetone doctor`.
pub(crate) fn run(args: &Doctor) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let style = Style::of(&io::stdout());
    #[cfg(target_os = "linux")]
    if let Some(which) = args.pid {
        let processes = host::Processes::look(which.into());
        if args.json {
            writeln!(out, "{}", processes.json())?;
        } else {
            processes.print(&mut out, style)?;
        }
        return Ok(out.flush()?);
    }
    let is_wanted = |part| args.only.is_none_or(|only| only == part);
    let mut json = json!({"version": env!("CARGO_PKG_VERSION")});
    let mut problems = Vec::new();
    let mut add = |members: Value| {
        if let (Value::Object(all), Value::Object(members)) = (&mut json, members) {
            all.extend(members);
        }
    };
    if is_wanted(Part::Export) {
        let report = export()?;
        problems.extend(report.problems());
        if args.json {
            add(report.json());
        } else {
            report.print(&mut out, style)?;
        }
    }
    #[cfg(target_os = "linux")]
    if is_wanted(Part::Host) {
        let host = host::Host::look();
        problems.extend(host.problems());
        if args.json {
            add(json!({"host": host.json()}));
        } else {
            if is_wanted(Part::Export) {
                writeln!(out)?;
            }
            host.print(&mut out, style)?;
        }
    }
    if args.json {
        add(json!({"problems": problems, "ok": problems.is_empty()}));
        writeln!(out, "{json}")?;
    }
    out.flush()?;
    if problems.is_empty() { Ok(()) } else { Err(Failure::told(problems.join("; "))) }
}

/// What an application would do, and whether its telemetry would arrive.
fn export() -> Result<Report, Failure> {
    let settings = Settings::of_process();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::told(format!("starting a runtime: {error}. Free some file descriptors")))?;
    let reached = runtime.block_on(probe::all(&settings));
    Ok(Report::new(settings, reached))
}
