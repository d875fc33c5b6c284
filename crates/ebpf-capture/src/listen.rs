//! Hearing everything that captured connections say, LLM call or not.

use sidetone_core::connection::Listener;

/// Which connection something was heard on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The process at this end of it.
    pub pid: u32,
    /// Its number in this capture; never used twice.
    pub connection: u64,
}

/// How many bytes of a connection were heard, and how many went by without.
///
/// What the process itself moved is the sum of both, to the byte, also when the connection's last bytes were lost, as long
/// as it is captured: a connection that a rule excludes is no longer heard from there on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Passed {
    /// Heard of what the process read.
    pub read: u64,
    /// Heard of what the process wrote.
    pub written: u64,
    /// Missing of what the process read.
    pub missing_read: u64,
    /// Missing of what the process wrote.
    pub missing_written: u64,
}

impl Passed {
    /// All bytes, both ways, heard or not.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.read + self.written + self.missing_read + self.missing_written
    }
}

/// Hears captured connections. Called on the capture's thread: nothing here may wait.
pub trait Listeners: Send + Sync {
    /// A listener for this connection, which begins, or `None` if nobody wants to hear it.
    fn listen(&self, origin: &Origin) -> Option<Box<dyn Listener>>;

    /// The connection ended, or the capture did.
    fn ended(&self, origin: &Origin, passed: &Passed) {
        let _ = (origin, passed);
    }
}
