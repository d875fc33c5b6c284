//! Text of a call, as far as the content policy lets it be kept.

/// Text whose size is always known and whose characters are there only if the content policy keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    bytes: u64,
    kept: Option<Box<str>>,
}

impl Text {
    /// Text that is kept whole.
    #[must_use]
    pub fn kept(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        Self { bytes: text.len() as u64, kept: Some(text) }
    }

    /// Text of which only the size is kept, in bytes of UTF-8.
    #[must_use]
    pub fn sized(bytes: u64) -> Self {
        Self { bytes, kept: None }
    }

    /// Text of `bytes` bytes of which the beginning is kept.
    #[must_use]
    pub fn truncated(bytes: u64, beginning: impl Into<Box<str>>) -> Self {
        Self { bytes, kept: Some(beginning.into()) }
    }

    /// The characters, if they were kept.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        self.kept.as_deref()
    }

    /// The size of the whole text in bytes of UTF-8, also when it isn't kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether only the beginning was kept.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| (kept.len() as u64) < self.bytes)
    }
}
