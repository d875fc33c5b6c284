//! What these tests have in common: a kernel side that only notes, a library to copy, processes that map it.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sidetone_ebpf_capture::Filter;
use sidetone_ebpf_capture::discover::sideband::Sideband;
use sidetone_ebpf_capture::discover::{Attach, Notice, WatchOptions, Watcher};
use sidetone_ebpf_capture::kernel::{Kernel, LoadOptions};
use sidetone_ebpf_capture::probe::Probe;
use sidetone_testkit::require;

/// Longest wait for something that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Skips unless process events can be had.
pub(crate) fn has_events() -> bool {
    require::or_skip("perf events of all processes (CAP_PERFMON; run as root)", Sideband::open().is_ok())
}

/// Skips unless programs can be loaded.
pub(crate) fn loads_programs() -> bool {
    let loaded = Kernel::load(&LoadOptions { ring_bytes: 1 << 20, ..LoadOptions::default() });
    require::or_skip("a kernel with BPF (run as root)", loaded.is_ok())
}

/// A shared OpenSSL of this machine.
pub(crate) fn libssl() -> Option<PathBuf> {
    let folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let found = folders.iter().map(|folder| Path::new(folder).join("libssl.so.3")).find(|path| path.is_file());
    require::some("libssl.so.3", found)
}

/// A kernel side that attaches nothing and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Noting {
    /// Inode → how often it's attached now.
    pub(crate) live: Arc<Mutex<HashMap<u64, usize>>>,
    /// Inode → how often it was asked for.
    asked: Mutex<HashMap<u64, usize>>,
    /// (what, pid), in order.
    pub(crate) verdicts: Mutex<Vec<(&'static str, u32)>>,
}

struct Attached(u64, Arc<Mutex<HashMap<u64, usize>>>);

impl Drop for Attached {
    fn drop(&mut self) {
        *self.1.lock().unwrap().get_mut(&self.0).unwrap() -= 1;
    }
}

impl Attach for Noting {
    fn attach(&self, path: &Path, probes: &[Probe]) -> Result<Box<dyn Send>, String> {
        assert!(!probes.is_empty());
        let inode = fs::metadata(path).map_err(|error| error.to_string())?.ino();
        *self.live.lock().unwrap().entry(inode).or_default() += 1;
        *self.asked.lock().unwrap().entry(inode).or_default() += 1;
        Ok(Box::new(Attached(inode, Arc::clone(&self.live))))
    }

    fn watch_process(&self, pid: u32) {
        self.verdicts.lock().unwrap().push(("watch", pid));
    }

    fn ignore_process(&self, pid: u32) {
        self.verdicts.lock().unwrap().push(("ignore", pid));
    }

    fn forget_process(&self, pid: u32) {
        self.verdicts.lock().unwrap().push(("forget", pid));
    }
}

impl Noting {
    /// How often the file was to be attached.
    pub(crate) fn asked(&self, path: &Path) -> usize {
        self.asked.lock().unwrap().get(&fs::metadata(path).unwrap().ino()).copied().unwrap_or(0)
    }

    /// How often the file is attached.
    pub(crate) fn times(&self, path: &Path) -> usize {
        self.live.lock().unwrap().get(&fs::metadata(path).unwrap().ino()).copied().unwrap_or(0)
    }

    pub(crate) fn total(&self) -> usize {
        self.live.lock().unwrap().values().sum()
    }
}

/// A watcher and what it told.
pub(crate) struct Watching {
    pub(crate) kernel: Arc<Noting>,
    pub(crate) watcher: Watcher,
    notices: Arc<Mutex<Vec<Notice>>>,
}

/// What this test program starts, and nothing else: other processes of the machine don't disturb, and looking through
/// their executables takes its time.
pub(crate) fn only_processes() -> WatchOptions {
    WatchOptions { scan_host: false, filter: own_tree(), ..WatchOptions::default() }
}

pub(crate) fn own_tree() -> Filter {
    Filter { trees: vec![std::process::id()], ..Filter::default() }
}

impl Watching {
    pub(crate) fn start(options: WatchOptions) -> Self {
        Self::start_with(options, |_| {})
    }

    /// `and` is called with each notice, too.
    pub(crate) fn start_with(options: WatchOptions, mut and: impl FnMut(&Notice) + Send + 'static) -> Self {
        let kernel = Arc::new(Noting::default());
        let notices: Arc<Mutex<Vec<Notice>>> = Arc::default();
        let into = Arc::clone(&notices);
        let tell = move |notice| {
            and(&notice);
            into.lock().unwrap().push(notice);
        };
        let watcher = Watcher::start(Arc::clone(&kernel) as Arc<dyn Attach>, options, tell).unwrap();
        Self { kernel, watcher, notices }
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap().clone()
    }

    /// Waits for a notice.
    pub(crate) fn wait(&self, what: &str, wanted: impl Fn(&Notice) -> bool) -> Notice {
        let mut found = None;
        until(what, || {
            found = self.notices.lock().unwrap().iter().find(|notice| wanted(notice)).cloned();
            found.is_some()
        });
        found.unwrap()
    }
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A process that ends with the test.
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that has the library mapped and sleeps.
pub(crate) fn sleeper_with(library: &Path) -> Running {
    let running = Running(Command::new("sleep").arg("1000").env("LD_PRELOAD", library).spawn().unwrap());
    let wanted = library.to_str().unwrap();
    let maps = format!("/proc/{}/maps", running.pid());
    until("the library is mapped", || fs::read_to_string(&maps).is_ok_and(|maps| maps.contains(wanted)));
    running
}

/// A copy of the library: another inode.
pub(crate) fn copy_of(library: &Path, folder: &Path, name: &str) -> PathBuf {
    let copy = folder.join(name);
    fs::copy(library, &copy).unwrap();
    copy
}
