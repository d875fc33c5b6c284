//! Which processes talk to port 443: whether they have a TLS library that is known or not.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::ffi::OsStrExt;

use super::proc;

/// HTTPS.
const HTTPS: u16 = 443;
/// Most bytes that are read of one table of sockets: about 100,000 of them.
const TABLE_BYTES: u64 = 16 << 20;

/// Sockets to port 443 that were met, so that only new ones make us look through descriptors.
#[derive(Debug, Default)]
pub struct Sockets {
    /// Inode → the process that had it, if one was found.
    owners: HashMap<u64, Option<u32>>,
}

impl Sockets {
    /// The processes that have a TCP connection to port 443 now and whose descriptors may be read
    /// (`CAP_SYS_PTRACE`; for other users' also `CAP_DAC_READ_SEARCH`).
    pub fn look(&mut self, processes: &[u32]) -> Vec<u32> {
        let rows = tables(processes).into_iter().flat_map(rows);
        let now: HashSet<u64> = rows
            .filter(|row| row.state == State::Established && row.remote_port == HTTPS)
            .map(|row| row.inode)
            .collect();
        self.owners.retain(|inode, _| now.contains(inode));
        let new: HashSet<u64> = now.into_iter().filter(|inode| !self.owners.contains_key(inode)).collect();
        if !new.is_empty() {
            for pid in processes {
                for inode in sockets_of(*pid).filter(|inode| new.contains(inode)) {
                    self.owners.entry(inode).or_insert(Some(*pid));
                }
            }
            for inode in new {
                self.owners.entry(inode).or_insert(None);
            }
        }
        let mut pids: Vec<u32> = self.owners.values().flatten().copied().collect();
        pids.sort_unstable();
        pids.dedup();
        pids
    }
}

/// The TCP ports on which processes listen, with one that does, where it can be found out.
#[must_use]
pub fn listening(processes: &[u32]) -> Vec<(u16, Option<u32>)> {
    let mut ports: HashMap<u64, u16> = HashMap::new();
    for pid in tables(processes) {
        for row in rows(pid).into_iter().filter(|row| row.state == State::Listening) {
            ports.insert(row.inode, row.local_port);
        }
    }
    let mut found: HashMap<u16, Option<u32>> = ports.values().map(|port| (*port, None)).collect();
    for pid in processes {
        for inode in sockets_of(*pid) {
            if let Some(port) = ports.get(&inode) {
                found.insert(*port, Some(*pid));
            }
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// One process for each network namespace; our own where namespaces of others can't be read.
fn tables(processes: &[u32]) -> Vec<u32> {
    let own = std::process::id();
    let mut seen = HashSet::new();
    std::iter::once(&own)
        .chain(processes)
        .filter(|pid| fs::read_link(proc::path(**pid, "ns/net")).is_ok_and(|namespace| seen.insert(namespace)))
        .copied()
        .collect()
}

/// A line of `/proc/PID/net/tcp`.
struct Row {
    local_port: u16,
    remote_port: u16,
    state: State,
    inode: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Established,
    Listening,
    Other,
}

fn rows(pid: u32) -> Vec<Row> {
    ["net/tcp", "net/tcp6"]
        .iter()
        .filter_map(|name| fs::File::open(proc::path(pid, name)).ok())
        .flat_map(|table| {
            BufReader::new(table.take(TABLE_BYTES)).lines().map_while(Result::ok).skip(1).filter_map(|line| row(&line))
        })
        .collect()
}

/// `   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0  0 12345 …`.
fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace().skip(1);
    let port = |address: &str| u16::from_str_radix(address.rsplit_once(':')?.1, 16).ok();
    let local_port = port(fields.next()?)?;
    let remote_port = port(fields.next()?)?;
    // Of the kernel's `tcp_states.h`.
    let state = match fields.next()? {
        "01" => State::Established,
        "0A" => State::Listening,
        _ => State::Other,
    };
    let inode = fields.nth(5)?.parse().ok()?;
    Some(Row { local_port, remote_port, state, inode })
}

/// The inodes of a process's sockets.
fn sockets_of(pid: u32) -> impl Iterator<Item = u64> {
    fs::read_dir(proc::path(pid, "fd")).into_iter().flatten().flatten().filter_map(|entry| {
        let target = fs::read_link(entry.path()).ok()?;
        let inode = target.as_os_str().as_bytes().strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
        str::from_utf8(inode).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table_gives_ports_state_and_inode() {
        let listening = row("   0: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 38291 1 0000000000000000 100 0 0 10 0").unwrap();
        assert_eq!((listening.local_port, listening.inode), (11434, 38291));
        assert!(listening.state == State::Listening);
        let open = row("  12: 0000000000000000FFFF00000F02000A:D1F4 0000000000000000FFFF0000C0A80001:01BB 01 00000000:00000000 02:000A7214 00000000  1000        0 51234 2 0000000000000000 20 4 30 10 -1").unwrap();
        assert_eq!((open.remote_port, open.inode), (443, 51234));
        assert!(open.state == State::Established);
        assert!(row("").is_none());
        assert!(row("  sl  local_address rem_address   st tx_queue rx_queue").is_none());
    }

    #[test]
    fn a_listener_of_this_process_is_found_with_its_process() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = std::process::id();
        assert!(listening(&[own]).contains(&(port, Some(own))));
    }
}
