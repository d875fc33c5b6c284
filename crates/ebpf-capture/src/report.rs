//! What a capture did and could not do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sidetone_core::event::Process;
use sidetone_pipeline::SinkError;

/// What a capture did and could not do, so far or in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The files that have probes.
    pub attached: Vec<AttachedFile>,
    /// Processes with TLS that can't be captured, and why.
    pub unrecognised: Vec<Unrecognised>,
    /// Processes whose TLS library was found after they had begun to run with it.
    pub late: Vec<LateAttach>,
    /// Connections of which bytes were lost.
    pub lost: Vec<LostBytes>,
    /// What the kernel side counted, by name.
    pub kernel: Vec<(&'static str, u64)>,
    /// Bytes that were lost of connections beyond those that `lost` has room for.
    pub lost_elsewhere: u64,
    /// Processes of which calls were seen.
    pub processes: Vec<Arc<Process>>,
    /// Calls that went to the sinks.
    pub calls: u64,
    /// Calls that the process itself reported (they are in `calls` too, with its ids).
    pub announced: u64,
    /// Calls that were left out because of a limit of memory or of processor time.
    pub shed: u64,
    /// Calls that are under way.
    pub under_way: usize,
    /// Connections that are open and known.
    pub connections: usize,
    /// Memory that calls under way take, in bytes.
    pub held_bytes: usize,
    /// Sinks that could not deliver all.
    pub undelivered: Vec<SinkError>,
}

/// A file that has probes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Where it was found.
    pub path: PathBuf,
    /// The TLS library in it.
    pub runtime: &'static str,
    /// Its version, if it says so.
    pub version: Option<String>,
    /// Which places were used: `doctor` prints it.
    pub hook: String,
    /// How many probes.
    pub probes: usize,
}

/// A process that can't be captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecognised {
    /// Its id.
    pub pid: u32,
    /// Its executable.
    pub exe: Option<PathBuf>,
    /// Why, and what to do instead.
    pub why: String,
}

/// A process whose TLS library was found after it had begun to run with it: its first bytes may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateAttach {
    /// Its id.
    pub pid: u32,
    /// Between the mapping of the library and the probes.
    pub delay: Duration,
    /// The library.
    pub path: PathBuf,
}

/// Bytes of one connection that went by and could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LostBytes {
    /// The process.
    pub pid: u32,
    /// The connection's number in this capture.
    pub connection: u64,
    /// Bytes that the process read.
    pub read: u64,
    /// Bytes that the process wrote.
    pub written: u64,
}
