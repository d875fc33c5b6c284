//! The reader: what the event is, its facts, then what was said, which is read by what the facts say.

use super::facts::{self, Seen};
use super::usage::Api;
use super::{error, said};
use crate::dialect::Value;
use crate::dialect::names::posthog as ph;
use crate::dialect::read::{self, Draft, Ids, Records, SpanRecord, Taken, Why, api, gen_ai};
use crate::dialect::shared::RESPONSES;
use crate::dialect::shared::span;
use crate::event::{Operation, SpanId, TraceId};

/// Reads events of PostHog.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "posthog"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        records.has_attribute(|name| facts::property(name).is_some())
    }

    fn read<'r>(&self, records: &'r Records<'r>, draft: &mut Draft<'r>) {
        if draft.operation.is_none() {
            draft.operation = operation(records);
        }
        let mut seen = Seen::default();
        draft.attributes(|draft, name, value| facts::take(draft, &mut seen, name, value));
        draft.attributes(|draft, name, value| facts::usage(draft, &mut seen, name, value));
        let is_call = draft.operation.as_ref().is_none_or(Operation::is_call);
        surface(draft, &seen);
        parameters(draft, &mut seen);
        name(draft, &mut seen, is_call);
        draft.attributes(|draft, name, value| match facts::property(name) {
            Some("input" | "output_choices" | "output" | "tools") if is_call && !said::can_be_said(value) => {
                Err(Why::WrongType)
            }
            Some("input") if is_call => said::input(draft, name, value),
            Some("output_choices" | "output") if is_call => said::output(draft, name, value),
            Some("tools") => said::tools(draft, name, value),
            Some("input_state" | "input") if !is_call => state(&mut draft.step.input, value),
            Some("output_state" | "output_choices" | "output") if !is_call => state(&mut draft.step.output, value),
            _ => Err(Why::Unknown),
        });
        if let Some(text) = seen.instructions.take() {
            said::instructions(draft, &text);
        }
        stop_reason(draft, &mut seen);
        if let Some(said) = seen.error.take() {
            error::take(draft, &said, !seen.has_input);
        }
        error::settle(draft, seen.is_error);
        timing(records, draft, &seen);
        user(draft, &mut seen);
        ids(records, draft, &mut seen);
        // What PostHog has no name for.
        draft.attributes(gen_ai::attribute);
    }
}

/// What was done, as far as the event says it. Others on the same span may know more.
fn operation(records: &Records<'_>) -> Option<Operation> {
    let value = |wanted: &[&str]| {
        let attributes = records.spans().iter().flat_map(|span| &span.attributes);
        let mut named = attributes.filter(|(name, _)| wanted.contains(&&**name));
        named.find_map(|(_, value)| value.as_str()).filter(|text| !text.is_empty())
    };
    let event = records.spans().first().map(|span| &*span.name);
    match (event, value(&[ph::AI_SPAN_TYPE, "posthog.ai.operation_name"])) {
        (Some(ph::AI_EMBEDDING), _) => return Some(Operation::Embeddings),
        (Some(ph::AI_GENERATION), _) => return Some(Operation::Chat),
        (_, Some(word)) => return Some(named(word)),
        (Some(ph::AI_TRACE), None) => return Some(Operation::InvokeWorkflow),
        (Some(ph::AI_SPAN), None) => return Some(Operation::Other("span".into())),
        (_, None) => {}
    }
    let knows_more = |name: &str| OPERATIONS.contains(&name);
    // What PostHog's first receiver took for a generation.
    let is_generation = |name: &str| matches!(facts::property(name), Some("model" | "input" | "input_tokens"));
    (!records.has_attribute(knows_more) && records.has_attribute(is_generation)).then_some(Operation::Chat)
}

/// Names by which other dialects tell what was done.
const OPERATIONS: &[&str] =
    &["gen_ai.operation.name", "llm.request.type", "openinference.span.kind", "ai.operationId", "traceloop.span.kind"];

/// The packages' words for steps, and those of PostHog's first receiver for calls.
fn named(word: &str) -> Operation {
    match word {
        "completion" | "completions" => Operation::TextCompletion,
        "embedding" => Operation::Embeddings,
        "tool" => Operation::ExecuteTool,
        "agent" => Operation::InvokeAgent,
        "generation" => Operation::Chat,
        other => Operation::named(other),
    }
}

/// The API that was called, as far as it shows.
fn surface(draft: &mut Draft<'_>, seen: &Seen) {
    let surface = match (draft.operation.as_ref(), seen.api) {
        (Some(Operation::Embeddings), _) if draft.provider.as_deref() == Some("openai") => "openai.embeddings",
        (Some(Operation::TextCompletion), Some(Api::Chat)) => "openai.completions",
        (Some(Operation::Chat), Some(Api::Chat)) => "openai.chat",
        (Some(Operation::Chat), Some(Api::Responses)) => RESPONSES,
        _ => return,
    };
    draft.surface.get_or_insert(surface);
}

