//! Dialect `openinference`, field by field against `openinference-instrumentation-openai` 0.1.66: the shared cases and the further
//! ones. What is JSON text is compared as JSON, member by member.

use super::parsed;

/// The names of attributes that hold JSON text.
pub(crate) fn is_json(name: &str) -> bool {
    let names = ["input.value", "output.value", "llm.invocation_parameters", "embedding.invocation_parameters"];
    names.contains(&name) || name.ends_with(".tool.json_schema")
}

#[test]
fn every_case_gives_the_telemetry_of_the_package_but_for_the_named_differences() {
    parsed::hold("openinference", "openinference", is_json);
}
