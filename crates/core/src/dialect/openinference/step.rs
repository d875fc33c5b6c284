//! Steps around calls: tools, agents, chains, retrievers, rerankers.

use std::borrow::Cow;

use super::super::names::openinference as oi;
use super::super::shared::list::List;
use super::super::{Attribute, Value};
use super::indexed::Indexed;
use super::read::RERANK;
use super::{HIDDEN, json};
use crate::dialect::shared;
use crate::event::{Call, Operation, Text};
use crate::wire::json::Json;

/// The kind of a span.
///
/// Source: openinference-semantic-conventions 0.1.42, `OpenInferenceSpanKindValues`.
pub(super) fn kind(operation: &Operation) -> &'static str {
    match operation {
        Operation::Chat | Operation::TextCompletion | Operation::GenerateContent => "LLM",
        Operation::Embeddings => "EMBEDDING",
        Operation::ExecuteTool => "TOOL",
        Operation::CreateAgent | Operation::InvokeAgent => "AGENT",
        Operation::InvokeWorkflow => "CHAIN",
        Operation::Retrieval => "RETRIEVER",
        Operation::Other(name) => match &**name {
            RERANK => "RERANKER",
            "guardrail" => "GUARDRAIL",
            "evaluator" => "EVALUATOR",
            "prompt" => "PROMPT",
            "decision" => "DECISION",
            _ => "UNKNOWN",
        },
    }
}

/// The name of a step's span: the step's.
pub(super) fn name(call: &Call) -> Cow<'static, str> {
    let name = call.step.as_deref().and_then(|step| step.name.as_deref());
    name.map_or_else(|| call.operation.name(), |name| Cow::Owned(name.to_owned()))
}

/// What is known of a step. Tokens aren't told: those of the calls in it are theirs, and backends add up what they find.
pub(super) fn of(call: &Call) -> Vec<Attribute<'_>> {
    let mut list = List(vec![(oi::OPENINFERENCE_SPAN_KIND, Value::Static(kind(&call.operation)))]);
    if let Some(step) = call.step.as_deref() {
        let name = match call.operation {
            Operation::ExecuteTool => Some(oi::TOOL_NAME),
            Operation::CreateAgent | Operation::InvokeAgent => Some(oi::AGENT_NAME),
            _ => None,
        };
        if let Some(name) = name {
            list.text(name, step.name.as_deref());
        }
        if call.operation == Operation::ExecuteTool {
            list.text(oi::TOOL_ID, step.id.as_deref());
            list.text(oi::TOOL_DESCRIPTION, step.description.as_ref().and_then(Text::as_str));
        }
        if is_rerank(&call.operation) {
            list.text(oi::RERANKER_MODEL_NAME, call.request.model.as_deref());
            list.text(oi::RERANKER_QUERY, step.input.as_ref().and_then(Text::as_str));
        }
        value(&mut list, oi::INPUT_VALUE, oi::INPUT_MIME_TYPE, step.input.as_ref());
        value(&mut list, oi::OUTPUT_VALUE, oi::OUTPUT_MIME_TYPE, step.output.as_ref());
    }
    list.0
}

fn is_rerank(operation: &Operation) -> bool {
    matches!(operation, Operation::Other(name) if &**name == RERANK)
}

/// A value and what it is; of one that isn't kept, that there was one.
fn value<'a>(list: &mut List<'a>, name: &'static str, mime_type: &'static str, text: Option<&'a Text>) {
    let Some(text) = text else { return };
    let Some(text) = text.as_str() else {
        list.0.push((name, Value::Static(HIDDEN)));
        return;
    };
    list.0.push((mime_type, Value::Static(if is_json(text) { super::facts::JSON } else { "text/plain" })));
    list.0.push((name, Value::Str(text)));
}

fn is_json(text: &str) -> bool {
    let mut json = Json::new(text);
    text.trim_start().starts_with(['{', '[']) && json.skip().is_ok() && json.end().is_ok()
}

/// Documents that are told one by one.
const DOCUMENTS: usize = 100;

/// The documents that a retriever or a reranker gave back, if that is a list of them.
pub(super) fn documents(call: &Call) -> Vec<(String, Value<'_>)> {
    let mut list = Indexed::new();
    let name = match &call.operation {
        Operation::Retrieval => oi::RETRIEVAL_DOCUMENTS,
        operation if is_rerank(operation) => oi::RERANKER_OUTPUT_DOCUMENTS,
        _ => return Vec::new(),
    };
    let output = call.step.as_deref().and_then(|step| step.output.as_ref()?.as_str());
    if let Some(Value::Array(documents)) = output.filter(|text| is_json(text)).and_then(shared::json::value) {
        for (index, document) in documents.into_iter().take(DOCUMENTS).enumerate() {
            list.at(name, index, |list| self::document(list, document));
        }
    }
    list.finish()
}

fn document(list: &mut Indexed<'_>, document: Value<'static>) {
    let members = match document {
        Value::Map(members) => members,
        text => vec![(Cow::Borrowed("content"), text)],
    };
    for (key, value) in members {
        match (&*key, value) {
            (_, Value::Null) => {}
            ("id", id @ Value::String(_)) => list.put(oi::DOCUMENT_ID, id),
            ("id", id) => list.put(oi::DOCUMENT_ID, json::of(&id)),
            #[expect(clippy::cast_precision_loss, reason = "as any reader of JSON does")]
            ("score", Value::Int(score)) => list.put(oi::DOCUMENT_SCORE, Value::Double(score as f64)),
            ("score", score @ Value::Double(_)) => list.put(oi::DOCUMENT_SCORE, score),
            ("content", text @ Value::String(_)) => list.put(oi::DOCUMENT_CONTENT, text),
            ("content", content) => list.put(oi::DOCUMENT_CONTENT, json::of(&content)),
            ("metadata", metadata @ Value::String(_)) => list.put(oi::DOCUMENT_METADATA, metadata),
            ("metadata", metadata) => list.put(oi::DOCUMENT_METADATA, json::of(&metadata)),
            _ => {}
        }
    }
}
