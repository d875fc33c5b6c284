//! Which files a command will run code from, before it runs: its interpreter, its libraries, its modules.

use std::collections::{BTreeSet, HashSet};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::host::is_tls_library;
use super::needed::closure;

/// Interpreters of interpreters that are followed; the kernel follows 5.
const SCRIPTS: usize = 5;
/// Bytes of a script's first line that count (`BINPRM_BUF_SIZE`).
const FIRST_LINE: u64 = 256;
/// How deep it is looked for modules below a folder of Python packages: `package.libs/lib`, `package/sub/module`.
const DEPTH: usize = 3;
/// Most folders of Python packages that are looked into.
const FOLDERS: usize = 4000;
/// Most modules of one interpreter.
const MODULES: usize = 400;

/// What `run` is about to start.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// In the order in which they matter.
    pub(super) all: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

/// The executable, its interpreter if it is a script, the libraries that are loaded with it, and what is known that
/// interpreters load later.
///
/// # Errors
/// When the executable can't be read.
pub(super) fn files(executable: &Path) -> io::Result<Files> {
    let mut files = Files::default();
    let mut program = executable.to_path_buf();
    for _ in 0..SCRIPTS {
        let Some(interpreter) = interpreter(&program)? else { break };
        program = interpreter;
    }
    files.add_program(&program);
    if is_python(&program) {
        let mut extensions = Extensions::default();
        for home in homes(&program, executable) {
            extensions.look_below(&home);
        }
        for module in extensions.in_order() {
            files.add_program(&module);
        }
    }
    Ok(files)
}

impl Files {
    fn add_program(&mut self, path: &Path) {
        let library_path: Vec<PathBuf> =
            std::env::var_os("LD_LIBRARY_PATH").map(|list| std::env::split_paths(&list).collect()).unwrap_or_default();
        for file in closure(path, &library_path) {
            if self.seen.insert(file.clone()) {
                self.all.push(file);
            }
        }
    }
}

/// What runs a script, by its first line. `None`: it is no script.
fn interpreter(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut start = Vec::new();
    File::open(path)?.take(FIRST_LINE).read_to_end(&mut start)?;
    let Some(line) = start.strip_prefix(b"#!") else { return Ok(None) };
    let line = String::from_utf8_lossy(line.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned();
    let mut words = line.split_ascii_whitespace();
    let Some(first) = words.next() else { return Ok(None) };
    if Path::new(first).file_name().is_some_and(|name| name == "env") {
        // `env -S NAME=value program`
        let program = words.find(|word| !word.starts_with('-') && !word.contains('='));
        return Ok(program.and_then(in_path));
    }
    Ok(Some(first.into()))
}

/// The program that a name stands for.
fn in_path(name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(name.into());
    }
    let is_program =
        |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0);
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(name)).find(is_program)
}

fn is_python(path: &Path) -> bool {
    let named = |path: &Path| {
        path.file_name()
            .is_some_and(|name| name.as_bytes().starts_with(b"python") || name.as_bytes().starts_with(b"pypy"))
    };
    named(path) || fs::canonicalize(path).is_ok_and(|real| named(&real))
}

/// The folders under which an interpreter has its modules: of the virtual environment, of what that was made from, and
/// the user's own.
fn homes(program: &Path, executable: &Path) -> Vec<PathBuf> {
    let mut homes = BTreeSet::new();
    let real = fs::canonicalize(program).ok();
    for path in [Some(program), Some(executable), real.as_deref()].into_iter().flatten() {
        homes.extend(path.parent().and_then(Path::parent).map(Path::to_path_buf));
    }
    homes.extend(std::env::var_os("VIRTUAL_ENV").map(PathBuf::from));
    homes.insert("/usr/local".into());
    let users = [
        std::env::var_os("HOME").map(PathBuf::from),
        std::env::var_os("SUDO_USER").map(|user| Path::new("/home").join(user)),
    ];
    homes.extend(users.into_iter().flatten().map(|home| home.join(".local")));
    homes.into_iter().collect()
}

/// Modules in machine code that may hold a TLS library or need one.
#[derive(Debug, Default)]
struct Extensions {
    /// By their names, TLS.
    sure: BTreeSet<PathBuf>,
    /// The others: many link one in (BoringSSL in gRPC and in curl-cffi, rustls in what is written in Rust).
    possible: BTreeSet<PathBuf>,
    folders: usize,
}

