//! The processes that are and were: who had a process id at a moment, what is known of it, and whether it is wanted.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sidetone_core::event::Process;

use super::container::Place;
use super::files::FileId;
use super::filter::Rules;
use super::proc::{self, Stat};
use crate::options::Filter;

/// How long a process that had a TLS library is remembered after its end or exec: calls are told of until then.
const REMEMBERED_NS: u64 = 60_000_000_000;
/// Most programs that are remembered for one process id. A process that execs more often within a minute is known by its
/// latest.
const IMAGES: usize = 16;

/// The processes of this host. Cheap to ask from another thread.
#[derive(Debug)]
pub struct Processes {
    own: u32,
    /// Everything that happened until then was heard of.
    heard_until: AtomicU64,
    table: Mutex<Table>,
}

#[derive(Debug)]
struct Table {
    rules: Rules,
    by_pid: HashMap<u32, Vec<Image>>,
}

/// One program that ran under a process id: from its fork or exec to its exec or exit.
#[derive(Debug, Clone, Default)]
struct Image {
    from: u64,
    until: Option<u64>,
    parent: Option<u32>,
    start_ticks: Option<u64>,
    comm: Option<Box<str>>,
    exe: Option<Box<str>>,
    /// The first file that an exec maps is its executable.
    awaits_exe: bool,
    place: Option<Place>,
    facts: Option<Arc<Process>>,
    has_threads: bool,
    is_in_tree: bool,
    has_wanted_name: bool,
    is_in_cgroup: Option<bool>,
    /// What the kernel side was told of the process: that it is to be ignored.
    is_ignored: bool,
    /// The TLS libraries that it has mapped.
    files: Vec<FileId>,
    /// It was reported as one whose TLS isn't understood.
    is_reported: bool,
}

/// What the kernel side has to be told of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Watch,
    Ignore,
}

/// A process that is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gone {
    /// The kernel side may know of it.
    pub(super) had_tls: bool,
}

