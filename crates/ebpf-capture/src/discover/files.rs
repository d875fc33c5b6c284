//! The files that processes run code from: opened, looked through once, and hooked once.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::host::is_tls_library;
use super::kernel::Attach;
use super::open::{self, FileKind};
use super::record::{Device, Mapping};
use super::sys::now;
use crate::probe::Probe;
use crate::report::AttachedFile;
use crate::runtime::{Recognised, recognise};

/// Most files without TLS that are remembered; then all of them are looked at anew.
const REMEMBERED: usize = 32 << 10;

/// A file of this size is looked through within a few milliseconds.
const LONG_BYTES: u64 = 4 << 20;

/// A file that holds a TLS library, by a number of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FileId(u64);

#[cfg(test)]
impl FileId {
    pub(super) fn of_test(number: u64) -> Self {
        Self(number)
    }
}

/// What an inode is known by. Layers of overlayfs give one inode several device numbers, and a probe sits on the inode
/// below: there the device is left out and its times and size are looked at instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    device: Option<Device>,
    inode: u64,
    /// Of overlayfs.
    stamp: Option<Stamp>,
}

/// Changes when the content does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    /// Only where it is part of a [`Key`]: a new link to a file changes it too.
    changed: (i64, i64),
}

/// A mapping as processes say it, for which the file is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Alias {
    device: Device,
    inode: u64,
    path: PathBuf,
    is_deleted: bool,
}

/// The file behind an alias.
#[derive(Debug, Clone, Copy)]
struct Known {
    key: Key,
    generation: Option<u64>,
}

/// What a file turned out to be.
#[derive(Debug)]
enum Content {
    /// Nothing to hook. With the stamp it had.
    Plain(Stamp),
    Tls(FileId),
}

/// A file with a TLS library.
#[derive(Debug)]
pub(super) struct TlsFile {
    pub(super) path: PathBuf,
    /// What holds the probes; `None`: nothing in it could be hooked.
    hold: Option<Hold>,
    /// When the probes were there, in nanoseconds of `CLOCK_MONOTONIC`.
    pub(super) attached_at: u64,
    /// One for each TLS library that has probes.
    pub(super) attached: Vec<AttachedFile>,
    /// Why what is in it can't be captured, and what to do.
    pub(super) out_of_reach: Vec<String>,
    /// The same of what is mapped by many that never use it: to be told of those that talk to port 443.
    pub(super) unused_mostly: Vec<String>,
    /// When the kernel refused the probes.
    refused_at: Option<u64>,
    key: Key,
    stamp: Stamp,
    /// Known on this host, or prepared: stays, whoever maps it.
    is_pinned: bool,
    /// Since when nobody maps it.
    idle_since: Option<u64>,
}

/// Dropped, the probes are gone.
struct Hold(#[expect(dead_code, reason = "held for its drop")] Box<dyn Send>);

impl std::fmt::Debug for Hold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hold")
    }
}

/// What looking at a file gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// No TLS library in it.
    Plain,
    /// A TLS library; `is_new`: it was met for the first time.
    Tls { file: FileId, is_new: bool },
}

/// What opening a file gave.
pub(super) enum Opened {
    Known(Look),
    /// It must be looked through, which may take its time.
    Unread(Unread),
}

/// An open file that was not looked through yet.
#[derive(Debug)]
pub(super) struct Unread {
    file: File,
    path: PathBuf,
    key: Key,
    stamp: Stamp,
    pin: bool,
}

/// A file that was looked through.
#[derive(Debug)]
pub(super) struct Read {
    of: Unread,
    found: Vec<Recognised>,
}

impl Unread {
    /// Looks through the file. One that can't be read has nothing in it that could be hooked.
    pub(super) fn read(self) -> Read {
        let found = recognise(&self.file, &self.path).unwrap_or_default();
        Read { of: self, found }
    }

    /// Whether that takes long: it depends on how many symbols there are, of which the size gives a hint.
    pub(super) fn takes_long(&self) -> bool {
        self.stamp.size > LONG_BYTES && !is_tls_library(&self.path)
    }

    pub(super) fn key(&self) -> Key {
        self.key
    }
}

impl Read {
    pub(super) fn key(&self) -> Key {
        self.of.key
    }
}

/// All files that were met.
pub(super) struct Files {
    kernel: Arc<dyn Attach>,
    aliases: HashMap<Alias, Known>,
    contents: HashMap<Key, Content>,
    tls: HashMap<FileId, TlsFile>,
    next: u64,
}

impl Files {
    pub(super) fn new(kernel: Arc<dyn Attach>) -> Self {
        Self { kernel, aliases: HashMap::new(), contents: HashMap::new(), tls: HashMap::new(), next: 0 }
    }

