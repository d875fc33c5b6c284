//! `cargo xtask semconv SOURCE FILE… [SOURCE FILE…]…`: the table of names of the conventions, `semconv/gen_ai.toml`, written anew from
//! files that lie on this machine, and the constants that are made from it.
//!
//! `SOURCE` is what the files after it are, as `source=TEXT`; `legacy=TEXT` says so of packages whose names are of the time before the
//! conventions. A file is a definition file (`.yaml`), telemetry that a package gave (`.json`, a golden file), or a module of a package
//! with constants (`.py`); a folder is all of those in it. Without arguments only the constants are written.

mod constants;
mod definitions;
mod observed;
mod table;

use std::path::{Path, PathBuf};

use crate::run::Failed;
use crate::workspace::{self, File};
use table::{State, Table};

/// The table, in the repository.
const TABLE: &str = "semconv/gen_ai.toml";

/// The constants that are made from it.
const CONSTANTS: &str = "crates/core/src/dialect/names/conventions.rs";

/// Names that are in the table begin so.
const PREFIXES: &[&str] = &["gen_ai.", "openai.", "aws.bedrock.", "azure.", "mcp."];

fn is_wanted(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let path = workspace::root().join(TABLE);
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let mut after = before.clone();
    if !arguments.is_empty() {
        let table = read(arguments)?;
        after = table.written();
        for line in table::changes(&Table::parse(&before).map_err(Failed)?, &table) {
            println!("{line}");
        }
        println!("{} names", table.len());
        write(&path, &after)?;
    }
    let constants = constants::of(&Table::parse(&after).map_err(Failed)?);
    write(&workspace::root().join(CONSTANTS), &constants)
}

fn write(path: &Path, text: &str) -> Result<(), Failed> {
    std::fs::write(path, text).map_err(|error| Failed(format!("{}: {error}", path.display())))
}

fn read(arguments: &[String]) -> Result<Table, Failed> {
    let mut table = Table::default();
    let mut source = None;
    for argument in arguments {
        if let Some(text) = argument.strip_prefix("source=") {
            source = Some((text, State::Peer));
            continue;
        }
        if let Some(text) = argument.strip_prefix("legacy=") {
            source = Some((text, State::Legacy));
            continue;
        }
        let Some((source, state)) = source else {
            return Err(Failed("usage: cargo xtask semconv source=TEXT FILE… [source=TEXT FILE…]…".to_owned()));
        };
        let mut files = Vec::new();
        list(Path::new(argument), &mut files).map_err(|error| Failed(format!("{argument}: {error}")))?;
        for file in files {
            let told = |why: String| Failed(format!("{}: {why}", file.display()));
            let text = std::fs::read_to_string(&file).map_err(|error| told(error.to_string()))?;
            match file.extension().and_then(|end| end.to_str()) {
                Some("yaml" | "yml") => definitions::read(&text, source, &mut table).map_err(told)?,
                Some("json") => observed::telemetry(&text, source, state, &mut table).map_err(told)?,
                Some("py") => observed::constants(&text, source, &mut table),
                _ => {}
            }
        }
    }
    Ok(table)
}

/// The file, or the files of the folder and of those in it, in the order of their names.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        let mut entries =
            std::fs::read_dir(path)?.map(|entry| entry.map(|it| it.path())).collect::<Result<Vec<_>, _>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| list(entry, files));
    }
    files.push(path.to_owned());
    path.metadata().map(drop)
}

/// What is wrong with the committed constants, given the committed table.
pub(crate) fn problems(files: &[File]) -> Vec<String> {
    let text = |path: &str| files.iter().find(|file| file.path == path).map(|file| file.text.as_str());
    let (Some(table), Some(constants)) = (text(TABLE), text(CONSTANTS)) else {
        return vec![format!("{TABLE} or {CONSTANTS} is missing")];
    };
    let table = match Table::parse(table) {
        Ok(parsed) if parsed.written() == table => parsed,
        Ok(_) => return vec![format!("{TABLE} is not as `cargo xtask semconv` writes it")],
        Err(why) => return vec![format!("{TABLE}: {why}")],
    };
    if constants::of(&table) == constants {
        return Vec::new();
    }
    vec![format!("{CONSTANTS} is not what {TABLE} gives. Run `cargo xtask semconv`")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_constants_are_those_of_the_committed_table() {
        let read = |path: &str| std::fs::read_to_string(workspace::root().join(path)).unwrap_or_default();
        assert_eq!(problems(&[file(TABLE, &read(TABLE)), file(CONSTANTS, &read(CONSTANTS))]), Vec::<String>::new());
    }

    #[test]
    fn a_changed_constant_a_changed_row_and_a_missing_file_are_found() {
        let mut table = Table::default();
        definitions::read("attributes:\n  - key: gen_ai.x\n    type: int\n", "a source", &mut table).unwrap();
        let (rows, constants) = (table.written(), constants::of(&table));
        assert_eq!(problems(&[file(TABLE, &rows), file(CONSTANTS, &constants)]).len(), 0);
        assert_eq!(
            problems(&[file(TABLE, &rows), file(CONSTANTS, &constants.replace("gen_ai.x", "gen_ai.y"))]).len(),
            1
        );
        assert_eq!(
            problems(&[file(TABLE, &rows.replace("gen_ai.x", "gen_ai.y")), file(CONSTANTS, &constants)]).len(),
            1
        );
        assert_eq!(
            problems(&[file(TABLE, &rows.replace("defined", "invented")), file(CONSTANTS, &constants)]).len(),
            1
        );
        assert_eq!(problems(&[file(TABLE, &rows)]).len(), 1);
    }
}
