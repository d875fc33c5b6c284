//! What peers say that isn't so, or that others say otherwise, and what of theirs has no place in the event: each by name, in
//! `conformance/differences.reading.json`.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Deserialize;
use serde_json::Value;

use super::cases;
use super::fields::equal;
use super::reading;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[expect(dead_code, reason = "for readers")]
    about: Vec<String>,
    differences: Vec<Entry>,
    kept: Vec<Kept>,
    elsewhere: Vec<Elsewhere>,
}

/// Something that a peer says otherwise.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Whose golden files say so.
    variant: String,
    /// What it is of: a path of `reading_fields.rs`.
    field: String,
    /// The cases in which they do.
    cases: Vec<String>,
    /// The content modes in which they do.
    content: Vec<String>,
    /// What they say.
    says: Value,
    /// Why.
    reason: String,
}

/// Something that a peer says for which the event has no place: it is kept as an attribute.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    /// Whose golden files say so.
    variant: String,
    /// Its name; a number in it is `N`.
    name: String,
    /// Why it has no place.
    reason: String,
}

/// A value that isn't found in the event as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Elsewhere {
    /// Whose golden files have it.
    variant: String,
    /// The name of its attribute or event, and where it is in its value; a number in a name is `N`, an element of a list `[]`.
    path: String,
    /// Where it went.
    reason: String,
}

/// What a test asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Of {
    /// Fields that differ.
    Fields,
    /// Names that are kept as attributes.
    Kept,
    /// Values that aren't in the event as they stand in the file.
    Values,
}

/// The named differences, and which of them were met.
pub(crate) struct Differences {
    entries: Vec<Entry>,
    kept: Vec<Kept>,
    elsewhere: Vec<Elsewhere>,
    met: BTreeSet<(usize, String, String)>,
    used: BTreeSet<usize>,
    wrong: String,
}

impl Differences {
    /// All of them.
    pub(crate) fn load() -> Self {
        let text = std::fs::read_to_string(cases::conformance().join("differences.reading.json")).expect("it is there");
        let File { differences, kept, elsewhere, .. } = serde_json::from_str(&text).expect("it is as described here");
        let known: Vec<_> =
            cases::names().into_iter().chain(cases::names_in(&cases::further().join("cases"))).collect();
        let mut named = BTreeSet::new();
        for entry in &differences {
            let Entry { variant, field, cases, content, reason, .. } = entry;
            assert!(!field.contains('*'), "{field} names more than one field");
            assert!(reason.len() >= 20, "{variant} {field} has no reason");
            assert!(!cases.is_empty() && !content.is_empty(), "{variant} {field} is for nothing");
            for case in cases {
                assert!(known.contains(case), "{field}: there is no case {case}");
                for content in content {
                    assert!(cases::MODES.iter().any(|(mode, _)| mode == content), "{field}: {content}");
                    assert!(named.insert((variant, field, case, content)), "{variant} {field} {case}: named twice");
                }
            }
        }
        let is_known = |variant: &String| reading::variants().iter().any(|(known, _)| known == variant);
        assert!(differences.iter().all(|it| is_known(&it.variant)));
        assert!(kept.iter().all(|it| is_known(&it.variant)));
        assert!(elsewhere.iter().all(|it| is_known(&it.variant)));
        assert!(kept.iter().all(|kept| kept.reason.len() >= 20 && !kept.name.contains('*')));
        assert!(elsewhere.iter().all(|it| it.reason.len() >= 20 && !it.path.contains('*')));
        Self {
            entries: differences,
            kept,
            elsewhere,
            met: BTreeSet::new(),
            used: BTreeSet::new(),
            wrong: String::new(),
        }
    }

    /// Whether it is named that a variant says that.
    pub(crate) fn names(&self, variant: &str, field: &str, case: &str, content: &str, says: &Value) -> bool {
        self.find(variant, field, case, content, says).is_some()
    }

