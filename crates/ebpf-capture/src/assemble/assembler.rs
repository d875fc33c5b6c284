//! Turns what the kernel side delivers into calls: one state for each connection, fed in the order in which bytes went by.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Seen, Verdict};
use sidetone_core::event::{Call, OwnSpan, Process, Side};
use sidetone_core::exchange::Settings;
use sidetone_pipeline::warn::{self, Cause};
use sidetone_pipeline::{Counters, Finished, Reason, Sink};

use super::announcement::Announcement;
use super::ids::Ids;
use super::join::Join;
use super::open::{Ignored, Open};
use super::order::{Next, Piece};
use super::pair::{Pairs, Served};
use super::rules::Rules;
use crate::kernel::{self, Record, RecordHeader, RecordKind};
use crate::listen::{Listeners, Origin};
use crate::options::Options;
use crate::report::LostBytes;

/// How long pieces wait for one that went by before them and is delivered after them: two threads that use one connection.
const GRACE: Duration = Duration::from_millis(3);

/// Most connections with lost bytes that the report lists one by one.
const MAX_LOST_LISTED: usize = 4096;

/// Most processes that the report lists.
const MAX_PROCESSES_LISTED: usize = 4096;

/// What the assembler asks of its surroundings.
pub(crate) trait Host {
    /// Asks the kernel side to deliver no more of a connection.
    fn ignore(&mut self, pid: u32, address: u64, conn: u64);
    /// Whether the process is one of those that are captured.
    fn admits(&mut self, header: &RecordHeader) -> bool;
    /// Who a process is.
    fn process(&mut self, header: &RecordHeader) -> Arc<Process>;
    /// Whether a process can say by itself which calls it makes.
    fn is_instrumented(&mut self, pid: u32, process: &Process) -> bool;
    /// A process said something of itself.
    fn handle_announcing(&mut self, pid: u32);
}

/// Everything that is under way, and where it goes.
pub(crate) struct Assembler<H> {
    pub(crate) host: H,
    settings: Arc<Settings>,
    rules: Rules,
    server_side: bool,
    max_memory: usize,
    is_shedding: bool,
    listeners: Option<Arc<dyn Listeners>>,
    boot: SystemTime,
    open: HashMap<u64, Box<Open>>,
    /// Connections with pieces that wait, and since when.
    queue: VecDeque<(Duration, u64)>,
    held_bytes: usize,
    join: Join,
    pairs: Pairs,
    ids: Ids,
    sinks: Vec<Box<dyn Sink>>,
    counters: Arc<Counters>,
    tally: Tally,
}

/// What was done so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) calls: u64,
    pub(crate) announced: u64,
    /// Left out because of a limit.
    pub(crate) shed: u64,
    pub(crate) lost: Vec<LostBytes>,
    /// Bytes that are missing of connections beyond those listed.
    pub(crate) lost_elsewhere: u64,
    pub(crate) processes: HashMap<u32, Arc<Process>>,
}

