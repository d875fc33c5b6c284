//! Searches what was emitted for what was planted.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::Secret;

/// A fragment of so many bytes is as good as the whole.
const FRAGMENT: usize = 12;

/// How long a character is that is written by its number in JSON.
const ESCAPE: usize = 6;

/// How many places there are in the table of how fragments begin.
const BEGINS: usize = 1 << 20;

/// Looks for fragments of any of many texts: as they are, in base64, and as JSON may escape them.
#[derive(Debug, Clone)]
pub struct Search {
    /// Where each was planted.
    fragments: HashMap<Vec<u8>, Rc<str>>,
    /// By its first four bytes, whether any fragment may begin so: most places are passed by at once.
    begins: Vec<bool>,
}

impl Default for Search {
    fn default() -> Self {
        Self { fragments: HashMap::new(), begins: vec![false; BEGINS] }
    }
}

/// A place in the table: Knuth's multiplicative hash of what a fragment begins with.
fn begin(four: [u8; 4]) -> usize {
    (u32::from_le_bytes(four).wrapping_mul(2_654_435_761) >> 12) as usize
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
        let place = Rc::from(place);
        for fragment in escaped.as_bytes().windows(ESCAPE * FRAGMENT).step_by(ESCAPE) {
            self.fragment(&place, fragment.to_vec());
        }
    }

    fn text(&mut self, place: &str, text: &str) {
        let place = Rc::from(place);
        text.as_bytes().windows(FRAGMENT).for_each(|fragment| self.fragment(&place, fragment.to_vec()));
    }

    fn fragment(&mut self, place: &Rc<str>, fragment: Vec<u8>) {
        self.begins[begin([fragment[0], fragment[1], fragment[2], fragment[3]])] = true;
        self.fragments.insert(fragment, Rc::clone(place));
    }

    /// Looks for what another looks for, too.
    pub fn extend(&mut self, other: Self) {
        other.fragments.into_iter().for_each(|(fragment, place)| self.fragment(&place, fragment));
    }

    /// What is found, and where it was planted, if anything is.
    #[must_use]
    pub fn find(&self, emitted: &[u8]) -> Option<String> {
        // A plain loop: tests search megabytes, and aren't optimised.
        let mut at = 0;
        while at + FRAGMENT <= emitted.len() {
            if self.begins[begin([emitted[at], emitted[at + 1], emitted[at + 2], emitted[at + 3]])] {
                let rest = &emitted[at..];
                let len = if rest.starts_with(b"\\u00") { ESCAPE * FRAGMENT } else { FRAGMENT };
                if let Some((fragment, place)) = rest.get(..len).and_then(|rest| self.fragments.get_key_value(rest)) {
                    return Some(format!("{place}: {}", String::from_utf8_lossy(fragment)));
                }
            }
            at += 1;
        }
        None
    }
}