    fn find(&self, variant: &str, field: &str, case: &str, content: &str, says: &Value) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry.variant == variant
                && entry.field == field
                && entry.cases.iter().any(|it| it == case)
                && entry.content.iter().any(|it| it == content)
                && equal(&entry.says, says)
        })
    }

    /// A variant says something that isn't so.
    pub(crate) fn differs(&mut self, variant: &str, field: &str, case: &str, content: &str, says: &Value, so: &Value) {
        match self.find(variant, field, case, content, says) {
            Some(index) => drop(self.met.insert((index, case.to_owned(), content.to_owned()))),
            None => {
                let _ = writeln!(self.wrong, "{variant} {case} {content} {field}\n  says: {says}\n  it is: {so}");
            }
        }
    }

    /// A variant has something that nobody understood.
    pub(crate) fn unread(&mut self, variant: &str, name: &str, case: &str, about: &str) {
        match self.kept.iter().position(|kept| kept.variant == variant && kept.name == name) {
            Some(index) => drop(self.used.insert(index)),
            None => {
                let _ = writeln!(self.wrong, "{variant} {case}: {name} is not read: {about}");
            }
        }
    }

    /// A value that a variant has isn't in the event.
    pub(crate) fn lost(&mut self, variant: &str, path: &str, case: &str, value: &Value) {
        match self.elsewhere.iter().position(|it| it.variant == variant && it.path == path) {
            Some(index) => drop(self.used.insert(index)),
            None => {
                let _ = writeln!(self.wrong, "{variant} {case}: {path} is lost: {value}");
            }
        }
    }

    /// Fails on all that was wrong, and on what is named and wasn't met.
    pub(crate) fn finish(mut self, of: Of) {
        let is_unused = |index: &usize| !self.used.contains(index);
        if of == Of::Values {
            for (_, it) in self.elsewhere.iter().enumerate().filter(|(index, _)| is_unused(index)) {
                let _ = writeln!(self.wrong, "{} {} is named, and in the event as it is", it.variant, it.path);
            }
        } else if of == Of::Kept {
            for (_, kept) in self.kept.iter().enumerate().filter(|(index, _)| is_unused(index)) {
                let _ = writeln!(self.wrong, "{} {} is named as kept, and is read", kept.variant, kept.name);
            }
        } else {
            for (index, entry) in self.entries.iter().enumerate() {
                for case in &entry.cases {
                    for content in &entry.content {
                        if !self.met.contains(&(index, case.clone(), content.clone())) {
                            let Entry { variant, field, .. } = entry;
                            let _ = writeln!(
                                self.wrong,
                                "{variant} {case} {content}: {field} is named and doesn't differ so"
                            );
                        }
                    }
                }
            }
        }
        let count = self.wrong.lines().filter(|line| !line.starts_with(' ')).count();
        assert!(self.wrong.is_empty(), "{count} wrong:\n{}", self.wrong);
    }
}

#[test]
fn what_is_not_named_fails_and_so_does_a_name_that_is_not_met() {
    let empty = || Differences { entries: vec![], kept: vec![], elsewhere: vec![], ..Differences::load() };
    let fails =
        |it: Differences, of: Of| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| it.finish(of))).is_err();
    for of in [Of::Fields, Of::Kept, Of::Values] {
        assert!(fails(Differences::load(), of), "nothing that is named was met");
        assert!(!fails(empty(), of));
    }
    let wrong = |say: fn(&mut Differences), of: Of| {
        let mut it = empty();
        say(&mut it);
        fails(it, of)
    };
    assert!(wrong(|it| it.differs("v2", "outcome", "chat_basic", "off", &"x".into(), &"y".into()), Of::Fields));
    assert!(wrong(|it| it.unread("v2", "name", "chat_basic", "unknown"), Of::Kept));
    assert!(wrong(|it| it.lost("v2", "name", "chat_basic", &"x".into()), Of::Values));
}
