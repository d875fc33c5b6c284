//! Invocation parameters: the request as JSON, but for what was said, under the API's own names.
//!
//! Of what the event doesn't keep there is nothing: `logprobs`, `store`, the schema of a response format. Who asked is left out,
//! as by the other dialects: the package tells `user` and `metadata` as they were sent, with the content hidden, too.

use super::super::Value;
use super::RESPONSES;
use super::json::Object;
use crate::event::{Call, Operation};

/// The parameters of a request.
pub(super) fn of(call: &Call) -> Object<'_> {
    let request = &call.request;
    let mut all = Object::default();
    all.text("model", request.model.as_deref());
    if call.operation == Operation::Embeddings {
        if let Some(embeddings) = &request.embeddings {
            all.int("dimensions", embeddings.dimensions);
            all.text("encoding_format", embeddings.encoding_format.as_deref());
        }
        return all;
    }
    let is_responses = call.surface == RESPONSES;
    if let Some(stream) = request.stream {
        all.put("stream", Value::Bool(stream));
    }
    all.text("service_tier", request.service_tier.as_deref());
    all.double("frequency_penalty", request.frequency_penalty);
    all.int(if is_responses { "max_output_tokens" } else { "max_tokens" }, request.max_tokens);
    all.list("modalities", texts(&request.output_modalities));
    all.int("n", request.choice_count);
    all.double("presence_penalty", request.presence_penalty);
    all.text("previous_response_id", request.previous_response_id.as_deref());
    all.text("conversation", request.conversation_id.as_deref());
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
    all.int("seed", request.seed);
    all.list("stop", texts(&request.stop_sequences));
    all.double("temperature", request.temperature);
    all.double("top_k", request.top_k);
    all.double("top_p", request.top_p);
    all
}

fn texts(texts: &[Box<str>]) -> Vec<Value<'_>> {
    texts.iter().map(|text| Value::Str(text)).collect()
}
