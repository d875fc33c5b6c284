//! Process starts, executable mappings, forks and exits as the kernel reports them: perf side-band records.
//!
//! One software dummy event for each processor, which counts nothing; its ring carries the records. `CAP_PERFMON` is
//! enough. Nothing is read from `/proc` but the list of processors.
#![expect(unsafe_code, reason = "perf_event_open and its shared ring have no safe form")]

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::record::{Event, HEADER, Parsed, parse};

/// Pages of a ring, without the page that describes it. 128 of 4 KiB are what `perf_event_mlock_kb` lets everybody
/// have; where less is allowed, half is asked for, down to one.
const RING_PAGES: usize = 64;
/// Longest record: its size is a `u16`.
const LONGEST: usize = u16::MAX as usize;

/// `PERF_TYPE_SOFTWARE`.
const TYPE_SOFTWARE: u32 = 1;
/// `PERF_COUNT_SW_DUMMY`.
const DUMMY: u64 = 9;
/// `PERF_SAMPLE_TIME`.
const SAMPLE_TIME: u64 = 1 << 2;
/// `PERF_FLAG_FD_CLOEXEC`.
const CLOSE_ON_EXEC: libc::c_ulong = 1 << 3;
/// `PERF_ATTR_SIZE_VER5`: Linux 4.1, the first with `clockid`.
const ATTR_SIZE: u32 = 112;

/// Bits of `struct perf_event_attr`'s flags word.
mod flag {
    pub(super) const EXCLUDE_KERNEL: u64 = 1 << 5;
    pub(super) const EXCLUDE_HYPERVISOR: u64 = 1 << 6;
    pub(super) const MMAP: u64 = 1 << 8;
    pub(super) const COMM: u64 = 1 << 9;
    pub(super) const TASK: u64 = 1 << 13;
    pub(super) const WATERMARK: u64 = 1 << 14;
    pub(super) const SAMPLE_ID_ALL: u64 = 1 << 18;
    pub(super) const MMAP2: u64 = 1 << 23;
    pub(super) const COMM_EXEC: u64 = 1 << 24;
    pub(super) const USE_CLOCKID: u64 = 1 << 25;
}

/// `struct perf_event_attr` up to `PERF_ATTR_SIZE_VER5`.
#[repr(C)]
#[derive(Default)]
struct Attr {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup_watermark: u32,
    bp_type: u32,
    config1: u64,
    config2: u64,
    branch_sample_type: u64,
    sample_regs_user: u64,
    sample_stack_user: u32,
    clockid: i32,
    sample_regs_intr: u64,
    aux_watermark: u32,
    sample_max_stack: u16,
    reserved: u16,
}

/// Offset of `data_head` in `struct perf_event_mmap_page`; `data_tail` follows it.
const DATA_HEAD: usize = 1024;

/// Process events can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SidebandError {
    /// The kernel wants a privilege.
    #[error(
        "watching processes needs CAP_PERFMON (or root): `setcap cap_bpf,cap_perfmon+ep` on the program, or run it by sudo"
    )]
    Privilege,
    /// The memory for the rings is refused.
    #[error(
        "the rings for process events were refused ({0}): raise the limit of locked memory (`ulimit -l`) or kernel.perf_event_mlock_kb"
    )]
    Memory(io::Error),
    /// Anything else.
    #[error("process events can't be read: perf_event_open: {0}")]
    System(io::Error),
}

/// The rings of all processors.
#[derive(Debug)]
pub struct Sideband {
    rings: Vec<Ring>,
}

/// What one reading of the rings gave.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Records that the kernel had no room for.
    pub lost: u64,
    /// Records that made no sense.
    pub bad: u64,
}

