//! What was said: messages and definitions of tools, in the conventions' form or in that of the OpenAI API, whichever they are in.
//!
//! Packages mix the two, so that one reader takes the members of both. A member that neither has makes a part that is kept as JSON.

use super::super::Value;
use super::super::shared::said::{is_list, own};
use super::draft::Why;
use super::left::{Left, MESSAGES, add_list, some};
use super::part::part;
use super::source::{Source, Tree};
use crate::event::{self, Message, Part, Role, Text, ToolDefinition};
use crate::wire::json::{Json, Kind, Read, Unreadable, VALUE_DEPTH};

/// A message, and what is told beside it.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::dialect) struct Said {
    pub(in crate::dialect) message: Message,
    pub(in crate::dialect) finish_reason: Option<Box<str>>,
    pub(in crate::dialect) index: Option<u32>,
}

impl Said {
    /// A message of which only its role is told.
    pub(in crate::dialect) fn silent(role: Role) -> Self {
        let message = Message { role, name: None, parts: Vec::new(), is_list: false };
        Self { message, finish_reason: None, index: None }
    }
}

/// A message; `None` where there is none.
fn message<'a, S: Source<'a>>(source: &mut S, left: &mut Left, role: &Role) -> Read<Option<Said>> {
    message_around(source, left, role, None)
}

/// A message, and another inside it where one may be.
fn message_around<'a, S: Source<'a>>(
    source: &mut S,
    left: &mut Left,
    role: &Role,
    mut inner: Option<&mut Option<Said>>,
) -> Read<Option<Said>> {
    let mut said = Said::silent(role.clone());
    if source.peek()? == Kind::String {
        let text = source.text()?.unwrap_or_default();
        said.message.parts.push(Part::Text(Text::kept(text)));
        return Ok(Some(said));
    }
    let mut of = Members::default();
    let mut result = None;
    let is_message = source.object(|key, source| {
        match key {
            "role" => of.role = source.text()?,
            "name" => said.message.name = source.text()?,
            "parts" => left.of("parts", |left| add_list(source, left, &mut of.content, part))?,
            "content" => match source.peek()? {
                Kind::Array => {
                    result = Some(source.clone());
                    of.is_list = true;
                    left.of("content", |left| add_list(source, left, &mut of.content, part))?;
                }
                _ => of.text = source.said()?,
            },
            "refusal" => of.refusal = source.text()?,
            "reasoning_content" | "reasoning" => of.reasoning = source.said()?.map(|(text, _)| text),
            "tool_calls" => left.of("tool_calls", |left| add_list(source, left, &mut of.calls, part))?,
            "tool_call_id" | "id" => of.tool_call_id = source.text()?,
            "finish_reason" => said.finish_reason = source.text()?,
            "index" | own::INDEX => said.index = source.i64()?.and_then(|index| u32::try_from(index).ok()),
            own::LIST => of.told_list = source.bool()?,
            _ => match &mut inner {
                Some(inner) if key == "message" => **inner = left.of("message", |left| message(source, left, role))?,
                _ => left.member(key, source)?,
            },
        }
        Ok(())
    })?;
    if !is_message {
        return Ok(None);
    }
    if let Some(role) = &of.role {
        said.message.role = Role::named(role);
    }
    if said.message.role == Role::Tool && of.is_result() {
        let content = match (of.text, result) {
            (Some((text, _)), _) => Text::kept(text),
            (None, Some(mut list)) => Text::kept(list.json()?),
            (None, None) => Text::default(),
        };
        said.message.parts.push(Part::ToolResult { id: of.tool_call_id, content, is_list: of.is_list });
    } else {
        of.into_message(&mut said.message);
    }
    Ok(Some(said))
}

/// Members of a message in either form.
#[derive(Default)]
struct Members {
    role: Option<Box<str>>,
    content: Vec<Part>,
    text: Option<(Box<str>, bool)>,
    is_list: bool,
    told_list: Option<bool>,
    refusal: Option<Box<str>>,
    reasoning: Option<Box<str>>,
    calls: Vec<Part>,
    tool_call_id: Option<Box<str>>,
}

impl Members {
    /// Whether a tool's message is the result itself, and not a list of parts with results among them.
    fn is_result(&self) -> bool {
        self.is_list || self.text.is_some() || (self.tool_call_id.is_some() && self.content.is_empty())
    }

