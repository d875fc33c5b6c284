//! A request and its answer as JSON, in the shape of the API that they went through.
//!
//! It is made of what the event keeps. What it doesn't keep isn't there: the package dumps the objects of the SDK.

use super::super::Value;
use super::super::shared::{chat, content};
use super::json::Object;
use super::{RESPONSES, items, parameters};
use crate::event::{Call, Choice, Operation};

/// The request: its parameters, and what was said.
pub(super) fn request(call: &Call) -> Value<'_> {
    let request = &call.request;
    let mut all = parameters::of(call);
    if call.operation == Operation::TextCompletion {
        let mut prompts: Vec<_> = request.messages.iter().filter_map(content::of).collect();
        match prompts.len() {
            0 => {}
            1 => prompts.drain(..).for_each(|prompt| all.put("prompt", prompt)),
            _ => all.list("prompt", prompts),
        }
    } else if call.surface == RESPONSES {
        all.said("instructions", request.instructions.as_ref());
        all.list("input", request.messages.iter().flat_map(items::sent).collect());
    } else {
        all.list("messages", request.messages.iter().flat_map(chat::messages).collect());
    }
    all.list("tools", request.tools.iter().map(|tool| chat::tool(tool, call.surface == RESPONSES)).collect());
    all.value()
}

/// The answer.
pub(super) fn answer(call: &Call) -> Value<'_> {
    let response = &call.response;
    let mut all = Object::default();
    all.text("id", response.id.as_deref());
    let object = match call.operation {
        Operation::TextCompletion => "text_completion",
        _ if call.surface == RESPONSES => "response",
        _ => "chat.completion",
    };
    all.put("object", Value::Static(object));
    all.text("model", response.model.as_deref());
    all.text("status", response.state.as_deref());
    all.text("service_tier", response.service_tier.as_deref());
    all.text("system_fingerprint", response.system_fingerprint.as_deref());
    if call.surface == RESPONSES {
        all.list("output", response.choices.iter().flat_map(|choice| items::came(&choice.message)).collect());
    } else {
        all.list("choices", response.choices.iter().map(|choice| self::choice(&call.operation, choice)).collect());
    }
    all.object("usage", chat::usage(&call.usage, call.surface == RESPONSES));
    all.value()
}

fn choice<'a>(operation: &Operation, choice: &'a Choice) -> Value<'a> {
    let mut all = Object::default();
    all.put("index", Value::Int(i64::from(choice.index)));
    all.text("finish_reason", choice.finish_reason.as_deref());
    if *operation == Operation::TextCompletion {
        if let Some(text) = content::of(&choice.message) {
            all.put("text", text);
        }
    } else {
        all.put("message", chat::said(&choice.message));
    }
    all.value()
}
