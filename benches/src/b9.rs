//! B9: what the security scan costs: on ordinary text, and on texts that were made to be hard on it.

use std::path::Path;
use std::time::Duration;

use regex::RegexSetBuilder;
use rustix::time::{ClockId, clock_gettime};
use sidetone_core::scan::Scanner;

use crate::table::{Row, Table};

/// As much is scanned at a time as a long part of a message has.
const PART: usize = 64 << 10;
/// Lengths of the hard texts: the time a byte at the second is compared with that at the first.
const LENGTHS: [usize; 2] = [100 << 10, 10 << 20];
/// Most nanoseconds a byte: 200 MB/s on ordinary text, 20 MB/s on any.
const ORDINARY: f64 = 5.0;
const HARD: f64 = 50.0;
/// Most that a byte of a long text may take, against one of a short text.
const GROWTH: f64 = 1.2;

/// What is repeated: beginnings of keys, almost keys, digits, findings without a gap, what is encoded.
const TEXTS: &[(&str, &str)] = &[
    ("beginnings of a key", "AKIA"),
    ("beginnings in the alphabet of their key", "sk-proj-"),
    ("keys that lack a character", "glpat-aaaaaaaaaaaaaaaaaaa "),
    ("digits", "1234567890"),
    ("groups of digits", "4111 1 "),
    ("findings without a gap", "glpat-zQWBuTSOoRi4A9spHcVY"),
    ("findings with a gap", "glpat-zQWBuTSOoRi4A9spHcVY "),
    ("base64", "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo"),
    ("nested escapes", "\\\\\\\\u0067lpat-%2525"),
    ("beginnings of private keys", "-----BEGIN PRIVATE KEY-----"),
    ("addresses", "http://a:b@c.de"),
    ("names without a value", "token = "),
    ("marks in the middle of keys", "+AStAAAA"),
    ("names in values of names", "token=token=token=token=token=token=token=token=token=token=token=\n"),
    ("commands with a user", "curl -u a:b1 "),
];

/// Measures, and adds the rows.
///
/// # Errors
/// When a scan found what isn't there, or not what is.
pub(crate) fn run(quick: bool, table: &mut Table) -> Result<(), String> {
    let scanner = Scanner::embedded();
    let rounds = if quick { 3 } else { 9 };
    check(&scanner)?;
    ordinary(&scanner, rounds, table)?;
    let mut all = Vec::new();
    for (name, piece) in TEXTS {
        let [short, long] = LENGTHS.map(|length| piece.repeat(length / piece.len()));
        let short_ns = fastest(rounds, &short, LENGTHS[1] / LENGTHS[0], &scanner);
        let long_ns = fastest(rounds.div_ceil(3), &long, 1, &scanner);
        all.push((name, short_ns, long_ns));
    }
    for (name, short, long) in all {
        let slower = short.max(long);
        let note = format!("{:.0} MB/s", 1e3 / slower);
        table.push(Row::new(format!("B9 {name}"), slower, "ns/byte").at_most(HARD, "20 MB/s").note(note));
        let growth = Row::new(format!("B9 {name}: 10 MiB against 100 KiB"), long / short, "×");
        table.push(growth.at_most(GROWTH, "linear"));
    }
    Ok(())
}

/// What is measured finds what it should.
fn check(scanner: &Scanner) -> Result<(), String> {
    let count = |text: &str| {
        let mut found = Vec::new();
        scanner.scan(text, &mut found);
        found.len()
    };
    let key = "glpat-zQWBuTSOoRi4A9spHcVY ";
    match (count(&key.repeat(100)), count(&TEXTS[0].1.repeat(100))) {
        (100, 0) => Ok(()),
        other => Err(format!("of 100 keys and of none, the scan finds {other:?}")),
    }
}

fn ordinary(scanner: &Scanner, rounds: usize, table: &mut Table) -> Result<(), String> {
    let mut text = String::new();
    gather(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")), &mut text).map_err(|error| error.to_string())?;
    let parts = parts(&text);
    let scan = |part: &str| {
        let mut found = Vec::new();
        scanner.scan(part, &mut found);
        std::hint::black_box(&found);
    };
    let expressions = Scanner::expressions();
    let set = RegexSetBuilder::new(&expressions)
        .size_limit(1 << 30)
        .dfa_size_limit(64 << 20)
        .build()
        .map_err(|error| format!("the peer's expressions: {error}"))?;
    let ours = fastest_of(rounds, text.len(), || parts.iter().for_each(|part| scan(part)));
    // A match ends its search, so its work is less where it finds something.
    let peer = fastest_of(rounds.div_ceil(3), text.len(), || {
        for part in &parts {
            std::hint::black_box(set.matches(part).len());
        }
    });
    let note = format!("{:.0} MB/s, {:.1} MB", 1e3 / ours, text.len() as f64 / 1e6);
    let row = Row::new("B9 ordinary text, all rules", ours, "ns/byte");
    let against = format!("RegexSet of {} expressions", expressions.len());
    table.push(row.against(against, peer).at_most(ORDINARY, "200 MB/s").note(note));
    Ok(())
}

/// The repository's programs and documentation, without what is about secrets.
fn gather(folder: &Path, text: &mut String) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !matches!(&*name, "target" | "scan" | "tests" | "policy" | "node_modules") && !name.starts_with('.') {
                gather(&path, text)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "md") && name != "scan.md" {
            text.push_str(&std::fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

fn parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = (PART.min(rest.len())..=rest.len()).find(|&end| rest.is_char_boundary(end)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(part);
        rest = after;
    }
    parts
}

/// Nanoseconds a byte of the fastest round, of `times` scans each.
fn fastest(rounds: usize, text: &str, times: usize, scanner: &Scanner) -> f64 {
    let mut found = Vec::new();
    fastest_of(rounds, text.len() * times, || {
        for _ in 0..times {
            found.clear();
            scanner.scan(text, &mut found);
            std::hint::black_box(&found);
        }
    })
}

fn fastest_of(rounds: usize, bytes: usize, mut round: impl FnMut()) -> f64 {
    let spent = (0..rounds).map(|_| {
        let start = cpu();
        round();
        (cpu() - start).as_nanos() as f64
    });
    spent.fold(f64::INFINITY, f64::min) / bytes as f64
}

/// The processor time of this thread: other programs' share is not ours.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
