//! The reader.

use std::time::Duration;

use super::{operation, parts};
use crate::dialect::read::left::{Left, MESSAGES};
use crate::dialect::read::{self, Draft, Records, Taken, Why, gen_ai, said, slots};
use crate::dialect::{Value, names};
use crate::event::{ErrorClass, Failure, Message, Operation, Outcome, Part, Role, Text, ToolDefinition};
use crate::wire::json::{Json, Read};

/// Reads what the Vercel AI SDK writes.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "vercel"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        records.has_attribute(|name| name == OPERATION || PREFIXES.iter().any(|prefix| name.starts_with(prefix)))
    }

    fn read<'r>(&self, _: &'r Records<'r>, draft: &mut Draft<'r>) {
        let mut seen = Seen::default();
        draft.attributes(|draft, name, value| attribute(draft, &mut seen, name, value));
        draft.events(
            |_, event| matches!(&*event.name, "ai.stream.firstChunk" | "ai.stream.finish"),
            |draft, name, value| match name {
                "ai.response.msToFirstChunk" | "ai.stream.msToFirstChunk" => {
                    milliseconds(&mut draft.timing.first_chunk, value)
                }
                _ => Err(Why::Unknown),
            },
        );
        seen.finish(draft);
    }
}

const OPERATION: &str = "ai.operationId";

/// How names begin that nobody else has.
const PREFIXES: &[&str] =
    &["ai.model.", "ai.prompt", "ai.usage.", "ai.response.", "ai.settings.", "ai.toolCall.", "ai.telemetry."];

/// What the application calls the function that it gave a name.
const FUNCTION: &str = "ai.telemetry.functionId";

/// What has been seen, and is read when all is.
#[derive(Default)]
struct Seen {
    operation: Option<Box<str>>,
    provider: Option<Box<str>>,
    function: Option<Box<str>>,
    text: Option<Box<str>>,
    object: Option<Box<str>>,
    reasoning: Option<Box<str>>,
    tool_calls: Vec<Part>,
    finish_reason: Option<Box<str>>,
    inputs: Option<u64>,
    input: Option<Text>,
    output: Option<Text>,
}

fn attribute(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, value: &Value<'_>) -> Taken {
    let (head, rest) = name.split_once('.').ok_or(Why::Unknown)?;
    match head {
        "ai" => of_sdk(draft, seen, name, rest, value),
        "gen_ai" => match name {
            names::GEN_AI_SYSTEM => slots::text(&mut seen.provider, value),
            // In the SDK's words, as it has them under its own name.
            names::GEN_AI_RESPONSE_FINISH_REASONS => {
                let mut reasons = Vec::new();
                let taken = slots::texts(&mut reasons, value);
                if seen.finish_reason.is_none() {
                    seen.finish_reason = reasons.into_iter().next();
                }
                taken
            }
            _ => gen_ai::attribute(draft, name, value),
        },
        // The operation's id with the function's, and the function's again.
        "operation" if rest == "name" && value.as_str().is_some_and(|it| it.starts_with("ai.")) => Ok(()),
        "resource" if rest == "name" => slots::text(&mut seen.function, value),
        _ => Err(Why::Unknown),
    }
}

