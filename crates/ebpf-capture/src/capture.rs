//! A running host-wide capture.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sidetone_pipeline::{Counters, Sink};

use crate::options::Options;
use crate::report::Report;

/// A running capture of the LLM calls of other processes. Dropping it detaches every probe.
#[derive(Debug)]
pub struct Capture {
    report: Report,
}

/// A capture could not start, or could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Not on this system.
    #[error("host-wide capture needs Linux on x86-64 or arm64; in-process capture works everywhere")]
    NotLinux,
    /// The kernel side could not be loaded or attached.
    #[error("{0}")]
    Kernel(String),
    /// Processes can't be watched.
    #[error("{0}")]
    Watch(String),
    /// A file that was to be prepared can't be read.
    #[error("{path}: {why}")]
    Prepare {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}. Is the limit of threads of this process reached (`ulimit -u`)?")]
    Thread(std::io::Error),
}

impl Capture {
    /// Starts to capture; when it returns, every TLS library of the running processes that the filter lets in has its
    /// probes.
    ///
    /// # Errors
    /// When the kernel, a missing privilege or the system refuses; nothing stays attached.
    pub fn start(options: Options, sinks: Vec<Box<dyn Sink>>, counters: Arc<Counters>) -> Result<Self, CaptureError> {
        let _ = (options, sinks, counters);
        Err(CaptureError::NotLinux)
    }

    /// Attaches to an executable, the libraries that it needs and every TLS library known on this host, before it is
    /// started.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn prepare(&self, path: &Path) -> Result<(), CaptureError> {
        let _ = path;
        Err(CaptureError::NotLinux)
    }

    /// Lets a process and everything that descends from it into the filter.
    pub fn add_process(&self, pid: u32) {
        let _ = pid;
    }

    /// What was done so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report.clone()
    }

    /// Stops: probes are detached, what is in the ring is read, calls under way are emitted as they are, sinks are shut
    /// down. Blocks, at most for `timeout`.
    #[must_use]
    pub fn stop(self, timeout: Duration) -> Report {
        let _ = timeout;
        self.report
    }
}
