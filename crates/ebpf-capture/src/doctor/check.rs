//! One thing that was looked at, and what came of it.

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Good,
    /// Capture works, with less: the finding says what is missing.
    Partial,
    /// Capture can't work.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What.
    pub name: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found, in plain words.
    pub finding: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Check {
    pub(super) fn good(name: &'static str, finding: impl Into<String>) -> Self {
        Self { name, state: State::Good, finding: finding.into(), remedy: None }
    }

    pub(super) fn partial(name: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Partial, finding: finding.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn missing(name: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, state: State::Missing, finding: finding.into(), remedy: Some(remedy.into()) }
    }
}
