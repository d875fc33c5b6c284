//! The values of a golden file, each with its path, and whether a call that was read holds them.

use std::collections::BTreeSet;

use serde_json::Value;
use sidetone_core::event::Call;

use super::reading::with_n;
use super::reading_fields;

/// Every value of the attributes, events and bodies of a file, inside of JSON text too. What is measured and what only says of what
/// kind a part is (`type`) is left out, and what says nothing (`null`, an empty text).
pub(crate) fn of(document: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let attributes = |all: &mut Vec<_>, prefix: &str, attributes: &Value| {
        for (name, typed) in attributes.as_object().into_iter().flatten() {
            walk(format!("{prefix}{}", with_n(name)), &plain(typed), all);
        }
    };
    for span in list(&document["spans"]) {
        attributes(&mut all, "", &span["attributes"]);
        for event in list(&span["events"]) {
            attributes(&mut all, &format!("{}: ", event["name"].as_str().unwrap()), &event["attributes"]);
        }
    }
    for event in list(&document["events"]) {
        attributes(&mut all, "", &event["properties"]);
    }
    for log in list(&document["logs"]) {
        let name = log["event_name"].as_str().unwrap();
        attributes(&mut all, &format!("{name}: "), &log["attributes"]);
        if !log["body"].is_null() {
            walk(format!("{name}: body"), &plain(&log["body"]), &mut all);
        }
    }
    all
}

/// A typed value without its types.
fn plain(typed: &Value) -> Value {
    let (kind, value) = typed.as_object().and_then(|map| map.iter().next()).expect("a typed value");
    match (kind.as_str(), value) {
        ("array", Value::Array(values)) => values.iter().map(plain).collect(),
        ("kvlist", Value::Object(map)) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        ("bytes", Value::String(hex)) => Value::String(super::reading_records::base64_of_hex(hex)),
        _ => value.clone(),
    }
}

fn walk(path: String, value: &Value, all: &mut Vec<(String, Value)>) {
    match value {
        Value::Null => {}
        Value::Array(values) => values.iter().for_each(|value| walk(format!("{path}[]"), value, all)),
        Value::Object(map) => {
            map.iter()
                .filter(|(key, _)| *key != "type")
                .for_each(|(key, value)| walk(format!("{path}.{key}"), value, all));
        }
        Value::String(text) => match json(text) {
            Some(value) => walk(path, &value, all),
            None if text.is_empty() || text.starts_with('<') && text.ends_with('>') => {}
            None => all.push((path, value.clone())),
        },
        _ => all.push((path, value.clone())),
    }
}

/// What is in a text that is JSON of more than one value.
fn json(text: &str) -> Option<Value> {
    text.starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok())?
}

/// Values of calls.
#[derive(Default)]
pub(crate) struct Values {
    texts: BTreeSet<String>,
    others: BTreeSet<String>,
}

impl Values {
    /// Adds those of a call: its fields, and what is kept as attributes.
    pub(crate) fn add_call(&mut self, call: &Call) {
        reading_fields::of(call, true).values().for_each(|value| self.add(value));
        // These are there in another form.
        call.response.choices.iter().for_each(|choice| self.add(&choice.index.into()));
        call.request.response_format.iter().for_each(|format| self.add(&(&**format).into()));
        call.attributes.iter().for_each(|(_, value)| self.add(&reading_fields::plain(value)));
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.add(value)),
            Value::Object(map) => map.values().for_each(|value| self.add(value)),
            Value::String(text) => {
                if let Some(value) = json(text) {
                    self.add(&value);
                }
                self.texts.insert(text.to_lowercase());
            }
            other => drop(self.others.insert(number(other))),
        }
    }

    /// Whether a value is among them; a longer text may be a part of another.
    pub(crate) fn has(&self, value: &Value) -> bool {
        const LONG: usize = 8;
        match value {
            Value::String(text) => {
                let text = text.to_lowercase();
                self.texts.contains(&text) || text.len() >= LONG && self.texts.iter().any(|all| all.contains(&text))
            }
            other => self.others.contains(&number(other)),
        }
    }
}

/// JSON has one kind of number.
fn number(value: &Value) -> String {
    value.as_f64().map_or_else(|| value.to_string(), |number| number.to_string())
}
