//! What is known of a call, under names without an index; and the events of its span.

use super::super::names::{self, openinference as oi};
use super::super::shared::Words as _;
use super::super::shared::list::List;
use super::super::shared::span;
use super::super::{Attribute, Latest, SpanEvent, Value};
use super::{HIDDEN, exchange, json, parameters, step};
use crate::event::{Call, Operation, Outcome, Usage};

/// Attributes of a call with everything set, so that the list is allocated once.
const TYPICAL: usize = 40;

pub(super) const JSON: &str = "application/json";

/// The attributes of a call.
pub(super) fn of(call: &Call, is_shown: bool) -> Vec<Attribute<'_>> {
    if !call.operation.is_call() {
        return around(call);
    }
    let is_embedding = call.operation == Operation::Embeddings;
    let mut list = List(Vec::with_capacity(TYPICAL));
    list.0.push((oi::OPENINFERENCE_SPAN_KIND, Value::Static(step::kind(&call.operation))));
    if let Some(system) = system(call) {
        list.0.push((oi::LLM_SYSTEM, Value::Static(system)));
    }
    provider(&mut list, call);
    // The package knows it of answers only.
    let model = call.response.model.as_deref().or(call.request.model.as_deref());
    list.text(if is_embedding { oi::EMBEDDING_MODEL_NAME } else { oi::LLM_MODEL_NAME }, model);
    usage(&mut list, &call.usage, is_embedding);
    let first = call.response.choices.iter().find(|choice| choice.index == 0);
    list.text(oi::LLM_FINISH_REASON, first.and_then(|choice| choice.finish_reason.as_deref()));
    let name = if is_embedding { oi::EMBEDDING_INVOCATION_PARAMETERS } else { oi::LLM_INVOCATION_PARAMETERS };
    list.0.push((name, json::of(&parameters::of(call).value())));
    identity(&mut list, call);
    exchanged(&mut list, call, is_shown);
    list.0
}

/// The attributes of a step around calls.
#[cold]
fn around(call: &Call) -> Vec<Attribute<'_>> {
    let mut list = List(step::of(call));
    if let Some(system) = system(call) {
        list.0.push((oi::LLM_SYSTEM, Value::Static(system)));
    }
    provider(&mut list, call);
    // No package tells both, and here nothing has to be like one.
    list.text(oi::LLM_REQUEST_MODEL_NAME, call.request.model.as_deref());
    list.text(oi::LLM_RESPONSE_MODEL_NAME, call.response.model.as_deref());
    identity(&mut list, call);
    list.0
}

fn identity<'a>(list: &mut List<'a>, call: &'a Call) {
    list.text(oi::SESSION_ID, call.identity.session_id.as_deref());
    list.text(oi::USER_ID, call.identity.user_id.as_deref());
    span::own(list, call);
}

/// "The AI product": all surfaces speak OpenAI's API. Of a call without one it is told by others; `OpenInferenceLLMSystemValues`.
fn system(call: &Call) -> Option<&'static str> {
    Some(match &*call.provider {
        _ if !call.surface.is_empty() => "openai",
        "openai" | "azure.ai.openai" => "openai",
        "anthropic" => "anthropic",
        "cohere" => "cohere",
        "mistral_ai" => "mistralai",
        "gcp.vertex_ai" => "vertexai",
        _ => return None,
    })
}

/// Source: openinference-semantic-conventions 0.1.42, `OpenInferenceLLMProviderValues`, and openinference-instrumentation-openai
/// 0.1.66, which tells it where the host is known.
fn provider<'a>(list: &mut List<'a>, call: &'a Call) {
    let value = match &*call.provider {
        // Also what is said of hosts that nobody knows.
        "openai" if !call.server.address.to_ascii_lowercase().ends_with("openai.com") => return,
        "" => return,
        "azure.ai.openai" | "azure.ai.inference" => Value::Static("azure"),
        "aws.bedrock" => Value::Static("aws"),
        "gcp.gemini" | "gcp.vertex_ai" => Value::Static("google"),
        "mistral_ai" => Value::Static("mistralai"),
        "x_ai" => Value::Static("xai"),
        _ => Value::from(&call.provider),
    };
    list.0.push((oi::LLM_PROVIDER, value));
}

fn usage(list: &mut List<'_>, usage: &Usage, is_embedding: bool) {
    list.count(oi::LLM_TOKEN_COUNT_PROMPT, usage.input);
    // An embeddings answer has no output tokens; a server that says "0" adds nothing.
    list.count(oi::LLM_TOKEN_COUNT_COMPLETION, usage.output.filter(|_| !is_embedding));
    list.count(oi::LLM_TOKEN_COUNT_TOTAL, usage.total);
    list.count(oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ, usage.cache_read);
    list.count(oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE, usage.cache_write);
    list.count(oi::LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING, usage.reasoning);
    list.count(oi::LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO, usage.input_audio);
    list.count(oi::LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO, usage.output_audio);
}

/// Request and answer as JSON, or that they are hidden.
fn exchanged(list: &mut List<'_>, call: &Call, is_shown: bool) {
    let Call { request, response, .. } = call;
    let asked = !request.messages.is_empty() || request.instructions.is_some() || request.embeddings.is_some();
    let answered = match call.operation {
        Operation::Embeddings => call.outcome == Outcome::Completed,
        _ => !response.choices.is_empty(),
    };
    if asked && is_shown {
        list.0.push((oi::INPUT_MIME_TYPE, Value::Static(JSON)));
        list.0.push((oi::INPUT_VALUE, json::of(&exchange::request(call))));
    } else if asked {
        list.0.push((oi::INPUT_VALUE, Value::Static(HIDDEN)));
    }
    if answered && is_shown {
        list.0.push((oi::OUTPUT_MIME_TYPE, Value::Static(JSON)));
        list.0.push((oi::OUTPUT_VALUE, json::of(&exchange::answer(call))));
    } else if answered {
        list.0.push((oi::OUTPUT_VALUE, Value::Static(HIDDEN)));
    }
}

/// The events of the span: attempts that failed, the first chunk of a stream, and why the call failed.
pub(super) fn events(call: &Call) -> Vec<SpanEvent<'_>> {
    // The package's exceptions are those of the OpenAI SDK, as those of `latest`.
    let mut events: Vec<_> = call.attempts.iter().map(|attempt| span::event::<Latest>(call, attempt)).collect();
    if let Some(first) = call.timing.first_chunk {
        let time = call.timing.start + first;
        events.push(SpanEvent { name: oi::FIRST_TOKEN_STREAM_EVENT, time, attributes: Vec::new() });
    }
    if let Outcome::Failed(failure) = &call.outcome {
        let mut list = List(vec![(names::EXCEPTION_TYPE, Latest::error(&failure.class))]);
        list.text(names::EXCEPTION_MESSAGE, failure.message.as_ref().and_then(|message| message.as_str()));
        let time = call.timing.start + call.timing.total;
        events.push(SpanEvent { name: names::EXCEPTION, time, attributes: list.0 });
    }
    events
}
