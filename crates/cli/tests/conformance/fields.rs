//! A telemetry document as fields: one path for each value, so that a difference can be named.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What identifies a run, not its telemetry.
const LEFT_OUT: &[&str] = &["case", "variant", "content", "client"];

/// The document's values by path: `spans[0].attributes.gen_ai.system`, `logs[1].body.message.content`,
/// `metrics[gen_ai.client.token.usage:input].sum`.
pub(crate) fn flatten(document: &Value) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::new();
    for (path, element) in elements(document) {
        walk(path, &element, &mut fields);
    }
    fields
}

/// Spans, log events, events of PostHog and metrics by path. Metrics are known by name and by token type or finish reason, so that one more is one
/// difference.
fn elements(document: &Value) -> BTreeMap<String, Value> {
    let mut elements = BTreeMap::new();
    for (key, value) in document.as_object().expect("a document is an object") {
        match (key.as_str(), value) {
            (key, _) if LEFT_OUT.contains(&key) => {}
            ("spans" | "logs" | "events", Value::Array(list)) => {
                elements.extend(list.iter().enumerate().map(|(i, element)| (format!("{key}[{i}]"), element.clone())));
            }
            ("metrics", Value::Array(list)) => {
                for metric in list {
                    let path = metric_path(metric);
                    assert!(elements.insert(path.clone(), metric.clone()).is_none(), "two points are {path}");
                }
            }
            _ => panic!("a document has no {key}"),
        }
    }
    elements
}

fn metric_path(metric: &Value) -> String {
    let name = metric["name"].as_str().expect("a metric has a name");
    let attributes = &metric["attributes"];
    let of =
        ["gen_ai.token.type", "llm.response.finish_reason"].iter().find_map(|of| attributes[of]["string"].as_str());
    match of {
        Some(of) => format!("metrics[{name}:{of}]"),
        None => format!("metrics[{name}]"),
    }
}

fn walk(path: String, value: &Value, fields: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(map) => match (map.len(), map.iter().next()) {
            (1, Some((kind, Value::Object(inner)))) if kind == "kvlist" && !inner.is_empty() => {
                for (key, value) in inner {
                    walk(format!("{path}.{key}"), value, fields);
                }
            }
            (1, Some((kind, Value::Array(list))))
                if kind == "array" && list.iter().any(|item| item.get("kvlist").is_some()) =>
            {
                for (index, value) in list.iter().enumerate() {
                    walk(format!("{path}[{index}]"), value, fields);
                }
            }
            // A typed value, or nothing at all (`attributes: {}`).
            (1, Some((kind, _))) if is_type(kind) => drop(fields.insert(path, value.clone())),
            (0, _) => {}
            _ => {
                for (key, value) in map {
                    walk(format!("{path}.{key}"), value, fields);
                }
            }
        },
        Value::Array(list) if list.iter().any(Value::is_object) => {
            for (index, value) in list.iter().enumerate() {
                walk(format!("{path}[{index}]"), value, fields);
            }
        }
        _ => drop(fields.insert(path, value.clone())),
    }
}

fn is_null(body: &Value) -> bool {
    body.get("null").is_some()
}

fn is_type(key: &str) -> bool {
    matches!(key, "string" | "int" | "double" | "bool" | "bytes" | "null" | "array" | "kvlist")
}

/// A field that two documents don't agree on. `None`: not there.
#[derive(Debug, PartialEq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    pub(crate) theirs: Option<Value>,
    pub(crate) ours: Option<Value>,
}

/// Where two documents differ. A span, log event or metric that only one of them has is one difference, with all of it.
pub(crate) fn compare(theirs: &Value, ours: &Value) -> Vec<Difference> {
    let (their_elements, our_elements) = (elements(theirs), elements(ours));
    let mut differences = Vec::new();
    for path in union(&their_elements, &our_elements) {
        match (their_elements.get(path), our_elements.get(path)) {
            (Some(theirs), Some(ours)) => {
                let (mut their_fields, mut our_fields) = (BTreeMap::new(), BTreeMap::new());
                walk(path.clone(), theirs, &mut their_fields);
                walk(path.clone(), ours, &mut our_fields);
                if is_null(&theirs["body"]) != is_null(&ours["body"]) {
                    // A body that is there at all is one difference, with all of it.
                    let body = format!("{path}.body");
                    for (fields, element) in [(&mut their_fields, theirs), (&mut our_fields, ours)] {
                        fields.retain(|field, _| !field.starts_with(&body));
                        fields.insert(body.clone(), element["body"].clone());
                    }
                }
                differences.extend(compare_fields(&their_fields, &our_fields));
            }
            (theirs, ours) => {
                differences.push(Difference { field: path.clone(), theirs: theirs.cloned(), ours: ours.cloned() });
            }
        }
    }
    differences
}

