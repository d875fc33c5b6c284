//! What the watcher needs of the kernel side.

use std::path::Path;

use crate::kernel::Kernel;
use crate::probe::Probe;

/// Attaches probes, and keeps verdicts about processes.
pub trait Attach: Send + Sync + 'static {
    /// Attaches to a file; dropping what is given detaches.
    ///
    /// # Errors
    /// In words for people.
    fn attach(&self, path: &Path, probes: &[Probe]) -> Result<Box<dyn Send>, String>;

    /// The process is captured.
    fn watch_process(&self, pid: u32);

    /// The process is not captured.
    fn ignore_process(&self, pid: u32);

    /// The process has ended.
    fn forget_process(&self, pid: u32);
}

impl Attach for Kernel {
    fn attach(&self, path: &Path, probes: &[Probe]) -> Result<Box<dyn Send>, String> {
        match Self::attach(self, path, probes) {
            Ok(attachment) => Ok(Box::new(attachment)),
            Err(error) => Err(error.to_string()),
        }
    }

    fn watch_process(&self, pid: u32) {
        Self::watch_process(self, pid);
    }

    fn ignore_process(&self, pid: u32) {
        Self::ignore_process(self, pid);
    }

    fn forget_process(&self, pid: u32) {
        Self::forget_process(self, pid);
    }
}
