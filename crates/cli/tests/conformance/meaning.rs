//! Cases that the peer of a dialect has no span for, held by meaning against the peers that have one: the responses API against
//! `latest`, legacy completions against `v1_newest`; in form they are as a chat of that dialect.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::cases;
use super::differences::Differences;
use super::fields;
use super::golden::without_peer;

/// Meanings that any of the conventions has one attribute for, and that attribute's names.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("operation", &["gen_ai.operation.name"]),
    ("provider", &["gen_ai.provider.name", "gen_ai.system"]),
    ("request.model", &["gen_ai.request.model"]),
    ("request.max_tokens", &["gen_ai.request.max_tokens"]),
    ("request.temperature", &["gen_ai.request.temperature"]),
    ("request.top_p", &["gen_ai.request.top_p"]),
    ("request.reasoning_level", &["gen_ai.request.reasoning.level", "gen_ai.request.reasoning_effort"]),
    ("request.previous_response_id", &["gen_ai.request.previous_response.id"]),
    ("response.model", &["gen_ai.response.model"]),
    ("response.id", &["gen_ai.response.id"]),
    ("response.service_tier", &["openai.response.service_tier", "gen_ai.openai.response.service_tier"]),
    (
        "response.system_fingerprint",
        &["openai.response.system_fingerprint", "gen_ai.openai.response.system_fingerprint"],
    ),
    ("finish_reasons", &["gen_ai.response.finish_reasons"]),
    ("usage.input", &["gen_ai.usage.input_tokens"]),
    ("usage.output", &["gen_ai.usage.output_tokens"]),
    ("usage.cache_read", &["gen_ai.usage.cache_read.input_tokens"]),
    ("usage.reasoning", &["gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens"]),
    ("error", &["error.type"]),
];

pub(crate) type Meaning = BTreeMap<String, Value>;

/// A typed value without its type's name: `{"double": 0.5}` is 0.5.
pub(crate) fn plain(value: &Value) -> Value {
    let (kind, inner) = value.as_object().and_then(|map| map.iter().next()).expect("a typed value");
    match kind.as_str() {
        "array" => inner.as_array().unwrap().iter().map(plain).collect(),
        "kvlist" => inner.as_object().unwrap().iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        _ => inner.clone(),
    }
}

/// What the span's attributes mean.
pub(crate) fn of_attributes(document: &Value) -> Meaning {
    let attributes = document["spans"][0]["attributes"].as_object().expect("there is a span");
    let meanings = ATTRIBUTES.iter().filter_map(|(meaning, names)| {
        let value = names.iter().find_map(|name| attributes.get(*name))?;
        Some((format!("meaning.{meaning}"), plain(value)))
    });
    meanings.collect()
}

/// The newer conventions call what OpenAI calls `tool_calls` `tool_call` in messages.
fn reason(reason: &Value) -> Value {
    if reason == "tool_calls" { json!("tool_call") } else { reason.clone() }
}

/// What the messages mean that a span carries as JSON.
pub(crate) fn of_json_messages(document: &Value) -> Meaning {
    let attributes = &document["spans"][0]["attributes"];
    let parsed = |name: &str| -> Vec<Value> {
        attributes[name]["string"].as_str().map_or_else(Vec::new, |text| serde_json::from_str(text).unwrap())
    };
    let mut meaning = Meaning::new();
    let mut messages = Vec::new();
    for part in parsed("gen_ai.system_instructions") {
        messages.push(json!({"role": "system", "parts": [part]}));
    }
    messages.extend(parsed("gen_ai.input.messages"));
    for (place, list) in [("sent", messages), ("received", parsed("gen_ai.output.messages"))] {
        for (index, message) in list.iter().enumerate() {
            let path = format!("meaning.{place}[{index}]");
            meaning.insert(format!("{path}.role"), message["role"].clone());
            if let Some(finish) = message.get("finish_reason") {
                meaning.insert(format!("{path}.finish_reason"), reason(finish));
            }
            let (mut text, mut reasoning, mut calls) = (String::new(), String::new(), 0);
            for part in message["parts"].as_array().unwrap() {
                match part["type"].as_str().unwrap() {
                    "text" => text += part["content"].as_str().unwrap(),
                    "reasoning" => reasoning += part["content"].as_str().unwrap(),
                    "tool_call" => {
                        for key in ["id", "name", "arguments"] {
                            meaning.insert(format!("{path}.tool_calls[{calls}].{key}"), part[key].clone());
                        }
                        calls += 1;
                    }
                    other => panic!("a part of type {other}"),
                }
            }
            for (key, text) in [("text", text), ("reasoning", reasoning)] {
                if !text.is_empty() {
                    meaning.insert(format!("{path}.{key}"), json!(text));
                }
            }
        }
    }
    meaning
}

