//! The table of names: rows by kind and name, as they are committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Attribute,
    Metric,
    Event,
    Operation,
}

/// What may be done with a name. A better one comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum State {
    /// A release of the conventions has it.
    Defined,
    /// One has it, and says not to use it.
    Deprecated,
    /// A published package writes it; no release has it.
    Peer,
    /// Of the time before the conventions: a package writes it that has kept them.
    Legacy,
}

macro_rules! words {
    ($($type:ident: $($name:ident = $word:literal),+;)+) => {
        $(impl $type {
            pub(super) const ALL: &[Self] = &[$(Self::$name),+];

            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            fn named(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        })+
    };
}

words! {
    Kind: Attribute = "attribute", Metric = "metric", Event = "event", Operation = "operation";
    State: Defined = "defined", Deprecated = "deprecated", Peer = "peer", Legacy = "legacy";
}

/// What is known of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The type of an attribute's values, instrument and unit of a metric; empty for what has none.
    pub(super) types: String,
    pub(super) state: State,
    /// The name to use in place of a deprecated one, if there is one.
    pub(super) replaced_by: Option<String>,
    pub(super) source: String,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Table {
    rows: BTreeMap<(Kind, String), Row>,
}

const HEADER: &str = "\
# Names of the GenAI conventions, and of packages that write names like theirs. Written by `cargo xtask semconv`; not by hand.
#
# kind: attribute, metric, event, operation (a value of gen_ai.operation.name)
# type: of an attribute's values; of a metric its instrument and unit
# state: defined (a release of the conventions has it), deprecated (it says so), peer (only a published package writes it), legacy (a
#        package does that keeps names from before the conventions)
# source: the first that has the name. Numbers in names stand as N.
";

impl Table {
    /// Takes a name in. The best state stays, and with it its type and source; a package adds types to those of packages.
    pub(super) fn add(&mut self, kind: Kind, name: &str, row: Row) {
        let key = (kind, name.to_owned());
        match self.rows.get_mut(&key) {
            None => drop(self.rows.insert(key, row)),
            Some(known) if row.state < known.state => *known = row,
            Some(known) => {
                let is_new = !row.types.is_empty() && !known.types.split(" or ").any(|it| it == row.types);
                if known.state >= State::Peer && is_new {
                    let mut all: Vec<_> = known.types.split(" or ").filter(|it| !it.is_empty()).collect();
                    all.push(&row.types);
                    all.sort_unstable();
                    known.types = all.join(" or ");
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = (Kind, &str, &Row)> {
        self.rows.iter().map(|((kind, name), row)| (*kind, name.as_str(), row))
    }

    pub(super) fn written(&self) -> String {
        let mut out = HEADER.to_owned();
        for (kind, name, row) in self.rows() {
            let mut line = |key: &str, value: &str| {
                // Writing to a String can't fail.
                let _ = writeln!(out, "{key} = {value:?}");
            };
            line("\n[[name]]\nname", name);
            line("kind", kind.as_str());
            if !row.types.is_empty() {
                line("type", &row.types);
            }
            line("state", row.state.as_str());
            if let Some(other) = &row.replaced_by {
                line("replaced_by", other);
            }
            line("source", &row.source);
        }
        out
    }

    /// Reads what [`written`](Self::written) wrote.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        for block in text.split("[[name]]").skip(1) {
            let mut entries = BTreeMap::new();
            for line in block.lines().filter(|line| !line.is_empty()) {
                let entry = line
                    .split_once(" = ")
                    .and_then(|(key, value)| Some((key, value.strip_prefix('"')?.strip_suffix('"')?.to_owned())));
                let (key, value) = entry.ok_or_else(|| format!("`{line}` is no entry"))?;
                entries.insert(key, value);
            }
            let mut take =
                |key: &str| entries.remove(key).ok_or_else(|| format!("a row has no {key}: {}", block.trim()));
            let name = take("name")?;
            let (kind, state, source) = (take("kind")?, take("state")?, take("source")?);
            let row = Row {
                types: take("type").unwrap_or_default(),
                state: State::named(&state).ok_or_else(|| format!("{name}: there is no state {state}"))?,
                replaced_by: take("replaced_by").ok(),
                source,
            };
            let kind = Kind::named(&kind).ok_or_else(|| format!("{name}: there is no kind {kind}"))?;
            if let Some(key) = entries.keys().next() {
                return Err(format!("{name}: a row has no {key}"));
            }
            if table.rows.insert((kind, name.clone()), row).is_some() {
                return Err(format!("{name} has two rows"));
            }
        }
        Ok(table)
    }
}

/// What is different, a line each.
pub(super) fn changes(before: &Table, after: &Table) -> Vec<String> {
    let mut lines = Vec::new();
    for (key, row) in &after.rows {
        let (kind, name) = (key.0.as_str(), &key.1);
        match before.rows.get(key) {
            None => lines.push(format!("+ {kind} {name}: {}, {}", row.state.as_str(), row.source)),
            Some(then) if then != row => lines.push(format!("~ {kind} {name}: {then:?} is now {row:?}")),
            Some(_) => {}
        }
    }
    let gone = before.rows.keys().filter(|key| !after.rows.contains_key(key));
    lines.extend(gone.map(|(kind, name)| format!("- {} {name}", kind.as_str())));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(types: &str, state: State) -> Row {
        Row { types: types.to_owned(), state, replaced_by: None, source: state.as_str().to_owned() }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let mut table = Table::default();
        table.add(Kind::Attribute, "gen_ai.a", row("int", State::Defined));
        let old = Row { replaced_by: Some("gen_ai.a".to_owned()), ..row("string", State::Deprecated) };
        table.add(Kind::Attribute, "gen_ai.b", old);
        table.add(Kind::Operation, "chat", row("", State::Defined));
        assert_eq!(Table::parse(&table.written()), Ok(table));
    }

    #[test]
    fn the_best_state_stays_and_packages_add_their_types() {
        let mut table = Table::default();
        table.add(Kind::Attribute, "gen_ai.a", row("int", State::Legacy));
        table.add(Kind::Attribute, "gen_ai.a", row("string", State::Legacy));
        assert_eq!(table.rows().next().unwrap().2.types, "int or string");
        table.add(Kind::Attribute, "gen_ai.a", row("double", State::Defined));
        table.add(Kind::Attribute, "gen_ai.a", row("int", State::Peer));
        assert_eq!(*table.rows().next().unwrap().2, row("double", State::Defined));
    }

    #[test]
    fn changes_are_told_by_name() {
        let (mut before, mut after) = (Table::default(), Table::default());
        before.add(Kind::Attribute, "gen_ai.a", row("int", State::Peer));
        before.add(Kind::Attribute, "gen_ai.b", row("int", State::Peer));
        after.add(Kind::Attribute, "gen_ai.b", row("int", State::Defined));
        after.add(Kind::Event, "gen_ai.c", row("", State::Peer));
        let signs: Vec<_> = changes(&before, &after).iter().map(|line| line[..1].to_owned()).collect();
        assert_eq!(signs, ["~", "+", "-"]);
        assert!(changes(&after, &after).is_empty());
    }
}
