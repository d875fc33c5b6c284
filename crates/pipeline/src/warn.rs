//! Our own warnings: through `tracing`, one per cause and minute.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

const PAUSE: Duration = Duration::from_secs(60);

/// What a warning is about. Each is given once a minute at most; how often it was held back is said with the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// A bug of ours.
    Panicked,
    /// Spans could not be delivered.
    SpanExport,
    /// Log events could not be delivered.
    LogExport,
    /// Metrics could not be delivered.
    MetricExport,
    /// The exporter's queue is full.
    ExportQueue,
    /// Something configured is not available.
    Configuration,
    /// Something was left undelivered at the end.
    Stop,
}

const CAUSES: usize = Cause::Stop as usize + 1;

#[derive(Debug, Clone, Copy)]
struct Given {
    last: Option<Instant>,
    held_back: u64,
}

static GIVEN: Mutex<[Given; CAUSES]> = Mutex::new([Given { last: None, held_back: 0 }; CAUSES]);

/// Warns, unless the same cause was warned about less than a minute ago.
pub fn once_a_minute(cause: Cause, message: &str) {
    if let Some(held_back) = due(cause, Instant::now()) {
        if held_back > 0 {
            tracing::warn!(target: "sidetone", cause = ?cause, held_back, "{message}");
        } else {
            tracing::warn!(target: "sidetone", cause = ?cause, "{message}");
        }
    }
}

fn due(cause: Cause, now: Instant) -> Option<u64> {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = given.get_mut(cause as usize)?;
    if entry.last.is_some_and(|last| now.saturating_duration_since(last) < PAUSE) {
        entry.held_back += 1;
        return None;
    }
    entry.last = Some(now);
    Some(std::mem::take(&mut entry.held_back))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_warned_about_once_a_minute_and_says_how_often_it_was_held_back() {
        let now = Instant::now();
        assert_eq!(due(Cause::Stop, now), Some(0));
        assert_eq!(due(Cause::Stop, now + Duration::from_secs(59)), None);
        assert_eq!(due(Cause::Stop, now + Duration::from_secs(59)), None);
        assert_eq!(due(Cause::Configuration, now), Some(0), "another cause has its own minute");
        assert_eq!(due(Cause::Stop, now + PAUSE), Some(2));
    }
}
