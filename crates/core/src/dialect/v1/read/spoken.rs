//! What stands behind names with indices: messages and functions.

use std::borrow::Cow;

use super::super::super::Value;
use super::super::super::read::left::{Left, MESSAGES, add_list};
use super::super::super::read::part::part;
use super::super::super::read::said::whole;
use super::super::super::read::{Taken, Why, reason_unless_none};
use super::super::super::shared::said::is_list;
use super::index::{Places, at, index};
use crate::event::{self, Choice, Message, Part, Role, Text, ToolCall, ToolDefinition};
use crate::wire::json::{Json, Kind, Unreadable};

/// A prompt or a completion.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    role: Option<Box<str>>,
    content: Option<Box<str>>,
    refusal: Option<Box<str>>,
    reasoning: Option<Box<str>>,
    finish_reason: Option<Box<str>>,
    tool_call_id: Option<Box<str>>,
    calls: Places<Asked>,
    pub(super) is_users: bool,
}

#[derive(Debug, Default)]
struct Asked {
    id: Option<Box<str>>,
    name: Option<Box<str>>,
    arguments: Option<Box<str>>,
}

/// The definition of a function.
#[derive(Debug, Default)]
pub(super) struct Function {
    name: Option<Box<str>>,
    description: Option<Box<str>>,
    parameters: Option<event::Value>,
}

/// Takes what is behind `gen_ai.prompt.` or `gen_ai.completion.`.
pub(super) fn take(places: &mut Places<Spoken>, name: &str, value: &Value<'_>) -> Taken {
    let (place, member) = index(name).ok_or(Why::Unknown)?;
    let place = place?;
    if let Some(rest) = member.strip_prefix("tool_calls.") {
        let (number, member) = index(rest).ok_or(Why::Unknown)?;
        return call(places, place, number?, member, value);
    }
    // The older form of a tool call: one, without an id.
    if let Some(member) = member.strip_prefix("function_call.") {
        return call(places, place, 0, member, value);
    }
    let slot: fn(&mut Spoken) -> &mut Option<Box<str>> = match member {
        "role" => |it| &mut it.role,
        "content" | "user" => |it| &mut it.content,
        "refusal" => |it| &mut it.refusal,
        "reasoning" => |it| &mut it.reasoning,
        "finish_reason" => |it| &mut it.finish_reason,
        "tool_call_id" => |it| &mut it.tool_call_id,
        _ => return Err(Why::Unknown),
    };
    let said = said(value)?;
    let it = at(places, place)?;
    it.is_users |= member == "user";
    put(slot(it), said);
    Ok(())
}

fn call(places: &mut Places<Spoken>, place: u32, number: u32, member: &str, value: &Value<'_>) -> Taken {
    let slot: fn(&mut Asked) -> &mut Option<Box<str>> = match member {
        "id" => |it| &mut it.id,
        "name" => |it| &mut it.name,
        "arguments" => |it| &mut it.arguments,
        _ => return Err(Why::Unknown),
    };
    let said = said(value)?;
    put(slot(at(&mut at(places, place)?.calls, number)?), said);
    Ok(())
}

