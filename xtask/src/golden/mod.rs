//! `cargo xtask golden`: makes the golden files of `conformance/golden` anew, by running the packages that they are of.
//!
//! Each package lies with its dependencies in an environment of its own under `target/golden`, every version pinned, and
//! makes the recorded calls against a mock server on loopback. The results are committed; this is a tool for whoever
//! changes a pin or adds a case, and no part of the checks.

mod environment;
mod files;
mod server;

use std::path::{Path, PathBuf};

use crate::run::{self, Failed};
use crate::workspace;
use environment::{Environment, Language};
use server::MockServer;

/// One kind of golden telemetry: a package in one version and mode.
struct Variant {
    name: &'static str,
    environment: &'static Environment,
    /// The program in `conformance/peers` that makes the calls.
    script: &'static str,
}

const OPENAI_V2: Environment = Environment { name: "openai-v2", language: Language::Python };
const GENAI_OPENAI: Environment = Environment { name: "genai-openai", language: Language::Python };
const TRACELOOP_INDEXED: Environment = Environment { name: "traceloop-indexed", language: Language::Python };
const TRACELOOP_NEWEST: Environment = Environment { name: "traceloop-newest", language: Language::Python };
const OPENINFERENCE: Environment = Environment { name: "openinference", language: Language::Python };
const POSTHOG: Environment = Environment { name: "posthog", language: Language::Python };
const VERCEL: Environment = Environment { name: "vercel", language: Language::Node };
const VERCEL_NEWEST: Environment = Environment { name: "vercel-newest", language: Language::Node };

const OTEL: &str = "run_otel.py";
const AI_SDK: &str = "run_vercel.mjs";

const VARIANTS: &[Variant] = &[
    Variant { name: "v2", environment: &OPENAI_V2, script: OTEL },
    Variant { name: "latest_v2", environment: &OPENAI_V2, script: OTEL },
    Variant { name: "latest", environment: &GENAI_OPENAI, script: OTEL },
    Variant { name: "v1_indexed", environment: &TRACELOOP_INDEXED, script: OTEL },
    Variant { name: "v1_newest", environment: &TRACELOOP_NEWEST, script: OTEL },
    Variant { name: "openinference", environment: &OPENINFERENCE, script: OTEL },
    Variant { name: "posthog", environment: &POSTHOG, script: "run_posthog.py" },
    Variant { name: "vercel", environment: &VERCEL, script: AI_SDK },
    Variant { name: "vercel_newest", environment: &VERCEL_NEWEST, script: AI_SDK },
];

/// A folder of cases, and the folder of their golden files, both in `conformance`.
struct Set {
    cases: &'static str,
    golden: &'static str,
    /// The variant that has no folder of its own among the golden files.
    bare: Option<&'static str>,
}

const SETS: [Set; 2] = [
    Set { cases: "cases", golden: "golden", bare: None },
    Set { cases: "further/cases", golden: "further/golden", bare: Some("v2") },
];

impl Set {
    fn cases(&self) -> PathBuf {
        conformance().join(self.cases)
    }

    /// Where the golden files of a variant are committed, relative to `conformance`.
    fn committed(&self, variant: &str, content: &str) -> PathBuf {
        let folder = Path::new(self.golden);
        if self.bare == Some(variant) { folder.join(content) } else { folder.join(variant).join(content) }
    }
}

/// With the capture of content off and on.
const CONTENT: [&str; 2] = ["off", "on"];

/// How many changed files are named.
const SHOWN: usize = 20;

const USAGE: &str = "usage: cargo xtask golden [--check] [VARIANT…]";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let asked = Asked::read(arguments)?;
    let server = MockServer::start(&peers().join("mock_server.py"), &SETS.each_ref().map(Set::cases))?;
    let mut changed = Vec::new();
    for variant in asked.variants {
        let (mut count, changed_before) = (0, changed.len());
        for (committed, made) in made(variant, &server).map_err(|failed| failed.while_doing(variant.name))? {
            let io = |error| Failed(format!("{}: {error}", committed.display()));
            let target = conformance().join(&committed);
            count += files::list(&made).map_err(io)?.len();
            changed.extend(files::changes(&target, &made).map_err(io)?.iter().map(|file| committed.join(file)));
            if !asked.only_check {
                files::replace(&target, &made).map_err(io)?;
            }
        }
        println!("{}: {count} files, {} changed", variant.name, changed.len() - changed_before);
    }
    for file in changed.iter().take(SHOWN) {
        println!("  {}", file.display());
    }
    if changed.len() > SHOWN {
        println!("  … and {} more", changed.len() - SHOWN);
    }
    if asked.only_check && !changed.is_empty() {
        return Err(Failed(format!("{} golden files are not what the packages give", changed.len())));
    }
    Ok(())
}

