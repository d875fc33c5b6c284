//! The words that this dialect has for what others call otherwise.

use super::super::shared::{RESPONSES, Words};
use super::super::{Attribute, Value, names};
use super::V2;
use crate::event::{Call, ErrorClass};

/// Names of providers that were called otherwise when the attribute was still `gen_ai.system`.
///
/// Source: semantic-conventions v1.30.0, `gen_ai.system`, against `gen_ai.provider.name` of v1.37.0.
const SYSTEMS: &[(&str, &str)] = &[
    ("azure.ai.openai", "az.ai.openai"),
    ("azure.ai.inference", "az.ai.inference"),
    ("gcp.gemini", "gemini"),
    ("gcp.vertex_ai", "vertex_ai"),
    ("x_ai", "xai"),
];

/// The value of `gen_ai.system` for a provider that had another name then.
fn renamed(provider: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(name, _)| *name == provider).map(|&(_, system)| system)
}

/// The provider that had this name then, where it has another now.
pub(super) fn provider(system: &str) -> Option<&'static str> {
    SYSTEMS.iter().find(|(_, name)| *name == system).map(|&(provider, _)| provider)
}

impl Words for V2 {
    const REQUEST_SERVICE_TIER: &'static str = names::GEN_AI_OPENAI_REQUEST_SERVICE_TIER;
    const RESPONSE_SERVICE_TIER: &'static str = names::GEN_AI_OPENAI_RESPONSE_SERVICE_TIER;
    const RESPONSE_SYSTEM_FINGERPRINT: &'static str = names::GEN_AI_OPENAI_RESPONSE_SYSTEM_FINGERPRINT;
    const METRICS_HAVE_DIMENSIONS: bool = true;

    fn provider(call: &Call) -> Attribute<'_> {
        let value = match renamed(&call.provider) {
            Some(system) => Value::Static(system),
            None => Value::from(&call.provider),
        };
        (names::GEN_AI_SYSTEM, value)
    }

    fn error(class: &ErrorClass) -> Value<'_> {
        class.word().map_or_else(|| Value::Str(class.as_str()), Value::Static)
    }

    fn output(format: &str) -> Attribute<'_> {
        (names::GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT, Value::Str(format))
    }

    fn api(surface: &str) -> Option<&'static str> {
        (surface == RESPONSES).then_some("responses")
    }
}
