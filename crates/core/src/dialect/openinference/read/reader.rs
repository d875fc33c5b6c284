//! The reader: facts first, then the values of input and output, which are read by what the facts say.

use super::super::RESPONSES;
use super::facts::{self, Parameters, Seen};
use super::listed::{self, said};
use crate::dialect::Value;
use crate::dialect::names::{self, openinference as oi};
use crate::dialect::read::api::{self, Answered};
use crate::dialect::read::{self, Draft, RecordStatus, Records, SpanRecord, Taken, Why};
use crate::event::{Choice, Message, Operation, Outcome, Part, Request, Role, Text};
use crate::provider::Surface;

/// Reads what packages of OpenInference write.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "openinference"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        records.has_attribute(|name| MARKS.contains(&name) || LISTS.iter().any(|list| name.starts_with(list)))
    }

    fn read<'r>(&self, records: &'r Records<'r>, draft: &mut Draft<'r>) {
        let mut seen = Seen::default();
        draft.attributes(|draft, name, value| facts::take(draft, &mut seen, name, value));
        if draft.operation.is_none() {
            draft.operation = seen.operation();
        }
        events(draft);
        beside(draft, &mut seen);
        if draft.operation.as_ref().is_some_and(Operation::is_call) {
            Calling::of(records, draft, &seen).read(draft, &mut seen);
        } else {
            step(records, draft, &mut seen);
        }
        let has_reason = seen.finish_reason.is_some();
        answered(records, draft, &mut seen);
        if !has_reason && is_dropped(records, draft) {
            draft.outcome.get_or_insert(Outcome::Cancelled);
        }
        if draft.provider.is_none() {
            draft.provider = facts::provider(seen.provider.as_deref(), seen.system.as_deref());
        }
    }
}

/// Names that nobody else has.
const MARKS: &[&str] = &[
    oi::OPENINFERENCE_SPAN_KIND,
    oi::LLM_MODEL_NAME,
    oi::LLM_INVOCATION_PARAMETERS,
    oi::EMBEDDING_MODEL_NAME,
    oi::EMBEDDING_INVOCATION_PARAMETERS,
];

/// How the names begin that nobody else has.
const LISTS: &[&str] = &[
    "llm.input_messages.",
    "llm.output_messages.",
    "llm.token_count.",
    "embedding.embeddings.",
    "retrieval.documents.",
    "reranker.",
];

/// The first chunk of a stream, and why the call failed.
fn events(draft: &mut Draft<'_>) {
    let mut first = None;
    let is_first = |event: &read::EventRecord<'_>| event.name == oi::FIRST_TOKEN_STREAM_EVENT;
    draft.events(
        |_, event| {
            if is_first(event) && first.is_none() {
                first = Some(event.time);
            }
            is_first(event)
        },
        |_, _, _| Err(Why::Unknown),
    );
    if let Some(time) = first {
        draft.is_stream.get_or_insert(true);
        let after = time.and_then(|time| time.duration_since(draft.timing.start).ok());
        api::set(&mut draft.timing.first_chunk, after);
    }
}

/// Whether the application let go of a stream: the package says `OK` or `ERROR` of every call that came to an end.
fn is_dropped(records: &Records<'_>, draft: &Draft<'_>) -> bool {
    let is_stream = draft.is_stream == Some(true) || draft.request.stream == Some(true);
    let span = records.spans().first().filter(|span| span.scope == SCOPE);
    let is_open = |span: &SpanRecord<'_>| {
        span.status == RecordStatus::Unset && span.events.iter().all(|event| event.name != names::EXCEPTION)
    };
    is_stream && draft.error.is_none() && span.is_some_and(is_open)
}

/// The scope of the package for the OpenAI SDK.
const SCOPE: &str = "openinference.instrumentation.openai";

/// The values of input and output of a call of a model.
#[derive(Default)]
struct Calling {
    /// Whose API they are JSON of.
    surface: Option<&'static dyn Surface>,
    asked: Option<Request>,
    answered: Option<Answered>,
    /// Whether either was there. Of a name that is there twice the first counts.
    has_input: bool,
    has_output: bool,
}