/// What the command line asks for.
struct Asked {
    only_check: bool,
    variants: Vec<&'static Variant>,
}

impl Asked {
    fn read(arguments: &[String]) -> Result<Self, Failed> {
        let (options, names): (Vec<_>, Vec<_>) = arguments.iter().partition(|argument| argument.starts_with('-'));
        if let Some(unknown) = options.iter().find(|option| **option != "--check") {
            return Err(Failed(format!("no option `{unknown}`. {USAGE}")));
        }
        let named = |name: &&String| {
            VARIANTS.iter().find(|variant| variant.name == name.as_str()).ok_or_else(|| {
                let known: Vec<_> = VARIANTS.iter().map(|variant| variant.name).collect();
                Failed(format!("no variant `{name}`; there are {}. {USAGE}", known.join(", ")))
            })
        };
        let mut variants = names.iter().map(named).collect::<Result<Vec<_>, _>>()?;
        if variants.is_empty() {
            variants = VARIANTS.iter().collect();
        }
        Ok(Self { only_check: !options.is_empty(), variants })
    }
}

/// Makes the golden files of a variant. Gives each folder of them: where it is to be, relative to `conformance`, and where it is.
fn made(variant: &Variant, server: &MockServer) -> Result<Vec<(PathBuf, PathBuf)>, Failed> {
    let environment = variant.environment.installed(&peers(), &folder().join("environments"))?;
    let mut folders = Vec::new();
    for set in &SETS {
        for content in CONTENT {
            let committed = set.committed(variant.name, content);
            let out = folder().join("made").join(&committed);
            files::clear(&out).map_err(|error| Failed(format!("{}: {error}", out.display())))?;
            let mut script = environment.command(&peers().join(variant.script))?;
            script.args([variant.name, content]).arg(&out).arg(set.cases()).arg(server.port().to_string());
            run::output(&mut script)?;
            folders.push((committed, out));
        }
    }
    Ok(folders)
}

fn folder() -> PathBuf {
    workspace::root().join("target/golden")
}

fn conformance() -> PathBuf {
    workspace::root().join("conformance")
}

fn peers() -> PathBuf {
    conformance().join("peers")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

    use super::*;

    fn asked(arguments: &[&str]) -> Result<Asked, Failed> {
        Asked::read(&arguments.iter().map(|argument| (*argument).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn every_variant_is_made_unless_some_are_named() {
        assert_eq!(asked(&[]).unwrap().variants.len(), VARIANTS.len());
        let some = asked(&["posthog", "--check", "v2"]).unwrap();
        assert_eq!(some.variants.iter().map(|variant| variant.name).collect::<Vec<_>>(), ["posthog", "v2"]);
        assert!(some.only_check);
        for wrong in ["v3", "--force"] {
            let Failed(why) = asked(&[wrong]).err().unwrap();
            assert!(why.contains(&format!("`{wrong}`")) && why.contains(USAGE), "{why}");
        }
    }

    #[test]
    fn what_each_variant_needs_is_in_the_repository_with_every_version() {
        for variant in VARIANTS {
            assert!(peers().join(variant.script).is_file(), "{}", variant.script);
            variant.environment.pins(&peers()).unwrap();
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn every_variant_has_a_committed_file_for_each_case() {
        for set in &SETS {
            let cases = names(&set.cases());
            for variant in VARIANTS {
                for content in CONTENT {
                    let committed = set.committed(variant.name, content);
                    let files = names(&conformance().join(&committed));
                    let told: Vec<&str> = files.iter().map(|file| file.trim_end_matches(".json")).collect();
                    assert_eq!(told, cases, "{}: run `cargo xtask golden`", committed.display());
                }
            }
        }
    }

    #[test]
    fn every_committed_folder_is_of_a_variant() {
        for set in &SETS {
            for folder in names(&conformance().join(set.golden)) {
                let is_bare = set.bare.is_some() && CONTENT.contains(&folder.as_str());
                assert!(is_bare || VARIANTS.iter().any(|known| known.name == folder), "{}/{folder}", set.golden);
            }
        }
    }
}
