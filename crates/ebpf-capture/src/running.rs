//! The threads and probes of a running capture, and how they are ended.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sidetone_pipeline::{Counters, Reason, Sink, SinkError};

use crate::assemble::{Assembler, Command, Here, Told, run};
use crate::capture::CaptureError;
use crate::discover::{Notice, WatchOptions, Watcher, now};
use crate::kernel::{DrainControl, Kernel, LoadOptions};
use crate::options::Options;
use crate::report::{LateAttach, Report, Unrecognised};

/// Most bytes of a batch.
const BATCH_BYTES: usize = 256 << 10;

/// Most processes of each kind that the report lists.
const MAX_LISTED: usize = 4096;

/// What the runtimes' table calls a file with the probe of in-process capture.
const INSTRUMENTED: &str = "sidetone";

/// How long an answer of the assembler is waited for.
const ANSWER: Duration = Duration::from_secs(2);

/// How much longer than the sinks' deadline the end is waited for.
const SLACK: Duration = Duration::from_millis(500);

/// A running capture.
pub(crate) struct Running {
    kernel: Kernel,
    draining: Draining,
    /// `None` once it is stopped.
    watcher: Option<Watcher>,
    attached: Vec<crate::report::AttachedFile>,
    commands: SyncSender<Command>,
    ended: Receiver<Told>,
    noticed: Arc<Mutex<Noticed>>,
}

/// The thread that drains the ring, which ends with this.
struct Draining(DrainControl);

impl Drop for Draining {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// What the watcher said so far.
#[derive(Debug, Default)]
struct Noticed {
    late: Vec<LateAttach>,
    unrecognised: Vec<Unrecognised>,
    /// Files with the probe by which a process says which calls it makes.
    instrumented: Arc<Mutex<HashSet<PathBuf>>>,
}

impl Running {
    pub(crate) fn start(
        options: &Options,
        sinks: Vec<Box<dyn Sink>>,
        counters: Arc<Counters>,
    ) -> Result<Self, CaptureError> {
        let load = LoadOptions { ring_bytes: options.ring_bytes, ..LoadOptions::default() };
        let (kernel, drain) = Kernel::load(&load).map_err(|error| CaptureError::Kernel(error.to_string()))?;
        let draining = Draining(drain.control());
        // Half of the memory is for what waits to be read, so that a burst need not fill the ring; what doesn't fit there
        // either is counted.
        let options = &Options { max_memory: options.max_memory / 2, ..options.clone() };
        let (to_assembler, batches) = sync_channel((options.max_memory / BATCH_BYTES).max(1));
        spawn("sidetone-drain", move || drain.run(to_assembler))?;
        let boot = SystemTime::now() - Duration::from_nanos(now());
        let noticed = Noticed::default();
        let instrumented = Arc::clone(&noticed.instrumented);
        let noticed = Arc::new(Mutex::new(noticed));
        let watcher = {
            let (noticed, counters) = (Arc::clone(&noticed), Arc::clone(&counters));
            let hear = move |notice| {
                noticed.lock().unwrap_or_else(PoisonError::into_inner).hear(notice, &counters);
            };
            let watch = WatchOptions { filter: options.filter.clone(), ..WatchOptions::default() };
            Watcher::start(Arc::new(kernel.clone()), watch, hear)
                .map_err(|error| CaptureError::Watch(error.to_string()))?
        };
        let here = Here::new(kernel.clone(), watcher.processes(), instrumented);
        let assembler = Assembler::new(here, options, boot, sinks, Arc::clone(&counters));
        let (commands, asked) = sync_channel(16);
        let (answer, ended) = sync_channel(1);
        spawn("sidetone-calls", move || {
            let _ = answer.try_send(run(assembler, &counters, &batches, &asked));
        })?;
        Ok(Self { kernel, draining, watcher: Some(watcher), attached: Vec::new(), commands, ended, noticed })
    }

    pub(crate) fn prepare(&self, path: &Path) -> Result<(), CaptureError> {
        let Some(watcher) = &self.watcher else { return Ok(()) };
        watcher.prepare(path).map(drop).map_err(|error| CaptureError::Watch(error.to_string()))
    }

    pub(crate) fn add_process(&self, pid: u32) {
        if let Some(watcher) = &self.watcher {
            watcher.add_process(pid);
        }
    }

    pub(crate) fn set_shedding(&self, is_shedding: bool) {
        // A thread that is gone sheds everything.
        let _ = self.commands.send(Command::Shed(is_shedding));
    }

    pub(crate) fn pause(&self, is_paused: bool) {
        self.draining.0.pause(is_paused);
    }

    pub(crate) fn report(&self) -> Report {
        let (answer, answered) = sync_channel(1);
        let asked = self.commands.try_send(Command::Tell(answer)).is_ok();
        let told = asked.then(|| answered.recv_timeout(ANSWER).ok()).flatten();
        self.report_of(told.unwrap_or_default())
    }

    fn report_of(&self, told: Told) -> Report {
        let noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner);
        let Told { tally, under_way, connections, held_bytes, undelivered } = told;
        Report {
            attached: self.watcher.as_ref().map_or_else(|| self.attached.clone(), Watcher::attached),
            unrecognised: noticed.unrecognised.clone(),
            late: noticed.late.clone(),
            lost: tally.lost,
            lost_elsewhere: tally.lost_elsewhere,
            kernel: self.kernel.counters().iter().collect(),
            processes: tally.processes.into_values().collect(),
            calls: tally.calls,
            announced: tally.announced,
            shed: tally.shed,
            under_way,
            connections,
            held_bytes,
            undelivered,
        }
    }

    /// Detaches everything, reads what is left, and waits until the sinks have it or `timeout` is over.
    pub(crate) fn stop(&mut self, timeout: Duration) -> Report {
        let Some(watcher) = self.watcher.take() else { return self.report_of(Told::default()) };
        let deadline = Instant::now() + timeout;
        self.attached = watcher.attached();
        drop(watcher);
        let _ = self.commands.try_send(Command::Stop(deadline));
        self.draining.0.stop();
        let left = deadline.saturating_duration_since(Instant::now());
        let told = match self.ended.recv_timeout(left + SLACK) {
            Ok(told) => told,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                let what = "the deadline passed before everything that was captured was read and delivered".into();
                Told { undelivered: vec![SinkError { sink: "capture", what }], ..Told::default() }
            }
        };
        self.report_of(told)
    }
}

impl Noticed {
    fn hear(&mut self, notice: Notice, counters: &Counters) {
        match notice {
            Notice::Late(late) if self.late.len() < MAX_LISTED => self.late.push(late),
            Notice::Unrecognised(process) if self.unrecognised.len() < MAX_LISTED => self.unrecognised.push(process),
            Notice::Attached(file) if file.runtime == INSTRUMENTED => {
                self.instrumented.lock().unwrap_or_else(PoisonError::into_inner).insert(file.path);
            }
            Notice::Rescanned { lost } => counters.add(Reason::NoticeLost, lost, 0),
            _ => {}
        }
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<(), CaptureError> {
    std::thread::Builder::new().name(name.into()).spawn(run).map(drop).map_err(CaptureError::Thread)
}
