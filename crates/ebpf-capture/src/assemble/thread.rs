//! The thread that turns records into calls, and what it is asked from outside.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sidetone_core::event::Process;
use sidetone_pipeline::{Counters, Reason, SinkError};

use super::assembler::{Assembler, Host, Tally};
use crate::discover::{self, Processes};
use crate::kernel::{Batch, Kernel, KernelCounters, RecordHeader};

/// How often what the kernel side counted is added to the counters.
const COUNT_EVERY: Duration = Duration::from_secs(1);

/// The longest that is waited for the start of a process that is gone, of which calls are there: where every processor is busy, who
/// hears of it is behind.
const HEARSAY: Duration = Duration::from_secs(3);
const HEARSAY_POLL: Duration = Duration::from_millis(1);

/// How long sinks have to deliver when nobody stops the capture but its end.
const LAST_DEADLINE: Duration = Duration::from_secs(5);

/// Most batches that are read before time is looked at.
const BATCHES_AT_ONCE: usize = 64;

/// What is asked of the thread.
pub(crate) enum Command {
    /// What was done so far.
    Tell(SyncSender<Told>),
    /// Whether calls are to be let go of as they come.
    Shed(bool),
    /// The records end soon: sinks have until then.
    Stop(Instant),
}

/// What the thread did so far, or in all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) tally: Tally,
    pub(crate) under_way: usize,
    pub(crate) connections: usize,
    pub(crate) held_bytes: usize,
    pub(crate) undelivered: Vec<SinkError>,
}

/// The surroundings of a real capture.
pub(crate) struct Here {
    kernel: Kernel,
    processes: Arc<Processes>,
    instrumented: Arc<Mutex<HashSet<PathBuf>>>,
    /// Processes that said something of themselves.
    announcing: HashSet<u32>,
}

impl Here {
    /// `instrumented`: the files that have the probe by which a process says which calls it makes.
    pub(crate) fn new(kernel: Kernel, processes: Arc<Processes>, instrumented: Arc<Mutex<HashSet<PathBuf>>>) -> Self {
        Self { kernel, processes, instrumented, announcing: HashSet::new() }
    }
}

impl Host for Here {
    fn ignore(&mut self, pid: u32, address: u64, conn: u64) {
        // If it is gone already there is nothing to be ignored.
        let _ = self.kernel.ignore(pid, address, conn);
    }

    fn admits(&mut self, header: &RecordHeader) -> bool {
        // A process that lives for milliseconds has ended before its start is heard of.
        let waited = Instant::now();
        while self.processes.is_ahead(header.pid, header.end_ns) && waited.elapsed() < HEARSAY {
            std::thread::sleep(HEARSAY_POLL);
        }
        self.processes.admits(header.pid, header.end_ns)
    }

    fn process(&mut self, header: &RecordHeader) -> Arc<Process> {
        self.processes.process(header.pid, header.end_ns)
    }

    fn handle_announcing(&mut self, pid: u32) {
        self.announcing.insert(pid);
    }

    fn is_instrumented(&mut self, pid: u32, process: &Process) -> bool {
        let Some(exe) = process.executable.as_deref() else { return self.announcing.contains(&pid) };
        // Through the root of a container its path has a longer beginning.
        let exe = Path::new(exe.trim_start_matches('/'));
        let instrumented = self.instrumented.lock().unwrap_or_else(PoisonError::into_inner);
        self.announcing.contains(&pid) || instrumented.iter().any(|file| file.ends_with(exe))
    }
}

/// Runs until the records end: the capture was stopped, or the thread that drains the ring is gone.
pub(crate) fn run(
    mut assembler: Assembler<Here>,
    counters: &Counters,
    batches: &Receiver<Batch>,
    commands: &Receiver<Command>,
) -> Told {
    let now = || Duration::from_nanos(discover::now());
    let mut deadline = None;
    let mut counted = Counted::default();
    let mut next_count = now();
    loop {
        let mut ended = false;
        match batches.recv_timeout(assembler.pause()) {
            Ok(batch) => {
                let more = batches.try_iter().take(BATCHES_AT_ONCE);
                for record in std::iter::once(batch).chain(more).flat_map(|batch| batch.records) {
                    assembler.handle_record(record, now());
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => ended = true,
        }
        assembler.handle_time(now());
        if ended || next_count <= now() {
            next_count = now() + COUNT_EVERY;
            counted.add(&assembler.host.kernel.counters(), counters);
        }
        for command in commands.try_iter() {
            match command {
                Command::Tell(answer) => {
                    let _ = answer.try_send(told(&assembler));
                }
                Command::Shed(is_shedding) => assembler.set_shedding(is_shedding),
                Command::Stop(until) => deadline = Some(until),
            }
        }
        if ended {
            assembler.finish(now());
            let until = deadline.unwrap_or_else(|| Instant::now() + LAST_DEADLINE);
            let mut told = told(&assembler);
            told.undelivered = assembler.sinks().iter_mut().filter_map(|sink| sink.shutdown(until).err()).collect();
            return told;
        }
    }
}

/// What the kernel side had counted when it was last looked at.
#[derive(Debug, Default)]
struct Counted(KernelCounters);

impl Counted {
    /// Adds what it counted since.
    fn add(&mut self, now: &KernelCounters, counters: &Counters) {
        let before = std::mem::replace(&mut self.0, *now);
        let causes: [(Reason, Count, Count); 6] = [
            (Reason::CaptureRingFull, |all| all.ring_full_records, |all| all.ring_full_bytes),
            (Reason::CaptureUnreadable, |all| all.fault_records + all.length_faults, |all| all.fault_bytes),
            (Reason::CaptureTooLong, |_| 0, |all| all.truncated_bytes),
            (Reason::CaptureTableFull, |all| all.connections_full_calls, |all| all.connections_full_bytes),
            (Reason::CaptureTableFull, |all| all.calls_full, |_| 0),
            (Reason::CaptureTableFull, |all| all.processes_full, |_| 0),
        ];
        for (reason, items, bytes) in causes {
            let since = |count: Count| count(now).saturating_sub(count(&before));
            counters.add(reason, since(items), since(bytes));
        }
    }
}

type Count = fn(&KernelCounters) -> u64;

fn told(assembler: &Assembler<Here>) -> Told {
    Told {
        tally: assembler.tally(),
        under_way: assembler.calls_under_way(),
        connections: assembler.connections(),
        held_bytes: assembler.held_bytes(),
        undelivered: Vec::new(),
    }
}
