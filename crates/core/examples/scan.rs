//! Scans texts and tells what is in them: JSON lines in, JSON lines out.
//!
//! ```text
//! echo '{"text": "key AKIAIOSFODNN7EXAMPLM"}' | cargo run -p sidetone-core --example scan
//! ```
//! Each line in has a `text`, or a `path` of a file whose text is scanned. Each line out is the line in without its text, with
//! `bytes`, and `findings`: rule, category, severity, start and end. With `--rules` it tells its rules instead.
#![allow(clippy::disallowed_methods, reason = "a program that reads files")]

use std::io::{BufRead as _, Write as _};

use serde_json::{Value, json};
use sidetone_core::scan::Scanner;

fn main() -> std::io::Result<()> {
    let scanner = Scanner::embedded();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if std::env::args().nth(1).as_deref() == Some("--rules") {
        let rules: Vec<Value> = scanner
            .rules()
            .map(|rule| {
                json!({
                    "name": rule.name,
                    "category": rule.category.as_str(),
                    "severity": rule.severity.as_str(),
                    "prefix": rule.prefix,
                    "source": rule.source,
                })
            })
            .collect();
        writeln!(out, "{}", Value::from(rules))?;
        return out.flush();
    }
    for line in std::io::stdin().lock().lines() {
        let mut of: Value = serde_json::from_str(&line?)?;
        let text = match (&of["text"], &of["path"]) {
            (Value::String(text), _) => text.clone(),
            (_, Value::String(path)) => String::from_utf8_lossy(&std::fs::read(path)?).into_owned(),
            _ => String::new(),
        };
        let mut found = Vec::new();
        scanner.scan(&text, &mut found);
        let findings: Vec<Value> = found
            .iter()
            .map(|found| {
                json!({
                    "rule": found.rule.name,
                    "category": found.rule.category.as_str(),
                    "severity": found.rule.severity.as_str(),
                    "start": found.range.start,
                    "end": found.range.end,
                })
            })
            .collect();
        if let Some(fields) = of.as_object_mut() {
            fields.remove("text");
            fields.insert("bytes".into(), text.len().into());
            fields.insert("findings".into(), findings.into());
        }
        writeln!(out, "{of}")?;
    }
    out.flush()
}
