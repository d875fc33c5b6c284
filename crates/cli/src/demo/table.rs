//! The table's lines: columns, widths, words. No terminal is needed to make them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::seen::{Ending, Seen};
use crate::style::{Ink, Style};

/// Widths of the columns before the last.
const TIME: usize = 8;
const OPERATION: usize = 14;
const MODEL: usize = 22;
const TOKENS: usize = 13;
const LATENCY: usize = 8;
const FIRST: usize = 11;

/// Stands where nothing is known.
const UNKNOWN: &str = "–";

/// The names of the columns.
pub(super) fn header(style: Style) -> String {
    let names = format!(
        "{:<TIME$}  {:<OPERATION$}  {:<MODEL$}  {:>TOKENS$}  {:>LATENCY$}  {:>FIRST$}  outcome",
        "time UTC", "operation", "model", "tokens in/out", "latency", "first token",
    );
    style.paint(Ink::Dim, names).to_string()
}

/// A call.
pub(super) fn row(style: Style, seen: &Seen) -> String {
    let model = seen.model.as_deref().unwrap_or(UNKNOWN);
    let tokens = match (seen.input, seen.output) {
        (None, None) => UNKNOWN.to_owned(),
        (input, output) => format!("{} / {:>4}", count(input), count(output)),
    };
    let first = seen.first_token.map_or_else(|| UNKNOWN.to_owned(), duration);
    let line = format!(
        "{}  {}  {:<MODEL$}  {tokens:>TOKENS$}  {:>LATENCY$}  {first:>FIRST$}",
        style.paint(Ink::Dim, format_args!("{:<TIME$}", clock(seen.start))),
        style.paint(Ink::Cyan, format_args!("{:<OPERATION$}", short(&seen.operation, OPERATION))),
        short(model, MODEL),
        duration(seen.latency),
    );
    let (ink, mark, words) = ending(&seen.ending);
    format!("{line}  {} {words}", style.paint(ink, mark))
}

/// A call that goes on.
pub(super) fn running(style: Style, mark: &str, operation: &str, model: &str, since: Duration) -> String {
    let line = format!(
        "{:<TIME$}  {:<OPERATION$}  {:<MODEL$}  {:>TOKENS$}  {:>LATENCY$}",
        "",
        short(operation, OPERATION),
        short(model, MODEL),
        "",
        duration(since),
    );
    format!("{}  {:>FIRST$}  {}", style.paint(Ink::Dim, line), "", style.paint(Ink::Yellow, mark))
}

fn ending(ending: &Ending) -> (Ink, &'static str, String) {
    let after = |retries: usize| match retries {
        0 => String::new(),
        1 => ", 1 retry".to_owned(),
        _ => format!(", {retries} retries"),
    };
    match ending {
        Ending::Completed { retries, finish } => {
            let finish = finish.as_deref().unwrap_or("completed");
            (Ink::Green, "✓", format!("{finish}{}", after(*retries)))
        }
        Ending::Failed { class, status, retries } => {
            let status = status.map_or_else(String::new, |status| format!(" {status}"));
            (Ink::Red, "✗", format!("{class}{status}{}", after(*retries)))
        }
        Ending::Cancelled { chunks } => (Ink::Yellow, "⊘", format!("cancelled after {chunks} chunks")),
        Ending::Unobserved => (Ink::Dim, "?", "went on".to_owned()),
    }
}

fn count(count: Option<u64>) -> String {
    count.map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string())
}

/// A time, as precise as it is worth.
pub(super) fn duration(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        1..=9 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10..=999 => format!("{} ms", time.as_millis()),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// The time of day.
fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn short(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(ending: Ending) -> Seen {
        Seen {
            start: UNIX_EPOCH + Duration::from_secs(3_723),
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
    fn a_row_says_what_the_call_says_under_its_columns_name() {
        let style = Style::plain();
        let completed = Ending::Completed { retries: 2, finish: Some("stop".to_owned()) };
        let expected = [
            "time UTC  operation       model                   tokens in/out   latency  first token  outcome",
            "01:02:03  chat stream     gpt-4o-mini                 20 /    5    1.23 s        62 ms  ✓ stop, 2 retries",
        ];
        assert_eq!([header(style), row(style, &seen(completed))], expected);
    }

    #[test]
    fn each_ending_has_its_words_and_what_is_unknown_is_no_zero() {
        let words =
            |ending| row(Style::plain(), &Seen { input: None, output: None, first_token: None, ..seen(ending) });
        let failed = words(Ending::Failed { class: "RateLimitError", status: Some(429), retries: 3 });
        assert!(failed.ends_with("–    1.23 s            –  ✗ RateLimitError 429, 3 retries"), "{failed}");
        assert!(words(Ending::Cancelled { chunks: 4 }).ends_with("⊘ cancelled after 4 chunks"));
        assert!(words(Ending::Completed { retries: 0, finish: None }).ends_with("✓ completed"));
    }

    #[test]
    fn times_are_as_precise_as_they_are_worth() {
        let shown = [17, 9_400, 62_400, 999_000, 1_234_000].map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(shown, ["17 µs", "9.4 ms", "62 ms", "999 ms", "1.23 s"]);
    }
}
