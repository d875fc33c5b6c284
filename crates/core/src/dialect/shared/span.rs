//! The span of a call, in the words of a dialect: its name, status, attributes and the attempts that failed before it.

use std::borrow::Cow;

use super::super::names;
use super::super::{Attribute, Span, SpanEvent, Status, Value};
use super::list::{List, saturating};
use super::{Words, json};
use crate::event::{
    Attempt, Call, Failure, Operation, Outcome, Process, Request, Response, Severity, Step, Text, Usage,
};

/// A text that is empty where it isn't known.
pub(in crate::dialect) fn known(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The port, unless it is the default of HTTP or HTTPS: so does the peer.
pub(in crate::dialect) fn port(call: &Call) -> Option<i64> {
    call.server.port.filter(|port| !matches!(port, 443 | 80)).map(i64::from)
}

/// The span of a call with these attributes.
pub(in crate::dialect) fn of<'a, W: Words>(call: &'a Call, attributes: Vec<Attribute<'a>>) -> Span<'a> {
    Span {
        name: name(&call.operation, call.request.model.as_deref()),
        side: call.side,
        start: call.timing.start,
        end: call.timing.start + call.timing.total,
        status: status(&call.outcome, call.response.status),
        attributes,
        indexed: attributes_kept(call),
        events: call.attempts.iter().map(|attempt| event::<W>(call, attempt)).collect(),
    }
}

/// What isn't understood goes on as it came.
pub(in crate::dialect) fn attributes_kept(call: &Call) -> Vec<(String, Value<'_>)> {
    call.attributes.iter().map(|(name, value)| (name.to_string(), json::borrowed(value))).collect()
}

/// Its name: the operation and the model that was asked for.
pub(in crate::dialect) fn name(operation: &Operation, model: Option<&str>) -> Cow<'static, str> {
    let Some(model) = model else {
        return operation.name();
    };
    let operation = operation.as_str();
    let mut name = String::with_capacity(operation.len() + 1 + model.len());
    name.push_str(operation);
    name.push(' ');
    name.push_str(model);
    name.into()
}

/// Class and HTTP status only: a server's message may quote what it was sent. It is there when content is kept.
pub(in crate::dialect) fn status(outcome: &Outcome, http: Option<u16>) -> Status {
    let Outcome::Failed(Failure { class, message, .. }) = outcome else {
        return Status::Unset;
    };
    let mut description = class.as_str().to_owned();
    if let Some(http) = http.filter(|http| *http >= 400) {
        description.push_str(": HTTP ");
        description.push_str(&http.to_string());
    }
    if let Some(message) = message.as_ref().and_then(|message| message.as_str()) {
        description.push_str(": ");
        description.push_str(message);
    }
    Status::Error(description)
}

/// What makes the span worth having; comes first, so that a limit on the number of attributes takes other things.
pub(in crate::dialect) fn core<'a, W: Words>(list: &mut List<'a>, call: &'a Call) {
    let Call { request, response, usage, .. } = call;
    list.0.push((names::GEN_AI_OPERATION_NAME, Value::from(&call.operation)));
    list.0.push(W::provider(call));
    list.text(names::GEN_AI_REQUEST_MODEL, request.model.as_deref());
    list.text(names::GEN_AI_RESPONSE_MODEL, response.model.as_deref());
    list.count(names::GEN_AI_USAGE_INPUT_TOKENS, usage.input);
    if call.operation != Operation::Embeddings {
        // An embeddings answer has no output tokens; a server that says "0" adds nothing.
        list.count(names::GEN_AI_USAGE_OUTPUT_TOKENS, usage.output);
    }
    if !response.choices.is_empty() {
        let reasons = response.choices.iter().map(|choice| choice.finish_reason.as_deref().unwrap_or(NO_REASON));
        list.0.push((names::GEN_AI_RESPONSE_FINISH_REASONS, Value::Strings(reasons.collect())));
    }
    list.text(names::GEN_AI_RESPONSE_ID, response.id.as_deref());
    if let Outcome::Failed(failure) = &call.outcome {
        list.0.push((names::ERROR_TYPE, W::error(&failure.class)));
    }
    list.text(names::SERVER_ADDRESS, known(&call.server.address));
    list.int(names::SERVER_PORT, port(call));
    if let Some(step) = call.step.as_deref() {
        self::step(list, call, step);
    }
}

