//! The records that the kernel side sends: `struct record` of `bpf/record.h`, decoded.

use bytes::Bytes;

/// Bytes of the head of a record in the ring.
pub(super) const HEAD_BYTES: usize = 104;

/// One thing that a probe saw.
#[derive(Clone)]
pub struct Record {
    /// What and where.
    pub header: RecordHeader,
    /// Its bytes, a slice of a buffer that many records share: copy what is held for long.
    pub payload: Bytes,
}

impl std::fmt::Debug for Record {
    /// Without its bytes: no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("header", &self.header).field("payload_bytes", &self.payload.len()).finish()
    }
}

/// Which way bytes went, as the process sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The process read them.
    Read,
    /// The process wrote them.
    Write,
}

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Close {
    /// The process freed it.
    Freed,
    /// The process gave it a new server name after bytes had gone through: what follows is another connection.
    Renamed,
    /// The process runs another program now (exec).
    Replaced,
    /// The process is gone.
    ProcessEnded,
    /// The capture stopped.
    CaptureStopped,
}

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordKind {
    /// Bytes of a stream, in the payload. Those that could not be sent show as a jump in `offset`.
    Data,
    /// Bytes of the connection were lost: its streams have reached these offsets, and what has not come by now never will.
    Offsets {
        /// Bytes read in all.
        read: u64,
        /// Bytes written in all.
        written: u64,
    },
    /// The connection's last record, exactly one, even when the ring was full.
    Close {
        /// Bytes read in all.
        read: u64,
        /// Bytes written in all.
        written: u64,
        /// Why.
        how: Close,
        /// Whether the process had read the end of what the other side sends.
        has_ended: bool,
    },
    /// The server's name, in the payload.
    Name,
    /// The connection's socket.
    Fd {
        /// The process's file descriptor.
        fd: i32,
    },
    /// What the USDT probe `sidetone:call` announces, in the payload.
    Announce,
}

/// The name of a thread, as `/proc/PID/comm` shows it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Comm(pub [u8; 16]);

