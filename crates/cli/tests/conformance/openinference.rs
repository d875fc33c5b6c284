//! Dialect `openinference`, field by field against `openinference-instrumentation-openai` 0.1.66: the shared cases and the further
//! ones. What is JSON text is compared as JSON, member by member.

use std::path::{Path, PathBuf};

use super::cases;
use super::differences::Differences;
use super::{fields, parsed};

/// The names of attributes that hold JSON text.
pub(crate) fn is_json(name: &str) -> bool {
    let names = ["input.value", "output.value", "llm.invocation_parameters", "embedding.invocation_parameters"];
    names.contains(&name) || name.ends_with(".tool.json_schema")
}

/// Both sets of cases: the cases' folder, and that of the golden files.
fn sets() -> [(PathBuf, PathBuf); 2] {
    let golden = |folder: &Path| folder.join("golden/openinference");
    [(cases::folder(), golden(&cases::conformance())), (cases::further().join("cases"), golden(&cases::further()))]
}

#[test]
fn every_case_gives_the_telemetry_of_the_package_but_for_the_named_differences() {
    let mut differences = Differences::load("openinference", "openinference");
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for (cases, golden) in sets() {
            for document in cases::replay_in("openinference", content, &[], &[&cases]) {
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
