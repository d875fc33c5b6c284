//! The reader: what it knows, and what it asks of whom.

use super::super::super::names::{self, traceloop as own};
use super::super::super::read::{self, Draft, RecordStatus, Records};
use super::super::RESPONSES;
use super::facts::{self, Seen};
use crate::event::Operation;

/// Reads the names that were there before the conventions, whoever wrote them.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "v1"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        is_in(records)
    }

    fn read<'r>(&self, records: &'r Records<'r>, draft: &mut Draft<'r>) {
        let mut seen = Seen::default();
        draft.attributes(|draft, name, value| facts::attribute(draft, &mut seen, name, value));
        draft.events(|_, event| is_chunk(&event.name) && seen.chunk(event.time), |_, _, _| Err(read::Why::Unknown));
        let span = records.spans().first();
        let surface = span.and_then(|span| surface(&span.name));
        draft.surface = draft.surface.or(surface);
        let is_failed = span.is_some_and(|span| matches!(span.status, RecordStatus::Error(_)));
        seen.finish(draft, is_failed);
    }
}

/// Whether something is there that only these packages write.
pub(in crate::dialect) fn is_in(records: &Records<'_>) -> bool {
    records.has_attribute(is_mark)
        || records.spans().iter().flat_map(|span| &span.events).any(|event| is_chunk(&event.name))
}

fn is_mark(name: &str) -> bool {
    if let Some(rest) = name.strip_prefix("llm.") {
        return MARKS_OF_LLM.contains(&rest) || rest.starts_with("usage.") || rest.starts_with("request.functions.");
    }
    if let Some(rest) = name.strip_prefix("gen_ai.") {
        let numbered = rest.strip_prefix("prompt.").or_else(|| rest.strip_prefix("completion."));
        return numbered.is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            || MARKS.contains(&name);
    }
    name.starts_with("traceloop.")
}

/// Names under `llm.`, which OpenInference has others of.
///
/// Source: opentelemetry-semantic-conventions-ai 0.5.1, `SpanAttributes`.
const MARKS_OF_LLM: &[&str] = &[
    "request.type",
    "is_streaming",
    "headers",
    "user",
    "top_k",
    "frequency_penalty",
    "presence_penalty",
    "chat.stop_sequences",
    "request.reasoning_effort",
    "response.finish_reason",
    "response.stop_reason",
];

const MARKS: &[&str] = &[
    names::GEN_AI_IS_STREAMING,
    names::GEN_AI_OPENAI_SYSTEM_FINGERPRINT,
    names::GEN_AI_OPENAI_API_BASE,
    names::GEN_AI_PROMPT,
    names::GEN_AI_COMPLETION,
    own::USAGE_CACHE_READ_INPUT_TOKENS,
];

fn is_chunk(event: &str) -> bool {
    matches!(event, own::LLM_CONTENT_COMPLETION_CHUNK | names::GEN_AI_CONTENT_COMPLETION_CHUNK)
}

/// Which API a span is of: it is named by a method of the OpenAI SDK.
fn surface(span: &str) -> Option<&'static str> {
    Some(match span {
        "openai.chat" => "openai.chat",
        "openai.completion" => "openai.completions",
        "openai.embeddings" => "openai.embeddings",
        "openai.response" => RESPONSES,
        _ => return None,
    })
}

/// What is asked for through an API, where nothing else tells.
pub(super) fn operation_of(surface: &str) -> Option<Operation> {
    Some(match surface {
        "openai.chat" | RESPONSES => Operation::Chat,
        "openai.completions" => Operation::TextCompletion,
        "openai.embeddings" => Operation::Embeddings,
        _ => return None,
    })
}
