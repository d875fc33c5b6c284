//! Loading the kernel side: its maps, its programs, and the handle by which the rest of the capture speaks to it.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

use super::attach::{Attachment, Programs, Route};
use super::counters::KernelCounters;
use super::drain::{Control, Drain};
use super::error::{AttachError, LoadError};
use super::object::Object;
use super::sys::{self, Table};
use super::table::{Connection, Process, State, ThreadCall, flag};
use crate::probe::Probe;

/// Smallest ring: a record must fit.
pub const MIN_RING_BYTES: usize = 64 << 10;
/// Largest ring.
pub const MAX_RING_BYTES: usize = 1 << 30;

/// From this size on a record may hold 1 MiB.
const BIG_RING_BYTES: usize = 8 << 20;

/// How the kernel side is set up.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Bytes of the ring buffer, a power of two.
    pub ring_bytes: usize,
    /// Connections that can be open at once.
    pub max_connections: u32,
    /// How to attach; `None` takes the best that the kernel has.
    pub route: Option<Route>,
    /// What happens to a process that nobody spoke of.
    pub unknown: Unknown,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { ring_bytes: 32 << 20, max_connections: 65_536, route: None, unknown: Unknown::Capture }
    }
}

/// What happens to the calls of a process for which there is no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are captured.
    Capture,
    /// They are not.
    Ignore,
}

/// A connection that is open now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionState {
    /// The process.
    pub pid: u32,
    /// The address of the library's object.
    pub address: u64,
    /// Its number.
    pub conn: u64,
    /// Bytes read so far.
    pub read_offset: u64,
    /// Bytes written so far.
    pub written_offset: u64,
    /// Whether it has the verdict "ignored".
    pub is_ignored: bool,
}

/// How much of the kernel side's maps is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Places of the connection table, those not yet given back included.
    pub connections: usize,
    /// Keys by which they are found.
    pub keys: usize,
    /// Processes known.
    pub processes: usize,
    /// Calls under way.
    pub calls: usize,
}

/// The loaded kernel side. A handle: clones are the same one.
#[derive(Clone)]
pub struct Kernel(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) programs: Programs,
    pub(super) connections: Table<Connection>,
    pub(super) thread_calls: Table<ThreadCall>,
    state: Table<State>,
    pub(super) control: Arc<Control>,
    processors: usize,
    _exec: OwnedFd,
}

const THREAD_CALLS: usize = 16_384;

impl Kernel {
    /// Loads the kernel side. Nothing is attached to any file yet.
    ///
    /// # Errors
    /// When the kernel or this process's rights don't allow it; the message says what to do.
    pub fn load(options: &LoadOptions) -> Result<(Self, Drain), LoadError> {
        if !options.ring_bytes.is_power_of_two() || !(MIN_RING_BYTES..=MAX_RING_BYTES).contains(&options.ring_bytes) {
            return Err(LoadError::Options("the ring's size must be a power of two from 64 KiB to 1 GiB"));
        }
        if options.max_connections == 0 || options.max_connections > 65_536 {
            return Err(LoadError::Options("from 1 to 65536 connections can be open at once"));
        }
        let system = |what| move |error| LoadError::System { what, error };
        let object = Object::embedded()?;
        let maps = create_maps(&object, options.ring_bytes)?;
        let programs = Programs::new(object, maps, options.route)?;
        let connections = Table::map(programs.map("connections")?, options.max_connections as usize)
            .map_err(system("mapping the connection table"))?;
        let thread_calls =
            Table::map(programs.map("thread_calls")?, THREAD_CALLS).map_err(system("mapping the calls' table"))?;
        let state = Table::map(programs.map("state")?, 1).map_err(system("mapping the state"))?;
        let exec = programs.attach_exec()?;
        let control = Arc::new(Control::default());
        let processors = possible_processors().map_err(system("counting processors"))?;
        let inner = Inner { programs, connections, thread_calls, state, control, processors, _exec: exec };
        let state = inner.state();
        state.wake_bytes.store(options.ring_bytes as u64 / 16, Relaxed);
        state.has_big_chunks.store(u64::from(options.ring_bytes >= BIG_RING_BYTES), Relaxed);
        state.ignore_unknown.store(u64::from(options.unknown == Unknown::Ignore), Relaxed);
        state.max_connections.store(u64::from(options.max_connections), Relaxed);
        if let Some((device, inode)) = own_namespace().map_err(system("reading /proc/self/ns/pid"))? {
            state.pidns_device.store(device, Relaxed);
            state.pidns_inode.store(inode, Relaxed);
        }
        let kernel = Self(Arc::new(inner));
        kernel.ignore_process(std::process::id());
        let drain = Drain::new(kernel.clone(), options.ring_bytes).map_err(system("mapping the ring"))?;
        Ok((kernel, drain))
    }

