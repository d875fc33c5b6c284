//! The thread that reads the ring: it copies records out, adds what only the connection table knows, and sends batches.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::load::Kernel;
use super::moved::{Moved, Owner};
use super::record::{self, Boxes, Close, Comm, Direction, HEAD_BYTES, Raw, Record, RecordHeader, RecordKind};
use super::sys::{self, RingMemory, Waiter};
use super::table::{Connection, flag};

/// Records that were read at once.
#[derive(Debug, Default)]
pub struct Batch {
    /// In the order in which the kernel side made them.
    pub records: Vec<Record>,
    /// A moment (`CLOCK_MONOTONIC`, nanoseconds) before the ring was found empty: what had been sent by then has been
    /// delivered. `None`: there is more in the ring.
    pub drained_to_ns: Option<u64>,
}

/// Payload bytes of a batch, which share one buffer.
const BATCH_BYTES: usize = 256 << 10;
/// Records of a batch.
const BATCH_RECORDS: usize = 4096;
/// How often the ring is looked at while something comes.
const BUSY_INTERVAL: Duration = Duration::from_millis(5);
/// And while nothing does.
const IDLE_INTERVAL: Duration = Duration::from_millis(20);
/// How long nothing must have come for that.
const IDLE_AFTER: Duration = Duration::from_secs(1);
/// How often a batch is sent when there is nothing to send.
const SIGN_OF_LIFE: Duration = Duration::from_millis(200);
/// How often calls of processes that have ended are taken out of the calls under way.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// How often processes are looked for that ended without anybody saying so.
const PROCESS_INTERVAL: Duration = Duration::from_secs(5);
/// How long a stopping drain waits for a record that is being written.
const STOP_WAIT: Duration = Duration::from_millis(200);

const BUSY_BIT: u32 = 1 << 31;
const DISCARD_BIT: u32 = 1 << 30;
const RING_HEADER_BYTES: u64 = 8;

/// What others ask of the drain's thread.
#[derive(Debug, Default)]
pub(super) struct Control {
    stop: AtomicBool,
    paused: AtomicBool,
    ended: Mutex<Vec<u32>>,
}

impl Control {
    pub(super) fn forget(&self, pid: u32) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(pid);
    }
}

/// Stops or pauses a drain that runs.
#[derive(Debug, Clone)]
pub struct DrainControl(Arc<Control>);

impl DrainControl {
    /// Reads the ring empty, closes every connection, and lets [`Drain::run`] return. Remove the probes before.
    pub fn stop(&self) {
        self.0.stop.store(true, Release);
    }

    /// Leaves the ring unread until it is called with `false`: tests make losses with it.
    pub fn pause(&self, is_paused: bool) {
        self.0.paused.store(is_paused, Release);
    }
}

/// Reads the ring of one [`Kernel`].
pub struct Drain {
    kernel: Kernel,
    memory: RingMemory,
    waiter: Waiter,
    /// What the table said, to be sent when the ring has been read up to a position.
    pending: VecDeque<(u64, Synthetic)>,
    attention: u64,
    rescan: u64,
    /// Processes whose connections are to be looked through.
    suspects: HashSet<u32>,
    /// Processes that have ended, whose calls are still among those under way.
    ended: HashSet<u32>,
    moved: Moved,
    head: Vec<u8>,
    records: Vec<(RecordHeader, usize, usize)>,
    payloads: Vec<u8>,
}

/// A record that the kernel side could not make.
struct Synthetic {
    place: u32,
    conn: u64,
    kind: RecordKind,
}

impl std::fmt::Debug for Drain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drain").finish_non_exhaustive()
    }
}

/// The receiver is gone.
struct Gone;

impl Drain {
    pub(super) fn new(kernel: Kernel, ring_bytes: usize) -> io::Result<Self> {
        let ring = kernel.0.programs.map("ring").map_err(io::Error::other)?;
        let memory = RingMemory::map(ring, ring_bytes)?;
        let waiter = Waiter::new(ring)?;
        Ok(Self {
            kernel,
            memory,
            waiter,
            pending: VecDeque::new(),
            attention: 0,
            rescan: 0,
            suspects: HashSet::new(),
            ended: HashSet::new(),
            moved: Moved::default(),
            head: Vec::new(),
            records: Vec::new(),
            payloads: Vec::new(),
        })
    }

    /// By which it is stopped.
    #[must_use]
    pub fn control(&self) -> DrainControl {
        DrainControl(Arc::clone(&self.kernel.0.control))
    }

