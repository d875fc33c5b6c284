//! Being light to depend on: how many crates an application gains, and how many the core has, counted by `cargo tree`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::Problems;
use crate::run::{self, Failed};
use crate::workspace;

/// Crates that an application with reqwest 0.13 and opentelemetry-otlp 0.33 gains at most, ours included.
const MAX_GAINED: usize = 25;
/// Crates of `sidetone-core` with its default features at most, itself included.
const MAX_OF_CORE: usize = 30;

/// What the application has without us.
const BEFORE: &str = "reqwest = \"0.13\"\nopentelemetry-otlp = \"0.33\"\n";

pub(super) fn find() -> Result<Problems, Failed> {
    let sidetone = format!("{BEFORE}sidetone = {{ path = {:?} }}\n", workspace::root());
    let core = format!("sidetone-core = {{ path = {:?} }}\n", workspace::root().join("crates/core"));
    let before = crates_of_application("before", BEFORE)?;
    let with_us = crates_of_application("with-us", &sidetone)?;
    let core = crates_of_application("core", &core)?;
    Ok(problems(&before, &with_us, &core))
}

type Crates = BTreeSet<String>;

fn problems(before: &Crates, with_us: &Crates, core: &Crates) -> Problems {
    let gained: Vec<&str> = with_us.difference(before).map(String::as_str).collect();
    println!("  an application gains {} of at most {MAX_GAINED} crates: {}", gained.len(), gained.join(", "));
    println!("  sidetone-core has {} of at most {MAX_OF_CORE} crates", core.len());
    let mut problems = Problems::new();
    if gained.len() > MAX_GAINED {
        problems.push(format!("an application gains {} crates, more than {MAX_GAINED}", gained.len()));
    }
    if core.len() > MAX_OF_CORE {
        problems.push(format!("sidetone-core has {} crates, more than {MAX_OF_CORE}", core.len()));
    }
    problems
}

/// What is compiled for an application with these dependencies, itself left out. It begins with our versions.
fn crates_of_application(name: &str, dependencies: &str) -> Result<Crates, Failed> {
    let folder = workspace::root().join("target/xtask/crate-counts").join(name);
    write_application(&folder, name, dependencies)
        .map_err(|error| Failed(format!("writing {}: {error}", folder.display())))?;
    let mut tree = run::cargo();
    tree.args(["tree", "--edges", "normal,build", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none"]);
    let text = run::output(tree.current_dir(&folder))?;
    Ok(crates(&text, name))
}

fn write_application(folder: &Path, name: &str, dependencies: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n{dependencies}"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), "fn main() {}\n")?;
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock")).map(drop)
}

/// The different `name version` pairs of a tree without prefixes.
fn crates(tree: &str, application: &str) -> Crates {
    let lines = tree.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    lines.filter(|name| !name.is_empty() && !name.starts_with(&format!("{application} "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: usize) -> Crates {
        (0..count).map(|number| format!("crate{number} v1.0.0")).collect()
    }

    #[test]
    fn a_tree_counts_each_crate_once() {
        let tree = "app v0.0.0 (/a)\nbytes v1.10.1\nserde v1.0.0 (proc-macro)\nbytes v1.10.1 (*)\nbytes v2.0.0\n";
        let expected = ["bytes v1.10.1", "bytes v2.0.0", "serde v1.0.0"];
        assert_eq!(crates(tree, "app"), expected.map(str::to_owned).into());
    }

    #[test]
    fn one_crate_too_many_is_found() {
        let before = many(100);
        assert_eq!(problems(&before, &many(100 + MAX_GAINED), &many(MAX_OF_CORE)), Problems::new());
        assert_eq!(problems(&before, &many(101 + MAX_GAINED), &many(MAX_OF_CORE)).len(), 1);
        assert_eq!(problems(&before, &many(100), &many(MAX_OF_CORE + 1)).len(), 1);
    }
}
