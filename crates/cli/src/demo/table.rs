//! The table's lines: columns, widths, words. No terminal is needed to make them.

use std::time::Duration;

use crate::seen::Seen;
use crate::style::{Ink, Style};
use crate::words::{UNKNOWN, clock, count, duration, ending, short};

/// Widths of the columns before the last.
const TIME: usize = 8;
const OPERATION: usize = 14;
const MODEL: usize = 22;
const TOKENS: usize = 13;
const LATENCY: usize = 8;
const FIRST: usize = 11;

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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::seen::Ending;

    fn seen(ending: Ending) -> Seen {
        Seen {
            start: UNIX_EPOCH + Duration::from_secs(3_723),
            process: None,
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
        let failed = words(Ending::Failed { class: "RateLimitError".to_owned(), status: Some(429), retries: 3 });
        assert!(failed.ends_with("–    1.23 s            –  ✗ RateLimitError 429, 3 retries"), "{failed}");
        assert!(words(Ending::Cancelled { chunks: 4 }).ends_with("⊘ cancelled after 4 chunks"));
        assert!(words(Ending::Completed { retries: 0, finish: None }).ends_with("✓ completed"));
    }
}
