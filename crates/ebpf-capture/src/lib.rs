//! Host-wide capture of LLM calls by eBPF uprobes on TLS libraries.

mod capture;
mod options;
pub mod probe;
mod report;
#[cfg(unix)]
pub mod runtime;

pub use capture::{Capture, CaptureError};
pub use options::{BadHostRule, Filter, HostRule, Options};
pub use report::{AttachedFile, LateAttach, LostBytes, Report, Unrecognised};
