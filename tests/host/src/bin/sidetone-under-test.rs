//! The `sidetone` command, built with these tests so that cargo has it ready before they run.

use std::process::ExitCode;

fn main() -> ExitCode {
    sidetone_cli::run(std::env::args_os())
}
