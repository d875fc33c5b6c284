//! A provider is named in its own folder and nowhere else, so that adding one touches a folder and a table.

use super::Problems;
use super::sources::code_lines;
use crate::workspace::File;

const PROVIDERS: &[&str] =
    &["openai", "anthropic", "gemini", "bedrock", "mistral", "cohere", "deepseek", "groq", "ollama", "vertex"];

/// The folder of a provider's own code is this one with its name.
const FOLDER: &str = "crates/core/src/provider/";

/// Names that hold a provider's and mean something else.
const OTHER_NAMES: &[&str] = &[
    "async-openai",  // a client
    "async_openai",  // the same
    "asyncopenai",   // the same, in type names
    "openinference", // a convention
];

/// Files that name providers, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/core/src/provider/mod.rs", "the table of surfaces"),
    ("crates/core/src/provider/hosts.rs", "the table of hosts"),
    ("xtask/src/tidy/providers.rs", "this list"),
];

pub(super) fn find(files: &[File]) -> Problems {
    files
        .iter()
        .filter(|file| is_library_source(&file.path))
        .filter(|file| !EXCEPTIONS.iter().any(|(path, _)| *path == file.path))
        .flat_map(problems_of)
        .collect()
}

fn is_library_source(path: &str) -> bool {
    let is_of_library = path.starts_with("src/") || path.starts_with("crates/");
    let is_of_users = path.starts_with("crates/testkit/") || path.starts_with("crates/cli/");
    is_of_library && !is_of_users && path.ends_with(".rs") && path.contains("src/")
}

fn problems_of(file: &File) -> Problems {
    let mut problems = Problems::new();
    for (number, line) in code_lines(file) {
        for provider in PROVIDERS.iter().filter(|provider| names(line, provider)) {
            if !file.path.starts_with(&format!("{FOLDER}{provider}")) {
                problems.push(format!("{}:{number}: names `{provider}` outside {FOLDER}{provider}/", file.path));
            }
        }
    }
    problems
}

fn names(line: &str, provider: &str) -> bool {
    if line.trim_start().starts_with("//") {
        return false;
    }
    let mut line = line.to_ascii_lowercase();
    for other in OTHER_NAMES {
        line = line.replace(other, "");
    }
    line.contains(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        find(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn a_provider_outside_its_folder_is_found() {
        let code = "//! Shows.\nlet is_ours = host.contains(\"openai\");\n";
        assert_eq!(problems("crates/pipeline/src/worker.rs", code), 1);
        assert_eq!(problems("crates/core/src/provider/anthropic/mod.rs", code), 1);
        assert_eq!(problems("crates/core/src/provider/openai/chat.rs", code), 0);
        assert_eq!(problems("crates/core/src/provider/mod.rs", code), 0);
        assert_eq!(problems("src/lib.rs", "struct OpenAiThing;"), 1);
    }

    #[test]
    fn comments_tests_clients_and_conventions_may_name_it() {
        assert_eq!(problems("src/lib.rs", "/// As OpenAI's own SDK.\nuse async_openai::Client;\n"), 0);
        assert_eq!(problems("src/lib.rs", "fn f() {}\n#[cfg(test)]\nmod tests {\n  \"openai\"\n}\n"), 0);
        assert_eq!(problems("crates/core/src/dialect/openinference.rs", "mod openinference;"), 0);
    }

    #[test]
    fn each_exception_has_a_reason() {
        assert!(EXCEPTIONS.iter().all(|(_, reason)| !reason.is_empty()));
    }
}
