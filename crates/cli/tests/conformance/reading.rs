//! What the readers make of every golden file: all variants of a case agree with each other and with the recorded bytes, and nothing
//! that a file holds is lost, but for what `conformance/differences.reading.json` names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use sidetone_cli::replay::{Cut, observe};
use sidetone_core::dialect::read::{READERS, Reading, Records, read_any};
use sidetone_core::event::Call;
use sidetone_core::exchange::Settings;
use sidetone_core::policy::{Content, Ids, Review};
use sidetone_testkit::case::Case;

use super::cases;
use super::fields::equal;
use super::reading_differences::{Differences, Of};
use super::reading_fields::{self, Fields};
use super::reading_records;
use super::reading_values::{self, Values};

/// Every variant of golden files, and the reader that it is there for.
const VARIANTS: [(&str, &str); 9] = [
    ("v2", "v2"),
    ("latest", "latest"),
    ("latest_v2", "latest"),
    ("v1_indexed", "v1"),
    ("v1_newest", "v1"),
    ("openinference", "openinference"),
    ("posthog", "posthog"),
    ("vercel", "vercel"),
    ("vercel_newest", "latest"),
];

/// Every variant of golden files, each with its reader.
pub(crate) fn variants() -> [(&'static str, &'static str); 9] {
    for (variant, reader) in VARIANTS {
        assert!(READERS.iter().any(|it| it.name() == reader), "{variant} has no reader");
    }
    VARIANTS
}

/// Every case with its folder, and the folder of its golden files.
pub(crate) fn all_cases() -> Vec<(Case, bool)> {
    let load = |folder: PathBuf| Case::load_all(&folder).unwrap();
    let shared = load(cases::folder()).into_iter().map(|case| (case, false));
    let all: Vec<_> = shared.chain(load(cases::further().join("cases")).into_iter().map(|case| (case, true))).collect();
    assert_eq!(all.len(), 46);
    all
}

pub(crate) fn golden(variant: &str, mode: &str, case: &Case, is_further: bool) -> Value {
    let folder = if is_further { cases::further() } else { cases::conformance() }.join("golden");
    let folder = if is_further && variant == "v2" { folder } else { folder.join(variant) };
    cases::document(&folder.join(mode).join(format!("{}.json", case.name)))
}

/// What the recorded bytes say.
fn understood(case: &Case, content: &str) -> Call {
    let content = if content == "full" { Content::Full } else { Content::Off };
    // As they were sent: what leaves us is hashed, what others' telemetry says isn't yet.
    let review = Review::default().ids(Ids::raw());
    let settings = Arc::new(Settings { content, review, ..Settings::default() });
    observe(case, &settings, Cut::AsRecorded, None).unwrap().call
}

