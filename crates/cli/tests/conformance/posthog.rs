//! Dialect `posthog`, property by property against the events that PostHog's Python package captured (posthog 7.91.1): the shared cases
//! and the further ones. Legacy completions, of which it captures nothing, are held by meaning.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::differences::Differences;
use super::{cases, fields, meaning, parsed};

/// A document as it is compared: without how its events were sent, and without what is null inside of a property.
fn compared(mut document: Value) -> Value {
    for event in document["events"].as_array_mut().expect("there are events") {
        event.as_object_mut().unwrap().remove("request");
        event["properties"].as_object_mut().unwrap().values_mut().for_each(drop_nulls);
    }
    document
}

fn drop_nulls(value: &mut Value) {
    if let Some(members) = value.get_mut("kvlist").and_then(Value::as_object_mut) {
        members.retain(|_, member| member.get("null").is_none());
        members.values_mut().for_each(drop_nulls);
    } else if let Some(items) = value.get_mut("array").and_then(Value::as_array_mut) {
        items.iter_mut().for_each(drop_nulls);
    }
}

/// Cases that the package captures nothing of.
fn without_peer(case: &str) -> bool {
    case.starts_with("completions_")
}

#[test]
fn every_case_gives_the_event_of_the_package_but_for_the_named_differences() {
    let mut differences = Differences::load("posthog", "posthog");
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for (cases, golden) in parsed::sets("posthog") {
            for document in cases::replay_in("posthog", content, &[], &[&cases]) {
                let case = document["case"].as_str().unwrap().to_owned();
                let golden = cases::document(&golden.join(folder).join(format!("{case}.json")));
                assert_eq!(document["events"].as_array().unwrap().len(), 1, "{case}");
                assert_eq!(golden["events"].as_array().unwrap().is_empty(), without_peer(&case), "{case}");
                if !without_peer(&case) {
                    let (golden, ours) = (compared(golden), compared(document));
                    differences.check(&case, content, &fields::compare(&golden, &ours));
                    held += 1;
                }
            }
        }
    }
    assert_eq!(held, 88, "44 cases, twice");
    differences.finish();
}

/// What an event's properties mean, in the words of `meaning`.
fn understood(document: &Value, is_told: bool) -> BTreeMap<String, Value> {
    let properties = &document["events"][0]["properties"];
    let property = |name: &str| properties.get(name).map(meaning::plain);
    let parameters = property("$ai_model_parameters").unwrap_or_default();
    let facts = [
        ("operation", property("sidetone.operation")),
        ("provider", property("$ai_provider")),
        ("request.model", property("$ai_model")),
        ("request.max_tokens", parameters.get("max_tokens").cloned()),
        ("request.temperature", parameters.get("temperature").cloned()),
        ("request.top_p", parameters.get("top_p").cloned()),
        ("response.model", property("sidetone.response.model")),
        ("response.id", property("$ai_response_id")),
        ("response.system_fingerprint", property("sidetone.response.system_fingerprint")),
        ("finish_reasons", property("sidetone.response.finish_reasons")),
        ("usage.input", property("$ai_input_tokens")),
        ("usage.output", property("$ai_output_tokens")),
    ];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((format!("meaning.{name}"), value?)));
    let mut meant: BTreeMap<_, _> = facts.collect();
    if is_told {
        let said = [("sent", "$ai_input"), ("received", "$ai_output_choices")];
        for (place, message) in said.map(|(place, name)| (place, property(name).unwrap()[0].clone())) {
            meant.insert(format!("meaning.{place}[0].role"), message["role"].clone());
            let text = message["content"][0].get("text").unwrap_or(&message["content"]);
            meant.insert(format!("meaning.{place}[0].text"), text.clone());
        }
        let reason = property("$ai_stop_reason").unwrap();
        meant.insert("meaning.received[0].finish_reason".to_owned(), reason);
    }
    meant
}

#[test]
fn legacy_completions_mean_what_the_v1_peer_says_but_for_its_named_bugs() {
    let mut differences = Differences::load("posthog", "v1_newest");
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for case in cases::names().into_iter().filter(|case| without_peer(case)) {
            let theirs = cases::golden("v1_newest", folder, &case);
            let ours =
                cases::replay_in("posthog", content, &["--extensions"], &[&cases::folder().join(&case)]).remove(0);
            let mut meant = meaning::of_attributes(&theirs);
            if content == "full" {
                meant.extend(meaning::of_json_messages(&theirs));
            }
            assert!(meant.len() >= 8, "{case}: the peer says next to nothing: {meant:?}");
            differences.check(&case, content, &fields::compare_fields(&meant, &understood(&ours, content == "full")));
            held += 1;
        }
    }
    assert_eq!(held, 4, "two cases, twice");
    differences.finish();
}

#[test]
fn ids_of_an_event_are_those_of_its_span_and_stay_equal() {
    let event = |case: &str| cases::replay_case_in("posthog", "off", case)["events"][0].clone();
    for case in cases::names() {
        let event = event(&case);
        // The trace's id stands for the user that nobody named.
        assert_eq!(event["distinct_id"], "uuid0", "{case}");
        assert_eq!(event["properties"]["$ai_trace_id"], json!({"string": "uuid0"}), "{case}");
        assert_eq!(event["uuid"], "uuid1", "{case}");
        assert_eq!(event["properties"]["$ai_span_id"], json!({"string": "span0"}), "{case}");
        assert_eq!(event["properties"]["$ai_parent_id"], json!({"string": "parent"}), "{case}");
    }
}
