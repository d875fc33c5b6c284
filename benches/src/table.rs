//! The table that comes out: a row a figure, with its peer, its target and the verdict.

use serde::Serialize;

/// What is to be thought of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// It meets its target.
    Met,
    /// It misses its target.
    Missed,
    /// It has no target and is only reported.
    Reported,
}

/// A row.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Row {
    /// Which bench, and what of it.
    pub(crate) bench: String,
    /// Our figure.
    pub(crate) ours: f64,
    /// Its unit.
    pub(crate) unit: &'static str,
    /// What it is compared with.
    pub(crate) against: String,
    /// Their figure.
    pub(crate) peer: Option<f64>,
    /// The most that ours may be.
    pub(crate) target: Option<f64>,
    /// How the target came about.
    pub(crate) by: String,
    /// Anything else worth knowing, such as the nanoseconds of a row of instructions.
    pub(crate) note: String,
    /// Whether the target is met.
    pub(crate) verdict: Verdict,
}

impl Row {
    /// A figure without peer or target.
    pub(crate) fn new(bench: impl Into<String>, ours: f64, unit: &'static str) -> Self {
        Self {
            bench: bench.into(),
            ours,
            unit,
            against: String::new(),
            peer: None,
            target: None,
            by: String::new(),
            note: String::new(),
            verdict: Verdict::Reported,
        }
    }

    pub(crate) fn against(mut self, against: impl Into<String>, peer: f64) -> Self {
        self.against = against.into();
        self.peer = Some(peer);
        self
    }

    /// Ours may be at most `target`, which came about as `by` says.
    pub(crate) fn at_most(mut self, target: f64, by: impl Into<String>) -> Self {
        self.target = Some(target);
        self.by = by.into();
        // What was counted exactly is compared exactly, but for the last bits of a division.
        self.verdict = if self.ours <= target + 1e-9 { Verdict::Met } else { Verdict::Missed };
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }
}

/// Rows, and what was skipped.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Table {
    pub(crate) rows: Vec<Row>,
    pub(crate) skipped: Vec<String>,
}

impl Table {
    pub(crate) fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn text(&self) -> String {
        let mut cells = vec![["bench", "ours", "peer", "ratio", "target", "verdict", "notes"].map(str::to_owned)];
        for row in &self.rows {
            let peer = row.peer.map_or_else(|| "-".to_owned(), |peer| format!("{} ({})", number(peer), row.against));
            let ratio = row
                .peer
                .filter(|peer| peer.abs() > f64::EPSILON)
                .map_or_else(|| "-".to_owned(), |peer| format!("{:.3}", row.ours / peer));
            let target = row.target.map_or_else(|| "-".to_owned(), |target| format!("≤ {}", number(target)));
            let verdict = match row.verdict {
                Verdict::Met => "met",
                Verdict::Missed => "MISSED",
                Verdict::Reported => "reported",
            };
            let notes = [row.by.as_str(), row.note.as_str()].into_iter().filter(|note| !note.is_empty());
            let notes: Vec<_> = notes.collect();
            cells.push([
                row.bench.clone(),
                format!("{} {}", number(row.ours), row.unit).trim_end().to_owned(),
                peer,
                ratio,
                target,
                verdict.to_owned(),
                notes.join("; "),
            ]);
        }
        let mut text = String::new();
        let widths: Vec<usize> =
            (0..7).map(|column| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
        for (index, row) in cells.iter().enumerate() {
            let line = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            text.push_str(&format!("| {} |\n", line.collect::<Vec<_>>().join(" | ")));
            if index == 0 {
                let rule = widths.iter().map(|width| "-".repeat(*width));
                text.push_str(&format!("| {} |\n", rule.collect::<Vec<_>>().join(" | ")));
            }
        }
        for skipped in &self.skipped {
            text.push_str(&format!("skipped: {skipped}\n"));
        }
        text
    }
}

fn number(value: f64) -> String {
    match value.abs() {
        large if large >= 1000.0 => {
            let digits = format!("{value:.0}");
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits.as_str()), |digits| ("-", digits));
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index) % 3 == 0 {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            format!("{sign}{grouped}")
        }
        middle if middle >= 100.0 => format!("{value:.0}"),
        small if small >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.3}").trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}
