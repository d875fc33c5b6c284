//! The instruction gate: counts of this build against the committed baseline.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::callgrind::{Counts, count};
use crate::meter::Entry;

/// More than this much above the baseline fails.
const TOLERANCE: f64 = 0.03;

/// What a figure of the baseline is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Figure {
    instructions: f64,
    allocations: f64,
}

/// The committed file.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Baseline {
    /// The compiler that the counts are of; another one's differ.
    rustc: String,
    figures: BTreeMap<String, Figure>,
}

/// Figures of the gate: ours, and what is taken off it. A stream's are of the whole stream.
const GATED: &[(&str, Option<&str>)] = &[
    ("b1.ours@1", Some("b1.base@1")),
    ("b1.ours@100", Some("b1.base@100")),
    ("b2.ours.1000@1", Some("b2.base.1000@1")),
    ("b2.ours.100@100", Some("b2.base.100@100")),
    ("b3.ours.2k.off", Some("b3.base.2k")),
    ("b3.ours.2k.full", Some("b3.base.2k")),
    ("b3.ours.100k.off", Some("b3.base.100k")),
    ("b3.ours.100k.full", Some("b3.base.100k")),
    ("b3.ours.stream.off", Some("b3.base.stream")),
    ("b3.ours.stream.full", Some("b3.base.stream")),
    ("b4.ours.off.event.1000", None),
    ("b4.ours.full.event.1000", None),
    ("b4.ours.off.16k.1000", None),
    ("b4.ours.full.16k.1000", None),
    ("b10.ours.latest", None),
    ("b10.ours.v2", None),
];

/// Compares this build with the baseline, or makes it the baseline.
///
/// # Errors
/// What got dearer, or why nothing could be compared.
pub(crate) fn run(entries: Vec<Entry>, bless: bool) -> Result<String, String> {
    let wanted = |name: &str| GATED.iter().any(|(ours, base)| *ours == name || *base == Some(name));
    let entries: Vec<Entry> = entries.into_iter().filter(|entry| wanted(&entry.name)).collect();
    let figures = figures(&count(&entries)?)?;
    let path = path();
    if bless {
        let text =
            serde_json::to_string_pretty(&Baseline { rustc: rustc(), figures }).map_err(|error| error.to_string())?;
        std::fs::write(&path, text + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
        return Ok(format!("wrote {}\n", path.display()));
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}. Write it with `cargo xtask bench gate --bless`", path.display()))?;
    let baseline: Baseline = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
    compare(&baseline, &figures)
}

fn figures(counts: &Counts) -> Result<BTreeMap<String, Figure>, String> {
    let of = |name: &str| counts.get(name).copied().ok_or_else(|| format!("{name} was not counted"));
    GATED
        .iter()
        .map(|(ours, base)| {
            let own = of(ours)?;
            let (mut instructions, mut allocations) = (own.instructions, own.allocations);
            if let Some(base) = base {
                let base = of(base)?;
                instructions -= base.instructions;
                allocations -= base.allocations;
            }
            Ok(((*ours).to_owned(), Figure { instructions: rounded(instructions), allocations: rounded(allocations) }))
        })
        .collect()
}

fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn compare(baseline: &Baseline, figures: &BTreeMap<String, Figure>) -> Result<String, String> {
    let mut text = String::new();
    let mut dearer = Vec::new();
    for (name, now) in figures {
        let Some(then) = baseline.figures.get(name) else {
            dearer.push(format!("{name} is not in the baseline"));
            continue;
        };
        let change = now.instructions / then.instructions - 1.0;
        text.push_str(&format!(
            "{name:<24} {:>12.1} instructions, baseline {:>12.1} ({:+.2} %), allocations {:.3}, baseline {:.3}\n",
            now.instructions,
            then.instructions,
            change * 100.0,
            now.allocations,
            then.allocations
        ));
        if exceeds(now.instructions, then.instructions) {
            dearer.push(format!("{name} got dearer by {:.2} % in instructions", change * 100.0));
        }
        if exceeds(now.allocations, then.allocations) {
            dearer.push(format!("{name} got dearer: {} allocations instead of {}", now.allocations, then.allocations));
        }
    }
    if dearer.is_empty() {
        return Ok(text);
    }
    let mut message = format!("{text}{}\n", dearer.join("\n"));
    if baseline.rustc != rustc() {
        message.push_str(&format!("the baseline was counted with {}, this is {}\n", baseline.rustc, rustc()));
    }
    message.push_str("If it is worth it: `cargo xtask bench gate --bless`, and say why in the commit");
    Err(message)
}

/// A thousandth of a unit is what rounding may add.
fn exceeds(now: f64, then: f64) -> bool {
    now > then * (1.0 + TOLERANCE) + 0.001
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/baseline.json"))
}

fn rustc() -> String {
    let compiler = std::process::Command::new("rustc").arg("--version").output();
    compiler.map_or_else(|_| "unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn figure(instructions: f64, allocations: f64) -> BTreeMap<String, Figure> {
        [("b1.ours@1".to_owned(), Figure { instructions, allocations })].into()
    }

    #[test]
    fn three_percent_more_passes_and_a_little_more_than_that_fails() {
        let baseline = Baseline { rustc: rustc(), figures: figure(1000.0, 7.0) };
        assert!(compare(&baseline, &figure(1030.0, 7.0)).is_ok());
        let message = compare(&baseline, &figure(1031.0, 7.0)).unwrap_err();
        assert!(message.contains("b1.ours@1 got dearer by 3.10 %"), "{message}");
    }

    #[test]
    fn one_more_allocation_fails() {
        let baseline = Baseline { rustc: rustc(), figures: figure(1000.0, 7.0) };
        assert!(compare(&baseline, &figure(1000.0, 8.0)).is_err());
    }

    #[test]
    fn a_figure_without_a_baseline_fails() {
        assert!(compare(&Baseline::default(), &figure(1.0, 1.0)).is_err());
    }
}