impl Calling {
    fn of<'r>(records: &'r Records<'r>, draft: &mut Draft<'r>, seen: &Seen) -> Self {
        let known = draft.surface.and_then(api::surface_named);
        // Other vendors' requests look much the same, and mean something else.
        let is_openai = seen.system.as_deref().is_none_or(|system| system == "openai");
        if known.is_some() || !is_openai {
            return Self { surface: known, ..Self::default() };
        }
        let is_embedding = draft.operation == Some(Operation::Embeddings);
        let wanted = |operation: &Operation| (*operation == Operation::Embeddings) == is_embedding;
        let texts = || [oi::INPUT_VALUE, oi::OUTPUT_VALUE].into_iter().flat_map(|name| value_of(records, name));
        let of_text = || texts().find_map(|text| api::surface_of(text, wanted));
        let of_name = || {
            let span = records.spans().first().filter(|_| seen.system.is_some())?;
            let name = NAMES.iter().find_map(|(name, surface)| (span.name == *name).then_some(*surface))?;
            api::surface_named(name).filter(|surface| wanted(&surface.operation()))
        };
        let surface = of_name().or_else(of_text);
        draft.surface = surface.map(Surface::name);
        Self { surface, ..Self::default() }
    }

    fn read<'r>(mut self, draft: &mut Draft<'r>, seen: &mut Seen) {
        draft.attributes(|draft, name, value| match name {
            oi::INPUT_VALUE => self.input(draft, seen, value),
            oi::OUTPUT_VALUE => self.output(draft, seen, value),
            _ => Err(Why::Unknown),
        });
        let is_completion = !(seen.listed.prompts.is_empty() && seen.listed.choices.is_empty());
        if draft.operation == Some(Operation::Chat) {
            draft.operation = match self.surface {
                Some(surface) => Some(surface.operation()),
                None if is_completion => Some(Operation::TextCompletion),
                None => Some(Operation::Chat),
            };
        }
        if let Some(answered) = self.answered {
            take_answer(draft, answered, seen);
        }
        if let Some(parameters) = seen.parameters.take() {
            take_parameters(draft, &parameters);
        }
        if let Some(mut asked) = self.asked {
            let listed = seen.listed.input.len().max(seen.listed.prompts.len());
            let said = asked.messages.len() + usize::from(asked.instructions.is_some());
            let request = &mut draft.request;
            if request.messages.is_empty() && request.instructions.is_none() && said >= listed {
                request.messages = std::mem::take(&mut asked.messages);
                request.instructions = asked.instructions.take();
                draft.has_instructions = true;
            }
            if request.tools.is_empty() {
                request.tools = std::mem::take(&mut asked.tools);
            }
            api::fill(request, asked);
        }
        if draft.operation == Some(Operation::Embeddings) {
            let count = Some(seen.listed.embeddings.len() as u64).filter(|count| *count > 0);
            if count.is_some() {
                api::set(&mut draft.request.embeddings.get_or_insert_default().inputs, count);
            }
            api::set(&mut draft.response.embedding_dimensions, seen.listed.dimensions);
        }
    }

    fn input(&mut self, draft: &mut Draft<'_>, seen: &Seen, value: &Value<'_>) -> Taken {
        let text = value.as_str().ok_or(Why::WrongType)?;
        if std::mem::replace(&mut self.has_input, true) || said(text).as_str().is_none() {
            return Ok(());
        }
        if let Some((request, is_over_limit)) = self.surface.and_then(|surface| api::request(surface, text)) {
            self.asked.get_or_insert(request);
            return if is_over_limit { Err(Why::OverLimit) } else { Ok(()) };
        }
        if seen.listed.input.values().any(|message| message.says(text)) {
            return Ok(());
        }
        let is_all = seen.listed.input.is_empty() && seen.listed.prompts.is_empty() && !seen.is_json_input;
        if is_all && draft.operation != Some(Operation::Embeddings) && draft.request.messages.is_empty() {
            draft.request.messages.push(message(Role::User, text));
            return Ok(());
        }
        Err(Why::Unknown)
    }

    fn output(&mut self, draft: &mut Draft<'_>, seen: &Seen, value: &Value<'_>) -> Taken {
        let text = value.as_str().ok_or(Why::WrongType)?;
        if std::mem::replace(&mut self.has_output, true) || said(text).as_str().is_none() {
            return Ok(());
        }
        let is_json = text.trim_start().starts_with('{');
        let answered = self.surface.filter(|_| is_json).and_then(|surface| api::answer(surface, text));
        if let Some(answered) = answered {
            let is_over_limit = answered.is_over_limit;
            self.answered.get_or_insert(answered);
            return if is_over_limit { Err(Why::OverLimit) } else { Ok(()) };
        }
        if seen.listed.output.values().any(|message| message.says(text)) {
            return Ok(());
        }
        let is_all = seen.listed.output.is_empty() && seen.listed.choices.is_empty() && !seen.is_json_output;
        if is_all && draft.operation != Some(Operation::Embeddings) && draft.response.choices.is_empty() {
            draft.answer(message(Role::Assistant, text), None);
            return Ok(());
        }
        Err(Why::Unknown)
    }
}