/// Where two sets of fields differ.
pub(crate) fn compare_fields(theirs: &BTreeMap<String, Value>, ours: &BTreeMap<String, Value>) -> Vec<Difference> {
    let mut differences = Vec::new();
    for field in union(theirs, ours) {
        let (theirs, ours) = (theirs.get(field), ours.get(field));
        let same = matches!((theirs, ours), (Some(theirs), Some(ours)) if equal(theirs, ours));
        if !same {
            differences.push(Difference { field: field.clone(), theirs: theirs.cloned(), ours: ours.cloned() });
        }
    }
    differences
}

fn union<'a>(a: &'a BTreeMap<String, Value>, b: &'a BTreeMap<String, Value>) -> BTreeSet<&'a String> {
    a.keys().chain(b.keys()).collect()
}

/// Whether two values are the same. JSON has one kind of number (a bucket's bound is `1` or `1.0`); what is an integer in
/// OpenTelemetry says so by its type's name, `{"int": 1}`.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn every_value_of_a_document_is_a_field_and_any_change_to_one_is_a_difference_of_that_field() {
    let document = serde_json::json!({
        "case": "x", "variant": "v2",
        "spans": [{"name": "chat m", "status": {"code": "UNSET", "description": null}, "events": [],
                   "attributes": {"a.b": {"int": 1}, "list": {"array": [{"string": "x"}, {"string": "y"}]}}}],
        "logs": [{"body": {"kvlist": {"tool_calls": {"array": [{"kvlist": {"id": {"string": "call"}}}]}}}}, {"body": {"null": null}}],
        "metrics": [{"name": "tokens", "attributes": {"gen_ai.token.type": {"string": "input"}}, "bounds": [1, 4], "sum": 20}],
    });
    let fields = flatten(&document);
    let paths: Vec<_> = fields.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "logs[0].body.tool_calls[0].id",
            "logs[1].body",
            "metrics[tokens:input].attributes.gen_ai.token.type",
            "metrics[tokens:input].bounds",
            "metrics[tokens:input].name",
            "metrics[tokens:input].sum",
            "spans[0].attributes.a.b",
            "spans[0].attributes.list",
            "spans[0].events",
            "spans[0].name",
            "spans[0].status.code",
            "spans[0].status.description",
        ]
    );
    assert_eq!(compare(&document, &document), []);
    for (pointer, changed, field) in [
        ("/spans/0/attributes/a.b", serde_json::json!({"double": 1.0}), "spans[0].attributes.a.b"),
        ("/spans/0/status/description", serde_json::json!(""), "spans[0].status.description"),
        ("/logs/1/body", serde_json::json!({"kvlist": {}}), "logs[1].body"),
        ("/logs/1/body", serde_json::json!({"kvlist": {"a": {"int": 1}, "b": {"int": 2}}}), "logs[1].body"),
        ("/metrics/0/bounds", serde_json::json!([1, 5]), "metrics[tokens:input].bounds"),
        (
            "/logs/0/body/kvlist/tool_calls/array/0/kvlist/id/string",
            serde_json::json!("c"),
            "logs[0].body.tool_calls[0].id",
        ),
    ] {
        let mut other = document.clone();
        *other.pointer_mut(pointer).unwrap() = changed;
        let differences = compare(&document, &other);
        assert_eq!(differences.iter().map(|it| it.field.as_str()).collect::<Vec<_>>(), [field]);
    }
    let mut other = document.clone();
    other["logs"].as_array_mut().unwrap().pop();
    assert_eq!(compare(&document, &other).len(), 1);
    assert_eq!(compare(&document, &other)[0].field, "logs[1]");
    assert!(compare(&document, &serde_json::json!({"metrics": [{"name": "tokens", "attributes": {"gen_ai.token.type": {"string": "input"}}, "bounds": [1.0, 4.0], "sum": 20.0}]}))
        .iter()
        .all(|it| !it.field.starts_with("metrics")));
}
