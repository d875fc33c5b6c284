//! Requests of the responses API, and the items of their input.

use super::super::chat::{role_named, tool_result};
use super::super::content::Content;
use super::super::tools::CallView;
use super::super::{content, params};
use crate::event::{Message, Part, Request, Role};
use crate::policy::Keep;
use crate::wire::json::{Json, Kind, Read, Str, Unreadable};

pub(super) fn read(body: &str, keep: &mut Keep<'_>) -> Read<Request> {
    let mut request = Request::default();
    let mut json = Json::new(body);
    let is_object = json.object(|key, json| {
        match key {
            "instructions" => request.instructions = json.str()?.map(|text| keep.text(text)),
            "previous_response_id" => request.previous_response_id = params::name(json, keep)?,
            "conversation" => request.conversation_id = read_conversation(json, keep)?,
            "reasoning" => {
                json.object(|key, json| {
                    if key == "effort" {
                        request.reasoning_effort = params::name(json, keep)?;
                    }
                    Ok(())
                })?;
            }
            "text" => {
                json.object(|key, json| {
                    if key == "format" {
                        request.response_format = params::kind_of(json, keep)?;
                    }
                    Ok(())
                })?;
            }
            "input" => request.messages = read_input(json, keep)?,
            _ => params::read(key, json, &mut request, keep)?,
        }
        Ok(())
    })?;
    json.end()?;
    if is_object { Ok(request) } else { Err(Unreadable) }
}

/// A conversation is named by its id, alone or in an object.
fn read_conversation(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Option<Box<str>>> {
    if json.peek()? == Kind::String {
        return params::name(json, keep);
    }
    let mut id = None;
    json.object(|key, json| {
        if key == "id" {
            id = params::name(json, keep)?;
        }
        Ok(())
    })?;
    Ok(id)
}

fn read_input(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Vec<Message>> {
    if json.peek()? == Kind::String {
        return Ok(json.str()?.map(|text| content::user_message(text, keep)).into_iter().collect());
    }
    params::list(json, keep.limits().messages, keep, read_item)
}

/// What an item of input or output may say.
#[derive(Debug, Clone, Default)]
pub(super) struct ItemView<'a> {
    pub(super) kind: Option<Str<'a>>,
    pub(super) role: Option<Str<'a>>,
    pub(super) id: Option<Str<'a>>,
    pub(super) call_id: Option<Str<'a>>,
    pub(super) name: Option<Str<'a>>,
    pub(super) arguments: Option<Str<'a>>,
    pub(super) content: Option<Content<'a>>,
    pub(super) summary: Option<Content<'a>>,
    pub(super) output: Option<Content<'a>>,
    /// The item as it was written.
    pub(super) raw: &'a str,
}

impl<'a> ItemView<'a> {
    pub(super) fn read(json: &mut Json<'a>) -> Read<Self> {
        let mut item = Self::default();
        json.peek()?;
        let start = json.at();
        json.object(|key, json| {
            match key {
                "type" => item.kind = json.str()?,
                "role" => item.role = json.str()?,
                "id" => item.id = json.str()?,
                "call_id" => item.call_id = json.str()?,
                "name" => item.name = json.str()?,
                "arguments" | "input" => item.arguments = json.str()?,
                "content" => item.content = Some(Content::of(json)?),
                "summary" => item.summary = Some(Content::of(json)?),
                "output" => item.output = Some(Content::of(json)?),
                _ => {}
            }
            Ok(())
        })?;
        item.raw = json.since(start);
        Ok(item)
    }

    /// Its type; an item without one is a message.
    pub(super) fn kind(&self) -> &'a str {
        self.kind.map_or("message", Str::raw)
    }

    /// The call that the item is, if it is one of a tool of the caller's. What answers it names `call_id`, not the
    /// item's own id.
    pub(super) fn call(&self) -> Option<CallView<'a>> {
        let kind = match self.kind() {
            "function_call" => "function",
            "custom_tool_call" => "custom",
            _ => return None,
        };
        Some(CallView {
            index: None,
            id: self.call_id.or(self.id),
            kind: Some(Str::plain(kind)),
            name: self.name,
            arguments: self.arguments,
        })
    }

    /// The item as one of another kind.
    fn other(&self, keep: &mut Keep<'_>) -> Part {
        Part::Other {
            kind: self.kind.map(|kind| keep.name(kind)).unwrap_or_default(),
            id: self.call_id.or(self.id).map(|id| keep.name(id)),
            json: keep.text(Str::plain(self.raw)),
        }
    }
}

/// Reads an item of input.
fn read_item(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Message> {
    let mut item = ItemView::read(json)?;
    let mut parts = Vec::new();
    let mut is_list = false;
    let kind = item.kind();
    let role = match kind {
        "message" => {
            if let Some(content) = item.content.take() {
                (parts, is_list) = content.parts(keep)?;
            }
            item.role.map_or_else(|| Role::Other("".into()), |role| role_named(role, keep))
        }
        "function_call" | "custom_tool_call" => {
            parts.extend(item.call().map(|call| call.part(keep)));
            Role::Assistant
        }
        "function_call_output" | "custom_tool_call_output" => {
            let id = item.call_id.map(|id| keep.name(id));
            let output = item.output.take().unwrap_or(Content::Text(Str::plain("")));
            parts.push(tool_result(id, output, keep)?);
            Role::Tool
        }
        "reasoning" => {
            for list in [item.summary.take(), item.content.take()].into_iter().flatten() {
                parts.extend(list.parts(keep)?.0);
            }
            Role::Assistant
        }
        // What the caller answers to a built-in tool: `computer_call_output`, `mcp_approval_response`, …
        _ if kind.ends_with("_output") || kind.ends_with("_response") => {
            parts.push(item.other(keep));
            Role::Tool
        }
        // Calls of built-in tools, and references: items of earlier answers.
        _ => {
            parts.push(item.other(keep));
            Role::Assistant
        }
    };
    Ok(Message { role, name: None, parts, is_list })
}
