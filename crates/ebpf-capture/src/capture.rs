//! A running host-wide capture.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sidetone_pipeline::{Counters, Sink};

use crate::options::Options;
use crate::report::Report;
#[cfg(target_os = "linux")]
use crate::running::Running;

/// How long the sinks of a capture that is dropped without being stopped have to deliver.
const LAST_DEADLINE: Duration = Duration::from_secs(5);

/// Nothing runs elsewhere.
#[cfg(not(target_os = "linux"))]
enum Running {}

/// A running capture of the LLM calls of other processes.
///
/// It never captures the process that it runs in. Dropping it detaches every probe, as [`stop`](Self::stop) does, which also
/// says what was done.
pub struct Capture {
    running: Running,
}

/// A capture could not start, or could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// Not on this system.
    #[error("host-wide capture needs Linux; in-process capture works everywhere")]
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
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A thread could not be started.
    #[error("a thread could not be started: {0}. Is the limit of threads of this process reached (`ulimit -u`)?")]
    Thread(std::io::Error),
}

#[cfg(target_os = "linux")]
impl Capture {
    /// Starts to capture. When it returns, every TLS library that runs on this host or is known to it has its probes.
    ///
    /// # Errors
    /// When the kernel, a missing privilege or the system refuses; nothing stays attached.
    pub fn start(options: Options, sinks: Vec<Box<dyn Sink>>, counters: Arc<Counters>) -> Result<Self, CaptureError> {
        Ok(Self { running: Running::start(&options, sinks, counters)? })
    }

    /// Attaches to an executable, the libraries that it needs and every TLS library known on this host, before it is
    /// started.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn prepare(&self, path: &Path) -> Result<(), CaptureError> {
        self.running.prepare(path)
    }

    /// Lets a process and everything that descends from it into the filter.
    pub fn add_process(&self, pid: u32) {
        self.running.add_process(pid);
    }

    /// While this is on, calls are dropped whole and counted: for a capture that takes too much processor time.
    pub fn set_shedding(&self, is_shedding: bool) {
        self.running.set_shedding(is_shedding);
    }

    /// Gives memory that was freed back to the system: after a burst the C library's allocator keeps what it took. That is of
    /// the whole process, so only a program that does little else should ask for it, when nothing is going on.
    pub fn give_back_memory(&self) {
        crate::kernel::give_back_memory();
    }

    /// What was done so far.
    #[must_use]
    pub fn report(&self) -> Report {
        self.running.report()
    }

    /// Stops: probes are detached, what is in the ring is read, calls under way are emitted as they are, sinks are shut
    /// down. Blocks, at most for `timeout`.
    #[must_use]
    pub fn stop(mut self, timeout: Duration) -> Report {
        self.running.stop(timeout)
    }

    /// Lets the ring fill up, for tests of what happens then.
    #[doc(hidden)]
    pub fn pause(&self, is_paused: bool) {
        self.running.pause(is_paused);
    }
}

#[cfg(target_os = "linux")]
impl Drop for Capture {
    fn drop(&mut self) {
        let _ = self.running.stop(LAST_DEADLINE);
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(missing_docs, reason = "as on Linux")]
impl Capture {
    pub fn start(_: Options, _: Vec<Box<dyn Sink>>, _: Arc<Counters>) -> Result<Self, CaptureError> {
        let _ = LAST_DEADLINE;
        Err(CaptureError::NotLinux)
    }

    pub fn prepare(&self, _: &Path) -> Result<(), CaptureError> {
        match self.running {}
    }

    pub fn add_process(&self, _: u32) {
        match self.running {}
    }

    pub fn set_shedding(&self, _: bool) {
        match self.running {}
    }

    pub fn give_back_memory(&self) {
        match self.running {}
    }

    #[must_use]
    pub fn report(&self) -> Report {
        match self.running {}
    }

    #[must_use]
    pub fn stop(self, _: Duration) -> Report {
        match self.running {}
    }
}

impl std::fmt::Debug for Capture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Capture").finish_non_exhaustive()
    }
}