    /// Reads until it is stopped or the receiver is gone. While the channel is full it waits, the ring fills, and what finds
    /// no room there is counted.
    #[expect(clippy::needless_pass_by_value, reason = "the thread owns the sender: the receiver must see its end")]
    pub fn run(mut self, to: SyncSender<Batch>) {
        // Where every processor is busy, the ring would be full before this thread's turn came.
        sys::prefer_this_thread();
        let mut last_data = Instant::now();
        let mut last_sent = Instant::now();
        let mut last_sweep = Instant::now();
        let mut last_processes = Instant::now();
        let control = Arc::clone(&self.kernel.0.control);
        while !control.stop.load(Acquire) {
            if control.paused.load(Acquire) {
                std::thread::sleep(BUSY_INTERVAL);
                continue;
            }
            let is_due = last_sent.elapsed() >= SIGN_OF_LIFE;
            let Ok(read) = self.turn(&to, is_due) else { return };
            if read > 0 {
                last_data = Instant::now();
            }
            if read > 0 || is_due {
                last_sent = Instant::now();
            }
            if last_sweep.elapsed() >= SWEEP_INTERVAL {
                last_sweep = Instant::now();
                self.sweep_calls();
            }
            if last_processes.elapsed() >= PROCESS_INTERVAL {
                last_processes = Instant::now();
                self.forget_ended();
            }
            let interval = if last_data.elapsed() > IDLE_AFTER { IDLE_INTERVAL } else { BUSY_INTERVAL };
            self.waiter.wait(interval);
        }
        self.finish(&to);
    }

    /// Looks at the table, reads the ring to its end, sends. Says how many records were sent.
    fn turn(&mut self, to: &SyncSender<Batch>, is_due: bool) -> Result<usize, Gone> {
        let before = sys::monotonic_ns();
        self.look_at_table();
        let (sent, is_empty) = self.read_ring(to)?;
        let drained_to_ns = is_empty.then_some(before);
        let rest = self.records.len();
        if rest > 0 || is_due {
            self.send(to, drained_to_ns)?;
        }
        Ok(sent + rest)
    }

    /// Reads up to where the kernel side has got by now, or to a record that is still being written (`false`).
    fn read_ring(&mut self, to: &SyncSender<Batch>) -> Result<(usize, bool), Gone> {
        let end = self.memory.producer_position().load(Acquire);
        let mut position = self.memory.consumer_position().load(Relaxed);
        let mut sent = 0;
        let mut is_empty = true;
        while position < end {
            self.release_pending(position);
            let header = self.memory.header(position).load(Acquire);
            if header & BUSY_BIT != 0 {
                is_empty = false;
                break;
            }
            let length = (header & !DISCARD_BIT) as usize;
            if header & DISCARD_BIT == 0 {
                self.take_record(position, length);
            }
            position += (length as u64 + RING_HEADER_BYTES).next_multiple_of(8);
            self.memory.consumer_position().store(position, Release);
            if self.payloads.len() >= BATCH_BYTES - (64 << 10) || self.records.len() >= BATCH_RECORDS {
                sent += self.records.len();
                self.send(to, None)?;
            }
        }
        self.release_pending(position);
        Ok((sent, is_empty))
    }

    fn take_record(&mut self, position: u64, length: usize) {
        self.head.clear();
        let data = position + RING_HEADER_BYTES;
        self.memory.copy(data, 0, HEAD_BYTES.min(length), &mut self.head);
        let Some(decoded) = self.head.first_chunk().and_then(record::decode) else { return };
        match decoded {
            (Raw::Exec(pid), _) => {
                self.suspects.insert(pid);
            }
            (Raw::Boxes(header, place), payload) => {
                self.head.clear();
                self.memory.copy(data, HEAD_BYTES, payload.min(length - HEAD_BYTES), &mut self.head);
                if let Some(boxes) = record::decode_boxes(&self.head) {
                    self.take_boxes(&header, place, &boxes);
                }
            }
            (Raw::Record(header, place), payload) => {
                let start = self.payloads.len();
                self.memory.copy(data, HEAD_BYTES, payload.min(length - HEAD_BYTES), &mut self.payloads);
                let end = self.payloads.len();
                self.push(header, place, start, end);
            }
        }
    }

    /// A record for whoever reads them; the last one of a connection gives its place back.
    fn push(&mut self, mut header: RecordHeader, place: u32, start: usize, end: usize) {
        let conn = header.conn;
        self.moved.rename(&mut header);
        self.records.push((header, start, end));
        if matches!(header.kind, RecordKind::Close { .. }) {
            self.moved.forget(conn);
            self.kernel.0.free_place(place);
        }
    }

