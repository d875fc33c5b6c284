//! Hours of the week at which a model is cheaper.

use std::time::SystemTime;

const MINUTES: u32 = 24 * 60;

/// Hours of some days of the week, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// One bit a day, Monday first.
    days: u8,
    /// The minute of the day that it begins with.
    from: u32,
    /// The minute of the day that it ends before.
    to: u32,
}

impl Window {
    /// Reads `12345 04:00-06:00`: days of the week (1 is Monday), and hours of UTC, of which the end may be `24:00`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (days, hours) = text.split_once(' ')?;
        let (from, to) = hours.split_once('-')?;
        let mut bits = 0;
        for day in days.bytes() {
            bits |= match day {
                b'1'..=b'7' => 1 << (day - b'1'),
                _ => return None,
            };
        }
        let (from, to) = (minute(from)?, minute(to)?);
        (bits != 0 && from < to).then_some(Self { days: bits, from, to })
    }

    /// Whether a moment is in it.
    pub(super) fn has(self, time: SystemTime) -> bool {
        let Ok(since) = time.duration_since(SystemTime::UNIX_EPOCH) else { return false };
        let minutes = since.as_secs() / 60;
        // 1 January 1970 was a Thursday.
        let day = (minutes / u64::from(MINUTES) + 3) % 7;
        let minute = minutes % u64::from(MINUTES);
        self.days & (1 << day) != 0 && (u64::from(self.from)..u64::from(self.to)).contains(&minute)
    }
}

fn minute(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    if hour.len() != 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= MINUTES).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_is_in_the_hours_of_its_day() {
        // `date -u -d @1795219200`: Saturday 21 November 2026, 00:00.
        let saturday = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_219_200);
        let at = |hours: u64| saturday + Duration::from_secs(hours * 3600);
        let working = Window::parse("12345 04:00-06:00").unwrap();
        let weekend = Window::parse("67 00:00-24:00").unwrap();
        assert!(!working.has(at(5)));
        assert!(weekend.has(at(0)) && weekend.has(at(47)) && !weekend.has(at(48)));
        assert!(!working.has(at(48 + 3)) && working.has(at(48 + 4)) && working.has(at(48 + 5)) && !working.has(at(54)));
        assert!(!weekend.has(SystemTime::UNIX_EPOCH - Duration::from_secs(1)));
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        for text in
            ["", "1", "8 00:00-01:00", " 00:00-01:00", "1 01:00-01:00", "1 00:00-24:01", "1 0:00-1:00", "1 00:60-02:00"]
        {
            assert_eq!(Window::parse(text), None, "{text:?}");
        }
    }
}
