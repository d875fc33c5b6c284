//! The system calls that the capture needs: bpf(2), perf_event_open(2), mapped memory. All unsafe code of this module is here.
#![expect(unsafe_code, reason = "bpf(2), perf_event_open(2) and mapped memory have no safe interface")]

use std::ffi::CStr;
use std::io;
use std::marker::PhantomData;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd, RawFd};
use std::time::Duration;

const BPF_MAP_CREATE: libc::c_int = 0;
const BPF_MAP_LOOKUP_ELEM: libc::c_int = 1;
const BPF_MAP_UPDATE_ELEM: libc::c_int = 2;
const BPF_MAP_DELETE_ELEM: libc::c_int = 3;
const BPF_MAP_GET_NEXT_KEY: libc::c_int = 4;
const BPF_PROG_LOAD: libc::c_int = 5;
const BPF_RAW_TRACEPOINT_OPEN: libc::c_int = 17;
const BPF_LINK_CREATE: libc::c_int = 28;

const BPF_PERF_EVENT: u32 = 41;
/// `expected_attach_type` and link type of a uprobe-multi program (Linux 6.6).
pub(super) const BPF_TRACE_UPROBE_MULTI: u32 = 48;
/// The same of a uprobe session (Linux 6.13).
pub(super) const BPF_TRACE_UPROBE_SESSION: u32 = 57;
const BPF_F_UPROBE_MULTI_RETURN: u32 = 1;

/// `BPF_PROG_TYPE_KPROBE`: what uprobes run.
pub(super) const PROGRAM_KPROBE: u32 = 2;
/// `BPF_PROG_TYPE_RAW_TRACEPOINT`.
pub(super) const PROGRAM_RAW_TRACEPOINT: u32 = 17;

const PERF_FLAG_FD_CLOEXEC: libc::c_ulong = 8;

/// `union bpf_attr`, as 32-bit words: each command fills what it knows, and the rest is 0.
#[repr(C, align(8))]
struct Attributes([u32; 40]);

impl Attributes {
    fn new() -> Self {
        Self([0; 40])
    }
    fn set32(mut self, byte: usize, value: u32) -> Self {
        self.0[byte / 4] = value;
        self
    }
    fn set64(self, byte: usize, value: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the two halves of a 64-bit field")]
        let (low, high) = (value as u32, (value >> 32) as u32);
        let (first, second) = if cfg!(target_endian = "little") { (low, high) } else { (high, low) };
        self.set32(byte, first).set32(byte + 4, second)
    }
    fn pointer<T: ?Sized>(self, byte: usize, to: *const T) -> Self {
        self.set64(byte, to.cast::<u8>() as u64)
    }
    fn fd(self, byte: usize, fd: BorrowedFd<'_>) -> Self {
        self.set32(byte, fd.as_raw_fd().cast_unsigned())
    }
}

