//! The perf side-band records that tell of processes, from their bytes (`perf_event_open(2)`, "Sampling result layout").

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// `PERF_RECORD_LOST`.
const LOST: u32 = 2;
/// `PERF_RECORD_COMM`.
const COMM: u32 = 3;
/// `PERF_RECORD_EXIT`.
const EXIT: u32 = 4;
/// `PERF_RECORD_FORK`.
const FORK: u32 = 7;
/// `PERF_RECORD_MMAP2`.
const MMAP2: u32 = 10;
/// `PERF_RECORD_LOST_SAMPLES`: as `LOST`, for samples; software dummies have none.
const LOST_SAMPLES: u32 = 13;
/// `PERF_RECORD_MISC_COMM_EXEC`: the name changed because of an exec.
const MISC_EXEC: u16 = 1 << 13;

/// Bytes of `struct perf_event_header`.
pub(super) const HEADER: usize = 8;
/// Bytes at the end of each record: `sample_id` with `PERF_SAMPLE_TIME` alone.
const TRAILER: usize = 8;

/// Which device a file is on, as the kernel numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    /// Of the driver or file system.
    pub major: u32,
    /// Within it.
    pub minor: u32,
}

impl Device {
    /// From the `st_dev` of a `stat` (the C library's packing).
    #[must_use]
    pub fn of(dev: u64) -> Self {
        let major = ((dev >> 8) & 0xfff) | ((dev >> 32) & 0xffff_f000);
        let minor = (dev & 0xff) | ((dev >> 12) & 0xffff_ff00);
        Self { major: u32::try_from(major).unwrap_or(u32::MAX), minor: u32::try_from(minor).unwrap_or(u32::MAX) }
    }
}

/// A file that a process has mapped to run code from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// Where in its memory: first byte and first byte after.
    pub range: (u64, u64),
    /// On which device, as the kernel says it (a `stat` may say otherwise on overlayfs and btrfs).
    pub device: Device,
    /// Its number there.
    pub inode: u64,
    /// Which of the files that had this number, where the kernel says it.
    pub generation: Option<u64>,
    /// Its path as the process sees it, without the mark of a deleted file.
    pub path: PathBuf,
    /// Whether nothing has this path any more, or another file.
    pub is_deleted: bool,
}

impl Mapping {
    /// A mapping by the path that the kernel printed, which ends in ` (deleted)` when the file is.
    pub(super) fn new(range: (u64, u64), device: Device, inode: u64, generation: Option<u64>, path: &[u8]) -> Self {
        let live = path.strip_suffix(b" (deleted)");
        Self {
            range,
            device,
            inode,
            generation,
            path: PathBuf::from(OsStr::from_bytes(live.unwrap_or(path))),
            is_deleted: live.is_some(),
        }
    }
}

/// What a side-band record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A file was mapped executable.
    Mapped(Mapping),
    /// The process has a new name; by an exec it is a new program too.
    Named {
        /// The name.
        comm: Box<str>,
        /// Whether an exec gave it.
        by_exec: bool,
    },
    /// The process or thread was started by that process.
    Forked {
        /// Process id of the starter.
        parent: u32,
    },
    /// The process or thread has ended.
    Exited,
}

/// A side-band record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in nanoseconds of `CLOCK_MONOTONIC`.
    pub at: u64,
    /// Of which process.
    pub pid: u32,
    /// Of which of its threads; the first has the process's id.
    pub tid: u32,
    /// What happened.
    pub what: What,
}

/// What the bytes of a record came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Event(Event),
    /// The kernel had no room for so many records.
    Lost(u64),
    /// Of no interest.
    Other,
    /// Too short for what it claims to be.
    Bad,
}

/// Reads one whole record (its header and trailer included).
pub(super) fn parse(record: &[u8]) -> Parsed {
    parse_checked(record).unwrap_or(Parsed::Bad)
}

fn parse_checked(record: &[u8]) -> Option<Parsed> {
    let kind = u32_at(record, 0)?;
    let misc = u16_at(record, 4)?;
    let body = record.get(HEADER..)?;
    if kind == LOST {
        return Some(Parsed::Lost(u64_at(body, 8)?));
    }
    if kind == LOST_SAMPLES {
        return Some(Parsed::Lost(u64_at(body, 0)?));
    }
    if !matches!(kind, COMM | EXIT | FORK | MMAP2) {
        return Some(Parsed::Other);
    }
    let at = u64_at(body, body.len().checked_sub(TRAILER)?)?;
    let body = &body[..body.len() - TRAILER];
    let pid = u32_at(body, 0)?;
    let (tid, what) = match kind {
        COMM => {
            let comm = String::from_utf8_lossy(text(body.get(8..)?)).into();
            (u32_at(body, 4)?, What::Named { comm, by_exec: misc & MISC_EXEC != 0 })
        }
        EXIT => (u32_at(body, 8)?, What::Exited),
        FORK => (u32_at(body, 8)?, What::Forked { parent: u32_at(body, 4)? }),
        _ => {
            let (start, length) = (u64_at(body, 8)?, u64_at(body, 16)?);
            let device = Device { major: u32_at(body, 32)?, minor: u32_at(body, 36)? };
            let (inode, generation) = (u64_at(body, 40)?, u64_at(body, 48)?);
            let path = text(body.get(64..)?);
            if inode == 0 || !path.starts_with(b"/") {
                return Some(Parsed::Other);
            }
            let range = (start, start.saturating_add(length));
            (u32_at(body, 4)?, What::Mapped(Mapping::new(range, device, inode, Some(generation), path)))
        }
    };
    // Processes outside of our pid namespace have no id here.
    Some(if pid == 0 || pid == u32::MAX { Parsed::Other } else { Parsed::Event(Event { at, pid, tid, what }) })
}

