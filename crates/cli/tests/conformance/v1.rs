//! Dialect `v1`, field by field against `opentelemetry-instrumentation-openai` 0.53.4 (traceloop): the shared cases and the further
//! ones. What is JSON text is compared as JSON, member by member.

use super::parsed;

/// The names of attributes that hold JSON text, or may.
pub(crate) fn is_json(name: &str) -> bool {
    let is_prompt = name.starts_with("gen_ai.prompt.") && name.ends_with(".content");
    is_prompt || name.ends_with(".parameters") || name.ends_with(".reasoning")
}

#[test]
fn every_case_gives_the_telemetry_of_the_package_but_for_the_named_differences() {
    parsed::hold("v1", "v1_indexed", is_json);
}