/// The call among the records of one golden file: of two where one is around the other, the inner one. `None` where the package
/// told of none.
fn call<'a>(readings: &'a [(Records<'static>, Reading)]) -> Option<&'a Reading> {
    let calls = || readings.iter().filter(|(_, reading)| reading.call.operation.is_call());
    let is_outer = |reading: &Reading| {
        let own = reading.call.span.map(|ids| ids.span_id);
        own.is_some() && calls().any(|(_, other)| other.call.parent.as_ref().map(|parent| parent.span_id) == own)
    };
    let mut inner = calls().map(|(_, reading)| reading).filter(|reading| !is_outer(reading));
    let call = inner.next();
    assert!(inner.next().is_none(), "one file tells of one call");
    call
}

fn readings(document: &Value) -> Vec<(Records<'static>, Reading)> {
    let of = |records: Records<'static>| {
        let reading = read_any(&records).unwrap_or_else(|| panic!("nobody knows {records:?}"));
        (records, reading)
    };
    reading_records::of(document).into_iter().map(of).collect()
}

/// Whether the package told of no call at all; conformance/README.md and its variants' notes say of which.
fn is_silent(variant: &str, document: &Value) -> bool {
    let list = |key: &str| document[key].as_array().cloned().unwrap_or_default();
    let is_inner = |span: &Value| span["name"].as_str().unwrap().contains(".do");
    match variant {
        // Of a dropped stream the inner span, which is the call, never ends.
        "vercel" => !list("spans").iter().any(is_inner),
        "posthog" => list("events").is_empty(),
        _ => list("spans").is_empty(),
    }
}

#[test]
fn all_variants_of_a_case_are_read_as_the_same_call_as_its_bytes() {
    let variants = variants();
    let mut differences = Differences::load();
    let mut compared = BTreeMap::<_, usize>::new();
    for (case, is_further) in all_cases() {
        for (content, mode) in cases::MODES {
            let judge = reading_fields::of(&understood(&case, content), true);
            let mut told = BTreeMap::<String, Vec<(&str, Value)>>::new();
            for (variant, reader) in &variants {
                let document = golden(variant, mode, &case, is_further);
                let readings = readings(&document);
                let Some(reading) = call(&readings) else {
                    assert!(is_silent(variant, &document), "{variant} {}: no call is read", case.name);
                    continue;
                };
                assert!(reading.dialects.contains(reader), "{variant} {}: {:?}", case.name, reading.dialects);
                let fields: Fields = reading_fields::of(&reading.call, false);
                *compared.entry(*variant).or_default() +=
                    fields.keys().filter(|field| judge.contains_key(*field)).count();
                for (field, value) in fields {
                    told.entry(field).or_default().push((variant, value));
                }
            }
            for (field, told) in told {
                // Who says otherwise by name has no voice where the bytes say nothing.
                let named = |says: &(&str, Value)| differences.names(says.0, &field, &case.name, content, &says.1);
                let so = judge
                    .get(&field)
                    .cloned()
                    .or_else(|| told.iter().find(|says| !named(says)).map(|says| says.1.clone()));
                let Some(so) = so else { continue };
                for (variant, says) in told.iter().filter(|(_, says)| !equal(says, &so)) {
                    differences.differs(variant, &field, &case.name, content, says, &so);
                }
            }
        }
    }
    println!("fields compared with the bytes: {compared:?}");
    assert!(compared.len() == variants.len() && compared.values().all(|fields| *fields > 700), "{compared:?}");
    differences.finish(Of::Fields);
}

#[test]
fn nothing_that_a_golden_file_holds_is_unread_but_what_is_named_as_kept() {
    let variants = variants();
    let mut differences = Differences::load();
    for (case, is_further) in all_cases() {
        for (_, mode) in cases::MODES {
            for (variant, _) in &variants {
                for (_, reading) in readings(&golden(variant, mode, &case, is_further)) {
                    for unread in &reading.unread {
                        let name = with_n(&unread.name);
                        differences.unread(variant, &name, &case.name, unread.why.as_str());
                    }
                    let kept = reading.call.attributes.iter().map(|(name, _)| &**name);
                    assert!(reading.unread.iter().all(|unread| kept.clone().any(|name| name == &*unread.name)));
                }
            }
        }
    }
    differences.finish(Of::Kept);
}

#[test]
fn every_value_of_a_golden_file_is_in_what_is_read_of_it_but_what_is_named_as_elsewhere() {
    let variants = variants();
    let mut differences = Differences::load();
    let mut looked_for = 0;
    for (case, is_further) in all_cases() {
        for (_, mode) in cases::MODES {
            for (variant, _) in &variants {
                let document = golden(variant, mode, &case, is_further);
                let mut told = Values::default();
                for (_, reading) in readings(&document) {
                    told.add_call(&reading.call);
                }
                for (path, value) in reading_values::of(&document) {
                    looked_for += 1;
                    if !told.has(&value) {
                        differences.lost(variant, &path, &case.name, &value);
                    }
                }
            }
        }
    }
    println!("{looked_for} values");
    assert!(looked_for > 10_000);
    differences.finish(Of::Values);
}

pub(crate) fn with_n(name: &str) -> String {
    let part = |part| if str::parse::<u64>(part).is_ok() { "N" } else { part };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}
