//! Definition files of the conventions: groups with attributes, metrics and events, and the newer form without groups.

use yaml_rust2::{Yaml, YamlLoader};

use super::is_wanted;
use super::table::{Kind, Row, State, Table};

/// The attribute whose values name operations.
const OPERATION: &str = "gen_ai.operation.name";

pub(super) fn read(text: &str, source: &str, table: &mut Table) -> Result<(), String> {
    for file in YamlLoader::load_from_str(text).map_err(|error| error.to_string())? {
        let of_groups = list(&file["groups"]).flat_map(|group| list(&group["attributes"]));
        for attribute in list(&file["attributes"]).chain(of_groups) {
            self::attribute(attribute, source, table);
        }
        for group in ["groups", "metrics", "events"].into_iter().flat_map(|key| list(&file[key])) {
            let [name, instrument, unit] = ["name", "instrument", "unit"].map(|key| group[key].as_str());
            if let Some(name) = group["metric_name"].as_str().or(instrument.and(name)) {
                let types = [instrument, unit].map(Option::unwrap_or_default).join(" ");
                add(Kind::Metric, name, types, group, source, table);
            } else if let (Some("event"), Some(name)) = (group["type"].as_str(), name) {
                add(Kind::Event, name, String::new(), group, source, table);
            }
        }
    }
    Ok(())
}

fn list(yaml: &Yaml) -> impl Iterator<Item = &Yaml> {
    yaml.as_vec().into_iter().flatten()
}

fn attribute(attribute: &Yaml, source: &str, table: &mut Table) {
    // A `ref` is defined elsewhere.
    let Some(name) = attribute["id"].as_str().or(attribute["key"].as_str()) else { return };
    let types = attribute["type"].as_str().unwrap_or("enum").to_owned();
    add(Kind::Attribute, name, types, attribute, source, table);
    if name == OPERATION {
        for member in list(&attribute["type"]["members"]) {
            if let Some(value) = member["value"].as_str() {
                table.add(Kind::Operation, value, row(String::new(), member, source));
            }
        }
    }
}

fn add(kind: Kind, name: &str, types: String, definition: &Yaml, source: &str, table: &mut Table) {
    if is_wanted(name) {
        table.add(kind, name, row(types, definition, source));
    }
}

fn row(types: String, definition: &Yaml, source: &str) -> Row {
    let deprecated = &definition["deprecated"];
    let replaced_by = deprecated["renamed_to"].as_str().map(str::to_owned);
    let state = if deprecated.is_badvalue() { State::Defined } else { State::Deprecated };
    Row { types, state, replaced_by, source: source.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "
groups:
  - id: registry.gen_ai
    type: attribute_group
    attributes:
      - id: gen_ai.operation.name
        stability: development
        type:
          members:
            - id: chat
              value: \"chat\"
            - id: plan
              value: \"plan\"
              deprecated:
                reason: renamed
      - id: gen_ai.old
        type: int
        deprecated:
          reason: renamed
          renamed_to: gen_ai.new
      - ref: gen_ai.elsewhere
      - id: other.name
        type: int
  - id: metric.gen_ai.client.token.usage
    type: metric
    metric_name: gen_ai.client.token.usage
    instrument: histogram
    unit: \"{token}\"
  - id: event.gen_ai.thing
    name: gen_ai.thing
    type: event
";

    const NEW: &str = "
file_format: definition/2
attributes:
  - key: gen_ai.new
    type: string[]
    brief: |
      type: int
metrics:
  - name: gen_ai.client.more
    instrument: counter
    unit: s
";

    #[test]
    fn what_is_no_yaml_is_refused_with_its_line() {
        let why = read("a: 1\nnot an entry\n", "v1", &mut Table::default()).unwrap_err();
        assert!(why.contains("line 3"), "{why}");
    }

    #[test]
    fn both_forms_of_definition_files_are_read() {
        let mut table = Table::default();
        read(OLD, "v1", &mut table).unwrap();
        read(NEW, "v2", &mut table).unwrap();
        let rows: Vec<_> = table.rows().map(|(kind, name, row)| (kind, name, row.types.as_str(), row.state)).collect();
        assert_eq!(
            rows,
            [
                (Kind::Attribute, "gen_ai.new", "string[]", State::Defined),
                (Kind::Attribute, "gen_ai.old", "int", State::Deprecated),
                (Kind::Attribute, "gen_ai.operation.name", "enum", State::Defined),
                (Kind::Metric, "gen_ai.client.more", "counter s", State::Defined),
                (Kind::Metric, "gen_ai.client.token.usage", "histogram {token}", State::Defined),
                (Kind::Event, "gen_ai.thing", "", State::Defined),
                (Kind::Operation, "chat", "", State::Defined),
                (Kind::Operation, "plan", "", State::Deprecated),
            ]
        );
        assert_eq!(table.rows().nth(1).unwrap().2.replaced_by.as_deref(), Some("gen_ai.new"));
    }
}