    /// Attaches probes to a file (all of them or none) for all processes. Dropping the attachment removes them.
    ///
    /// # Errors
    /// When the file is not there or the kernel refuses; the message says what to do.
    pub fn attach(&self, path: &Path, probes: &[Probe]) -> Result<Attachment, AttachError> {
        self.0.programs.attach(path, probes)
    }

    /// Attaches probes that do nothing to the entry and the return of functions, by the route of the others: what benches
    /// compare with.
    ///
    /// # Errors
    /// When the file is not there or the kernel refuses; the message says what to do.
    #[doc(hidden)]
    pub fn attach_empty(&self, path: &Path, offsets: &[u64]) -> Result<Attachment, AttachError> {
        self.0.programs.attach_empty(path, offsets)
    }

    /// How many instructions the verifier walks for each program.
    ///
    /// # Errors
    /// When one is refused.
    #[doc(hidden)]
    pub fn verified_instructions(&self) -> Result<Vec<(&'static str, u64)>, LoadError> {
        let names = super::attach::PROGRAM_NAMES.iter();
        names.map(|name| Ok((*name, self.0.programs.verified_instructions(name)?))).collect()
    }

    /// How probes are attached.
    #[must_use]
    pub fn route(&self) -> Route {
        self.0.programs.route()
    }

    /// From now on the connection's calls are only counted. `false`: it is over already. The verdict ends with the
    /// connection.
    pub fn ignore(&self, pid: u32, address: u64, conn: u64) -> bool {
        let Some(place) = self.0.place(address, pid) else { return false };
        let Some(entry) = self.0.connections.entries().get(place as usize) else { return false };
        if entry.conn.load(SeqCst) != conn {
            return false;
        }
        entry.flags.fetch_or(flag::IGNORED, SeqCst);
        true
    }

    /// Captures the process, whatever happens to unknown ones.
    pub fn watch_process(&self, pid: u32) {
        self.0.set_verdict(pid, Process::WATCHED);
    }

    /// Doesn't capture the process.
    pub fn ignore_process(&self, pid: u32) {
        self.0.set_verdict(pid, Process::IGNORED);
    }

    /// The process has ended: its connections get their closes, and its number means another process from now on.
    pub fn forget_process(&self, pid: u32) {
        if pid != std::process::id() && self.0.delete_process(pid) {
            self.0.control.forget(pid);
        }
    }

    /// The open connections.
    #[must_use]
    pub fn connections(&self) -> Vec<ConnectionState> {
        let live = |entry: &&Connection| {
            entry.conn.load(SeqCst) != 0 && entry.flags.load(SeqCst) & (flag::OVER | flag::REAPED) == 0
        };
        self.0
            .used_places()
            .iter()
            .filter(live)
            .map(|entry| ConnectionState {
                pid: entry.tgid.load(Relaxed),
                address: entry.address.load(Relaxed),
                conn: entry.conn.load(Relaxed),
                read_offset: entry.read.load(Relaxed),
                written_offset: entry.written.load(Relaxed),
                is_ignored: entry.flags.load(Relaxed) & flag::IGNORED != 0,
            })
            .collect()
    }

    /// What was counted so far, over all processors.
    #[must_use]
    pub fn counters(&self) -> KernelCounters {
        let mut values = vec![0; KernelCounters::BYTES * self.0.processors];
        let mut counters = KernelCounters::default();
        if let Ok(map) = self.0.programs.map("counters")
            && sys::map_lookup(map, &0u32.to_ne_bytes(), &mut values).is_ok()
        {
            values.chunks_exact(KernelCounters::BYTES).for_each(|values| counters.add(values));
        }
        counters
    }

    /// How full the maps are.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let calls = self.0.thread_calls.entries().iter().filter(|call| call.id.load(Relaxed) != 0).count();
        Usage {
            connections: self.0.used_places().iter().filter(|entry| entry.conn.load(Relaxed) != 0).count(),
            keys: self.0.count_keys::<16>("places"),
            processes: self.0.count_keys::<4>("processes"),
            calls: calls + self.0.count_keys::<16>("other_calls"),
        }
    }
}

impl Inner {
    pub(super) fn state(&self) -> &State {
        &self.state.entries()[0]
    }

    /// The places of the connection table that were ever used.
    pub(super) fn used_places(&self) -> &[Connection] {
        let entries = self.connections.entries();
        let used = usize::try_from(self.state().next_index.load(SeqCst)).unwrap_or(usize::MAX);
        &entries[..used.min(entries.len())]
    }

