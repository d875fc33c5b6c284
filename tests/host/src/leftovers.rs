//! What of a capture is in the kernel: its links, programs and maps, as `bpftool` lists them, and what a process holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use sidetone_testkit::require;

/// The identifiers of everything of BPF that a process holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Links: probes that are attached.
    pub links: BTreeSet<u64>,
    /// Loaded programs.
    pub programs: BTreeSet<u64>,
    /// Maps.
    pub maps: BTreeSet<u64>,
}

impl Held {
    /// What the process holds now; `None`, after a line that says so, where there is no `bpftool` to follow it up.
    #[must_use]
    pub fn by(pid: u32) -> Option<Self> {
        require::tool("bpftool")?;
        let (mut links, mut programs, mut maps) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for entry in fs::read_dir(format!("/proc/{pid}/fdinfo")).unwrap() {
            // It may be closed by now.
            let text = fs::read_to_string(entry.unwrap().path()).unwrap_or_default();
            let id = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
            match (id("link_id:"), id("prog_id:"), id("map_id:")) {
                (Some(link), ..) => links.insert(link),
                (_, Some(program), _) => programs.insert(program),
                (.., Some(map)) => maps.insert(map),
                _ => false,
            };
        }
        // A program holds the maps that it uses, whether or not the process does.
        for program in listed("prog") {
            if program["id"].as_u64().is_some_and(|id| programs.contains(&id)) {
                maps.extend(program["map_ids"].as_array().into_iter().flatten().filter_map(Value::as_u64));
            }
        }
        Some(Self { links, programs, maps })
    }

    /// What is left of it in the kernel.
    #[must_use]
    pub fn left(&self) -> Self {
        let still = |what: &str, ids: &BTreeSet<u64>| {
            let now: BTreeSet<u64> = listed(what).iter().filter_map(|entry| entry["id"].as_u64()).collect();
            ids.intersection(&now).copied().collect()
        };
        Self {
            links: still("link", &self.links),
            programs: still("prog", &self.programs),
            maps: still("map", &self.maps),
        }
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.links.is_empty() && self.programs.is_empty() && self.maps.is_empty()
    }

    /// How many entries the hash maps among them have, by name: but for those of other programs of this host, which are running
    /// and are not to be captured.
    #[must_use]
    pub fn entries(&self) -> Vec<(String, usize)> {
        let mut entries = Vec::new();
        for map in listed("map") {
            let (Some(id), Some(kind)) = (map["id"].as_u64(), map["type"].as_str()) else { continue };
            if self.maps.contains(&id) && kind.contains("hash") {
                let dump = bpftool(&["map", "dump", "id", &id.to_string()]);
                let name = map["name"].as_str().unwrap_or("?").to_owned();
                let entry_counts = |entry: &&Value| name != "processes" || !is_of_another_program(entry);
                let count = dump.as_array().into_iter().flatten().filter(entry_counts).count();
                entries.push((name, count));
            }
        }
        entries.sort();
        entries
    }
}

/// Whether an entry of the map `processes` (`struct process` of `bpf/record.h`) is of a running process with the verdict "ignored".
fn is_of_another_program(entry: &Value) -> bool {
    let byte = |value: &Value| u32::from_str_radix(value.as_str()?.strip_prefix("0x")?, 16).ok();
    let bytes = |name: &str| entry[name].as_array().into_iter().flatten().filter_map(byte).collect::<Vec<_>>();
    let number = |bytes: &[u32]| bytes.iter().rev().fold(0, |number, byte| number << 8 | byte);
    const VERDICT_IGNORED: u32 = 2;
    let (pid, value) = (number(&bytes("key")), bytes("value"));
    value.get(8..12).map(number) == Some(VERDICT_IGNORED) && Path::new(&format!("/proc/{pid}")).exists()
}

/// The entries of the hash maps among them, for people.
#[must_use]
pub fn shown(held: &Held) -> String {
    let mut shown = String::new();
    for map in listed("map") {
        let (Some(id), Some(kind)) = (map["id"].as_u64(), map["type"].as_str()) else { continue };
        if held.maps.contains(&id) && kind.contains("hash") {
            let output = Command::new("bpftool").args(["map", "dump", "id", &id.to_string()]).output().unwrap();
            shown += &format!("{}:\n{}", map["name"], String::from_utf8_lossy(&output.stdout));
        }
    }
    shown
}

fn listed(what: &str) -> Vec<Value> {
    bpftool(&[what, "show"]).as_array().cloned().unwrap_or_default()
}

fn bpftool(arguments: &[&str]) -> Value {
    let output = Command::new("bpftool").arg("-j").args(arguments).output().unwrap();
    // Of what is just going away it says an error after what it has listed.
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// How many file descriptors a process has.
#[must_use]
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count()
}

/// The memory of a process that is its own, in KiB.
#[must_use]
pub fn memory_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
