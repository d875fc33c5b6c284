//! Asks each runtime of the table about one file.

use std::fs::File;
use std::io;
use std::path::Path;

use thiserror::Error;

use super::elf::{Image, Symbols, Wanted};
use super::{Hook, RUNTIMES, boringssl, foreign, openssl, rustls};
use crate::probe::{Cookie, Probe};

/// A TLS runtime (or the middleware's USDT probe) that a file can hold.
#[derive(Debug)]
pub struct Runtime {
    /// What it is called in events, `doctor` and the README.
    pub name: &'static str,
    /// The symbols that it looks for; all runtimes' are looked up in one pass.
    pub(super) wanted: &'static [Wanted],
    pub(super) recognise: fn(&Image<'_>, &Symbols) -> Option<Recognised>,
}

/// One TLS library in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// Its name in [`RUNTIMES`], or that of a library that can't be hooked at all.
    pub runtime: &'static str,
    /// As the file says it, `3.0.19`, `go1.26.8`.
    pub version: Option<String>,
    /// The dearest hook among the functions that move bytes. `None`: there are no probes of that kind.
    pub hook: Option<Hook>,
    /// What to attach, in the order of their offsets.
    pub probes: Vec<Probe>,
    /// Why it can't be captured; `probes` is empty then.
    pub unsupported: Option<Unsupported>,
}

/// A TLS library that is there and out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// What is missing, as a sentence.
    pub reason: String,
    /// What can be done instead, as a sentence.
    pub remedy: &'static str,
    /// Many programs have the library mapped and never use it.
    pub is_common: bool,
}

/// The file could not be read.
#[derive(Debug, Error)]
#[error("cannot read the file: {error}")]
pub struct Unreadable {
    /// What the system said.
    #[from]
    pub error: io::Error,
}

impl Recognised {
    pub(super) fn hooked(
        runtime: &'static str,
        version: Option<String>,
        hook: Option<Hook>,
        probes: Vec<Probe>,
    ) -> Self {
        Self { runtime, version, hook, probes, unsupported: None }
    }

    pub(super) fn out_of_reach(
        runtime: &'static str,
        version: Option<String>,
        reason: impl Into<String>,
        remedy: &'static str,
    ) -> Self {
        let unsupported = Some(Unsupported { reason: reason.into(), remedy, is_common: false });
        Self { runtime, version, hook: None, probes: Vec::new(), unsupported }
    }
}

/// Which runtime a cookie's bits 8–15 name.
#[must_use]
pub fn name_of(index: u8) -> Option<&'static str> {
    RUNTIMES.get(usize::from(index)).map(|runtime| runtime.name)
}

/// Finds the TLS libraries in a file and the probes that capture them. An empty list: there is none in it, or it is no
/// ELF file for x86-64 or 64-bit ARM. `hint` is the file's path, for its name only; nothing is opened by it.
///
/// # Errors
/// When the system refuses to read the file. A file with nonsense in it is no error.
pub fn recognise(file: &File, hint: &Path) -> Result<Vec<Recognised>, Unreadable> {
    let marks = [&openssl::MARK, &boringssl::MARK, &rustls::MARK].map(|mark| mark.text());
    let Some(image) = Image::open(file, hint, marks.to_vec())? else { return Ok(Vec::new()) };
    let wanted: Vec<Wanted> =
        RUNTIMES.iter().flat_map(|runtime| runtime.wanted).chain(foreign::WANTED).copied().collect();
    let symbols = image.symbols(&wanted);
    let mut all = Vec::new();
    for (runtime, index) in RUNTIMES.iter().zip(0_u64..) {
        let Some(mut found) = (runtime.recognise)(&image, &symbols) else { continue };
        for probe in &mut found.probes {
            probe.cookie = Cookie(probe.cookie.0 | index << Cookie::RUNTIME_SHIFT);
        }
        found.probes.sort_by_key(|probe| (probe.offset, probe.program.is_return()));
        found.probes.dedup();
        all.push(found);
    }
    all.extend(foreign::recognise(&symbols));
    match image.into_failure() {
        Some(error) => Err(Unreadable { error }),
        None => Ok(all),
    }
}