/// What is known of a step.
#[cold]
fn step<'a>(list: &mut List<'a>, call: &'a Call, step: &'a Step) {
    let is_agent = matches!(call.operation, Operation::CreateAgent | Operation::InvokeAgent);
    let [name, id, description] = match call.operation {
        // The agent on whose behalf it is has that id on every span.
        _ if is_agent => [names::GEN_AI_AGENT_NAME, names::GEN_AI_AGENT_ID, names::GEN_AI_AGENT_DESCRIPTION],
        Operation::InvokeWorkflow => {
            [names::GEN_AI_WORKFLOW_NAME, names::SIDETONE_STEP_ID, names::SIDETONE_STEP_DESCRIPTION]
        }
        Operation::ExecuteTool => [names::GEN_AI_TOOL_NAME, names::GEN_AI_TOOL_CALL_ID, names::GEN_AI_TOOL_DESCRIPTION],
        _ => [names::SIDETONE_STEP_NAME, names::SIDETONE_STEP_ID, names::SIDETONE_STEP_DESCRIPTION],
    };
    let [input, output] = match call.operation {
        Operation::ExecuteTool => [names::GEN_AI_TOOL_CALL_ARGUMENTS, names::GEN_AI_TOOL_CALL_RESULT],
        Operation::Retrieval => [names::GEN_AI_RETRIEVAL_QUERY_TEXT, names::GEN_AI_RETRIEVAL_DOCUMENTS],
        _ => [names::SIDETONE_STEP_INPUT, names::SIDETONE_STEP_OUTPUT],
    };
    let said = |text: &'a Option<Text>| text.as_ref().and_then(Text::as_str);
    list.text(name, step.name.as_deref());
    list.text(id, step.id.as_deref().filter(|_| !is_agent || call.identity.agent_id.is_none()));
    list.text(names::GEN_AI_TOOL_TYPE, step.kind.as_deref());
    list.text(description, said(&step.description));
    list.text(input, said(&step.input));
    list.text(output, said(&step.output));
}

/// Stands for the finish reason of a choice that has none: so do the peer, and the conventions.
pub(in crate::dialect) const NO_REASON: &str = "error";

/// What was asked for.
pub(in crate::dialect) fn request<'a, W: Words>(list: &mut List<'a>, operation: &Operation, request: &'a Request) {
    if *operation == Operation::Embeddings {
        return encoding_format(list, request);
    }
    list.double(names::GEN_AI_REQUEST_TEMPERATURE, request.temperature);
    list.double(names::GEN_AI_REQUEST_TOP_P, request.top_p);
    list.double(names::GEN_AI_REQUEST_TOP_K, request.top_k);
    list.int(names::GEN_AI_REQUEST_MAX_TOKENS, request.max_tokens);
    list.double(names::GEN_AI_REQUEST_PRESENCE_PENALTY, request.presence_penalty);
    list.double(names::GEN_AI_REQUEST_FREQUENCY_PENALTY, request.frequency_penalty);
    list.int(names::GEN_AI_REQUEST_SEED, request.seed);
    list.int(names::GEN_AI_REQUEST_CHOICE_COUNT, request.choice_count.filter(|count| *count != 1));
    stop_sequences(list, request);
    if let Some(format) = request.response_format.as_deref() {
        list.0.push(W::output(format));
    }
    let tier = request.service_tier.as_deref().filter(|tier| *tier != "auto");
    list.text(W::REQUEST_SERVICE_TIER, tier);
    list.text(names::GEN_AI_REQUEST_REASONING_LEVEL, request.reasoning_effort.as_deref());
    list.text(names::GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID, request.previous_response_id.as_deref());
    list.text(names::GEN_AI_CONVERSATION_ID, request.conversation_id.as_deref());
}

/// The form of the vectors that was asked for.
#[inline]
pub(in crate::dialect) fn encoding_format<'a>(list: &mut List<'a>, request: &'a Request) {
    let format = request.embeddings.as_ref().and_then(|embeddings| embeddings.encoding_format.as_deref());
    if let Some(format) = format {
        list.0.push((names::GEN_AI_REQUEST_ENCODING_FORMATS, Value::Strings(vec![format])));
    }
}