/// Takes what is behind `llm.request.functions.`.
pub(super) fn function(places: &mut Places<Function>, name: &str, value: &Value<'_>) -> Taken {
    let (place, member) = index(name).ok_or(Why::Unknown)?;
    let place = place?;
    match member {
        "name" => {
            let said = said(value)?;
            put(&mut at(places, place)?.name, said);
        }
        "description" => {
            let said = said(value)?;
            put(&mut at(places, place)?.description, said);
        }
        "parameters" => {
            let said = said(value)?;
            let parameters = whole(&said, |json: &mut Json<'_>| json.value()).map_err(|_| Why::NotJson)?;
            at(places, place)?.parameters.get_or_insert(parameters);
        }
        _ => return Err(Why::Unknown),
    }
    Ok(())
}

/// A text, or what is structured as JSON.
fn said<'v>(value: &'v Value<'_>) -> Result<Cow<'v, str>, Why> {
    match value {
        Value::Array(_) | Value::Map(_) | Value::Strings(_) => Ok(Cow::Owned(value.to_json())),
        value => value.as_str().map(Cow::Borrowed).ok_or(Why::WrongType),
    }
}

/// The first of several stays.
fn put(slot: &mut Option<Box<str>>, said: Cow<'_, str>) {
    slot.get_or_insert_with(|| said.into());
}

impl Spoken {
    /// The message that was sent.
    pub(super) fn sent(self, left: &mut Left) -> Message {
        let role = self.role(Role::User);
        if (role == Role::Tool && self.calls.is_empty()) || self.tool_call_id.is_some() {
            let is_list = self.content.as_deref().is_some_and(|content| parts(content, &mut Left::default()).is_some());
            let content = self.content.map(Text::kept).unwrap_or_default();
            let result = Part::ToolResult { id: self.tool_call_id, content, is_list };
            return Message { role, name: None, parts: vec![result], is_list: false };
        }
        self.message(role, left)
    }

    /// The answer that was received.
    pub(super) fn received(mut self, index: u32, left: &mut Left) -> Choice {
        let finish_reason = self.finish_reason.take().and_then(reason_unless_none);
        let role = self.role(Role::Assistant);
        Choice { index, message: self.message(role, left), finish_reason }
    }

    pub(super) fn has_reason(&self) -> bool {
        self.finish_reason.is_some()
    }

    fn role(&self, otherwise: Role) -> Role {
        self.role.as_deref().map_or(otherwise, Role::named)
    }

    fn message(self, role: Role, left: &mut Left) -> Message {
        let mut all = Vec::new();
        if let Some(reasoning) = self.reasoning {
            match parts(&reasoning, left) {
                Some(summaries) => all.extend(summaries),
                None => all.push(Part::Reasoning(Text::kept(reasoning))),
            }
        }
        let mut was_list = false;
        if let Some(content) = self.content.filter(|content| !content.is_empty()) {
            match parts(&content, left) {
                Some(listed) => {
                    was_list =
                        is_list(&listed) || listed.iter().all(|part| matches!(part, Part::Text(_) | Part::Media(_)));
                    all.extend(listed);
                }
                None => all.push(Part::Text(Text::kept(content))),
            }
        }
        all.extend(self.refusal.map(|refusal| Part::Refusal(Text::kept(refusal))));
        all.extend(self.calls.into_values().map(Asked::part));
        Message { role, name: None, parts: all, is_list: was_list }
    }
}

/// The parts of content that was sent as a list. `None`: it is a text, which may well be JSON of something else.
fn parts(content: &str, left: &mut Left) -> Option<Vec<Part>> {
    if !content.trim_start().starts_with('[') {
        return None;
    }
    let mut all = Vec::new();
    let mut without_place = Left::default();
    let read = whole(content, |json| {
        add_list(json, &mut without_place, &mut all, |json, left| {
            let part = if json.peek()? == Kind::Object { part(json, left)? } else { None };
            Ok(part.and_then(known))
        })
    });
    if read.is_err() || all.is_empty() {
        return None;
    }
    left.append(without_place);
    Some(all.into_iter().flatten().collect())
}

/// A part of a kind that the API has.
fn known(part: Part) -> Option<Vec<Part>> {
    let Part::Other { kind, json, .. } = &part else { return Some(vec![part]) };
    if &**kind == "reasoning" {
        let summaries = json.as_str().map(summaries).filter(|all| !all.is_empty());
        return Some(summaries.unwrap_or_else(|| vec![part]));
    }
    let is_item = kind.ends_with("_call") || kind.ends_with("_output") || ITEMS.contains(&&**kind);
    is_item.then(|| vec![part])
}

/// Items of the responses API that are no calls.
///
/// Source: openai-openapi, `InputItem` and `Item`.
const ITEMS: &[&str] =
    &["item_reference", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "compaction"];

/// What a reasoning item says.
fn summaries(item: &str) -> Vec<Part> {
    let mut all = Vec::new();
    let is_read = whole(item, |json| {
        json.object(|key, json| {
            if matches!(key, "summary" | "content") {
                json.array(|json| {
                    all.extend(part(json, &mut Left::default())?.filter(is_reasoning));
                    if all.len() <= MESSAGES { Ok(()) } else { Err(Unreadable) }
                })?;
            }
            Ok(())
        })
    });
    if is_read.is_err() {
        all.clear();
    }
    all
}

/// Takes reasoning apart that 0.62.4 tells as the JSON of its summaries, in the conventions' form of messages.
pub(super) fn unfold(parts: &mut Vec<Part>) {
    let folded = |part: &Part| match part {
        Part::Reasoning(text) => {
            self::parts(text.as_str()?, &mut Left::default()).filter(|all| all.iter().all(is_reasoning))
        }
        _ => None,
    };
    if parts.iter().any(is_reasoning) {
        let all = std::mem::take(parts).into_iter();
        parts.extend(all.flat_map(|part| folded(&part).unwrap_or_else(|| vec![part])));
    }
}

fn is_reasoning(part: &Part) -> bool {
    matches!(part, Part::Reasoning(_))
}

impl Asked {
    fn part(self) -> Part {
        let Self { id, name, arguments } = self;
        match (name, arguments) {
            // What a built-in tool did: the arguments are the item.
            (Some(name), Some(arguments)) if name.ends_with("_call") && is_item(&arguments, &name) => {
                Part::Other { kind: name, id, json: Text::kept(arguments) }
            }
            (name, arguments) => {
                // A function's are a JSON object; only a custom tool's input may be any text.
                let is_function = arguments.as_deref().is_none_or(|said| said.trim_start().starts_with('{'));
                let kind = is_function.then_some(Cow::Borrowed("function"));
                Part::ToolCall(ToolCall { id, kind, name, arguments: arguments.map(Text::kept) })
            }
        }
    }
}

/// Whether it is a JSON object of that type.
fn is_item(json: &str, kind: &str) -> bool {
    let mut is_of_kind = false;
    let is_object = whole(json, |json| {
        json.object(|key, json| {
            if key == "type" {
                is_of_kind = json.str()?.is_some_and(|said| said.to_cow() == kind);
            }
            Ok(())
        })
    });
    is_object == Ok(true) && is_of_kind
}

impl Function {
    pub(super) fn tool(self) -> ToolDefinition {
        let Self { name, description, parameters } = self;
        ToolDefinition { kind: "function".into(), name, description: description.map(Text::kept), parameters }
    }
}
