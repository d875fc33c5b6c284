//! A provider is named in its own folder and nowhere else, so that adding one touches a folder and a table.

use std::fmt;

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
    "openaierror",   // a type of it
    "openinference", // a convention
];

/// Files and folders that name providers, with the reason.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("crates/core/src/provider/mod.rs", "the table of surfaces"),
    ("crates/core/src/provider/hosts.rs", "the table of hosts"),
    ("crates/core/src/dialect/", "names and values of the conventions hold names of providers"),
    ("crates/core/src/exchange/head.rs", "the list of response headers that are kept"),
    ("crates/core/src/provider/openai/completion.rs", "a compatible server puts its usage into a field with its name"),
    ("crates/core/src/pricing/", "the table of prices has a row for each provider"),
    ("crates/core/src/scan/", "rules are named after those who issue the keys"),
    ("crates/ebpf-capture/src/doctor/out_of_reach.rs", "the table of servers that talk plain HTTP"),
    ("crates/middleware/src/async_openai.rs", "types of the client hold the name"),
];

pub(super) fn find(files: &[File]) -> Problems {
    let named: Vec<Named> = files.iter().filter(|file| is_library_source(&file.path)).flat_map(named_in).collect();
    let is_excepted = |named: &&Named| EXCEPTIONS.iter().any(|(exception, _)| named.path.starts_with(exception));
    let forbidden = named.iter().filter(|named| !is_excepted(named)).map(Named::to_string);
    let is_used = |exception: &str| named.iter().any(|named| named.path.starts_with(exception));
    let unused = EXCEPTIONS.iter().filter(|(exception, _)| !is_used(exception));
    let unused =
        unused.map(|(exception, _)| format!("{exception}: the exception in xtask/src/tidy/providers.rs is not needed"));
    forbidden.chain(unused).collect()
}

/// A place that names a provider.
struct Named<'a> {
    path: &'a str,
    line: usize,
    provider: &'static str,
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, provider } = self;
        write!(f, "{path}:{line}: names `{provider}` outside {FOLDER}{provider}/")
    }
}

fn is_library_source(path: &str) -> bool {
    let is_of_library = path.starts_with("src/") || path.starts_with("crates/");
    let is_of_users = path.starts_with("crates/testkit/") || path.starts_with("crates/cli/");
    is_of_library && !is_of_users && path.ends_with(".rs") && path.contains("src/")
}

fn named_in(file: &File) -> Vec<Named<'_>> {
    let foreign = PROVIDERS.iter().filter(|provider| !file.path.starts_with(&format!("{FOLDER}{provider}/")));
    let foreign: Vec<&'static str> = foreign.copied().collect();
    let mut found = Vec::new();
    for (line, text) in code_lines(file) {
        let named = foreign.iter().filter(|provider| names(text, provider));
        found.extend(named.map(|&provider| Named { path: &file.path, line, provider }));
    }
    found
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

    /// Without the exceptions that a single file leaves unused.
    fn problems(path: &str, text: &str) -> usize {
        let problems = find(&[File { path: path.to_owned(), text: text.to_owned() }]);
        problems.iter().filter(|problem| !problem.contains("is not needed")).count()
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
    fn an_exception_that_nothing_needs_is_found() {
        assert_eq!(find(&[]).len(), EXCEPTIONS.len());
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
