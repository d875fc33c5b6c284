//! What a span says under names without an index, and all of it put together.

use std::time::SystemTime;

use super::super::super::names::{self, traceloop as own};
use super::super::super::read::{Draft, Taken, Why, gen_ai, left, said, slots};
use super::super::super::{Value, v2};
use super::index::Places;
use super::reader::operation_of;
use super::spoken::{self, Function, Spoken};
use crate::event::{Operation, Part, Role, Text};

/// What has been seen, and is read when all is.
#[derive(Debug, Default)]
pub(super) struct Seen {
    prompts: Places<Spoken>,
    completions: Places<Spoken>,
    functions: Places<Function>,
    prompt: Vec<said::Said>,
    completion: Vec<said::Said>,
    request_type: Option<Operation>,
    span_kind: Option<Operation>,
    is_streaming: Option<bool>,
    has_schema: bool,
    chunks: usize,
    first_chunk: Option<SystemTime>,
    last_chunk: Option<SystemTime>,
}

/// Takes an attribute of the span.
pub(super) fn attribute(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    if let Some(rest) = name.strip_prefix("gen_ai.prompt.")
        && let taken @ (Ok(()) | Err(Why::WrongType | Why::OverLimit)) = spoken::take(&mut seen.prompts, rest, value)
    {
        return taken;
    }
    if let Some(rest) = name.strip_prefix("gen_ai.completion.") {
        return spoken::take(&mut seen.completions, rest, value);
    }
    if let Some(rest) = name.strip_prefix("llm.request.functions.") {
        return spoken::function(&mut seen.functions, rest, value);
    }
    let is_own = draft.is_own;
    let Draft { request, response, usage, identity, step, .. } = draft;
    match name {
        names::GEN_AI_SYSTEM => v2::system(&mut draft.provider, value),
        names::GEN_AI_OPENAI_API_BASE => base(draft, value),
        names::OPENAI_API_TYPE => gen_ai::api(&mut draft.surface, value),
        own::LLM_REQUEST_TYPE => word(&mut seen.request_type, request_type, value),
        own::TRACELOOP_SPAN_KIND => word(&mut seen.span_kind, span_kind, value),
        own::LLM_IS_STREAMING | names::GEN_AI_IS_STREAMING => slots::flag(&mut seen.is_streaming, value),
        // What the application sends beside, as Python shows a dictionary: with whatever key is in it.
        LLM_HEADERS => Ok(()),
        own::LLM_FREQUENCY_PENALTY => slots::double(&mut request.frequency_penalty, value),
        own::LLM_PRESENCE_PENALTY => slots::double(&mut request.presence_penalty, value),
        LLM_TOP_K => slots::double(&mut request.top_k, value),
        LLM_CHAT_STOP_SEQUENCES => slots::texts(&mut request.stop_sequences, value),
        own::LLM_REQUEST_REASONING_EFFORT | names::GEN_AI_REQUEST_REASONING_EFFORT => {
            unless_empty(value, |value| slots::text(&mut request.reasoning_effort, value))
        }
        // Of what was asked for, too; the event has no place for it.
        names::GEN_AI_REQUEST_REASONING_SUMMARY | names::GEN_AI_RESPONSE_REASONING_EFFORT => {
            unless_empty(value, |_| Err(Why::Unknown))
        }
        names::GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT => slots::text(&mut request.response_format, value),
        names::GEN_AI_REQUEST_STRUCTURED_OUTPUT_SCHEMA => {
            seen.has_schema = true;
            Err(Why::Unknown)
        }
        names::OPENAI_REQUEST_SERVICE_TIER | names::GEN_AI_OPENAI_REQUEST_SERVICE_TIER => {
            slots::text(&mut request.service_tier, value)
        }
        names::OPENAI_RESPONSE_SERVICE_TIER | names::GEN_AI_OPENAI_RESPONSE_SERVICE_TIER => {
            slots::text(&mut response.service_tier, value)
        }
        names::GEN_AI_OPENAI_SYSTEM_FINGERPRINT | names::GEN_AI_OPENAI_RESPONSE_SYSTEM_FINGERPRINT => {
            slots::text(&mut response.system_fingerprint, value)
        }
        names::GEN_AI_RESPONSE_FINISH_REASON | own::LLM_RESPONSE_FINISH_REASON | LLM_RESPONSE_STOP_REASON => {
            slots::texts(&mut draft.finish_reasons, value)
        }
        own::LLM_USAGE_TOTAL_TOKENS | names::GEN_AI_USAGE_TOTAL_TOKENS => slots::count(&mut usage.total, value),
        own::USAGE_CACHE_READ_INPUT_TOKENS => slots::count(&mut usage.cache_read, value),
        USAGE_CACHE_CREATION_INPUT_TOKENS => slots::count(&mut usage.cache_write, value),
        own::LLM_USAGE_REASONING_TOKENS | names::GEN_AI_USAGE_REASONING_TOKENS => {
            slots::count(&mut usage.reasoning, value)
        }
        names::GEN_AI_USAGE_PROMPT_TOKENS => slots::count(&mut usage.input, value),
        names::GEN_AI_USAGE_COMPLETION_TOKENS => slots::count(&mut usage.output, value),
        // We tell on whose behalf the call was made; the package tells what the request says.
        own::LLM_USER if is_own => slots::text(&mut identity.user_id, value),
        own::LLM_USER | names::GEN_AI_USER => slots::text(&mut request.end_user.user, value),
        TRACELOOP_USER_ID => slots::text(&mut identity.user_id, value),
        TRACELOOP_SESSION_ID => slots::text(&mut identity.session_id, value),
        own::TRACELOOP_ENTITY_NAME => slots::text(&mut step.name, value),
        own::TRACELOOP_ENTITY_INPUT => gen_ai::text(&mut step.input, value),
        own::TRACELOOP_ENTITY_OUTPUT => gen_ai::text(&mut step.output, value),
        names::GEN_AI_PROMPT => messages(draft, &mut seen.prompt, name, value, Role::User),
        names::GEN_AI_COMPLETION => messages(draft, &mut seen.completion, name, value, Role::Assistant),
        _ => gen_ai::attribute(draft, name, value),
    }
}

