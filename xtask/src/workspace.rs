//! The workspace as cargo and git see it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

use crate::run::{self, Failed};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into)
}

/// A file of the repository.
pub(crate) struct File {
    /// Relative to the repository's folder, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every text file that is tracked, or new and not ignored.
pub(crate) fn files() -> Result<Vec<File>, Failed> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let paths = run::output(Command::new("git").args(list).current_dir(root()))?;
    let mut files = Vec::new();
    for path in paths.split('\0').filter(|path| !path.is_empty()) {
        // A file may have been deleted and not yet committed, or hold no text.
        if let Ok(text) = std::fs::read_to_string(root().join(path)) {
            files.push(File { path: path.to_owned(), text });
        }
    }
    Ok(files)
}

/// A package of the workspace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) features: Vec<String>,
    pub(crate) is_published: bool,
    /// Packages of the workspace that it depends on, those of its tests and examples left out.
    pub(crate) internal_dependencies: Vec<String>,
}

/// The packages of the workspace.
pub(crate) fn packages() -> Result<Vec<Package>, Failed> {
    let metadata = metadata(&["--no-deps"])?;
    Ok(array(&metadata["packages"]).iter().map(package).collect())
}

/// What `cargo metadata` says.
pub(crate) fn metadata(arguments: &[&str]) -> Result<Json, Failed> {
    let mut command = run::cargo();
    command.args(["metadata", "--format-version", "1"]).args(arguments).current_dir(root());
    let text = run::output(&mut command)?;
    serde_json::from_str(&text).map_err(|error| Failed(format!("cargo metadata: {error}")))
}

fn package(json: &Json) -> Package {
    let dependencies = array(&json["dependencies"]).iter();
    let internal = dependencies.filter(|dependency| dependency["path"].is_string() && dependency["kind"] != "dev");
    Package {
        name: string(&json["name"]),
        features: json["features"].as_object().map(|features| features.keys().cloned().collect()).unwrap_or_default(),
        is_published: !json["publish"].as_array().is_some_and(Vec::is_empty),
        internal_dependencies: internal.map(|dependency| string(&dependency["name"])).collect(),
    }
}

pub(crate) fn array(json: &Json) -> &[Json] {
    json.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn string(json: &Json) -> String {
    json.as_str().unwrap_or_default().to_owned()
}
