//! `crates/core` has no clock, no I/O, no threads, no runtime and no randomness: all of that comes in as arguments.

use super::Problems;
use super::sources::code_lines;
use crate::workspace::File;

const FOLDER: &str = "crates/core/src/";

const FORBIDDEN: &[(&str, &str)] = &[
    ("Instant::now", "a clock"),
    ("SystemTime::now", "a clock"),
    (".elapsed()", "a clock"),
    ("std::thread", "threads"),
    ("thread_local!", "state of a thread"),
    ("std::fs", "files"),
    ("std::net", "sockets"),
    ("std::process", "processes"),
    ("std::env", "the environment"),
    ("std::io::stdin", "a terminal"),
    ("std::io::stdout", "a terminal"),
    ("std::io::stderr", "a terminal"),
    ("tokio", "an async runtime"),
    ("async fn", "async code"),
    (".await", "async code"),
    ("RandomState", "randomness"),
    ("unsafe ", "unsafe code"),
];

pub(super) fn find(files: &[File]) -> Problems {
    files.iter().filter(|file| file.path.starts_with(FOLDER)).flat_map(problems_of).collect()
}

fn problems_of(file: &File) -> Problems {
    let mut problems = Problems::new();
    for (number, line) in code_lines(file).filter(|(_, line)| !line.trim_start().starts_with("//")) {
        for (_, what) in FORBIDDEN.iter().filter(|(text, _)| has_word(line, text)) {
            problems.push(format!("{}:{number}: {what} in sidetone-core", file.path));
        }
    }
    problems
}

/// Whether the text stands there and is not the part of a longer name.
fn has_word(line: &str, text: &str) -> bool {
    let is_of_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + text.len()..].chars().next();
        let is_cut = |outside: Option<char>, inside: Option<char>| {
            outside.is_some_and(is_of_name) && inside.is_some_and(is_of_name)
        };
        !is_cut(before, text.chars().next()) && !is_cut(after, text.chars().next_back())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        find(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn each_forbidden_thing_is_found_in_core_and_only_there() {
        for (text, _) in FORBIDDEN {
            assert_eq!(problems("crates/core/src/a.rs", &format!("    x({text});\n")), 1, "{text}");
            assert_eq!(problems("crates/pipeline/src/a.rs", &format!("    x({text});\n")), 0, "{text}");
        }
    }

    #[test]
    fn comments_tests_and_longer_names_are_free() {
        assert_eq!(
            problems("crates/core/src/a.rs", "// Instant::now comes in\nlet instantaneous = Instant::nowhere();\n"),
            0
        );
        assert_eq!(problems("crates/core/src/a.rs", "#[cfg(test)]\nmod tests {\n use std::fs;\n}\n"), 0);
        assert_eq!(problems("crates/core/src/a.rs", "#![forbid(unsafe_code)]\n"), 0);
    }
}
