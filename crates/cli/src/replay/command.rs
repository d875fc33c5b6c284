//! The command itself: finds the cases, replays them in order, prints them.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use sidetone::environment::{Choices, Environment};
use sidetone_core::dialect::Dialect;
use sidetone_core::exchange::Settings;
use sidetone_pipeline::{Finished, JsonLines, Sink as _};
use sidetone_testkit::case::{Case, CaseError};

use super::{Cut, Memory, golden, observe, pretty};
use crate::args::{DialectName, Format, Replay};
use crate::exit::Failure;
use crate::style::Style;

/// Runs `sidetone replay`.
pub(crate) fn run(args: &Replay) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let dialect = DialectName::or_of(args.dialect, &environment);
    let chosen = Choices {
        content: Some(args.content.into()),
        scan: Some(true),
        prices: args.prices.clone(),
        ..Choices::default()
    };
    let settings = Arc::new(environment.settings(chosen));
    let mut out = io::BufWriter::new(io::stdout());
    let mut first = true;
    for path in &args.paths {
        for case in cases(path)? {
            one(&mut out, &case, dialect, &settings, args, first)?;
            first = false;
        }
    }
    Ok(out.flush()?)
}

fn one(
    out: &mut (impl Write + Send),
    case: &Case,
    dialect: &'static dyn Dialect,
    settings: &Arc<Settings>,
    args: &Replay,
    first: bool,
) -> Result<(), Failure> {
    let told = |error: &dyn std::fmt::Display| Failure::told(format!("case {}: {error}", case.name));
    let memory = Memory::new(dialect);
    let parent = memory.parent();
    let understood = observe(case, settings, Cut::AsRecorded, Some(parent)).map_err(|error| told(&error))?;
    if matches!(args.format, Format::Jsonl) {
        let mut sink = JsonLines::new(&mut *out);
        sink.call(&mut Finished { call: understood.call, span: None });
        return sink.flush(Instant::now()).map_err(|error| Failure::told(error.to_string()));
    }
    let findings = understood.call.findings.clone();
    let recorded = memory.record(understood.call).map_err(|error| told(&error))?;
    match args.format {
        Format::Golden | Format::Jsonl => {
            writeln!(out, "{}", golden::document(&case.name, &recorded, args.extensions))?
        }
        Format::Pretty => {
            if !first {
                writeln!(out)?;
            }
            pretty::print(out, &case.name, &recorded, &findings, args.extensions, Style::of(&io::stdout()))?;
        }
    }
    Ok(())
}

/// A case, or the cases of a folder.
fn cases(path: &Path) -> Result<Vec<Case>, Failure> {
    let told = |error: CaseError| Failure::told(error.to_string());
    // A case is named by its folder, which `.` doesn't say.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if path.join("meta.json").exists() {
        return Ok(vec![Case::load(path).map_err(told)?]);
    }
    if !path.is_dir() {
        return Err(Failure::told(format!(
            "{} is no folder. Give a recorded case (a folder with a meta.json) or a folder of them",
            path.display()
        )));
    }
    let cases = Case::load_all(path).map_err(told)?;
    if cases.is_empty() {
        return Err(Failure::told(format!(
            "{} holds no recorded case. Give a folder with a meta.json, or one with such folders in it",
            path.display()
        )));
    }
    Ok(cases)
}