/// bpf(2). Callers pass attributes whose pointers outlive the call and are as long as the command needs.
fn bpf(command: libc::c_int, mut attributes: Attributes) -> io::Result<libc::c_long> {
    // SAFETY: the attributes are a zeroed union bpf_attr of 160 bytes, of which the kernel reads as many as it knows (the
    // rest are 0); the pointers in them were made from live references by the callers below.
    let result = unsafe { libc::syscall(libc::SYS_bpf, command, attributes.0.as_mut_ptr(), size_of::<Attributes>()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn bpf_fd(command: libc::c_int, attributes: Attributes) -> io::Result<OwnedFd> {
    let fd = bpf(command, attributes)?;
    // SAFETY: these commands return a new descriptor, which nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(io::Error::other)?) })
}

/// Copies a name into the kernel's 16 bytes.
fn name_words(attributes: Attributes, at: usize, name: &str) -> Attributes {
    let mut bytes = [0u8; 16];
    let length = name.len().min(15);
    bytes[..length].copy_from_slice(&name.as_bytes()[..length]);
    bytes.chunks_exact(4).enumerate().fold(attributes, |attributes, (index, word)| {
        attributes.set32(at + 4 * index, u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
    })
}

/// Makes a map.
pub(super) fn map_create(kind: u32, key: u32, value: u32, entries: u32, flags: u32, name: &str) -> io::Result<OwnedFd> {
    let attributes = Attributes::new().set32(0, kind).set32(4, key).set32(8, value).set32(12, entries).set32(16, flags);
    bpf_fd(BPF_MAP_CREATE, name_words(attributes, 28, name))
}

/// The value of a key. `value` is as long as the map's values (times the processors of a per-processor map).
pub(super) fn map_lookup(map: BorrowedFd<'_>, key: &[u8], value: &mut [u8]) -> io::Result<()> {
    let attributes = Attributes::new().fd(0, map).pointer(8, key.as_ptr()).pointer(16, value.as_mut_ptr());
    bpf(BPF_MAP_LOOKUP_ELEM, attributes).map(drop)
}

/// Sets the value of a key; an empty key pushes the value to a queue.
pub(super) fn map_update(map: BorrowedFd<'_>, key: &[u8], value: &[u8]) -> io::Result<()> {
    let attributes = Attributes::new().fd(0, map);
    let attributes = if key.is_empty() { attributes } else { attributes.pointer(8, key.as_ptr()) };
    bpf(BPF_MAP_UPDATE_ELEM, attributes.pointer(16, value.as_ptr())).map(drop)
}

/// Deletes a key.
pub(super) fn map_delete(map: BorrowedFd<'_>, key: &[u8]) -> io::Result<()> {
    bpf(BPF_MAP_DELETE_ELEM, Attributes::new().fd(0, map).pointer(8, key.as_ptr())).map(drop)
}

/// The key after this one; the first one after `None`. `false`: there is none.
pub(super) fn map_next_key(map: BorrowedFd<'_>, key: Option<&[u8]>, next: &mut [u8]) -> io::Result<bool> {
    let attributes = Attributes::new().fd(0, map);
    let attributes = key.map_or(attributes, |key| Attributes::new().fd(0, map).pointer(8, key.as_ptr()));
    match bpf(BPF_MAP_GET_NEXT_KEY, attributes.pointer(16, next.as_mut_ptr())) {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
        Err(error) => Err(error),
    }
}

/// What the verifier is to write: [`LOG_ALL`] or [`LOG_STATISTICS`].
pub(super) type Log<'l> = (u32, &'l mut [u8]);
/// Each instruction it looks at.
pub(super) const LOG_ALL: u32 = 1;
/// How much work it was.
pub(super) const LOG_STATISTICS: u32 = 4;

/// Loads a program, and has the verifier write what is asked for.
pub(super) fn program_load(
    kind: u32,
    instructions: &[u8],
    attach_type: u32,
    name: &str,
    log: Option<Log<'_>>,
) -> io::Result<OwnedFd> {
    const LICENSE: &CStr = c"Dual BSD/GPL";
    let count = u32::try_from(instructions.len() / 8).map_err(io::Error::other)?;
    let mut attributes = Attributes::new()
        .set32(0, kind)
        .set32(4, count)
        .pointer(8, instructions.as_ptr())
        .pointer(16, LICENSE.as_ptr())
        .set32(68, attach_type);
    if let Some((level, log)) = log {
        let length = u32::try_from(log.len()).map_err(io::Error::other)?;
        attributes = attributes.set32(24, level).set32(28, length).pointer(32, log.as_mut_ptr());
    }
    bpf_fd(BPF_PROG_LOAD, name_words(attributes, 48, name))
}

/// Attaches a program to a raw tracepoint; dropping the descriptor detaches it.
pub(super) fn raw_tracepoint_open(tracepoint: &CStr, program: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    bpf_fd(BPF_RAW_TRACEPOINT_OPEN, Attributes::new().pointer(0, tracepoint.as_ptr()).fd(8, program))
}

/// Attaches a program to many places of one file (uprobe multi or session); dropping the descriptor detaches it.
pub(super) fn uprobe_multi_link(
    program: BorrowedFd<'_>,
    attach_type: u32,
    path: &CStr,
    offsets: &[u64],
    cookies: &[u64],
    is_return: bool,
) -> io::Result<OwnedFd> {
    if offsets.len() != cookies.len() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let count = u32::try_from(offsets.len()).map_err(io::Error::other)?;
    let attributes = Attributes::new()
        .fd(0, program)
        .set32(8, attach_type)
        .pointer(16, path.as_ptr())
        .pointer(24, offsets.as_ptr())
        .pointer(40, cookies.as_ptr())
        .set32(48, count)
        .set32(52, if is_return { BPF_F_UPROBE_MULTI_RETURN } else { 0 });
    bpf_fd(BPF_LINK_CREATE, attributes)
}

/// Opens a uprobe as a perf event of the PMU `kind` for all processes.
pub(super) fn perf_uprobe(kind: u32, return_bit: Option<u32>, path: &CStr, offset: u64) -> io::Result<OwnedFd> {
    // struct perf_event_attr: type 0, size 4, config 8, …, config1 56, config2 64.
    const BYTES: u32 = 136;
    let mut attributes = Attributes::new().set32(0, kind).set32(4, BYTES).pointer(56, path.as_ptr()).set64(64, offset);
    if let Some(bit) = return_bit {
        attributes = attributes.set64(8, 1 << bit);
    }
    // SAFETY: the attributes are a zeroed perf_event_attr of 136 bytes whose `config1` points to a string that lives until
    // the call returns; pid −1 with processor 0 means every process.
    let fd =
        unsafe { libc::syscall(libc::SYS_perf_event_open, attributes.0.as_mut_ptr(), -1, 0, -1, PERF_FLAG_FD_CLOEXEC) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: a new descriptor that nobody else owns.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(io::Error::other)?) })
}

/// Runs a program at a perf event; dropping either descriptor ends it.
pub(super) fn perf_link(program: BorrowedFd<'_>, event: BorrowedFd<'_>, cookie: u64) -> io::Result<OwnedFd> {
    let attributes = Attributes::new().fd(0, program).fd(4, event).set32(8, BPF_PERF_EVENT).set64(16, cookie);
    bpf_fd(BPF_LINK_CREATE, attributes)
}

/// `CLOCK_MONOTONIC` in nanoseconds: the clock of the records.
#[must_use]
pub fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is a timespec to be written.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// Asks the scheduler to run the calling thread before others, where that is allowed.
pub(super) fn prefer_this_thread() {
    // SAFETY: three numbers; 0 means the calling thread. Refused without CAP_SYS_NICE, which then makes no difference.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -15) };
}

/// Has the C library give back what its allocator keeps of memory that was freed.
pub(crate) fn give_back_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: it looks only at what nobody uses, under the allocator's own locks.
    let _ = unsafe { libc::malloc_trim(0) };
}