fn of_sdk(draft: &mut Draft<'_>, seen: &mut Seen, name: &str, rest: &str, value: &Value<'_>) -> Taken {
    let Draft { request, response, usage, identity, step, timing, .. } = draft;
    match rest {
        "operationId" => slots::text(&mut seen.operation, value),
        "model.provider" => slots::text(&mut seen.provider, value),
        "model.id" => slots::text(&mut request.model, value),
        "telemetry.functionId" => slots::text(&mut seen.function, value),
        "settings.maxOutputTokens" | "settings.maxTokens" => slots::int(&mut request.max_tokens, value),
        "settings.temperature" => slots::double(&mut request.temperature, value),
        "settings.topP" => slots::double(&mut request.top_p, value),
        "settings.topK" => slots::double(&mut request.top_k, value),
        "settings.frequencyPenalty" => slots::double(&mut request.frequency_penalty, value),
        "settings.presencePenalty" => slots::double(&mut request.presence_penalty, value),
        "settings.stopSequences" => slots::texts(&mut request.stop_sequences, value),
        "settings.seed" => slots::int(&mut request.seed, value),
        "response.id" => slots::text(&mut response.id, value),
        "response.model" => slots::text(&mut response.model, value),
        "response.finishReason" => slots::text(&mut seen.finish_reason, value),
        "response.text" => slots::text(&mut seen.text, value),
        "response.object" => slots::text(&mut seen.object, value),
        "response.reasoning" => slots::text(&mut seen.reasoning, value),
        "response.toolCalls" => {
            let (calls, left) = json(value, parts::tool_calls)?;
            if seen.tool_calls.is_empty() {
                seen.tool_calls = calls;
            }
            draft.leave(name, left);
            Ok(())
        }
        "response.msToFirstChunk" => milliseconds(&mut timing.first_chunk, value),
        "response.providerMetadata" => provider_metadata(draft, value),
        "usage.inputTokens" | "usage.promptTokens" | "usage.tokens" => slots::count(&mut usage.input, value),
        "usage.outputTokens" | "usage.completionTokens" => slots::count(&mut usage.output, value),
        "usage.totalTokens" => slots::count(&mut usage.total, value),
        // Told as 0 also where the answer had no details, which can't be told apart.
        "usage.inputTokenDetails.cacheReadTokens" | "usage.cachedInputTokens" => {
            slots::count(&mut usage.cache_read, value)
        }
        "usage.inputTokenDetails.cacheWriteTokens" => slots::count(&mut usage.cache_write, value),
        "usage.outputTokenDetails.reasoningTokens" | "usage.reasoningTokens" => {
            slots::count(&mut usage.reasoning, value)
        }
        // What is left of the totals.
        "usage.inputTokenDetails.noCacheTokens" | "usage.outputTokenDetails.textTokens" => {
            slots::count(&mut None, value)
        }
        "prompt" => {
            let (prompt, left) = json(value, parts::prompt)?;
            if request.messages.is_empty() && request.instructions.is_none() {
                request.instructions = prompt.instructions.map(Text::kept);
                request.messages = prompt.messages;
            }
            draft.leave(name, left);
            Ok(())
        }
        "prompt.messages" => {
            let (messages, left) = json(value, parts::messages)?;
            if request.messages.is_empty() {
                request.messages = messages;
            }
            draft.leave(name, left);
            Ok(())
        }
        "prompt.tools" => tools(draft, name, value),
        "values" => {
            seen.inputs = list(value).map(|texts| texts.len() as u64).or(seen.inputs);
            list(value).map_or(Err(Why::WrongType), |_| Ok(()))
        }
        "value" => {
            seen.inputs = seen.inputs.or(Some(1));
            Ok(())
        }
        "embeddings" => {
            let vectors = list(value).ok_or(Why::WrongType)?;
            dimensions(&mut response.embedding_dimensions, vectors.first().copied())
        }
        "embedding" => dimensions(&mut response.embedding_dimensions, value.as_str()),
        "documents" => texts_as_json(&mut seen.input, value),
        "ranking" => texts_as_json(&mut seen.output, value),
        "toolCall.name" => slots::text(&mut step.name, value),
        "toolCall.id" => slots::text(&mut step.id, value),
        "toolCall.args" => gen_ai::text(&mut step.input, value),
        "toolCall.result" => gen_ai::text(&mut step.output, value),
        "telemetry.metadata.userId" | "telemetry.metadata.posthog_distinct_id" | "settings.context.userId" => {
            slots::text(&mut identity.user_id, value)
        }
        "telemetry.metadata.sessionId" | "settings.context.sessionId" => slots::text(&mut identity.session_id, value),
        // Whatever the application sends with its requests, keys among it: only that is kept which never is one.
        _ if rest.starts_with("request.headers.") && rest != "request.headers.user-agent" => {
            draft.skip(name, Why::Unknown);
            Ok(())
        }
        _ => Err(Why::Unknown),
    }
}

/// Reads JSON text.
fn json<T>(value: &Value<'_>, read: impl FnOnce(&str, &mut Left) -> Read<T>) -> Result<(T, Left), Why> {
    let text = value.as_str().ok_or(Why::WrongType)?;
    let mut left = Left::default();
    let value = read(text, &mut left).map_err(|_| said::why(value))?;
    Ok((value, left))
}

fn milliseconds(slot: &mut Option<Duration>, value: &Value<'_>) -> Taken {
    let seconds = slots::number(value).map(|milliseconds| milliseconds / 1_000.0);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).ok_or(Why::WrongType)?;
    slot.get_or_insert(time);
    Ok(())
}

