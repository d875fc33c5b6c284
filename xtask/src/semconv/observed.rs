//! Names that packages have: those in telemetry that they gave, and constants in their modules.

use serde_json::Value;

use super::is_wanted;
use super::table::{Kind, Row, State, Table};

/// Takes in the names of a golden file.
pub(super) fn telemetry(text: &str, source: &str, state: State, table: &mut Table) -> Result<(), String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut add = |kind, name: &str, types: &str| {
        let name = with_n(name);
        if is_wanted(&name) {
            let (types, source) = (types.to_owned(), source.to_owned());
            table.add(kind, &name, Row { types, state, replaced_by: None, source });
        }
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let spans = list(&document["spans"]);
    let events = spans.iter().flat_map(|span| list(&span["events"])).collect::<Vec<_>>();
    let (logs, metrics) = (list(&document["logs"]), list(&document["metrics"]));
    for element in spans.iter().chain(&events).chain(&logs).chain(&metrics) {
        for (name, value) in element["attributes"].as_object().into_iter().flatten() {
            add(Kind::Attribute, name, type_of(value));
        }
    }
    for log in &logs {
        add(Kind::Event, log["event_name"].as_str().unwrap_or_default(), "");
    }
    for event in &events {
        add(Kind::Event, event["name"].as_str().unwrap_or_default(), "");
    }
    for metric in &metrics {
        let kind = if metric["type"] == "Histogram" { "histogram" } else { "counter" };
        let types = format!("{kind} {}", metric["unit"].as_str().unwrap_or_default());
        add(Kind::Metric, metric["name"].as_str().unwrap_or_default(), &types);
    }
    Ok(())
}

/// The conventions' word for the type of a typed value.
fn type_of(value: &Value) -> &'static str {
    let Some((kind, inner)) = value.as_object().and_then(|map| map.iter().next()) else { return "" };
    match kind.as_str() {
        "string" => "string",
        "int" => "int",
        "double" => "double",
        "bool" => "boolean",
        "array" => match inner[0].as_object().and_then(|map| map.keys().next()).map(String::as_str) {
            Some("kvlist") => "any",
            _ => "string[]",
        },
        _ => "any",
    }
}

/// Numbers between points are indices: `gen_ai.prompt.0.role` is `gen_ai.prompt.N.role`.
fn with_n(name: &str) -> String {
    let part = |part: &str| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { "N".to_owned() } else { part.to_owned() }
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// Takes in the constants of a module whose type it says by an annotated field: `"gen_ai.prompt.version"` is there a constant, and
/// `prompt_version: str | None` a field. A constant of which no field tells the type is left out.
pub(super) fn constants(text: &str, source: &str, table: &mut Table) {
    for name in text.split('"').skip(1).step_by(2).filter(|name| is_wanted(name) && !name.ends_with('.')) {
        let field = name.strip_prefix("gen_ai.").unwrap_or(name).replace('.', "_");
        let annotated = text.lines().find_map(|line| line.trim_start().strip_prefix(&field)?.strip_prefix(": "));
        let types = match annotated.map(|it| it.split([' ', '=', '|']).next().unwrap_or_default()) {
            Some("str") => "string",
            Some("int") => "int",
            Some("float") => "double",
            Some("bool") => "boolean",
            _ => continue,
        };
        let row = Row { types: types.to_owned(), state: State::Peer, replaced_by: None, source: source.to_owned() };
        table.add(Kind::Attribute, name, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_telemetry_are_taken_with_their_types_and_indices_stand_as_n() {
        let document = r#"{
            "spans": [{"attributes": {"gen_ai.prompt.0.role": {"string": "user"}, "llm.x": {"int": 1},
                                      "gen_ai.list": {"array": [{"string": "a"}]}},
                       "events": [{"name": "gen_ai.chunk", "attributes": {}}]}],
            "logs": [{"event_name": "gen_ai.choice", "attributes": {"gen_ai.system": {"string": "openai"}}}],
            "metrics": [{"name": "gen_ai.tokens", "type": "Histogram", "unit": "token", "attributes": {}}]
        }"#;
        let mut table = Table::default();
        telemetry(document, "a package", State::Legacy, &mut table).unwrap();
        let rows: Vec<_> = table.rows().map(|(kind, name, row)| (kind, name, row.types.as_str())).collect();
        assert_eq!(
            rows,
            [
                (Kind::Attribute, "gen_ai.list", "string[]"),
                (Kind::Attribute, "gen_ai.prompt.N.role", "string"),
                (Kind::Attribute, "gen_ai.system", "string"),
                (Kind::Metric, "gen_ai.tokens", "histogram token"),
                (Kind::Event, "gen_ai.choice", ""),
                (Kind::Event, "gen_ai.chunk", ""),
            ]
        );
    }

    #[test]
    fn a_constant_has_the_type_of_its_field() {
        let module = "_A: Final = \"gen_ai.usage.text.input_tokens\"\n_B = \"gen_ai.none\"\n_C = \"gen_ai.prefix.\"\n\
                      class X:\n    usage_text_input_tokens: int | None = None\n";
        let mut table = Table::default();
        constants(module, "a package", &mut table);
        let rows: Vec<_> = table.rows().map(|(_, name, row)| (name, row.types.as_str())).collect();
        assert_eq!(rows, [("gen_ai.usage.text.input_tokens", "int")]);
    }
}
