//! What is known of a call, under names without an index.

use super::super::names::{self, traceloop as own};
use super::super::shared::list::List;
use super::super::shared::span;
use super::super::{Attribute, V2, Value};
use super::step;
use crate::event::{Call, Operation, Request, Usage};

/// Attributes of a call with everything set, so that the list is allocated once.
const TYPICAL: usize = 40;

/// The attributes of a call.
pub(super) fn of(call: &Call) -> Vec<Attribute<'_>> {
    let mut list = List(Vec::with_capacity(TYPICAL));
    if let Some(kind) = kind(&call.operation) {
        list.0.push((own::LLM_REQUEST_TYPE, Value::Static(kind)));
    }
    // With `gen_ai.operation.name` and the server, which the package leaves out, and with the finish reasons, which it tells only
    // together with what was said.
    span::core::<V2>(&mut list, call);
    if call.operation.is_call() {
        let is_stream = call.request.stream.unwrap_or(call.response.is_stream);
        list.0.push((own::LLM_IS_STREAMING, Value::Bool(is_stream)));
    }
    usage(&mut list, &call.usage);
    request(&mut list, &call.operation, &call.request);
    response(&mut list, call);
    list.text(own::LLM_USER, call.identity.user_id.as_deref());
    step::tell(&mut list, call);
    span::beside(&mut list, call);
    list.0
}

/// Source: opentelemetry-semantic-conventions-ai 0.5.1, `LLMRequestTypeValues`.
fn kind(operation: &Operation) -> Option<&'static str> {
    match operation {
        Operation::Chat | Operation::GenerateContent => Some("chat"),
        Operation::TextCompletion => Some("completion"),
        Operation::Embeddings => Some("embedding"),
        Operation::Other(name) if &**name == "rerank" => Some("rerank"),
        _ => None,
    }
}

fn usage(list: &mut List<'_>, usage: &Usage) {
    list.count(own::LLM_USAGE_TOTAL_TOKENS, usage.total);
    list.count(own::USAGE_CACHE_READ_INPUT_TOKENS, usage.cache_read);
    list.count(own::LLM_USAGE_REASONING_TOKENS, usage.reasoning);
    list.count(names::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, usage.cache_write);
    span::modalities(list, usage);
}

fn request<'a>(list: &mut List<'a>, operation: &Operation, request: &'a Request) {
    if *operation == Operation::Embeddings {
        return span::encoding_format(list, request);
    }
    list.int(names::GEN_AI_REQUEST_MAX_TOKENS, request.max_tokens);
    list.double(names::GEN_AI_REQUEST_TEMPERATURE, request.temperature);
    list.double(names::GEN_AI_REQUEST_TOP_P, request.top_p);
    list.double(names::GEN_AI_REQUEST_TOP_K, request.top_k);
    list.double(own::LLM_FREQUENCY_PENALTY, request.frequency_penalty);
    list.double(own::LLM_PRESENCE_PENALTY, request.presence_penalty);
    list.int(names::GEN_AI_REQUEST_SEED, request.seed);
    list.int(names::GEN_AI_REQUEST_CHOICE_COUNT, request.choice_count);
    span::stop_sequences(list, request);
    list.text(own::LLM_REQUEST_REASONING_EFFORT, request.reasoning_effort.as_deref());
    list.text(names::GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT, request.response_format.as_deref());
    list.text(names::OPENAI_REQUEST_SERVICE_TIER, request.service_tier.as_deref());
    list.text(names::GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, request.previous_response_id.as_deref());
    list.text(names::GEN_AI_CONVERSATION_ID, request.conversation_id.as_deref());
}

fn response<'a>(list: &mut List<'a>, call: &'a Call) {
    let Call { response, timing, .. } = call;
    list.text(names::GEN_AI_OPENAI_SYSTEM_FINGERPRINT, response.system_fingerprint.as_deref());
    list.text(names::OPENAI_RESPONSE_SERVICE_TIER, response.service_tier.as_deref());
    list.text(names::GEN_AI_RESPONSE_STATUS, response.state.as_deref());
    span::dimensions(list, call);
    list.double(names::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, timing.first_chunk.map(|first| first.as_secs_f64()));
    span::resent(list, call);
}
