//! Field by field against `opentelemetry-instrumentation-openai-v2` 2.4b0: the shared cases, and further ones that were
//! recorded in the same way (conformance/further).

use super::cases;
use super::differences::Differences;
use super::fields;

/// Cases that the peer gives no span for (bugs 10 and 11); `meaning.rs` holds them.
pub(crate) fn without_peer(case: &str) -> bool {
    case.starts_with("responses_") || case.starts_with("completions_")
}

#[test]
fn every_case_gives_the_telemetry_of_the_python_package_but_for_the_named_differences() {
    let mut differences = Differences::load("v2", "v2");
    for (content, folder) in cases::MODES {
        for case in cases::names() {
            let golden = cases::golden("v2", folder, &case);
            assert_eq!(golden["spans"].as_array().unwrap().is_empty(), without_peer(&case), "{case}");
            if !without_peer(&case) {
                differences.check(&case, content, &fields::compare(&golden, &cases::replay_case(content, &case)));
            }
        }
    }
    differences.finish();
}

#[test]
fn further_cases_give_the_telemetry_of_the_python_package_but_for_the_named_differences() {
    let mut differences = Differences::load("v2", "further");
    for (content, folder) in cases::MODES {
        for document in cases::replay(content, &[], &[&cases::further().join("cases")]) {
            let case = document["case"].as_str().unwrap();
            let golden = cases::document(&cases::further().join("golden").join(folder).join(format!("{case}.json")));
            differences.check(case, content, &fields::compare(&golden, &document));
        }
    }
    differences.finish();
}

#[test]
fn a_folder_of_cases_gives_one_line_for_each_in_the_order_of_their_names() {
    for (content, _) in cases::MODES {
        let together = cases::replay(content, &[], &[&cases::folder()]);
        let names: Vec<_> = together.iter().map(|document| document["case"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, cases::names());
        for (document, case) in together.iter().zip(&names) {
            assert_eq!(
                *document,
                cases::replay_case(content, case),
                "{case}: metrics are deltas, so company changes nothing"
            );
        }
    }
}

#[test]
fn a_case_has_its_folders_name_however_the_folder_is_given() {
    let mut command = cases::sidetone();
    let output = command.args(["replay", "."]).current_dir(cases::folder().join("chat_basic")).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document, cases::replay_case("off", "chat_basic"));
}

#[test]
fn names_of_our_own_are_shown_only_when_asked_for() {
    let plain = cases::replay("full", &[], &[&cases::folder()]);
    let extended = cases::replay("full", &["--extensions"], &[&cases::folder()]);
    for (plain, extended) in plain.iter().zip(&extended) {
        assert!(!plain.to_string().contains("\"sidetone."), "{plain}");
        assert!(extended["spans"][0]["attributes"]["sidetone.outcome"]["string"].is_string(), "{extended}");
        let added = fields::compare(plain, extended);
        assert!(added.iter().all(|it| it.theirs.is_none() && it.field.contains("sidetone.")), "{added:?}");
    }
    let outcome = |case: &str| {
        let document = extended.iter().find(|document| document["case"] == case).unwrap();
        document["spans"][0]["attributes"]["sidetone.outcome"]["string"].clone()
    };
    assert_eq!(outcome("chat_basic"), "completed");
    assert_eq!(outcome("chat_stream_abandoned"), "cancelled");
    assert_eq!(outcome("error_429"), "failed");
    assert_eq!(outcome("conn_refused"), "failed");
}
