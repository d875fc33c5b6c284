//! Names: each that a dialect writes is in the table of the conventions' names, of the type that it has there and in a state that the
//! dialect may use; each of theirs that a golden file holds is in the table.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use sidetone_core::dialect::names::openinference::OPENINFERENCE;
use sidetone_core::dialect::names::posthog::POSTHOG;
use sidetone_core::dialect::names::traceloop::TRACELOOP;
use sidetone_core::dialect::names::{CONVENTIONS, Convention, EXTENSIONS, GENERAL, Kind, State};

use super::cases;

/// Names that are in the table begin so.
const PREFIXES: &[&str] = &["gen_ai.", "openai.", "aws.bedrock.", "azure.", "mcp."];

/// A name as a document has it: of what, and of which type (an attribute's values) or instrument and unit (a metric's).
type Found = (Kind, String, String);

/// Every name of a document.
fn names_of(document: &Value) -> BTreeSet<Found> {
    let mut found = BTreeSet::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let spans = list(&document["spans"]);
    let events: Vec<_> = spans.iter().flat_map(|span| list(&span["events"])).collect();
    for event in list(&document["events"]) {
        found.insert((Kind::Event, event["event"].as_str().unwrap().to_owned(), String::new()));
        for (name, value) in event["properties"].as_object().into_iter().flatten() {
            let kind = value.as_object().and_then(|map| map.keys().next()).expect("a typed value");
            found.insert((Kind::Attribute, name.clone(), kind.clone()));
        }
    }
    let (logs, metrics) = (list(&document["logs"]), list(&document["metrics"]));
    for element in spans.iter().chain(&events).chain(&logs).chain(&metrics) {
        for (name, value) in element["attributes"].as_object().into_iter().flatten() {
            let kind = value.as_object().and_then(|map| map.keys().next()).expect("a typed value");
            found.insert((Kind::Attribute, with_n(name), kind.clone()));
            if name == "gen_ai.operation.name" {
                found.insert((Kind::Operation, value["string"].as_str().unwrap().to_owned(), String::new()));
            }
        }
    }
    for (element, key) in logs.iter().map(|log| (log, "event_name")).chain(events.iter().map(|event| (event, "name"))) {
        found.insert((Kind::Event, element[key].as_str().unwrap_or_default().to_owned(), String::new()));
    }
    for metric in &metrics {
        let instrument = if metric["type"] == "Histogram" { "histogram" } else { "counter" };
        let types = format!("{instrument} {}", metric["unit"].as_str().unwrap());
        found.insert((Kind::Metric, metric["name"].as_str().unwrap().to_owned(), types));
    }
    found
}

fn with_n(name: &str) -> String {
    let part = |part| if str::parse::<u64>(part).is_ok() { "N" } else { part };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

fn row(kind: Kind, name: &str) -> Option<&'static Convention> {
    CONVENTIONS.iter().find(|it| it.kind == kind && it.name == name)
}

/// Whether a value of that type (`array`, as documents call it) is one of the table's (`string[]`).
fn is_of(kind: &str, types: &str) -> bool {
    types.split(" or ").any(|it| match it {
        "any" => true,
        "string" | "enum" => kind == "string",
        "boolean" => kind == "bool",
        "string[]" => kind == "array",
        other => kind == other,
    })
}

/// Whether it is a name of OpenInference, with that type: one of the table, or one behind others and indices.
fn is_openinference(name: &str, types: &str) -> bool {
    OPENINFERENCE.iter().any(|(known, kind)| {
        let Some(rest) = name.strip_prefix(known) else { return false };
        match (*kind, rest.strip_prefix('.')) {
            ("list", Some(rest)) => rest.strip_prefix("N.").is_some_and(|rest| is_openinference(rest, types)),
            ("object", Some(rest)) => is_openinference(rest, types),
            ("event", None) => rest.is_empty() && types.is_empty(),
            ("list" | "object", None) | (_, Some(_)) => false,
            ("double[] or string", None) => rest.is_empty() && matches!(types, "array" | "string"),
            (kind, None) => rest.is_empty() && types == kind,
        }
    })
}

/// Whether it is a name of traceloop's packages, with that type.
fn is_traceloop(kind: &Kind, name: &str, types: &str) -> bool {
    let types = if *kind == Kind::Event { "event" } else { types };
    TRACELOOP.contains(&(name, types))
}

/// Whether it is a name of PostHog's, with that type.
fn is_posthog(kind: &Kind, name: &str, types: &str) -> bool {
    let types = match types {
        _ if *kind == Kind::Event => "event",
        "array" => "list",
        "kvlist" => "map",
        other => other,
    };
    POSTHOG.iter().any(|(known, kind)| *known == name && (*kind == types || *kind == "any"))
}