impl Extensions {
    /// `HOME/lib/python3.12/lib-dynload`, `…/site-packages`, `HOME/lib/python3/dist-packages`.
    fn look_below(&mut self, home: &Path) {
        for library in ["lib", "lib64"] {
            for version in entries(&home.join(library)).filter(|path| is_python(path) && path.is_dir()) {
                self.look_into(&version.join("lib-dynload"), DEPTH);
                for packages in ["site-packages", "dist-packages"] {
                    self.look_into(&version.join(packages), 0);
                }
            }
        }
    }

    fn look_into(&mut self, folder: &Path, depth: usize) {
        self.folders += 1;
        if self.folders > FOLDERS {
            return;
        }
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let kind = entry.file_type();
            if depth < DEPTH && kind.as_ref().is_ok_and(fs::FileType::is_dir) {
                self.look_into(&path, depth + 1);
            } else if path.file_name().is_some_and(|name| memchr::memmem::find(name.as_bytes(), b".so").is_some()) {
                let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
                let is_sure = is_tls_library(&path)
                    || ["_ssl.", "_ssl_", "ssl", "curl", "tls", "grpc"].iter().any(|part| name.contains(part));
                if is_sure {
                    self.sure.insert(path);
                } else if depth > 0 && !folder.ends_with("lib-dynload") {
                    self.possible.insert(path);
                }
            }
        }
    }

    fn in_order(self) -> impl Iterator<Item = PathBuf> {
        self.sure.into_iter().chain(self.possible).take(MODULES)
    }
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(line: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script");
        fs::write(&path, format!("{line}\nrest\n")).unwrap();
        (folder, path)
    }

    #[test]
    fn a_script_is_run_by_the_program_of_its_first_line() {
        let of = |line: &str| interpreter(&script(line).1).unwrap();
        let shell = in_path("sh").unwrap();
        assert_eq!(of("#!/bin/sh -eu"), Some("/bin/sh".into()));
        assert_eq!(of("#! /bin/sh"), Some("/bin/sh".into()));
        assert_eq!(of("#!/usr/bin/env sh"), Some(shell.clone()));
        assert_eq!(of("#!/usr/bin/env -S A=1 sh -x"), Some(shell));
        assert_eq!(of("#!/usr/bin/env no-such-program-anywhere"), None);
        assert_eq!(of("\u{7f}ELF"), None);
        assert_eq!(of("#!"), None);
    }

    #[test]
    fn a_script_gives_its_interpreter_and_what_that_needs() {
        let (_folder, path) = script("#!/usr/bin/env sh");
        let found = files(&path).unwrap().all;
        assert!(found[0].ends_with("sh"), "{found:?}");
        assert!(found.iter().any(|file| file.to_string_lossy().contains("/libc.")), "{found:?}");
    }

    #[test]
    fn an_interpreter_of_python_brings_its_modules() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path();
        let put = |path: &str| {
            fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
            fs::write(home.join(path), "x").unwrap();
            home.join(path)
        };
        let python = put("bin/python3.12");
        let sure = [
            put("lib/python3.12/lib-dynload/_ssl.cpython-312-x86_64-linux-gnu.so"),
            put("lib/python3.12/site-packages/cryptography.libs/libssl-9f4b1c2d.so.3"),
        ];
        let possible = put("lib/python3.12/site-packages/pydantic_core/_core.so");
        let _source = put("lib/python3.12/site-packages/openai/ssl.py");
        let _too_deep = put("lib/python3.12/site-packages/a/b/c/d/libssl.so.3");
        let found = files(&python).unwrap().all;
        let at = |path: &PathBuf| found.iter().position(|file| file == path);
        assert_eq!(found[0], python);
        assert!(sure.iter().all(|path| at(path).is_some() && at(path) < at(&possible)), "{found:?}");
        assert!(!found.iter().any(
            |file| file.extension().is_some_and(|kind| kind == "py") || file.to_string_lossy().contains("/a/b/c/d")
        ));
    }

    #[test]
    fn an_executable_that_is_not_there_is_an_error() {
        assert!(files(Path::new("/nonexistent/program")).is_err());
    }
}
