//! One connection of one process, from its first byte that was watched to its end.

use std::sync::Arc;
use std::time::Duration;

use sidetone_core::connection::{Connection, Direction};
use sidetone_core::event::Process;
use sidetone_pipeline::Reason;

use super::order::{Next, Order};
use crate::kernel::RecordHeader;
use crate::listen::Passed;
use crate::report::LostBytes;

/// Why a connection is not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ignored {
    /// Its process isn't one that is captured.
    Process,
    /// A rule names its host.
    Host,
    /// What it carries is no HTTP.
    NotHttp,
    /// We failed at it.
    Panicked,
}

/// One connection of one process.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) pid: u32,
    /// The TLS library's own name of the connection.
    pub(super) address: u64,
    pub(super) process: Arc<Process>,
    pub(super) server_name: Option<Box<str>>,
    /// Whether it was seen before its first byte.
    pub(super) from_start: bool,
    pub(super) order: Order,
    /// `None` before the first bytes, and once it is ignored.
    pub(super) connection: Option<Box<Connection>>,
    ignored: Option<(Ignored, u64)>,
    /// Whether it is in the queue of those that have something to be read.
    pub(super) is_queued: bool,
    /// Memory that it takes, when last asked.
    pub(super) held_bytes: usize,
}

impl Open {
    pub(super) fn new(first: &RecordHeader, process: Arc<Process>) -> Self {
        Self {
            pid: first.pid,
            address: first.address,
            process,
            server_name: None,
            from_start: first.from_start,
            order: Order::default(),
            connection: None,
            ignored: None,
            is_queued: false,
            held_bytes: 0,
        }
    }

    /// Stops to understand this connection: what it holds is let go of.
    pub(super) fn ignore(&mut self, why: Ignored) {
        self.connection = None;
        // What still waits is left out by a rule, not lost.
        while self.order.next().is_some() {}
        self.ignored.get_or_insert((why, self.order.passed().bytes()));
    }

    /// Whether nothing of it is understood any more.
    pub(super) fn is_ignored(&self) -> bool {
        self.ignored.is_some()
    }

    /// Of so many bytes in all, those that a rule left out.
    pub(super) fn left_out(&self, bytes: Option<u64>) -> Option<(Reason, u64)> {
        let (why, before) = self.ignored?;
        let reason = match why {
            Ignored::Host => Reason::CaptureIgnoredHost,
            Ignored::NotHttp => Reason::CaptureIgnoredNotHttp,
            Ignored::Process | Ignored::Panicked => return None,
        };
        Some((reason, bytes.map_or(0, |bytes| bytes.saturating_sub(before))))
    }

    /// So many bytes went this way, and all that was delivered of them was read: what isn't here is missing.
    pub(super) fn settle(&mut self, direction: Direction, offset: u64, at: Duration) -> Option<Next> {
        if self.is_ignored() { None } else { self.order.settle(direction, offset, at) }
    }

    /// What it holds now and what it held when last asked.
    pub(super) fn weigh(&mut self) -> (usize, usize) {
        let connection = self.connection.as_ref().map_or(0, |connection| connection.held_bytes());
        let held = connection + self.order.waiting_bytes();
        (held, std::mem::replace(&mut self.held_bytes, held))
    }

    /// What of it is missing, if anything.
    pub(super) fn lost(&self, conn: u64) -> Option<LostBytes> {
        let Passed { missing_read: read, missing_written: written, .. } = self.order.passed();
        (read + written > 0).then_some(LostBytes { pid: self.pid, connection: conn, read, written })
    }
}
