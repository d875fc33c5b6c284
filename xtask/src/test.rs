//! `cargo xtask test`: everything that must hold, in steps; the first that fails ends the run.
//!
//! The last line that is printed sums the tests as their runners reported them: `N passed, N failed, N skipped`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::bench;
use crate::bpf;
use crate::package;
use crate::run::{self, Failed};
use crate::setup;
use crate::tidy;
use crate::totals::Totals;
use crate::workspace::{self, Package};

struct Step {
    name: &'static str,
    run: fn(&mut Totals) -> Result<(), Failed>,
}

/// Cheap steps first.
const STEPS: &[Step] = &[
    Step { name: "tools", run: |_| setup::tools() },
    Step { name: "fmt", run: |_| cargo(&["fmt", "--all", "--", "--check"]) },
    Step { name: "tidy", run: |_| tidy::run(&[]) },
    Step { name: "bpf", run: |_| bpf::check() },
    Step { name: "clippy", run: |_| clippy() },
    Step { name: "receivers", run: |_| setup::receivers() },
    Step { name: "host-clients", run: |_| setup::host_clients() },
    Step { name: "tests", run: |totals| tests(&["--workspace", "--all-features"], totals) },
    Step { name: "tests-default", run: |totals| tests(&["--package", "sidetone"], totals) },
    Step { name: "doc", run: |_| doc() },
    Step { name: "package", run: |_| package::run() },
    Step { name: "other-compiler", run: |_| other_compiler() },
    Step { name: "gate", run: |_| gate() },
];

pub(crate) fn step_names() -> Vec<&'static str> {
    STEPS.iter().map(|step| step.name).collect()
}

pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    if let Some(unknown) = names.iter().find(|name| !step_names().contains(&name.as_str())) {
        return Err(Failed(format!("no step `{unknown}`; there are: {}", step_names().join(", "))));
    }
    let steps: Vec<&Step> =
        STEPS.iter().filter(|step| names.is_empty() || names.iter().any(|name| name == step.name)).collect();
    if steps.iter().any(|step| step.name == "receivers") {
        // Mostly waiting for the network: begun now, in silence; the step of that name waits for it or says what failed.
        thread::spawn(|| drop(setup::receivers().and_then(|()| setup::host_clients())));
    }
    let mut totals = Totals::default();
    show_disk();
    let result = run_steps(&steps, &mut totals);
    show_disk();
    let ran_tests = steps.iter().any(|step| step.name == "tests");
    let result = judge(result, ran_tests, &mut totals);
    if let Err(Failed(why)) = &result {
        println!("\nFAILED: {why}");
    }
    println!("{totals}");
    result.map_err(|_| Failed("not everything holds, see above".to_owned()))
}

fn run_steps(steps: &[&Step], totals: &mut Totals) -> Result<(), Failed> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut result = Ok(());
    for step in steps {
        println!("\n== {} ==", step.name);
        let start = Instant::now();
        result = (step.run)(totals).map_err(|failed| failed.while_doing(format!("step `{}`", step.name)));
        times.push((step.name, start.elapsed()));
        if result.is_err() {
            break;
        }
    }
    println!("\n== summary ==");
    for (index, (name, time)) in times.iter().enumerate() {
        let end = if result.is_err() && index + 1 == times.len() { "FAILED" } else { "ok" };
        println!("{name:15} {:7.1} s  {end}", time.as_secs_f64());
    }
    result
}

/// Tells the room that is left: a compiler that finds none ends without a word of it.
fn show_disk() {
    let target = workspace::target();
    let folders = [target.as_path(), &workspace::root(), &std::env::temp_dir()].map(Path::to_owned);
    let there = folders.iter().filter(|folder| folder.is_dir());
    match run::output(Command::new("df").args(["-h", "--output=avail,size,file"]).args(there)) {
        Ok(table) => println!("\n{}", table.trim_end()),
        Err(Failed(why)) => println!("\nfree disk: {why}"),
    }
}

/// A run that failed counts at least one failure, and one that ran no test has failed.
fn judge(result: Result<(), Failed>, ran_tests: bool, totals: &mut Totals) -> Result<(), Failed> {
    let result = match result {
        Ok(()) if totals.failed > 0 => Err(Failed(format!("{} tests failed", totals.failed))),
        Ok(()) if ran_tests && totals.passed == 0 => Err(Failed("no test ran".to_owned())),
        other => other,
    };
    if result.is_err() {
        totals.failed = totals.failed.max(1);
    }
    result
}

fn cargo(arguments: &[&str]) -> Result<(), Failed> {
    run::run(run::cargo().args(arguments).current_dir(workspace::root()))
}

