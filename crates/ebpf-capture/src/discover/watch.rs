//! The threads that watch processes: one reads events, one follows them, one looks through large files.

use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use super::files::{Read, Unread};
use super::follow::Follower;
use super::kernel::Attach;
use super::notice::Notice;
use super::order::Order;
use super::prepare;
use super::record::Event;
use super::sideband::{Sideband, SidebandError};
use super::sys::now;
use super::table::Processes;
use crate::options::Filter;
use crate::report::AttachedFile;

/// Batches of events that may wait for the follower; then the rings fill, and what they can't hold is counted.
const BATCHES: usize = 256;
/// How often the reader looks while records may still be overtaken.
const SETTLING: Duration = Duration::from_micros(60);
/// How often the reader looks without being woken.
const IDLE: Duration = Duration::from_secs(5);
/// How often the follower looks after processes that are ending.
const ENDING: Duration = Duration::from_millis(20);
/// How often it looks after idle files and remembered processes.
const TIDYING: Duration = Duration::from_secs(5);
/// How often it looks at sockets.
const SOCKETS: Duration = Duration::from_secs(5);
/// How long a file that nobody has mapped keeps its probes, unless told otherwise.
const LINGER: Duration = Duration::from_secs(300);

/// What to watch.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// Which processes.
    pub filter: Filter,
    /// More files, or folders of files, to attach to from the start.
    pub libraries: Vec<PathBuf>,
    /// Whether to attach to the TLS libraries that are installed on this host, before anybody uses them.
    pub scan_host: bool,
    /// How long a file that nobody has mapped keeps its probes.
    pub linger: Duration,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self { filter: Filter::default(), libraries: Vec::new(), scan_host: true, linger: LINGER }
    }
}

/// Processes can't be watched, or a file can't be prepared.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The kernel gives no events.
    #[error(transparent)]
    Events(#[from] SidebandError),
    /// A thread or pipe could not be made.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
    /// The file to prepare can't be read.
    #[error("{path}: {why}")]
    Prepare {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The watcher's thread has ended.
    #[error("the watcher has stopped")]
    Stopped,
}

/// How much is watched, and what was missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchCounts {
    /// Records of process events that the kernel had no room for.
    pub lost_records: u64,
    /// How often `/proc` was looked through because of that.
    pub rescans: u64,
    /// Files that have probes.
    pub files: usize,
    /// Processes that are known, some that ended lately among them.
    pub processes: usize,
}

#[derive(Debug, Default)]
struct Counts {
    lost_records: AtomicU64,
    rescans: AtomicU64,
    files: AtomicUsize,
}

/// What the follower is told.
enum Message {
    Events {
        events: Vec<Event>,
        lost: u64,
    },
    Prepare {
        files: Vec<PathBuf>,
        done: SyncSender<Vec<AttachedFile>>,
    },
    /// A file that took long was looked through.
    Read(Read),
    AddProcess {
        pid: u32,
        done: SyncSender<()>,
    },
    Stop,
}

