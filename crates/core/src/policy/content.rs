//! Whether the content of messages is kept.

/// Whether the content of messages is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Only structure and sizes: roles, names and ids of tools, finish reasons, lengths.
    #[default]
    Off,
    /// Everything that was said.
    Full,
}

impl Content {
    /// Whether texts are kept.
    #[must_use]
    #[inline]
    pub fn keeps_text(self) -> bool {
        self == Self::Full
    }
}