// Source: opentelemetry-semantic-conventions-ai 0.5.1, `SpanAttributes`; the two properties as traceloop's documentation has them.
const LLM_HEADERS: &str = "llm.headers";
const LLM_TOP_K: &str = "llm.top_k";
const LLM_CHAT_STOP_SEQUENCES: &str = "llm.chat.stop_sequences";
const LLM_RESPONSE_STOP_REASON: &str = "llm.response.stop_reason";
const USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation_input_tokens";
const TRACELOOP_USER_ID: &str = "traceloop.association.properties.user_id";
const TRACELOOP_SESSION_ID: &str = "traceloop.association.properties.session_id";

/// Source: opentelemetry-semantic-conventions-ai 0.5.1, `LLMRequestTypeValues`.
fn request_type(word: &str) -> Option<Operation> {
    Some(match word {
        "chat" => Operation::Chat,
        "completion" => Operation::TextCompletion,
        "embedding" => Operation::Embeddings,
        "rerank" => Operation::Other("rerank".into()),
        _ => return None,
    })
}

/// Source: opentelemetry-semantic-conventions-ai 0.5.1, `TraceloopSpanKindValues`.
fn span_kind(word: &str) -> Option<Operation> {
    Some(match word {
        "tool" => Operation::ExecuteTool,
        "agent" => Operation::InvokeAgent,
        "workflow" => Operation::InvokeWorkflow,
        "task" => Operation::Other("task".into()),
        _ => return None,
    })
}

fn word(slot: &mut Option<Operation>, meant: fn(&str) -> Option<Operation>, value: &Value<'_>) -> Taken {
    let word = value.as_str().ok_or(Why::WrongType)?;
    match meant(word) {
        Some(operation) => {
            slot.get_or_insert(operation);
        }
        // The package's own word for none.
        None if word == "unknown" => {}
        None => return Err(Why::Unknown),
    }
    Ok(())
}

/// SEMCONV bug 28: the package has an empty tuple for what wasn't asked for.
fn unless_empty(value: &Value<'_>, read: impl FnOnce(&Value<'_>) -> Taken) -> Taken {
    match value {
        Value::Array(values) if values.is_empty() => Ok(()),
        Value::Strings(texts) if texts.is_empty() => Ok(()),
        value => read(value),
    }
}

/// Host and port of the API's URL. The rest may hold a key.
fn base(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    let url = value.as_str().ok_or(Why::WrongType)?;
    let url = url.parse::<http::Uri>().map_err(|_| Why::Unknown)?;
    let host = url.host().ok_or(Why::Unknown)?;
    if draft.address.is_none() {
        draft.address = Some(host.trim_start_matches('[').trim_end_matches(']').into());
        let port = url.port_u16().or(match url.scheme_str() {
            Some("https") => Some(443),
            Some("http") => Some(80),
            _ => None,
        });
        draft.port = draft.port.or(port.map(i64::from));
    }
    Ok(())
}

/// All that was said, as one attribute: the conventions' form until 1.27, JSON or not.
fn messages(draft: &mut Draft<'_>, slot: &mut Vec<said::Said>, name: &str, value: &Value<'_>, role: Role) -> Taken {
    if !slot.is_empty() {
        return Ok(());
    }
    let is_json = value.as_str().is_none_or(|text| text.trim_start().starts_with(['[', '{']));
    match said::messages_in(value, &role) {
        Ok((messages, left)) if is_json && !messages.is_empty() => {
            *slot = messages;
            draft.leave(name, left);
        }
        _ => {
            let text = value.as_str().ok_or(Why::WrongType)?;
            let mut said = said::Said::silent(role);
            said.message.parts.push(Part::Text(Text::kept(text)));
            slot.push(said);
        }
    }
    Ok(())
}

