//! What is known of a call beside what was said.

use super::super::Value;
use super::super::names::{self, posthog as ph};
use super::super::shared::list::List;
use super::super::shared::{chat, span};
use super::{RESPONSES, parameters};
use crate::event::{Call, ErrorClass, Failure, Operation, Outcome, Text, Usage};

/// Attributes of a call with everything set, so that the list is allocated once.
const TYPICAL: usize = 64;

/// What the events say of who made them.
const LIBRARY: &str = "sidetone";

/// The properties of a call.
pub(super) fn of(call: &Call) -> List<'_> {
    let Call { request, response, identity, .. } = call;
    let mut list = List(Vec::with_capacity(TYPICAL));
    ids(&mut list, call);
    list.text(ph::AI_SESSION_ID, identity.session_id.as_deref());
    list.0.push((ph::AI_SPAN_NAME, name(call)));
    if !call.operation.is_call() {
        list.0.push((ph::AI_SPAN_TYPE, kind(&call.operation)));
    }
    list.text(ph::AI_MODEL, request.model.as_deref().or(response.model.as_deref()));
    if !call.provider.is_empty() {
        list.0.push((ph::AI_PROVIDER, Value::from(&call.provider)));
    }
    base_url(&mut list, call);
    list.double(ph::AI_LATENCY, Some(call.timing.total.as_secs_f64()));
    list.double(ph::AI_TIME_TO_FIRST_TOKEN, call.timing.first_output.map(|time| time.as_secs_f64()));
    list.int(ph::AI_HTTP_STATUS, response.status.map(i64::from));
    if let Outcome::Failed(failure) = &call.outcome {
        list.0.push((ph::AI_IS_ERROR, Value::Bool(true)));
        list.0.push((ph::AI_ERROR, Value::String(error(call, failure))));
        list.0.push((ph::AI_ERROR_TYPE, Value::Str(failure.class.as_str())));
    }
    if call.operation.is_call() {
        usage(&mut list, call);
        answer(&mut list, call);
        let parameters = parameters::of(call).value();
        let is_empty = matches!(&parameters, Value::Map(members) if members.is_empty());
        // The package tells an empty one of generations.
        if !is_empty || call.operation != Operation::Embeddings {
            list.0.push((ph::AI_MODEL_PARAMETERS, parameters));
        }
    }
    library(&mut list);
    if identity.user_id.is_none() {
        list.0.push((ph::PROCESS_PERSON_PROFILE, Value::Bool(false)));
    }
    list.text(ph::POSTHOG_DISTINCT_ID, identity.user_id.as_deref());
    own(&mut list, call);
    list
}

/// Ids, as far as the call knows them: whoever makes the span has the others.
fn ids(list: &mut List<'_>, call: &Call) {
    let trace = call.span.map(|span| span.trace_id).or(call.parent.as_ref().map(|parent| parent.trace_id));
    let ids = [
        (ph::AI_TRACE_ID, trace.map(|id| id.to_string())),
        (ph::AI_SPAN_ID, call.span.map(|span| span.span_id.to_string())),
        (ph::AI_PARENT_ID, call.parent.as_ref().map(|parent| parent.span_id.to_string())),
    ];
    for (name, id) in ids {
        if let Some(id) = id {
            list.0.push((name, Value::String(id)));
        }
    }
}

/// The span's name in other dialects; a step's own.
fn name(call: &Call) -> Value<'_> {
    if let Some(name) = call.step.as_ref().and_then(|step| step.name.as_deref()) {
        return Value::Str(name);
    }
    match span::name(&call.operation, call.request.model.as_deref()) {
        std::borrow::Cow::Borrowed(name) => Value::Static(name),
        std::borrow::Cow::Owned(name) => Value::String(name),
    }
}

/// The package's words for steps of agents.
fn kind(operation: &Operation) -> Value<'_> {
    match operation {
        Operation::ExecuteTool => Value::Static("tool"),
        Operation::CreateAgent | Operation::InvokeAgent => Value::Static("agent"),
        other => Value::from(other),
    }
}

/// Host and port: of the URL the event knows no more.
fn base_url<'a>(list: &mut List<'a>, call: &'a Call) {
    let Some(address) = span::known(&call.server.address) else { return };
    let value = match span::port(call) {
        None => Value::Str(address),
        Some(port) if address.contains(':') => Value::String(format!("[{address}]:{port}")),
        Some(port) => Value::String(format!("{address}:{port}")),
    };
    list.0.push((ph::AI_BASE_URL, value));
}

/// With the server's message as the package has it, which is the SDK's exception as text; without it a summary.
fn error(call: &Call, failure: &Failure) -> String {
    let status = call.response.status.filter(|status| *status >= 400);
    if let Some(message) = failure.message.as_ref().and_then(|message| message.as_str()) {
        return status.map_or_else(|| message.to_owned(), |status| format!("Error code: {status} - {message}"));
    }
    summary(&failure.class, status, failure.code.as_deref(), call.response.request_id.as_deref())
}