impl Processes {
    pub(super) fn new(filter: &Filter) -> Self {
        let table = Table { rules: Rules::new(filter), by_pid: HashMap::new() };
        Self { own: std::process::id(), heard_until: AtomicU64::new(0), table: Mutex::new(table) }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who had that process id at that moment (nanoseconds of `CLOCK_MONOTONIC`). What isn't known is `None`.
    #[must_use]
    pub fn process(&self, pid: u32, at: u64) -> Arc<Process> {
        let mut table = self.lock();
        match table.at(pid, at) {
            Some(image) => image.facts(pid),
            // Not heard of yet: as it is now, if it is still there.
            None => Image::default().facts(pid),
        }
    }

    /// Whether the process that had that id at that moment is wanted. The own process never is.
    #[must_use]
    pub fn admits(&self, pid: u32, at: u64) -> bool {
        if pid == self.own {
            return false;
        }
        let mut table = self.lock();
        if table.rules.admits_everything() {
            return true;
        }
        let Table { rules, by_pid } = &mut *table;
        if let Some(image) = by_pid.get_mut(&pid).and_then(|life| at_of(life, at)) {
            return image.is_wanted(pid, rules);
        }
        // Its start wasn't heard of yet: it is what its parents are.
        let mut image = Image::default();
        if let Ok(stat) = Stat::of(pid) {
            image.is_in_tree = rules.is_root(pid) || is_below(&*by_pid, rules, stat.parent);
            image.has_wanted_name = rules.admits_name(Some(&stat.comm), None);
        }
        image.is_wanted(pid, rules)
    }

    /// Whether the process that had that id at that moment is gone, and its start is still to be heard of: what it did may be known
    /// before, for that comes another way. Ask again soon.
    #[must_use]
    pub fn is_ahead(&self, pid: u32, at: u64) -> bool {
        self.heard_until.load(Ordering::Acquire) < at
            && !self.lock().by_pid.contains_key(&pid)
            && Stat::of(pid).is_err()
    }

    /// Everything that happened until then was heard of.
    pub(super) fn heard(&self, until: u64) {
        self.heard_until.fetch_max(until, Ordering::AcqRel);
    }

    /// A process was started. `false`: it was known.
    pub(super) fn forked(&self, pid: u32, parent: u32, at: u64) {
        let mut table = self.lock();
        let inherited = table.live(parent).map(|parent| Image {
            comm: parent.comm.clone(),
            exe: parent.exe.clone(),
            place: parent.place.clone(),
            is_in_tree: parent.is_in_tree,
            has_wanted_name: parent.has_wanted_name,
            is_in_cgroup: parent.is_in_cgroup,
            files: parent.files.clone(),
            ..Image::default()
        });
        let mut image = Image { from: at, parent: Some(parent), ..inherited.unwrap_or_default() };
        image.is_in_tree |= table.rules.is_root(pid) || table.rules.is_root(parent);
        table.begin(pid, image);
    }

    /// A thread was started.
    pub(super) fn has_thread(&self, pid: u32) {
        if let Some(image) = self.lock().live(pid) {
            image.has_threads = true;
        }
    }

    pub(super) fn is_threaded(&self, pid: u32) -> bool {
        self.lock().live(pid).is_some_and(|image| image.has_threads)
    }

    /// A process was found by looking: it is begun or renewed by what was read. What was new about it.
    pub(super) fn found(&self, pid: u32, stat: &Stat, at: u64) -> Found {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        let known = by_pid.get_mut(&pid).and_then(|life| life.last_mut()).filter(|image| image.until.is_none());
        if let Some(image) = known
            && image.start_ticks.is_none_or(|ticks| ticks == stat.start_ticks)
        {
            image.start_ticks = Some(stat.start_ticks);
            image.has_threads |= stat.threads > 1;
            if image.comm.as_ref().is_none_or(|comm| *comm == stat.comm) {
                image.set_comm(&stat.comm, rules);
                return Found::Known;
            }
            let mut image = image.next(at);
            image.exe = proc::exe(pid).map(|exe| exe.to_string_lossy().into());
            image.awaits_exe = false;
            image.set_comm(&stat.comm, rules);
            table.begin(pid, image);
            return Found::Renamed;
        }
        let is_reused = known_is_live(by_pid.get(&pid));
        let mut image = Image {
            from: at,
            parent: Some(stat.parent),
            start_ticks: Some(stat.start_ticks),
            has_threads: stat.threads > 1,
            is_in_tree: rules.is_root(pid) || is_below(by_pid, rules, stat.parent),
            ..Image::default()
        };
        image.exe = proc::exe(pid).map(|exe| exe.to_string_lossy().into());
        image.awaits_exe = image.exe.is_none();
        image.set_comm(&stat.comm, rules);
        table.begin(pid, image);
        if is_reused { Found::Reused } else { Found::New }
    }

    /// The process has a new name, or by an exec is a new program.
    pub(super) fn named(&self, pid: u32, comm: &str, by_exec: bool, at: u64) {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        let life = by_pid.entry(pid).or_default();
        let live = life.last_mut().filter(|image| image.until.is_none());
        let mut image = match live {
            Some(image) if !by_exec => {
                image.set_comm(comm, rules);
                return;
            }
            Some(image) => image.next(at),
            None => Image { from: at, is_in_tree: rules.is_root(pid), awaits_exe: by_exec, ..Image::default() },
        };
        image.set_comm(comm, rules);
        table.begin(pid, image);
    }

    /// The process has mapped that file: the first one after an exec is its executable.
    pub(super) fn mapped(&self, pid: u32, path: &Path) {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        let image = by_pid.get_mut(&pid).and_then(|life| life.last_mut());
        if let Some(image) = image.filter(|image| image.awaits_exe) {
            image.awaits_exe = false;
            image.exe = Some(path.to_string_lossy().into());
            image.facts = None;
            image.has_wanted_name |= rules.admits_name(None, image.exe.as_deref());
        }
    }

    /// The process that had that id at that moment has a TLS library mapped. `false`: that was known.
    pub(super) fn has_tls(&self, pid: u32, at: u64, file: FileId) -> bool {
        let mut table = self.lock();
        let Some(image) = table.at(pid, at) else { return true };
        if image.files.contains(&file) {
            return false;
        }
        image.files.push(file);
        // While it is there to be read.
        let _ = image.facts(pid);
        true
    }

    /// The files with TLS libraries that the live process has mapped.
    pub(super) fn files_of(&self, pid: u32) -> Vec<FileId> {
        self.lock().live(pid).map(|image| image.files.clone()).unwrap_or_default()
    }

    /// Whether this is the first report of the live process as one whose TLS isn't understood.
    pub(super) fn is_first_report(&self, pid: u32) -> bool {
        self.lock().live(pid).is_some_and(|image| !std::mem::replace(&mut image.is_reported, true))
    }

    /// What the kernel side has to be told of the process, when it differs from what it was told.
    pub(super) fn verdict(&self, pid: u32) -> Option<Verdict> {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        if rules.admits_everything() {
            return None;
        }
        let image = by_pid.get_mut(&pid)?.last_mut().filter(|image| image.until.is_none())?;
        if image.files.is_empty() && !image.is_ignored {
            return None;
        }
        let is_ignored = !image.is_wanted(pid, rules);
        if is_ignored == image.is_ignored {
            return None;
        }
        image.is_ignored = is_ignored;
        Some(if is_ignored { Verdict::Ignore } else { Verdict::Watch })
    }

    /// The process has ended. `None`: it wasn't known.
    pub(super) fn exited(&self, pid: u32, at: u64) -> Option<Gone> {
        let mut table = self.lock();
        table.rules.remove_root(pid);
        let Table { rules, by_pid } = &mut *table;
        let life = by_pid.get_mut(&pid)?;
        let image = life.last_mut().filter(|image| image.until.is_none())?;
        image.until = Some(at);
        // Its calls may still be on their way: where not everything is wanted, it is asked for by then whether it was.
        let may_be_asked_for = !rules.admits_everything() && image.is_wanted(pid, rules);
        let had_tls = life.iter().any(|image| !image.files.is_empty());
        if !had_tls && !may_be_asked_for {
            by_pid.remove(&pid);
        }
        Some(Gone { had_tls })
    }

    /// Lets a process and its descendants in. Those that are known to be running.
    pub(super) fn add_root(&self, pid: u32) -> Vec<u32> {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        rules.add_root(pid);
        if !known_is_live(by_pid.get(&pid)) {
            by_pid.entry(pid).or_default().push(Image::default());
        }
        let members: Vec<u32> = by_pid
            .iter()
            .filter(|(pid, life)| known_is_live(Some(life)) && is_below(by_pid, rules, **pid))
            .map(|(pid, _)| *pid)
            .collect();
        for member in &members {
            if let Some(image) = by_pid.get_mut(member).and_then(|life| life.last_mut()) {
                image.is_in_tree = true;
            }
        }
        members
    }

    /// The live processes.
    pub(super) fn live(&self) -> Vec<u32> {
        self.lock().by_pid.iter().filter(|(_, life)| known_is_live(Some(life))).map(|(pid, _)| *pid).collect()
    }

    pub(super) fn count(&self) -> usize {
        self.lock().by_pid.len()
    }

    /// The files that live processes have mapped.
    pub(super) fn files_in_use(&self) -> std::collections::HashSet<FileId> {
        let table = self.lock();
        let live = table.by_pid.values().filter_map(|life| life.last()).filter(|image| image.until.is_none());
        live.flat_map(|image| image.files.iter().copied()).collect()
    }

    /// The live processes that are wanted for their control group and weren't when that was asked last: nothing tells
    /// of a move.
    pub(super) fn moved(&self) -> Vec<u32> {
        let mut table = self.lock();
        let Table { rules, by_pid } = &mut *table;
        if !rules.has_cgroups() {
            return Vec::new();
        }
        let mut moved = Vec::new();
        for (pid, life) in by_pid.iter_mut() {
            let Some(image) = life.last_mut().filter(|image| image.until.is_none()) else { continue };
            if image.is_in_cgroup == Some(true) || image.is_in_tree || image.has_wanted_name {
                continue;
            }
            let was_asked = image.is_in_cgroup.take().is_some();
            if image.is_wanted(*pid, rules) && was_asked {
                moved.push(*pid);
            }
        }
        moved
    }

    /// Forgets what ended long ago.
    pub(super) fn tidy(&self, now: u64) {
        let mut table = self.lock();
        table.by_pid.retain(|_, life| {
            life.retain(|image| image.until.is_none_or(|until| now.saturating_sub(until) < REMEMBERED_NS));
            !life.is_empty()
        });
    }
}

/// What looking at a process found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    New,
    Known,
    Renamed,
    /// Another process had this id.
    Reused,
}

