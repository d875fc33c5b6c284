//! Whether the content of messages is kept.

/// Whether the content of messages is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Content {
    /// Only structure and sizes: roles, names and ids of tools, finish reasons, lengths.
    #[default]
    Off,
    /// What was said, with every finding of the security scan in it replaced by `[RULE:LENGTH]`, also where it is base64, URL
    /// or JSON escaped. What can't be scanned or is longer than a limit is replaced whole; media become kind, size and SHA-256.
    Redacted,
    /// Everything that was said; media as they were sent, which is how the conventions' events have them.
    Full,
}

impl Content {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Off, Self::Redacted, Self::Full];

    /// Whether texts are kept.
    #[must_use]
    #[inline]
    pub fn keeps_text(self) -> bool {
        self != Self::Off
    }

    /// Its name in configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Redacted => "redacted",
            Self::Full => "full",
        }
    }

    /// The mode of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}