/// What the log events mean that dialect `v2` tells messages by.
fn of_log_events(document: &Value) -> Meaning {
    let mut meaning = Meaning::new();
    let (mut sent, mut received) = (0, 0);
    for log in document["logs"].as_array().unwrap() {
        let name = log["event_name"].as_str().unwrap();
        let body = plain(&log["body"]);
        let (path, role, said) = if name == "gen_ai.choice" {
            let path = format!("meaning.received[{received}]");
            assert_eq!(body["index"], json!(received), "choices are in order");
            received += 1;
            meaning.insert(format!("{path}.finish_reason"), reason(&body["finish_reason"]));
            (path, body["message"]["role"].clone(), body["message"].clone())
        } else {
            let path = format!("meaning.sent[{sent}]");
            sent += 1;
            let role = name.strip_prefix("gen_ai.").and_then(|it| it.strip_suffix(".message")).unwrap();
            (path, json!(role), body)
        };
        meaning.insert(format!("{path}.role"), role);
        let text = match &said["content"] {
            Value::Array(parts) => json!(parts.iter().map(|part| part["text"].as_str().unwrap()).collect::<String>()),
            text => text.clone(),
        };
        for (key, value) in [("text", &text), ("reasoning", &said["reasoning_content"])] {
            if !value.is_null() {
                meaning.insert(format!("{path}.{key}"), value.clone());
            }
        }
        for (index, call) in said["tool_calls"].as_array().into_iter().flatten().enumerate() {
            let path = format!("{path}.tool_calls[{index}]");
            let arguments = call["function"]["arguments"].as_str().unwrap();
            meaning.insert(format!("{path}.id"), call["id"].clone());
            meaning.insert(format!("{path}.name"), call["function"]["name"].clone());
            meaning.insert(format!("{path}.arguments"), serde_json::from_str(arguments).unwrap());
        }
    }
    meaning
}

/// Holds what a dialect says of the cases that start with `prefix` against what a peer says of them.
fn hold(dialect: &str, prefix: &str, variant: &'static str) {
    let messages_of: fn(&Value) -> Meaning = if dialect == "v2" { of_log_events } else { of_json_messages };
    let mut differences = Differences::load(dialect, variant);
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for case in cases::names().into_iter().filter(|case| case.starts_with(prefix)) {
            held += 1;
            let (theirs, ours) =
                (cases::golden(variant, folder, &case), cases::replay_case_in(dialect, content, &case));
            let (mut meant, mut understood) = (of_attributes(&theirs), of_attributes(&ours));
            assert!(meant.len() >= 8, "{case}: the peer says next to nothing: {meant:?}");
            if content == "full" {
                // With content off these peers tell nothing of messages.
                let messages = of_json_messages(&theirs);
                assert!(messages.len() >= 5, "{case}: {messages:?}");
                meant.extend(messages);
                understood.extend(messages_of(&ours));
            }
            differences.check(&case, content, &fields::compare_fields(&meant, &understood));
        }
    }
    assert_eq!(held, 4, "two cases with {prefix}, twice");
    differences.finish();
}

#[test]
fn responses_mean_what_the_latest_peer_says_but_for_its_named_bugs() {
    hold("v2", "responses_", "latest");
}

#[test]
fn legacy_completions_mean_what_the_v1_peer_says_but_for_its_named_bugs() {
    hold("v2", "completions_", "v1_newest");
    hold("latest", "completions_", "v1_newest");
}

/// What a log event, span or metric says beside what it is about.
fn form(element: &Value, about: &[&str]) -> Value {
    element
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, _)| !about.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}

