//! Follows processes from event to event, and attaches to the TLS libraries that they map.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use super::files::{FileId, Files, Key, Look, Opened, Read, Unread};
use super::host;
use super::kernel::Attach;
use super::notice::Notice;
use super::proc::{self, Stat};
use super::record::{Event, Mapping, What};
use super::sockets::Sockets;
use super::sys::now;
use super::table::{Found, Processes, Verdict};
use crate::report::{LateAttach, Unrecognised};

/// Most files that wait to be looked through.
const READING: usize = 256;

/// After how long probes that the kernel refused are tried again, in nanoseconds.
const AGAIN_NS: u64 = 30_000_000_000;

/// The state of the watcher's thread.
pub(super) struct Follower {
    /// Never captured.
    own: u32,
    pub(super) processes: Arc<Processes>,
    pub(super) files: Files,
    kernel: Arc<dyn Attach>,
    notices: Box<dyn FnMut(Notice) + Send>,
    /// Processes whose first thread has ended while others may go on.
    ending: Vec<(u32, u64)>,
    /// Files that the other thread looks through, and which processes mapped them when.
    reading: HashMap<Key, Vec<(u32, u64)>>,
    to_reader: Sender<Unread>,
    sockets: Sockets,
    /// When the first scan was over: what was mapped before isn't late.
    ready_at: Option<u64>,
    /// Up to when every event is known.
    heard_until: u64,
}

/// A mapping of a file that must be looked at.
struct Sighting {
    pid: u32,
    at: u64,
    mapping: Mapping,
}

impl Follower {
    pub(super) fn new(
        processes: Arc<Processes>,
        kernel: Arc<dyn Attach>,
        notices: Box<dyn FnMut(Notice) + Send>,
        to_reader: Sender<Unread>,
    ) -> Self {
        Self {
            own: std::process::id(),
            processes,
            files: Files::new(Arc::clone(&kernel)),
            kernel,
            notices,
            ending: Vec::new(),
            reading: HashMap::new(),
            to_reader,
            sockets: Sockets::default(),
            ready_at: None,
            heard_until: now(),
        }
    }

    fn tell(&mut self, notice: Notice) {
        (self.notices)(notice);
    }

    /// Everything that runs has its probes, and from now on it's known who comes late.
    pub(super) fn is_ready(&mut self) {
        self.ready_at = Some(now());
    }

    /// Attaches to the TLS libraries of this host.
    pub(super) fn attach_host(&mut self, more: &[PathBuf]) {
        for path in host::tls_files(more) {
            // A dangling link, or a file that may not be read: nobody whom we could capture maps it either.
            let _ = self.attach_path(&path);
        }
    }

    /// Attaches to a file for good, before anybody runs it.
    pub(super) fn attach_path(&mut self, path: &Path) -> std::io::Result<Look> {
        let look = self.files.look_by_path(path)?;
        self.tell_attached(look);
        Ok(look)
    }

    fn tell_attached(&mut self, look: Look) {
        if let Look::Tls { file, is_new: true } = look {
            let attached = self.files.get(file).map(|file| file.attached.clone()).unwrap_or_default();
            for file in attached {
                self.tell(Notice::Attached(file));
            }
        }
    }

    /// Takes events in the order of their times.
    pub(super) fn handle(&mut self, events: Vec<Event>) {
        let mut unknown = Vec::new();
        for event in events {
            self.heard_until = self.heard_until.max(event.at);
            let Event { at, pid, tid, what } = event;
            let is_process = pid == tid;
            match what {
                What::Forked { parent } if parent == pid => self.processes.has_thread(pid),
                What::Forked { parent } => self.forked(pid, parent, at),
                What::Named { comm, by_exec } if is_process => self.named(pid, comm, by_exec, at),
                What::Named { .. } => {}
                What::Exited if is_process => self.first_thread_exited(pid, at),
                What::Exited => {}
                What::Mapped(mapping) => {
                    self.processes.mapped(pid, &mapping.path);
                    match self.files.known(pid, &mapping) {
                        Some(Look::Plain) => {}
                        Some(Look::Tls { file, .. }) => self.has_tls(pid, at, file),
                        None => unknown.push(Sighting { pid, at, mapping }),
                    }
                }
            }
        }
        self.processes.heard(self.heard_until);
        self.look_at(unknown, false);
    }

    fn forked(&mut self, pid: u32, parent: u32, at: u64) {
        self.ending.retain(|(ending, _)| *ending != pid);
        self.processes.forked(pid, parent, at);
        self.settle(pid);
        self.tell(Notice::Started { pid, parent, at });
    }

