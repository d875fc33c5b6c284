//! What was said: `$ai_input`, `$ai_output_choices`, `$ai_instructions`, `$ai_tools`.

use crate::dialect::Value;
use crate::dialect::read::api::{self, set};
use crate::dialect::read::{Draft, Taken, Why, said};
use crate::dialect::shared::RESPONSES;
use crate::event::{MediaSource, Message, Operation, Part, Role, Text};
use crate::provider::openai;

/// Whether it can hold what was said: a text, a list, a map.
pub(super) fn can_be_said(value: &Value<'_>) -> bool {
    !matches!(value, Value::Bool(_) | Value::Int(_) | Value::Double(_))
}

/// What was sent: messages in the API's form or in that of the conventions, or a text.
pub(super) fn input(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    if *value == Value::Null {
        return Ok(());
    }
    if draft.operation == Some(Operation::Embeddings) {
        let json = json_of(value);
        let json = ["{\"input\":", &*json, "}"].concat();
        let (request, _) = api::request(&openai::Embeddings, &json).ok_or(Why::NotJson)?;
        let inputs = request.embeddings.and_then(|embeddings| embeddings.inputs);
        set(&mut draft.request.embeddings.get_or_insert_default().inputs, inputs);
        return Ok(());
    }
    if !draft.request.messages.is_empty() {
        return Ok(());
    }
    let mut messages = Vec::new();
    let mut is_over_limit = false;
    if draft.surface == Some(RESPONSES) || said::holds_items(value) {
        let json = ["{\"input\":", &*json_of(value), "}"].concat();
        let (request, is_over) = api::request(&openai::Responses, &json).ok_or(Why::NotJson)?;
        (messages, is_over_limit) = (request.messages, is_over);
    } else if let Some(text) = text_of(value) {
        messages.push(spoken(Role::User, text));
    } else {
        let (all, left) = said::messages_in(value, &Role::User)?;
        draft.leave(name, left);
        messages.extend(all.into_iter().map(|said| said.message));
    }
    messages.iter_mut().for_each(forget);
    draft.request.messages = messages;
    if is_over_limit { Err(Why::OverLimit) } else { Ok(()) }
}

/// What came. The package melts all choices into one message.
pub(super) fn output(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    if *value == Value::Null || !draft.response.choices.is_empty() {
        return Ok(());
    }
    if let Some(text) = text_of(value) {
        draft.answer(spoken(Role::Assistant, text), None);
        return Ok(());
    }
    let (choices, left) = said::choices_in(value)?;
    draft.leave(name, left);
    for mut choice in choices {
        forget(&mut choice.message);
        // It is one here, whatever it was.
        choice.message.is_list = false;
        draft.answer(choice.message, choice.finish_reason);
        if let (Some(index), Some(choice)) = (choice.index, draft.response.choices.last_mut()) {
            choice.index = index;
        }
    }
    Ok(())
}

/// Definitions of tools.
pub(super) fn tools(draft: &mut Draft<'_>, name: &str, value: &Value<'_>) -> Taken {
    let (tools, left) = said::tools_in(value)?;
    draft.leave(name, left);
    if draft.request.tools.is_empty() {
        draft.request.tools = tools;
    }
    Ok(())
}

/// Instructions, which are told twice: they are the first message, too.
pub(super) fn instructions(draft: &mut Draft<'_>, text: &str) {
    draft.has_instructions = true;
    let request = &mut draft.request;
    let is_told = |message: &Message| {
        message.role == Role::System && matches!(&message.parts[..], [Part::Text(said)] if said.as_str() == Some(text))
    };
    if request.messages.first().is_some_and(is_told) {
        request.messages.remove(0);
    }
    request.instructions.get_or_insert_with(|| Text::kept(text));
}

fn spoken(role: Role, text: &str) -> Message {
    Message { role, name: None, parts: vec![Part::Text(Text::kept(text))], is_list: false }
}

/// A text that is no JSON.
fn text_of<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.as_str().filter(|text| !is_json(text))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['[', '{'])
}

/// A value as JSON text; a text that is JSON is that.
fn json_of(value: &Value<'_>) -> Box<str> {
    match value.as_str() {
        Some(text) if is_json(text) => text.into(),
        _ => value.to_json().into(),
    }
}

/// Media that the package took out aren't kept.
fn forget(message: &mut Message) {
    for part in &mut message.parts {
        let Part::Media(media) = part else { continue };
        let (MediaSource::Uri(text) | MediaSource::Inline(text) | MediaSource::Id(text)) = &mut media.source else {
            continue;
        };
        let is_redacted = |text: &str| text.starts_with("[base64 ") && text.ends_with(" redacted]");
        if text.as_str().is_some_and(is_redacted) {
            *text = Text::default();
        }
    }
}
