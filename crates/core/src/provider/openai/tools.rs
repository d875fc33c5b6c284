//! Definitions of tools and calls of them.

use std::borrow::Cow;

use super::params::{list, name};
use crate::event::{Part, ToolCall, ToolDefinition};
use crate::policy::Keep;
use crate::wire::json::{Json, Read, Str};

/// Reads the value of the key `tools` of a request, in the nested form of chat completions or the flat one of responses.
pub(super) fn read_definitions(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Vec<ToolDefinition>> {
    read_each(json, keep, |json, tool, keep| {
        json.object(|key, json| {
            match key {
                "type" => tool.kind = name(json, keep)?.unwrap_or_default(),
                "function" | "custom" => {
                    json.object(|key, json| read_field(key, json, tool, keep))?;
                }
                _ => read_field(key, json, tool, keep)?,
            }
            Ok(())
        })
    })
}

/// Reads the value of the deprecated key `functions`.
pub(super) fn read_functions(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Vec<ToolDefinition>> {
    read_each(json, keep, |json, tool, keep| {
        tool.kind = "function".into();
        json.object(|key, json| read_field(key, json, tool, keep))
    })
}

fn read_each(
    json: &mut Json<'_>,
    keep: &mut Keep<'_>,
    mut read: impl FnMut(&mut Json<'_>, &mut ToolDefinition, &mut Keep<'_>) -> Read<bool>,
) -> Read<Vec<ToolDefinition>> {
    let tools = list(json, keep.limits().tools, keep, |json, keep| {
        let mut tool = ToolDefinition { kind: "".into(), name: None, description: None, parameters: None };
        Ok(read(json, &mut tool, keep)?.then_some(tool))
    })?;
    Ok(tools.into_iter().flatten().collect())
}

fn read_field(key: &str, json: &mut Json<'_>, tool: &mut ToolDefinition, keep: &mut Keep<'_>) -> Read<()> {
    match key {
        "name" => tool.name = name(json, keep)?,
        "description" => tool.description = json.str()?.map(|text| keep.text(text)),
        // A custom tool has a grammar in place of a schema.
        "parameters" | "format" => tool.parameters = keep.value(json.raw()?),
        _ => {}
    }
    Ok(())
}

/// A tool call as it stands in a message, or what a delta says of one.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CallView<'a> {
    pub(super) index: Option<u64>,
    pub(super) id: Option<Str<'a>>,
    pub(super) kind: Option<Str<'a>>,
    pub(super) name: Option<Str<'a>>,
    pub(super) arguments: Option<Str<'a>>,
}

impl<'a> CallView<'a> {
    /// Reads an element of `tool_calls`.
    pub(super) fn read(json: &mut Json<'a>) -> Read<Self> {
        let mut call = Self::default();
        json.object(|key, json| {
            match key {
                "index" => call.index = json.u64()?,
                "id" => call.id = json.str()?,
                "type" => call.kind = json.str()?,
                "function" | "custom" => call.read_called(json)?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(call)
    }

    /// Reads what is called: the value of `function`, `custom`, or the deprecated `function_call`.
    pub(super) fn read_called(&mut self, json: &mut Json<'a>) -> Read<()> {
        json.object(|key, json| {
            match key {
                "name" => self.name = json.str()?,
                "arguments" | "input" => self.arguments = json.str()?,
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }

    /// The call, without its arguments.
    pub(super) fn head(self, keep: &mut Keep<'_>) -> ToolCall {
        let mut call = ToolCall::default();
        self.fill(&mut call, keep);
        call
    }

    /// Fills in what the call doesn't know of itself yet. Some servers repeat id and name in every delta.
    pub(super) fn fill(self, call: &mut ToolCall, keep: &mut Keep<'_>) {
        let mut set = |field: &mut Option<Box<str>>, value: Option<Str<'_>>| {
            if field.is_none() {
                *field = value.filter(|value| !value.is_empty()).map(|value| keep.name(value));
            }
        };
        set(&mut call.id, self.id);
        set(&mut call.name, self.name);
        if call.kind.is_none() {
            call.kind = self.kind.map(|kind| kind_of_call(kind, keep));
        }
    }

    /// The call as a part of a message.
    pub(super) fn part(self, keep: &mut Keep<'_>) -> Part {
        let mut call = self.head(keep);
        call.arguments = self.arguments.map(|arguments| keep.text(arguments));
        Part::ToolCall(call)
    }
}

fn kind_of_call(kind: Str<'_>, keep: &mut Keep<'_>) -> Cow<'static, str> {
    match kind.raw() {
        "function" => Cow::Borrowed("function"),
        "custom" => Cow::Borrowed("custom"),
        _ => Cow::Owned(keep.name(kind).into_string()),
    }
}
