//! When the agent comes to rest after a burst: then it gives back the memory that the burst took.

use sidetone::ebpf::Report;

/// What went by that is worth giving back for.
const BURST_BYTES: u64 = 1 << 20;

/// Connections whose end is.
const BURST_CONNECTIONS: usize = 64;

/// What the kernel side counts of bytes that it sent.
const BYTES: &str = "bytes";

/// Watches how much goes by.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// Bytes that have gone by and connections that are open, when last looked.
    last: (u64, usize),
    /// Bytes that had gone by when memory was last given back.
    given_back_at: u64,
    /// Most connections that were open since then.
    most_connections: usize,
}

impl Rest {
    /// Whether nothing has changed since the last look, and much before.
    pub(super) fn has_come(&mut self, report: &Report) -> bool {
        let bytes = report.kernel.iter().find(|(name, _)| *name == BYTES).map_or(0, |(_, bytes)| *bytes);
        let now = (bytes, report.connections);
        let is_quiet = std::mem::replace(&mut self.last, now) == now;
        self.most_connections = self.most_connections.max(report.connections);
        let has_come = is_quiet
            && (bytes - self.given_back_at >= BURST_BYTES
                || self.most_connections - report.connections >= BURST_CONNECTIONS);
        if has_come {
            (self.given_back_at, self.most_connections) = now;
        }
        has_come
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of looks that find so many bytes and connections, those at which rest has come.
    fn rests(looks: &[(u64, usize)]) -> Vec<usize> {
        let mut rest = Rest::default();
        let mut has_come = |(bytes, connections): (u64, usize)| {
            rest.has_come(&Report { kernel: vec![("records", 7), (BYTES, bytes)], connections, ..Report::default() })
        };
        (0..looks.len()).filter(|look| has_come(looks[*look])).collect()
    }

    #[test]
    fn rest_comes_once_after_each_burst() {
        let burst = BURST_BYTES;
        let looks = [0, 100, 100, burst, burst, burst, burst + 1, burst + 1, 3 * burst, 3 * burst];
        assert_eq!(rests(&looks.map(|bytes| (bytes, 1))), [4, 9]);
    }

    #[test]
    fn rest_comes_when_many_connections_have_ended() {
        let looks = [1_000, 1_000, 990, 990, 500, 2, 2, 2, 30, 2, 2];
        assert_eq!(rests(&looks.map(|connections| (0, connections))), [6]);
    }
}