    fn into_message(self, message: &mut Message) {
        let text = self.text.map(|(text, _)| text).filter(|text| !text.is_empty());
        message.parts.extend(self.reasoning.map(|text| Part::Reasoning(Text::kept(text))));
        message.parts.extend(text.map(|text| Part::Text(Text::kept(text))));
        message.parts.extend(self.content);
        message.parts.extend(self.refusal.map(|text| Part::Refusal(Text::kept(text))));
        message.parts.extend(self.calls);
        message.is_list = self.told_list.unwrap_or_else(|| self.is_list || is_list(&message.parts));
    }
}

/// The definition of a tool; `None` where there is none.
fn tool<'a, S: Source<'a>>(source: &mut S, left: &mut Left) -> Read<Option<ToolDefinition>> {
    let mut tool = ToolDefinition { kind: "".into(), name: None, description: None, parameters: None };
    if source.object(|key, source| member(&mut tool, key, source, left))? {
        if tool.kind.is_empty() {
            tool.kind = "function".into();
        }
        // A built-in one is called by its type.
        if &*tool.kind != "function" && tool.name.as_deref() == Some(&*tool.kind) {
            tool.name = None;
        }
        return Ok(Some(tool));
    }
    Ok(None)
}

fn member<'a, S: Source<'a>>(tool: &mut ToolDefinition, key: &str, source: &mut S, left: &mut Left) -> Read<()> {
    match key {
        "type" => tool.kind = source.text()?.unwrap_or_default(),
        "name" => tool.name = source.text()?.filter(|name| !name.is_empty()),
        "description" => tool.description = source.text()?.map(Text::kept),
        "parameters" | "inputSchema" | "input_schema" => {
            tool.parameters = Some(source.value()?).filter(|value| *value != event::Value::Null);
        }
        "function" | "custom" => {
            source.object(|key, source| member(tool, key, source, left))?;
        }
        _ => left.member(key, source)?,
    }
    Ok(())
}

/// Texts of a list of parts, or a text: what instructions are.
fn text<'a, S: Source<'a>>(source: &mut S, left: &mut Left) -> Read<Option<Box<str>>> {
    texts(some(source, left, part)?.iter())
}

/// All of them together; `None` where they say nothing. Anything else among them is an error.
pub(in crate::dialect) fn texts<'p>(parts: impl Iterator<Item = &'p Part>) -> Read<Option<Box<str>>> {
    let text = |part: &Part| if let Part::Text(text) = part { text.as_str().map(str::to_owned) } else { None };
    let texts: Vec<_> = parts.map(text).collect::<Option<_>>().ok_or(Unreadable)?;
    Ok((!texts.is_empty()).then(|| texts.join("\n\n").into()))
}

/// Something that is said, and what of it has no place.
type In<T> = Result<(T, Left), Why>;

/// Messages in an attribute or a body, or one; JSON text, or a structured value. A text alone is one of that role.
pub(in crate::dialect) fn messages_in(value: &Value<'_>, role: &Role) -> In<Vec<Said>> {
    told(value, |left| match value.as_str() {
        Some(text) => whole(text, |json| some(json, left, |json, left| message(json, left, role))),
        None => some(&mut Tree::new(value), left, |tree, left| message(tree, left, role)),
    })
}

/// One message in an attribute or a body, likewise; a text that isn't JSON is what was said.
pub(in crate::dialect) fn message_in(value: &Value<'_>, role: &Role) -> In<Option<Said>> {
    told(value, |left| match value.as_str() {
        Some(text) if text.trim_start().starts_with('{') => whole(text, |json| message(json, left, role)),
        _ => message(&mut Tree::new(value), left, role),
    })
}

/// An answer, likewise: a message with its index and finish reason beside it, or around it.
pub(in crate::dialect) fn choice_in(value: &Value<'_>) -> In<Option<Said>> {
    told(value, |left| match value.as_str() {
        Some(text) if text.trim_start().starts_with('{') => whole(text, |json| choice(json, left)),
        _ => choice(&mut Tree::new(value), left),
    })
}

/// Answers, likewise: a list, or one.
pub(in crate::dialect) fn choices_in(value: &Value<'_>) -> In<Vec<Said>> {
    told(value, |left| match value.as_str() {
        Some(text) => whole(text, |json| some(json, left, choice)),
        None => some(&mut Tree::new(value), left, choice),
    })
}

