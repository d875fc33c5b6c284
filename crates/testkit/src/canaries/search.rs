//! Searches what was emitted for what was planted.

use std::collections::HashMap;
use std::ops::Range;

use super::Secret;

/// A fragment of so many bytes is as good as the whole.
const FRAGMENT: usize = 12;

/// How long a character is that is written by its number in JSON.
const ESCAPE: usize = 6;

/// Looks for fragments of any of many texts: as they are, in base64, and as JSON may escape them.
#[derive(Debug, Clone)]
pub struct Search {
    fragments: HashMap<Vec<u8>, String>,
    /// By its first two bytes, whether any fragment begins so: most places are passed by at once.
    begins: Vec<bool>,
}

impl Default for Search {
    fn default() -> Self {
        Self { fragments: HashMap::new(), begins: vec![false; 1 << 16] }
    }
}

impl Search {
    /// Looks for a secret as it is, in base64, and escaped.
    pub fn secret(&mut self, place: &str, secret: &Secret) {
        let Range { start, end } = secret.private.clone();
        self.text(place, &secret.text[start..end]);
        // Whole groups of base64 that stand for nothing else.
        let encoded = secret.base64();
        self.text(&format!("{place} in base64"), &encoded[start.div_ceil(3) * 4..end / 3 * 4]);
        let escaped = &secret.escaped()[ESCAPE * start..ESCAPE * end];
        for fragment in escaped.as_bytes().windows(ESCAPE * FRAGMENT).step_by(ESCAPE) {
            self.fragment(place, fragment);
        }
    }

    fn text(&mut self, place: &str, text: &str) {
        text.as_bytes().windows(FRAGMENT).for_each(|fragment| self.fragment(place, fragment));
    }

    fn fragment(&mut self, place: &str, fragment: &[u8]) {
        self.begins[usize::from(u16::from_be_bytes([fragment[0], fragment[1]]))] = true;
        self.fragments.insert(fragment.to_vec(), format!("{place}: {}", String::from_utf8_lossy(fragment)));
    }

    /// Looks for what another looks for, too.
    pub fn extend(&mut self, other: Self) {
        for (begins, other) in self.begins.iter_mut().zip(other.begins) {
            *begins |= other;
        }
        self.fragments.extend(other.fragments);
    }

    /// What is found, if anything.
    #[must_use]
    pub fn find(&self, emitted: &[u8]) -> Option<&str> {
        (0..emitted.len().saturating_sub(FRAGMENT - 1)).find_map(|at| {
            let rest = &emitted[at..];
            if !self.begins[usize::from(u16::from_be_bytes([rest[0], rest[1]]))] {
                return None;
            }
            let len = if rest.starts_with(b"\\u00") { ESCAPE * FRAGMENT } else { FRAGMENT };
            self.fragments.get(rest.get(..len)?).map(String::as_str)
        })
    }
}