    /// A connection is at an address at which it wasn't before, or is dropped there.
    fn take_boxes(&mut self, header: &RecordHeader, place: u32, boxes: &Boxes) {
        let kernel = Arc::clone(&self.kernel.0);
        let before = self.moved.owner(header.pid, boxes).filter(|owner| owner.conn != header.conn);
        let entry = before.and_then(|owner| Some((owner, kernel.connections.entries().get(owner.place as usize)?)));
        // Where the process has ended by now its close may wait already: what is in the ring was before it.
        let open = |entry: &Connection| entry.flags.load(SeqCst) & flag::OVER == 0;
        if let Some((owner, entry)) =
            entry.filter(|(owner, entry)| entry.conn.load(SeqCst) == owner.conn && open(entry))
        {
            kernel.delete_key(entry.address.load(Relaxed), header.pid, owner.place);
            if header.conn == 0 {
                self.pending.retain(|(_, waiting)| waiting.conn != owner.conn);
                self.close(owner.place, entry, Close::Freed);
            } else {
                let (read, written) = (entry.read.load(SeqCst), entry.written.load(SeqCst));
                self.moved.go_on(owner.conn, header.conn, read, written);
                kernel.free_place(owner.place);
            }
        }
        if header.conn != 0 {
            self.moved.own(header.pid, boxes, Owner { conn: header.conn, place });
        }
    }

    fn send(&mut self, to: &SyncSender<Batch>, drained_to_ns: Option<u64>) -> Result<(), Gone> {
        let buffer = Bytes::from(std::mem::take(&mut self.payloads));
        let records = self
            .records
            .drain(..)
            .map(|(header, start, end)| Record { header, payload: buffer.slice(start..end) })
            .collect();
        to.send(Batch { records, drained_to_ns }).map_err(|_| Gone)
    }

    /// What the table knows and the ring doesn't: it is sent after everything that is in the ring by now.
    fn look_at_table(&mut self) {
        let kernel = Arc::clone(&self.kernel.0);
        let state = kernel.state();
        let (attention, rescan) = (state.attention.load(SeqCst), state.rescan.load(SeqCst));
        let ended = std::mem::take(&mut *kernel.control.ended.lock().unwrap_or_else(PoisonError::into_inner));
        self.ended.extend(&ended);
        self.suspects.extend(ended);
        if attention != self.attention {
            self.attention = attention;
            self.look_for_losses();
        }
        if rescan != self.rescan {
            self.rescan = rescan;
            let pids = kernel.used_places().iter().map(|entry| entry.tgid.load(Relaxed));
            self.suspects.extend(pids);
        }
        if !self.suspects.is_empty() {
            let suspects = std::mem::take(&mut self.suspects);
            self.look_for_stale(&suspects);
        }
    }

    fn look_for_losses(&mut self) {
        let kernel = Arc::clone(&self.kernel.0);
        for (place, entry) in (0..).zip(kernel.used_places()) {
            let flags = entry.flags.load(SeqCst);
            if flags & (flag::LOST | flag::CLOSED) == 0 || flags & flag::REAPED != 0 {
                continue;
            }
            entry.flags.fetch_and(!flag::LOST, SeqCst);
            if flags & flag::CLOSED != 0 {
                let how = if flags & flag::RENAMED == 0 { Close::Freed } else { Close::Renamed };
                self.close(place, entry, how);
            } else {
                let kind = RecordKind::Offsets {
                    read: entry.read_sent.load(SeqCst),
                    written: entry.written_sent.load(SeqCst),
                };
                self.postpone(Synthetic { place, conn: entry.conn.load(SeqCst), kind });
            }
        }
    }

    /// Connections of processes that have ended or run another program by now.
    fn look_for_stale(&mut self, pids: &HashSet<u32>) {
        let kernel = Arc::clone(&self.kernel.0);
        let mut processes = HashMap::new();
        for (place, entry) in (0..).zip(kernel.used_places()) {
            let pid = entry.tgid.load(Relaxed);
            let is_open = entry.conn.load(SeqCst) != 0 && entry.flags.load(SeqCst) & (flag::OVER | flag::REAPED) == 0;
            if !is_open || !pids.contains(&pid) {
                continue;
            }
            let generation =
                *processes.entry(pid).or_insert_with(|| kernel.process(pid).map(|process| process.generation));
            if generation != Some(entry.process.load(SeqCst)) {
                let how = if generation.is_none() { Close::ProcessEnded } else { Close::Replaced };
                kernel.delete_key(entry.address.load(Relaxed), pid, place);
                self.close(place, entry, how);
            }
        }
    }