    /// The connection's place, by its key.
    pub(super) fn place(&self, address: u64, pid: u32) -> Option<u32> {
        let mut place = [0; 4];
        let map = self.programs.map("places").ok()?;
        sys::map_lookup(map, &super::table::place_key(address, pid), &mut place).ok()?;
        Some(u32::from_ne_bytes(place))
    }

    /// Deletes the key of a place, unless it leads to another one by now.
    pub(super) fn delete_key(&self, address: u64, pid: u32, place: u32) {
        if self.place(address, pid) == Some(place)
            && let Ok(map) = self.programs.map("places")
        {
            let _ = sys::map_delete(map, &super::table::place_key(address, pid));
        }
    }

    /// Gives a place of the connection table back.
    pub(super) fn free_place(&self, place: u32) {
        let Some(entry) = self.connections.entries().get(place as usize) else { return };
        if entry.conn.swap(0, SeqCst) != 0
            && let Ok(map) = self.programs.map("free_places")
        {
            let _ = sys::map_update(map, &[], &place.to_ne_bytes());
        }
    }

    /// The process as the kernel side knows it.
    pub(super) fn process(&self, pid: u32) -> Option<Process> {
        let mut value = [0; 16];
        sys::map_lookup(self.programs.map("processes").ok()?, &pid.to_ne_bytes(), &mut value).ok()?;
        Some(Process::from_bytes(value))
    }

    /// Calls on a known connection don't ask for the verdict about the process: the connection says it too.
    fn set_verdict(&self, pid: u32, verdict: u64) {
        let generation = self.process(pid).map_or_else(sys::monotonic_ns, |process| process.generation);
        if let Ok(map) = self.programs.map("processes") {
            let _ = sys::map_update(map, &pid.to_ne_bytes(), &Process { generation, verdict }.to_bytes());
        }
        for entry in self.used_places().iter().filter(|entry| entry.tgid.load(Relaxed) == pid) {
            if verdict == Process::IGNORED {
                entry.flags.fetch_or(flag::FILTERED, SeqCst);
            } else {
                entry.flags.fetch_and(!flag::FILTERED, SeqCst);
            }
        }
    }

    fn delete_process(&self, pid: u32) -> bool {
        self.programs.map("processes").is_ok_and(|map| sys::map_delete(map, &pid.to_ne_bytes()).is_ok())
    }

    /// Each key of a hash map.
    pub(super) fn keys<const N: usize>(&self, map: &str) -> Vec<[u8; N]> {
        /// A map that changes all the time is not walked forever.
        const MAX_KEYS: usize = 1 << 20;
        let mut keys: Vec<[u8; N]> = Vec::new();
        let Ok(map) = self.programs.map(map) else { return keys };
        let mut next = [0; N];
        while keys.len() < MAX_KEYS
            && sys::map_next_key(map, keys.last().map(|key| key.as_slice()), &mut next).unwrap_or(false)
        {
            keys.push(next);
        }
        keys
    }

    fn count_keys<const N: usize>(&self, map: &str) -> usize {
        self.keys::<N>(map).len()
    }
}

fn create_maps(object: &Object, ring_bytes: usize) -> Result<HashMap<String, OwnedFd>, LoadError> {
    let mut maps = HashMap::new();
    for (name, map) in &object.maps {
        let entries = if name == "ring" { u32::try_from(ring_bytes).unwrap_or(u32::MAX) } else { map.entries };
        let fd = sys::map_create(map.kind, map.key_bytes, map.value_bytes, entries, map.flags, name)
            .map_err(|error| LoadError::of_map(name, error))?;
        maps.insert(name.clone(), fd);
    }
    Ok(maps)
}

/// The processors that the machine may ever have: as many values has a per-processor map.
fn possible_processors() -> io::Result<usize> {
    let ranges = fs::read_to_string("/sys/devices/system/cpu/possible")?;
    let last = ranges.trim().rsplit([',', '-']).next().and_then(|last| last.parse::<usize>().ok());
    last.map(|last| last + 1).ok_or_else(|| io::Error::other("/sys/devices/system/cpu/possible is not understood"))
}

/// The process id namespace of this process, when it is not the machine's first one.
fn own_namespace() -> io::Result<Option<(u64, u64)>> {
    /// `PROC_PID_INIT_INO`.
    const FIRST: u64 = 0xeffffffc;
    let namespace = fs::metadata("/proc/self/ns/pid")?;
    Ok((namespace.ino() != FIRST).then(|| (namespace.dev(), namespace.ino())))
}

impl std::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kernel").field("route", &self.route()).finish_non_exhaustive()
    }
}
