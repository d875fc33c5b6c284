//! Connections that are moved in memory while they are open, as those of rustls are: one connection to whoever reads the records.
//!
//! The kernel side knows a connection by its address, so at its new place it is another one there. What it points to stays
//! where it is.

use std::collections::HashMap;

use super::record::{Boxes, Direction, RecordHeader, RecordKind};

/// Most connections whose boxes are remembered; more are not recognised when they move.
const MAX_REMEMBERED: usize = 65_536;

/// Which connection owns what, and which are continued under another number.
#[derive(Debug, Default)]
pub(super) struct Moved {
    owners: HashMap<(u32, u64), Owner>,
    /// The boxes of each connection among the owners, with its process.
    boxes: HashMap<u64, (u32, Boxes)>,
    origins: HashMap<u64, Origin>,
}

/// A connection of the kernel side, and its place in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) conn: u64,
    pub(super) place: u32,
}

/// What a connection was at first, and how far it had got when it was moved.
#[derive(Debug, Clone, Copy)]
struct Origin {
    conn: u64,
    read: u64,
    written: u64,
}

impl Moved {
    /// Who owns one of these boxes.
    pub(super) fn owner(&self, pid: u32, boxes: &Boxes) -> Option<Owner> {
        boxes.iter().filter(|&&address| address != 0).find_map(|&address| self.owners.get(&(pid, address)).copied())
    }

    /// From now on the boxes are this connection's.
    pub(super) fn own(&mut self, pid: u32, boxes: &Boxes, owner: Owner) {
        if self.boxes.len() >= MAX_REMEMBERED {
            return;
        }
        for &address in boxes.iter().filter(|&&address| address != 0) {
            self.owners.insert((pid, address), owner);
        }
        self.boxes.insert(owner.conn, (pid, *boxes));
    }

    /// `from` had moved so many bytes; it goes on as `to`.
    pub(super) fn go_on(&mut self, from: u64, to: u64, read: u64, written: u64) {
        let before = self.origins.get(&from).copied().unwrap_or(Origin { conn: from, read: 0, written: 0 });
        self.forget(from);
        self.origins
            .insert(to, Origin { conn: before.conn, read: before.read + read, written: before.written + written });
    }

    /// The connection is over.
    pub(super) fn forget(&mut self, conn: u64) {
        self.origins.remove(&conn);
        let Some((pid, boxes)) = self.boxes.remove(&conn) else { return };
        for address in boxes {
            if self.owners.get(&(pid, address)).is_some_and(|owner| owner.conn == conn) {
                self.owners.remove(&(pid, address));
            }
        }
    }

    /// Tells a record as one of the connection that it was at first.
    pub(super) fn rename(&self, header: &mut RecordHeader) {
        let Some(origin) = self.origins.get(&header.conn) else { return };
        header.conn = origin.conn;
        header.is_first = false;
        match &mut header.kind {
            RecordKind::Data => {
                header.offset += if header.direction == Direction::Read { origin.read } else { origin.written };
            }
            RecordKind::Offsets { read, written } | RecordKind::Close { read, written, .. } => {
                *read += origin.read;
                *written += origin.written;
            }
            RecordKind::Name | RecordKind::Fd { .. } | RecordKind::Announce => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::super::record::{Close, Comm};
    use super::*;

    const PID: u32 = 7;

    fn record(conn: u64, kind: RecordKind, direction: Direction, offset: u64) -> RecordHeader {
        RecordHeader {
            kind,
            direction,
            runtime: 4,
            from_start: false,
            is_first: false,
            start_ns: 1,
            end_ns: 2,
            conn,
            address: 0x1000,
            offset,
            call_bytes: 1,
            pid: PID,
            tid: PID,
            uid: 0,
            cgroup: 0,
            comm: Comm::default(),
        }
    }

    #[test]
    fn what_follows_a_move_is_told_as_of_the_first_connection_with_its_offsets() {
        let mut moved = Moved::default();
        let boxes = [0x10, 0x20, 0, 0];
        moved.own(PID, &boxes, Owner { conn: 1, place: 0 });
        assert_eq!(moved.owner(PID, &[0x30, 0x20, 0, 0]), Some(Owner { conn: 1, place: 0 }));
        assert_eq!((moved.owner(PID, &[0x30, 0, 0, 0]), moved.owner(PID + 1, &boxes)), (None, None));
        moved.go_on(1, 2, 100, 10);
        moved.own(PID, &boxes, Owner { conn: 2, place: 1 });
        moved.go_on(2, 3, 5, 0);
        moved.own(PID, &boxes, Owner { conn: 3, place: 0 });
        let mut read = record(3, RecordKind::Data, Direction::Read, 4);
        moved.rename(&mut read);
        assert_eq!((read.conn, read.offset), (1, 109));
        let mut written = record(3, RecordKind::Data, Direction::Write, 4);
        moved.rename(&mut written);
        assert_eq!((written.conn, written.offset), (1, 14));
        let mut close = record(
            3,
            RecordKind::Close { read: 6, written: 7, how: Close::Freed, has_ended: false },
            Direction::Read,
            0,
        );
        moved.rename(&mut close);
        assert_eq!(close.kind, RecordKind::Close { read: 111, written: 17, how: Close::Freed, has_ended: false });
        moved.forget(3);
        assert!(moved.owners.is_empty() && moved.boxes.is_empty() && moved.origins.is_empty(), "{moved:?}");
    }
}
