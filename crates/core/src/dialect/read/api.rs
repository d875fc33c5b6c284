//! Requests and answers of the OpenAI API that were dumped as JSON: read as their surface reads them where they go by.

use super::left::MESSAGES;
use super::{Draft, Why};
use crate::dialect::Value;
use crate::dialect::shared::json::borrowed;
use crate::event::{Choice, EmbeddingsRequest, Failure, Operation, Request, Usage};
use crate::exchange::Skip;
use crate::policy::{Allowance, Content, Keep, Limits};
use crate::provider::{Answer, Name, Outline, Rare, SURFACES, Surface, answered_by, asked_by, is_foreign, openai};
use crate::wire::json::Json;

/// What is taken of one dump. It was one attribute; who sent it had limits of its own.
const LIMITS: Limits = Limits {
    body_bytes: 16 << 20,
    event_bytes: 1 << 20,
    content_bytes: 16 << 20,
    part_bytes: 16 << 20,
    name_bytes: 1 << 10,
    messages: MESSAGES,
    choices: 128,
    tools: 1_024,
    attempts: 64,
    findings: 100,
};

/// The surface of that name.
pub(in crate::dialect) fn surface_named(name: &str) -> Option<&'static dyn Surface> {
    SURFACES.iter().copied().find(|surface| surface.name() == name)
}

/// The surface whose request or answer it is, of those that do such a thing.
pub(in crate::dialect) fn surface_of(text: &str, wanted: impl Fn(&Operation) -> bool) -> Option<&'static dyn Surface> {
    let outline = Outline::of(text.as_bytes()).filter(|outline| !is_foreign(outline))?;
    let is_wanted = |surface: &&'static dyn Surface| wanted(&surface.operation());
    asked_by(&outline).find(is_wanted).or_else(|| answered_by(&outline).filter(is_wanted))
}

/// A request; and whether something of it went past a limit.
pub(in crate::dialect) fn request(surface: &dyn Surface, text: &str) -> Option<(Request, bool)> {
    let mut allowance = Allowance::default();
    let request = surface.read_request(text, &mut Keep::new(Content::Full, &LIMITS, &mut allowance)).ok()?;
    Some((request, allowance.skips.items(Skip::OverLimit) > 0))
}

/// An answer.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Answered {
    pub(in crate::dialect) id: Option<Box<str>>,
    pub(in crate::dialect) model: Option<Box<str>>,
    pub(in crate::dialect) service_tier: Option<Box<str>>,
    pub(in crate::dialect) system_fingerprint: Option<Box<str>>,
    pub(in crate::dialect) state: Option<Box<str>>,
    pub(in crate::dialect) choices: Vec<Choice>,
    pub(in crate::dialect) embedding_dimensions: Option<u64>,
    pub(in crate::dialect) usage: Usage,
    pub(in crate::dialect) failure: Option<Failure>,
    pub(in crate::dialect) is_over_limit: bool,
}

/// An answer.
pub(in crate::dialect) fn answer(surface: &dyn Surface, text: &str) -> Option<Answered> {
    let mut allowance = Allowance::default();
    let mut keep = Keep::new(Content::Full, &LIMITS, &mut allowance);
    let mut answer = Answer::default();
    surface.read_response(text, &mut answer, &mut keep).ok()?;
    let Rare { embedding_dimensions, failure } = answer.take_rare();
    Some(Answered {
        id: answer.name(Name::Id),
        model: answer.name(Name::Model),
        service_tier: answer.name(Name::ServiceTier),
        system_fingerprint: answer.name(Name::SystemFingerprint),
        state: answer.name(Name::State),
        choices: answer.take_choices(&keep),
        embedding_dimensions,
        usage: answer.usage.take().map(|usage| *usage).unwrap_or_default(),
        failure,
        is_over_limit: allowance.skips.items(Skip::OverLimit) > 0,
    })
}

