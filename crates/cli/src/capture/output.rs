//! Where JSON lines go: a file that only its owner may read, or standard output.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::caller::Caller;
use crate::exit::Failure;

/// Where lines go. Clones of `is_closed` know when nobody reads them any more.
#[derive(Debug)]
pub(super) struct Output {
    to: To,
    is_closed: Arc<AtomicBool>,
}

#[derive(Debug)]
enum To {
    File(File),
    Stdout,
}

/// What becomes of what is in the file already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// It goes.
    Replaced,
    /// It stays, and new lines come behind it.
    Kept,
}

impl Output {
    pub(super) fn stdout() -> Self {
        Self { to: To::Stdout, is_closed: Arc::default() }
    }

    /// A file, for its owner only; its owner is whoever called `sudo`.
    pub(super) fn file(path: &Path, before: Before, owner: Option<&Caller>) -> Result<Self, Failure> {
        let mut options = File::options();
        options.mode(0o600).create(true);
        let opened = match before {
            Before::Replaced => options.write(true).truncate(true).open(path),
            Before::Kept => options.append(true).open(path),
        };
        let file = opened.and_then(|file| {
            // A pipe or a device is as whoever made it wants it.
            if file.metadata()?.is_file() {
                file.set_permissions(PermissionsExt::from_mode(0o600))?;
                if let Some(owner) = owner {
                    std::os::unix::fs::fchown(&file, Some(owner.uid), Some(owner.gid))?;
                }
            }
            Ok(file)
        });
        let file = file.map_err(|error| {
            Failure::told(format!("{} can't be written: {error}. Give another --output", path.display()))
        })?;
        Ok(Self { to: To::File(file), is_closed: Arc::default() })
    }

    /// Becomes true when nobody reads what is written.
    pub(super) fn is_closed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.is_closed)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::File(file) => file.write(bytes),
            // Its buffer ends with a line, as what is written here does.
            To::Stdout => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()).map(|()| bytes.len()),
        };
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            self.is_closed.store(true, Ordering::Relaxed);
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(file) => file.flush(),
            To::Stdout => io::stdout().flush(),
        }
    }
}
