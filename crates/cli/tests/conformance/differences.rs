//! The named differences between what the peers give and what we give, and the check that there are no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::cases;
use super::fields::{Difference, equal};

/// The files in `conformance`.
const FILES: &[&str] =
    &["differences.json", "differences.openinference.json", "differences.posthog.json", "differences.v1.json"];

fn read(name: &str) -> File {
    let text = std::fs::read_to_string(cases::conformance().join(name)).expect("the file is there");
    serde_json::from_str(&text).expect("it has the form that is described here")
}

impl File {
    fn with(mut self, other: Self) -> Self {
        self.differences.extend(other.differences);
        self
    }
}

/// One of the files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers")]
    about: Vec<String>,
    differences: Vec<Entry>,
}

/// One field that differs on purpose.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The dialect that differs; `v2` unless said.
    #[serde(default = "v2")]
    dialect: String,
    /// Its path, in full.
    field: String,
    /// Which golden telemetry it differs from; `v2` unless said.
    #[serde(default = "v2")]
    against: String,
    /// The cases in which it does.
    cases: Vec<String>,
    /// The content modes in which it does.
    content: Vec<String>,
    /// What we give, from the specification or the recorded bytes. `<version>` stands for our version, `<nothing>` for no such
    /// field.
    ours: Value,
    /// Whether the peer is wrong, lacks something, an observer of HTTP can't do the same, or we lack something.
    kind: Kind,
    /// The peer's bug by number, or the specification's or issue's words.
    reason: String,
}

#[derive(Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Bug,
    Gap,
    Unavoidable,
    Lack,
}

fn v2() -> String {
    "v2".to_owned()
}

/// The named differences, and which of them were met.
pub(crate) struct Differences {
    entries: Vec<Entry>,
    met: BTreeSet<(usize, String, String)>,
    wrong: String,
    against: &'static str,
}

/// Stands for a field that we don't give.
const NOTHING: &str = "<nothing>";

impl Differences {
    /// The differences of a dialect from one kind of golden telemetry.
    pub(crate) fn load(dialect: &str, against: &'static str) -> Self {
        let file: File = FILES.iter().map(|name| read(name)).reduce(File::with).expect("there is a file");
        let (shared, further) = (cases::names(), cases::names_in(&cases::further().join("cases")));
        let mut named = BTreeSet::new();
        for entry in &file.differences {
            assert!(!entry.field.contains('*'), "{} names more than one field", entry.field);
            assert!(cases::DIALECTS.contains(&entry.dialect.as_str()), "{} is of no dialect", entry.field);
            assert!(entry.reason.len() >= 20, "{} has no reason", entry.field);
            assert!(!entry.cases.is_empty() && !entry.content.is_empty(), "{} is for nothing", entry.field);
            let known: &[&[String]] = match entry.against.as_str() {
                "further" => &[&further],
                "openinference" | "posthog" | "v1_indexed" => &[&shared, &further],
                _ => &[&shared],
            };
            for case in &entry.cases {
                assert!(known.iter().any(|it| it.contains(case)), "{}: there is no case {case}", entry.field);
                for content in &entry.content {
                    assert!(["off", "full"].contains(&content.as_str()), "{}: {content}", entry.field);
                    let new = named.insert((&entry.dialect, &entry.against, &entry.field, case, content));
                    assert!(new, "{} is named twice for {case}, content {content}", entry.field);
                }
            }
        }
        let entries =
            file.differences.into_iter().filter(|entry| entry.dialect == dialect && entry.against == against).collect();
        Self { entries, met: BTreeSet::new(), wrong: String::new(), against }
    }

    /// Holds the differences of one case against those that are named.
    pub(crate) fn check(&mut self, case: &str, content: &str, differences: &[Difference]) {
        for Difference { field, theirs, ours } in differences {
            let named = self.entries.iter().enumerate().find(|(_, entry)| {
                entry.field == *field
                    && entry.cases.iter().any(|it| it == case)
                    && entry.content.iter().any(|it| it == content)
            });
            let shown = |value: &Option<Value>| value.as_ref().map_or_else(|| "nothing".to_owned(), Value::to_string);
            match named {
                None => {
                    let _ = writeln!(
                        self.wrong,
                        "{case}, content {content}: {field}\n  {}: {}\n  ours: {}",
                        self.against,
                        shown(theirs),
                        shown(ours)
                    );
                }
                Some((index, entry)) => {
                    self.met.insert((index, case.to_owned(), content.to_owned()));
                    let expected = with_version(&entry.ours);
                    let is_as_named = match ours {
                        Some(ours) => equal(ours, &expected),
                        None => expected == NOTHING,
                    };
                    if !is_as_named {
                        let _ = writeln!(
                            self.wrong,
                            "{case}, content {content}: {field} differs, and not as named\n  named: {expected}\n  ours:  {}",
                            shown(ours)
                        );
                    }
                }
            }
        }
    }

    /// Fails on all that was wrong, and on entries that weren't met.
    pub(crate) fn finish(mut self) {
        for (index, entry) in self.entries.iter().enumerate() {
            for case in &entry.cases {
                for content in &entry.content {
                    if !self.met.contains(&(index, case.clone(), content.clone())) {
                        let _ = writeln!(
                            self.wrong,
                            "{case}, content {content}: {} is named and doesn't differ",
                            entry.field
                        );
                    }
                }
            }
        }
        let mut kinds = BTreeMap::new();
        self.entries.iter().for_each(|entry| *kinds.entry(&entry.kind).or_insert(0) += 1);
        println!("named differences from {}: {kinds:?}", self.against);
        let count = self.wrong.lines().filter(|line| !line.starts_with(' ')).count();
        assert!(self.wrong.is_empty(), "{count} differences from {}:\n{}", self.against, self.wrong);
    }
}

fn with_version(value: &Value) -> Value {
    match value {
        Value::String(text) if text == "<version>" => Value::String(env!("CARGO_PKG_VERSION").to_owned()),
        Value::Array(values) => values.iter().map(with_version).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), with_version(value))).collect(),
        _ => value.clone(),
    }
}
