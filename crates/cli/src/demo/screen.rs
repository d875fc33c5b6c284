//! The terminal: rows that stay, and below them a line for the call that runs, drawn again and again.

use std::io::{self, Write};
use std::time::Instant;

use super::Export;
use super::calls::Label;
use super::table;
use crate::seen::{Ending, Seen};
use crate::style::{Ink, Style};

const SPINNER: &[&str] = &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/// Goes to the line's beginning and empties it.
const CLEAR: &str = "\r\x1b[2K";

/// The cut of a line at the terminal's edge, while the moving line is drawn: wrapped, it couldn't be drawn over.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";

/// Where the table is shown.
pub(super) struct Screen<W: Write> {
    style: Style,
    is_live: bool,
    out: W,
    running: Option<(Label, Instant)>,
    begun: u64,
    frames: usize,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    calls: u64,
    completed: u64,
    failed: u64,
    cancelled: u64,
    input: u64,
    output: u64,
}

impl<W: Write> Screen<W> {
    /// A live one redraws; another only adds lines.
    pub(super) fn new(style: Style, is_live: bool, out: W) -> Self {
        Self { style, is_live, out, running: None, begun: 0, frames: 0, totals: Totals::default() }
    }

    pub(super) fn title(&mut self) -> io::Result<()> {
        let title = self.style.paint(Ink::Bold, "sidetone demo");
        writeln!(self.out, "{title}  real clients, a mock server on this machine, every call observed")?;
        writeln!(self.out)?;
        writeln!(self.out, "{}", table::header(self.style))?;
        self.out.flush()
    }

    /// A call begins.
    pub(super) fn begins(&mut self, label: Label, now: Instant) -> io::Result<()> {
        self.running = Some((label, now));
        self.begun += 1;
        self.frame()
    }

    /// Draws the line of the call that runs.
    pub(super) fn frame(&mut self) -> io::Result<()> {
        let (true, Some((label, since))) = (self.is_live, &self.running) else { return Ok(()) };
        let mark = SPINNER[self.frames % SPINNER.len()];
        self.frames += 1;
        let line = table::running(self.style, mark, label.operation, label.model, since.elapsed());
        write!(self.out, "{NO_WRAP}{CLEAR}{line} {}{WRAP}", self.style.paint(Ink::Dim, label.client))?;
        self.out.flush()
    }

    /// A call was seen: its row stays.
    pub(super) fn row(&mut self, seen: &Seen) -> io::Result<()> {
        let totals = &mut self.totals;
        totals.calls += 1;
        // The next call may have begun before this one was told of.
        if totals.calls >= self.begun {
            self.running = None;
        }
        totals.input += seen.input.unwrap_or(0);
        totals.output += seen.output.unwrap_or(0);
        match seen.ending {
            Ending::Completed { .. } => totals.completed += 1,
            Ending::Failed { .. } => totals.failed += 1,
            Ending::Cancelled { .. } => totals.cancelled += 1,
            Ending::Incomplete { .. } | Ending::Unobserved => {}
        }
        self.clear()?;
        writeln!(self.out, "{}", table::row(self.style, seen))?;
        self.out.flush()?;
        self.frame()
    }

    /// No call runs any more.
    pub(super) fn ends(&mut self) -> io::Result<()> {
        self.running = None;
        self.clear()
    }

    fn clear(&mut self) -> io::Result<()> {
        if self.is_live { write!(self.out, "{CLEAR}") } else { Ok(()) }
    }

    /// What all calls come to, and where their telemetry went.
    pub(super) fn summary(&mut self, export: &Export, dropped: u64) -> io::Result<()> {
        let Totals { calls, completed, failed, cancelled, input, output } = self.totals;
        self.clear()?;
        writeln!(self.out)?;
        let total = self.style.paint(Ink::Bold, format!("{calls} calls"));
        let completed = self.style.paint(Ink::Green, format!("{completed} completed"));
        let failed = self.style.paint(Ink::Red, format!("{failed} failed"));
        let cancelled = self.style.paint(Ink::Yellow, format!("{cancelled} cancelled"));
        writeln!(
            self.out,
            "{total}: {completed}, {failed}, {cancelled}; {input} tokens in, {output} out; {dropped} dropped",
        )?;
        match export {
            Export::To(endpoints) => writeln!(self.out, "Their spans, log events and metrics went to {endpoints}.")?,
            Export::Nowhere => writeln!(
                self.out,
                "Nothing was exported. With OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 they go to your collector."
            )?,
        }
        self.out.flush()
    }
}
