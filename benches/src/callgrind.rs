//! Counts instructions and allocations exactly, by running this binary again under valgrind's callgrind.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::meter::{Clock, Entry, Meter, end_of_subject};

/// The subcommand that the child is started with.
pub(crate) const CHILD: &str = "counted";

/// What one unit of a subject costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Count {
    /// Instructions.
    pub(crate) instructions: f64,
    /// Allocations: calls of the allocator for new or grown memory.
    pub(crate) allocations: f64,
}

/// What each subject costs, by name. Only what happens on the measuring thread counts.
pub(crate) type Counts = BTreeMap<String, Count>;

/// Counts every entry.
///
/// # Errors
/// When valgrind fails, or a subject's result was wrong.
pub(crate) fn count(entries: &[Entry]) -> Result<Counts, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder for callgrind's files: {error}"))?;
    let out = folder.path().join("out");
    let this = std::env::current_exe().map_err(|error| format!("own path unknown: {error}"))?;
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg("--toggle-collect=*sidetone_benches::meter::measured*")
        .arg("--dump-before=*sidetone_benches::meter::end_of_subject*")
        .arg("--dump-instr=yes")
        .arg(this)
        .arg(CHILD)
        .args(entries.iter().map(|entry| &entry.name))
        // glibc copies more than 2 KiB with one instruction that valgrind counts once a byte, unless the addresses lie
        // unluckily to each other: without it equal copies count alike.
        .env("GLIBC_TUNABLES", "glibc.cpu.x86_rep_movsb_threshold=1073741824")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("valgrind could not be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("under valgrind, {}: {}", output.status, String::from_utf8_lossy(&output.stderr)));
    }
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| {
            let total = read(&folder.path().join(format!("out.{}", index + 1)))?;
            let units = entry.units as f64;
            let count = Count { instructions: total.instructions / units, allocations: total.allocations / units };
            Ok((entry.name.clone(), count))
        })
        .collect()
}

/// The child's side: one round of each entry, after one that doesn't count.
///
/// # Errors
/// When a subject's result was wrong.
pub(crate) fn run_counted<'a>(entries: impl Iterator<Item = &'a Entry>) -> Result<(), String> {
    for (index, entry) in entries.enumerate() {
        let mut subject = (entry.make)();
        for _ in 0..2 {
            subject.round(&mut Meter::warming_up());
        }
        // The clock of a thread is read in a way that valgrind does not know.
        subject.round(&mut Meter::new(Clock::Wall));
        end_of_subject(index);
        subject.check().map_err(|wrong| format!("{}: {wrong}", entry.name))?;
    }
    Ok(())
}

/// The functions whose entry is an allocation.
const ALLOCATORS: [&str; 3] = ["__rdl_alloc", "__rdl_alloc_zeroed", "__rdl_realloc"];

/// Reads one file of callgrind's. The count of calls that it writes also grows where nothing is collected; how often
/// a function's first instruction ran does not.
fn read(path: &Path) -> Result<Count, String> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("callgrind wrote no {}: {error}", path.display()))?;
    let mut instructions = None;
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    // For each allocator: the lowest address seen, and how often it ran.
    let mut entries: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut allocator = None;
    let mut address = 0_u64;
    let mut is_call = false;
    for line in text.lines() {
        if let Some(totals) = line.strip_prefix("totals: ") {
            instructions = totals.trim().parse().ok();
        } else if let Some(name) = line.strip_prefix("fn=") {
            let name = resolve(name, &mut names);
            allocator = ALLOCATORS.into_iter().find(|&allocator| name.rsplit("::").next() == Some(allocator));
        } else if let Some(name) = line.strip_prefix("cfn=") {
            resolve(name, &mut names);
        } else if line.starts_with("calls=") {
            is_call = true;
        } else if line.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '*')) {
            let mut fields = line.split(' ');
            let at = fields.next().unwrap_or_default();
            address = match at.split_at(1) {
                ("+", by) => address.wrapping_add(number(by)),
                ("-", by) => address.wrapping_sub(number(by)),
                ("*", _) => address,
                _ => number(at),
            };
            let ran = fields.nth(1).map_or(0, number);
            if let (Some(allocator), false) = (allocator, is_call) {
                let entry = entries.entry(allocator).or_insert((address, 0));
                match address.cmp(&entry.0) {
                    std::cmp::Ordering::Less => *entry = (address, ran),
                    std::cmp::Ordering::Equal => entry.1 += ran,
                    std::cmp::Ordering::Greater => {}
                }
            }
            is_call = false;
        }
    }
    let instructions: f64 = instructions.ok_or_else(|| format!("{} has no totals", path.display()))?;
    Ok(Count { instructions, allocations: entries.values().map(|&(_, ran)| ran as f64).sum() })
}

/// A name of callgrind's: `(7) name` gives it a number, `(7)` means the one that was given.
fn resolve<'a>(name: &'a str, names: &mut BTreeMap<&'a str, &'a str>) -> &'a str {
    match name.split_once(") ") {
        Some((number, name)) => {
            names.insert(number, name);
            name
        }
        None => names.get(name.trim_end_matches(')')).copied().unwrap_or_default(),
    }
}

fn number(text: &str) -> u64 {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).unwrap_or(0),
        None => text.parse().unwrap_or(0),
    }
}
