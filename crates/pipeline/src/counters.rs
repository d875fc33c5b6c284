//! The one table of everything that sidetone counts about itself.

use std::sync::atomic::{AtomicU64, Ordering};

use sidetone_core::exchange::Skip;

/// Makes the reasons, their names and their docs from one list, so that a reason that isn't exported can't be written.
macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Why something was dropped or skipped: the value of the attribute `reason` of `sidetone.dropped` and
        /// `sidetone.dropped.bytes`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it means.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }
        }
    };
}

reasons! {
    /// A whole call: the queue had no place left for its start and its end.
    CallQueueItems = "call_queue_items",
    /// A whole call: the bytes of its request did not fit into the queue's budget.
    CallQueueBytes = "call_queue_bytes",
    /// A part of a call: the queue had no place left.
    PartQueueItems = "part_queue_items",
    /// A part of a call: its bytes did not fit into the queue's budget.
    PartQueueBytes = "part_queue_bytes",
    /// A part of a call: the worker holds as many bytes of unfinished calls as it may.
    PartHeldBytes = "part_held_bytes",
    /// A whole call: observation was stopped before it ended and nothing of it was known yet.
    CallStopped = "call_stopped",
    /// A whole call: understanding or delivering it panicked, which is a bug of sidetone.
    CallPanicked = "call_panicked",
    /// A body that its surface can't read: not what the API's documentation says.
    BodyUnreadable = "body_unreadable",
    /// A body that is compressed in a way that isn't supported or is corrupt.
    BodyEncoding = "body_encoding",
    /// A body or part of one that is longer than the limit.
    BodyTooLarge = "body_too_large",
    /// An event of a stream that its surface can't read.
    EventUnreadable = "event_unreadable",
    /// An event of a stream that is longer than the limit.
    EventTooLarge = "event_too_large",
    /// A message, part, choice, tool or name beyond the limit of its kind.
    OverLimit = "over_limit",
    /// A name or id that is left out because it is longer than names are, has characters that no name has, or begins as keys do.
    NameRefused = "name_refused",
    /// Counts of tokens that contradict each other: the call has no cost.
    UsageInconsistent = "usage_inconsistent",
    /// A finished call whose span was not sampled, by the sampler's decision; its metrics and log events are kept.
    SpanNotSampled = "span_not_sampled",
    /// A span that the exporter's queue had no place for.
    SpanQueueFull = "span_queue_full",
    /// A span that the backend refused, or that could not be delivered.
    SpanExportFailed = "span_export_failed",
    /// A log event that the exporter's queue had no place for.
    LogQueueFull = "log_queue_full",
    /// A log event that the backend refused, or that could not be delivered.
    LogExportFailed = "log_export_failed",
    /// A batch of metrics that the backend refused, or that could not be delivered.
    MetricExportFailed = "metric_export_failed",
    /// A span that was still undelivered when the deadline of `stop()` passed.
    SpanLeftAtStop = "span_left_at_stop",
    /// A log event that was still undelivered when the deadline of `stop()` passed.
    LogLeftAtStop = "log_left_at_stop",
    /// A whole call of host-wide capture: the calls under way took as much memory as they may (`--max-memory`).
    CallMemory = "call_memory",
    /// A whole call of host-wide capture: the capture took as much processor time as it may (`--max-cpu`).
    CallCpu = "call_cpu",
    /// A whole call of host-wide capture: it went to a host that `--deny` names, or that `--allow` doesn't.
    CallHost = "call_host",
    /// A whole call of host-wide capture: a process of this host served it, and served calls aren't asked for (`--server-side`).
    CallServed = "call_served",
    /// A served call of host-wide capture that is told already, as its client on this host saw it.
    CallServedTwice = "call_served_twice",
    /// A span that is not exported because the observed process itself reports that call.
    SpanAnnounced = "span_announced",
    /// Bytes of a connection: the ring between the kernel and the capture was full.
    CaptureRingFull = "capture_ring_full",
    /// Bytes of a connection: the kernel could not read them from the process's memory.
    CaptureUnreadable = "capture_unreadable",
    /// Bytes of a connection: the end of one read or write that is longer than the kernel side takes.
    CaptureTooLong = "capture_too_long",
    /// Bytes of a connection: the kernel side's table of connections, or of calls under way, was full.
    CaptureTableFull = "capture_table_full",
    /// Bytes of a connection that a host rule excludes, by design.
    CaptureIgnoredHost = "capture_ignored_host",
    /// Bytes of a connection that carries no HTTP, by design.
    CaptureIgnoredNotHttp = "capture_ignored_not_http",
    /// Bytes of a connection that came after they had been reported as missing.
    CaptureLate = "capture_late",
    /// A notice of the kernel that a process began, mapped a file or ended; the processes were looked through again.
    NoticeLost = "notice_lost",
    /// An attempt that failed, of a call that the observed process itself reports with all its attempts.
    AttemptAnnounced = "attempt_announced",
    /// What an instrumented process says of a call of its own, of which nothing was captured; the process itself reports it.
    AnnouncedUnseen = "announced_unseen",
}

impl From<Skip> for Reason {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::BodyUnreadable => Self::BodyUnreadable,
            Skip::BodyEncoding => Self::BodyEncoding,
            Skip::BodyTooLarge => Self::BodyTooLarge,
            Skip::EventUnreadable => Self::EventUnreadable,
            Skip::EventTooLarge => Self::EventTooLarge,
            Skip::OverLimit => Self::OverLimit,
            Skip::NameRefused => Self::NameRefused,
            Skip::UsageInconsistent => Self::UsageInconsistent,
        }
    }
}

/// Counters of items and bytes, by reason. Shared by every part of one observation.
#[derive(Debug)]
pub struct Counters {
    items: [AtomicU64; Reason::ALL.len()],
    bytes: [AtomicU64; Reason::ALL.len()],
}

impl Default for Counters {
    fn default() -> Self {
        Self { items: std::array::from_fn(|_| AtomicU64::new(0)), bytes: std::array::from_fn(|_| AtomicU64::new(0)) }
    }
}

impl Counters {
    /// Counts `items` and their `bytes` under a reason.
    pub fn add(&self, reason: Reason, items: u64, bytes: u64) {
        self.items[reason as usize].fetch_add(items, Ordering::Relaxed);
        if bytes > 0 {
            self.bytes[reason as usize].fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// How many items were counted under a reason.
    #[must_use]
    pub fn items(&self, reason: Reason) -> u64 {
        self.items[reason as usize].load(Ordering::Relaxed)
    }

    /// How many bytes were counted under a reason.
    #[must_use]
    pub fn bytes(&self, reason: Reason) -> u64 {
        self.bytes[reason as usize].load(Ordering::Relaxed)
    }

    /// Every reason that was counted at least once, with its items and bytes.
    pub fn nonzero(&self) -> impl Iterator<Item = (Reason, u64, u64)> + '_ {
        Reason::ALL
            .iter()
            .map(|&reason| (reason, self.items(reason), self.bytes(reason)))
            .filter(|&(_, items, bytes)| items > 0 || bytes > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_reasons_are_unique_and_every_reason_says_what_it_means() {
        let mut names: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Reason::ALL.len());
        for (place, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, place);
            assert!(reason.description().ends_with('.'), "{reason:?}");
        }
    }
}