    fn close(&mut self, place: u32, entry: &Connection, how: Close) {
        let has_ended = entry.flags.fetch_or(flag::REAPED, SeqCst) & flag::ENDED != 0;
        let (read, written) = (entry.read.load(SeqCst), entry.written.load(SeqCst));
        let kind = RecordKind::Close { read, written, how, has_ended };
        self.postpone(Synthetic { place, conn: entry.conn.load(SeqCst), kind });
    }

    fn postpone(&mut self, synthetic: Synthetic) {
        let position = self.memory.producer_position().load(Acquire);
        self.pending.push_back((position, synthetic));
    }

    /// Adds what was to wait until the ring has been read up to here.
    fn release_pending(&mut self, position: u64) {
        while self.pending.front().is_some_and(|(at, _)| *at <= position) {
            let Some((_, synthetic)) = self.pending.pop_front() else { return };
            let kernel = Arc::clone(&self.kernel.0);
            let Some(entry) = kernel.connections.entries().get(synthetic.place as usize) else { continue };
            if entry.conn.load(SeqCst) != synthetic.conn {
                continue;
            }
            let now = sys::monotonic_ns();
            let header = RecordHeader {
                kind: synthetic.kind,
                direction: Direction::Read,
                runtime: 0,
                from_start: entry.flags.load(Relaxed) & flag::FROM_START != 0,
                is_first: false,
                start_ns: now,
                end_ns: now,
                conn: synthetic.conn,
                address: entry.address.load(Relaxed),
                offset: 0,
                call_bytes: 0,
                pid: AtomicU32::load(&entry.tgid, Relaxed),
                tid: 0,
                uid: 0,
                cgroup: 0,
                comm: Comm::default(),
            };
            let end = self.payloads.len();
            self.push(header, synthetic.place, end, end);
        }
    }

    /// Notices of exits can be lost; a process that is no more is forgotten without one.
    fn forget_ended(&self) {
        let pids = self.kernel.0.keys::<4>("processes").into_iter().map(u32::from_ne_bytes);
        pids.filter(|pid| !sys::is_process(*pid)).for_each(|pid| self.kernel.forget_process(pid));
    }

    /// Takes the calls that ended processes never returned from out of those under way.
    fn sweep_calls(&mut self) {
        if self.ended.is_empty() {
            return;
        }
        let kernel = Arc::clone(&self.kernel.0);
        let ended = std::mem::take(&mut self.ended);
        let pid_of = |id: u64| u32::try_from(id >> 32).unwrap_or(0);
        for call in kernel.thread_calls.entries() {
            let id = call.id.load(Relaxed);
            if id != 0 && ended.contains(&pid_of(id)) {
                let _ = call.id.compare_exchange(id, 0, SeqCst, Relaxed);
            }
        }
        let Ok(map) = kernel.programs.map("other_calls") else { return };
        for key in kernel.keys::<16>("other_calls") {
            let mut id = [0; 8];
            id.copy_from_slice(&key[..8]);
            let id = u64::from_ne_bytes(id);
            // A goroutine's call has the process alone there, and its depth in the highest of 32 bits.
            let pid = if id >> 32 == 0 { u32::try_from(id & 0x7fff_ffff).unwrap_or(0) } else { pid_of(id) };
            if ended.contains(&pid) {
                let _ = sys::map_delete(map, &key);
            }
        }
    }

    /// The last of the ring, and a close for everything that is open.
    fn finish(&mut self, to: &SyncSender<Batch>) {
        let deadline = Instant::now() + STOP_WAIT;
        loop {
            self.look_at_table();
            match self.read_ring(to) {
                Ok((_, true)) => break,
                Ok((_, false)) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(1)),
                Ok((_, false)) => break,
                Err(Gone) => return,
            }
        }
        let kernel = Arc::clone(&self.kernel.0);
        for (place, entry) in (0..).zip(kernel.used_places()) {
            if entry.conn.load(SeqCst) != 0 && entry.flags.load(SeqCst) & (flag::OVER | flag::REAPED) == 0 {
                self.close(place, entry, Close::CaptureStopped);
            }
        }
        if self.read_ring(to).is_ok() {
            self.release_pending(u64::MAX);
            let _ = self.send(to, Some(sys::monotonic_ns()));
        }
    }
}