/// A list of texts.
fn list<'v>(value: &'v Value<'_>) -> Option<Vec<&'v str>> {
    match value {
        Value::Strings(texts) => Some(texts.clone()),
        Value::Array(values) => values.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Definitions of tools, each as JSON text.
fn tools(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    let texts = list(value).ok_or(Why::WrongType)?;
    let read = texts.iter().take(MESSAGES).map(|text| said::tool_in(text));
    let (tools, left): (Vec<ToolDefinition>, Vec<_>) = read.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
    for (place, left) in left.into_iter().enumerate().filter(|(_, left)| !left.is_empty()) {
        draft.leave(&format!("{name}.{place}"), left);
    }
    if draft.request.tools.is_empty() {
        draft.request.tools = tools;
    }
    if texts.len() > MESSAGES { Err(Why::OverLimit) } else { Ok(()) }
}

/// The length of a vector, which is JSON text.
fn dimensions(slot: &mut Option<u64>, vector: Option<&str>) -> Taken {
    let Some(vector) = vector else { return Ok(()) };
    match said::whole(vector, Json::array_len) {
        Ok(Some(length)) => {
            slot.get_or_insert(length);
            Ok(())
        }
        _ => Err(Why::NotJson),
    }
}

/// JSON texts as a list.
fn texts_as_json(slot: &mut Option<Text>, value: &Value<'_>) -> Taken {
    let texts = list(value).ok_or(Why::WrongType)?;
    slot.get_or_insert_with(|| Text::kept(["[", &texts.join(","), "]"].concat()));
    Ok(())
}

/// What OpenAI's provider tells beside. Another's is kept as it is.
fn provider_metadata(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    let Draft { usage, response, .. } = draft;
    let mut taken = Ok(());
    let text = value.as_str().ok_or(Why::WrongType)?;
    said::whole(text, |json| {
        json.object(|key, json| {
            if key != "openai" && key != "azure" {
                taken = Err(Why::Unknown);
                return Ok(());
            }
            json.object(|key, json| {
                match key {
                    "acceptedPredictionTokens" => usage.accepted_prediction = usage.accepted_prediction.or(json.u64()?),
                    "rejectedPredictionTokens" => usage.rejected_prediction = usage.rejected_prediction.or(json.u64()?),
                    "serviceTier" => {
                        let tier = json.str()?.map(|tier| tier.to_cow().into_owned().into_boxed_str());
                        response.service_tier = response.service_tier.take().or(tier);
                    }
                    "responseId" => json.skip()?,
                    _ => taken = Err(Why::Unknown),
                }
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    })
    .map_err(|_| said::why(value))?;
    taken
}

impl Seen {
    fn finish(self, draft: &mut Draft<'_>) {
        let provider = self.provider.as_deref().unwrap_or_default();
        if let Some(id) = self.operation.as_deref() {
            let (operation, is_stream) = operation::of(id, provider);
            draft.operation.get_or_insert(operation);
            if is_stream {
                draft.request.stream.get_or_insert(true);
                draft.is_stream.get_or_insert(true);
            }
        }
        if !provider.is_empty() {
            draft.provider.get_or_insert_with(|| operation::provider(provider));
            draft.surface = draft.surface.or(operation::surface(provider));
        }
        let is_call = draft.operation.as_ref().is_some_and(Operation::is_call);
        match self.function {
            Some(function) if is_call => draft.keep(FUNCTION, &Value::Str(&function), Why::Unknown),
            Some(function) => drop(draft.step.name.get_or_insert(function)),
            None => {}
        }
        if draft.operation == Some(Operation::Embeddings) && self.inputs.is_some() {
            let embeddings = draft.request.embeddings.get_or_insert_default();
            embeddings.inputs = embeddings.inputs.or(self.inputs);
        }
        draft.step.input = draft.step.input.take().or(self.input);
        draft.step.output = draft.step.output.take().or(self.output);
        let reason = self.finish_reason.as_deref();
        if reason == Some("error") && draft.outcome.is_none() && draft.error.is_none() {
            // A stream that broke: the span has no status, and nothing says why.
            draft.outcome = Some(Outcome::Failed(Failure::of(ErrorClass::Other("".into()))));
        }
        let said = [self.reasoning.map(|text| Part::Reasoning(Text::kept(text)))];
        let said = said.into_iter().chain([self.text.or(self.object).map(|text| Part::Text(Text::kept(text)))]);
        let parts: Vec<_> = said.flatten().chain(self.tool_calls).collect();
        if draft.response.choices.is_empty() && (!parts.is_empty() || reason.is_some()) {
            let message = Message { role: Role::Assistant, name: None, parts, is_list: false };
            draft.answer(message, reason.and_then(operation::finish_reason));
        }
    }
}
