//! The file that a command's name stands for, found as `env` and shells find it.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// A command that can't be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoProgram {
    /// There is none of that name.
    NotFound,
    /// There is a file that can't be executed.
    NotExecutable,
}

impl NoProgram {
    /// The exit code, as `env` has it.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::NotFound => 127,
            Self::NotExecutable => 126,
        }
    }

    /// What is wrong and what to do about it.
    pub(super) fn told(self, name: &OsStr) -> String {
        let name = name.display();
        match self {
            Self::NotFound => format!("{name}: not found. Check its name, or give its path"),
            Self::NotExecutable => format!("{name}: can't be executed. Check its permissions, or name its interpreter"),
        }
    }
}

/// The file of a command.
pub(super) fn find(name: &OsStr, path: Option<&OsStr>) -> Result<PathBuf, NoProgram> {
    if name.as_encoded_bytes().contains(&b'/') {
        return is_program(Path::new(name)).map(|()| name.into());
    }
    let mut answer = NoProgram::NotFound;
    // What the C library takes where the variable is missing.
    let path = path.unwrap_or(OsStr::new("/bin:/usr/bin"));
    for folder in std::env::split_paths(path) {
        let file = folder.join(name);
        match is_program(&file) {
            Ok(()) => return Ok(file),
            Err(NoProgram::NotExecutable) => answer = NoProgram::NotExecutable,
            Err(NoProgram::NotFound) => {}
        }
    }
    Err(answer)
}

fn is_program(file: &Path) -> Result<(), NoProgram> {
    let meta = std::fs::metadata(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => NoProgram::NotExecutable,
        _ => NoProgram::NotFound,
    })?;
    if meta.is_file() && meta.permissions().mode() & 0o111 != 0 { Ok(()) } else { Err(NoProgram::NotExecutable) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_path_or_by_the_variable() {
        let path = Some(OsStr::new("/nowhere:/bin"));
        assert_eq!(find(OsStr::new("sh"), path), Ok("/bin/sh".into()));
        assert_eq!(find(OsStr::new("/bin/sh"), None), Ok("/bin/sh".into()));
        assert_eq!(find(OsStr::new("no-such-program"), path), Err(NoProgram::NotFound));
        assert_eq!(find(OsStr::new("/etc/passwd"), path), Err(NoProgram::NotExecutable));
        assert_eq!(find(OsStr::new("passwd"), Some(OsStr::new("/etc"))), Err(NoProgram::NotExecutable));
        assert_eq!(find(OsStr::new("/etc"), path), Err(NoProgram::NotExecutable));
    }
}
