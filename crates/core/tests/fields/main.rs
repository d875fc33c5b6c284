//! Which fields of the event come back of what a dialect wrote: held to the table in `docs/dialect-fields.md`, which is what users
//! read.
//!
//! `SIDETONE_BLESS=1 cargo test -p sidetone-core --test fields` writes the table anew but for the reasons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

mod calls;
#[path = "../support/parts.rs"]
mod parts;
mod rows;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use rows::Row;
use sidetone_core::dialect::read::{Records, read_any};
use sidetone_core::dialect::{DIALECTS, Dialect};
use sidetone_core::event::{Call, Findings};
use sidetone_core::policy::Content;
use table::State;

/// What comes back of a call.
fn back(dialect: &dyn Dialect, call: &Call, ours: bool) -> Option<Call> {
    let mut call = call.clone();
    if !ours {
        call.findings = Findings::default();
    }
    let mut telemetry = dialect.project(&call);
    if !ours {
        strip(&mut telemetry);
    }
    read_any(&Records::of(&call, telemetry)).map(|reading| reading.call)
}

/// Takes out what only sidetone writes.
fn strip(telemetry: &mut sidetone_core::dialect::Telemetry<'_>) {
    let is_ours = |name: &str| name.starts_with("sidetone.");
    telemetry.span.attributes.retain(|(name, _)| !is_ours(name));
    telemetry.span.indexed.retain(|(name, _)| !is_ours(name));
    telemetry.span.events.retain(|event| !is_ours(event.name));
    for (_, value) in &mut telemetry.span.attributes {
        table::strip(value);
    }
    for log in &mut telemetry.logs {
        log.more.retain(|(name, _)| !is_ours(name));
        log.more.iter_mut().for_each(|(_, value)| table::strip(value));
    }
}

fn comes_back(dialect: &dyn Dialect, row: &Row, call: &Call, ours: bool) -> bool {
    let expected = (row.show)(&mut call.clone());
    back(dialect, call, ours).is_some_and(|mut back| (row.show)(&mut back) == expected)
}

/// What happens to a field of a call that has it, and when it is changed.
fn found(dialect: &dyn Dialect, row: &Row, content: Content) -> State {
    let base = calls::under(content, calls::base(&row.path));
    let mut changed = base.clone();
    (row.change)(&mut changed);
    let changed = calls::under(content, changed);
    let differs = (row.show)(&mut base.clone()) != (row.show)(&mut changed.clone());
    let both = |ours| comes_back(dialect, row, &base, ours) && comes_back(dialect, row, &changed, ours);
    match (differs, both(true), both(false)) {
        (false, ..) => State::Absent,
        (_, true, true) => State::Kept,
        (_, true, false) => State::Ours,
        (_, false, _) => State::Lost,
    }
}

#[test]
fn each_field_comes_back_or_not_as_the_table_says() {
    let mut found_states = BTreeMap::new();
    for row in rows::rows() {
        for dialect in DIALECTS {
            let states = [Content::Full, Content::Off].map(|content| found(*dialect, &row, content));
            found_states.insert((row.path.clone(), dialect.name()), states);
        }
    }
    table::compare(&rows::rows().iter().map(|row| row.path.clone()).collect::<Vec<_>>(), &found_states);
}

#[test]
fn every_recorded_case_comes_back_but_for_what_the_table_names() {
    let table = table::read();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    for (number, content) in [Content::Full, Content::Off].into_iter().enumerate() {
        for (case, call) in calls::recorded(content) {
            for dialect in DIALECTS {
                let back = back(*dialect, &call, true);
                let mut back = back.unwrap_or_else(|| panic!("{case}: {} says nothing", dialect.name()));
                for row in rows::rows() {
                    let (expected, got) = ((row.show)(&mut call.clone()), (row.show)(&mut back));
                    let entry = &table[&row.path];
                    let is_kept = matches!(entry.states[dialect.name()][number], State::Kept | State::Ours);
                    if !is_kept || expected == got {
                        continue;
                    }
                    let excepted = entry.but_for.iter().find(|value| expected.as_ref() == Some(value));
                    if let Some(excepted) = excepted {
                        used.insert((row.path.clone(), excepted.clone()));
                    } else {
                        wrong.push(format!(
                            "{case} {} {content:?}: {}: {expected:?} came back as {got:?}",
                            dialect.name(),
                            row.path
                        ));
                    }
                }
            }
        }
    }
    for (path, entry) in &table {
        let unused = entry.but_for.iter().filter(|value| !used.contains(&(path.clone(), (*value).clone())));
        wrong.extend(unused.map(|value| format!("{path} comes back as {value}, too")));
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn latest_loses_nothing_of_what_was_said_with_content_full() {
    let table = table::read();
    let mut held = 0;
    for (path, entry) in table {
        let heads = [
            "operation",
            "provider",
            "request.model",
            "response.model",
            "request.messages.",
            "request.instructions",
            "response.choices.",
            "parts.",
            "request.tools.",
            "usage.",
            "response.id",
            "outcome.failure.class",
            "request.conversation_id",
            "request.previous_response_id",
            "span.",
            "parent.span_id",
        ];
        if heads.iter().any(|head| path.starts_with(head)) && path != "parts.bytes" {
            held += 1;
            assert!(matches!(entry.states["latest"][0], State::Kept | State::Ours), "{path}");
        }
    }
    assert!(held > 50, "{held}");
}