fn message(role: Role, text: &str) -> Message {
    Message { role, name: None, parts: vec![Part::Text(Text::kept(text))], is_list: false }
}

/// The surfaces whose answers are of these classes in the OpenAI SDK, which the package calls its spans by.
const NAMES: [(&str, &str); 4] = [
    ("ChatCompletion", "openai.chat"),
    ("Completion", "openai.completions"),
    ("CreateEmbeddings", "openai.embeddings"),
    ("Response", RESPONSES),
];

fn value_of<'r>(records: &'r Records<'r>, name: &'static str) -> impl Iterator<Item = &'r str> {
    let attributes = records.spans().iter().flat_map(|span| &span.attributes);
    attributes.filter(move |(other, _)| *other == name).filter_map(|(_, value)| value.as_str())
}

/// Takes what a dumped answer says that isn't known.
fn take_answer(draft: &mut Draft<'_>, answered: Answered, seen: &mut Seen) {
    let response = &mut draft.response;
    // The name that packages don't agree on is of no use where the answer itself is there.
    if let Some(model) = answered.model {
        response.model.get_or_insert(model);
        seen.model = None;
    }
    api::set(&mut response.id, answered.id);
    api::set(&mut response.service_tier, answered.service_tier);
    api::set(&mut response.system_fingerprint, answered.system_fingerprint);
    api::set(&mut response.state, answered.state);
    api::set(&mut response.embedding_dimensions, answered.embedding_dimensions);
    let is_one = draft.surface == Some(RESPONSES);
    let listed = seen.listed.output.len().max(seen.listed.choices.len());
    if response.choices.is_empty() && (is_one || answered.choices.len() >= listed) {
        response.choices = answered.choices;
    }
    api::fill_usage(&mut draft.usage, answered.usage);
    if let Some(failure) = answered.failure {
        draft.error.get_or_insert(failure.class);
        api::set(&mut draft.error_code, failure.code);
        api::set(&mut draft.error_message, failure.message);
    }
}

/// Takes the parameters of the request.
fn take_parameters(draft: &mut Draft<'_>, parameters: &Parameters) {
    let is_embedding = parameters.name == oi::EMBEDDING_INVOCATION_PARAMETERS;
    api::take_parameters(draft, parameters.name, &parameters.json, is_embedding);
}

