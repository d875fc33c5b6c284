//! From what was measured to rows: what each bench compares, and how its targets translate to this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::b3::SHAPES;
use crate::b4::EVENTS;
use crate::b10;
use crate::callgrind::{Count, Counts};
use crate::meter::{Clock, Entry, Nanos, time};
use crate::table::{Row, Table};

/// How long and how often is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) rounds: usize,
    pub(crate) of_each: Duration,
    pub(crate) clock: Clock,
}

/// Everything that was measured of some entries.
pub(crate) struct Measured {
    nanos: BTreeMap<String, Nanos>,
    /// `None` without valgrind.
    counts: Option<Counts>,
}

impl Measured {
    /// Times the entries, each group interleaved, and counts them.
    ///
    /// # Errors
    /// When a result was wrong.
    pub(crate) fn new(entries: &[Entry], effort: Effort, counts: Option<Counts>) -> Result<Self, String> {
        let mut groups: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            groups.entry(group_of(&entry.name)).or_default().push(entry);
        }
        let mut nanos = BTreeMap::new();
        for group in groups.values() {
            for (entry, timed) in group.iter().zip(time(group, effort.rounds, effort.of_each, effort.clock)?) {
                nanos.insert(entry.name.clone(), timed);
            }
        }
        Ok(Self { nanos, counts })
    }

    fn ns(&self, name: &str) -> Nanos {
        self.nanos.get(name).copied().unwrap_or(Nanos { min: f64::NAN, median: f64::NAN })
    }

    fn count(&self, name: &str) -> Option<Count> {
        self.counts.as_ref()?.get(name).copied()
    }

    /// What `name` costs more than `base`, in nanoseconds: of the medians, and of the fastest rounds.
    fn added_ns(&self, name: &str, base: &str) -> Nanos {
        let (own, base) = (self.ns(name), self.ns(base));
        Nanos { min: own.min - base.min, median: own.median - base.median }
    }

    fn added(&self, name: &str, base: &str) -> Option<Count> {
        let (own, base) = (self.count(name)?, self.count(base)?);
        Some(Count {
            instructions: own.instructions - base.instructions,
            allocations: own.allocations - base.allocations,
        })
    }
}

/// Entries that are compared with each other are timed in turn.
fn group_of(name: &str) -> String {
    let bench = name.split('.').next().unwrap_or(name);
    let shape = match bench {
        "b1" => name.rsplit('@').next(),
        "b2" => name.rsplit('.').next(),
        "b3" | "b10" => name.split('.').nth(2),
        _ => None,
    };
    format!("{bench} {}", shape.unwrap_or_default())
}

fn fastest(nanos: Nanos) -> String {
    format!("fastest round {:.1} ns", nanos.min)
}

/// What peers and floors cost on the machine where the targets were set, in nanoseconds: a target in nanoseconds is to
/// ours as these are to the peer in the same run, in time and in instructions.
mod reference {
    /// reqwest-tracing's middleware, for a call.
    pub(super) const REQWEST_TRACING: f64 = 2480.0;
    /// A plain tee, for a piece.
    pub(super) const PLAIN_TEE: f64 = 67.0;
    /// Typed parse of 2 KiB 1.6 µs, span and three log records 1.4 µs, three histogram points 0.34 µs.
    pub(super) const PARTS_2K: f64 = 3340.0;
    /// Typed parse of a stream 316 ns an event, and the same telemetry.
    pub(super) const PARTS_STREAM: f64 = 316_000.0 + 1740.0;
    /// `serde_json::Value` behind a plain split, for an event.
    pub(super) const VALUE: f64 = 850.0;
}

/// What reqwest asks of anything that puts a body of its own into a response; part of our figure.
fn rebuild(measured: &Measured, what: &str, rebuilt: &str, ours: &str, base: &str) -> Row {
    let (rebuilt, own) = (measured.added_ns(rebuilt, base), measured.added_ns(ours, base));
    Row::new(format!("{what}, of it reqwest's own for a rebuilt response: time"), rebuilt.median, "ns")
        .against("ours, all of it", own.median)
        .note(fastest(rebuilt))
}

