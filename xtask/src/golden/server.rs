//! The mock server that the peers call: a process of ours on loopback, for as long as this lives.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::environment::needs;
use crate::run::{self, Failed};

/// The running server.
pub(super) struct MockServer {
    process: Child,
    port: u16,
}

impl MockServer {
    /// Starts it and waits until it listens.
    pub(super) fn start(script: &Path, cases: &[PathBuf]) -> Result<Self, Failed> {
        needs("python3", "python3")?;
        let mut command = Command::new("python3");
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).args(cases).stdin(Stdio::null()).stdout(Stdio::piped());
        let shown = run::shown(&command);
        let failed = |why: String| Failed(format!("`{shown}`: {why}"));
        let mut process = command.spawn().map_err(|error| failed(error.to_string()))?;
        let mut said = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut said).map_err(|error| failed(error.to_string()))?;
        }
        // It is stopped also where it said something else.
        let mut server = Self { process, port: 0 };
        server.port = port(&said).ok_or_else(|| failed(format!("said `{}`, not `READY PORT`", said.trim_end())))?;
        Ok(server)
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for MockServer {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn port(said: &str) -> Option<u16> {
    said.strip_prefix("READY ")?.trim_end().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_what_the_server_says_once_it_listens() {
        assert_eq!(port("READY 18181\n"), Some(18181));
        for other in ["", "READY\n", "READY no\n", "18181\n"] {
            assert_eq!(port(other), None, "{other}");
        }
    }
}
