//! Puts the records of all processors into the order in which things happened.

use super::record::Event;

/// A record may be read this much later than another processor's younger one: what it takes to write one down.
const WRITING_NS: u64 = 50_000;

/// Records that may still be overtaken by an older one.
#[derive(Debug, Default)]
pub(super) struct Order {
    held: Vec<Event>,
}

impl Order {
    /// Takes records that were read after `began`, and gives those that nothing older can follow, in order.
    pub(super) fn settle(&mut self, read: &mut Vec<Event>, began: u64) -> Vec<Event> {
        self.held.append(read);
        self.held.sort_by_key(|event| event.at);
        let horizon = began.saturating_sub(WRITING_NS);
        let settled = self.held.partition_point(|event| event.at <= horizon);
        self.held.drain(..settled).collect()
    }

    /// Whether some are still held.
    pub(super) fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::What;

    fn exit(at: u64) -> Event {
        Event { at, pid: 1, tid: 1, what: What::Exited }
    }

    #[test]
    fn a_record_that_is_read_late_still_comes_in_its_place() {
        let mut order = Order::default();
        let t = 1_000_000;
        // Processor 0 was read before it wrote `t`, processor 1 after it wrote `t + 10`.
        let first = order.settle(&mut vec![exit(t + 10)], t);
        assert!(first.is_empty() && order.is_holding());
        let second = order.settle(&mut vec![exit(t)], t + 2 * WRITING_NS);
        assert_eq!(second, [exit(t), exit(t + 10)]);
        assert!(!order.is_holding());
    }
}
