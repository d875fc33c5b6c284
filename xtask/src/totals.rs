//! Sums what test runners of Rust print at their ends.

use std::fmt;
use std::ops::AddAssign;

/// Tests by their end.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Totals {
    /// From `test result: ok. 3 passed; 0 failed; 1 ignored; …`; `None` for any other line.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
        let mut totals = Self::default();
        for part in counts.split("; ") {
            let Some((count, end)) = part.split_once(' ') else { continue };
            let Ok(count) = count.parse() else { continue };
            match end {
                "passed" => totals.passed = count,
                "failed" => totals.failed = count,
                "ignored" => totals.skipped = count,
                _ => {}
            }
        }
        Some(totals)
    }
}

impl AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_of_a_test_program_is_counted() {
        let ok = "test result: ok. 21 passed; 0 failed; 2 ignored; 0 measured; 10 filtered out; finished in 0.20s";
        assert_eq!(Totals::of_line(ok), Some(Totals { passed: 21, failed: 0, skipped: 2 }));
        let failed = "test result: FAILED. 3 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1s";
        assert_eq!(Totals::of_line(failed), Some(Totals { passed: 3, failed: 4, skipped: 0 }));
    }

    #[test]
    fn other_lines_are_not() {
        for line in ["test result", "test a ... ok", " test result: ok. 1 passed", "running 3 tests", ""] {
            assert_eq!(Totals::of_line(line), None, "{line}");
        }
    }

    #[test]
    fn the_sum_reads_as_one_closing_line() {
        let mut sum = Totals { passed: 1, failed: 0, skipped: 0 };
        sum += Totals { passed: 2, failed: 1, skipped: 3 };
        assert_eq!(sum.to_string(), "3 passed, 1 failed, 3 skipped");
    }
}
