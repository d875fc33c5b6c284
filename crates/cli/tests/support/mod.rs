//! What tests of the command share: JSON lines that are checked against their schema.

use boon::{Compiler, Schemas};
use serde_json::Value;

/// The records of a text of JSON lines, each by the schema.
pub(crate) fn lines(text: &str) -> Vec<Value> {
    let check = schema();
    let each = |line| {
        let record: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        check(&record).unwrap_or_else(|error| panic!("{error}\n{line}"));
        record
    };
    text.lines().map(each).collect()
}

/// Whether a record is as the schema says.
pub(crate) fn is_by_schema(record: &Value) -> bool {
    schema()(record).is_ok()
}

fn schema() -> impl Fn(&Value) -> Result<(), String> {
    let schema = serde_json::from_str(sidetone_pipeline::JsonLines::SCHEMA).unwrap();
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("jsonl.schema.json", schema).unwrap();
    let schema = compiler.compile("jsonl.schema.json", &mut schemas).unwrap();
    move |record| schemas.validate(record, schema).map_err(|error| format!("{error:#}"))
}
