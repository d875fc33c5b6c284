//! What `/proc` says of processes: mappings and facts, as far as this process may read them.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use super::record::{Device, Mapping};

/// Most lines of a `maps` file that are read (`vm.max_map_count` is 65530 unless raised).
const MAPS_LINES: usize = 1 << 20;
/// Most bytes read of `stat`, `comm` and `cgroup`.
const SMALL_FILE_BYTES: u64 = 64 << 10;

/// The ids of all processes, as of now.
///
/// # Errors
/// When `/proc` can't be read.
pub fn all() -> io::Result<Vec<u32>> {
    Ok(fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect())
}

/// A file of `/proc/PID`.
#[must_use]
pub fn path(pid: u32, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}/{name}"))
}

/// What `/proc/PID/stat` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// The name (`comm`).
    pub comm: Box<str>,
    /// `R`, `S`, `Z` …
    pub state: u8,
    /// Who started it, or adopted it since.
    pub parent: u32,
    /// How many threads it has.
    pub threads: u32,
    /// When it started, in clock ticks since boot: tells two processes of one id apart.
    pub start_ticks: u64,
}

impl Stat {
    /// Of a process.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn of(pid: u32) -> io::Result<Self> {
        Self::parse(&small_file(pid, "stat")?).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// The name is in parentheses and may hold any of `) (`: the last `)` ends it.
    fn parse(line: &[u8]) -> Option<Self> {
        let open = memchr::memchr(b'(', line)?;
        let close = memchr::memrchr(b')', line)?;
        let comm = String::from_utf8_lossy(line.get(open + 1..close)?).into();
        let rest = str::from_utf8(line.get(close + 1..)?).ok()?;
        let mut fields = rest.split_ascii_whitespace();
        // Fields 3 (state), 4 (ppid), 20 (num_threads) and 22 (starttime) of proc_pid_stat(5).
        let state = *fields.next()?.as_bytes().first()?;
        let parent = fields.next()?.parse().ok()?;
        let threads = fields.nth(15)?.parse().ok()?;
        let start_ticks = fields.nth(1)?.parse().ok()?;
        Some(Self { comm, state, parent, threads, start_ticks })
    }

    /// Whether nothing of it runs any more: only its parent hasn't asked for its end yet.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.state, b'Z' | b'X') && self.threads <= 1
    }
}

/// The control groups that the process is in: the lines of `/proc/PID/cgroup`.
///
/// # Errors
/// When the process is gone.
pub fn cgroup(pid: u32) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&small_file(pid, "cgroup")?).into_owned())
}

/// The executable by `/proc/PID/exe`, without the mark of a deleted file: needs `CAP_SYS_PTRACE` for the processes of
/// others.
#[must_use]
pub fn exe(pid: u32) -> Option<PathBuf> {
    let link = fs::read_link(path(pid, "exe")).ok()?;
    let bytes = link.as_os_str().as_bytes();
    let live = bytes.strip_suffix(b" (deleted)").unwrap_or(bytes);
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(live)))
}

/// Whom it runs as (its effective user).
#[must_use]
pub fn uid(pid: u32) -> Option<u32> {
    fs::metadata(format!("/proc/{pid}")).ok().map(|meta| meta.uid())
}

/// The files that the process has mapped to run code from, each once, in the order of its memory.
///
/// # Errors
/// When the process is gone, or `maps` may not be read: that needs the same user, or `CAP_PERFMON` since Linux 6.15,
/// or `CAP_SYS_PTRACE`.
pub fn mappings(pid: u32) -> io::Result<Vec<Mapping>> {
    let mut maps = BufReader::new(File::open(path(pid, "maps"))?);
    let mut line = Vec::new();
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for _ in 0..MAPS_LINES {
        line.clear();
        if maps.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if let Some(mapping) = parse_mapping(line.strip_suffix(b"\n").unwrap_or(&line))
            && seen.insert((mapping.device, mapping.inode))
        {
            all.push(mapping);
        }
    }
    Ok(all)
}

