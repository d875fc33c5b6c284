//! Requests of the responses API, and the items of their input.

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
            "input" => read_input(json, &mut request.messages, keep)?,
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

fn read_input(json: &mut Json<'_>, messages: &mut Vec<Message>, keep: &mut Keep<'_>) -> Read<()> {
    if json.peek()? == Kind::String {
        messages.extend(json.str()?.map(|text| content::user_message(text, keep)));
        return Ok(());
    }
    json.array(|json| {
        let item = json.raw()?;
        if keep.admits(messages.len(), keep.limits().messages, item.len()) {
            messages.push(read_item(item, keep)?);
        }
        Ok(())
    })
    .map(drop)
}

/// What an item of input or output may say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ItemView<'a> {
    pub(super) kind: Option<Str<'a>>,
    pub(super) role: Option<Str<'a>>,
    pub(super) id: Option<Str<'a>>,
    pub(super) call_id: Option<Str<'a>>,
    pub(super) name: Option<Str<'a>>,
    pub(super) arguments: Option<Str<'a>>,
    pub(super) content: Option<&'a str>,
    pub(super) summary: Option<&'a str>,
    pub(super) output: Option<&'a str>,
}

impl<'a> ItemView<'a> {
    pub(super) fn read(raw: &'a str) -> Read<Self> {
        let mut item = Self::default();
        Json::new(raw).object(|key, json| {
            match key {
                "type" => item.kind = json.str()?,
                "role" => item.role = json.str()?,
                "id" => item.id = json.str()?,
                "call_id" => item.call_id = json.str()?,
                "name" => item.name = json.str()?,
                "arguments" | "input" => item.arguments = json.str()?,
                "content" => item.content = Some(json.raw()?),
                "summary" => item.summary = Some(json.raw()?),
                "output" => item.output = Some(json.raw()?),
                _ => {}
            }
            Ok(())
        })?;
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

    /// The item of another kind, given by its JSON.
    pub(super) fn other(&self, raw: &str, keep: &mut Keep<'_>) -> Part {
        Part::Other {
            kind: self.kind.map(|kind| keep.name(kind)).unwrap_or_default(),
            id: self.call_id.or(self.id).map(|id| keep.name(id)),
            json: keep.text(Str::plain(raw)),
        }
    }
}

/// Reads an item of input, given by its JSON.
fn read_item(raw: &str, keep: &mut Keep<'_>) -> Read<Message> {
    let item = ItemView::read(raw)?;
    let mut parts = Vec::new();
    let mut is_list = false;
    let kind = item.kind();
    let role = match kind {
        "message" => {
            if let Some(content) = item.content {
                is_list = content::read(&mut Json::new(content), &mut parts, keep)?;
            }
            item.role.map_or_else(|| Role::Other("".into()), |role| Role::named(&keep.name(role)))
        }
        "function_call" | "custom_tool_call" => {
            parts.extend(item.call().map(|call| call.part(keep)));
            Role::Assistant
        }
        "function_call_output" | "custom_tool_call_output" => {
            let id = item.call_id.map(|id| keep.name(id));
            parts.push(super::super::chat::tool_result(id, item.output.unwrap_or("null"), keep)?);
            Role::Tool
        }
        "reasoning" => {
            for list in [item.summary, item.content].into_iter().flatten() {
                content::read(&mut Json::new(list), &mut parts, keep)?;
            }
            Role::Assistant
        }
        // What the caller answers to a built-in tool: `computer_call_output`, `mcp_approval_response`, …
        _ if kind.ends_with("_output") || kind.ends_with("_response") => {
            parts.push(item.other(raw, keep));
            Role::Tool
        }
        // Calls of built-in tools, and references: items of earlier answers.
        _ => {
            parts.push(item.other(raw, keep));
            Role::Assistant
        }
    };
    Ok(Message { role, name: None, parts, is_list })
}