    fn named(&mut self, pid: u32, comm: Box<str>, by_exec: bool, at: u64) {
        let was_wanted = self.processes.admits(pid, at);
        self.processes.named(pid, &comm, by_exec, at);
        if by_exec {
            self.ending.retain(|(ending, _)| *ending != pid);
        }
        self.settle(pid);
        if by_exec {
            self.tell(Notice::Executed { pid, comm, at });
        } else if !was_wanted && self.processes.admits(pid, at) {
            self.look_at_process(pid, at);
        }
    }

    fn first_thread_exited(&mut self, pid: u32, at: u64) {
        if self.processes.is_threaded(pid) {
            self.ending.push((pid, at));
            self.end_processes();
        } else {
            self.exited(pid, at);
        }
    }

    /// Ends those processes whose last thread has ended by now.
    pub(super) fn end_processes(&mut self) {
        let mut over = Vec::new();
        self.ending.retain(|&(pid, at)| {
            let is_over = Stat::of(pid).map_or(true, |stat| stat.is_over());
            if is_over {
                over.push((pid, at));
            }
            !is_over
        });
        for (pid, at) in over {
            self.exited(pid, at);
        }
    }

    /// Whether processes are ending, so that it must be looked again soon.
    pub(super) fn is_waiting(&self) -> bool {
        !self.ending.is_empty()
    }

    fn exited(&mut self, pid: u32, at: u64) {
        if let Some(gone) = self.processes.exited(pid, at) {
            if gone.had_tls {
                self.kernel.forget_process(pid);
            }
            self.tell(Notice::Exited { pid, at });
        }
    }

    /// Tells the kernel side whether the process is wanted.
    fn settle(&self, pid: u32) {
        if pid == self.own {
            return;
        }
        match self.processes.verdict(pid) {
            Some(Verdict::Watch) => self.kernel.watch_process(pid),
            Some(Verdict::Ignore) => self.kernel.ignore_process(pid),
            None => {}
        }
    }

    /// Looks at files that were met for the first time: those first that by their name are TLS libraries. What takes long
    /// is left to another thread, unless it was asked to wait for it.
    fn look_at(&mut self, mut sightings: Vec<Sighting>, wait: bool) {
        sightings.sort_by_key(|sighting| !host::is_tls_library(&sighting.mapping.path));
        for sighting in sightings {
            let Sighting { pid, at, mapping } = &sighting;
            if !self.processes.admits(*pid, *at) {
                continue;
            }
            match self.files.open(*pid, mapping) {
                Ok(Opened::Known(look)) => self.looked(look, &[(*pid, *at)]),
                Ok(Opened::Unread(unread)) => self.read(unread, (*pid, *at), wait),
                Err(error) if host::is_tls_library(&mapping.path) => self.unreadable(*pid, *at, mapping, &error),
                // Anything else that can't be opened by us isn't known to matter.
                Err(_) => {}
            }
        }
    }

    fn read(&mut self, unread: Unread, who: (u32, u64), wait: bool) {
        let key = unread.key();
        if !wait && unread.takes_long() {
            if let Some(waiting) = self.reading.get_mut(&key) {
                waiting.push(who);
                return;
            }
            if self.reading.len() < READING {
                self.reading.insert(key, vec![who]);
                // It ends after us.
                let _ = self.to_reader.send(unread);
                return;
            }
        }
        let look = self.files.finish(unread.read());
        self.looked(look, &[who]);
    }

    /// The other thread has looked through a file.
    pub(super) fn was_read(&mut self, read: Read) {
        let waiting = self.reading.remove(&read.key()).unwrap_or_default();
        let look = self.files.finish(read);
        self.looked(look, &waiting);
    }

    fn looked(&mut self, look: Look, who: &[(u32, u64)]) {
        self.tell_attached(look);
        if let Look::Tls { file, .. } = look {
            for (pid, at) in who {
                self.has_tls(*pid, *at, file);
            }
        }
    }

    /// The process has a TLS library mapped.
    fn has_tls(&mut self, pid: u32, at: u64, file: FileId) {
        if !self.processes.has_tls(pid, at, file) {
            return;
        }
        self.settle(pid);
        let Some(tls) = self.files.get(file) else { return };
        if !self.processes.admits(pid, at) || !tls.has_tls() {
            return;
        }
        let is_late = tls.is_captured() && self.ready_at.is_some_and(|ready| ready < at) && at < tls.attached_at;
        if is_late {
            let delay = Duration::from_nanos(tls.attached_at - at);
            let late = LateAttach { pid, delay, path: tls.path.clone() };
            self.tell(Notice::Late(late));
        } else if !tls.out_of_reach.is_empty() {
            let why = tls.out_of_reach.join("; ");
            self.unrecognised(pid, at, why);
        }
    }