impl Table {
    fn live(&mut self, pid: u32) -> Option<&mut Image> {
        self.by_pid.get_mut(&pid)?.last_mut().filter(|image| image.until.is_none())
    }

    fn at(&mut self, pid: u32, at: u64) -> Option<&mut Image> {
        at_of(self.by_pid.get_mut(&pid)?, at)
    }

    /// Begins an image; what was live under that id ends.
    fn begin(&mut self, pid: u32, image: Image) {
        let life = self.by_pid.entry(pid).or_default();
        if let Some(last) = life.last_mut() {
            last.until.get_or_insert(image.from);
        }
        life.retain(|image| !image.files.is_empty());
        if life.len() >= IMAGES {
            life.remove(0);
        }
        life.push(image);
    }
}

/// The image that was there at a moment; before the first one was heard of: the first.
fn at_of(life: &mut [Image], at: u64) -> Option<&mut Image> {
    let later = life.iter().rposition(|image| image.from <= at).unwrap_or(0);
    life.get_mut(later)
}

fn known_is_live(life: Option<&Vec<Image>>) -> bool {
    life.and_then(|life| life.last()).is_some_and(|image| image.until.is_none())
}

/// Whether a process or one of those that it descends from is in a wanted tree.
fn is_below(by_pid: &HashMap<u32, Vec<Image>>, rules: &Rules, pid: u32) -> bool {
    /// Deeper trees than this are cycles made by reused ids.
    const DEPTH: usize = 1024;
    let mut pid = pid;
    for _ in 0..DEPTH {
        if rules.is_root(pid) {
            return true;
        }
        let image = by_pid.get(&pid).and_then(|life| life.last());
        if image.is_some_and(|image| image.is_in_tree) {
            return true;
        }
        let parent = image.and_then(|image| image.parent).or_else(|| Stat::of(pid).ok().map(|stat| stat.parent));
        match parent {
            Some(parent) if parent > 1 && parent != pid => pid = parent,
            _ => return false,
        }
    }
    false
}

