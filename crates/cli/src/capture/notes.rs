//! What a capture couldn't do, told as it comes, and the line that it ends with.

use std::collections::HashSet;
use std::io::Write;
use std::time::Duration;

use sidetone::ebpf::{LateAttach, Report, Unrecognised};

use super::live::stretch;
use super::tally::Totals;
use crate::style::{Ink, Style};

/// Tells each thing once: of several processes of one program, the first.
#[derive(Debug)]
pub(super) struct Notes {
    style: Style,
    unrecognised: usize,
    late: usize,
    /// What was said of which program: of its next process it needn't be said again.
    said: HashSet<String>,
}

impl Notes {
    pub(super) fn new(style: Style) -> Self {
        Self { style, unrecognised: 0, late: 0, said: HashSet::new() }
    }

    /// Tells what is new in a report.
    pub(super) fn tell(&mut self, report: &Report, out: &mut impl Write) {
        for process in report.unrecognised.iter().skip(self.unrecognised) {
            if self.said.insert(format!("{:?} {}", process.exe, process.why)) {
                self.line(out, &unrecognised(process));
            }
        }
        for process in report.late.iter().skip(self.late) {
            self.line(out, &late(process));
        }
        (self.unrecognised, self.late) = (report.unrecognised.len(), report.late.len());
    }

    /// Tells that calls are left out because of `--max-cpu`, or that they aren't any more.
    pub(super) fn shedding(&self, is_shedding: bool, out: &mut impl Write) {
        let what =
            if is_shedding { "more processor time than --max-cpu: calls are left out" } else { "calls are told again" };
        self.line(out, what);
    }

    /// Tells that the command has ended and calls of what it started have not.
    pub(super) fn waiting(&self, calls: usize, out: &mut impl Write) {
        let calls = counted(calls as u64, "call is", "calls are");
        self.line(
            out,
            &format!("the command has ended, {calls} still under way of what it started; Ctrl-C ends the wait"),
        );
    }

    fn line(&self, out: &mut impl Write, text: &str) {
        // There is nobody to tell if it fails.
        let _ = writeln!(out, "{} {text}", self.style.paint(Ink::Yellow, "sidetone:"));
    }

    /// Tells how it went, in one line, and what is to be known of each sink that couldn't deliver.
    pub(super) fn end(&mut self, totals: &Totals, report: &Report, took: Duration, out: &mut impl Write) {
        self.tell(report, out);
        for left in &report.undelivered {
            self.line(out, &format!("not everything was delivered: {left}"));
        }
        let _ = writeln!(out, "{}", self.style.paint(Ink::Dim, format!("sidetone: {}", summary(totals, report, took))));
    }
}

fn unrecognised(process: &Unrecognised) -> String {
    let name = process.exe.as_ref().and_then(|exe| exe.file_name());
    let name = name.map_or_else(|| "a process".into(), |name| name.to_string_lossy());
    format!("{name}[{}] can't be captured: {}", process.pid, process.why)
}

fn late(late: &LateAttach) -> String {
    format!(
        "late_attach: pid {}, {} ms: {} began to run before its probes were there; its first bytes may be missing",
        late.pid,
        late.delay.as_millis(),
        late.path.display()
    )
}

/// Counts of the kernel side that say why bytes are missing, and how to say it.
const CAUSES: &[(&str, &str)] = &[
    ("ring_full_bytes", "the ring was full"),
    ("fault_bytes", "memory could not be read"),
    ("truncated_bytes", "one write was too long"),
    ("connections_full_bytes", "too many connections"),
    ("calls_full", "too many calls at once"),
];

fn summary(totals: &Totals, report: &Report, took: Duration) -> String {
    let mut words = vec![format!(
        "{} of {} in {}",
        counted(totals.calls, "call", "calls"),
        counted(report.processes.len() as u64, "process", "processes"),
        stretch(took)
    )];
    let mut add = |count: u64, what: &str| {
        if count > 0 {
            words.push(format!("{count} {what}"));
        }
    };
    add(totals.failed, "failed");
    add(totals.cancelled, "cancelled");
    add(totals.incomplete, "incomplete");
    add(report.shed, "left out by a limit");
    if totals.calls > 0 {
        words.push(format!("{} → {} tokens", totals.input_tokens, totals.output_tokens));
    }
    let mut add = |count: usize, one: &str, many: &str| {
        if count > 0 {
            words.push(counted(count as u64, one, many));
        }
    };
    add(report.late.len(), "late attach", "late attaches");
    add(report.unrecognised.len(), "process out of reach", "processes out of reach");
    let lost = report.lost.iter().map(|lost| lost.read + lost.written).sum::<u64>() + report.lost_elsewhere;
    words.push(match lost {
        0 => "no byte lost".to_owned(),
        _ => {
            let counted_under = |name| report.kernel.iter().any(|(own, count)| *own == name && *count > 0);
            let causes = CAUSES.iter().filter(|(name, _)| counted_under(*name));
            let causes: Vec<_> = causes.map(|(_, cause)| *cause).collect();
            let why = if causes.is_empty() { String::new() } else { format!(" ({})", causes.join(", ")) };
            let connections = counted(report.lost.len() as u64, "connection", "connections");
            format!("{lost} bytes of {connections} lost{why}")
        }
    });
    words.join(", ")
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use sidetone::ebpf::LostBytes;

    use super::*;

    #[test]
    fn the_summary_says_what_was_seen_and_what_was_lost() {
        let took = Duration::from_millis(8_230);
        assert_eq!(
            summary(&Totals::default(), &Report::default(), took),
            "0 calls of 0 processes in 8.2 s, no byte lost"
        );
        let totals = Totals { calls: 12, failed: 3, cancelled: 1, input_tokens: 240, output_tokens: 99, incomplete: 2 };
        let report = Report {
            processes: vec![Default::default()],
            lost: vec![LostBytes { pid: 7, connection: 1, read: 4096, written: 4 }],
            kernel: vec![("bytes", 99), ("ring_full_bytes", 4100), ("fault_bytes", 0)],
            shed: 5,
            late: vec![LateAttach { pid: 7, delay: Duration::from_millis(12), path: "/lib/libssl.so.3".into() }],
            ..Report::default()
        };
        assert_eq!(
            summary(&totals, &report, took),
            "12 calls of 1 process in 8.2 s, 3 failed, 1 cancelled, 2 incomplete, 5 left out by a limit, 240 → 99 tokens, 1 late attach, \
             4100 bytes of 1 connection lost (the ring was full)"
        );
    }

    #[test]
    fn each_thing_is_told_once() {
        let mut notes = Notes::new(Style::plain());
        let java =
            |pid| Unrecognised { pid, exe: Some("/usr/bin/java".into()), why: "its TLS runs in the JVM".to_owned() };
        let mut told = |report: &Report| {
            let mut out = Vec::new();
            notes.tell(report, &mut out);
            String::from_utf8(out).expect("text")
        };
        let mut report = Report { unrecognised: vec![java(7)], ..Report::default() };
        assert_eq!(told(&report), "sidetone: java[7] can't be captured: its TLS runs in the JVM\n");
        assert_eq!(told(&report), "");
        report.unrecognised.push(java(8));
        assert_eq!(told(&report), "", "of the same program it is known");
        report.unrecognised.push(Unrecognised { exe: None, ..java(9) });
        assert_eq!(told(&report), "sidetone: a process[9] can't be captured: its TLS runs in the JVM\n");
    }
}
