//! The `sidetone` command.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    sidetone_cli::run(std::env::args_os())
}