/// Up to the first NUL.
fn text(bytes: &[u8]) -> &[u8] {
    memchr::memchr(0, bytes).map_or(bytes, |end| &bytes[..end])
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u32, misc: u16, body: &[u8], at: u64) -> Vec<u8> {
        let size = u16::try_from(HEADER + body.len() + TRAILER).unwrap_or(0);
        let mut all = Vec::new();
        all.extend(kind.to_ne_bytes());
        all.extend(misc.to_ne_bytes());
        all.extend(size.to_ne_bytes());
        all.extend(body);
        all.extend(at.to_ne_bytes());
        all
    }

    /// The layout of `PERF_RECORD_MMAP2` in `perf_event_open(2)`.
    fn mapped(path: &[u8]) -> Vec<u8> {
        let mut body = Vec::new();
        body.extend(7_u32.to_ne_bytes()); // pid
        body.extend(8_u32.to_ne_bytes()); // tid
        body.extend(0x1000_u64.to_ne_bytes()); // addr
        body.extend(0x2000_u64.to_ne_bytes()); // len
        body.extend(0_u64.to_ne_bytes()); // pgoff
        body.extend(254_u32.to_ne_bytes()); // maj
        body.extend(1_u32.to_ne_bytes()); // min
        body.extend(99_u64.to_ne_bytes()); // ino
        body.extend(3_u64.to_ne_bytes()); // ino_generation
        body.extend(5_u32.to_ne_bytes()); // prot
        body.extend(2_u32.to_ne_bytes()); // flags
        body.extend(path);
        body.extend(vec![0; 8 - path.len() % 8]);
        record(MMAP2, 2, &body, 55)
    }

    #[test]
    fn a_mapping_says_which_file_even_when_it_is_deleted() {
        let Parsed::Event(event) = parse(&mapped(b"/usr/lib/libssl.so.3 (deleted)")) else { panic!("no event") };
        assert_eq!((event.at, event.pid, event.tid), (55, 7, 8));
        let What::Mapped(mapping) = event.what else { panic!("no mapping") };
        assert_eq!(mapping.range, (0x1000, 0x3000));
        assert_eq!(mapping.device, Device { major: 254, minor: 1 });
        assert_eq!((mapping.inode, mapping.generation, mapping.is_deleted), (99, Some(3), true));
        assert_eq!(mapping.path, PathBuf::from("/usr/lib/libssl.so.3"));
    }

    #[test]
    fn what_is_no_file_is_passed_over() {
        assert_eq!(parse(&mapped(b"[vdso]")), Parsed::Other);
        let mut unnumbered = mapped(b"/dev/zero");
        unnumbered[HEADER + 40..HEADER + 48].fill(0);
        assert_eq!(parse(&unnumbered), Parsed::Other);
    }

    #[test]
    fn an_exec_is_told_from_a_new_name() {
        let body = [&9_u32.to_ne_bytes()[..], &9_u32.to_ne_bytes(), b"python3\0"].concat();
        for (misc, by_exec) in [(0, false), (MISC_EXEC, true)] {
            let Parsed::Event(event) = parse(&record(COMM, misc, &body, 1)) else { panic!("no event") };
            assert_eq!(event.what, What::Named { comm: "python3".into(), by_exec });
        }
    }

    #[test]
    fn lost_records_are_counted() {
        let body = [5_u64.to_ne_bytes(), 42_u64.to_ne_bytes()].concat();
        assert_eq!(parse(&record(LOST, 0, &body, 1)), Parsed::Lost(42));
    }

    #[test]
    fn a_record_cut_short_is_bad_and_never_a_panic() {
        let whole = mapped(b"/usr/lib/libssl.so.3");
        for cut in 0..HEADER + TRAILER + 64 {
            assert!(matches!(parse(&whole[..cut]), Parsed::Bad | Parsed::Other), "cut at {cut}");
        }
    }

    #[test]
    fn a_device_is_the_same_by_stat_and_by_record() {
        // As glibc's makedev(3) packs 10:188 and 254:257.
        assert_eq!(Device::of(0x0abc), Device { major: 0xa, minor: 0xbc });
        assert_eq!(Device::of(0x0010_fe01), Device { major: 0xfe, minor: 0x101 });
    }
}
