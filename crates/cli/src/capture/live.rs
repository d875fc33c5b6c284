//! Calls as they end, a line each, for people.

use std::io::Write;
use std::time::Duration;

use sidetone::core::event::Process;
use sidetone::pipeline::{Finished, Sink};

use crate::seen::Seen;
use crate::style::{Ink, Style};
use crate::words::{UNKNOWN, clock, count, duration, ending, short};

/// Widths of the columns before the last.
const TIME: usize = 8;
const PROCESS: usize = 18;
const MODEL: usize = 22;
/// Of what went in; behind the arrow is what came out.
const INPUT: usize = 6;
const TOKENS: usize = 14;
const LATENCY: usize = 8;
const FIRST: usize = 11;

/// Prints each call as it ends.
#[derive(Debug)]
pub(super) struct Live<W> {
    out: W,
    style: Style,
    has_header: bool,
}

impl<W: Write + Send> Live<W> {
    pub(super) fn new(out: W, style: Style) -> Self {
        Self { out, style, has_header: false }
    }
}

impl<W: Write + Send> Sink for Live<W> {
    fn name(&self) -> &'static str {
        "terminal"
    }

    fn call(&mut self, finished: &mut Finished) {
        let mut lines = String::new();
        if !std::mem::replace(&mut self.has_header, true) {
            lines = header(self.style) + "\n";
        }
        lines += &row(self.style, &Seen::of(&finished.call));
        lines.push('\n');
        // In one piece: what the command prints goes to the same terminal. There is nobody to tell if it fails.
        let _ = self.out.write_all(lines.as_bytes()).and_then(|()| self.out.flush());
    }
}

fn header(style: Style) -> String {
    let names = format!(
        "{:<TIME$}  {:<PROCESS$}  {:<MODEL$}  {:<TOKENS$}  {:>LATENCY$}  {:>FIRST$}  outcome",
        "time UTC", "process", "model", "   in → out", "latency", "first token",
    );
    style.paint(Ink::Dim, names).to_string()
}

fn row(style: Style, seen: &Seen) -> String {
    let model = seen.model.as_deref().unwrap_or(UNKNOWN);
    let tokens = match (seen.input, seen.output) {
        (None, None) => format!("{UNKNOWN:>INPUT$}"),
        (input, None) => format!("{:>INPUT$}", count(input)),
        (input, output) => format!("{:>INPUT$} → {}", count(input), count(output)),
    };
    let first = seen.first_token.map_or_else(|| UNKNOWN.to_owned(), duration);
    let (ink, mark, words) = ending(&seen.ending);
    let words = if seen.is_served { words + ", served" } else { words };
    let words = if ink == Ink::Green { words } else { style.paint(ink, words).to_string() };
    format!(
        "{}  {}  {:<MODEL$}  {tokens:<TOKENS$}  {:>LATENCY$}  {first:>FIRST$}  {} {words}",
        style.paint(Ink::Dim, format_args!("{:<TIME$}", clock(seen.start))),
        style.paint(Ink::Cyan, format_args!("{:<PROCESS$}", process(seen.process.as_deref()))),
        short(model, MODEL),
        duration(seen.latency),
        style.paint(ink, mark),
    )
}

/// `python3[4711]`; the pid is never cut.
fn process(process: Option<&Process>) -> String {
    let pid = process.and_then(|process| process.pid).map_or_else(String::new, |pid| format!("[{pid}]"));
    let name = process.and_then(|process| process.name.as_deref().or_else(|| process.executable_name()));
    format!("{}{pid}", short(name.unwrap_or(UNKNOWN), PROCESS.saturating_sub(pid.len())))
}

/// A stretch of time in words for the summary.
pub(super) fn stretch(time: Duration) -> String {
    match time.as_secs() {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3600 => format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60),
        _ => format!("{} h {} min", time.as_secs() / 3600, time.as_secs() / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::seen::Ending;

    fn seen(ending: Ending) -> Seen {
        let process = Process { pid: Some(4711), name: Some("python3".into()), ..Process::default() };
        Seen {
            start: UNIX_EPOCH + Duration::from_secs(3_723),
            process: Some(Arc::new(process)),
            is_served: false,
            operation: "chat stream".to_owned(),
            model: Some("gpt-4o-mini".to_owned()),
            input: Some(20),
            output: Some(5),
            latency: Duration::from_millis(1234),
            first_token: Some(Duration::from_micros(62_400)),
            ending,
        }
    }

    #[test]
    fn a_line_says_what_the_call_says_under_its_columns_name() {
        let completed = Ending::Completed { retries: 0, finish: Some("stop".to_owned()) };
        let expected = [
            "time UTC  process             model                      in → out      latency  first token  outcome",
            "01:02:03  python3[4711]       gpt-4o-mini                 20 → 5        1.23 s        62 ms  ✓ stop",
        ];
        assert_eq!([header(Style::plain()), row(Style::plain(), &seen(completed))], expected);
    }

    #[test]
    fn what_is_unknown_is_no_zero_and_losses_are_told() {
        let nothing = Seen {
            process: None,
            is_served: true,
            model: None,
            input: None,
            output: None,
            first_token: None,
            ..seen(Ending::Incomplete { bytes: 4096 })
        };
        let line = row(Style::plain(), &nothing);
        assert!(line.starts_with("01:02:03  –                   –                  "), "{line}");
        assert!(
            line.ends_with("     –            1.23 s            –  ◐ incomplete, 4096 bytes were lost, served"),
            "{line}"
        );
        let inputs = Seen { output: None, ..seen(Ending::Unobserved) };
        assert!(row(Style::plain(), &inputs).contains("    20            1.23 s"), "embeddings have no output");
    }

    #[test]
    fn a_long_name_is_cut_and_its_pid_is_not() {
        let long = Process { pid: Some(4_194_304), name: Some("a-rather-long-n".into()), ..Process::default() };
        assert_eq!(process(Some(&long)), "a-rather…[4194304]");
        let by_path = Process { executable: Some("/usr/bin/node".into()), ..Process::default() };
        assert_eq!(process(Some(&by_path)), "node");
    }
}
