//! What the kernel side counts, by cause: `struct counters` of `bpf/record.h`.

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts since the programs were loaded.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub struct KernelCounters {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl KernelCounters {
            pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];

            /// Adds what one processor counted.
            pub(super) fn add(&mut self, values: &[u8]) {
                let mut values = values.chunks_exact(8);
                $(self.$name += values.next().map_or(0, |value| {
                    let mut bytes = [0; 8];
                    bytes.copy_from_slice(value);
                    u64::from_ne_bytes(bytes)
                });)*
            }

            /// Each count with its name.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
                Self::NAMES.iter().copied().zip([$(self.$name),*])
            }
        }
    };
}

// The order is that of `struct counters`.
counters! {
    /// Records of bytes that were sent.
    records,
    /// Their bytes.
    bytes,
    /// Records for which the ring had no room.
    ring_full_records,
    /// Their bytes.
    ring_full_bytes,
    /// Records whose bytes could not be read from the process's memory.
    fault_records,
    /// Their bytes.
    fault_bytes,
    /// Bytes beyond the largest call that is captured whole (33 MiB).
    truncated_bytes,
    /// Calls on connections with the verdict "ignored".
    ignored_calls,
    /// Their bytes; of a write, where probes are attached as sessions, those that it was asked to send.
    ignored_bytes,
    /// Calls of processes that are not captured.
    filtered_calls,
    /// Calls on connections for which the table had no place.
    connections_full_calls,
    /// Their bytes.
    connections_full_bytes,
    /// Calls for which there was no place between entry and return: their bytes are not known.
    calls_full,
    /// Calls of processes for which the table had no place.
    processes_full,
    /// Calls whose length could not be read from the process's memory.
    length_faults,
    /// Not used yet.
    unmatched_returns,
}

impl KernelCounters {
    /// Bytes of one processor's counts.
    pub(super) const BYTES: usize = Self::NAMES.len() * 8;

    /// Bytes that went through captured connections and were not sent, whatever the cause.
    #[must_use]
    pub fn lost_bytes(&self) -> u64 {
        self.ring_full_bytes + self.fault_bytes + self.truncated_bytes + self.connections_full_bytes
    }
}
