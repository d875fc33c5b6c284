//! Folders of golden files: which differ, and putting one in another's place.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folder, empty.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)
}

/// Every file under the folder, relative to it; none if there is no folder.
pub(super) fn list(folder: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut files = BTreeSet::new();
    if !folder.exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            files.extend(list(&entry.path())?.into_iter().map(|file| name.join(file)));
        } else {
            files.insert(name);
        }
    }
    Ok(files)
}

/// The files that are in one folder only, or not the same in both.
pub(super) fn changes(committed: &Path, made: &Path) -> io::Result<Vec<PathBuf>> {
    let mut changed = Vec::new();
    for file in &list(committed)? | &list(made)? {
        let read = |folder: &Path| fs::read(folder.join(&file)).ok();
        if read(committed) != read(made) {
            changed.push(file);
        }
    }
    Ok(changed)
}

/// Puts what was made in the place of what is committed, and nothing else.
pub(super) fn replace(committed: &Path, made: &Path) -> io::Result<()> {
    clear(committed)?;
    for file in list(made)? {
        let target = committed.join(&file);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(made.join(&file), target)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::workspace;

    #[test]
    fn files_that_changed_came_or_went_are_told_and_replaced() {
        let folder = workspace::root().join("target/xtask/golden-files");
        clear(&folder).unwrap();
        let (committed, made) = (folder.join("committed"), folder.join("made"));
        let write = |path: PathBuf, text: &str| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        for (name, text) in [("on/same", "1"), ("on/changed", "1"), ("off/gone", "1")] {
            write(committed.join(name), text);
        }
        for (name, text) in [("on/same", "1"), ("on/changed", "2"), ("off/new", "1")] {
            write(made.join(name), text);
        }
        let paths = ["off/gone", "off/new", "on/changed"].map(PathBuf::from);
        assert_eq!(changes(&committed, &made).unwrap(), paths);
        replace(&committed, &made).unwrap();
        assert_eq!(changes(&committed, &made).unwrap(), [] as [PathBuf; 0]);
        assert!(!committed.join("off/gone").exists());
        assert_eq!(changes(&folder.join("absent"), &made).unwrap().len(), 3);
    }
}
