//! Opens the very file that a process has mapped, by whichever way may be gone, and makes sure that it is the one.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::proc;
use super::record::{Device, Mapping};
use super::sys::is_on_overlay;

/// Whether an inode's numbers can be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    Ordinary,
    /// On overlayfs: the inode that is mapped and hooked lies below, and has another device.
    Overlay,
}

/// Opens a file that a process has mapped.
///
/// Tried are, until one is the mapped file: the path below the process's root (needs `CAP_SYS_PTRACE` for processes of
/// others), the path in our own mount namespace, the executable's link, and the kernel's link to the mapping itself
/// (needs `CAP_CHECKPOINT_RESTORE` or `CAP_SYS_ADMIN`), which also leads to deleted files.
pub(super) fn mapped(pid: u32, mapping: &Mapping) -> io::Result<(File, FileKind)> {
    let mut failure = io::Error::from(io::ErrorKind::NotFound);
    let mut doubtful = None;
    for candidate in candidates(pid, mapping) {
        let (file, kind) = match regular(&candidate) {
            Ok(opened) => opened,
            Err(error) => {
                failure = worse(failure, error);
                continue;
            }
        };
        let meta = file.metadata()?;
        if is_exactly(&meta, mapping) {
            return Ok((file, kind));
        }
        if doubtful.is_none() && is_plausible(&meta, kind, mapping) {
            doubtful = Some((file, kind));
        }
    }
    // The links of the kernel can't be wrong, whatever numbers the file system shows.
    let (start, end) = mapping.range;
    match regular(&proc::path(pid, &format!("map_files/{start:x}-{end:x}"))) {
        Ok(opened) => Ok(opened),
        Err(error) => doubtful.ok_or_else(|| worse(failure, error)),
    }
}

/// Opens a file that a process has mapped, by whichever way may be gone.
pub(crate) fn open_mapped(pid: u32, mapping: &Mapping) -> io::Result<File> {
    mapped(pid, mapping).map(|(file, _)| file)
}

/// What is at a mapped file's path now, as the process sees it or else as we do.
pub(super) fn stat(pid: u32, mapping: &Mapping) -> Option<Metadata> {
    if mapping.is_deleted {
        return None;
    }
    candidates(pid, mapping).take(2).find_map(|path| std::fs::metadata(path).ok())
}

fn candidates(pid: u32, mapping: &Mapping) -> impl Iterator<Item = PathBuf> {
    let below_root = mapping.path.strip_prefix("/").map(|path| proc::path(pid, "root").join(path)).ok();
    below_root.into_iter().chain([mapping.path.clone(), proc::path(pid, "exe")])
}

/// Opens a file to read it, if it is a regular one.
pub(super) fn regular(path: &Path) -> io::Result<(File, FileKind)> {
    // A FIFO or a terminal under that name must not stop us.
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let kind = if is_on_overlay(&file) { FileKind::Overlay } else { FileKind::Ordinary };
    Ok((file, kind))
}

fn is_exactly(meta: &Metadata, mapping: &Mapping) -> bool {
    meta.ino() == mapping.inode && Device::of(meta.dev()) == mapping.device
}

/// Overlayfs and btrfs show another device by `stat` than the one by which a mapping is told. Then the inode's number
/// has to do; on an overlay of several file systems it is made up too, and a path that isn't marked as deleted has to.
fn is_plausible(meta: &Metadata, kind: FileKind, mapping: &Mapping) -> bool {
    let has_same_inode = meta.ino() == mapping.inode;
    match kind {
        FileKind::Overlay => has_same_inode || !mapping.is_deleted,
        // Devices without a driver (major 0) are those of file systems that number them by themselves.
        FileKind::Ordinary => has_same_inode && mapping.device.major == 0 && Device::of(meta.dev()).major == 0,
    }
}

/// The error that says more: a refusal before an absence.
fn worse(one: io::Error, other: io::Error) -> io::Error {
    if one.kind() == io::ErrorKind::PermissionDenied { one } else { other }
}
