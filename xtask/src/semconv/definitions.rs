//! Definition files of the conventions: groups with attributes, metrics and events, and the newer form without groups.

use super::is_wanted;
use super::table::{Kind, Row, State, Table};
use super::yaml::{self, Yaml};

/// The attribute whose values name operations.
const OPERATION: &str = "gen_ai.operation.name";

pub(super) fn read(text: &str, source: &str, table: &mut Table) -> Result<(), String> {
    let file = yaml::read(text)?;
    for attribute in
        file.list("attributes").iter().chain(file.list("groups").iter().flat_map(|it| it.list("attributes")))
    {
        self::attribute(attribute, source, table);
    }
    let groups = file.list("groups").iter();
    for group in groups.chain(file.list("metrics")).chain(file.list("events")) {
        if let Some(name) = group.text("metric_name").or_else(|| group.text("instrument").and(group.text("name"))) {
            let types = [group.text("instrument"), group.text("unit")].map(Option::unwrap_or_default).join(" ");
            add(Kind::Metric, name, types, group, source, table);
        } else if group.text("type") == Some("event")
            && let Some(name) = group.text("name")
        {
            add(Kind::Event, name, String::new(), group, source, table);
        }
    }
    Ok(())
}

fn attribute(attribute: &Yaml, source: &str, table: &mut Table) {
    // A `ref` is defined elsewhere.
    let Some(name) = attribute.text("id").or_else(|| attribute.text("key")) else { return };
    let members = attribute.get("type").map_or(&[][..], |types| types.list("members"));
    let types = match attribute.text("type") {
        Some(types) => types.to_owned(),
        None => "enum".to_owned(),
    };
    add(Kind::Attribute, name, types, attribute, source, table);
    if name == OPERATION {
        for member in members {
            if let Some(value) = member.text("value") {
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
    let deprecated = definition.get("deprecated");
    let replaced_by = deprecated.and_then(|how| how.text("renamed_to")).map(str::to_owned);
    let state = if deprecated.is_some() { State::Deprecated } else { State::Defined };
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