/// Takes over what isn't known of a request, but for what was said in it.
pub(in crate::dialect) fn fill(into: &mut Request, from: Request) {
    let Request {
        model,
        stream,
        temperature,
        top_p,
        top_k,
        max_tokens,
        choice_count,
        frequency_penalty,
        presence_penalty,
        stop_sequences,
        seed,
        response_format,
        service_tier,
        reasoning_effort,
        output_modalities,
        previous_response_id,
        conversation_id,
        end_user,
        instructions: _,
        messages: _,
        tools: _,
        embeddings,
        body_bytes: _,
    } = from;
    set(&mut into.model, model);
    set(&mut into.stream, stream);
    set(&mut into.temperature, temperature);
    set(&mut into.top_p, top_p);
    set(&mut into.top_k, top_k);
    set(&mut into.max_tokens, max_tokens);
    set(&mut into.choice_count, choice_count);
    set(&mut into.frequency_penalty, frequency_penalty);
    set(&mut into.presence_penalty, presence_penalty);
    set_list(&mut into.stop_sequences, stop_sequences);
    set(&mut into.seed, seed);
    set(&mut into.response_format, response_format);
    set(&mut into.service_tier, service_tier);
    set(&mut into.reasoning_effort, reasoning_effort);
    set_list(&mut into.output_modalities, output_modalities);
    set(&mut into.previous_response_id, previous_response_id);
    set(&mut into.conversation_id, conversation_id);
    set(&mut into.end_user.user, end_user.user);
    set(&mut into.end_user.safety_identifier, end_user.safety_identifier);
    set_list(&mut into.end_user.metadata, end_user.metadata);
    if let Some(EmbeddingsRequest { encoding_format, dimensions, inputs }) = embeddings {
        let into = into.embeddings.get_or_insert_default();
        set(&mut into.encoding_format, encoding_format);
        set(&mut into.dimensions, dimensions);
        set(&mut into.inputs, inputs);
    }
}

/// Takes over counts that aren't known.
pub(in crate::dialect) fn fill_usage(into: &mut Usage, from: Usage) {
    let Usage {
        input,
        output,
        total,
        cache_read,
        cache_read_audio,
        cache_write,
        cache_write_1h,
        reasoning,
        input_audio,
        output_audio,
        input_image,
        output_image,
        accepted_prediction,
        rejected_prediction,
    } = from;
    set(&mut into.input, input);
    set(&mut into.output, output);
    set(&mut into.total, total);
    set(&mut into.cache_read, cache_read);
    set(&mut into.cache_read_audio, cache_read_audio);
    set(&mut into.cache_write, cache_write);
    set(&mut into.cache_write_1h, cache_write_1h);
    set(&mut into.reasoning, reasoning);
    set(&mut into.input_audio, input_audio);
    set(&mut into.output_audio, output_audio);
    set(&mut into.input_image, input_image);
    set(&mut into.output_image, output_image);
    set(&mut into.accepted_prediction, accepted_prediction);
    set(&mut into.rejected_prediction, rejected_prediction);
}

/// A field that is known stays as it is.
pub(in crate::dialect) fn set<T>(into: &mut Option<T>, from: Option<T>) {
    if into.is_none() {
        *into = from;
    }
}

fn set_list<T>(into: &mut Vec<T>, from: Vec<T>) {
    if into.is_empty() {
        *into = from;
    }
}

/// Takes the parameters of a request that came under that name; those that the event has no field for are kept as they are.
pub(in crate::dialect) fn take_parameters(draft: &mut Draft<'_>, name: &str, json: &str, is_embedding: bool) {
    // The responses API has the parameters of chat completions, and more.
    let surface: &dyn Surface = if is_embedding { &openai::Embeddings } else { &openai::Responses };
    match request(surface, json) {
        Some((request, _)) => fill(&mut draft.request, request),
        None => {
            draft.keep(name, &Value::Str(json), Why::NotJson);
            return;
        }
    }
    for (parameter, json) in others(json) {
        let name = [name, ".", &*parameter].concat();
        match Json::new(json).value() {
            Ok(value) => draft.keep(&name, &borrowed(&value), Why::Unknown),
            Err(_) => draft.skip(&name, Why::OverLimit),
        }
    }
}

/// Parameters that have a field of the event, or hold what was said.
const KNOWN: &[&str] = &[
    "model",
    "stream",
    "temperature",
    "top_p",
    "top_k",
    "max_tokens",
    "max_completion_tokens",
    "max_output_tokens",
    "n",
    "frequency_penalty",
    "presence_penalty",
    "stop",
    "seed",
    "service_tier",
    "reasoning_effort",
    "modalities",
    "user",
    "safety_identifier",
    "metadata",
    "previous_response_id",
    "conversation",
    "dimensions",
    "encoding_format",
    "tools",
    "functions",
    "messages",
    "instructions",
    "input",
    "prompt",
];

/// Parameters of which the event has one member.
const KNOWN_BY_ONE: &[&str] = &["response_format", "reasoning", "text"];

/// Parameters that have no field of the event: each as its name and its JSON text.
fn others(text: &str) -> Vec<(Box<str>, &str)> {
    let mut all = Vec::new();
    // What comes before text that isn't JSON is told.
    let _ = Json::new(text).object(|key, json| {
        let is_known = KNOWN.contains(&key) || (KNOWN_BY_ONE.contains(&key) && members(&mut json.clone()) <= 1);
        if !is_known {
            all.push((Box::from(key), json.raw()?));
        }
        Ok(())
    });
    all
}

/// How many members an object has; something else has none.
fn members(json: &mut Json<'_>) -> usize {
    let mut all = 0;
    let _ = json.object(|_, _| {
        all += 1;
        Ok(())
    });
    all
}
