//! Texts that tell of a library whatever was stripped.

use std::sync::OnceLock;

/// Such a text. It is kept backwards, because programs that hold this very table hold none of those libraries.
#[derive(Debug)]
pub(super) struct Mark {
    backwards: &'static [u8],
    text: OnceLock<Vec<u8>>,
}

impl Mark {
    pub(super) const fn of(backwards: &'static [u8]) -> Self {
        Self { backwards, text: OnceLock::new() }
    }

    pub(super) fn text(&'static self) -> &'static [u8] {
        self.text.get_or_init(|| self.backwards.iter().rev().copied().collect())
    }
}

/// Turns a text round when the program is compiled.
pub(super) const fn backwards<const N: usize>(text: &[u8; N]) -> [u8; N] {
    let mut turned = [0; N];
    let mut at = 0;
    while at < N {
        turned[N - 1 - at] = text[at];
        at += 1;
    }
    turned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_the_text_that_it_was_made_of() {
        static MARK: Mark = Mark::of(const { &backwards(b"\0abc\0d") });
        assert_eq!(MARK.text(), b"\0abc\0d");
    }
}
