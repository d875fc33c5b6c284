//! The dialect read: facts of a span, and the log events that say what was said.

use std::borrow::Cow;

use super::super::Value;
use super::super::names;
use super::super::read::left::{self, Left};
use super::super::read::{self, Draft, LogRecord, Records, Taken, Why, gen_ai, said, slots};
use super::super::v1;
use super::words;
use crate::event::{Choice, Role};

/// Reads what the conventions of 1.28 to 1.36 have, whoever wrote it.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "v2"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        let has = |wanted: &str| records.has_attribute(|name| name == wanted);
        records.has_log(|name| MESSAGES.iter().any(|(event, _)| *event == name))
            // Other dialects have one of the two, and what we write in `v1` both.
            || (has(names::GEN_AI_SYSTEM) && has(names::GEN_AI_OPERATION_NAME) && !v1::is_in(records))
    }

    fn read<'r>(&self, _: &'r Records<'r>, draft: &mut Draft<'r>) {
        draft.attributes(attribute);
        let mut heard = Heard {
            is_new: draft.request.messages.is_empty(),
            is_answered: !draft.response.choices.is_empty(),
            ..Heard::default()
        };
        draft.logs(
            |draft, log| {
                let of = MESSAGES.iter().find(|(event, _)| *event == log.name);
                of.is_some_and(|(event, role)| heard.event(draft, event, role, log))
            },
            |draft, name, value| match attribute(draft, name, value) {
                Err(Why::Unknown) => read::general::attribute(draft, name, value),
                taken => taken,
            },
        );
        heard.finish(draft);
    }
}

/// The log events, and whose words each has where it doesn't say.
///
/// Source: semantic-conventions v1.30.0, `docs/gen-ai/gen-ai-events.md`.
const MESSAGES: &[(&str, Role)] = &[
    (names::GEN_AI_SYSTEM_MESSAGE, Role::System),
    (names::GEN_AI_DEVELOPER_MESSAGE, Role::Developer),
    (names::GEN_AI_USER_MESSAGE, Role::User),
    (names::GEN_AI_ASSISTANT_MESSAGE, Role::Assistant),
    (names::GEN_AI_TOOL_MESSAGE, Role::Tool),
    (names::GEN_AI_CHOICE, Role::Assistant),
];

fn attribute(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    let Draft { request, response, usage, .. } = draft;
    match name {
        names::GEN_AI_SYSTEM => system(&mut draft.provider, value),
        names::GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT => slots::text(&mut request.response_format, value),
        names::GEN_AI_OPENAI_REQUEST_SEED => slots::int(&mut request.seed, value),
        names::GEN_AI_OPENAI_REQUEST_SERVICE_TIER => slots::text(&mut request.service_tier, value),
        names::GEN_AI_OPENAI_RESPONSE_SERVICE_TIER => slots::text(&mut response.service_tier, value),
        names::GEN_AI_OPENAI_RESPONSE_SYSTEM_FINGERPRINT => slots::text(&mut response.system_fingerprint, value),
        names::GEN_AI_USAGE_PROMPT_TOKENS => slots::count(&mut usage.input, value),
        names::GEN_AI_USAGE_COMPLETION_TOKENS => slots::count(&mut usage.output, value),
        names::OPENAI_API_TYPE => gen_ai::api(&mut draft.surface, value),
        _ => gen_ai::attribute(draft, name, value),
    }
}

/// Who serves the call, by the name that it had then.
pub(in crate::dialect) fn system(slot: &mut Option<Cow<'static, str>>, value: &Value<'_>) -> Taken {
    match value.as_str().and_then(words::provider) {
        Some(name) => {
            slot.get_or_insert(Cow::Borrowed(name));
            Ok(())
        }
        None => gen_ai::provider(slot, value),
    }
}

/// What the log events say.
#[derive(Default)]
struct Heard {
    /// Whether no better source has told the messages.
    is_new: bool,
    /// Whether one has told the answers.
    is_answered: bool,
    choices: Vec<Choice>,
    has_reasons: bool,
}

impl Heard {
    /// Takes one; `false` leaves it to others.
    fn event(&mut self, draft: &mut Draft<'_>, event: &str, role: &Role, log: &LogRecord<'_>) -> bool {
        let Some((said, left)) = body(log.body.as_ref(), event, role) else { return false };
        let is_choice = event == names::GEN_AI_CHOICE;
        let (is_told, heard) = match is_choice {
            true => (self.is_answered, self.choices.len()),
            false => (!self.is_new, draft.request.messages.len()),
        };
        if is_told {
            return true;
        }
        if heard == left::MESSAGES {
            draft.keep(event, log.body.as_ref().unwrap_or(&Value::Null), Why::OverLimit);
            return true;
        }
        draft.leave(event, left);
        if !is_choice {
            draft.request.messages.push(said.message);
            return true;
        }
        self.has_reasons |= said.finish_reason.is_some();
        self.choices.push(Choice {
            index: said.index.unwrap_or_else(|| u32::try_from(heard).unwrap_or(u32::MAX)),
            message: said.message,
            finish_reason: said.finish_reason.and_then(read::reason_unless_none),
        });
        true
    }

    fn finish(self, draft: &mut Draft<'_>) {
        if self.choices.is_empty() {
            return;
        }
        if self.has_reasons {
            // The span says the same, in an order that needn't be that in which the events arrived.
            draft.finish_reasons.clear();
        }
        draft.response.choices = self.choices;
        draft.response.choices.sort_by_key(|choice| choice.index);
    }
}

/// What the body of an event says; nothing of it is kept with content off. `None`: it isn't as these events have it.
fn body(body: Option<&Value<'_>>, event: &str, role: &Role) -> Option<(said::Said, Left)> {
    let (said, left) = match body {
        None | Some(Value::Null) => (Some(said::Said::silent(role.clone())), Left::default()),
        Some(body) if event == names::GEN_AI_CHOICE => said::choice_in(body).ok()?,
        Some(body) => said::message_in(body, role).ok()?,
    };
    Some((said?, left))
}