    /// What is known of a mapped file without looking. `None`: it must be looked at.
    pub(super) fn known(&self, pid: u32, mapping: &Mapping) -> Option<Look> {
        let alias = Alias::of(mapping);
        let known = self.aliases.get(&alias)?;
        match self.contents.get(&known.key)? {
            // The probes hold the inode, so that its number isn't given to another file; but it can be written over.
            Content::Tls(file) if self.tls.get(file)?.hold.is_some() => {
                let now = open::stat(pid, mapping).filter(|meta| meta.ino() == mapping.inode);
                let is_same = self.tls.get(file)?.stamp.matches(now.as_ref());
                is_same.then_some(Look::Tls { file: *file, is_new: false })
            }
            Content::Tls(file) => {
                let is_same = self.tls.get(file)?.stamp.matches(open::stat(pid, mapping).as_ref());
                is_same.then_some(Look::Tls { file: *file, is_new: false })
            }
            Content::Plain(stamp) => {
                let is_other = matches!((known.generation, mapping.generation), (Some(a), Some(b)) if a != b);
                let is_same = !is_other && (mapping.is_deleted || stamp.matches(open::stat(pid, mapping).as_ref()));
                is_same.then_some(Look::Plain)
            }
        }
    }

    /// Opens a file that a process has mapped, unless it is known.
    ///
    /// # Errors
    /// When the file can't be opened by any way.
    pub(super) fn open(&mut self, pid: u32, mapping: &Mapping) -> io::Result<Opened> {
        if let Some(look) = self.known(pid, mapping) {
            return Ok(Opened::Known(look));
        }
        let (file, kind) = open::mapped(pid, mapping)?;
        let (key, opened) = self.meet(file, kind, &mapping.path, false)?;
        if self.aliases.len() >= REMEMBERED {
            self.forget_plain();
        }
        self.aliases.insert(Alias::of(mapping), Known { key, generation: mapping.generation });
        Ok(opened)
    }