/// What is wrong with a name that a dialect writes.
fn problem(dialect: &str, (kind, name, types): &Found) -> Option<String> {
    let is_theirs = *kind == Kind::Operation || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if !is_theirs {
        let is_known = GENERAL.contains(&name.as_str())
            || EXTENSIONS.iter().any(|own| own.name == name)
            || dialect == "openinference" && is_openinference(name, types)
            || dialect == "posthog" && is_posthog(kind, name, types)
            || dialect == "v1" && is_traceloop(kind, name, types);
        return (!is_known).then(|| format!("{name} is in no table, or not as {types}"));
    }
    let Some(row) = row(*kind, name) else { return Some(format!("{kind:?} {name} is not in semconv/gen_ai.toml")) };
    let may_be = match dialect {
        "v2" => &[State::Defined, State::Deprecated, State::Peer][..],
        // What is deprecated has another name there.
        "latest" => &[State::Defined, State::Peer],
        // Names from before the conventions are what it is made of.
        "v1" => &[State::Defined, State::Deprecated, State::Peer, State::Legacy],
        "openinference" | "posthog" => &[],
        other => panic!("say which states {other} may use"),
    };
    if !may_be.contains(&row.state) {
        return Some(format!("{name} is {:?}", row.state));
    }
    let is_right = match kind {
        Kind::Attribute => is_of(types, row.types),
        Kind::Metric => types == row.types,
        Kind::Event | Kind::Operation => true,
    };
    (!is_right).then(|| format!("{name} is written as {types}, and it is {}", row.types))
}

fn written_by(dialect: &str) -> BTreeSet<Found> {
    let mut found = BTreeSet::new();
    for (content, _) in cases::MODES {
        for folder in [cases::folder(), cases::further().join("cases")] {
            for document in cases::replay_in(dialect, content, &["--extensions"], &[&folder]) {
                found.extend(names_of(&document));
            }
        }
    }
    found
}

#[test]
fn every_name_that_a_dialect_writes_is_in_the_table_with_its_type_and_a_state_it_may_use() {
    for dialect in cases::DIALECTS {
        let found = written_by(dialect);
        assert!(found.len() > 50, "{dialect}: {}", found.len());
        let problems: Vec<_> = found.iter().filter_map(|name| problem(dialect, name)).collect();
        assert_eq!(problems, Vec::<String>::new(), "{dialect}");
    }
}

#[test]
fn an_invented_name_another_type_and_a_state_that_is_not_allowed_are_found() {
    let with = |name: &str, value: Value| {
        let document = json!({"spans": [{"attributes": {name: value}, "events": []}], "logs": [], "metrics": []});
        names_of(&document).into_iter().filter_map(|name| problem("latest", &name)).collect::<Vec<_>>()
    };
    assert!(with("gen_ai.request.model", json!({"string": "m"})).is_empty());
    assert_eq!(with("gen_ai.request.mood", json!({"string": "m"})).len(), 1);
    assert_eq!(with("http.request.mood", json!({"string": "m"})).len(), 1);
    assert_eq!(with("gen_ai.usage.input_tokens", json!({"double": 1.0})).len(), 1);
    assert_eq!(with("gen_ai.system", json!({"string": "openai"})).len(), 1, "deprecated");
    assert_eq!(with("gen_ai.prompt.0.user", json!({"string": "m"})).len(), 1, "legacy");
    assert_eq!(with("gen_ai.operation.name", json!({"string": "guess"})).len(), 1);
    assert_eq!(with("llm.model_name", json!({"string": "m"})).len(), 1, "of another dialect");
    assert_eq!(with("llm.request.type", json!({"string": "m"})).len(), 1, "of another dialect");
    for (kind, name, types, is_right) in [
        (Kind::Attribute, "llm.request.type", "string", true),
        (Kind::Attribute, "llm.request.type", "int", false),
        (Kind::Attribute, "llm.request.mood", "string", false),
        (Kind::Event, "llm.content.completion.chunk", "", true),
        (Kind::Metric, "llm.openai.embeddings.vector_size", "counter element", true),
        (Kind::Metric, "llm.openai.embeddings.vector_size", "histogram element", false),
    ] {
        assert_eq!(is_traceloop(&kind, name, types), is_right, "{name} {types}");
    }
    for (kind, name, types, is_right) in [
        (Kind::Attribute, "$ai_input", "array", true),
        (Kind::Attribute, "$ai_input", "string", false),
        (Kind::Attribute, "$ai_mood", "string", false),
        (Kind::Event, "$ai_generation", "", true),
        (Kind::Event, "$ai_input", "", false),
    ] {
        assert_eq!(is_posthog(&kind, name, types), is_right, "{name} {types}");
    }
    for (name, types, is_right) in [
        ("llm.model_name", "string", true),
        ("llm.model_name", "int", false),
        ("llm.model_name.N", "string", false),
        ("llm.input_messages.N.message.tool_calls.N.tool_call.function.name", "string", true),
        ("llm.input_messages.N.message.contents.N.message_content.image.image.url", "string", true),
        ("llm.input_messages.message.role", "string", false),
        ("llm.input_messages.N.mood", "string", false),
        ("llm.input_messages", "string", false),
    ] {
        assert_eq!(is_openinference(name, types), is_right, "{name} {types}");
    }
}

/// Golden files below a folder, whatever the variant.
fn goldens(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            goldens(&path, found);
        } else if path.extension().is_some_and(|end| end == "json") {
            for (kind, name, _) in names_of(&cases::document(&path)) {
                if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) && row(kind, &name).is_none() {
                    found.insert(name, path.display().to_string());
                }
            }
        }
    }
}

#[test]
fn every_name_of_the_conventions_in_a_golden_file_is_in_the_table_and_every_row_names_a_source() {
    let mut missing = BTreeMap::new();
    goldens(&cases::conformance().join("golden"), &mut missing);
    goldens(&cases::further().join("golden"), &mut missing);
    assert_eq!(missing, BTreeMap::new());
    for row in CONVENTIONS {
        let has_version = row.source.bytes().any(|byte| byte.is_ascii_digit());
        assert!(has_version && !row.source.is_empty(), "{} has no source", row.name);
    }
}
