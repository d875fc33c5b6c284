//! What was found so far, and which of two findings at one place stands.

use super::rule::Severity;

/// A place that a rule matches, by the index of the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) rule: u16,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) hits: Vec<Hit>,
}

impl Found {
    /// Adds a hit. One that overlaps the last of the same rule makes that longer, so that a text of nothing but
    /// beginnings of keys holds one finding.
    pub(super) fn push(&mut self, hit: Hit) {
        if hit.start >= hit.end {
            return;
        }
        match self.hits.last_mut() {
            Some(last) if last.rule == hit.rule && hit.start < last.end && last.start <= hit.start => {
                last.end = last.end.max(hit.end);
            }
            _ => self.hits.push(hit),
        }
    }

    /// The hits in order of their places, none overlapping another: of those that overlap, one stands for all of their bytes.
    /// It has the rule that is the most severe, then the first in the table of rules.
    pub(super) fn resolve(mut self, severity: impl Fn(u16) -> Severity) -> Vec<Hit> {
        self.hits.sort_unstable_by_key(|hit| (hit.start, hit.end, hit.rule));
        let mut kept: Vec<Hit> = Vec::with_capacity(self.hits.len());
        for hit in self.hits {
            match kept.last_mut() {
                Some(last) if hit.start < last.end => {
                    last.end = last.end.max(hit.end);
                    let rank = |rule: u16| (std::cmp::Reverse(severity(rule)), rule);
                    last.rule = std::cmp::min_by_key(last.rule, hit.rule, |&rule| rank(rule));
                }
                _ => kept.push(hit),
            }
        }
        kept
    }
}
