//! Signals as things that are read, with who sent them.

use std::os::fd::AsFd;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// `si_code` of a signal that the kernel sent, as a terminal's does for its keys.
const SI_KERNEL: i32 = 0x80;

/// Signals that are read instead of taking effect.
#[derive(Debug)]
pub(super) struct Signals {
    fd: SignalFd,
}

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) signal: Signal,
    /// Whether a key of the terminal sent it: then every process of the foreground group has it.
    pub(super) is_of_terminal: bool,
}

impl Signals {
    /// Reads these from now on. To be called before there are other threads: they inherit it.
    pub(super) fn read(signals: &[Signal]) -> std::io::Result<Self> {
        let set: SigSet = signals.iter().copied().collect();
        set.thread_block()?;
        Ok(Self { fd: SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)? })
    }

    /// The next signal, if one comes in time.
    pub(super) fn next(&self, patience: Duration) -> Option<Heard> {
        let patience =
            Timespec { tv_sec: patience.as_secs().try_into().ok()?, tv_nsec: patience.subsec_nanos().into() };
        let mut watched = [PollFd::from_borrowed_fd(self.fd.as_fd(), PollFlags::IN)];
        poll(&mut watched, Some(&patience)).ok().filter(|ready| *ready > 0)?;
        let info = self.fd.read_signal().ok().flatten()?;
        let signal = Signal::try_from(i32::try_from(info.ssi_signo).ok()?).ok()?;
        Some(Heard { signal, is_of_terminal: info.ssi_code == SI_KERNEL })
    }
}
