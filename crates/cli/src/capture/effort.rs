//! How much processor time the agent itself takes, and when that is too much.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Over how long the share is measured.
const WINDOW: Duration = Duration::from_secs(1);

/// Below this part of the limit all is well again: no to and fro around the limit itself.
const RELIEF: f64 = 0.8;

/// Watches the agent's share of one processor.
#[derive(Debug)]
pub(super) struct Effort {
    limit_percent: f64,
    since: Instant,
    used: Duration,
    is_over: bool,
}

impl Effort {
    /// Watches from now on; 100 is one processor.
    pub(super) fn new(limit_percent: f64) -> Self {
        Self { limit_percent, since: Instant::now(), used: used(), is_over: false }
    }

    /// Whether it is too much, when that changes.
    pub(super) fn changed(&mut self) -> Option<bool> {
        let (window, used_now) = (self.since.elapsed(), used());
        if window < WINDOW {
            return None;
        }
        let percent = 100.0 * used_now.saturating_sub(self.used).as_secs_f64() / window.as_secs_f64();
        (self.since, self.used) = (Instant::now(), used_now);
        self.judge(percent)
    }

    fn judge(&mut self, percent: f64) -> Option<bool> {
        let limit = if self.is_over { self.limit_percent * RELIEF } else { self.limit_percent };
        let is_over = percent > limit;
        (std::mem::replace(&mut self.is_over, is_over) != is_over).then_some(is_over)
    }
}

/// Processor time that all threads of this process have taken.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_shed_above_the_limit_until_it_is_well_below() {
        let mut effort = Effort::new(50.0);
        let judged = [10.0, 50.0, 50.1, 90.0, 49.0, 40.1, 40.0, 49.0, 51.0].map(|percent| effort.judge(percent));
        assert_eq!(judged, [None, None, Some(true), None, None, None, Some(false), None, Some(true)]);
    }
}