pub(crate) fn b1(measured: &Measured, table: &mut Table) {
    for open in ["1", "100", "10000"] {
        let name = |who: &str| format!("b1.{who}@{open}");
        let (base, ours, peer) = (name("base"), name("ours"), name("reqwest-tracing"));
        let label = |what: &str| format!("B1 added to a call, {open} at once: {what}");
        if let (Some(own), Some(their)) = (measured.added(&ours, &base), measured.added(&peer, &base)) {
            let allocations =
                Row::new(label("allocations"), own.allocations, "").against("reqwest-tracing", their.allocations);
            let instructions =
                Row::new(label("instructions"), own.instructions, "").against("reqwest-tracing", their.instructions);
            if open == "1" {
                table.push(allocations.at_most(7.0, ""));
                table.push(instructions.at_most(0.25 * their.instructions, "0.25 × peer"));
            } else {
                table.push(allocations);
                table.push(instructions);
            }
        }
        let (own, their) = (measured.added_ns(&ours, &base), measured.added_ns(&peer, &base));
        let row = Row::new(label("time"), own.median, "ns").against("reqwest-tracing", their.median).note(fastest(own));
        table.push(if open == "1" {
            row.at_most(450.0 * their.median / reference::REQWEST_TRACING, "450 ns where the peer has 2,480")
        } else {
            row
        });
        if open == "1" {
            table.push(rebuild(measured, "B1 added to a call", &name("rebuild"), &ours, &base));
        }
    }
}

/// Calls over the loopback interface, with a worker thread: the noise is larger than the figures.
pub(crate) fn b1_loopback(measured: &Measured, table: &mut Table) {
    let added = |who: &str| measured.added_ns(&format!("b1.loopback.{who}"), "b1.loopback.base");
    let (own, their) = (added("ours"), added("reqwest-tracing"));
    table.push(
        Row::new("B1 added to a call over loopback, worker thread running: wall time, fastest round", own.min, "ns")
            .against("reqwest-tracing", their.min)
            .note(format!("a call without us takes {:.0} ns", measured.ns("b1.loopback.base").min)),
    );
}

pub(crate) fn b2(measured: &Measured, table: &mut Table) {
    for (shape, at_once) in
        [("1000@1", "one stream of 1,000"), ("100@100", "100 streams of 100"), ("10@10000", "10,000 streams of 10")]
    {
        let name = |who: &str| format!("b2.{who}.{shape}");
        let (base, ours, tee) = (name("base"), name("ours"), name("tee"));
        let label = |what: &str| format!("B2 added to a chunk, {at_once}: {what}");
        let is_target = shape == "1000@1";
        if let (Some(own), Some(their)) = (measured.added(&ours, &base), measured.added(&tee, &base)) {
            if is_target {
                // Two lengths of stream tell what a chunk allocates from what a call does.
                let longer =
                    measured.added("b2.ours.2000@1", "b2.base.2000@1").map_or(f64::NAN, |longer| longer.allocations);
                let a_chunk = (longer * 2000.0 - own.allocations * 1000.0) / 1000.0;
                table.push(Row::new(label("allocations"), a_chunk, "").at_most(0.0, "").note("of the second 1,000"));
            }
            let row = Row::new(label("instructions"), own.instructions, "").against("plain tee", their.instructions);
            table.push(if is_target {
                row.at_most(45.0 * their.instructions / reference::PLAIN_TEE, "45 where a plain tee has 67")
            } else {
                row
            });
        }
        let (own, their) = (measured.added_ns(&ours, &base), measured.added_ns(&tee, &base));
        let row = Row::new(label("time"), own.median, "ns").against("plain tee", their.median).note(fastest(own));
        table.push(if is_target {
            row.at_most(45.0 * their.median / reference::PLAIN_TEE, "45 ns where a plain tee has 67")
        } else {
            row
        });
        if is_target {
            table.push(rebuild(measured, "B2 added to a chunk", &name("rebuild"), &ours, &base));
        }
    }
}

