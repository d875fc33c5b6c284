//! What is found out by doing it: loading, attaching, listening to process events, looking through TLS libraries.

use std::fs::File;
use std::path::Path;

use super::check::Check;
use crate::discover::sideband::Sideband;
use crate::discover::tls_files;
use crate::kernel::{Kernel, LoadOptions, MIN_RING_BYTES};
use crate::runtime::{Recognised, recognise};

pub(super) fn checks() -> Vec<Check> {
    let libraries = libraries();
    let mut all = vec![events()];
    all.extend(programs(&libraries));
    all.extend(libraries.iter().flat_map(|(path, found)| found.iter().map(|one| library(path, one))));
    if libraries.is_empty() {
        all.push(Check::partial(
            "TLS libraries",
            "none is installed in the usual places: those of programs that bring their own are found when they run",
            "nothing needs to be done",
        ));
    }
    all
}

fn events() -> Check {
    const NAME: &str = "process events";
    match Sideband::open() {
        Ok(_) => Check::good(NAME, "work"),
        Err(error) => Check::missing(NAME, "can't be had", error.to_string()),
    }
}

/// Loads the programs and attaches them to a library of this host, for a moment.
fn programs(libraries: &[(std::path::PathBuf, Vec<Recognised>)]) -> Vec<Check> {
    const LOADING: &str = "eBPF programs";
    const ATTACHING: &str = "probes";
    let kernel = match Kernel::load(&LoadOptions { ring_bytes: MIN_RING_BYTES, ..LoadOptions::default() }) {
        Ok((kernel, _drain)) => kernel,
        Err(error) => return vec![Check::missing(LOADING, "can't be loaded", error.to_string())],
    };
    let mut all = vec![Check::good(LOADING, format!("load; probes go by {}", kernel.route()))];
    let target =
        libraries.iter().find_map(|(path, found)| Some((path, found.iter().find(|one| !one.probes.is_empty())?)));
    if let Some((path, found)) = target {
        all.push(match kernel.attach(path, &found.probes) {
            Ok(_) => Check::good(ATTACHING, format!("attach ({} to {})", found.probes.len(), path.display())),
            Err(error) => {
                Check::missing(ATTACHING, format!("can't be attached to {}", path.display()), error.to_string())
            }
        });
    }
    all
}

/// The TLS libraries and runtimes that are installed.
fn libraries() -> Vec<(std::path::PathBuf, Vec<Recognised>)> {
    tls_files(&[])
        .into_iter()
        .filter_map(|path| {
            let found = recognise(&File::open(&path).ok()?, &path).ok()?;
            (!found.is_empty()).then_some((path, found))
        })
        .collect()
}

fn library(path: &Path, found: &Recognised) -> Check {
    const NAME: &str = "TLS library";
    let version = found.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
    let what = format!("{}: {}{version}", path.display(), found.runtime);
    match (&found.unsupported, found.hook) {
        (Some(unsupported), _) => Check::partial(NAME, format!("{what}: {}", unsupported.reason), unsupported.remedy),
        (None, Some(hook)) => Check::good(NAME, format!("{what}, hooked {hook}")),
        (None, None) => Check::good(NAME, what),
    }
}
