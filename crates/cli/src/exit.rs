//! How a command ends: done, or failed with one line that says why and what to do.

use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command failed, and what to do about it, in one line.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What went wrong is in the words of whoever met it.
    #[error("{0}")]
    Told(String),
    /// What was to be printed couldn't be.
    #[error("writing the output: {0}. Free some space, or write elsewhere")]
    Output(io::Error),
}

impl Failure {
    /// A failure with what to do about it.
    pub(crate) fn told(text: impl Into<String>) -> Self {
        Self::Told(text.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// The exit code: 0 done, 1 failed. Usage (2) is told by clap.
pub(crate) fn code(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has enough of it (`sidetone replay … | head`).
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

/// Says on standard error what is in the way, in one line whatever the text holds.
pub(crate) fn tell(text: &str) {
    let line = text.replace(['\n', '\r'], " ");
    // There is nobody left to tell if this fails.
    let _ = writeln!(io::stderr(), "sidetone: {line}");
}
