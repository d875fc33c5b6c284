//! Dialect `latest`, field by field against `opentelemetry-instrumentation-genai-openai` 1.3b0, and against the older package in its
//! newest mode where both say the same; and where it puts what was said.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cases;
use super::differences::Differences;
use super::fields::{self, Difference};
use super::parsed;

/// Cases that the peer gives no span for (bug 11); `meaning.rs` holds them.
fn without_peer(case: &str) -> bool {
    case.starts_with("completions_")
}

#[test]
fn every_case_gives_the_telemetry_of_the_newest_package_but_for_the_named_differences() {
    let mut differences = Differences::load("latest", "latest");
    for (content, folder) in cases::MODES {
        for case in cases::names() {
            let golden = cases::golden("latest", folder, &case);
            assert_eq!(golden["spans"].as_array().unwrap().is_empty(), without_peer(&case), "{case}");
            if !without_peer(&case) {
                let ours = cases::replay_case_in("latest", content, &case);
                differences.check(&case, content, &fields::compare(&golden, &ours));
            }
        }
    }
    differences.finish();
}

#[test]
fn further_cases_give_the_telemetry_of_the_newest_package_but_for_the_named_differences() {
    let mut differences = Differences::load("latest", "further");
    let golden = cases::further().join("golden/latest");
    for (content, folder) in cases::MODES {
        for document in cases::replay_in("latest", content, &[], &[&cases::further().join("cases")]) {
            let case = document["case"].as_str().unwrap();
            let golden = cases::document(&golden.join(folder).join(format!("{case}.json")));
            differences.check(case, content, &fields::compare(&golden, &document));
        }
    }
    differences.finish();
}

/// The attributes that hold what was said.
const CONTENT: &[&str] =
    &["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions"];

/// What of the span is JSON text, as values.
fn parsed(document: Value) -> Value {
    parsed::of(document, |name| CONTENT.contains(&name))
}

#[test]
fn what_both_newest_packages_say_is_said_but_for_the_named_differences() {
    let mut differences = Differences::load("latest", "latest_v2");
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for case in cases::names() {
            let (newest, older) = (cases::golden("latest", folder, &case), cases::golden("latest_v2", folder, &case));
            if older["spans"].as_array().unwrap().is_empty() || without_peer(&case) {
                continue;
            }
            let said: BTreeSet<_> = fields::flatten(&parsed(newest)).into_keys().collect();
            let both = |field: &String| said.contains(field);
            let mut theirs = fields::flatten(&parsed(older));
            theirs.retain(|field, _| both(field));
            assert!(theirs.len() > 30, "{case}: {}", theirs.len());
            let mut ours = fields::flatten(&parsed(cases::replay_case_in("latest", content, &case)));
            ours.retain(|field, _| theirs.contains_key(field));
            held += 1;
            // A null in a structured value is nothing to the SDK.
            let differs = |it: &Difference| it.theirs != Some(json!({"null": null})) || it.ours.is_some();
            let found: Vec<_> = fields::compare_fields(&theirs, &ours).into_iter().filter(differs).collect();
            differences.check(&case, content, &found);
        }
    }
    assert_eq!(held, 32, "16 cases, twice");
    differences.finish();
}

/// What of a document is content: the names of such attributes of the span, and of the event, which may not be there.
fn places(document: &Value) -> (Vec<&'static str>, Option<Vec<&'static str>>) {
    let has = |element: &Value| -> Vec<_> {
        CONTENT.iter().copied().filter(|name| element["attributes"].get(*name).is_some()).collect()
    };
    let events = document["logs"].as_array().unwrap();
    let details = events.iter().find(|log| log["event_name"] == "gen_ai.client.inference.operation.details");
    (has(&document["spans"][0]), details.map(has))
}

#[test]
fn what_was_said_is_where_the_variable_says_and_nowhere_with_content_off() {
    let replay = |place: &str, content: &str| {
        let case = cases::folder().join("responses_tools");
        cases::replay_placed(place, "latest", content, &[], &[&case]).remove(0)
    };
    let all = CONTENT.to_vec();
    for (place, expected) in [
        ("true", (all.clone(), None)),
        ("SPAN_ONLY", (all.clone(), None)),
        ("EVENT_ONLY", (vec![], Some(all.clone()))),
        ("SPAN_AND_EVENT", (all.clone(), Some(all))),
    ] {
        assert_eq!(places(&replay(place, "full")), expected, "{place}");
        assert_eq!(places(&replay(place, "off")), (vec![], None), "{place}, content off");
    }
    // Both places say the same.
    let both = parsed(replay("SPAN_AND_EVENT", "full"));
    let of = |path: &str| -> Vec<_> {
        let fields = fields::flatten(&both);
        let said = fields.into_iter().filter_map(|(field, value)| Some((field.strip_prefix(path)?.to_owned(), value)));
        said.filter(|(field, _)| CONTENT.iter().any(|name| field.starts_with(name))).collect()
    };
    let on_span: Vec<_> =
        of("spans[0].attributes.").into_iter().map(|(f, v)| (f.replacen(".json", "", 1), v)).collect();
    assert!(on_span.len() > 15, "{on_span:?}");
    let names = |list: &[(String, Value)]| list.iter().map(|(field, _)| field.clone()).collect::<Vec<_>>();
    assert_eq!(names(&on_span), names(&of("logs[0].attributes.")));
}

#[test]
fn the_variable_that_the_packages_know_chooses_the_dialect() {
    let run = |opt_in: &str| {
        let mut command = cases::sidetone();
        command.env("OTEL_SEMCONV_STABILITY_OPT_IN", opt_in).arg("replay").arg(cases::folder().join("chat_basic"));
        let document = cases::documents(&mut command).remove(0);
        document["spans"][0]["scope"]["schema_url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
    };
    assert_eq!(run("http/dup,gen_ai_latest_experimental"), "1.37.0");
    assert_eq!(run("http/dup"), "1.30.0");
}
