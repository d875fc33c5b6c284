//! `cargo xtask bench`: the benches' own program, with its arguments passed on.

use crate::run::{self, Failed};
use crate::workspace;

/// The package that holds the benches.
pub(crate) const PACKAGE: &str = "sidetone-benches";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let mut command = run::cargo();
    command.args(["run", "--release", "--quiet", "--package", PACKAGE, "--"]).args(arguments);
    run::run(command.current_dir(workspace::root()))
}