impl Image {
    /// The program that the same process runs from now on, by an exec.
    fn next(&self, at: u64) -> Self {
        Self {
            from: at,
            parent: self.parent,
            start_ticks: self.start_ticks,
            awaits_exe: true,
            is_in_tree: self.is_in_tree,
            is_ignored: self.is_ignored,
            ..Self::default()
        }
    }

    fn set_comm(&mut self, comm: &str, rules: &Rules) {
        if self.comm.as_deref() != Some(comm) {
            self.comm = Some(comm.into());
            self.facts = None;
        }
        self.has_wanted_name |= rules.admits_name(Some(comm), self.exe.as_deref());
    }

    fn is_wanted(&mut self, pid: u32, rules: &Rules) -> bool {
        if rules.admits_everything() || self.is_in_tree || self.has_wanted_name {
            return true;
        }
        if !rules.has_cgroups() {
            return false;
        }
        let is_live = self.until.is_none();
        *self
            .is_in_cgroup
            .get_or_insert_with(|| is_live && proc::cgroup(pid).is_ok_and(|lines| rules.admits_cgroup(&lines)))
    }

    /// What is known of it; read from `/proc` while it is live.
    fn facts(&mut self, pid: u32) -> Arc<Process> {
        if let Some(facts) = &self.facts {
            return Arc::clone(facts);
        }
        if self.until.is_none()
            && let Ok(stat) = Stat::of(pid)
            && self.start_ticks.is_none_or(|ticks| ticks == stat.start_ticks)
        {
            self.read(pid, stat);
        }
        let place = self.place.clone().unwrap_or_default();
        let facts = Arc::new(Process {
            pid: Some(pid),
            parent_pid: self.parent.filter(|parent| *parent != 0),
            name: self.comm.clone(),
            executable: self.exe.clone(),
            container: place.container,
            pod: place.pod,
            is_own: false,
        });
        self.facts = Some(Arc::clone(&facts));
        facts
    }