impl Comm {
    /// The name; what is no UTF-8 is cut.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        let name = &self.0[..end];
        match std::str::from_utf8(name) {
            Ok(name) => name,
            Err(error) => std::str::from_utf8(&name[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}

impl std::fmt::Debug for Comm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What is known of each record.
#[derive(Debug, Clone, Copy)]
pub struct RecordHeader {
    /// What it says.
    pub kind: RecordKind,
    /// Which stream the payload of `Data` belongs to.
    pub direction: Direction,
    /// The TLS library, by its place in the runtimes' table.
    pub runtime: u8,
    /// The connection was seen before its first byte.
    pub from_start: bool,
    /// The kernel side made no record of this connection before this one.
    pub is_first: bool,
    /// `CLOCK_MONOTONIC` at the call's entry, in nanoseconds.
    pub start_ns: u64,
    /// The same at its return.
    pub end_ns: u64,
    /// The connection: unique in this capture, never used again. 0 for `Announce`.
    pub conn: u64,
    /// The address of the library's object for it.
    pub address: u64,
    /// Where the payload begins in its direction's stream.
    pub offset: u64,
    /// Bytes that the whole call moved.
    pub call_bytes: u64,
    /// The process.
    pub pid: u32,
    /// The thread.
    pub tid: u32,
    /// The user.
    pub uid: u32,
    /// The cgroup (v2) by number.
    pub cgroup: u64,
    /// The thread's name.
    pub comm: Comm,
}

/// A record of the ring as it is, before what concerns only this module is taken out.
pub(super) enum Raw {
    /// For the assembler, and the connection's place in the table, which is free after its close.
    Record(RecordHeader, u32),
    /// A process began another program.
    Exec(u32),
    /// What a connection at an address of its own points to, by which it is known after it was moved: `Boxes` in the payload.
    /// `conn` 0: it is being dropped, and no byte went through at that address.
    Boxes(RecordHeader, u32),
}

/// The payload of `Raw::Boxes`: addresses, 0 for none.
pub(super) type Boxes = [u64; 4];

/// Decodes those.
pub(super) fn decode_boxes(payload: &[u8]) -> Option<Boxes> {
    let mut boxes = Boxes::default();
    for (place, bytes) in boxes.iter_mut().zip(payload.first_chunk::<{ size_of::<Boxes>() }>()?.as_chunks().0) {
        *place = u64::from_ne_bytes(*bytes);
    }
    Some(boxes)
}

mod kind {
    pub(super) const DATA: u8 = 0;
    pub(super) const CLOSE: u8 = 1;
    pub(super) const NAME: u8 = 2;
    pub(super) const FD: u8 = 3;
    pub(super) const ANNOUNCE: u8 = 4;
    pub(super) const EXEC: u8 = 5;
    pub(super) const BOXES: u8 = 6;
}
const FLAG_WRITE: u8 = 1;
const FLAG_FROM_START: u8 = 2;
const FLAG_FIRST: u8 = 4;
const FLAG_ENDED: u8 = 8;
const REASON_RENAMED: u32 = 1;

/// Decodes the head of a record and says how many bytes of payload follow. `None`: not one of ours.
pub(super) fn decode(head: &[u8; HEAD_BYTES]) -> Option<(Raw, usize)> {
    let u64_at = |at: usize| u64::from_ne_bytes(take(head, at));
    let u32_at = |at: usize| u32::from_ne_bytes(take(head, at));
    let (offset, call_bytes, pid, value, flags) = (u64_at(32), u64_at(40), u32_at(56), u32_at(76), head[81]);
    let kind = match head[80] {
        kind::DATA => RecordKind::Data,
        kind::CLOSE => RecordKind::Close {
            read: offset,
            written: call_bytes,
            how: if value == REASON_RENAMED { Close::Renamed } else { Close::Freed },
            has_ended: flags & FLAG_ENDED != 0,
        },
        kind::NAME => RecordKind::Name,
        kind::FD => RecordKind::Fd { fd: value.cast_signed() },
        // Of boxes only who and where is read.
        kind::ANNOUNCE | kind::BOXES => RecordKind::Announce,
        kind::EXEC => return Some((Raw::Exec(pid), 0)),
        _ => return None,
    };
    let header = RecordHeader {
        kind,
        direction: if flags & FLAG_WRITE == 0 { Direction::Read } else { Direction::Write },
        runtime: head[82],
        from_start: flags & FLAG_FROM_START != 0,
        is_first: flags & FLAG_FIRST != 0,
        start_ns: u64_at(0),
        end_ns: u64_at(8),
        conn: u64_at(16),
        address: u64_at(24),
        offset,
        call_bytes,
        pid,
        tid: u32_at(60),
        uid: u32_at(64),
        cgroup: u64_at(48),
        comm: Comm(take(head, 88)),
    };
    let (place, length) = (u32_at(72), u32_at(68) as usize);
    let raw = if head[80] == kind::BOXES { Raw::Boxes(header, place) } else { Raw::Record(header, place) };
    Some((raw, length))
}

fn take<const N: usize>(head: &[u8; HEAD_BYTES], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&head[at..at + N]);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
    use super::*;

    #[test]
    fn a_name_that_fills_its_field_or_is_no_utf8_is_still_a_name() {
        assert_eq!(Comm(*b"python3\0\0\0\0\0\0\0\0\0").as_str(), "python3");
        assert_eq!(Comm(*b"0123456789abcdef").as_str(), "0123456789abcdef");
        assert_eq!(Comm(*b"ab\xff\0\0\0\0\0\0\0\0\0\0\0\0\0").as_str(), "ab");
    }

    #[test]
    fn a_record_of_an_unknown_kind_is_no_record() {
        let mut head = [0; HEAD_BYTES];
        head[80] = 99;
        assert!(decode(&head).is_none());
    }

    #[test]
    fn the_fields_are_where_record_h_has_them() {
        let mut head = [0; HEAD_BYTES];
        head[0..8].copy_from_slice(&1u64.to_ne_bytes());
        head[16..24].copy_from_slice(&7u64.to_ne_bytes());
        head[32..40].copy_from_slice(&40u64.to_ne_bytes());
        head[56..60].copy_from_slice(&11u32.to_ne_bytes());
        head[68..72].copy_from_slice(&5u32.to_ne_bytes());
        head[72..76].copy_from_slice(&3u32.to_ne_bytes());
        head[81] = FLAG_WRITE | FLAG_FIRST;
        head[82] = 4;
        let (Raw::Record(header, index), length) = decode(&head).unwrap() else { panic!("a record") };
        assert_eq!((header.start_ns, header.conn, header.offset, header.pid), (1, 7, 40, 11));
        assert_eq!((header.direction, header.is_first, header.from_start), (Direction::Write, true, false));
        assert_eq!((header.runtime, index, length), (4, 3, 5));
    }
}
