//! For each process: which TLS library it has, where that is hooked, or why it isn't.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::discover::container::Place;
use crate::discover::{Device, Mapping, open_mapped, proc, sockets};
use crate::runtime::{Recognised, recognise};

/// Which processes to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// This one, whatever is found.
    Pid(u32),
    /// All that have a TLS library or a connection to port 443.
    All,
}

/// A TLS library in a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// The file that holds it, as the process sees it.
    pub path: PathBuf,
    /// Which library.
    pub runtime: &'static str,
    /// Its version, if it says so.
    pub version: Option<String>,
    /// Where it is hooked, in words. `None`: it isn't, or is no TLS library but the middleware's own probe.
    pub hook: Option<String>,
    /// Why it can't be captured, and what to do instead.
    pub out_of_reach: Option<String>,
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its executable.
    pub exe: Option<PathBuf>,
    /// The container that it runs in.
    pub container: Option<Box<str>>,
    /// It has a connection to port 443.
    pub has_https: bool,
    /// Its TLS libraries.
    pub libraries: Vec<Library>,
    /// What else is to be said: why nothing was found.
    pub remark: Option<String>,
}

/// Lists processes: by what they have mapped, as far as it may be read.
#[must_use]
pub fn processes(which: Which) -> Vec<Listed> {
    let (pids, is_all) = match which {
        Which::Pid(pid) => (vec![pid], false),
        Which::All => (proc::all().unwrap_or_default(), true),
    };
    let https: HashSet<u32> = sockets::Sockets::default().look(&pids).into_iter().collect();
    let mut seen = Seen::default();
    let mut all: Vec<Listed> = pids
        .into_iter()
        .map(|pid| seen.list(pid, https.contains(&pid)))
        .filter(|listed| !is_all || listed.has_https || !listed.libraries.is_empty())
        .collect();
    all.sort_by_key(|listed| listed.pid);
    all
}

/// Files that were looked through, by their place.
#[derive(Default)]
struct Seen(HashMap<(Device, u64, PathBuf), Arc<Vec<Recognised>>>);

impl Seen {
    fn list(&mut self, pid: u32, has_https: bool) -> Listed {
        let stat = proc::Stat::of(pid).ok();
        let mappings = proc::mappings(pid);
        let exe = proc::exe(pid).or_else(|| Some(mappings.as_ref().ok()?.first()?.path.clone()));
        let cgroup = proc::cgroup(pid).unwrap_or_default();
        let mut unreadable = Vec::new();
        let mut libraries = Vec::new();
        for mapping in mappings.iter().flatten() {
            match self.look(pid, mapping) {
                Some(found) => libraries.extend(found.iter().map(|one| Library::of(mapping, one))),
                None => unreadable.push(mapping.path.display().to_string()),
            }
        }
        let remark = if stat.is_none() {
            Some("there is no such process".to_owned())
        } else if let Err(error) = &mappings {
            Some(format!("what it has mapped can't be read ({error}): run as root, or grant CAP_SYS_PTRACE"))
        } else if !libraries.is_empty() {
            None
        } else if !unreadable.is_empty() {
            Some(format!(
                "these can't be read: {}. Run as root, or grant CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",
                unreadable.join(", ")
            ))
        } else if has_https {
            Some("it has a connection to port 443, and no TLS library that is known here: TLS may be linked in without symbols. Its calls can't be captured; observe them in the process".to_owned())
        } else {
            Some("no TLS library is in it".to_owned())
        };
        Listed {
            pid,
            name: stat.map(|stat| stat.comm),
            exe,
            container: Place::of(&cgroup).container,
            has_https,
            libraries,
            remark,
        }
    }

    fn look(&mut self, pid: u32, mapping: &Mapping) -> Option<Arc<Vec<Recognised>>> {
        let key = (mapping.device, mapping.inode, mapping.path.clone());
        if let Some(known) = self.0.get(&key) {
            return Some(Arc::clone(known));
        }
        let found = recognise(&open_mapped(pid, mapping).ok()?, &mapping.path).ok()?;
        let found = Arc::new(found);
        self.0.insert(key, Arc::clone(&found));
        Some(found)
    }
}

impl Library {
    fn of(mapping: &Mapping, found: &Recognised) -> Self {
        Self {
            path: mapping.path.clone(),
            runtime: found.runtime,
            version: found.version.clone(),
            hook: found.hook.map(|hook| hook.to_string()),
            out_of_reach: found.unsupported.as_ref().map(|why| format!("{} {}", why.reason, why.remedy)),
        }
    }
}
