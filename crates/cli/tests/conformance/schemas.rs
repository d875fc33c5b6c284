//! What dialect `latest` writes of content is as the conventions' JSON schemas say, in every case; what isn't is refused.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::{Value, json};

use super::cases;
use super::meaning::plain;

/// Each attribute of content and its schema, below `semconv/schemas`.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("gen_ai.input.messages", "gen-ai-input-messages.json"),
    ("gen_ai.output.messages", "gen-ai-output-messages.json"),
    ("gen_ai.system_instructions", "gen-ai-system-instructions.json"),
    ("gen_ai.tool.definitions", "gen-ai-tool-definitions.json"),
];

/// The types of parts that the schemas describe, and how each is called there. They let any other part pass that has a type, so a
/// part of these types is held to its own description.
const PARTS: &[(&str, &str)] = &[
    ("text", "TextPart"),
    ("reasoning", "ReasoningPart"),
    ("tool_call", "ToolCallRequestPart"),
    ("tool_call_response", "ToolCallResponsePart"),
    ("server_tool_call", "ServerToolCallPart"),
    ("blob", "BlobPart"),
    ("file", "FilePart"),
    ("uri", "UriPart"),
];

struct Checks {
    schemas: Schemas,
    whole: Vec<(&'static str, SchemaIndex)>,
    parts: Vec<(&'static str, SchemaIndex)>,
    function: SchemaIndex,
}

impl Checks {
    fn load() -> Self {
        let folder = cases::conformance().join("../semconv/schemas");
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let mut compile = |file: &str, within: &str| {
            let path = folder.join(file);
            if within.is_empty() {
                compiler.add_resource(file, cases::document(&path)).unwrap();
            }
            compiler.compile(&format!("{file}{within}"), &mut schemas).unwrap()
        };
        let whole = ATTRIBUTES.iter().map(|(name, file)| (*name, compile(file, ""))).collect();
        let input = ATTRIBUTES[0].1;
        let parts = PARTS.iter().map(|(kind, name)| (*kind, compile(input, &format!("#/$defs/{name}")))).collect();
        let function = compile(ATTRIBUTES[3].1, "#/$defs/FunctionToolDefinition");
        Self { schemas, whole, parts, function }
    }

    fn check(&self, attribute: &str, value: &Value) -> Result<(), String> {
        let valid = |value: &Value, schema: SchemaIndex| {
            self.schemas.validate(value, schema).map_err(|error| format!("{error:#}"))
        };
        let named = |list: &[(&str, SchemaIndex)], name: &str| list.iter().find(|(it, _)| *it == name).map(|it| it.1);
        valid(value, named(&self.whole, attribute).expect("an attribute of content"))?;
        for item in value.as_array().unwrap() {
            if attribute == "gen_ai.tool.definitions" {
                if item["type"] == "function" {
                    valid(item, self.function)?;
                }
                continue;
            }
            let own = std::slice::from_ref(item);
            for part in item["parts"].as_array().map_or(own, Vec::as_slice) {
                if let Some(schema) = part["type"].as_str().and_then(|kind| named(&self.parts, kind)) {
                    valid(part, schema)?;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn content_of_every_case_is_by_the_schemas_on_the_span_and_in_the_event() {
    let checks = Checks::load();
    let mut held = std::collections::BTreeMap::new();
    for folder in [cases::folder(), cases::further().join("cases")] {
        for document in cases::replay_in("latest", "full", &[], &[&folder]) {
            let case = document["case"].as_str().unwrap();
            let elements = document["spans"].as_array().unwrap().iter().chain(document["logs"].as_array().unwrap());
            for element in elements {
                for (name, _) in ATTRIBUTES {
                    let Some(value) = element["attributes"].get(*name) else { continue };
                    let value = match value["string"].as_str() {
                        Some(text) => serde_json::from_str(text).unwrap(),
                        None => plain(value),
                    };
                    checks.check(name, &value).unwrap_or_else(|error| panic!("{case}, {name}: {error}\n{value:#}"));
                    *held.entry(*name).or_insert(0) += 1;
                }
            }
        }
    }
    assert_eq!(held.len(), ATTRIBUTES.len(), "{held:?}");
    assert!(held["gen_ai.input.messages"] >= 80, "{held:?}");
}

#[test]
fn what_was_said_that_is_not_by_the_schemas_is_refused() {
    let checks = Checks::load();
    let text = json!({"type": "text", "content": "Hi"});
    let sent = |message: Value| checks.check("gen_ai.input.messages", &json!([message]));
    assert_eq!(sent(json!({"role": "user", "parts": [text]})), Ok(()));
    for malformed in [
        json!({"parts": [text]}),
        json!({"role": "user"}),
        json!({"role": "user", "content": "Hi"}),
        json!({"role": 1, "parts": [text]}),
        json!({"role": "user", "parts": "Hi"}),
        json!({"role": "user", "parts": ["Hi"]}),
        json!({"role": "user", "parts": [{"content": "Hi"}]}),
        json!({"role": "user", "parts": [{"type": "text"}]}),
        json!({"role": "user", "parts": [{"type": "text", "content": 1}]}),
        json!({"role": "user", "parts": [{"type": "tool_call", "id": "1"}]}),
        json!({"role": "user", "parts": [{"type": "blob", "content": "aGk="}]}),
        json!({"role": "user", "parts": [text], "name": 1}),
    ] {
        assert!(sent(malformed.clone()).is_err(), "{malformed}");
    }
    assert!(checks.check("gen_ai.input.messages", &json!({"role": "user", "parts": [text]})).is_err());
    let came = |message: Value| checks.check("gen_ai.output.messages", &json!([message]));
    assert_eq!(came(json!({"role": "assistant", "parts": [text], "finish_reason": "stop"})), Ok(()));
    assert!(came(json!({"role": "assistant", "parts": [text]})).is_err(), "why it ended is required");
    assert!(checks.check("gen_ai.system_instructions", &json!(["Hi"])).is_err());
    assert!(checks.check("gen_ai.tool.definitions", &json!([{"type": "function"}])).is_err());
}
