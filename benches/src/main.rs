//! What sidetone costs, against its peers and its targets: `cargo xtask bench`.
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints a table")]

mod b1;
mod b10;
mod b2;
mod b3;
mod b4;
mod b5;
mod b6;
mod b9;
mod caller;
mod callgrind;
mod gate;
mod loopback;
mod meter;
mod ours;
mod payload;
mod peers;
mod report;
mod table;
mod telemetry;
mod transport;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::callgrind::{Counts, count, run_counted};
use crate::meter::{Clock, Entry, Meter};
use crate::peers::python;
use crate::report::{Effort, Measured};
use crate::table::Table;

const USAGE: &str = "\
usage: bench [all|b1|b2|b3|b4|b5|b6|b9|b10] [--json] [--quick] [--targets]
       bench gate [--bless]
       bench list
       bench profile SUBJECT      (five seconds of one subject, for a profiler)";

/// Every subject that is timed and counted.
fn entries() -> Vec<Entry> {
    [b1::entries(), b2::entries(), b3::entries(), b4::entries(), b10::entries()].into_iter().flatten().collect()
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut flag = |name: &str| {
        let before = arguments.len();
        arguments.retain(|argument| argument != name);
        arguments.len() < before
    };
    let (json, bless) = (flag("--json"), flag("--bless"));
    let show = Show { json, quick: flag("--quick"), only_targets: flag("--targets") };
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [callgrind::CHILD, names @ ..] => {
            let entries = entries();
            let named = names.iter().filter_map(|name| entries.iter().find(|entry| entry.name == *name));
            run_counted(named).map(|()| String::new())
        }
        [b5::CHILD, arguments @ ..] => b5::child(arguments),
        ["list"] => Ok(entries().iter().map(|entry| format!("{}\n", entry.name)).collect()),
        ["profile", name] => profile(name),
        ["gate"] => gate::run(entries(), bless),
        [] | ["all"] => bench(&["b1", "b2", "b3", "b4", "b5", "b6", "b9", "b10"], show),
        [one @ ("b1" | "b2" | "b3" | "b4" | "b5" | "b6" | "b9" | "b10")] => bench(&[one], show),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn profile(name: &str) -> Result<String, String> {
    let entries = entries();
    let entry =
        entries.iter().find(|entry| entry.name == name).ok_or_else(|| format!("{name} is not in `bench list`"))?;
    let mut subject = (entry.make)();
    let (start, mut meter, mut rounds) = (Instant::now(), Meter::new(Clock::Thread), 0_u32);
    while start.elapsed() < Duration::from_secs(5) {
        subject.round(&mut meter);
        rounds += 1;
    }
    subject.check()?;
    let nanos = meter.spent().as_nanos() as f64 / f64::from(rounds) / entry.units as f64;
    Ok(format!("{name}: {rounds} rounds of {} units, {nanos:.1} ns a unit\n", entry.units))
}

/// How thorough, and what of it is shown.
#[derive(Debug, Clone, Copy)]
struct Show {
    json: bool,
    quick: bool,
    /// Only rows that have a target.
    only_targets: bool,
}

fn bench(benches: &[&str], show: Show) -> Result<String, String> {
    let Show { json, quick, only_targets } = show;
    let effort = if quick {
        Effort { rounds: 7, of_each: Duration::from_millis(5), clock: Clock::Thread }
    } else {
        Effort { rounds: 21, of_each: Duration::from_millis(20), clock: Clock::Thread }
    };
    let mut table = Table::default();
    for bench in benches {
        if *bench == "b5" {
            b5::run(quick, &mut table)?;
            continue;
        }
        if *bench == "b6" {
            b6::run(quick, &mut table)?;
            continue;
        }
        if *bench == "b9" {
            b9::run(quick, &mut table)?;
            continue;
        }
        let entries: Vec<Entry> =
            entries().into_iter().filter(|entry| entry.name.split('.').next() == Some(bench)).collect();
        let counts = counts(&entries, &mut table)?;
        let measured = Measured::new(&entries, effort, counts)?;
        match *bench {
            "b1" => {
                report::b1(&measured, &mut table);
                let effort = Effort { clock: Clock::Wall, ..effort };
                let measured = Measured::new(&b1::over_loopback()?, effort, None)?;
                report::b1_loopback(&measured, &mut table);
            }
            "b2" => report::b2(&measured, &mut table),
            "b3" => {
                report::b3(&measured, &mut table);
                python::compare(&measured, quick, &mut table)?;
            }
            "b4" => report::b4(&measured, &mut table),
            "b10" => report::b10(&measured, &mut table),
            _ => {}
        }
    }
    if only_targets {
        table.rows.retain(|row| row.target.is_some());
    }
    if json { serde_json::to_string_pretty(&table).map_err(|error| error.to_string()) } else { Ok(table.text()) }
}

/// Counts the entries, if valgrind is there.
fn counts(entries: &[Entry], table: &mut Table) -> Result<Option<Counts>, String> {
    if sidetone_testkit::require::tool("valgrind").is_some() {
        return count(entries).map(Some);
    }
    table.skipped.push("instructions and allocations: needs valgrind".to_owned());
    Ok(None)
}
