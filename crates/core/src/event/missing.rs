//! Which bytes of an exchange were not seen.

use std::ops::Range;

/// Which bytes of an exchange were not seen by the capture, although they went by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// Of the request.
    pub request: MissingBytes,
    /// Of the response.
    pub response: MissingBytes,
}

/// Which bytes of one direction were not seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MissingBytes {
    /// How many: of head, body and framing together.
    pub bytes: u64,
    /// Where they are in the bytes of the connection that went this way, counted from the first that was captured: the
    /// first [`MissingBytes::RANGES`] places. A range that reaches over several exchanges is told with each of them.
    pub ranges: Vec<Range<u64>>,
}

impl MissingBytes {
    /// Most ranges that are told.
    pub const RANGES: usize = 32;

    /// Takes in that the bytes in `range` were not seen. Ranges come in order.
    pub(crate) fn add(&mut self, range: Range<u64>) {
        self.bytes += range.end.saturating_sub(range.start);
        if let Some(last) = self.ranges.last_mut().filter(|last| last.end == range.start) {
            last.end = range.end;
        } else if self.ranges.len() < Self::RANGES {
            self.ranges.push(range);
        }
    }
}

impl Missing {
    /// How many bytes were not seen, both ways together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.request.bytes + self.response.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_are_one_and_are_told_up_to_the_limit() {
        let mut missing = MissingBytes::default();
        missing.add(0..3);
        missing.add(3..5);
        missing.add(7..8);
        assert_eq!((missing.bytes, &missing.ranges[..]), (6, &[0..5, 7..8][..]));
        for (count, told) in [(31, 31), (32, 32), (33, 32)] {
            let mut missing = MissingBytes::default();
            (0..count).for_each(|at| missing.add(2 * at..2 * at + 1));
            assert_eq!((missing.bytes, missing.ranges.len()), (count, told));
        }
    }
}
