//! Running other programs, with errors that name the command.

use std::fmt::Display;
use std::path::Path;
use std::process::{Command, Stdio};

/// Why a task failed, in one line or a short list: what to do about it included where that is not plain.
#[derive(Debug, PartialEq)]
pub(crate) struct Failed(pub(crate) String);

impl Failed {
    /// With what was being done in front.
    pub(crate) fn while_doing(self, what: impl Display) -> Self {
        Self(format!("{what}: {}", self.0))
    }
}

/// The command as one would type it, its program without folders.
pub(crate) fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = std::iter::once(program.file_name().unwrap_or_default()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs the command with our own output; any other end than success is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), Failed> {
    println!("$ {}", shown(command));
    let status = command.stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failed(format!("`{}` ended with {status}", shown(command)))),
        Err(error) => Err(Failed(format!("`{}` doesn't start: {error}", shown(command)))),
    }
}

/// Runs the command in silence and gives its standard output; when it fails, the error holds the end of what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String, Failed> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failed(format!("`{}` doesn't start: {error}", shown(command))))?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(stdout.into_owned());
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let end = last_lines(&format!("{stdout}{stderr}"), ERROR_LINES);
    Err(Failed(format!("`{}` ended with {}\n{end}", shown(command), output.status)))
}

/// How much of a failed command's output is shown.
const ERROR_LINES: usize = 30;

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

/// Whether the program can be started at all.
pub(crate) fn exists(program: &str) -> bool {
    let started = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    started.is_ok()
}

/// The cargo that runs this task.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn a_failed_command_is_named_with_what_it_printed() {
        let Failed(why) = output(Command::new("sh").args(["-c", "echo one; echo two >&2; exit 3"])).unwrap_err();
        for part in ["sh -c", "exit status: 3", "one", "two"] {
            assert!(why.contains(part), "{why}");
        }
        assert_eq!(output(Command::new("sh").args(["-c", "echo one; echo two >&2"])), Ok("one\n".to_owned()));
    }

    #[test]
    fn an_absent_program_is_an_error() {
        assert!(run(&mut Command::new("no-such-program-anywhere")).is_err());
        assert!(!exists("no-such-program-anywhere"));
        assert!(exists("sh"));
    }
}
