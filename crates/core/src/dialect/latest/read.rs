//! The dialect read: facts and content of a span, and the two log events.

use super::super::Value;
use super::super::names;
use super::super::read::{self, Draft, Records, Taken, Why, gen_ai, said, slots};
use super::super::v1;
use crate::event::{Role, Text};

/// Reads what the current conventions have, whoever wrote it.
#[derive(Debug, Clone, Copy)]
pub(in crate::dialect) struct Reader;

impl read::Reader for Reader {
    fn name(&self) -> &'static str {
        "latest"
    }

    fn knows(&self, records: &Records<'_>) -> bool {
        records.has_log(is_event)
            || records.has_attribute(|name| MARKS.contains(&name))
            // Its forerunner's packages have some of these, too.
            || (records.has_attribute(|name| name.starts_with(OPENAI)) && !v1::is_in(records))
            // Nothing tells it from its forerunner.
            || (records.has_attribute(|name| name == names::GEN_AI_OPERATION_NAME)
                && !records.has_attribute(|name| name == names::GEN_AI_SYSTEM))
    }

    fn read<'r>(&self, _: &'r Records<'r>, draft: &mut Draft<'r>) {
        draft.attributes(attribute);
        draft.logs(
            |_, log| log.name == names::GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS,
            |draft, name, value| match attribute(draft, name, value) {
                Err(Why::Unknown) => read::general::attribute(draft, name, value),
                taken => taken,
            },
        );
        draft.logs(
            |_, log| log.name == names::GEN_AI_CLIENT_OPERATION_EXCEPTION,
            |draft, name, value| match read::general::exception(draft, name, value) {
                Err(Why::Unknown) => attribute(draft, name, value),
                taken => taken,
            },
        );
    }
}

/// Names that only this dialect has.
const MARKS: &[&str] = &[
    names::GEN_AI_PROVIDER_NAME,
    names::GEN_AI_INPUT_MESSAGES,
    names::GEN_AI_OUTPUT_MESSAGES,
    names::GEN_AI_SYSTEM_INSTRUCTIONS,
    names::GEN_AI_TOOL_DEFINITIONS,
];

/// How the names begin that one provider has of its own.
const OPENAI: &str = "openai.";

fn is_event(name: &str) -> bool {
    matches!(name, names::GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS | names::GEN_AI_CLIENT_OPERATION_EXCEPTION)
}

fn attribute(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    let Draft { request, response, .. } = draft;
    match name {
        names::GEN_AI_PROVIDER_NAME => gen_ai::provider(&mut draft.provider, value),
        names::GEN_AI_OUTPUT_TYPE => slots::text(&mut request.response_format, value),
        names::OPENAI_REQUEST_SERVICE_TIER => slots::text(&mut request.service_tier, value),
        names::OPENAI_RESPONSE_SERVICE_TIER => slots::text(&mut response.service_tier, value),
        names::OPENAI_RESPONSE_SYSTEM_FINGERPRINT => slots::text(&mut response.system_fingerprint, value),
        names::OPENAI_API_TYPE => gen_ai::api(&mut draft.surface, value),
        names::GEN_AI_INPUT_MESSAGES => input(draft, value),
        names::GEN_AI_OUTPUT_MESSAGES => output(draft, value),
        names::GEN_AI_SYSTEM_INSTRUCTIONS => {
            let (text, left) = said::text_in(value)?;
            request.instructions = request.instructions.take().or(text.map(Text::kept));
            draft.leave(name, left);
            Ok(())
        }
        names::GEN_AI_TOOL_DEFINITIONS => {
            let (tools, left) = said::tools_in(value)?;
            if request.tools.is_empty() {
                request.tools = tools;
            }
            draft.leave(name, left);
            Ok(())
        }
        _ => gen_ai::attribute(draft, name, value),
    }
}

fn input(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    draft.has_instructions = true;
    if !draft.request.messages.is_empty() {
        return Ok(());
    }
    let (messages, left) = said::messages_in(value, &Role::User)?;
    draft.leave(names::GEN_AI_INPUT_MESSAGES, left);
    draft.request.messages = messages.into_iter().map(|said| said.message).collect();
    Ok(())
}

fn output(draft: &mut Draft<'_>, value: &Value<'_>) -> Taken {
    if !draft.response.choices.is_empty() {
        return Ok(());
    }
    let (messages, left) = said::messages_in(value, &Role::Assistant)?;
    draft.leave(names::GEN_AI_OUTPUT_MESSAGES, left);
    for said in messages {
        draft.answer(said.message, said.finish_reason);
        if let (Some(index), Some(choice)) = (said.index, draft.response.choices.last_mut()) {
            choice.index = index;
        }
    }
    Ok(())
}
