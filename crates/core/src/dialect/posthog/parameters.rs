//! `$ai_model_parameters`: what the request asks for beside what was said, under the API's own names.
//!
//! The package knows ten of them; the rest is there as it is in the request, as PostHog's receivers take it from
//! `llm.invocation_parameters`. The service tier is the one that was used: that asked for may be refused, says the package.

use super::super::Value;
use super::super::shared::json_text::Object;
use super::RESPONSES;
use crate::event::{Call, Operation};

/// The parameters of a request.
pub(super) fn of(call: &Call) -> Object<'_> {
    let Call { request, response, .. } = call;
    let mut all = Object::default();
    if call.operation == Operation::Embeddings {
        if let Some(embeddings) = &request.embeddings {
            all.int("dimensions", embeddings.dimensions);
            all.text("encoding_format", embeddings.encoding_format.as_deref());
        }
        return all;
    }
    let is_responses = call.surface == RESPONSES;
    all.double("temperature", request.temperature);
    all.int(if is_responses { "max_output_tokens" } else { "max_tokens" }, request.max_tokens);
    all.double("top_p", request.top_p);
    all.double("frequency_penalty", request.frequency_penalty);
    all.double("presence_penalty", request.presence_penalty);
    all.int("n", request.choice_count);
    all.list("stop", texts(&request.stop_sequences));
    if let Some(stream) = request.stream {
        all.put("stream", Value::Bool(stream));
    }
    all.text("service_tier", response.service_tier.as_deref());
    all.double("top_k", request.top_k);
    all.int("seed", request.seed);
    all.list("modalities", texts(&request.output_modalities));
    let mut format = Object::default();
    format.text("type", request.response_format.as_deref());
    if is_responses {
        let mut reasoning = Object::default();
        reasoning.text("effort", request.reasoning_effort.as_deref());
        all.object("reasoning", reasoning);
        let mut text = Object::default();
        text.object("format", format);
        all.object("text", text);
    } else {
        all.text("reasoning_effort", request.reasoning_effort.as_deref());
        all.object("response_format", format);
    }
    all.text("previous_response_id", request.previous_response_id.as_deref());
    all.text("conversation", request.conversation_id.as_deref());
    all
}

fn texts(texts: &[Box<str>]) -> Vec<Value<'_>> {
    texts.iter().map(|text| Value::Str(text)).collect()
}