/// Keeps members of a message's parts that have no field.
fn leave(draft: &mut Draft<'_>, list: &str, index: u32, left: left::Left) {
    if !left.is_empty() {
        draft.leave(&format!("{list}.{index}.content"), left);
    }
}

impl Seen {
    /// A chunk of a stream that came at that time.
    pub(super) fn chunk(&mut self, time: Option<SystemTime>) -> bool {
        self.chunks += 1;
        if let Some(time) = time {
            self.first_chunk = Some(self.first_chunk.map_or(time, |first| first.min(time)));
            self.last_chunk = Some(self.last_chunk.map_or(time, |last| last.max(time)));
        }
        true
    }

    /// Puts together what was seen.
    pub(super) fn finish(mut self, draft: &mut Draft<'_>, is_failed: bool) {
        self.operation(draft);
        self.stream(draft, is_failed);
        if self.has_schema && draft.request.response_format.is_none() {
            draft.request.response_format = Some("json_schema".into());
        }
        if draft.request.tools.is_empty() {
            draft.request.tools = std::mem::take(&mut self.functions).into_values().map(Function::tool).collect();
        }
        draft.response.choices.iter_mut().for_each(|choice| spoken::unfold(&mut choice.message.parts));
        if draft.response.choices.is_empty() {
            self.answers(draft);
        }
        if draft.request.messages.is_empty() {
            for (index, prompt) in std::mem::take(&mut self.prompts) {
                let mut left = left::Left::default();
                draft.request.messages.push(prompt.sent(&mut left));
                leave(draft, names::GEN_AI_PROMPT, index, left);
            }
            let whole = self.prompt.into_iter().map(|said| said.message);
            if draft.request.messages.is_empty() {
                draft.request.messages = whole.collect();
            }
        }
        if draft.operation == Some(Operation::Embeddings) && !draft.request.messages.is_empty() {
            let inputs = &mut draft.request.embeddings.get_or_insert_default().inputs;
            *inputs = inputs.or(Some(draft.request.messages.len() as u64));
        }
    }

    fn operation(&mut self, draft: &mut Draft<'_>) {
        let is_said = !self.completions.is_empty() || !self.prompts.is_empty();
        let is_completion = || self.prompts.values().any(|prompt| prompt.is_users);
        let by_what_was_said =
            || is_said.then(|| if is_completion() { Operation::TextCompletion } else { Operation::Chat });
        let told = draft.operation.take().or(self.request_type.take()).or(self.span_kind.take());
        draft.operation = told.or_else(|| draft.surface.and_then(operation_of)).or_else(by_what_was_said);
    }

    fn stream(&self, draft: &mut Draft<'_>, is_failed: bool) {
        let Draft { request, timing, is_stream, .. } = draft;
        match self.is_streaming {
            // That a stream was asked for. What fails has none.
            Some(true) => {
                request.stream.get_or_insert(true);
                if !is_failed {
                    is_stream.get_or_insert(true);
                }
            }
            // Not that it was asked for not to be one.
            Some(false) => {
                is_stream.get_or_insert(false);
            }
            None => {}
        }
        if self.chunks > 0 {
            *is_stream = Some(true);
        }
        let since = |time: Option<SystemTime>| time?.duration_since(timing.start).ok();
        let (first, last) = (since(self.first_chunk), since(self.last_chunk));
        timing.first_chunk = timing.first_chunk.or(first);
        // Of the package's chunks the last one needn't have carried output.
        if draft.is_own && self.chunks > 1 {
            timing.last_chunk = last.or(timing.last_chunk);
        }
    }

    fn answers(&mut self, draft: &mut Draft<'_>) {
        let mut completions = std::mem::take(&mut self.completions);
        if completions.is_empty() {
            for said in std::mem::take(&mut self.completion) {
                draft.answer(said.message, said.finish_reason);
            }
            return;
        }
        // An answer of which nothing but its finish reason is known is among those only.
        if let Ok(count) = u32::try_from(draft.finish_reasons.len())
            && completions.len() < draft.finish_reasons.len().min(left::MESSAGES)
            && completions.last_key_value().is_some_and(|(last, _)| *last < count)
        {
            for index in 0..count {
                completions.entry(index).or_default();
            }
        }
        if completions.values().any(Spoken::has_reason) {
            // The span says the same, in an order that needn't be that of the indices.
            draft.finish_reasons.clear();
        }
        for (index, completion) in completions {
            let mut left = left::Left::default();
            draft.response.choices.push(completion.received(index, &mut left));
            leave(draft, names::GEN_AI_COMPLETION, index, left);
        }
    }
}