    fn unreadable(&mut self, pid: u32, at: u64, mapping: &Mapping, error: &std::io::Error) {
        let path = mapping.path.display();
        let why = format!(
            "{path} can't be opened ({error}): in another mount namespace, or deleted; that needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, and CAP_CHECKPOINT_RESTORE for a deleted file"
        );
        self.unrecognised(pid, at, why);
    }

    fn unrecognised(&mut self, pid: u32, at: u64, why: String) {
        if self.processes.is_first_report(pid) {
            let exe = self.processes.process(pid, at).executable.as_deref().map(PathBuf::from);
            self.tell(Notice::Unrecognised(Unrecognised { pid, exe, why }));
        }
    }

    /// Looks at all that a process has mapped.
    fn look_at_process(&mut self, pid: u32, at: u64) {
        if let Ok(mappings) = proc::mappings(pid) {
            self.look_at(mappings.into_iter().map(|mapping| Sighting { pid, at, mapping }).collect(), true);
        }
    }

    /// A process and its descendants are wanted from now on.
    pub(super) fn add_process(&mut self, pid: u32) {
        let at = now();
        for member in self.processes.add_root(pid) {
            self.settle(member);
            // A stopped copy of this program is about to become another (`run`), and does nothing of its own before.
            if proc::exe(member).is_none_or(|exe| Some(exe) != proc::exe(self.own)) {
                self.look_at_process(member, at);
            }
        }
    }

    /// Looks through `/proc`: at start, and after events were lost.
    pub(super) fn scan(&mut self) {
        let at = now();
        let since = self.heard_until;
        let all = proc::all().unwrap_or_default();
        for pid in self.processes.live() {
            if !all.contains(&pid) {
                self.exited(pid, at);
            }
        }
        // All are known before any is judged: membership of a tree goes by parents.
        let mut present = Vec::new();
        for pid in all {
            let Ok(stat) = Stat::of(pid) else { continue };
            if stat.is_over() {
                self.exited(pid, at);
                continue;
            }
            self.found(pid, &stat, at);
            present.push(pid);
        }
        for pid in present {
            self.settle(pid);
            if pid != self.own {
                self.look_at_process(pid, since);
            }
        }
        self.heard_until = at;
    }

    fn found(&mut self, pid: u32, stat: &Stat, at: u64) {
        let found = self.processes.found(pid, stat, at);
        if self.ready_at.is_none() {
            return;
        }
        match found {
            Found::Known => {}
            Found::Renamed => self.tell(Notice::Executed { pid, comm: stat.comm.clone(), at }),
            Found::New | Found::Reused => {
                if found == Found::Reused {
                    self.kernel.forget_process(pid);
                    self.tell(Notice::Exited { pid, at });
                }
                self.tell(Notice::Started { pid, parent: stat.parent, at });
                self.tell(Notice::Executed { pid, comm: stat.comm.clone(), at });
            }
        }
    }

    /// After lost events.
    pub(super) fn rescan(&mut self, lost: u64) {
        self.scan();
        self.tell(Notice::Rescanned { lost });
    }

    /// Detaches what nobody uses, and forgets who is gone.
    pub(super) fn tidy(&mut self, linger: Duration) {
        let now = now();
        self.processes.tidy(now);
        for pid in self.processes.moved() {
            self.settle(pid);
            self.look_at_process(pid, now);
        }
        let refused = self.files.forget_refused(now.saturating_sub(AGAIN_NS));
        if !refused.is_empty() {
            for pid in self.processes.live() {
                if self.processes.files_of(pid).iter().any(|file| refused.contains(file)) {
                    self.look_at_process(pid, now);
                }
            }
        }
        let in_use = self.processes.files_in_use();
        let linger = u64::try_from(linger.as_nanos()).unwrap_or(u64::MAX);
        for path in self.files.detach_idle(&in_use, now, linger) {
            self.tell(Notice::Detached(path));
        }
    }

    /// Reports processes that talk to port 443 and have no TLS library that is known.
    pub(super) fn look_at_sockets(&mut self) {
        let at = now();
        let live = self.processes.live();
        for pid in self.sockets.look(&live) {
            let files = self.processes.files_of(pid);
            let files: Vec<_> = files.iter().filter_map(|file| self.files.get(*file)).collect();
            if !self.processes.admits(pid, at) || files.iter().any(|file| file.has_tls()) {
                continue;
            }
            let out_of_reach: Vec<&str> =
                files.iter().flat_map(|file| &file.unused_mostly).map(String::as_str).collect();
            let why = if out_of_reach.is_empty() {
                "it has a connection to port 443, and no TLS library that is known here: TLS may be linked in without symbols. \
                 Where it can be changed, use the in-process middleware or its own instrumentation"
                    .to_owned()
            } else {
                out_of_reach.join("; ")
            };
            self.unrecognised(pid, at, why);
        }
    }
}
