//! Each example for a client runs, against its own mock server, and shows the call that it makes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

/// An example, and lines that it prints, in this order.
const EXAMPLES: [(&str, &[&str]); 5] = [
    ("async_openai", &["span chat gpt-4o-mini", "event sidetone.attempt", "http.response.status_code = 429"]),
    (
        "own_providers",
        &["Name         : answer a question", "Name         : chat gpt-4o-mini", "EventName: \"gen_ai.choice\""],
    ),
    ("plain_reqwest", &["span chat gpt-4o-mini", "gen_ai.usage.input_tokens = 20", "gen_ai.usage.output_tokens = 10"]),
    ("reqwest_middleware", &["span chat gpt-4o-mini", "event sidetone.attempt", "http.response.status_code = 429"]),
    ("rig", &["span chat gpt-5.2", "gen_ai.usage.input_tokens = "]),
];

fn shows(name: &str, lines: &[&str]) {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--package", "sidetone-examples", "--bin", name]);
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("OTEL_") {
            command.env_remove(variable);
        }
    }
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let (printed, said) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name}: {}: {said}", output.status);
    let spans =
        printed.lines().filter(|line| line.starts_with("span ") || line.contains("Name         : chat")).count();
    assert_eq!(spans, 1, "{name}: one call, whatever its attempts: {printed}");
    for expected in lines {
        assert!(printed.lines().any(|line| line.trim_start().starts_with(expected)), "{name}: {expected}: {printed}");
    }
}

#[test]
fn each_example_runs_and_shows_its_call() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/clients/src/bin");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<_> = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(there, EXAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, lines) in EXAMPLES {
        shows(name, lines);
    }
}
