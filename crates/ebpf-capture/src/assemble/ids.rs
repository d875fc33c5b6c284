//! Random identifiers for the spans of captured calls.

use std::hash::{BuildHasher, Hasher, RandomState};

use sidetone_core::event::{SpanId, TraceId};

/// Makes identifiers that nobody can guess from the others: a keyed hash of a count, its key from the system.
#[derive(Debug, Default)]
pub(crate) struct Ids {
    key: RandomState,
    count: u64,
}

impl Ids {
    fn word(&mut self) -> u64 {
        loop {
            self.count += 1;
            let mut hasher = self.key.build_hasher();
            hasher.write_u64(self.count);
            let word = hasher.finish();
            if word != 0 {
                return word;
            }
        }
    }

    /// A new trace.
    pub(crate) fn trace(&mut self) -> TraceId {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.word().to_be_bytes());
        id[8..].copy_from_slice(&self.word().to_be_bytes());
        TraceId(id)
    }

    /// A new span.
    pub(crate) fn span(&mut self) -> SpanId {
        SpanId(self.word().to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn identifiers_of_two_captures_differ() {
        let (mut one, mut two) = (Ids::default(), Ids::default());
        let ids: HashSet<_> = (0..100).flat_map(|_| [one.trace(), two.trace()]).collect();
        assert_eq!(ids.len(), 200);
    }
}
