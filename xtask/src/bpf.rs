//! `cargo xtask bpf`: builds the kernel side of host-wide capture, the object that is committed and embedded.
//!
//! One compiler in one version makes it, so that the same sources give the same bytes everywhere; `--check` compares them
//! with what is committed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::run::{self, Failed};
use crate::workspace;

/// The compiler, and how it names itself: Debian 12's.
const COMPILER: &str = "clang-14";
const VERSION: &str = "Debian clang version 14.0.6";
/// The tool that takes local names out.
const STRIP: &str = "llvm-strip-14";

const FOLDER: &str = "crates/ebpf-capture/bpf";
const SOURCE: &str = "sidetone.bpf.c";
const OBJECT: &str = "sidetone.bpf.o";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    match arguments {
        [] => build().and_then(|object| replace(&object)),
        [check] if check == "--check" => self::check(),
        _ => Err(Failed("usage: cargo xtask bpf [--check]".to_owned())),
    }
}

/// Whether the committed object is what the sources give.
pub(crate) fn check() -> Result<(), Failed> {
    let committed = workspace::root().join(FOLDER).join(OBJECT);
    let committed = fs::read(&committed).map_err(|error| Failed(format!("{}: {error}", committed.display())))?;
    if build()? == committed {
        Ok(())
    } else {
        Err(Failed(format!("{FOLDER}/{OBJECT} is not what {FOLDER} gives: run `cargo xtask bpf` and commit it")))
    }
}

fn replace(object: &[u8]) -> Result<(), Failed> {
    let path = workspace::root().join(FOLDER).join(OBJECT);
    fs::write(&path, object).map_err(|error| Failed(format!("{}: {error}", path.display())))?;
    println!("{}: {} bytes", path.display(), object.len());
    Ok(())
}

/// The object, built beside the committed one's place.
fn build() -> Result<Vec<u8>, Failed> {
    let said = run::output(Command::new(COMPILER).arg("--version"))
        .map_err(|failed| failed.while_doing(format!("{COMPILER} ({VERSION}) builds the kernel side")))?;
    right_version(&said)?;
    let folder = workspace::root().join(FOLDER);
    let out = workspace::root().join("target").join(OBJECT);
    run::output(compile(&folder, &out).current_dir(&folder))?;
    run::output(Command::new(STRIP).args(["--strip-debug", "--discard-all"]).arg(&out))?;
    fs::read(&out).map_err(|error| Failed(format!("{}: {error}", out.display())))
}

/// Another compiler gives other bytes: said by its version, before any bytes are compared.
fn right_version(said: &str) -> Result<(), Failed> {
    let version = said.lines().next().unwrap_or_default().trim();
    if version == VERSION {
        Ok(())
    } else {
        Err(Failed(format!("the kernel side is built by {VERSION}, and {COMPILER} here is {version}")))
    }
}

fn compile(folder: &Path, out: &Path) -> Command {
    let mut command = Command::new(COMPILER);
    command.args(["-target", "bpf", "-mcpu=v3", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]);
    command.arg("-DSIDETONE_X86_64");
    // Where Debian has <asm/types.h>, which the target `bpf` would not look for.
    command.arg("-I/usr/include/x86_64-linux-gnu");
    command.arg(format!("-ffile-prefix-map={}=.", folder.display()));
    command.args(["-c", SOURCE, "-o"]).arg(out);
    command
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    #[test]
    fn another_compiler_fails_with_its_version() {
        assert_eq!(right_version("Debian clang version 14.0.6\nTarget: x86_64-pc-linux-gnu\n"), Ok(()));
        let Failed(why) = right_version("Ubuntu clang version 18.1.3\n").unwrap_err();
        assert!(why.contains("Ubuntu clang version 18.1.3") && why.contains(VERSION), "{why}");
        assert!(right_version("").is_err());
    }
}