    /// Looks at a file by its path in our own mount namespace, and attaches to it for good.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn look_by_path(&mut self, path: &Path) -> io::Result<Look> {
        let (file, kind) = open::regular(path)?;
        match self.meet(file, kind, path, true)?.1 {
            Opened::Known(look) => Ok(look),
            Opened::Unread(unread) => Ok(self.finish(unread.read())),
        }
    }

    fn meet(&mut self, file: File, kind: FileKind, path: &Path, pin: bool) -> io::Result<(Key, Opened)> {
        let meta = file.metadata()?;
        let stamp = Stamp::of(&meta);
        let key = match kind {
            FileKind::Overlay => Key { device: None, inode: meta.ino(), stamp: Some(stamp) },
            FileKind::Ordinary => Key { device: Some(Device::of(meta.dev())), inode: meta.ino(), stamp: None },
        };
        match self.contents.get(&key) {
            Some(Content::Plain(known)) if known.is_like(stamp) => return Ok((key, Opened::Known(Look::Plain))),
            Some(Content::Tls(id)) => {
                let id = *id;
                if let Some(known) = self.tls.get_mut(&id).filter(|known| known.stamp.is_like(stamp)) {
                    known.is_pinned |= pin;
                    return Ok((key, Opened::Known(Look::Tls { file: id, is_new: false })));
                }
                // Written over in place: other code, other places.
                let before = self.tls.remove(&id);
                self.contents.remove(&key);
                let pin = pin || before.is_some_and(|before| before.is_pinned);
                return Ok((key, Opened::Unread(Unread { file, path: path.to_path_buf(), key, stamp, pin })));
            }
            _ => {}
        }
        Ok((key, Opened::Unread(Unread { file, path: path.to_path_buf(), key, stamp, pin })))
    }

    /// Attaches to a file that was read.
    pub(super) fn finish(&mut self, read: Read) -> Look {
        let Read { of: Unread { file, path, key, stamp, pin }, found } = read;
        // It may have been read twice at once.
        if let Some(Content::Tls(id)) = self.contents.get(&key) {
            return Look::Tls { file: *id, is_new: false };
        }
        if found.is_empty() {
            self.contents.insert(key, Content::Plain(stamp));
            return Look::Plain;
        }
        let id = FileId(self.next);
        self.next += 1;
        self.contents.insert(key, Content::Tls(id));
        let mut tls = TlsFile {
            path,
            hold: None,
            attached_at: 0,
            attached: Vec::new(),
            out_of_reach: Vec::new(),
            unused_mostly: Vec::new(),
            refused_at: None,
            key,
            stamp,
            is_pinned: pin,
            idle_since: None,
        };
        self.attach(&file, found, &mut tls);
        tls.attached_at = now();
        self.tls.insert(id, tls);
        Look::Tls { file: id, is_new: true }
    }

    /// Attaches all that was found in a file at once.
    fn attach(&self, file: &File, found: Vec<Recognised>, tls: &mut TlsFile) {
        let probes: Vec<Probe> = found.iter().flat_map(|one| one.probes.iter().cloned()).collect();
        for one in &found {
            if let Some(unsupported) = &one.unsupported {
                let version = one.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
                let to = if unsupported.is_common { &mut tls.unused_mostly } else { &mut tls.out_of_reach };
                to.push(format!("{}{version}: {} {}", one.runtime, unsupported.reason, unsupported.remedy));
            }
        }
        if probes.is_empty() {
            return;
        }
        // By the descriptor, so that it is this very file whatever happens to its path.
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        match self.kernel.attach(&path, &probes) {
            Ok(hold) => {
                tls.hold = Some(Hold(hold));
                let with_probes = found.into_iter().filter(|one| !one.probes.is_empty());
                tls.attached.extend(with_probes.map(|one| AttachedFile {
                    path: tls.path.clone(),
                    runtime: one.runtime,
                    version: one.version,
                    hook: one.hook.map(|hook| hook.to_string()).unwrap_or_default(),
                    probes: one.probes.len(),
                }));
            }
            Err(why) => {
                tls.refused_at = Some(now());
                tls.out_of_reach.push(format!("{} has a TLS library, but: {why}", tls.path.display()));
            }
        }
    }

    pub(super) fn get(&self, file: FileId) -> Option<&TlsFile> {
        self.tls.get(&file)
    }

    /// All that have probes.
    pub(super) fn attached(&self) -> Vec<AttachedFile> {
        let mut all: Vec<_> = self.tls.values().flat_map(|file| file.attached.iter().cloned()).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    /// How many have probes.
    pub(super) fn len(&self) -> usize {
        self.tls.values().filter(|file| file.hold.is_some()).count()
    }

    /// Detaches what nobody has mapped for so long, and gives their paths.
    pub(super) fn detach_idle(&mut self, in_use: &HashSet<FileId>, now: u64, linger: u64) -> Vec<PathBuf> {
        let mut gone = Vec::new();
        let mut keys = HashSet::new();
        self.tls.retain(|id, file| {
            if file.is_pinned || in_use.contains(id) {
                file.idle_since = None;
                return true;
            }
            let since = *file.idle_since.get_or_insert(now);
            if now.saturating_sub(since) < linger {
                return true;
            }
            if file.hold.is_some() {
                gone.push(file.path.clone());
            }
            keys.insert(file.key);
            false
        });
        self.contents.retain(|key, _| !keys.contains(key));
        self.aliases.retain(|_, known| !keys.contains(&known.key));
        gone
    }

    /// Forgets the files for which the kernel refused probes before that moment, so that they are tried again; gives them.
    pub(super) fn forget_refused(&mut self, before: u64) -> HashSet<FileId> {
        let is_due = |file: &TlsFile| file.refused_at.is_some_and(|at| at < before);
        let due: HashSet<FileId> = self.tls.iter().filter(|(_, file)| is_due(file)).map(|(id, _)| *id).collect();
        self.tls.retain(|id, _| !due.contains(id));
        self.contents.retain(|_, content| !matches!(content, Content::Tls(id) if due.contains(id)));
        due
    }

    fn forget_plain(&mut self) {
        self.contents.retain(|_, content| matches!(content, Content::Tls(_)));
        let contents = &self.contents;
        self.aliases.retain(|_, known| contents.contains_key(&known.key));
    }
}

impl TlsFile {
    /// Whether bytes of TLS connections can be had by it, so that being late means having missed some.
    pub(super) fn is_captured(&self) -> bool {
        self.hold.is_some() && self.attached.iter().any(|file| file.runtime != "sidetone")
    }

    /// Whether there is TLS in it at all, and not only the announcing probe.
    pub(super) fn has_tls(&self) -> bool {
        !self.out_of_reach.is_empty() || self.attached.iter().any(|file| file.runtime != "sidetone")
    }
}

impl Alias {
    fn of(mapping: &Mapping) -> Self {
        Self {
            device: mapping.device,
            inode: mapping.inode,
            path: mapping.path.clone(),
            is_deleted: mapping.is_deleted,
        }
    }
}

impl Stamp {
    fn of(meta: &std::fs::Metadata) -> Self {
        Self {
            size: meta.size(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    fn is_like(self, other: Self) -> bool {
        (self.size, self.modified) == (other.size, other.modified)
    }

    /// Whether what is there now is still the same; what can't be looked at is taken for the same.
    fn matches(self, meta: Option<&std::fs::Metadata>) -> bool {
        meta.is_none_or(|meta| self.is_like(Self::of(meta)))
    }
}
