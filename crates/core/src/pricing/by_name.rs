//! A map by names, with a hash that is quick and always the same.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Values by their names. The names that are in it are those of a file of prices, so that nobody gains by names that
/// collide: others are only looked for.
pub(super) type ByName<T> = HashMap<Box<str>, T, BuildHasherDefault<NameHasher>>;

/// Eight bytes at a time: names are short.
#[derive(Debug, Default)]
pub(super) struct NameHasher(u64);

/// An odd number with bits all over: 2⁶⁴ divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl NameHasher {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(SPREAD);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.add(u64::from_le_bytes(last));
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(byte.into());
    }

    fn finish(&self) -> u64 {
        // Its upper bits are the good ones, and a map uses both ends.
        self.0 ^ (self.0 >> 32)
    }
}
