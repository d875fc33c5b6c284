//! Colour and weight of text on a terminal, and none of it elsewhere.

use std::fmt::{self, Display};
use std::io::IsTerminal;

/// Whether escape sequences may be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style(bool);

/// A way to write text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
        }
    }
}

impl Style {
    /// Styled if `stream` is a terminal or `CLICOLOR_FORCE` is set, unless `NO_COLOR` is: <https://bixense.com/clicolors/>,
    /// <https://no-color.org>.
    pub(crate) fn of(stream: &impl IsTerminal) -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
        Self(!is_set("NO_COLOR") && (stream.is_terminal() || is_set("CLICOLOR_FORCE")))
    }

    /// Never styled: what goes to a file.
    #[cfg(target_os = "linux")]
    pub(crate) fn never() -> Self {
        Self(false)
    }

    /// Always plain.
    #[cfg(test)]
    pub(crate) fn plain() -> Self {
        Self(false)
    }

    /// `text` in that ink.
    pub(crate) fn paint<T: Display>(self, ink: Ink, text: T) -> Painted<T> {
        Painted { ink: self.0.then_some(ink), text }
    }
}

/// Text with its ink. Width and alignment apply to the text.
pub(crate) struct Painted<T> {
    ink: Option<Ink>,
    text: T,
}

impl<T: Display> Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ink) = self.ink else { return self.text.fmt(f) };
        write!(f, "\x1b[{}m", ink.code())?;
        self.text.fmt(f)?;
        f.write_str("\x1b[0m")
    }
}