pub(crate) fn b3(measured: &Measured, table: &mut Table) {
    for shape in SHAPES.map(|shape| shape.name) {
        // What ours may be for each nanosecond, or instruction, of the parts with content off.
        let allowed = match shape {
            "2k" => Some((5000.0 / reference::PARTS_2K, "5 µs where the parts have 3.3")),
            "stream" => Some((110_000.0 / reference::PARTS_STREAM, "110 µs where the parts have 318")),
            _ => None,
        };
        let of_parts = |content: &str, of: &dyn Fn(&str) -> Option<f64>| {
            Some(of(&format!("b3.parse.{shape}"))? + of(&format!("b3.emit.{shape}.{content}"))?)
        };
        for content in ["off", "full"] {
            let (base, ours) = (format!("b3.base.{shape}"), format!("b3.ours.{shape}.{content}"));
            let row = |what: &str, unit: &'static str, own: f64, of: &dyn Fn(&str) -> Option<f64>| {
                let row = Row::new(format!("B3 a whole call, {shape}, content {content}: {what}"), own, unit);
                let row = row.against("parts' floors", of_parts(content, of).unwrap_or(f64::NAN));
                match (allowed, content) {
                    (Some((ratio, by)), "off") => row.at_most(ratio * of_parts("off", of).unwrap_or(f64::NAN), by),
                    (Some((ratio, _)), _) => row.at_most(
                        2.0 * ratio * of_parts("off", of).unwrap_or(f64::NAN),
                        "2 × the target with content off",
                    ),
                    (None, _) => row,
                }
            };
            if let Some(own) = measured.added(&ours, &base) {
                let instructions = |name: &str| measured.count(name).map(|count| count.instructions);
                table.push(row("instructions", "", own.instructions, &instructions));
                let allocations = of_parts(content, &|name| measured.count(name).map(|count| count.allocations));
                table.push(
                    Row::new(format!("B3 a whole call, {shape}, content {content}: allocations"), own.allocations, "")
                        .against("parts' floors", allocations.unwrap_or(f64::NAN)),
                );
            }
            let own = measured.added_ns(&ours, &base);
            table.push(row("time", "ns", own.median, &|name| Some(measured.ns(name).median)).note(fastest(own)));
            // In the newest dialect, beside the same in the older one.
            let latest = format!("b3.latest.{shape}.{content}");
            let label = |what: &str| format!("B3 a whole call, {shape}, content {content}, in latest: {what}");
            if let (Some(own), Some(v2)) = (measured.added(&latest, &base), measured.added(&ours, &base)) {
                let row = Row::new(label("instructions"), own.instructions, "").against("in v2", v2.instructions);
                table.push(row.at_most(1.3 * v2.instructions, "1.3 × v2"));
            }
            // With the scan, beside the same without it.
            let scanned = format!("{ours}+scan");
            let label = |what: &str| format!("B3 a whole call, {shape}, content {content}, scanned: {what}");
            let without = "without the scan";
            if let (Some(with), Some(own)) = (measured.added(&scanned, &base), measured.added(&ours, &base)) {
                table.push(Row::new(label("instructions"), with.instructions, "").against(without, own.instructions));
                table.push(Row::new(label("allocations"), with.allocations, "").against(without, own.allocations));
            }
            let with = measured.added_ns(&scanned, &base);
            table.push(Row::new(label("time"), with.median, "ns").against(without, own.median).note(fastest(with)));
        }
    }
    for open in [100, 10_000] {
        let own = measured.added_ns(&format!("b3.ours.2k@{open}"), &format!("b3.base.2k@{open}"));
        let one = measured.added_ns("b3.ours.2k.off", "b3.base.2k");
        let label = format!("B3 a whole call, 2k, content off, {open} at once: time");
        table.push(Row::new(label, own.median, "ns").against("one at a time", one.median).note(fastest(own)));
    }
}

/// What a call and a chunk cost, in nanoseconds of the fastest round, as the peer in Python is measured.
pub(crate) fn whole_cost(measured: &Measured, content: &str) -> (f64, f64) {
    let call = measured.added_ns(&format!("b3.ours.2k.{content}"), "b3.base.2k").min;
    let stream = measured.added_ns(&format!("b3.ours.stream.{content}"), "b3.base.stream").min;
    (call, stream / 1000.0)
}

