//! The constants of the names, and the table of them that the program holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::table::{Kind, Table};

const HEADER: &str = "\
//! Names of the GenAI conventions. Made by `cargo xtask semconv` of `semconv/gen_ai.toml`; not by hand.

use super::{Convention, Kind, State};

";

/// The Rust file.
pub(super) fn of(table: &Table) -> String {
    let mut out = HEADER.to_owned();
    let mut constants = BTreeMap::new();
    for (kind, name, row) in table.rows().filter(|(kind, ..)| *kind != Kind::Operation) {
        let types = if row.types.is_empty() { String::new() } else { format!(" ({})", row.types) };
        let about = format!("`{name}`: {}{types}, {}; {}.", kind.as_str(), row.state.as_str(), row.source);
        // A name that is of two kinds has one constant.
        constants.entry(constant(name)).or_insert((name, about));
    }
    for (constant, (name, about)) in constants {
        // Writing to a String can't fail.
        let _ = writeln!(out, "/// {about}\npub const {constant}: &str = {name:?};");
    }
    out.push_str("\n/// Every name of the table.\npub static CONVENTIONS: &[Convention] = &[\n");
    for (kind, name, row) in table.rows() {
        let _ = writeln!(
            out,
            "    Convention {{ kind: Kind::{kind:?}, name: {name:?}, types: {:?}, state: State::{:?}, replaced_by: {:?}, source: {:?} }},",
            row.types, row.state, row.replaced_by, row.source
        );
    }
    out.push_str("];\n");
    out
}

fn constant(name: &str) -> String {
    name.chars().map(|letter| if letter.is_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }).collect()
}
