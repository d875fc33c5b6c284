//! Text of a call, as far as the content policy lets it be kept.

/// Text whose size is always known and whose characters are there only if the content policy keeps them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Text {
    bytes: u64,
    kept: Option<Box<str>>,
    form: Form,
}

/// What the characters of a text are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Form {
    /// What was said, all of it.
    #[default]
    Whole,
    /// What was said, from its beginning.
    Beginning,
    /// What was said, with parts of it replaced.
    Masked,
}

impl Text {
    /// Text that is kept whole.
    #[must_use]
    pub fn kept(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        Self { bytes: text.len() as u64, kept: Some(text), form: Form::Whole }
    }

    /// Text of which only the size is kept, in bytes of UTF-8.
    #[must_use]
    pub fn sized(bytes: u64) -> Self {
        Self { bytes, kept: None, form: Form::Whole }
    }

    /// Text of `bytes` bytes of which the beginning is kept.
    #[must_use]
    pub fn truncated(bytes: u64, beginning: impl Into<Box<str>>) -> Self {
        Self { bytes, kept: Some(beginning.into()), form: Form::Beginning }
    }

    /// The same text with other characters in place of what may not be shown. It stays as large as it was.
    #[must_use]
    pub fn masked(&self, masked: impl Into<Box<str>>) -> Self {
        let form = if self.form == Form::Beginning { Form::Beginning } else { Form::Masked };
        Self { bytes: self.bytes, kept: Some(masked.into()), form }
    }

    /// Lets go of the characters and keeps the size.
    pub fn forget(&mut self) {
        self.kept = None;
        self.form = Form::Whole;
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
        self.form == Form::Beginning
    }

    /// Whether something of it was replaced.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.form == Form::Masked
    }
}