/// Texts at which to stop.
#[inline]
pub(in crate::dialect) fn stop_sequences<'a>(list: &mut List<'a>, request: &'a Request) {
    if !request.stop_sequences.is_empty() {
        let sequences = request.stop_sequences.iter().map(AsRef::as_ref).collect();
        list.0.push((names::GEN_AI_REQUEST_STOP_SEQUENCES, Value::Strings(sequences)));
    }
}

/// What came back, and what is known of the call as a whole.
pub(in crate::dialect) fn response<'a, W: Words>(list: &mut List<'a>, call: &'a Call) {
    let Call { response, usage, .. } = call;
    list.text(W::RESPONSE_SERVICE_TIER, response.service_tier.as_deref());
    list.text(W::RESPONSE_SYSTEM_FINGERPRINT, response.system_fingerprint.as_deref());
    list.text(names::GEN_AI_RESPONSE_STATUS, response.state.as_deref());
    dimensions(list, call);
    list.count(names::GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS, usage.cache_read);
    list.count(names::GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS, usage.cache_write);
    list.count(names::GEN_AI_USAGE_REASONING_OUTPUT_TOKENS, usage.reasoning);
    modalities(list, usage);
    if let Some(first) = call.timing.first_chunk {
        list.double(names::GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK, Some(first.as_secs_f64()));
    }
    if let Some(api) = W::api(call.surface) {
        list.0.push((names::OPENAI_API_TYPE, Value::Static(api)));
    }
    resent(list, call);
}

/// The vectors' number of dimensions: what came, or what was asked for.
#[inline]
pub(in crate::dialect) fn dimensions(list: &mut List<'_>, call: &Call) {
    if call.operation == Operation::Embeddings {
        let asked = call.request.embeddings.as_ref().and_then(|embeddings| embeddings.dimensions);
        let dimensions = call.response.embedding_dimensions.map(saturating).or(asked);
        list.int(names::GEN_AI_EMBEDDINGS_DIMENSION_COUNT, dimensions);
    }
}

/// Tokens by modality. Servers write zeros into every answer of models that know no such thing.
#[inline]
pub(in crate::dialect) fn modalities(list: &mut List<'_>, usage: &Usage) {
    list.count(names::GEN_AI_USAGE_AUDIO_INPUT_TOKENS, usage.input_audio.filter(|count| *count > 0));
    list.count(names::GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS, usage.output_audio.filter(|count| *count > 0));
    list.count(names::GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS, usage.cache_read_audio.filter(|count| *count > 0));
    list.count(names::GEN_AI_USAGE_IMAGE_INPUT_TOKENS, usage.input_image.filter(|count| *count > 0));
    list.count(names::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, usage.output_image.filter(|count| *count > 0));
}

/// How often the request was sent again.
#[inline]
pub(in crate::dialect) fn resent(list: &mut List<'_>, call: &Call) {
    let resent = call.resend_count.map(i64::from);
    let retried = (!call.attempts.is_empty()).then(|| saturating(call.attempts.len() as u64));
    list.int(names::HTTP_REQUEST_RESEND_COUNT, resent.or(retried));
}

/// What no convention of GenAI has: on whose behalf, by which process, and what is ours.
pub(in crate::dialect) fn beside<'a>(list: &mut List<'a>, call: &'a Call) {
    list.text(names::GEN_AI_AGENT_ID, call.identity.agent_id.as_deref());
    own(list, call);
}

/// By which process, and what is ours.
pub(in crate::dialect) fn own<'a>(list: &mut List<'a>, call: &'a Call) {
    if let Some(process) = call.process.as_deref().filter(|process| !process.is_own) {
        self::process(list, process);
    }
    extensions(list, call);
}

#[cold]
fn process<'a>(list: &mut List<'a>, process: &'a Process) {
    list.int(names::PROCESS_PID, process.pid.map(i64::from));
    list.text(names::PROCESS_EXECUTABLE_NAME, process.executable_name());
    list.text(names::PROCESS_EXECUTABLE_PATH, process.executable.as_deref());
    list.text(names::CONTAINER_ID, process.container.as_deref());
    list.text(names::K8S_POD_UID, process.pod.as_deref());
}

