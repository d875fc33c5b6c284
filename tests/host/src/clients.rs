//! The programs that make the calls: installed by `cargo xtask setup`, or compiled here from a file of this package.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use sidetone_testkit::backends;
use sidetone_testkit::require;

use crate::place::own_file;
use crate::watch::program;

/// Python with `openai`, and what the example with Celery needs.
#[must_use]
pub fn python() -> Option<PathBuf> {
    backends::host_python()
}

/// The Node program, beside its packages.
#[must_use]
pub fn node() -> Option<PathBuf> {
    require::tool("node")?;
    backends::host_node()
}

/// The Go program.
#[must_use]
pub fn go() -> Option<PathBuf> {
    backends::host_go()
}

/// The Go program without its symbols.
#[must_use]
pub fn go_stripped() -> Option<PathBuf> {
    Some(backends::host_go()?.with_file_name("client-stripped"))
}

/// A C program of this package, linked with a library.
#[must_use]
pub fn c(name: &str, libraries: &[&str], header: &str) -> Option<PathBuf> {
    let compiler = require::tool("cc")?;
    if !require::or_skip(header, PathBuf::from("/usr/include").join(header).is_file()) {
        return None;
    }
    Some(compiled(&format!("c-{name}"), |out| {
        let mut command = Command::new(&compiler);
        command.args(["-O2", "-Wall", "-Werror", "-o"]).arg(out).arg(own_file(&format!("clients/c/{name}.c")));
        command.args(libraries);
        command
    }))
}

/// The C program that uses libssl.
#[must_use]
pub fn c_openssl() -> Option<PathBuf> {
    c("openssl", &["-lssl", "-lcrypto"], "openssl/ssl.h")
}

/// The C program that uses GnuTLS.
#[must_use]
pub fn c_gnutls() -> Option<PathBuf> {
    c("gnutls", &["-lgnutls"], "gnutls/gnutls.h")
}

/// The C program that makes connections at one address.
#[must_use]
pub fn c_steps() -> Option<PathBuf> {
    c("steps", &["-lssl", "-lcrypto"], "openssl/ssl.h")
}

/// The C program that keeps connections.
#[must_use]
pub fn c_idle() -> Option<PathBuf> {
    c("idle", &["-lssl", "-lcrypto"], "openssl/ssl.h")
}

/// The Java runtime, with the compiler in it that runs programs from their source.
#[must_use]
pub fn java() -> Option<PathBuf> {
    require::tool("javac")?;
    require::tool("java")
}

/// What a command makes, beside the programs of this package; made once by each test program.
fn compiled(name: &str, command: impl FnOnce(&PathBuf) -> Command) -> PathBuf {
    static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let file = program("sidetone-under-test").with_file_name(format!("host-client-{name}"));
    if !made.iter().any(|known| known == name) {
        // Another test program may be running the one that is there.
        let new = file.with_extension(std::process::id().to_string());
        let output = command(&new).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::rename(&new, &file).unwrap();
        made.push(name.to_owned());
    }
    file
}
