//! A text without what was found in it.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::found::Hit;
use super::rule::Category;
use super::scanner::Scanner;

/// How often a redacted text is looked at again: what stands beside a finding may be one once that is gone.
const AGAIN: usize = 4;

impl Scanner {
    /// `text` with everything in it that [`Scanner::scan`] finds replaced by `[RULE:LENGTH]`, the length in bytes of what stood there.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Some(mut redacted) = self.replaced(text, self.hits(text)) else { return Cow::Borrowed(text) };
        for _ in 0..AGAIN {
            match self.replaced(&redacted, self.built_in_hits(&redacted)) {
                Some(next) => redacted = next,
                None => return Cow::Owned(redacted),
            }
        }
        // Still not at an end: what can't be told apart isn't kept.
        Cow::Owned(format!("[unresolved:{}]", text.len()))
    }

    /// Without what the application named: a keyword may be in the name of its rule.
    fn built_in_hits(&self, text: &str) -> Vec<Hit> {
        let mut hits = self.hits(text);
        hits.retain(|&hit| self.rule(hit).is_some_and(|rule| rule.category != Category::Keyword));
        hits
    }

    fn replaced(&self, text: &str, hits: Vec<Hit>) -> Option<String> {
        if hits.is_empty() {
            return None;
        }
        let mut replaced = String::with_capacity(text.len());
        let mut done = 0;
        for hit in hits {
            let (Some(before), Some(rule)) = (text.get(done..hit.start), self.rule(hit)) else { continue };
            replaced.push_str(before);
            let _ = write!(replaced, "[{}:{}]", rule.name, hit.end - hit.start);
            done = hit.end;
        }
        replaced.push_str(text.get(done..).unwrap_or_default());
        Some(replaced)
    }
}
