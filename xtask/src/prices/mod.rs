//! `cargo xtask prices DATE FILE…`: writes the table of prices anew from open data that lies on this machine.
//!
//! The files are litellm's `model_prices_and_context_window_backup.json` and genai-prices' `data.py`, each inside its
//! unpacked package: name, version and licence are read from the package's own metadata beside it.

mod decimal;
mod genai;
mod litellm;
mod python;
mod table;
/// Which names are versions of one another, as the lookup sees it: what it finds by another name needs no line of its own.
#[path = "../../../crates/core/src/pricing/version.rs"]
mod version;

use std::path::{Path, PathBuf};

use crate::run::Failed;
use crate::workspace;
use table::{Source, Table};

/// The table, in the repository.
const FILE: &str = "crates/core/src/pricing/prices.json";

pub(crate) fn run(arguments: &[String]) -> Result<(), Failed> {
    let usage =
        || Failed("usage: cargo xtask prices YYYY-MM-DD FILE… (litellm's JSON, genai-prices' data.py)".to_owned());
    let (date, files) = arguments.split_first().ok_or_else(usage)?;
    let is_date = date.len() == 10 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if !is_date || files.is_empty() {
        return Err(usage());
    }
    let mut table = Table::default();
    for file in files {
        let path = Path::new(file);
        let text = std::fs::read_to_string(path).map_err(|error| Failed(format!("{file}: {error}")))?;
        let source = source(path, date)?;
        let result = if path.extension().is_some_and(|end| end == "py") {
            genai::read(&text, &source.name, date, &mut table)
        } else {
            litellm::read(&text, &source.name, &mut table)
        };
        result.map_err(|why| Failed(format!("{file}: {why}")))?;
        table.sources.push(source);
    }
    table.compact();
    let target = workspace::root().join(FILE);
    let before = std::fs::read_to_string(&target).unwrap_or_default();
    let after = table.written();
    for line in table::changes(&before, &after) {
        println!("{line}");
    }
    for line in &table.disagreements {
        println!("sources differ: {line}");
    }
    for line in &table.rounded {
        println!("rounded to ten digits: {line}");
    }
    println!("{} models of {} providers, {} bytes", table.len(), table.providers.len(), after.len());
    std::fs::write(&target, after).map_err(|error| Failed(format!("{}: {error}", target.display())))
}

/// What the metadata of the package say that a file lies in.
fn source(file: &Path, date: &str) -> Result<Source, Failed> {
    let absent = || {
        Failed(format!(
            "{}: no *.dist-info/METADATA beside its folder; give the file inside its unpacked package",
            file.display()
        ))
    };
    let folder = file.parent().and_then(Path::parent).ok_or_else(absent)?;
    let package = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
    let entries = std::fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let metadata: Option<PathBuf> = entries.map_err(|_| absent())?.flatten().map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.starts_with(&format!("{package}-")) && name.ends_with(".dist-info")
    });
    let text = std::fs::read_to_string(metadata.ok_or_else(absent)?.join("METADATA")).map_err(|_| absent())?;
    let field = |name: &str| {
        let line = text.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().to_owned())
            .ok_or_else(|| Failed(format!("{}: its package's metadata have no `{name}`", file.display())))
    };
    Ok(Source {
        name: field("Name:")?,
        version: field("Version:")?,
        licence: field("License-Expression:")?,
        date: date.to_owned(),
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    })
}