/// A line of `maps` that is an executable mapping of a file:
/// `55d0c8a00000-55d0c8a01000 r-xp 00001000 fe:00 1234    /usr/bin/true`.
fn parse_mapping(line: &[u8]) -> Option<Mapping> {
    let mut fields = line.splitn(6, |&byte| byte == b' ');
    let (start, end) = text(fields.next()?)?.split_once('-')?;
    if fields.next()?.get(2) != Some(&b'x') {
        return None;
    }
    let _offset = fields.next()?;
    let (major, minor) = text(fields.next()?)?.split_once(':')?;
    let inode = text(fields.next()?)?.parse().ok()?;
    let path = fields.next()?.trim_ascii_start();
    if inode == 0 || !path.starts_with(b"/") {
        return None;
    }
    let hex = |text: &str| u64::from_str_radix(text, 16).ok();
    let device = Device { major: u32::from_str_radix(major, 16).ok()?, minor: u32::from_str_radix(minor, 16).ok()? };
    Some(Mapping::new((hex(start)?, hex(end)?), device, inode, None, &unescape(path)))
}

/// `maps` writes a line feed in a path as `\012`, and nothing else.
fn unescape(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = memchr::memmem::find(rest, b"\\012") {
        out.extend_from_slice(&rest[..at]);
        out.push(b'\n');
        rest = &rest[at + 4..];
    }
    out.extend_from_slice(rest);
    out
}

fn text(bytes: &[u8]) -> Option<&str> {
    str::from_utf8(bytes).ok()
}

fn small_file(pid: u32, name: &str) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path(pid, name))?.take(SMALL_FILE_BYTES).read_to_end(&mut content)?;
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_parentheses_and_spaces() {
        let line = b"4321 (tmux: (1) S) x) S 17 4321 4321 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 98765 1000 200";
        let stat = Stat::parse(line).unwrap();
        assert_eq!(stat.comm.as_ref(), "tmux: (1) S) x");
        assert_eq!((stat.state, stat.parent, stat.threads, stat.start_ticks), (b'S', 17, 3, 98765));
        assert!(!stat.is_over());
    }

    #[test]
    fn a_short_stat_is_none() {
        let line = b"4321 (a) S 17 4321 4321 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 98765";
        assert!(Stat::parse(line).is_some());
        assert_eq!(Stat::parse(&line[..line.len() - 6]), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn only_executable_mappings_of_files_count() {
        let of = |line: &str| parse_mapping(line.as_bytes());
        let found = of("7f2b3c21e000-7f2b3c27c000 r-xp 0001e000 fe:00 1835265                    /usr/lib/x86_64-linux-gnu/libssl.so.3").unwrap();
        assert_eq!(found.range, (0x7f2b_3c21_e000, 0x7f2b_3c27_c000));
        assert_eq!((found.device, found.inode), (Device { major: 0xfe, minor: 0 }, 1_835_265));
        assert_eq!(found.path, PathBuf::from("/usr/lib/x86_64-linux-gnu/libssl.so.3"));
        assert_eq!(of("7f2b3c27c000-7f2b3c29a000 r--p 0007c000 fe:00 1835265  /usr/lib/libssl.so.3"), None);
        assert_eq!(of("7ffd0a5f5000-7ffd0a5f7000 r-xp 00000000 00:00 0        [vdso]"), None);
        assert_eq!(of("7ffd0a5f5000-7ffd0a5f7000 r-xp 00000000 00:00 0 "), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn a_path_may_hold_spaces_line_feeds_and_be_deleted() {
        let found = parse_mapping(b"1000-2000 r-xp 0 00:21 9 /a b\\012c/lib ssl.so (deleted)").unwrap();
        assert_eq!(found.path, PathBuf::from("/a b\nc/lib ssl.so"));
        assert!(found.is_deleted);
    }

    #[test]
    fn this_process_is_read() {
        let pid = std::process::id();
        assert!(all().unwrap().contains(&pid));
        assert!(Stat::of(pid).unwrap().start_ticks > 0);
        let exe = exe(pid).unwrap();
        assert_eq!(exe, std::env::current_exe().unwrap());
        assert!(mappings(pid).unwrap().iter().any(|mapping| mapping.path == exe));
    }
}
