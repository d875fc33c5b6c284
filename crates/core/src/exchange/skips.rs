//! What of an exchange was seen and not read, by reason.

/// Why something that was seen of an exchange was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Skip {
    /// A body that its surface can't read.
    BodyUnreadable,
    /// A body that is compressed in a way that isn't supported or is corrupt.
    BodyEncoding,
    /// A body or part of one that is longer than [`Limits::body_bytes`](crate::policy::Limits::body_bytes).
    BodyTooLarge,
    /// An event of a stream that its surface can't read.
    EventUnreadable,
    /// An event of a stream that is longer than [`Limits::event_bytes`](crate::policy::Limits::event_bytes).
    EventTooLarge,
    /// A message, part, choice, tool, name or text beyond the limit of its kind.
    OverLimit,
    /// A name or id that is longer than names are, has characters that no name has, or begins as keys do.
    NameRefused,
    /// Counts of tokens that contradict each other: the call has no cost.
    UsageInconsistent,
}

impl Skip {
    /// Every reason.
    pub const ALL: [Self; 8] = [
        Self::BodyUnreadable,
        Self::BodyEncoding,
        Self::BodyTooLarge,
        Self::EventUnreadable,
        Self::EventTooLarge,
        Self::OverLimit,
        Self::NameRefused,
        Self::UsageInconsistent,
    ];
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    items: u64,
    bytes: u64,
}

/// How much was skipped, by reason. Holds nothing while nothing was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Skips(Option<Box<[Count; Skip::ALL.len()]>>);

impl Skips {
    /// Counts one item of `bytes` bytes.
    pub fn add(&mut self, skip: Skip, bytes: u64) {
        let count = &mut self.0.get_or_insert_default()[skip as usize];
        count.items += 1;
        count.bytes += bytes;
    }

    /// Bytes skipped for that reason.
    #[must_use]
    pub fn bytes(&self, skip: Skip) -> u64 {
        self.0.as_ref().map_or(0, |counts| counts[skip as usize].bytes)
    }

    /// Items skipped for that reason.
    #[must_use]
    pub fn items(&self, skip: Skip) -> u64 {
        self.0.as_ref().map_or(0, |counts| counts[skip as usize].items)
    }

    /// Each reason that was met, with its items and bytes.
    pub fn iter(&self) -> impl Iterator<Item = (Skip, u64, u64)> + '_ {
        Skip::ALL.into_iter().map(|skip| (skip, self.items(skip), self.bytes(skip))).filter(|&(_, items, _)| items > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_are_counted_in_items_and_bytes_by_reason() {
        let mut skips = Skips::default();
        assert_eq!(skips.iter().count(), 0);
        skips.add(Skip::OverLimit, 3);
        skips.add(Skip::OverLimit, 4);
        skips.add(Skip::BodyEncoding, 0);
        let seen: Vec<_> = skips.iter().collect();
        assert_eq!(seen, [(Skip::BodyEncoding, 1, 0), (Skip::OverLimit, 2, 7)]);
    }
}
