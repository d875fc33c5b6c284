//! `cargo xtask scan-quality`: what the scan finds of what others call secrets, and in ordinary text; writes the tables of docs/scan.md.

use std::process::Command;

use crate::run::{self, Failed};
use crate::workspace;

/// Takes `--detect-secrets FOLDER`, `--trufflehog FOLDER` and `--secretlint FOLDER`: checkouts of projects whose packages hold no tests.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let root = workspace::root();
    let mut build = run::cargo();
    build.args(["build", "--release", "--package", "sidetone-core", "--example", "scan"]);
    run::run(build.current_dir(&root))?;
    let here = root.join("xtask/src/scan");
    let mut measure = Command::new("python3");
    measure
        .arg(here.join("quality.py"))
        .arg(workspace::target().join("release/examples/scan"))
        .arg(root.join("target/xtask/scan-quality"))
        .arg(root.join("docs/scan.md"))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1");
    run::run(measure.current_dir(&root))
}
