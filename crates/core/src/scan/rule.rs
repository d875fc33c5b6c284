//! What a rule is, and what it says of a text.

use std::borrow::Cow;
use std::ops::Range;

/// What kind of danger a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Category {
    /// A key, a token, a password.
    Credential,
    /// An e-mail address, a number of a card, an account or a telephone.
    PersonalData,
    /// A command that destroys or carries off data when something executes it.
    Command,
    /// A phrase that would have a model forget its instructions.
    Injection,
    /// A word or expression that the application named.
    Keyword,
}

impl Category {
    /// As it is told: `credential`, `personal_data`, `command`, `injection`, `keyword`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::PersonalData => "personal_data",
            Self::Command => "command",
            Self::Injection => "injection",
            Self::Keyword => "keyword",
        }
    }
}

/// How bad it is. Credentials, keys and cards are always `High`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look.
    Medium,
    /// Worth acting on now.
    High,
}

impl Severity {
    /// As it is told: `low`, `medium`, `high`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

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
