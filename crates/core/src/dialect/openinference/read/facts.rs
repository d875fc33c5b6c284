//! What a span says under names without an index.

use std::borrow::Cow;

use super::listed::{Listed, said, text};
use crate::dialect::Value;
use crate::dialect::names::openinference as oi;
use crate::dialect::read::{Draft, Taken, Why, cost, slots};
use crate::event::{Operation, Text};

/// What has been seen, and is read when all is.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) kind: Option<Box<str>>,
    pub(super) system: Option<Box<str>>,
    pub(super) provider: Option<Box<str>>,
    /// Of the request or of the answer: packages don't agree.
    pub(super) model: Option<Box<str>>,
    pub(super) finish_reason: Option<Box<str>>,
    pub(super) parameters: Option<Parameters>,
    pub(super) is_json_input: bool,
    pub(super) is_json_output: bool,
    pub(super) agent: Option<Box<str>>,
    pub(super) query: Option<Text>,
    pub(super) listed: Listed,
}

/// Invocation parameters, and the name that they came under.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) name: &'static str,
    pub(super) json: Box<str>,
}

impl Seen {
    /// What was done, as far as the span's kind says it. Calls of a model may yet be of another API.
    ///
    /// Source: openinference-semantic-conventions 0.1.42, `OpenInferenceSpanKindValues`.
    pub(super) fn operation(&self) -> Option<Operation> {
        Some(match self.kind.as_deref() {
            Some("LLM") => Operation::Chat,
            Some("EMBEDDING") => Operation::Embeddings,
            Some("TOOL") => Operation::ExecuteTool,
            Some("AGENT") => Operation::InvokeAgent,
            Some("CHAIN") => Operation::InvokeWorkflow,
            Some("RETRIEVER") => Operation::Retrieval,
            Some("RERANKER") => Operation::Other(RERANK.into()),
            // `GUARDRAIL`, `EVALUATOR`, `PROMPT`, `DECISION`, and what is newer.
            Some(other) if other != "UNKNOWN" => Operation::Other(other.to_ascii_lowercase().into()),
            None if !self.listed.embeddings.is_empty() => Operation::Embeddings,
            None if self.is_said() => Operation::Chat,
            _ => return None,
        })
    }

    fn is_said(&self) -> bool {
        let Listed { input, output, prompts, choices, .. } = &self.listed;
        !(input.is_empty() && output.is_empty() && prompts.is_empty() && choices.is_empty())
    }
}

/// The operation of the kind `RERANKER`; the conventions of GenAI have no word for it.
pub(in crate::dialect::openinference) const RERANK: &str = "rerank";

/// Takes an attribute, but for the values of input and output.
pub(super) fn take(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    let Draft { request, response, usage, step, .. } = draft;
    match name {
        oi::OPENINFERENCE_SPAN_KIND => slots::text(&mut seen.kind, value),
        oi::LLM_SYSTEM | oi::DECISION_SYSTEM => slots::text(&mut seen.system, value),
        oi::LLM_PROVIDER | oi::DECISION_PROVIDER => slots::text(&mut seen.provider, value),
        oi::LLM_MODEL_NAME | oi::EMBEDDING_MODEL_NAME => slots::text(&mut seen.model, value),
        oi::LLM_REQUEST_MODEL_NAME
        | oi::DECISION_REQUEST_MODEL_NAME
        | oi::DECISION_MODEL_NAME
        | oi::RERANKER_MODEL_NAME => slots::text(&mut request.model, value),
        oi::LLM_RESPONSE_MODEL_NAME | oi::DECISION_RESPONSE_MODEL_NAME => slots::text(&mut response.model, value),
        oi::LLM_INVOCATION_PARAMETERS => parameters(seen, oi::LLM_INVOCATION_PARAMETERS, value),
        oi::EMBEDDING_INVOCATION_PARAMETERS => parameters(seen, oi::EMBEDDING_INVOCATION_PARAMETERS, value),
        oi::LLM_FINISH_REASON => slots::text(&mut seen.finish_reason, value),
        oi::LLM_TOKEN_COUNT_PROMPT | oi::DECISION_TOKEN_COUNT_INPUT => slots::count(&mut usage.input, value),
        oi::LLM_TOKEN_COUNT_COMPLETION | oi::DECISION_TOKEN_COUNT_OUTPUT => slots::count(&mut usage.output, value),
        oi::LLM_TOKEN_COUNT_TOTAL => slots::count(&mut usage.total, value),
        // The older of the two names; both say the same where both are there.
        oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ | oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_INPUT => {
            slots::count(&mut usage.cache_read, value)
        }
        oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE => slots::count(&mut usage.cache_write, value),
        oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO => slots::count(&mut usage.input_audio, value),
        oi::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING => slots::count(&mut usage.reasoning, value),
        oi::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO => slots::count(&mut usage.output_audio, value),
        oi::LLM_COST_TOTAL => cost(&mut draft.cost, value),
        oi::TOOL_NAME => slots::text(&mut step.name, value),
        oi::TOOL_DESCRIPTION => text(&mut step.description, value),
        oi::TOOL_ID => slots::text(&mut step.id, value),
        oi::AGENT_NAME => slots::text(&mut seen.agent, value),
        oi::RERANKER_QUERY => text(&mut seen.query, value),
        oi::INPUT_MIME_TYPE => mime_type(&mut seen.is_json_input, value),
        oi::OUTPUT_MIME_TYPE => mime_type(&mut seen.is_json_output, value),
        _ => seen.listed.take(name, value),
    }
}

fn parameters(seen: &mut Seen, name: &'static str, value: &Value<'_>) -> Taken {
    let json = value.as_str().ok_or(Why::WrongType)?;
    if seen.parameters.is_none() && said(json).as_str().is_some() {
        seen.parameters = Some(Parameters { name, json: json.into() });
    }
    Ok(())
}

fn mime_type(is_json: &mut bool, value: &Value<'_>) -> Taken {
    let mime_type = value.as_str().ok_or(Why::WrongType)?;
    *is_json |= mime_type == super::super::facts::JSON;
    Ok(())
}

/// The provider of that name, in the words of `gen_ai.provider.name`.
///
/// Source of the names: openinference-semantic-conventions 0.1.42, `OpenInferenceLLMProviderValues` and `…SystemValues`.
pub(super) fn provider(provider: Option<&str>, system: Option<&str>) -> Option<Cow<'static, str>> {
    Some(match provider.or(system)? {
        "azure" => Cow::Borrowed("azure.ai.openai"),
        "aws" => Cow::Borrowed("aws.bedrock"),
        "google" if system != Some("vertexai") => Cow::Borrowed("gcp.gemini"),
        "google" | "vertexai" => Cow::Borrowed("gcp.vertex_ai"),
        "mistralai" => Cow::Borrowed("mistral_ai"),
        "xai" => Cow::Borrowed("x_ai"),
        name => Cow::Owned(name.to_owned()),
    })
}
