//! The recorded cases, and `sidetone replay` on them.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Content modes: the command's word for it and the golden folder's.
pub(crate) const MODES: [(&str, &str); 2] = [("off", "off"), ("full", "on")];

/// The dialects, as the command names them.
pub(crate) const DIALECTS: [&str; 5] = ["v2", "latest", "v1", "openinference", "posthog"];

/// The repository's `conformance` folder.
pub(crate) fn conformance() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance")
}

/// The recorded cases' folder.
pub(crate) fn folder() -> PathBuf {
    conformance().join("cases")
}

/// Further cases, with what the same peer gave for them.
pub(crate) fn further() -> PathBuf {
    conformance().join("further")
}

/// The names of all recorded cases.
pub(crate) fn names() -> Vec<String> {
    let names = names_in(&folder());
    assert!(names.len() >= 20, "cases are missing: {names:?}");
    names
}

/// The names of the cases in a folder.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// What a peer gave for a case.
pub(crate) fn golden(variant: &str, folder: &str, case: &str) -> Value {
    document(&conformance().join("golden").join(variant).join(folder).join(format!("{case}.json")))
}

/// A recorded document.
pub(crate) fn document(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The command, without anything of the environment that could change what it prints.
pub(crate) fn sidetone() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sidetone"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OTEL_") || name.to_string_lossy().starts_with("SIDETONE_") {
            command.env_remove(name);
        }
    }
    command
}

/// Runs `sidetone replay` on paths in dialect `v2` and gives the documents that it prints.
pub(crate) fn replay(content: &str, extra: &[&str], paths: &[&Path]) -> Vec<Value> {
    replay_in("v2", content, extra, paths)
}

/// The same in another dialect. What was said is in all places that it has, as in the golden files.
pub(crate) fn replay_in(dialect: &str, content: &str, extra: &[&str], paths: &[&Path]) -> Vec<Value> {
    replay_placed("SPAN_AND_EVENT", dialect, content, extra, paths)
}

/// The same with what was said in a place of choice.
pub(crate) fn replay_placed(place: &str, dialect: &str, content: &str, extra: &[&str], paths: &[&Path]) -> Vec<Value> {
    let mut command = sidetone();
    command.env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", place);
    command.args(["replay", "--dialect", dialect, "--content", content, "--format", "golden"]);
    documents(command.args(extra).args(paths))
}

/// The documents that a command prints.
pub(crate) fn documents(command: &mut Command) -> Vec<Value> {
    let Output { status, stdout, stderr } = command.output().expect("the command runs");
    let stderr = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{status}: {stderr}");
    let text = String::from_utf8(stdout).expect("the output is UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is a JSON document")).collect()
}

/// The document of one recorded case.
pub(crate) fn replay_case(content: &str, case: &str) -> Value {
    replay_case_in("v2", content, case)
}

/// The document of one recorded case in another dialect.
pub(crate) fn replay_case_in(dialect: &str, content: &str, case: &str) -> Value {
    let mut documents = replay_in(dialect, content, &[], &[&folder().join(case)]);
    assert_eq!(documents.len(), 1, "one case, one document");
    documents.remove(0)
}
