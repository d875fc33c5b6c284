//! Developer tasks of the workspace: `cargo xtask TASK`, one module a task.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bench;
mod bpf;
mod golden;
mod package;
mod pinned;
mod prices;
mod run;
mod scan;
mod semconv;
mod setup;
mod test;
mod tidy;
mod totals;
mod workspace;

use std::process::ExitCode;

use run::Failed;

/// A task: its name, what it is for, and what does it with the remaining arguments.
struct Task {
    name: &'static str,
    purpose: &'static str,
    run: fn(&[String]) -> Result<(), Failed>,
}

const TASKS: &[Task] = &[
    Task {
        name: "test",
        purpose: "install what the checks need and run all of them, or only the named STEPs",
        run: test::run,
    },
    Task { name: "setup", purpose: "install what the checks need: receivers of telemetry and tools", run: setup::run },
    Task {
        name: "bpf",
        purpose: "build the kernel side of host-wide capture (`--check`: compare with the committed object)",
        run: bpf::run,
    },
    Task { name: "bench", purpose: "run the benches (`--json` for machines)", run: bench::run },
    Task {
        name: "golden",
        purpose: "make the golden files of other packages anew (`--check`: only compare), or only the named VARIANTs",
        run: golden::run,
    },
    Task {
        name: "prices",
        purpose: "write the table of prices anew from open data: a date, and the files of unpacked packages",
        run: prices::run,
    },
    Task {
        name: "scan-quality",
        purpose: "measure the security scan on others' cases and on ordinary text, and write the tables of docs/scan.md",
        run: scan::run,
    },
    Task {
        name: "semconv",
        purpose: "write the table of the conventions' names anew: for each source `source=TEXT` and its files",
        run: semconv::run,
    },
    Task {
        name: "tidy",
        purpose: "check the invariants that a machine can see, or only the named CHECKs",
        run: tidy::run,
    },
];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_default();
    let arguments: Vec<String> = arguments.collect();
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        print_usage();
        return ExitCode::from(2);
    };
    match (task.run)(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed(why)) => {
            eprintln!("xtask {name}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn print_usage() {
    eprintln!("usage: cargo xtask TASK [ARGUMENT…]\n");
    for task in TASKS {
        eprintln!("  {:6} {}", task.name, task.purpose);
    }
    eprintln!("\nsteps of `test`: {}", test::step_names().join(", "));
    eprintln!("checks of `tidy`: {}", tidy::check_names().join(", "));
}