#[test]
fn what_the_peer_has_no_span_for_has_the_form_of_a_v2_chat() {
    for (content, _) in cases::MODES {
        for case in cases::names().into_iter().filter(|case| without_peer(case)) {
            let ours = cases::replay_case(content, &case);
            // These two are held field by field against the peer.
            let model =
                cases::replay_case(content, if case.ends_with("_stream") { "chat_stream_usage" } else { "chat_basic" });

            let [span] = ours["spans"].as_array().unwrap().as_slice() else { panic!("{case}: one span") };
            let about = ["name", "attributes"];
            assert_eq!(form(span, &about), form(&model["spans"][0], &about), "{case}");
            let operation = if case.starts_with("completions_") { "text_completion" } else { "chat" };
            let asked = span["attributes"]["gen_ai.request.model"]["string"].as_str().unwrap();
            assert_eq!(span["attributes"]["gen_ai.operation.name"], json!({"string": operation}), "{case}");
            assert_eq!(span["name"], format!("{operation} {asked}"));
            for name in ["gen_ai.system", "server.address", "server.port"] {
                assert_eq!(span["attributes"][name], model["spans"][0]["attributes"][name], "{case}: {name}");
            }

            let logs = ours["logs"].as_array().unwrap();
            for log in logs {
                let about = ["event_name", "body"];
                assert_eq!(form(log, &about), form(&model["logs"][0], &about), "{case}");
            }
            let bodies: Vec<_> =
                logs.iter().map(|log| (log["event_name"].as_str().unwrap(), plain_or_null(&log["body"]))).collect();
            assert_eq!(bodies, expected_bodies(&case, content == "full"), "{case}, content {content}");

            let metrics = |document: &Value| -> BTreeMap<String, (Value, BTreeSet<String>)> {
                let points = document["metrics"].as_array().unwrap().iter().map(|point| {
                    let kind = point["attributes"]["gen_ai.token.type"]["string"].as_str().unwrap_or_default();
                    let names = point["attributes"].as_object().unwrap().keys();
                    // Legacy completions have no service tier, responses and a legacy stream no fingerprint.
                    let names = names.filter(|name| !name.starts_with("gen_ai.openai.response.")).cloned().collect();
                    (format!("{}{kind}", point["name"]), (form(point, &["attributes", "sum", "min", "max"]), names))
                });
                points.collect()
            };
            assert_eq!(metrics(&ours), metrics(&model), "{case}");
            for point in ours["metrics"].as_array().unwrap() {
                for (name, value) in point["attributes"].as_object().unwrap() {
                    if let Some(said) = span["attributes"].get(name) {
                        assert_eq!(value, said, "{case}: {name} is the same on span and metric");
                    }
                }
                if let Some(kind) = point["attributes"]["gen_ai.token.type"]["string"].as_str() {
                    let count = &span["attributes"][format!("gen_ai.usage.{kind}_tokens")]["int"];
                    assert_eq!([&point["sum"], &point["min"], &point["max"]], [count; 3], "{case}: {kind}");
                }
            }
        }
    }
}

fn plain_or_null(body: &Value) -> Value {
    if body.get("null").is_some() { Value::Null } else { plain(body) }
}

/// The bodies of a case's log events, written down from its recorded bytes in the form of SEMCONV's table of v2 log events.
fn expected_bodies(case: &str, full: bool) -> Vec<(&'static str, Value)> {
    let message = |text: &str| if full { json!({"content": text}) } else { Value::Null };
    let choice = |reason: &str, text: &str| {
        let message = if full { json!({"role": "assistant", "content": text}) } else { json!({"role": "assistant"}) };
        json!({"index": 0, "finish_reason": reason, "message": message})
    };
    match case {
        "completions_basic" => vec![
            ("gen_ai.user.message", message("Say this is a test")),
            ("gen_ai.choice", choice("length", "\n\nThis is a test.")),
        ],
        "completions_stream" => vec![
            ("gen_ai.user.message", message("Say this is a test")),
            ("gen_ai.choice", choice("stop", "This is a test.")),
        ],
        "responses_basic" => vec![
            ("gen_ai.system.message", message("You are terse.")),
            ("gen_ai.user.message", message("Say this is a test.")),
            ("gen_ai.choice", choice("stop", "This is a test.")),
        ],
        "responses_tools" => {
            let parts = json!([{"type": "text", "text": "Weather in Seattle?"}]);
            let mut function = json!({"name": "get_current_weather"});
            let mut said = json!({"role": "assistant"});
            if full {
                function["arguments"] = json!("{\"location\": \"Seattle, WA\"}");
                said["reasoning_content"] = json!("Thinking about the weather.");
            }
            said["tool_calls"] = json!([{"id": "call_mock1", "type": "function", "function": function}]);
            vec![
                ("gen_ai.system.message", message("You are terse.")),
                ("gen_ai.user.message", if full { json!({"content": parts}) } else { Value::Null }),
                ("gen_ai.choice", json!({"index": 0, "finish_reason": "tool_calls", "message": said})),
            ]
        }
        other => panic!("the bodies of {other} have to be written down here"),
    }
}