/// All targets with the default features and with all; the libraries with each feature alone and with none.
fn clippy() -> Result<(), Failed> {
    const DENY: [&str; 3] = ["--", "-D", "warnings"];
    let clippy = |arguments: &[&str]| cargo(&[&["clippy", "--quiet"], arguments, &DENY].concat());
    clippy(&["--workspace", "--all-targets", "--all-features"])?;
    clippy(&["--workspace", "--all-targets"])?;
    for package in workspace::packages()?.iter().filter(|package| package.is_published) {
        for features in feature_sets(package) {
            clippy(&["--package", &package.name, "--no-default-features", "--features", features])?;
        }
    }
    Ok(())
}

/// No feature, then each alone; nothing for a package without features, which the other runs have seen.
fn feature_sets(package: &Package) -> Vec<&str> {
    let alone: Vec<&str> = package.features.iter().map(String::as_str).filter(|name| *name != "default").collect();
    if alone.is_empty() { alone } else { [&[""], alone.as_slice()].concat() }
}

/// Runs the tests, shows what they print, and counts their closing lines.
fn tests(selection: &[&str], totals: &mut Totals) -> Result<(), Failed> {
    let mut command = run::cargo();
    command.args(["test", "--no-fail-fast"]).args(selection).current_dir(workspace::root());
    println!("$ {}", run::shown(&command));
    counted(&mut command, totals)
}

fn counted(command: &mut Command, totals: &mut Totals) -> Result<(), Failed> {
    let not_run = |error| Failed(format!("`{}`: {error}", run::shown(command)));
    let mut child = Command::new(command.get_program())
        .args(command.get_args())
        .current_dir(command.get_current_dir().unwrap_or(&workspace::root()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(not_run)?;
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n') {
            let line = line.map_err(not_run)?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(counts) = Totals::of_line(&line) {
                *totals += counts;
            }
        }
    }
    let status = child.wait().map_err(not_run)?;
    if status.success() { Ok(()) } else { Err(Failed(format!("`{}` ended with {status}", run::shown(command)))) }
}

fn doc() -> Result<(), Failed> {
    let mut command = run::cargo();
    command.args(["doc", "--workspace", "--all-features", "--no-deps", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings");
    run::run(command.current_dir(workspace::root()))
}

/// Builds the library crates with Debian's compiler.
fn other_compiler() -> Result<(), Failed> {
    let packages = workspace::packages()?;
    let libraries = packages.iter().filter(|package| package.is_published).map(|package| package.name.as_str());
    let mut command = Command::new(setup::DEBIAN_CARGO);
    command.args(["build", "--lib", "--all-features", "--quiet", "--target-dir", "target/other-compiler"]);
    for library in libraries.filter(|name| *name != "sidetone-cli") {
        command.args(["--package", library]);
    }
    command.env("RUSTC", setup::DEBIAN_RUSTC).env("CARGO_PROFILE_DEV_DEBUG", "0");
    run::run(command.current_dir(workspace::root()))
}

/// Compares instruction counts with the committed baseline.
fn gate() -> Result<(), Failed> {
    bench::run(&["gate".to_owned()])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    fn failed() -> Result<(), Failed> {
        Err(Failed("why".to_owned()))
    }

    #[test]
    fn a_failed_step_ends_the_run_and_is_named() {
        let steps = [
            Step { name: "first", run: |_| Ok(()) },
            Step { name: "second", run: |_| failed() },
            Step { name: "third", run: |_| panic!("must not run") },
        ];
        let mut totals = Totals::default();
        let result = run_steps(&steps.iter().collect::<Vec<_>>(), &mut totals);
        assert_eq!(result, Err(Failed("step `second`: why".to_owned())));
        assert_eq!(totals, Totals::default());
    }

    #[test]
    fn a_run_without_tests_or_with_failed_ones_has_failed() {
        let judged = |result, passed, failed| {
            let mut totals = Totals { passed, failed, skipped: 0 };
            (judge(result, true, &mut totals).is_ok(), totals.failed)
        };
        assert_eq!(judged(Ok(()), 3, 0), (true, 0));
        assert_eq!(judged(Ok(()), 0, 0), (false, 1));
        assert_eq!(judged(Ok(()), 3, 1), (false, 1));
        assert_eq!(judged(failed(), 3, 0), (false, 1));
        assert_eq!(judged(failed(), 3, 2), (false, 2));
    }

    #[test]
    fn the_tests_of_each_program_are_counted_and_a_failing_one_is_seen() {
        let script = "echo 'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured';
            echo 'test result: FAILED. 3 passed; 1 failed; 0 ignored; 0 measured'; exit 101";
        let mut totals = Totals::default();
        let result = counted(Command::new("sh").args(["-c", script]), &mut totals);
        assert!(result.is_err());
        assert_eq!(totals, Totals { passed: 5, failed: 1, skipped: 1 });
    }

    #[test]
    fn each_feature_is_tried_alone() {
        let features = ["default", "grpc", "otlp"].map(str::to_owned).to_vec();
        let package = Package { features, ..Package::default() };
        assert_eq!(feature_sets(&package), ["", "grpc", "otlp"]);
        assert_eq!(feature_sets(&Package::default()), Vec::<&str>::new());
    }
}
