//! Facts of a call under names that the GenAI conventions have had all along, whichever dialect they come with.

use std::borrow::Cow;

use super::super::Value;
use super::super::names;
use super::super::shared::RESPONSES;
use super::draft::{Draft, Taken, Why};
use super::slots;
use crate::event::{Operation, Text};

/// Reads an attribute that several dialects have.
pub(in crate::dialect) fn attribute(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    if !name.starts_with("gen_ai.") {
        return Err(Why::Unknown);
    }
    let Draft { request, response, usage, timing, identity, step, .. } = draft;
    match name {
        names::GEN_AI_OPERATION_NAME => operation(&mut draft.operation, value),
        names::GEN_AI_REQUEST_MODEL => slots::text(&mut request.model, value),
        names::GEN_AI_REQUEST_TEMPERATURE => slots::double(&mut request.temperature, value),
        names::GEN_AI_REQUEST_TOP_P => slots::double(&mut request.top_p, value),
        names::GEN_AI_REQUEST_TOP_K => slots::double(&mut request.top_k, value),
        names::GEN_AI_REQUEST_MAX_TOKENS => slots::int(&mut request.max_tokens, value),
        names::GEN_AI_REQUEST_PRESENCE_PENALTY => slots::double(&mut request.presence_penalty, value),
        names::GEN_AI_REQUEST_FREQUENCY_PENALTY => slots::double(&mut request.frequency_penalty, value),
        names::GEN_AI_REQUEST_SEED => slots::int(&mut request.seed, value),
        names::GEN_AI_REQUEST_CHOICE_COUNT => slots::int(&mut request.choice_count, value),
        names::GEN_AI_REQUEST_STOP_SEQUENCES => slots::texts(&mut request.stop_sequences, value),
        names::GEN_AI_REQUEST_REASONING_LEVEL => slots::text(&mut request.reasoning_effort, value),
        names::GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID => slots::text(&mut request.previous_response_id, value),
        names::GEN_AI_REQUEST_STREAM => slots::flag(&mut request.stream, value),
        names::GEN_AI_REQUEST_ENCODING_FORMATS => {
            let mut formats = Vec::new();
            let taken = slots::texts(&mut formats, value);
            let embeddings = request.embeddings.get_or_insert_default();
            embeddings.encoding_format = embeddings.encoding_format.take().or(formats.into_iter().next());
            taken
        }
        names::GEN_AI_CONVERSATION_ID => slots::text(&mut request.conversation_id, value),
        names::GEN_AI_RESPONSE_ID => slots::text(&mut response.id, value),
        names::GEN_AI_RESPONSE_MODEL => slots::text(&mut response.model, value),
        names::GEN_AI_RESPONSE_STATUS => slots::text(&mut response.state, value),
        names::GEN_AI_RESPONSE_FINISH_REASONS => slots::texts(&mut draft.finish_reasons, value),
        // Some have it under the name of the metric.
        names::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK | names::GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK => {
            let taken = slots::seconds(&mut timing.first_chunk, value);
            if timing.first_chunk.is_some() {
                draft.is_stream.get_or_insert(true);
            }
            taken
        }
        names::GEN_AI_EMBEDDINGS_DIMENSION_COUNT => slots::count(&mut response.embedding_dimensions, value),
        names::GEN_AI_USAGE_INPUT_TOKENS => slots::count(&mut usage.input, value),
        names::GEN_AI_USAGE_OUTPUT_TOKENS => slots::count(&mut usage.output, value),
        names::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS => slots::count(&mut usage.cache_read, value),
        names::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS | names::GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS => {
            slots::count(&mut usage.cache_write, value)
        }
        names::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS => slots::count(&mut usage.reasoning, value),
        names::GEN_AI_USAGE_AUDIO_INPUT_TOKENS => slots::count(&mut usage.input_audio, value),
        names::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS => slots::count(&mut usage.output_audio, value),
        names::GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS => slots::count(&mut usage.cache_read_audio, value),
        names::GEN_AI_USAGE_IMAGE_INPUT_TOKENS => slots::count(&mut usage.input_image, value),
        names::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS => slots::count(&mut usage.output_image, value),
        names::GEN_AI_AGENT_ID => slots::text(&mut identity.agent_id, value),
        names::GEN_AI_AGENT_NAME | names::GEN_AI_TOOL_NAME | names::GEN_AI_WORKFLOW_NAME => {
            slots::text(&mut step.name, value)
        }
        names::GEN_AI_AGENT_DESCRIPTION | names::GEN_AI_TOOL_DESCRIPTION => text(&mut step.description, value),
        names::GEN_AI_TOOL_CALL_ID => slots::text(&mut step.id, value),
        names::GEN_AI_TOOL_TYPE => slots::text(&mut step.kind, value),
        names::GEN_AI_TOOL_CALL_ARGUMENTS | names::GEN_AI_RETRIEVAL_QUERY_TEXT => text(&mut step.input, value),
        names::GEN_AI_TOOL_CALL_RESULT | names::GEN_AI_RETRIEVAL_DOCUMENTS => text(&mut step.output, value),
        _ => Err(Why::Unknown),
    }
}

/// A text, or a structured value as JSON.
pub(in crate::dialect) fn text(slot: &mut Option<Text>, value: &Value<'_>) -> Taken {
    slot.get_or_insert_with(|| match value.as_str() {
        Some(text) => Text::kept(text),
        None => Text::kept(value.to_json()),
    });
    Ok(())
}

/// What was done.
pub(in crate::dialect) fn operation(slot: &mut Option<Operation>, value: &Value<'_>) -> Taken {
    let name = value.as_str().ok_or(Why::WrongType)?;
    slot.get_or_insert_with(|| Operation::named(name));
    Ok(())
}

/// Who serves the call; only what is new to the program takes memory.
pub(in crate::dialect) fn provider(slot: &mut Option<Cow<'static, str>>, value: &Value<'_>) -> Taken {
    let name = value.as_str().ok_or(Why::WrongType)?;
    if slot.is_none() && !name.is_empty() {
        *slot = Some(Cow::Owned(name.to_owned()));
    }
    Ok(())
}

/// Which API of OpenAI's: the value of `openai.api.type`.
pub(in crate::dialect) fn api(slot: &mut Option<&'static str>, value: &Value<'_>) -> Taken {
    let surface = match value.as_str() {
        Some("chat_completions") => "openai.chat",
        Some("responses") => RESPONSES,
        Some(_) => return Err(Why::Unknown),
        None => return Err(Why::WrongType),
    };
    slot.get_or_insert(surface);
    Ok(())
}