pub(crate) fn b4(measured: &Measured, table: &mut Table) {
    let [short, long] = EVENTS;
    let between = (long - short) as f64;
    let an_event = |name: &str| {
        let (long, short) = (measured.ns(&format!("{name}.{long}")), measured.ns(&format!("{name}.{short}")));
        Nanos { min: (long.min - short.min) / between, median: (long.median - short.median) / between }
    };
    let counted = |name: &str| {
        let (long, short) = (measured.count(&format!("{name}.{long}"))?, measured.count(&format!("{name}.{short}"))?);
        Some(Count {
            instructions: (long.instructions - short.instructions) / between,
            allocations: (long.allocations - short.allocations) / between,
        })
    };
    // An event has about eight bytes of text, which must be put somewhere: a block for each KiB of it.
    const KEPT: f64 = 8.0 / 1024.0;
    let peer = "eventsource-stream + Value";
    let (value_ns, value_counted) = (an_event("b4.lines").median, counted("b4.lines"));
    for (content, target) in [("off", 40.0), ("full", 120.0)] {
        let by = format!("{target} ns where split + Value has 850");
        let (most, why) = if content == "off" { (0.0, "") } else { (KEPT, "the text that is kept") };
        for (cut, pieces) in [("event", "an event a piece"), ("16k", "reads of 16 KiB")] {
            let name = format!("b4.ours.{content}.{cut}");
            let label = |what: &str| format!("B4 an event, content {content}, {pieces}: {what}");
            if let (Some(own), Some(their), Some(value)) =
                (counted(&name), counted("b4.eventsource-stream"), value_counted)
            {
                table.push(
                    Row::new(label("instructions"), own.instructions, "")
                        .against(peer, their.instructions)
                        .at_most(target * value.instructions / reference::VALUE, &by),
                );
                table.push(
                    Row::new(label("allocations"), own.allocations, "")
                        .against(peer, their.allocations)
                        .at_most(most, why),
                );
            }
            let own = an_event(&name);
            table.push(
                Row::new(label("time"), own.median, "ns")
                    .against(peer, an_event("b4.eventsource-stream").median)
                    .at_most(target * value_ns / reference::VALUE, &by)
                    .note(format!("{:.2} GB/s, {}", 190.0 / own.median, fastest(own))),
            );
            let scanned = format!("b4.ours.{content}+scan.{cut}");
            let label = |what: &str| format!("B4 an event, content {content}, {pieces}, scanned: {what}");
            let without = "without the scan";
            if let (Some(with), Some(own)) = (counted(&scanned), counted(&name)) {
                table.push(Row::new(label("instructions"), with.instructions, "").against(without, own.instructions));
            }
            let with = an_event(&scanned);
            table.push(Row::new(label("time"), with.median, "ns").against(without, own.median).note(fastest(with)));
        }
    }
}

pub(crate) fn b10(measured: &Measured, table: &mut Table) {
    for dialect in b10::dialects() {
        let (ours, value) = (format!("b10.ours.{dialect}"), format!("b10.value.{dialect}"));
        let label = |what: &str| format!("B10 a call of 2 KiB read back from {dialect}: {what}");
        if let (Some(own), Some(their)) = (measured.count(&ours), measured.count(&value)) {
            table.push(
                Row::new(label("instructions"), own.instructions, "")
                    .against("Value", their.instructions)
                    .at_most(their.instructions, "the same attributes parsed into Value"),
            );
            table.push(Row::new(label("allocations"), own.allocations, "").against("Value", their.allocations));
            if let Some(opened) = measured.count(&format!("b10.opened.{dialect}")) {
                let against = "Value, JSON text in it opened";
                table.push(Row::new(label("instructions"), own.instructions, "").against(against, opened.instructions));
            }
        }
        let (own, their) = (measured.ns(&ours), measured.ns(&value));
        table.push(Row::new(label("time"), own.median, "ns").against("Value", their.median).note(fastest(own)));
    }
}
