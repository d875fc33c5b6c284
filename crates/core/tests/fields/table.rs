//! The table in `docs/dialect-fields.md`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sidetone_core::dialect::{DIALECTS, Value};

/// What becomes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It comes back by names of the dialect.
    Kept,
    /// It comes back by names of ours.
    Ours,
    /// It doesn't.
    Lost,
    /// The policy leaves nothing of it.
    Absent,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Ours => "`sidetone.*`",
            Self::Lost => "lost",
            Self::Absent => "-",
        }
    }

    fn of(word: &str) -> Self {
        let all = [Self::Kept, Self::Ours, Self::Lost, Self::Absent];
        all.into_iter().find(|state| state.word() == word).unwrap_or_else(|| panic!("no state is called {word:?}"))
    }
}

/// A row of the table.
pub(super) struct Entry {
    /// With content full, and with content off, by dialect.
    pub(super) states: BTreeMap<&'static str, [State; 2]>,
    /// Values that don't come back all the same, as they are shown.
    pub(super) but_for: Vec<String>,
    reason: String,
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/dialect-fields.md")
}

/// The text before the table, and its rows.
fn parts() -> (String, Vec<Vec<String>>) {
    let text = std::fs::read_to_string(path()).unwrap();
    let before = text.lines().take_while(|line| !line.starts_with("| field")).map(|line| format!("{line}\n")).collect();
    let rows =
        text.lines().skip_while(|line| !line.starts_with("| field")).skip(2).take_while(|line| line.starts_with('|'));
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    (before, rows.map(cells).collect())
}

pub(super) fn read() -> BTreeMap<String, Entry> {
    let entry = |cells: Vec<String>| {
        let states = DIALECTS.iter().zip(&cells[1..]).map(|(dialect, cell)| {
            let (full, off) = cell.split_once(" / ").unwrap_or((cell, cell));
            (dialect.name(), [State::of(full), State::of(off)])
        });
        let reason = cells.last().unwrap().clone();
        let but_for =
            reason.split("but for ").skip(1).flat_map(|named| named.split('`').skip(1).step_by(2)).map(str::to_owned);
        (
            cells[0].trim_matches('`').to_owned(),
            Entry { states: states.collect(), but_for: but_for.collect(), reason: reason.clone() },
        )
    };
    parts().1.into_iter().map(entry).collect()
}

/// Holds what was found to the table; with `SIDETONE_BLESS` the table to what was found.
pub(super) fn compare(paths: &[String], found: &BTreeMap<(String, &'static str), [State; 2]>) {
    let table = if std::env::var_os("SIDETONE_BLESS").is_some() { bless(paths, found) } else { read() };
    let mut wrong = Vec::new();
    for ((path, dialect), found) in found {
        match table.get(path) {
            Some(entry) if entry.states[dialect] == *found => {}
            Some(entry) => {
                wrong.push(format!("{path} in {dialect}: {found:?}, the table says {:?}", entry.states[dialect]))
            }
            None => wrong.push(format!("{path} has no row")),
        }
    }
    wrong.extend(table.keys().filter(|path| !paths.contains(path)).map(|path| format!("{path} is no field")));
    for (path, entry) in &table {
        let is_lost = entry.states.values().any(|states| states.contains(&State::Lost));
        if is_lost && entry.reason.is_empty() {
            wrong.push(format!("{path} is lost without a reason"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn bless(paths: &[String], found: &BTreeMap<(String, &'static str), [State; 2]>) -> BTreeMap<String, Entry> {
    let (before, rows) = parts();
    let reasons: BTreeMap<String, String> =
        rows.iter().map(|cells| (cells[0].trim_matches('`').to_owned(), cells.last().unwrap().clone())).collect();
    let names: Vec<_> = DIALECTS.iter().map(|dialect| format!("`{}`", dialect.name())).collect();
    let mut text = format!("{before}| field | {} | why |\n|{}\n", names.join(" | "), " --- |".repeat(names.len() + 2));
    for path in paths {
        let cells = DIALECTS.iter().map(|dialect| {
            let [full, off] = found[&(path.clone(), dialect.name())];
            if full == off { full.word().to_owned() } else { format!("{} / {}", full.word(), off.word()) }
        });
        let cells: Vec<_> = cells.collect();
        let reason = reasons.get(path).map_or("", String::as_str);
        text.push_str(&format!("| `{path}` | {} | {reason} |\n", cells.join(" | ")));
    }
    std::fs::write(path(), text).unwrap();
    read()
}

/// Takes members of ours out of a structured value, or out of JSON text.
pub(super) fn strip(value: &mut Value<'_>) {
    let text = value.as_str().filter(|text| text.contains("sidetone.")).map(str::to_owned);
    if let Some(mut tree) = text.and_then(|text| serde_json::from_str(&text).ok()).map(converted) {
        strip(&mut tree);
        *value = Value::String(tree.to_json());
        return;
    }
    match value {
        Value::Array(values) => values.iter_mut().for_each(strip),
        Value::Map(members) => {
            members.retain(|(key, _)| !key.starts_with("sidetone."));
            members.iter_mut().for_each(|(_, value)| strip(value));
        }
        _ => {}
    }
}

fn converted(value: serde_json::Value) -> Value<'static> {
    use serde_json::Value as Json;
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Int),
        Json::String(text) => Value::String(text),
        Json::Array(values) => Value::Array(values.into_iter().map(converted).collect()),
        Json::Object(map) => Value::Map(map.into_iter().map(|(key, value)| (key.into(), converted(value))).collect()),
    }
}