fn extensions<'a>(list: &mut List<'a>, call: &'a Call) {
    let Call { response, usage, incomplete, .. } = call;
    list.0.push((names::SIDETONE_OUTCOME, Value::Static(call.outcome.as_str())));
    list.0.push((names::SIDETONE_SURFACE, Value::Static(call.surface)));
    let Response { status, request_id, processing_ms, rate_limit, .. } = response;
    list.int(names::SIDETONE_HTTP_STATUS_CODE, status.map(i64::from));
    list.text(names::SIDETONE_REQUEST_ID, request_id.as_deref());
    list.count(names::SIDETONE_PROCESSING_MS, *processing_ms);
    list.count(names::SIDETONE_RATE_LIMIT_REMAINING_REQUESTS, rate_limit.remaining_requests);
    list.count(names::SIDETONE_RATE_LIMIT_REMAINING_TOKENS, rate_limit.remaining_tokens);
    if let Outcome::Failed(failure) = &call.outcome {
        list.text(names::SIDETONE_ERROR_CODE, failure.code.as_deref());
    }
    if !call.attempts.is_empty() {
        list.count(names::SIDETONE_ATTEMPTS, Some(call.attempts.len() as u64 + 1));
    }
    list.double(names::SIDETONE_TIME_TO_FIRST_TOKEN, call.timing.first_output.map(|time| time.as_secs_f64()));
    list.double(names::SIDETONE_TIME_PER_OUTPUT_CHUNK, call.timing.per_output_chunk().map(|time| time.as_secs_f64()));
    list.count(names::SIDETONE_OUTPUT_CHUNKS, call.timing.output_chunks);
    list.count(names::SIDETONE_TOTAL_TOKENS, usage.total.filter(|_| !usage.is_summed()));
    list.count(names::SIDETONE_CACHE_WRITE_1H_TOKENS, usage.cache_write_1h.filter(|count| *count > 0));
    list.count(names::SIDETONE_ACCEPTED_PREDICTION_TOKENS, usage.accepted_prediction.filter(|count| *count > 0));
    list.count(names::SIDETONE_REJECTED_PREDICTION_TOKENS, usage.rejected_prediction.filter(|count| *count > 0));
    list.text(names::SIDETONE_APP_NAME, call.identity.app_name.as_deref());
    list.double(names::SIDETONE_COST_USD, call.cost.as_ref().map(|cost| cost.total.to_f64()));
    list.text(names::SIDETONE_USER_ID, call.identity.user_id.as_deref());
    list.text(names::SIDETONE_SESSION_ID, call.identity.session_id.as_deref());
    if !call.findings.is_empty() {
        list.count(names::SIDETONE_FINDINGS, Some(call.findings.count()));
        list.count(names::SIDETONE_FINDINGS_HIGH, Some(call.findings.count_of(Severity::High)));
    }
    if incomplete.is_some() {
        list.0.push((names::SIDETONE_INCOMPLETE, Value::Bool(true)));
        list.count(names::SIDETONE_LOST_ITEMS, Some(incomplete.lost_items));
        list.count(names::SIDETONE_LOST_BYTES, Some(incomplete.lost_bytes));
        list.count(names::SIDETONE_OVER_LIMIT_BYTES, Some(incomplete.over_limit_bytes));
    }
}

/// An attempt that failed, as an event of the span.
pub(in crate::dialect) fn event<'a, W: Words>(call: &Call, attempt: &'a Attempt) -> SpanEvent<'a> {
    let mut list = List(Vec::with_capacity(4));
    list.int(names::SIDETONE_ATTEMPT_NUMBER, Some(i64::from(attempt.number)));
    list.0.push((names::ERROR_TYPE, W::error(&attempt.error)));
    list.int(names::HTTP_RESPONSE_STATUS_CODE, attempt.status.map(i64::from));
    if let Some(wait) = attempt.retry_after.as_deref() {
        list.0.push((names::HTTP_RESPONSE_HEADER_RETRY_AFTER, Value::Strings(vec![wait])));
    }
    SpanEvent { name: names::SIDETONE_ATTEMPT, time: call.timing.start + attempt.ended, attributes: list.0 }
}
