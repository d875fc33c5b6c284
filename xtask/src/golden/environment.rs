//! Where a peer's packages are installed, each in the version that the repository names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{self, Failed};

/// What a peer is written in.
#[derive(Clone, Copy)]
pub(super) enum Language {
    /// Its packages are listed in `requirements/NAME.txt`.
    Python,
    /// Its packages are listed in `NAME/package.json` and `NAME/package-lock.json`.
    Node,
}

/// A set of packages that are installed together.
pub(super) struct Environment {
    pub(super) name: &'static str,
    pub(super) language: Language,
}

/// An environment that is there.
pub(super) struct Installed {
    folder: PathBuf,
    language: Language,
}

impl Environment {
    /// The environment in `environments`, installed unless it is there with these very pins.
    pub(super) fn installed(&self, peers: &Path, environments: &Path) -> Result<Installed, Failed> {
        let pins = self.pins(peers)?;
        let folder = environments.join(self.name);
        let installed = Installed { folder: folder.clone(), language: self.language };
        let mark = folder.join("installed");
        if fs::read_to_string(&mark).is_ok_and(|of| of == pins) {
            return Ok(installed);
        }
        let failed = |error: std::io::Error| Failed(format!("{}: {error}", folder.display()));
        println!("installing {}", self.name);
        super::files::clear(&folder).map_err(failed)?;
        match self.language {
            Language::Python => self.install_python(peers, &folder),
            Language::Node => self.install_node(peers, &folder),
        }
        .map_err(|failed| failed.while_doing(format!("installing {}", self.name)))?;
        fs::write(&mark, pins).map_err(failed)?;
        Ok(installed)
    }

    /// All that says which versions are installed. Fails where something isn't pinned.
    pub(super) fn pins(&self, peers: &Path) -> Result<String, Failed> {
        let read =
            |file: PathBuf| fs::read_to_string(&file).map_err(|error| Failed(format!("{}: {error}", file.display())));
        match self.language {
            Language::Python => {
                let requirements = read(self.requirements(peers))?;
                match unpinned(&requirements) {
                    Some(line) => Err(Failed(format!("{}: `{line}` names no version", self.name))),
                    None => Ok(requirements),
                }
            }
            Language::Node => {
                let folder = peers.join(self.name);
                Ok(read(folder.join(PACKAGES[0]))? + &read(folder.join(PACKAGES[1]))?)
            }
        }
    }

    fn requirements(&self, peers: &Path) -> PathBuf {
        peers.join("requirements").join(format!("{}.txt", self.name))
    }

    /// Every package is named with its version: what they ask of each other doesn't count.
    fn install_python(&self, peers: &Path, folder: &Path) -> Result<(), Failed> {
        needs("python3", "python3-venv")?;
        run::output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--no-input", "--no-deps", "--requirement"]).arg(self.requirements(peers));
        run::output(&mut pip).map(drop)
    }

    fn install_node(&self, peers: &Path, folder: &Path) -> Result<(), Failed> {
        needs("node", "nodejs")?;
        needs("npm", "npm")?;
        for file in PACKAGES {
            copy(&peers.join(self.name).join(file), folder)?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        run::output(&mut npm).map(drop)
    }
}

/// What npm reads.
const PACKAGES: [&str; 2] = ["package.json", "package-lock.json"];

impl Installed {
    /// Runs a script with the packages, and with nothing of our own environment that could change what they do.
    pub(super) fn command(&self, script: &Path) -> Result<Command, Failed> {
        let mut command = match self.language {
            Language::Python => {
                let mut python = Command::new(self.folder.join("bin/python"));
                python.env_clear().env("PYTHONDONTWRITEBYTECODE", "1").arg(script);
                python
            }
            Language::Node => {
                // Node looks for packages beside the script.
                let script = copy(script, &self.folder)?;
                let mut node = Command::new("node");
                node.env_clear().arg(script);
                node
            }
        };
        for kept in ["PATH", "HOME"] {
            command.envs(std::env::var_os(kept).map(|value| (kept, value)));
        }
        Ok(command)
    }
}

fn copy(file: &Path, folder: &Path) -> Result<PathBuf, Failed> {
    let copy = folder.join(file.file_name().unwrap_or_default());
    fs::copy(file, &copy).map_err(|error| Failed(format!("{}: {error}", file.display())))?;
    Ok(copy)
}

/// Says which program is absent, and where Debian has it.
pub(super) fn needs(program: &str, package: &str) -> Result<(), Failed> {
    if run::exists(program) {
        return Ok(());
    }
    Err(Failed(format!("needs `{program}`, which is not installed (Debian's package {package})")))
}

/// The first requirement that doesn't name its version.
fn unpinned(requirements: &str) -> Option<&str> {
    let lines = requirements.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .into_iter()
        .find(|line| !line.split_once("==").is_some_and(|(name, version)| !name.is_empty() && !version.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_package_without_its_version_is_told() {
        assert_eq!(unpinned("# why\n\nopenai==3.52.0\nwrapt==2.5.2\n"), None);
        assert_eq!(unpinned("openai==3.52.0\nwrapt\n"), Some("wrapt"));
        assert_eq!(unpinned("openai>=3.52.0\n"), Some("openai>=3.52.0"));
        assert_eq!(unpinned("openai==\n"), Some("openai=="));
    }

    #[test]
    fn an_absent_program_is_named_with_the_package_that_has_it() {
        let Failed(why) = needs("no-such-program-anywhere", "its-package").unwrap_err();
        assert!(why.contains("`no-such-program-anywhere`") && why.contains("its-package"), "{why}");
        assert_eq!(needs("sh", "dash"), Ok(()));
    }
}