/// Watches processes until it is dropped; then every file is detached.
#[derive(Debug)]
pub struct Watcher {
    processes: Arc<Processes>,
    attached: Arc<Mutex<Vec<AttachedFile>>>,
    counts: Arc<Counts>,
    to_follower: SyncSender<Message>,
    bell: Option<PipeWriter>,
    is_stopping: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Watcher {
    /// Starts to watch. When it returns, the TLS libraries of all running processes that the filter lets in, and those
    /// known on this host, have their probes. `notices` is called on the watcher's own thread.
    ///
    /// # Errors
    /// When the kernel gives no process events; nothing stays attached.
    pub fn start(
        kernel: Arc<dyn Attach>,
        options: WatchOptions,
        notices: impl FnMut(Notice) + Send + 'static,
    ) -> Result<Self, WatchError> {
        kernel.ignore_process(std::process::id());
        // Before the scan, so that nothing begins unseen in between.
        let sideband = Sideband::open()?;
        let processes = Arc::new(Processes::new(&options.filter));
        let (to_follower, messages) = sync_channel(BATCHES);
        let (reader_bell, bell) = io::pipe()?;
        let (ready, is_ready) = sync_channel(1);
        let mut watcher = Self {
            processes: Arc::clone(&processes),
            attached: Arc::default(),
            counts: Arc::default(),
            to_follower: to_follower.clone(),
            bell: Some(bell),
            is_stopping: Arc::default(),
            threads: Vec::new(),
        };
        let stopping = Arc::clone(&watcher.is_stopping);
        let read = move || read_events(sideband, &reader_bell, &to_follower, &stopping);
        watcher.threads.push(Builder::new().name("sidetone-events".into()).spawn(read)?);
        let (to_reader, unread) = channel::<Unread>();
        let from_reader = watcher.to_follower.clone();
        let look_through = move || {
            while let Ok(file) = unread.recv() {
                if from_reader.send(Message::Read(file.read())).is_err() {
                    return;
                }
            }
        };
        let follower = Follower::new(processes, kernel, Box::new(notices), to_reader);
        watcher.threads.push(Builder::new().name("sidetone-files".into()).spawn(look_through)?);
        let shared = (Arc::clone(&watcher.attached), Arc::clone(&watcher.counts));
        let follow = move || follow(follower, &options, &messages, &ready, &shared);
        watcher.threads.push(Builder::new().name("sidetone-watch".into()).spawn(follow)?);
        is_ready.recv().map_err(|_| WatchError::Stopped)?;
        Ok(watcher)
    }

    /// Attaches to an executable and everything that it will load, as far as that can be told before it runs.
    ///
    /// # Errors
    /// When the executable can't be read.
    pub fn prepare(&self, executable: &Path) -> Result<Vec<AttachedFile>, WatchError> {
        let because = |error: io::Error| WatchError::Prepare { path: executable.into(), why: error.to_string() };
        let files = prepare::files(executable).map_err(because)?.all;
        let (done, result) = sync_channel(1);
        self.to_follower.send(Message::Prepare { files, done }).map_err(|_| WatchError::Stopped)?;
        result.recv().map_err(|_| WatchError::Stopped)
    }

    /// Lets a process and everything that descends from it into the filter. When it returns, that holds.
    pub fn add_process(&self, pid: u32) {
        let (done, result) = sync_channel(1);
        if self.to_follower.send(Message::AddProcess { pid, done }).is_ok() {
            let _ = result.recv();
        }
    }

    /// The processes.
    #[must_use]
    pub fn processes(&self) -> Arc<Processes> {
        Arc::clone(&self.processes)
    }

    /// The files that have probes.
    #[must_use]
    pub fn attached(&self) -> Vec<AttachedFile> {
        self.attached.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How much is watched, and what was missed.
    #[must_use]
    pub fn counts(&self) -> WatchCounts {
        WatchCounts {
            lost_records: self.counts.lost_records.load(Ordering::Relaxed),
            rescans: self.counts.rescans.load(Ordering::Relaxed),
            files: self.counts.files.load(Ordering::Relaxed),
            processes: self.processes.count(),
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.is_stopping.store(true, Ordering::Release);
        if let Some(mut bell) = self.bell.take() {
            let _ = bell.write_all(b"x");
        }
        let _ = self.to_follower.send(Message::Stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Reads the rings, puts their records in order, and hands them on.
fn read_events(mut sideband: Sideband, bell: &PipeReader, to: &SyncSender<Message>, is_stopping: &AtomicBool) {
    let mut order = Order::default();
    let mut read = Vec::new();
    let mut followed = Instant::now();
    while !is_stopping.load(Ordering::Acquire) {
        let began = now();
        let taken = sideband.take(&mut read);
        let events = order.settle(&mut read, began);
        let mut lost = taken.lost + taken.bad;
        if followed.elapsed() > IDLE {
            followed = Instant::now();
            // What a processor that has just come online told before is lost.
            lost += u64::from(sideband.follow_processors().is_ok_and(|new| new > 0));
        }
        let is_quiet = events.is_empty() && lost == 0;
        if !is_quiet && to.send(Message::Events { events, lost }).is_err() {
            return;
        }
        let timeout = if order.is_holding() { SETTLING } else { IDLE };
        if order.is_holding() {
            // Don't wait for the next record: time passes by itself.
            std::thread::sleep(timeout);
        } else if sideband.wait(bell.as_fd(), timeout).is_err() {
            return;
        }
    }
}

fn follow(
    mut follower: Follower,
    options: &WatchOptions,
    messages: &Receiver<Message>,
    ready: &SyncSender<()>,
    (attached, counts): &(Arc<Mutex<Vec<AttachedFile>>>, Arc<Counts>),
) {
    follower.scan();
    if options.scan_host {
        follower.attach_host(&options.libraries);
    }
    follower.is_ready();
    let publish = |follower: &Follower| {
        counts.files.store(follower.files.len(), Ordering::Relaxed);
        *attached.lock().unwrap_or_else(PoisonError::into_inner) = follower.files.attached();
    };
    publish(&follower);
    let _ = ready.send(());
    let (mut tidied, mut looked) = (Instant::now(), Instant::now());
    loop {
        let wait = if follower.is_waiting() { ENDING } else { TIDYING.min(SOCKETS) };
        let before = follower.files.len();
        match messages.recv_timeout(wait) {
            Ok(Message::Events { events, lost }) => {
                follower.handle(events);
                if lost > 0 {
                    counts.lost_records.fetch_add(lost, Ordering::Relaxed);
                    counts.rescans.fetch_add(1, Ordering::Relaxed);
                    follower.rescan(lost);
                }
            }
            Ok(Message::Prepare { files, done }) => {
                for file in files {
                    let _ = follower.attach_path(&file);
                }
                let _ = done.send(follower.files.attached());
            }
            Ok(Message::Read(read)) => follower.was_read(read),
            Ok(Message::AddProcess { pid, done }) => {
                follower.add_process(pid);
                let _ = done.send(());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        follower.end_processes();
        if tidied.elapsed() >= TIDYING {
            tidied = Instant::now();
            follower.tidy(options.linger);
        }
        if looked.elapsed() >= SOCKETS {
            looked = Instant::now();
            follower.look_at_sockets();
        }
        if follower.files.len() != before {
            publish(&follower);
        }
    }
}
