//! What a rule is, and what it says of a text.

use std::borrow::Cow;
use std::ops::Range;

pub use crate::event::{Category, Severity};

/// A rule of the scan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, in kebab-case: that of gitleaks where gitleaks has the rule.
    pub name: Cow<'static, str>,
    /// What it is about.
    pub category: Category,
    /// How bad a match is.
    pub severity: Severity,
    /// How everything that it matches begins, where its vendor has made that public; else empty.
    pub prefix: &'static str,
    /// Where the format was taken from.
    pub source: &'static str,
}

impl Rule {
    /// What to say of a match of `length` bytes: the public prefix and the length, never the secret.
    ///
    /// ```
    /// let scanner = sidetone_core::scan::Scanner::embedded();
    /// let rule = scanner.rules().find(|rule| rule.name == "gitlab-pat").unwrap();
    /// assert_eq!(rule.excerpt(26), "glpat-… (26 bytes)");
    /// ```
    #[must_use]
    pub fn excerpt(&self, length: usize) -> String {
        if self.prefix.is_empty() {
            format!("({length} bytes)")
        } else {
            format!("{}… ({length} bytes)", self.prefix)
        }
    }
}

/// A place in a text that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Match<'s> {
    /// The rule.
    pub rule: &'s Rule,
    /// Which bytes of the text, escapes included. Both ends are on boundaries of characters.
    pub range: Range<usize>,
}

impl Match<'_> {
    /// What may be said of it: see [`Rule::excerpt`].
    #[must_use]
    pub fn excerpt(&self) -> String {
        self.rule.excerpt(self.range.len())
    }
}