    fn read(&mut self, pid: u32, stat: Stat) {
        self.start_ticks = Some(stat.start_ticks);
        self.parent.get_or_insert(stat.parent);
        self.comm.get_or_insert(stat.comm);
        if let Ok(lines) = proc::cgroup(pid) {
            self.place = Some(Place::of(&lines));
        }
        if let Some(exe) = proc::exe(pid) {
            self.exe = Some(exe.to_string_lossy().into());
        } else if self.exe.is_none() {
            // An executable lies below its libraries.
            let first = proc::mappings(pid).ok().and_then(|mappings| mappings.into_iter().next());
            self.exe = first.map(|mapping| mapping.path.to_string_lossy().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that no process has: above the greatest that the kernel gives.
    const PARENT: u32 = 5_000_001;
    const CHILD: u32 = 5_000_002;
    const GRANDCHILD: u32 = 5_000_003;

    fn all() -> Processes {
        Processes::new(&Filter::default())
    }

    fn name(processes: &Processes, pid: u32, at: u64) -> Option<String> {
        processes.process(pid, at).name.as_deref().map(str::to_owned)
    }

    #[test]
    fn two_processes_of_one_id_are_told_apart_by_time() {
        let processes = all();
        for (start, name) in [(100, "first"), (200, "second")] {
            processes.forked(CHILD, PARENT, start);
            processes.named(CHILD, name, true, start + 10);
            assert!(processes.has_tls(CHILD, start + 20, FileId::of_test(1)));
            assert_eq!(processes.exited(CHILD, start + 50), Some(Gone { had_tls: true }));
        }
        assert_eq!(name(&processes, CHILD, 130).as_deref(), Some("first"));
        assert_eq!(name(&processes, CHILD, 230).as_deref(), Some("second"));
        assert_eq!(name(&processes, CHILD, 9999).as_deref(), Some("second"));
        assert_eq!(processes.process(CHILD, 130).parent_pid, Some(PARENT));
    }

    #[test]
    fn an_exec_ends_what_the_process_was_and_keeps_what_it_descends_from() {
        let processes = all();
        processes.forked(CHILD, PARENT, 100);
        processes.named(CHILD, "sh", true, 110);
        processes.mapped(CHILD, Path::new("/bin/sh"));
        processes.mapped(CHILD, Path::new("/lib/libc.so.6"));
        assert!(processes.has_tls(CHILD, 120, FileId::of_test(1)));
        processes.named(CHILD, "python3", true, 200);
        processes.mapped(CHILD, Path::new("/usr/bin/python3"));
        let (before, after) = (processes.process(CHILD, 150), processes.process(CHILD, 250));
        assert_eq!((before.name.as_deref(), before.executable.as_deref()), (Some("sh"), Some("/bin/sh")));
        assert_eq!((after.name.as_deref(), after.executable.as_deref()), (Some("python3"), Some("/usr/bin/python3")));
        assert_eq!(after.parent_pid, Some(PARENT));
        assert!(processes.files_of(CHILD).is_empty(), "libraries don't survive an exec");
    }

    #[test]
    fn a_fork_has_what_its_parent_has_mapped() {
        let processes = all();
        processes.forked(PARENT, 1, 50);
        assert!(processes.has_tls(PARENT, 60, FileId::of_test(1)));
        processes.forked(CHILD, PARENT, 100);
        assert_eq!(processes.files_of(CHILD).len(), 1);
        assert_eq!(processes.exited(CHILD, 110), Some(Gone { had_tls: true }));
        assert_eq!(processes.files_in_use().len(), 1);
    }

    #[test]
    fn who_ended_is_forgotten_after_a_while_and_at_once_without_tls() {
        let processes = all();
        processes.forked(PARENT, 1, 50);
        assert!(processes.has_tls(PARENT, 60, FileId::of_test(1)));
        processes.forked(CHILD, 1, 50);
        assert_eq!(processes.exited(CHILD, 100), Some(Gone { had_tls: false }));
        assert_eq!(processes.exited(CHILD, 100), None);
        assert_eq!(processes.exited(PARENT, 100), Some(Gone { had_tls: true }));
        assert_eq!(processes.count(), 1);
        processes.tidy(100 + REMEMBERED_NS - 1);
        assert_eq!(processes.count(), 1);
        processes.tidy(100 + REMEMBERED_NS);
        assert_eq!(processes.count(), 0);
    }

    #[test]
    fn a_tree_grows_by_forks_and_through_execs_and_outlives_its_root() {
        let processes = Processes::new(&Filter { trees: vec![PARENT], ..Filter::default() });
        processes.forked(PARENT, 1, 50);
        processes.forked(CHILD, PARENT, 100);
        processes.named(CHILD, "other", true, 110);
        processes.exited(PARENT, 120);
        processes.forked(GRANDCHILD, CHILD, 130);
        assert!(processes.admits(CHILD, 115) && processes.admits(GRANDCHILD, 140));
        // Another process gets the root's id.
        processes.forked(PARENT, 1, 200);
        assert!(!processes.admits(PARENT, 210));
    }

    #[test]
    fn adding_a_process_adds_its_descendants() {
        let processes = Processes::new(&Filter { only_added: true, ..Filter::default() });
        processes.forked(PARENT, 1, 50);
        processes.forked(CHILD, PARENT, 100);
        processes.forked(GRANDCHILD, CHILD, 130);
        assert!(!processes.admits(GRANDCHILD, 140));
        let mut members = processes.add_root(CHILD);
        members.sort_unstable();
        assert_eq!(members, [CHILD, GRANDCHILD]);
        assert!(processes.admits(GRANDCHILD, 140) && !processes.admits(PARENT, 140));
    }

    #[test]
    fn a_name_lets_in_until_the_next_exec() {
        let processes = Processes::new(&Filter { names: vec!["celery".into()], ..Filter::default() });
        processes.forked(CHILD, PARENT, 100);
        processes.named(CHILD, "python3", true, 110);
        assert!(!processes.admits(CHILD, 120));
        processes.named(CHILD, "celery", false, 130);
        processes.named(CHILD, "worker", false, 140);
        assert!(processes.admits(CHILD, 150));
        processes.forked(GRANDCHILD, CHILD, 160);
        assert!(processes.admits(GRANDCHILD, 170), "a fork is the same program");
        processes.named(CHILD, "sh", true, 180);
        assert!(!processes.admits(CHILD, 190));
    }

    #[test]
    fn the_kernel_side_is_told_once_and_only_of_those_that_have_tls() {
        let processes = Processes::new(&Filter { names: vec!["wanted".into()], ..Filter::default() });
        processes.forked(CHILD, PARENT, 100);
        assert_eq!(processes.verdict(CHILD), None);
        assert!(processes.has_tls(CHILD, 110, FileId::of_test(1)));
        assert_eq!(processes.verdict(CHILD), Some(Verdict::Ignore));
        assert_eq!(processes.verdict(CHILD), None);
        processes.named(CHILD, "wanted", true, 120);
        assert_eq!(processes.verdict(CHILD), Some(Verdict::Watch));
        assert_eq!(processes.verdict(CHILD), None);
    }

    #[test]
    fn the_own_process_is_never_let_in() {
        let own = std::process::id();
        assert!(!all().admits(own, u64::MAX));
        assert!(!Processes::new(&Filter { trees: vec![own], ..Filter::default() }).admits(own, u64::MAX));
    }

    #[test]
    fn a_process_that_was_not_heard_of_is_read_as_it_is() {
        let own = std::process::id();
        let facts = all().process(own, u64::MAX);
        assert_eq!(facts.executable.as_deref(), std::env::current_exe().unwrap().to_str());
        let nobody = all().process(CHILD, 1);
        assert_eq!((nobody.pid, nobody.name.as_deref(), nobody.executable.as_deref()), (Some(CHILD), None, None));
    }

    #[test]
    fn only_so_many_programs_of_one_process_are_remembered() {
        let processes = all();
        processes.forked(CHILD, PARENT, 1);
        for at in 1..=(2 * IMAGES as u64) {
            processes.named(CHILD, &at.to_string(), true, at * 10);
            assert!(processes.has_tls(CHILD, at * 10, FileId::of_test(1)));
        }
        let table = processes.lock();
        assert_eq!(table.by_pid[&CHILD].len(), IMAGES);
    }

    #[test]
    fn a_process_that_is_gone_before_its_start_is_heard_of_is_asked_for_again() {
        let processes = Processes::new(&Filter { trees: vec![PARENT], ..Filter::default() });
        // No such process runs: its id is beyond the highest that there can be.
        let gone = 1 << 22 | 77;
        assert!(processes.is_ahead(gone, 100) && !processes.admits(gone, 100));
        assert!(!processes.is_ahead(std::process::id(), 100));
        processes.forked(gone, PARENT, 90);
        assert!(!processes.is_ahead(gone, 100) && processes.admits(gone, 100));
        // It is remembered after its end, though no library of it was seen.
        processes.exited(gone, 110);
        processes.heard(110);
        assert!(!processes.is_ahead(gone, 100) && processes.admits(gone, 100));
        // Of another nothing will come any more.
        assert!(!processes.is_ahead(gone + 1, 100) && !processes.admits(gone + 1, 100));
    }
}
