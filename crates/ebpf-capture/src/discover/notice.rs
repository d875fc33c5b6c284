//! What the watcher tells of processes and files.

use std::path::PathBuf;

use crate::report::{AttachedFile, LateAttach, Unrecognised};

/// What happened. Times are nanoseconds of `CLOCK_MONOTONIC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A process was forked.
    Started {
        /// Its id.
        pid: u32,
        /// Who forked it.
        parent: u32,
        /// When.
        at: u64,
    },
    /// A process became another program.
    Executed {
        /// Its id.
        pid: u32,
        /// Its name now.
        comm: Box<str>,
        /// When.
        at: u64,
    },
    /// A process has ended.
    Exited {
        /// Its id.
        pid: u32,
        /// When.
        at: u64,
    },
    /// A file has its probes.
    Attached(AttachedFile),
    /// Nobody had the file mapped for long: its probes are gone.
    Detached(PathBuf),
    /// A process may have moved bytes before its TLS library had its probes.
    Late(LateAttach),
    /// A process whose TLS can't be captured.
    Unrecognised(Unrecognised),
    /// The kernel had no room for so many records of process events, and `/proc` was looked through again.
    Rescanned {
        /// Records lost.
        lost: u64,
    },
}