impl Sideband {
    /// Opens an event on each processor that is online.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn open() -> Result<Self, SidebandError> {
        Self::with_pages(RING_PAGES)
    }

    /// As [`open`](Self::open), with rings of so many pages: a power of two.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn with_pages(pages: usize) -> Result<Self, SidebandError> {
        let mut all = Self { rings: Vec::new() };
        all.add_processors(pages)?;
        if all.rings.is_empty() {
            return Err(SidebandError::System(io::Error::other("no processor is online")));
        }
        Ok(all)
    }

    /// Opens events on processors that have come online; how many.
    pub fn follow_processors(&mut self) -> Result<usize, SidebandError> {
        self.add_processors(RING_PAGES)
    }

    fn add_processors(&mut self, pages: usize) -> Result<usize, SidebandError> {
        let before = self.rings.len();
        for processor in online() {
            if self.rings.iter().any(|ring| ring.processor == processor) {
                continue;
            }
            match Ring::open(processor, pages) {
                Ok(ring) => self.rings.push(ring),
                // It went offline meanwhile.
                Err(SidebandError::System(error)) if error.raw_os_error() == Some(libc::ENODEV) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.rings.len() - before)
    }

    /// Takes what the rings hold. Records of one processor are in their order; order all by [`Event::at`].
    pub fn take(&mut self, into: &mut Vec<Event>) -> Taken {
        let mut taken = Taken::default();
        for ring in &mut self.rings {
            let is_sound = ring.take(|record| match parse(record) {
                Parsed::Event(event) => into.push(event),
                Parsed::Lost(count) => taken.lost = taken.lost.saturating_add(count),
                Parsed::Bad => taken.bad += 1,
                Parsed::Other => {}
            });
            taken.bad += u64::from(!is_sound);
        }
        taken
    }

    /// Waits until a ring has a record, `bell` can be read, or the time is over. Whether `bell` can be read.
    ///
    /// # Errors
    /// What `ppoll` says, but for an interruption.
    pub fn wait(&self, bell: BorrowedFd<'_>, timeout: Duration) -> io::Result<bool> {
        let poll = |fd: RawFd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
        let mut fds: Vec<_> = std::iter::once(poll(bell.as_raw_fd()))
            .chain(self.rings.iter().map(|ring| poll(ring.fd.as_raw_fd())))
            .collect();
        let timeout = libc::timespec {
            tv_sec: libc::time_t::try_from(timeout.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: libc::c_long::from(timeout.subsec_nanos()),
        };
        let count = libc::nfds_t::try_from(fds.len()).unwrap_or(0);
        // SAFETY: `fds` holds `count` entries and outlives the call, as `timeout` does; no signal mask is given.
        let result = unsafe { libc::ppoll(fds.as_mut_ptr(), count, &raw const timeout, std::ptr::null()) };
        if result < 0 {
            let error = io::Error::last_os_error();
            return if error.kind() == io::ErrorKind::Interrupted { Ok(false) } else { Err(error) };
        }
        Ok(fds.first().is_some_and(|bell| bell.revents != 0))
    }
}

/// One processor's event and its ring.
#[derive(Debug)]
struct Ring {
    processor: u32,
    fd: OwnedFd,
    base: NonNull<u8>,
    /// Of the whole mapping.
    length: usize,
    page: usize,
    /// A record that goes around the end of the ring is put together here.
    joined: Vec<u8>,
}

// SAFETY: `base` is this ring's own mapping, which no other thread is told of; the kernel side is synchronised by head and tail.
unsafe impl Send for Ring {}

impl Ring {
    fn open(processor: u32, pages: usize) -> Result<Self, SidebandError> {
        let attr = Attr {
            kind: TYPE_SOFTWARE,
            size: ATTR_SIZE,
            config: DUMMY,
            sample_type: SAMPLE_TIME,
            flags: flag::EXCLUDE_KERNEL
                | flag::EXCLUDE_HYPERVISOR
                | flag::MMAP
                | flag::MMAP2
                | flag::COMM
                | flag::COMM_EXEC
                | flag::TASK
                | flag::WATERMARK
                | flag::SAMPLE_ID_ALL
                | flag::USE_CLOCKID,
            wakeup_watermark: 1,
            clockid: libc::CLOCK_MONOTONIC,
            ..Attr::default()
        };
        let (any_process, no_group) = (-1 as libc::c_int, -1 as libc::c_int);
        let processor_number = libc::c_int::try_from(processor).unwrap_or(libc::c_int::MAX);
        // SAFETY: `attr` is laid out as the kernel's structure of that size and outlives the call.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attr,
                any_process,
                processor_number,
                no_group,
                CLOSE_ON_EXEC,
            )
        };
        if fd < 0 {
            let error = io::Error::last_os_error();
            return Err(match error.raw_os_error() {
                Some(libc::EACCES | libc::EPERM) => SidebandError::Privilege,
                _ => SidebandError::System(error),
            });
        }
        let fd =
            RawFd::try_from(fd).map_err(|_| SidebandError::System(io::Error::other("a descriptor out of range")))?;
        // SAFETY: the kernel has just given us this descriptor.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let page = page_size();
        let mut pages = pages;
        loop {
            let length = (pages + 1) * page;
            // SAFETY: a new shared mapping at an address of the kernel's choice; nothing of ours is there.
            let base = unsafe {
                libc::mmap(
                    std::ptr::null_mut(),
                    length,
                    libc::PROT_READ | libc::PROT_WRITE,
                    libc::MAP_SHARED,
                    fd.as_raw_fd(),
                    0,
                )
            };
            if base != libc::MAP_FAILED {
                let base =
                    NonNull::new(base.cast()).ok_or_else(|| SidebandError::Memory(io::Error::last_os_error()))?;
                return Ok(Self { processor, fd, base, length, page, joined: Vec::new() });
            }
            if pages <= 1 {
                return Err(SidebandError::Memory(io::Error::last_os_error()));
            }
            pages /= 2;
        }
    }

    /// Gives each record. `false`: what was there made no sense, and was given up.
    fn take(&mut self, mut each: impl FnMut(&[u8])) -> bool {
        let page = self.base.as_ptr();
        // SAFETY: the first page of the mapping is `struct perf_event_mmap_page`, whose `data_head` and `data_tail` are
        // aligned 64-bit words at these places. Both sides use them atomically.
        let (head, tail) =
            unsafe { (&*page.add(DATA_HEAD).cast::<AtomicU64>(), &*page.add(DATA_HEAD + 8).cast::<AtomicU64>()) };
        let end = head.load(Ordering::Acquire);
        let mut at = tail.load(Ordering::Relaxed);
        let size = self.length - self.page;
        // SAFETY: the ring is the rest of the mapping. Between tail and head the kernel doesn't write until tail is moved.
        let ring = unsafe { std::slice::from_raw_parts(page.add(self.page), size) };
        while at < end {
            let start = index(at, size);
            let available = usize::try_from(end - at).unwrap_or(size).min(size);
            // Records are aligned to 8 bytes, so a header never goes around the end.
            let Some(header) = ring.get(start..start + HEADER) else { break };
            let length = usize::from(u16::from_ne_bytes([header[6], header[7]]));
            if length < HEADER || length > available || length > LONGEST {
                break;
            }
            if start + length <= size {
                each(&ring[start..start + length]);
            } else {
                self.joined.clear();
                self.joined.extend_from_slice(&ring[start..]);
                self.joined.extend_from_slice(&ring[..start + length - size]);
                each(&self.joined);
            }
            at += length as u64;
        }
        tail.store(end, Ordering::Release);
        at == end
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: this is the mapping made in `open`, of that length, and nothing refers to it any more.
        unsafe { libc::munmap(self.base.as_ptr().cast(), self.length) };
    }
}

/// Where a stream position lies in a ring whose size is a power of two.
fn index(at: u64, size: usize) -> usize {
    usize::try_from(at & (size as u64 - 1)).unwrap_or(0)
}

fn page_size() -> usize {
    // SAFETY: asks for a number; has no other effect.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// The processors that are online.
fn online() -> Vec<u32> {
    fs::read_to_string("/sys/devices/system/cpu/online").map_or_else(|_| vec![0], |list| ranges(&list))
}

/// Reads `0-3,5`.
fn ranges(list: &str) -> Vec<u32> {
    /// More processors than Linux supports.
    const MOST: u32 = 1 << 16;
    list.trim()
        .split(',')
        .filter_map(|part| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.parse().ok()?..=last.parse::<u32>().ok()?.min(MOST))
        })
        .flatten()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processors_are_counted_by_ranges() {
        assert_eq!(ranges("0-1\n"), [0, 1]);
        assert_eq!(ranges("0,2-4,7"), [0, 2, 3, 4, 7]);
        assert!(ranges("").is_empty());
    }

    #[test]
    fn the_attribute_has_the_size_that_the_kernel_knows() {
        assert_eq!(size_of::<Attr>(), ATTR_SIZE as usize);
    }
}
