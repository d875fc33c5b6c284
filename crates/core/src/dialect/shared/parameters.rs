//! Parameters of a request as JSON, under the API's own names: what it asks for beside what was said.

use super::super::Value;
use super::RESPONSES;
use super::json_text::Object;
use crate::event::{Call, Operation};

/// Adds the parameters of a request. Of the service tier there is the one that was asked for and the one that was used.
pub(in crate::dialect) fn add<'a>(all: &mut Object<'a>, call: &'a Call, service_tier: Option<&'a str>) {
    let request = &call.request;
    if call.operation == Operation::Embeddings {
        if let Some(embeddings) = &request.embeddings {
            all.int("dimensions", embeddings.dimensions);
            all.text("encoding_format", embeddings.encoding_format.as_deref());
        }
        return;
    }
    let is_responses = call.surface == RESPONSES;
    if let Some(stream) = request.stream {
        all.put("stream", Value::Bool(stream));
    }
    all.text("service_tier", service_tier);
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
}

fn texts(texts: &[Box<str>]) -> Vec<Value<'_>> {
    texts.iter().map(|text| Value::Str(text)).collect()
}
