//! The dynamic table of HPACK (RFC 7541, sections 2.3.2 and 4), of which the older part may be unknown.

use std::collections::VecDeque;

use bytes::Bytes;

/// Bytes of entries that are kept, by HPACK's own count, whatever size the two ends agreed on. Older ones are forgotten, so
/// that fields which refer to them are unknown.
pub const TABLE_LIMIT: usize = 64 << 10;

/// The size of a table before anything else is agreed on (RFC 9113, section 6.5.2).
const INITIAL: usize = 4096;

/// What an entry counts beyond its name and value (RFC 7541, section 4.1).
const OVERHEAD: usize = 32;

/// Room left for a name that is unknown, where it must be guessed whether an entry fits into the table.
const UNKNOWN_NAME: usize = 128;

/// A field of the table; what is unknown of it is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: Option<Box<str>>,
    pub(super) value: Option<Bytes>,
    size: usize,
}

/// The entries that are known: always the newest ones, without a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    size: usize,
    /// What the entries may have together.
    max: usize,
    /// An entry up to this size was surely added; a larger one may have emptied the table instead.
    fits: usize,
}

impl Table {
    /// A table whose past is unknown, its size included.
    pub(super) fn unknown() -> Self {
        // An encoder that keeps a smaller table than the usual one is taken not to add what doesn't fit into it.
        Self { entries: VecDeque::new(), size: 0, max: TABLE_LIMIT, fits: INITIAL }
    }

    /// The table at the beginning of a connection.
    pub(super) fn initial() -> Self {
        Self { max: INITIAL, ..Self::unknown() }
    }

    /// The past became unknown here.
    pub(super) fn forget(&mut self) {
        *self = Self { fits: self.fits.min(INITIAL), ..Self::unknown() };
    }

    pub(super) fn resize(&mut self, max: usize) {
        self.max = max.min(TABLE_LIMIT);
        self.fits = max;
        self.evict();
    }

    /// The entry with that index, 0 being the newest one.
    pub(super) fn get(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(super) fn add(&mut self, name: Option<Box<str>>, value: Option<Bytes>, value_bytes: usize) {
        let name_bytes = name.as_ref().map_or(UNKNOWN_NAME, |name| name.len());
        if OVERHEAD + name_bytes + value_bytes > self.fits {
            // "An attempt to add an entry larger than the maximum size causes the table to be emptied" (section 4.4). If it
            // did fit after all, it is one more unknown entry below those that follow.
            self.entries.clear();
            self.size = 0;
            return;
        }
        // A name that is unknown may have no length: the table is rather taken to hold too much, since nobody refers to
        // what is no longer there.
        let size = OVERHEAD + name.as_ref().map_or(0, |name| name.len()) + value_bytes;
        self.size += size;
        self.entries.push_front(Entry { name, value, size });
        self.evict();
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.size
    }

    fn evict(&mut self) {
        while self.size > self.max
            && let Some(oldest) = self.entries.pop_back()
        {
            self.size -= oldest.size;
        }
    }
}