/// Why a call failed, without what anybody said.
pub(super) fn summary(class: &ErrorClass, status: Option<u16>, code: Option<&str>, request_id: Option<&str>) -> String {
    let status = status.filter(|status| *status >= 400);
    let mut summary = class.as_str().to_owned();
    if let Some(status) = status {
        summary.push_str(": ");
        summary.push_str(&status.to_string());
    }
    if let Some(code) = code {
        summary.push(' ');
        summary.push_str(code);
    }
    if let Some(id) = request_id.filter(|_| status.is_some()) {
        summary.push_str(" request_id=");
        summary.push_str(id);
    }
    summary
}

fn usage<'a>(list: &mut List<'a>, call: &'a Call) {
    let usage = &call.usage;
    let is_embedding = call.operation == Operation::Embeddings;
    list.count(ph::AI_INPUT_TOKENS, usage.input);
    // An embeddings answer has no output tokens; a server that says "0" adds nothing.
    list.count(ph::AI_OUTPUT_TOKENS, usage.output.filter(|_| !is_embedding));
    list.count(ph::AI_CACHE_READ_INPUT_TOKENS, usage.cache_read);
    list.count(ph::AI_CACHE_CREATION_INPUT_TOKENS, usage.cache_write);
    list.count(ph::AI_REASONING_TOKENS, usage.reasoning);
    if *usage != Usage::default() {
        list.0.push((ph::AI_USAGE, chat::usage(usage, call.surface == RESPONSES).value()));
    }
    if !is_embedding {
        list.0.push((ph::AI_TOKENS_SOURCE, Value::Static("sdk")));
    }
}

fn answer<'a>(list: &mut List<'a>, call: &'a Call) {
    let response = &call.response;
    list.text(ph::AI_RESPONSE_ID, response.id.as_deref());
    list.text(ph::AI_SERVICE_TIER, response.service_tier.as_deref());
    let first = response.choices.iter().find(|choice| choice.index == 0);
    list.text(ph::AI_STOP_REASON, first.and_then(|choice| choice.finish_reason.as_deref()));
    if response.is_stream {
        list.0.push((ph::AI_STREAM, Value::Bool(true)));
    }
}

fn library(list: &mut List<'_>) {
    let version = env!("CARGO_PKG_VERSION");
    for (name, value) in
        [(ph::AI_LIB, LIBRARY), (ph::AI_LIB_VERSION, version), (ph::LIB, LIBRARY), (ph::LIB_VERSION, version)]
    {
        list.0.push((name, Value::Static(value)));
    }
    // Where this runs isn't where the user is.
    list.0.push((ph::GEOIP_DISABLE, Value::Bool(true)));
    list.0.push((ph::IS_SERVER, Value::Bool(true)));
}

/// What PostHog has no name for.
fn own<'a>(list: &mut List<'a>, call: &'a Call) {
    let Call { request, response, .. } = call;
    list.0.push((names::SIDETONE_OPERATION, Value::from(&call.operation)));
    list.text(names::SIDETONE_REQUEST_SERVICE_TIER, request.service_tier.as_deref());
    list.text(names::SIDETONE_RESPONSE_MODEL, response.model.as_deref());
    list.text(names::SIDETONE_RESPONSE_STATUS, response.state.as_deref());
    list.text(names::SIDETONE_RESPONSE_SYSTEM_FINGERPRINT, response.system_fingerprint.as_deref());
    if !response.choices.is_empty() {
        let reasons = response.choices.iter().map(|choice| choice.finish_reason.as_deref().unwrap_or_default());
        list.0.push((names::SIDETONE_RESPONSE_FINISH_REASONS, Value::Strings(reasons.collect())));
    }
    list.count(names::SIDETONE_EMBEDDINGS_DIMENSIONS, response.embedding_dimensions);
    list.double(names::SIDETONE_TIME_TO_FIRST_CHUNK, call.timing.first_chunk.map(|time| time.as_secs_f64()));
    list.text(names::SIDETONE_AGENT_ID, call.identity.agent_id.as_deref());
    if let Some(step) = call.step.as_deref() {
        list.text(names::SIDETONE_STEP_ID, step.id.as_deref());
        list.text(names::SIDETONE_STEP_KIND, step.kind.as_deref());
        list.text(names::SIDETONE_STEP_DESCRIPTION, step.description.as_ref().and_then(Text::as_str));
    }
    list.int(names::HTTP_REQUEST_RESEND_COUNT, call.resend_count.map(i64::from));
    span::own(list, call);
}