/// The parameters of the request. The service tier among them is the one that was used.
fn parameters(draft: &mut Draft<'_>, seen: &mut Seen) {
    let Some(json) = seen.parameters.take() else { return };
    let asked = draft.request.service_tier.take();
    let is_embedding = draft.operation == Some(Operation::Embeddings);
    api::take_parameters(draft, ph::AI_MODEL_PARAMETERS, &json, is_embedding);
    let served = std::mem::replace(&mut draft.request.service_tier, asked);
    api::set(&mut draft.response.service_tier, served);
    // A stream is what came where one was asked for, unless sidetone knows better.
    if draft.request.stream == Some(true) && !draft.is_own && !seen.is_error {
        draft.is_stream.get_or_insert(true);
    }
}

/// A step's name; calls of sidetone's are called as in other dialects, by the model that was asked for.
fn name(draft: &mut Draft<'_>, seen: &mut Seen, is_call: bool) {
    let Some(name) = seen.span_name.take() else { return };
    let operation = draft.operation.clone().unwrap_or_else(|| Operation::Other("".into()));
    if draft.is_own && *name == *operation.as_str() && draft.request.model == draft.response.model {
        // The model that is told is the one that answered: only that is known.
        draft.request.model = None;
    } else if *name != *span::name(&operation, draft.request.model.as_deref()) && !(draft.is_own && is_call) {
        if is_call {
            draft.keep(ph::AI_SPAN_NAME, &Value::Str(&name), Why::Unknown);
        } else {
            api::set(&mut draft.step.name, Some(name));
        }
    }
}

fn state(slot: &mut Option<crate::event::Text>, value: &Value<'_>) -> Taken {
    if *value == Value::Null { Ok(()) } else { gen_ai::text(slot, value) }
}

/// Why it ended: that of the first answer; of the responses API the state of the answer.
fn stop_reason(draft: &mut Draft<'_>, seen: &mut Seen) {
    let Some(reason) = seen.stop_reason.take() else { return };
    if draft.surface == Some(RESPONSES) && STATES.contains(&&*reason) {
        draft.response.state.get_or_insert(reason);
    } else if draft.finish_reasons.is_empty() {
        let choices = &mut draft.response.choices;
        let first = choices.iter().position(|choice| choice.index == 0).unwrap_or_default();
        match choices.get_mut(first) {
            Some(choice) => {
                choice.finish_reason.get_or_insert(reason.into_string().into());
            }
            None => draft.finish_reasons.push(reason),
        }
    }
}

/// Source: the OpenAI API's reference, `response.status`.
const STATES: &[&str] = &["completed", "failed", "in_progress", "cancelled", "queued", "incomplete"];

/// An event has but its end.
fn timing(records: &Records<'_>, draft: &mut Draft<'_>, seen: &Seen) {
    let (Some(span), Some(latency)) = (records.spans().first(), seen.latency) else { return };
    if span.start.is_some() {
        return;
    }
    draft.timing.total = latency;
    if let Some(start) = span.end.and_then(|end| end.checked_sub(latency)) {
        draft.timing.start = start;
    }
}

/// Ids that the record doesn't have itself; what is no id of a span's goes on as it is.
fn ids(records: &Records<'_>, draft: &mut Draft<'_>, seen: &mut Seen) {
    let nothing = SpanRecord::default();
    let record = records.spans().first().unwrap_or(&nothing);
    let trace = seen.trace.as_deref().and_then(trace_id);
    let [span, parent] = [&seen.span, &seen.parent].map(|id| id.as_deref().and_then(span_id));
    let is_same_trace = record.trace_id.is_none_or(|id| Some(id) == trace);
    let is_told = |told: Option<SpanId>, own: Option<SpanId>| {
        is_same_trace && trace.is_some() && told.is_some() && own.is_none_or(|own| Some(own) == told)
    };
    let (has_span, has_parent) = (is_told(span, record.span_id), is_told(parent, record.parent_span_id));
    draft.ids = Ids {
        trace: trace.filter(|_| has_span || has_parent),
        span: span.filter(|_| has_span),
        parent: parent.filter(|_| has_parent),
    };
    let is_known = record.trace_id.is_some() && record.trace_id == trace;
    for (name, id, is_taken) in [
        (ph::AI_TRACE_ID, seen.trace.take(), is_known || has_span || has_parent),
        (ph::AI_SPAN_ID, seen.span.take(), has_span),
        (ph::AI_PARENT_ID, seen.parent.take(), has_parent),
    ] {
        if let Some(id) = id.filter(|_| !is_taken) {
            draft.keep(name, &Value::Str(&id), Why::Unknown);
        }
    }
}

fn trace_id(text: &str) -> Option<TraceId> {
    let digits: String = if text.len() == 36 { text.split('-').collect() } else { text.to_owned() };
    let number = (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| u128::from_str_radix(&digits, 16).ok())??;
    (number != 0).then(|| TraceId(number.to_be_bytes()))
}

fn span_id(text: &str) -> Option<SpanId> {
    let number = (text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| u64::from_str_radix(text, 16).ok())??;
    (number != 0).then(|| SpanId(number.to_be_bytes()))
}

/// Who it was for. The package calls who isn't known by the trace's id.
fn user(draft: &mut Draft<'_>, seen: &mut Seen) {
    seen.user.take_if(|user| seen.is_nobody && Some(&*user) == seen.trace.as_ref());
    api::set(&mut draft.identity.user_id, seen.user.take());
}