/// What was answered, as far as only the names with indices say it, and whose model it was.
fn answered(records: &Records<'_>, draft: &mut Draft<'_>, seen: &mut Seen) {
    let is_responses = draft.surface == Some(RESPONSES);
    let listed = &mut seen.listed;
    let tools = listed.tools(draft);
    if draft.request.tools.is_empty() {
        draft.request.tools = tools;
    }
    if draft.request.messages.is_empty() && draft.request.instructions.is_none() {
        let input = std::mem::take(&mut listed.input).into_values();
        draft.request.messages = input.map(|message| message.message(Role::User)).collect();
        let prompts = std::mem::take(&mut listed.prompts).into_values().flatten();
        draft.request.messages.extend(prompts.map(|text| of_text(Role::User, text)));
    }
    if draft.response.choices.is_empty() {
        let output = std::mem::take(&mut listed.output).into_iter();
        let output = output.map(|(index, spoken)| (index, spoken.message(Role::Assistant)));
        let texts = std::mem::take(&mut listed.choices).into_iter();
        let texts = texts.map(|(index, text)| (index, of_text(Role::Assistant, text.unwrap_or_default())));
        let choice = |(index, message)| {
            let message = Message { is_list: false, ..message };
            Choice { index, message, finish_reason: None }
        };
        let mut choices = output.chain(texts).map(choice);
        draft.response.choices = match choices.next() {
            // What is several items there is one answer.
            Some(mut first) if is_responses => {
                first.index = 0;
                first.message.parts.extend(choices.flat_map(|choice| choice.message.parts));
                vec![first]
            }
            first => first.into_iter().chain(choices).collect(),
        };
    }
    if let Some(reason) = seen.finish_reason.take() {
        finish(draft, reason);
    }
    let Some(model) = seen.model.take() else { return };
    let has_failed = draft.error.is_some()
        || records.spans().first().is_some_and(|span| matches!(span.status, RecordStatus::Error(_)));
    let has_answered = !draft.response.choices.is_empty() || draft.usage.input.or(draft.usage.output).is_some();
    // Another model than was asked for is one that answered.
    let is_asked = draft.request.model.as_ref().is_none_or(|asked| *asked == model);
    let slot =
        if has_failed && !has_answered && is_asked { &mut draft.request.model } else { &mut draft.response.model };
    slot.get_or_insert(model);
}

fn of_text(role: Role, text: Text) -> Message {
    Message { role, name: None, parts: vec![Part::Text(text)], is_list: false }
}

/// The finish reason that is told is that of the first choice.
fn finish(draft: &mut Draft<'_>, reason: Box<str>) {
    if draft.response.choices.is_empty() {
        draft.answer(Message { role: Role::Assistant, name: None, parts: Vec::new(), is_list: false }, None);
    }
    let choices = &mut draft.response.choices;
    let first = choices.iter().position(|choice| choice.index == 0).unwrap_or_default();
    if let Some(choice) = choices.get_mut(first) {
        choice.finish_reason.get_or_insert(reason.into_string().into());
    }
}

/// What stands beside the values of input and output, whatever the span is: documents, a query, an agent's name.
fn beside(draft: &mut Draft<'_>, seen: &mut Seen) {
    let found = listed::documents(&seen.listed.documents).or_else(|| listed::documents(&seen.listed.reranked));
    // What sidetone writes so is made of its output.
    if !draft.is_own {
        api::set(&mut draft.step.output, found);
    }
    api::set(&mut draft.step.input, seen.query.take());
    api::set(&mut draft.step.name, seen.agent.take());
}

/// A step around calls: what it was given and gave back, as text.
fn step<'r>(records: &'r Records<'r>, draft: &mut Draft<'r>, seen: &mut Seen) {
    draft.attributes(|draft, name, value| match name {
        oi::INPUT_VALUE => value_of_step(&mut draft.step.input, value),
        oi::OUTPUT_VALUE => value_of_step(&mut draft.step.output, value),
        _ => Err(Why::Unknown),
    });
    // Chains are called by the name of their span.
    let operation = draft.operation.as_ref().map_or("", Operation::as_str);
    let name = records.spans().first().map(|span| &*span.name).filter(|name| !name.is_empty() && *name != operation);
    api::set(&mut draft.step.name, name.map(Into::into));
    if let Some(parameters) = seen.parameters.take() {
        take_parameters(draft, &parameters);
    }
}

/// Input or output; what is known already is told in another form, and stays.
fn value_of_step(slot: &mut Option<Text>, value: &Value<'_>) -> Taken {
    match slot {
        Some(known) if known.as_str() != value.as_str() => Err(Why::Unknown),
        _ => listed::text(slot, value),
    }
}
