//! Packaging: each published package is built from what would be uploaded.
//!
//! `cargo package` hands the packages to one another through a registry of its own, and takes a version that it met
//! there before for unchanged: sources that it once unpacked, and what it built of them, must go first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::run::{self, Failed};
use crate::workspace;

pub(crate) fn run() -> Result<(), Failed> {
    let packages = workspace::packages()?;
    let names: Vec<String> = packages.iter().map(|package| package.name.clone()).collect();
    let target = workspace::root().join("target");
    let stale = [target.join("package"), target.join("debug/.fingerprint")].into_iter().chain(unpacked_sources());
    for folder in stale {
        forget(&folder, &names).map_err(|error| Failed(format!("cleaning {}: {error}", folder.display())))?;
    }
    // The target folder of the other steps: dependencies are not compiled again. Local changes are checked too.
    let mut command = run::cargo();
    command.args(["package", "--workspace", "--allow-dirty", "--quiet"]).env("CARGO_TARGET_DIR", target);
    for package in packages.iter().filter(|package| !package.is_published) {
        command.args(["--exclude", &package.name]);
    }
    run::run(command.current_dir(workspace::root()))
}

/// Where cargo unpacks what comes from registries that are folders; their names begin with `-`, for they have no host.
fn unpacked_sources() -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let Some(home) = std::env::var_os("CARGO_HOME").map(PathBuf::from).or(home) else { return Vec::new() };
    let registries = fs::read_dir(home.join("registry/src")).into_iter().flatten().flatten();
    registries.filter(|entry| entry.file_name().to_string_lossy().starts_with('-')).map(|entry| entry.path()).collect()
}

/// Removes the entries `NAME-…` of the folder.
fn forget(folder: &Path, names: &[String]) -> io::Result<()> {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry?;
        let file_name = entry.file_name();
        let file_name = file_name.to_string_lossy();
        let is_ours = |name: &String| file_name.strip_prefix(name.as_str()).is_some_and(|rest| rest.starts_with('-'));
        if names.iter().any(is_ours) && entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn only_our_own_packages_are_forgotten() {
        let folder = workspace::root().join("target/xtask/package-test");
        for name in ["sidetone-core-0.1.0", "bytes-1.0.0", "sidetoned-1.0.0"] {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
        forget(&folder, &["sidetone".to_owned(), "sidetone-core".to_owned()]).unwrap();
        let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["bytes-1.0.0", "sidetoned-1.0.0"]);
        forget(&folder.join("absent"), &[]).unwrap();
    }
}
