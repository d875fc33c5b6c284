//! The generated pages of `docs/` say what the code says. `SIDETONE_BLESS=1 cargo test --test docs` writes them anew.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use sidetone::core::dialect::names::extension_table;
use sidetone::otel_export::variable_table;
use sidetone::pipeline::Reason;

fn assert_page(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("SIDETONE_BLESS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == text, "docs/{name} is out of date: run `SIDETONE_BLESS=1 cargo test --test docs`");
}

#[test]
fn the_page_of_attributes_is_the_table_of_the_code() {
    let mut reasons = String::from("| `reason` | what it means |\n| --- | --- |\n");
    for reason in Reason::ALL {
        reasons.push_str(&format!("| `{}` | {} |\n", reason.as_str(), reason.description()));
    }
    assert_page(
        "attributes.md",
        &format!(
            "# What sidetone writes that no convention names\n\n{}\n# Why something was dropped or skipped\n\n\
             Values of `reason`, the attribute of `sidetone.dropped` and `sidetone.dropped.bytes`:\n\n{reasons}",
            extension_table(),
        ),
    );
}

#[test]
fn the_page_of_configuration_is_the_table_of_the_code() {
    let own: String = sidetone::environment::VARIABLES
        .iter()
        .map(|(name, values, default)| format!("| `{name}` | {values} | {default} |\n"))
        .collect();
    assert_page(
        "configuration.md",
        &format!(
            "# Variables that are honoured\n\n\
             `sidetone::start()` reads these; what is said in code wins over them. An application's own providers read their own.\n\n\
             {}{own}",
            variable_table(),
        ),
    );
}

#[test]
fn the_schema_of_json_lines_is_that_of_the_code() {
    assert_page("jsonl.schema.json", sidetone::pipeline::JsonLines::SCHEMA);
}
