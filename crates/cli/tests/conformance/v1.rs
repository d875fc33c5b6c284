//! Dialect `v1`, field by field against `opentelemetry-instrumentation-openai` 0.53.4 (traceloop): the shared cases and the further
//! ones. What is JSON text is compared as JSON, member by member.

use std::path::{Path, PathBuf};

use super::cases;
use super::differences::Differences;
use super::{fields, parsed};

/// The names of attributes that hold JSON text, or may.
pub(crate) fn is_json(name: &str) -> bool {
    let is_prompt = name.starts_with("gen_ai.prompt.") && name.ends_with(".content");
    is_prompt || name.ends_with(".parameters") || name.ends_with(".reasoning")
}

/// Both sets of cases: the cases' folder, and that of the golden files.
fn sets() -> [(PathBuf, PathBuf); 2] {
    let golden = |folder: &Path| folder.join("golden/v1_indexed");
    [(cases::folder(), golden(&cases::conformance())), (cases::further().join("cases"), golden(&cases::further()))]
}

#[test]
fn every_case_gives_the_telemetry_of_the_package_but_for_the_named_differences() {
    let mut differences = Differences::load("v1", "v1_indexed");
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for (cases, golden) in sets() {
            for document in cases::replay_in("v1", content, &[], &[&cases]) {
                let case = document["case"].as_str().unwrap().to_owned();
                let golden = cases::document(&golden.join(folder).join(format!("{case}.json")));
                assert_eq!(golden["spans"].as_array().unwrap().len(), 1, "{case}");
                let (golden, ours) = (parsed::of(golden, is_json), parsed::of(document, is_json));
                differences.check(&case, content, &fields::compare(&golden, &ours));
                held += 1;
            }
        }
    }
    assert_eq!(held, 92, "46 cases, twice");
    differences.finish();
}