/// Whether there is a process with this number, whoever's it is.
pub(super) fn is_process(pid: u32) -> bool {
    let Ok(pid) = libc::pid_t::try_from(pid) else { return false };
    // SAFETY: signal 0 is never delivered.
    let result = unsafe { libc::kill(pid, 0) };
    result == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Bytes of a page.
pub(super) fn page_bytes() -> usize {
    // SAFETY: no arguments that could be wrong.
    usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}

/// Types that are nothing but atomic integers: any bytes are a value, and others may write them meanwhile.
///
/// # Safety
/// Only for `repr(C)` structs of atomics without padding.
pub(super) unsafe trait Atomics {}
// SAFETY: repr(C), u64 and u32 atomics only, no padding (their sizes are tested).
unsafe impl Atomics for super::table::Connection {}
// SAFETY: as above.
unsafe impl Atomics for super::table::ThreadCall {}
// SAFETY: as above.
unsafe impl Atomics for super::table::State {}
// SAFETY: an atomic.
unsafe impl Atomics for std::sync::atomic::AtomicU64 {}

/// Memory that is mapped from a descriptor, unmapped on drop.
struct Mapping {
    start: *mut libc::c_void,
    bytes: usize,
}

// SAFETY: the memory belongs to no thread, and is only reached through atomics or volatile copies.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(fd: BorrowedFd<'_>, offset: usize, bytes: usize, is_writable: bool) -> io::Result<Self> {
        let protection = if is_writable { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        let offset = libc::off_t::try_from(offset).map_err(io::Error::other)?;
        // SAFETY: a new mapping at an address of the kernel's choice, which overlaps nothing.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, libc::MAP_SHARED, fd.as_raw_fd(), offset) };
        if start == libc::MAP_FAILED { Err(io::Error::last_os_error()) } else { Ok(Self { start, bytes }) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: start and length are those of the mapping, and every reference into it borrows `self`.
        unsafe { libc::munmap(self.start, self.bytes) };
    }
}

/// An array map, as memory that the kernel side writes too.
pub(super) struct Table<T> {
    mapping: Mapping,
    length: usize,
    of: PhantomData<T>,
}

impl<T: Atomics> Table<T> {
    /// Maps `length` entries of an array map made with `BPF_F_MMAPABLE`.
    pub(super) fn map(fd: BorrowedFd<'_>, length: usize) -> io::Result<Self> {
        let page = page_bytes();
        let bytes = (length * size_of::<T>()).div_ceil(page) * page;
        Ok(Self { mapping: Mapping::new(fd, 0, bytes, true)?, length, of: PhantomData })
    }

    /// The entries.
    pub(super) fn entries(&self) -> &[T] {
        // SAFETY: the mapping is page-aligned and holds `length` values of T, for which any bytes are valid, that both
        // sides reach through atomics only; it lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.mapping.start.cast::<T>(), self.length) }
    }
}

/// A ring buffer's memory: the consumer's page (ours to write), the producer's page, and the data, mapped twice in a row
/// so that a record that wraps around is contiguous.
pub(super) struct RingMemory {
    consumer: Mapping,
    producer: Mapping,
    data_bytes: usize,
}

impl RingMemory {
    /// Maps the ring buffer of `data_bytes`, a power of two.
    pub(super) fn map(fd: BorrowedFd<'_>, data_bytes: usize) -> io::Result<Self> {
        let page = page_bytes();
        Ok(Self {
            consumer: Mapping::new(fd, 0, page, true)?,
            producer: Mapping::new(fd, page, page + 2 * data_bytes, false)?,
            data_bytes,
        })
    }

    /// How far we have read.
    pub(super) fn consumer_position(&self) -> &std::sync::atomic::AtomicU64 {
        // SAFETY: the mapping's first 8 bytes, aligned to a page, used as an atomic by both sides.
        unsafe { &*self.consumer.start.cast() }
    }

    /// How far the kernel side has reserved.
    pub(super) fn producer_position(&self) -> &std::sync::atomic::AtomicU64 {
        // SAFETY: as above; only loads are done on it (the page is read-only).
        unsafe { &*self.producer.start.cast() }
    }

    /// The length word of the record at a position.
    pub(super) fn header(&self, position: u64) -> &std::sync::atomic::AtomicU32 {
        let at = self.index(position) & !7;
        // SAFETY: `at` is below data_bytes and a multiple of 8, and the data begins a page after the mapping's start.
        unsafe { &*self.producer.start.cast::<u8>().add(page_bytes() + at).cast() }
    }

    /// Copies `length` bytes of a record's body, `from` bytes after its position, to the end of `to`. Nothing is copied
    /// when that is more than the ring holds.
    pub(super) fn copy(&self, position: u64, from: usize, length: usize, to: &mut Vec<u8>) {
        let at = self.index(position);
        if from.saturating_add(length) > self.data_bytes {
            return;
        }
        to.reserve(length);
        // SAFETY: at < data_bytes and from + length ≤ data_bytes, so the source lies in the data, which is mapped twice;
        // the kernel doesn't write a record that is submitted and not yet consumed. `to` has room for `length` more bytes.
        unsafe {
            let source = self.producer.start.cast::<u8>().add(page_bytes() + at + from);
            let length_before = to.len();
            std::ptr::copy_nonoverlapping(source, to.as_mut_ptr().add(length_before), length);
            to.set_len(length_before + length);
        }
    }

    fn index(&self, position: u64) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "masked by the ring's size")]
        let index = (position & (self.data_bytes as u64 - 1)) as usize;
        index
    }
}

/// Waits for wake-ups of a ring, and only for those: what is in it already doesn't count.
pub(super) struct Waiter(OwnedFd);

impl Waiter {
    /// Waits on this ring.
    pub(super) fn new(ring: BorrowedFd<'_>) -> io::Result<Self> {
        // SAFETY: returns a new descriptor or −1.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a new descriptor that nobody else owns.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        let mut event = libc::epoll_event { events: (libc::EPOLLIN | libc::EPOLLET).cast_unsigned(), u64: 0 };
        // SAFETY: both descriptors are open and the event is live.
        let result =
            unsafe { libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, ring.as_raw_fd(), &raw mut event) };
        if result < 0 { Err(io::Error::last_os_error()) } else { Ok(Self(epoll)) }
    }

    /// Returns at a wake-up or after `timeout`.
    pub(super) fn wait(&self, timeout: Duration) {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        let timeout = libc::c_int::try_from(timeout.as_millis()).unwrap_or(libc::c_int::MAX);
        // SAFETY: room for one event.
        unsafe { libc::epoll_wait(self.0.as_raw_fd(), &raw mut event, 1, timeout) };
    }
}