/// Definitions of tools, likewise.
pub(in crate::dialect) fn tools_in(value: &Value<'_>) -> In<Vec<ToolDefinition>> {
    told(value, |left| match value.as_str() {
        Some(text) => whole(text, |json| some(json, left, tool)),
        None => some(&mut Tree::new(value), left, tool),
    })
}

/// The definition of one tool as JSON text.
pub(in crate::dialect) fn tool_in(json: &str) -> In<ToolDefinition> {
    told(&Value::Str(json), |left| whole(json, |json| tool(json, left)?.ok_or(Unreadable)))
}

/// Instructions, likewise; what isn't JSON is the text itself.
pub(in crate::dialect) fn text_in(value: &Value<'_>) -> In<Option<Box<str>>> {
    told(value, |left| match value.as_str() {
        Some(said) if said.trim_start().starts_with('[') && whole(said, Json::skip).is_ok() => {
            whole(said, |json| text(json, left))
        }
        Some(said) => Ok(Some(said.into())),
        None => text(&mut Tree::new(value), left),
    })
}

fn told<T>(value: &Value<'_>, read: impl FnOnce(&mut Left) -> Read<T>) -> In<T> {
    let mut left = Left::default();
    match read(&mut left) {
        Ok(told) => Ok((told, left)),
        Err(Unreadable) => Err(why(value)),
    }
}

/// Why it wasn't what it should be.
pub(in crate::dialect) fn why(value: &Value<'_>) -> Why {
    let is_over_limit = match value.as_str() {
        Some(text) => whole(text, |json| is_over_limit(json, VALUE_DEPTH)),
        None => is_over_limit(&mut Tree::new(value), VALUE_DEPTH),
    };
    match is_over_limit {
        Ok(true) => Why::OverLimit,
        Ok(false) => Why::WrongType,
        Err(Unreadable) => Why::NotJson,
    }
}

/// Whether something is too deep in it, or one of its lists too long.
fn is_over_limit<'a, S: Source<'a>>(source: &mut S, depth: usize) -> Read<bool> {
    let kind = source.peek()?;
    let Some(deeper) = depth.checked_sub(1) else {
        source.skip()?;
        return Ok(true);
    };
    let (mut is_over, mut length) = (false, 0);
    match kind {
        Kind::Array => source.array(|source| {
            length += 1;
            is_over |= is_over_limit(source, deeper)?;
            Ok(())
        })?,
        Kind::Object => source.object(|_, source| {
            is_over |= is_over_limit(source, deeper)?;
            Ok(())
        })?,
        _ => {
            source.skip()?;
            false
        }
    };
    Ok(is_over || length > MESSAGES)
}

/// Whether a list holds items of the responses API, which have a type where messages have a role.
pub(in crate::dialect) fn holds_items(value: &Value<'_>) -> bool {
    let holds = match value.as_str() {
        Some(text) => whole(text, items),
        None => items(&mut Tree::new(value)),
    };
    holds.unwrap_or(false)
}

fn items<'a, S: Source<'a>>(source: &mut S) -> Read<bool> {
    let mut holds = false;
    source.array(|source| {
        let (mut has_role, mut has_type) = (false, false);
        source.object(|key, _| {
            has_role |= key == "role";
            has_type |= key == "type";
            Ok(())
        })?;
        holds |= has_type && !has_role;
        Ok(())
    })?;
    Ok(holds)
}

fn choice<'a, S: Source<'a>>(source: &mut S, left: &mut Left) -> Read<Option<Said>> {
    let mut inner = None;
    let Some(outer) = message_around(source, left, &Role::Assistant, Some(&mut inner))? else { return Ok(None) };
    let Some(mut said) = inner else { return Ok(Some(outer)) };
    said.message.parts.extend(outer.message.parts);
    Ok(Some(Said { message: said.message, ..outer }))
}

/// Reads all of a JSON text.
pub(in crate::dialect) fn whole<'a, T>(text: &'a str, read: impl FnOnce(&mut Json<'a>) -> Read<T>) -> Read<T> {
    let mut json = Json::new(text);
    let value = read(&mut json)?;
    json.end()?;
    Ok(value)
}
