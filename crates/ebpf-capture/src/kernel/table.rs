//! What the kernel side shares with user space by mapped memory: the layouts of `bpf/record.h`.

use std::sync::atomic::{AtomicU32, AtomicU64};

/// A place of the connection table. `conn` 0: free.
#[repr(C)]
pub(super) struct Connection {
    pub(super) conn: AtomicU64,
    pub(super) address: AtomicU64,
    pub(super) process: AtomicU64,
    pub(super) read: AtomicU64,
    pub(super) written: AtomicU64,
    pub(super) read_sent: AtomicU64,
    pub(super) written_sent: AtomicU64,
    pub(super) tgid: AtomicU32,
    pub(super) flags: AtomicU32,
}

/// Bits of [`Connection::flags`].
pub(super) mod flag {
    pub(in super::super) const IGNORED: u32 = 1;
    pub(in super::super) const FROM_START: u32 = 2;
    pub(in super::super) const LOST: u32 = 8;
    pub(in super::super) const CLOSED: u32 = 16;
    pub(in super::super) const RENAMED: u32 = 32;
    /// Ours: its close is on its way.
    pub(in super::super) const REAPED: u32 = 64;
    /// Ours: its process is not to be captured any more.
    pub(in super::super) const FILTERED: u32 = 128;
    /// It is closed, and its record is in the ring or lost.
    pub(in super::super) const OVER: u32 = 256;
    /// The process read the end of what the other side sends.
    pub(in super::super) const ENDED: u32 = 512;
}

/// A call under way. `id` 0: free.
#[repr(C)]
pub(super) struct ThreadCall {
    pub(super) id: AtomicU64,
    unused: [AtomicU64; 7],
}

/// Settings and what both sides count.
#[repr(C)]
pub(super) struct State {
    pub(super) wake_bytes: AtomicU64,
    pub(super) ignore_unknown: AtomicU64,
    pub(super) max_connections: AtomicU64,
    pub(super) pidns_device: AtomicU64,
    pub(super) pidns_inode: AtomicU64,
    pub(super) next_conn: AtomicU64,
    pub(super) next_index: AtomicU64,
    pub(super) attention: AtomicU64,
    pub(super) rescan: AtomicU64,
    pub(super) has_big_chunks: AtomicU64,
}

/// The key of the map `places`.
pub(super) fn place_key(address: u64, tgid: u32) -> [u8; 16] {
    let mut key = [0; 16];
    key[..8].copy_from_slice(&address.to_ne_bytes());
    key[8..12].copy_from_slice(&tgid.to_ne_bytes());
    key
}

/// A value of the map `processes`.
pub(super) struct Process {
    pub(super) generation: u64,
    pub(super) verdict: u64,
}

impl Process {
    pub(super) const WATCHED: u64 = 1;
    pub(super) const IGNORED: u64 = 2;

    pub(super) fn to_bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.generation.to_ne_bytes());
        bytes[8..].copy_from_slice(&self.verdict.to_ne_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: [u8; 16]) -> Self {
        let (mut generation, mut verdict) = ([0; 8], [0; 8]);
        generation.copy_from_slice(&bytes[..8]);
        verdict.copy_from_slice(&bytes[8..]);
        Self { generation: u64::from_ne_bytes(generation), verdict: u64::from_ne_bytes(verdict) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layouts_have_the_sizes_of_record_h() {
        assert_eq!(size_of::<Connection>(), 64);
        assert_eq!(size_of::<ThreadCall>(), 64);
        assert_eq!(size_of::<State>(), 80);
    }
}
