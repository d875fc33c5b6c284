//! Words for times, counts and endings, as lines of a terminal show them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::seen::Ending;
use crate::style::Ink;

/// Stands where nothing is known.
pub(crate) const UNKNOWN: &str = "–";

/// How a call ended: its ink, its mark, its words.
pub(crate) fn ending(ending: &Ending) -> (Ink, &'static str, String) {
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
        Ending::Incomplete { bytes } => (Ink::Yellow, "◐", format!("incomplete, {bytes} bytes were lost")),
        Ending::Unobserved => (Ink::Dim, "?", "went on".to_owned()),
    }
}

/// A count, if it is known.
pub(crate) fn count(count: Option<u64>) -> String {
    count.map_or_else(|| UNKNOWN.to_owned(), |count| count.to_string())
}

/// A time, as precise as it is worth.
pub(crate) fn duration(time: Duration) -> String {
    match time.as_millis() {
        0 => format!("{} µs", time.as_micros()),
        1..=9 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        10..=999 => format!("{} ms", time.as_millis()),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

/// The time of day.
pub(crate) fn clock(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() % 86_400;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A text, cut to a width.
pub(crate) fn short(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_precise_as_they_are_worth() {
        let shown = [17, 9_400, 62_400, 999_000, 1_234_000].map(|micros| duration(Duration::from_micros(micros)));
        assert_eq!(shown, ["17 µs", "9.4 ms", "62 ms", "999 ms", "1.23 s"]);
    }
}
