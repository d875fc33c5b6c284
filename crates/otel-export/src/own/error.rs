//! What is wrong with the configuration.

/// A variable has a value that can't be used. Never about a backend that is absent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value}: {allowed}")]
pub struct ConfigError {
    /// The variable.
    pub variable: String,
    /// Its value; hidden where it may be a secret.
    pub value: String,
    /// What would be allowed.
    pub allowed: String,
}

impl ConfigError {
    pub(crate) fn new(variable: &str, value: &str, allowed: impl Into<String>) -> Self {
        Self { variable: variable.to_owned(), value: value.to_owned(), allowed: allowed.into() }
    }
}