impl<H: Host> Assembler<H> {
    /// `boot` is the moment at which the monotonic clock was 0.
    pub(crate) fn new(
        host: H,
        options: &Options,
        boot: SystemTime,
        sinks: Vec<Box<dyn Sink>>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            host,
            settings: Arc::new(options.settings.clone()),
            rules: Rules { allow: options.allow.clone(), deny: options.deny.clone() },
            server_side: options.server_side,
            max_memory: options.max_memory,
            is_shedding: false,
            listeners: options.listeners.clone(),
            boot,
            open: HashMap::new(),
            queue: VecDeque::new(),
            held_bytes: 0,
            join: Join::new(options.hold),
            pairs: Pairs::default(),
            ids: Ids::default(),
            sinks,
            counters,
            tally: Tally::default(),
        }
    }

    /// Takes in one record of the kernel side. `now` is of the monotonic clock, as everywhere here.
    pub(crate) fn handle_record(&mut self, record: Record, now: Duration) {
        let Record { header, payload } = record;
        if header.kind == RecordKind::Announce {
            if self.host.admits(&header) {
                self.handle_announcement(header.pid, &payload, now);
            }
            return;
        }
        let (conn, at) = (header.conn, Duration::from_nanos(header.end_ns));
        let open = match self.open.entry(conn) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let mut open = Box::new(Open::new(&header, self.host.process(&header)));
                if !self.host.admits(&header) {
                    open.ignore(Ignored::Process);
                    self.host.ignore(header.pid, header.address, conn);
                }
                entry.insert(open)
            }
        };
        match header.kind {
            RecordKind::Data => {
                if open.is_ignored() {
                    return;
                }
                let late = open.order.push(piece(&header, &payload));
                if late > 0 {
                    self.counters.add(Reason::CaptureLate, 1, late);
                }
                if !std::mem::replace(&mut open.is_queued, true) {
                    self.queue.push_back((now, conn));
                }
            }
            RecordKind::Offsets { read, written } => {
                self.read(conn, now, Some([(Direction::Read, read), (Direction::Write, written)]), at);
            }
            RecordKind::Close { read, written, how, has_ended } => {
                self.read(conn, now, Some([(Direction::Read, read), (Direction::Write, written)]), at);
                let how = match how {
                    _ if has_ended => Close::Ended,
                    kernel::Close::Freed | kernel::Close::Renamed | kernel::Close::Replaced => Close::Freed,
                    kernel::Close::ProcessEnded => Close::ProcessEnded,
                    kernel::Close::CaptureStopped => Close::CaptureStopped,
                };
                self.close(conn, now, at, how, Some(read + written));
            }
            RecordKind::Name => {
                let name = String::from_utf8_lossy(&payload);
                if !self.rules.admit(&name) && !open.is_ignored() {
                    open.ignore(Ignored::Host);
                    self.host.ignore(header.pid, header.address, conn);
                }
                if let Some(connection) = &mut open.connection {
                    connection.set_server_name(name.as_ref().into());
                }
                open.server_name = Some(name.into());
            }
            // The port is that of HTTPS unless the request says another: clients do.
            RecordKind::Fd { .. } | RecordKind::Announce => {}
        }
    }

    /// Does what is due.
    pub(crate) fn handle_time(&mut self, now: Duration) {
        while let Some(&(since, conn)) = self.queue.front()
            && since + GRACE <= now
        {
            self.queue.pop_front();
            if let Some(open) = self.open.get_mut(&conn) {
                open.is_queued = false;
                self.read(conn, now, None, now);
            }
        }
        while let Some(call) = self.join.next_due(now) {
            self.deliver(call);
        }
        self.counters.add(Reason::AttemptAnnounced, self.join.take_absorbed(), 0);
        let unseen = self.join.forget_unseen(now);
        if unseen > 0 {
            self.counters.add(Reason::AnnouncedUnseen, unseen, 0);
        }
        while let Some(served) = self.pairs.next_due(now) {
            self.handle_served(served);
        }
    }

    /// How long nothing is due.
    pub(crate) fn pause(&self) -> Duration {
        if !self.queue.is_empty() {
            GRACE
        } else if self.join.waiting() + self.pairs.waiting() > 0 {
            Duration::from_millis(20)
        } else {
            Duration::from_millis(100)
        }
    }

    /// Ends everything that is under way: what is known of it goes to the sinks.
    pub(crate) fn finish(&mut self, now: Duration) {
        for conn in self.open.keys().copied().collect::<Vec<_>>() {
            self.read(conn, now, None, now);
            self.close(conn, now, now, Close::CaptureStopped, None);
        }
        self.queue.clear();
        self.handle_time(Duration::MAX);
    }

    /// Reads what waits of a connection; then everything up to `offsets` that isn't here is missing.
    fn read(&mut self, conn: u64, now: Duration, offsets: Option<[(Direction, u64); 2]>, at: Duration) {
        let Some(mut open) = self.open.remove(&conn) else { return };
        let pid = open.pid;
        let mut seen = Vec::new();
        // Bytes that strangers wrote are read here: a mistake of ours may cost this connection, never the capture.
        let read = catch_unwind(AssertUnwindSafe(|| {
            while let Some(next) = open.order.next() {
                self.feed(&mut open, conn, next, &mut seen);
            }
            for (direction, offset) in offsets.into_iter().flatten() {
                if let Some(gap) = open.settle(direction, offset, at) {
                    self.feed(&mut open, conn, gap, &mut seen);
                }
            }
        }));
        if !self.server_side
            && let Some(connection) = &mut open.connection
            && connection.side() == Some(Side::Server)
        {
            // Nobody will ask for it: its bodies need not be held, nor read.
            let (calls, _) = connection.shed();
            self.counters.add(Reason::CallServed, calls as u64, 0);
        }
        if self.is_shedding {
            let is_wanted = |seen: &Seen| self.server_side || seen.side == Side::Client;
            let ended = seen.extract_if(.., |(_, one)| is_wanted(one)).count();
            self.shed_calls(&mut open, ended);
        }
        for (process, one) in seen {
            self.handle_seen(pid, process, one, now);
        }
        if read.is_err() {
            self.panicked(&mut open);
        }
        let is_http = open.connection.as_ref().map(|connection| connection.verdict());
        if is_http == Some(Verdict::NotHttp) {
            open.ignore(Ignored::NotHttp);
            self.host.ignore(pid, open.address, conn);
        }
        let (held, before) = open.weigh();
        self.held_bytes = (self.held_bytes + held).saturating_sub(before);
        self.open.insert(conn, open);
        if self.held_bytes > self.max_memory {
            self.shed();
        }
    }

    fn feed(&self, open: &mut Open, conn: u64, next: Next, seen: &mut Vec<(Arc<Process>, Seen)>) {
        let connection = open.connection.get_or_insert_with(|| {
            let facts = Facts {
                server_name: open.server_name.clone(),
                port: None,
                from_start: open.from_start,
                boot: self.boot,
            };
            let mut connection = Connection::new(facts, Arc::clone(&self.settings));
            let origin = Origin { pid: open.pid, connection: conn };
            if let Some(listener) = self.listeners.as_ref().and_then(|listeners| listeners.listen(&origin)) {
                connection.set_listener(listener);
            }
            Box::new(connection)
        });
        match next {
            Next::Bytes { direction, begun, ended, bytes } => {
                let at = At { begun: Duration::from_nanos(begun), ended: Duration::from_nanos(ended) };
                connection.handle_bytes(direction, bytes, at);
            }
            Next::Gap { direction, bytes, at } => connection.handle_gap(direction, bytes, at),
        }
        while let Some(one) = connection.poll() {
            seen.push((Arc::clone(&open.process), one));
        }
    }

    fn close(&mut self, conn: u64, now: Duration, at: Duration, how: Close, bytes: Option<u64>) {
        let Some(mut open) = self.open.remove(&conn) else { return };
        let mut seen = Vec::new();
        let closed = catch_unwind(AssertUnwindSafe(|| {
            if let Some(connection) = &mut open.connection {
                connection.handle_close(at, how);
                while let Some(one) = connection.poll() {
                    seen.push(one);
                }
            }
        }));
        for one in seen {
            self.handle_seen(open.pid, Arc::clone(&open.process), one, now);
        }
        if closed.is_err() {
            self.panicked(&mut open);
        }
        self.held_bytes = self.held_bytes.saturating_sub(open.held_bytes);
        if let Some(listeners) = &self.listeners {
            listeners.ended(&Origin { pid: open.pid, connection: conn }, &open.order.passed());
        }
        if let Some((reason, bytes)) = open.left_out(bytes) {
            self.counters.add(reason, 1, bytes);
        }
        if let Some(lost) = open.lost(conn) {
            if self.tally.lost.len() < MAX_LOST_LISTED {
                self.tally.lost.push(lost);
            } else {
                self.tally.lost_elsewhere += lost.read + lost.written;
            }
        }
    }

    fn panicked(&self, open: &mut Open) {
        let calls = 1;
        self.counters.add(Reason::CallPanicked, calls, 0);
        warn::once_a_minute(
            Cause::Panicked,
            "a connection could not be understood because of a bug in sidetone; please report it",
        );
        open.ignore(Ignored::Panicked);
    }

    /// While this is on, calls are let go of whole as they come: only what frames them is read.
    pub(crate) fn set_shedding(&mut self, is_shedding: bool) {
        self.is_shedding = is_shedding;
    }

    /// Lets go of calls of one connection: those that have ended, and those under way.
    fn shed_calls(&mut self, open: &mut Open, ended: usize) {
        let (calls, bytes) = open.connection.as_mut().map_or((0, 0), |connection| connection.shed());
        if calls + ended > 0 {
            self.tally.shed += (calls + ended) as u64;
            self.counters.add(Reason::CallCpu, (calls + ended) as u64, bytes as u64);
        }
    }

    /// Lets go of whole calls, of the connection that holds most first, until what is held fits.
    fn shed(&mut self) {
        while self.held_bytes > self.max_memory {
            let heaviest = self.open.iter().max_by_key(|(_, open)| open.held_bytes).map(|(conn, _)| *conn);
            let Some(open) = heaviest.and_then(|conn| self.open.get_mut(&conn)) else { return };
            if open.held_bytes == 0 {
                return;
            }
            let bytes = open.held_bytes;
            if let Some(connection) = &mut open.connection {
                let (calls, _) = connection.shed();
                self.tally.shed += calls as u64;
                self.counters.add(Reason::CallMemory, calls as u64, bytes as u64);
            }
            let (mut held, before) = open.weigh();
            if held >= before {
                // What is left belongs to no call: the connection itself begins anew.
                open.connection = None;
                (held, _) = open.weigh();
            }
            self.held_bytes = (self.held_bytes + held).saturating_sub(before);
        }
    }

    fn handle_announcement(&mut self, pid: u32, bytes: &Bytes, now: Duration) {
        self.host.handle_announcing(pid);
        match Announcement::read(pid, bytes) {
            Some(said) => {
                if let Some(call) = self.join.handle_announcement(said, now) {
                    self.deliver(call);
                }
            }
            None => self.counters.add(Reason::AnnouncedUnseen, 1, bytes.len() as u64),
        }
    }

    fn handle_seen(&mut self, pid: u32, process: Arc<Process>, seen: Seen, now: Duration) {
        for (skip, items, bytes) in seen.understood.skips.iter() {
            self.counters.add(skip.into(), items, bytes);
        }
        let mut call = seen.understood.call;
        if !self.rules.admit(&call.server.address) {
            return self.counters.add(Reason::CallHost, 1, 0);
        }
        if self.tally.processes.len() < MAX_PROCESSES_LISTED {
            self.tally.processes.entry(pid).or_insert_with(|| Arc::clone(&process));
        }
        let trace_id = call.parent.as_ref().map_or_else(|| self.ids.trace(), |parent| parent.trace_id);
        call.span = Some(OwnSpan { trace_id, span_id: self.ids.span() });
        let is_instrumented = self.host.is_instrumented(pid, &process);
        call.process = Some(process);
        match call.side {
            Side::Client => {
                if self.server_side {
                    self.pairs.handle_asked(&call, now);
                }
                let call = if is_instrumented { self.join.handle_call(pid, call, now) } else { Some(call) };
                if let Some(call) = call {
                    self.deliver(call);
                }
            }
            Side::Server if self.server_side => {
                if let Some(served) = self.pairs.handle_served(call, now) {
                    self.handle_served(served);
                }
            }
            Side::Server => self.counters.add(Reason::CallServed, 1, 0),
        }
    }

    fn handle_served(&mut self, served: Served) {
        match served {
            Served::Alone(call) => self.deliver(*call),
            Served::Twice => self.counters.add(Reason::CallServedTwice, 1, 0),
        }
    }

    fn deliver(&mut self, call: Call) {
        self.tally.calls += 1;
        self.tally.announced += u64::from(call.is_announced);
        let mut finished = Finished { call, span: None };
        let Self { sinks, counters, .. } = self;
        for sink in sinks {
            if catch_unwind(AssertUnwindSafe(|| sink.call(&mut finished))).is_err() {
                counters.add(Reason::CallPanicked, 1, 0);
            }
        }
    }

    /// Where calls go.
    pub(crate) fn sinks(&mut self) -> &mut [Box<dyn Sink>] {
        &mut self.sinks
    }

    /// What was done so far, with the connections that are open.
    pub(crate) fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        tally.lost.extend(self.open.iter().filter_map(|(conn, open)| open.lost(*conn)));
        tally
    }

    /// How many calls are under way.
    pub(crate) fn calls_under_way(&self) -> usize {
        self.open.values().filter_map(|open| Some(open.connection.as_ref()?.open_calls())).sum()
    }

    /// How many connections are open.
    pub(crate) fn connections(&self) -> usize {
        self.open.len()
    }

    /// Memory that calls under way take.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held_bytes
    }
}

fn piece(header: &RecordHeader, payload: &Bytes) -> Piece {
    let direction = match header.direction {
        kernel::Direction::Read => Direction::Read,
        kernel::Direction::Write => Direction::Write,
    };
    Piece {
        direction,
        offset: header.offset,
        begun: header.start_ns,
        ended: header.end_ns,
        // The payload is a slice of a buffer that many connections share, which what we keep must not keep alive.
        bytes: Bytes::copy_from_slice(payload),
    }
}
