//! What was said: messages and definitions of tools, in the conventions' form or in that of the OpenAI API, whichever they are in.
//!
//! Packages mix the two, so that one reader takes the members of both. A member that neither has makes a part that is kept as JSON.

use std::borrow::Cow;

use super::super::Value;
use super::super::shared::said::{is_list, own};
use super::draft::Why;
use super::source::{Source, Tree};
use crate::event::{self, Media, MediaSource, Message, Modality, Part, Role, Text, ToolCall, ToolDefinition};
use crate::wire::json::{Json, Kind, Read, Unreadable, VALUE_DEPTH};

/// Most messages, parts of a message and tools that are read.
pub(in crate::dialect) const MESSAGES: usize = 16_384;

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

/// A list of messages, or one; a text alone is one of that role.
pub(in crate::dialect) fn messages<'a, S: Source<'a>>(source: &mut S, role: &Role) -> Read<Vec<Said>> {
    some(source, |source| message(source, role))
}

/// Elements of a list, or what stands in its place alone.
pub(in crate::dialect) fn some<'a, S: Source<'a>, T>(
    source: &mut S,
    mut one: impl FnMut(&mut S) -> Read<Option<T>>,
) -> Read<Vec<T>> {
    let mut all = Vec::new();
    match source.peek()? {
        Kind::Array => add_list(source, &mut all, one)?,
        _ => add(source, &mut all, &mut one)?,
    }
    Ok(all)
}

/// Adds elements of a list.
pub(in crate::dialect) fn add_list<'a, S: Source<'a>, T>(
    source: &mut S,
    all: &mut Vec<T>,
    mut one: impl FnMut(&mut S) -> Read<Option<T>>,
) -> Read<()> {
    match source.peek()? {
        Kind::Null => source.skip(),
        _ if source.array(|source| add(source, all, &mut one))? => Ok(()),
        _ => Err(Unreadable),
    }
}

/// Adds one, unless `null` stands there. What has no place is an error: whatever holds it is kept whole, as it came.
fn add<'a, S: Source<'a>, T>(
    source: &mut S,
    all: &mut Vec<T>,
    one: &mut impl FnMut(&mut S) -> Read<Option<T>>,
) -> Read<()> {
    if source.peek()? == Kind::Null {
        return source.skip();
    }
    if all.len() == MESSAGES {
        return Err(Unreadable);
    }
    all.push(one(source)?.ok_or(Unreadable)?);
    Ok(())
}

/// A message; `None` where there is none.
pub(in crate::dialect) fn message<'a, S: Source<'a>>(source: &mut S, role: &Role) -> Read<Option<Said>> {
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
            "parts" => add_list(source, &mut of.content, part)?,
            "content" => match source.peek()? {
                Kind::Array => {
                    result = Some(source.clone());
                    of.is_list = true;
                    add_list(source, &mut of.content, part)?;
                }
                _ => of.text = source.said()?,
            },
            "refusal" => of.refusal = source.text()?,
            "reasoning_content" | "reasoning" => of.reasoning = source.said()?.map(|(text, _)| text),
            "tool_calls" => add_list(source, &mut of.calls, part)?,
            "tool_call_id" | "id" => of.tool_call_id = source.text()?,
            "finish_reason" => said.finish_reason = source.text()?,
            "index" | own::INDEX => said.index = source.i64()?.and_then(|index| u32::try_from(index).ok()),
            own::LIST => of.told_list = source.bool()?,
            _ => {}
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

/// Members of a part in either form.
#[derive(Default)]
struct PartMembers {
    kind: Option<Box<str>>,
    id: Option<Box<str>>,
    content: Option<(Box<str>, bool)>,
    name: Option<Box<str>>,
    arguments: Option<(Box<str>, bool)>,
    response: Option<(Box<str>, bool)>,
    modality: Option<Box<str>>,
    mime_type: Option<Box<str>>,
    format: Option<Box<str>>,
    detail: Option<Box<str>>,
    file_name: Option<Box<str>>,
    sha256: Option<Box<str>>,
    uri: Option<Box<str>>,
    inline: Option<Box<str>>,
    file_id: Option<Box<str>>,
    item: Option<Box<str>>,
    custom: bool,
    is_function: bool,
    call_kind: Option<Box<str>>,
    is_refusal: bool,
    summary: Option<Box<str>>,
}

/// A part; `None` where there is none.
pub(in crate::dialect) fn part<'a, S: Source<'a>>(source: &mut S) -> Read<Option<Part>> {
    if source.peek()? == Kind::String {
        return Ok(source.text()?.map(|text| Part::Text(Text::kept(text))));
    }
    let mut whole = source.clone();
    let mut of = PartMembers::default();
    if !source.object(|key, source| of.member(key, source))? {
        return Ok(None);
    }
    if let Some(part) = of.part() {
        return Ok(Some(part));
    }
    let json = Text::kept(whole.json()?);
    Ok(Some(Part::Other { kind: of.kind.unwrap_or_default(), id: of.id, json }))
}

impl PartMembers {
    fn member<'a, S: Source<'a>>(&mut self, key: &str, source: &mut S) -> Read<()> {
        match key {
            "type" => self.kind = source.text()?,
            "id" | "toolCallId" | "tool_call_id" | "call_id" => self.id = source.text()?.or(self.id.take()),
            "content" | "text" => self.content = source.said()?,
            "refusal" => {
                self.content = source.said()?;
                self.is_refusal = true;
            }
            "name" | "toolName" => self.name = source.text()?,
            "arguments" | "args" | "input" => self.arguments = source.said()?,
            "response" | "result" | "output" => self.response = source.said()?,
            "function" | "custom" => {
                self.custom = key == "custom";
                self.is_function = true;
                source.object(|key, source| {
                    match key {
                        "name" => self.name = source.text()?,
                        "arguments" | "input" => self.arguments = source.said()?,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            "modality" => self.modality = source.text()?,
            "mime_type" | "mediaType" => self.mime_type = source.text()?,
            "uri" => self.uri = source.text()?,
            "file_id" => self.file_id = source.text()?,
            "format" => self.format = source.text()?,
            "detail" => self.detail = source.text()?,
            "filename" => self.file_name = source.text()?,
            "image_url" | "image_file" | "video_url" | "input_audio" | "audio" | "file" | "file_url" | "file_data" => {
                self.media(key, source)?;
            }
            "summary" => self.summary = summary(source)?,
            "server_tool_call" => self.item = Some(source.json()?.into_owned().into_boxed_str()),
            own::KIND => self.call_kind = source.text()?,
            own::REFUSAL => self.is_refusal = source.bool()?.unwrap_or(false),
            own::SHA256 => self.sha256 = source.text()?,
            _ => {}
        }
        Ok(())
    }

    /// Media as the OpenAI API writes it: under the name of its kind, a text or an object.
    fn media<'a, S: Source<'a>>(&mut self, kind: &str, source: &mut S) -> Read<()> {
        let modality = match kind {
            "image_url" | "image_file" => "image",
            "input_audio" | "audio" => "audio",
            "video_url" => "video",
            _ => "document",
        };
        self.modality = Some(modality.into());
        if source.peek()? == Kind::String {
            let text = source.text()?;
            if kind == "file_data" {
                self.inline = text
            } else {
                self.uri = text
            }
            return Ok(());
        }
        source.object(|key, source| {
            match key {
                "url" | "file_url" => self.uri = source.text()?,
                "file_id" | "id" => self.file_id = source.text()?,
                "data" | "file_data" => self.inline = source.text()?,
                "format" => self.format = source.text()?,
                "detail" => self.detail = source.text()?,
                "filename" => self.file_name = source.text()?,
                _ => {}
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The part; `None` and untouched if it is of a kind that isn't known.
    fn part(&mut self) -> Option<Part> {
        let said = |content: Option<(Box<str>, bool)>| content.map(|(text, _)| Text::kept(text)).unwrap_or_default();
        Some(match self.kind.as_deref() {
            Some("refusal") => Part::Refusal(said(self.content.take())),
            Some("text" | "input_text" | "output_text") if self.is_refusal => Part::Refusal(said(self.content.take())),
            Some("text" | "input_text" | "output_text") => Part::Text(said(self.content.take())),
            Some("reasoning" | "thinking" | "reasoning_text" | "summary_text") if self.content.is_some() => {
                Part::Reasoning(said(self.content.take()))
            }
            // An item of the responses API.
            Some("reasoning") if self.summary.is_some() => {
                Part::Reasoning(self.summary.take().map(Text::kept).unwrap_or_default())
            }
            Some("tool_call" | "tool-call" | "function" | "function_call" | "custom" | "custom_tool_call") => {
                self.call()
            }
            None if self.name.is_some() && (self.arguments.is_some() || self.is_function) => self.call(),
            Some("tool_call_response" | "tool-result" | "function_call_output") => {
                let (text, is_json) = self.response.take().or(self.content.take()).unwrap_or_default();
                Part::ToolResult { id: self.id.take(), content: Text::kept(text), is_list: is_json }
            }
            Some("server_tool_call") => match self.item.take() {
                Some(item) => {
                    let kind = self.name.take().map_or_else(|| "tool_call".to_owned(), |name| format!("{name}_call"));
                    Part::Other { kind: kind.into(), id: self.id.take(), json: Text::kept(item) }
                }
                None => return None,
            },
            Some("blob") => {
                self.inline = self.content.take().map(|(text, _)| text);
                self.picture()
            }
            Some("uri" | "file") | None if self.uri.is_some() || self.file_id.is_some() || self.inline.is_some() => {
                self.picture()
            }
            Some(
                "image_url" | "image_file" | "video_url" | "input_audio" | "audio" | "input_image" | "input_file"
                | "file" | "uri",
            ) => self.picture(),
            _ => return None,
        })
    }

    fn call(&mut self) -> Part {
        let is_custom = self.custom || matches!(self.kind.as_deref(), Some("custom" | "custom_tool_call"));
        let kind = match self.call_kind.take() {
            Some(kind) => Cow::Owned(kind.into_string()),
            None if is_custom => Cow::Borrowed("custom"),
            None => Cow::Borrowed("function"),
        };
        // A call of the API's form that has no type doesn't say.
        let kind = (is_custom || self.kind.is_some()).then_some(kind);
        let arguments = self.arguments.take().map(|(text, _)| Text::kept(text));
        Part::ToolCall(ToolCall { id: self.id.take(), kind, name: self.name.take(), arguments })
    }

    fn picture(&mut self) -> Part {
        let of = std::mem::take(self);
        let modality = match of.modality.as_deref() {
            Some("image") => Modality::Image,
            Some("audio") => Modality::Audio,
            Some("video") => Modality::Video,
            _ => Modality::File,
        };
        let source = match (of.uri, of.inline, of.file_id) {
            (Some(uri), ..) => MediaSource::Uri(Text::kept(uri)),
            (_, Some(inline), _) => match (modality, of.mime_type.as_deref()) {
                // What the conventions have as bytes of a type is a `data:` URL in the API, but for sound and files.
                (Modality::Image | Modality::Video, Some(mime)) => {
                    MediaSource::Uri(Text::kept(format!("data:{mime};base64,{inline}")))
                }
                _ => MediaSource::Inline(Text::kept(inline)),
            },
            (.., Some(id)) => MediaSource::Id(Text::kept(id)),
            _ => MediaSource::Unknown,
        };
        let is_url = matches!(source, MediaSource::Uri(_));
        let format = of.format.or_else(|| {
            Some(match of.mime_type.as_deref().filter(|_| !is_url)? {
                "audio/wav" => "wav".into(),
                "audio/mpeg" => "mp3".into(),
                other => other.into(),
            })
        });
        Part::Media(Media { modality, format, source, detail: of.detail, name: of.file_name, sha256: of.sha256 })
    }
}

/// Texts of a list of parts, one after another; `None` where it says nothing.
fn summary<'a, S: Source<'a>>(source: &mut S) -> Read<Option<Box<str>>> {
    let mut all = String::new();
    source.array(|source| {
        source.object(|key, source| {
            if key == "text" {
                all.push_str(&source.text()?.unwrap_or_default());
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok((!all.is_empty()).then(|| all.into()))
}

/// Definitions of tools, in either form.
pub(in crate::dialect) fn tools<'a, S: Source<'a>>(source: &mut S) -> Read<Vec<ToolDefinition>> {
    some(source, tool)
}

/// The definition of a tool; `None` where there is none.
pub(in crate::dialect) fn tool<'a, S: Source<'a>>(source: &mut S) -> Read<Option<ToolDefinition>> {
    let mut tool = ToolDefinition { kind: "".into(), name: None, description: None, parameters: None };
    if source.object(|key, source| member(&mut tool, key, source))? {
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

fn member<'a, S: Source<'a>>(tool: &mut ToolDefinition, key: &str, source: &mut S) -> Read<()> {
    match key {
        "type" => tool.kind = source.text()?.unwrap_or_default(),
        "name" => tool.name = source.text()?.filter(|name| !name.is_empty()),
        "description" => tool.description = source.text()?.map(Text::kept),
        "parameters" | "inputSchema" | "input_schema" => {
            tool.parameters = Some(source.value()?).filter(|value| *value != event::Value::Null);
        }
        "function" | "custom" => {
            source.object(|key, source| member(tool, key, source))?;
        }
        _ => {}
    }
    Ok(())
}

/// Texts of a list of parts, or a text: what instructions are.
fn text<'a, S: Source<'a>>(source: &mut S) -> Read<Option<Box<str>>> {
    texts(some(source, part)?.iter())
}

/// All of them together; `None` where they say nothing. Anything else among them is an error.
pub(in crate::dialect) fn texts<'p>(parts: impl Iterator<Item = &'p Part>) -> Read<Option<Box<str>>> {
    let text = |part: &Part| if let Part::Text(text) = part { text.as_str().map(str::to_owned) } else { None };
    let texts: Vec<_> = parts.map(text).collect::<Option<_>>().ok_or(Unreadable)?;
    Ok((!texts.is_empty()).then(|| texts.join("\n\n").into()))
}

/// Messages in an attribute or a body: JSON text, or a structured value.
pub(in crate::dialect) fn messages_in(value: &Value<'_>, role: &Role) -> Result<Vec<Said>, Why> {
    match value.as_str() {
        Some(text) => whole(text, |json| messages(json, role)),
        None => messages(&mut Tree::new(value), role),
    }
    .map_err(|_| why(value))
}

/// One message in an attribute or a body, likewise; a text that isn't JSON is what was said.
pub(in crate::dialect) fn message_in(value: &Value<'_>, role: &Role) -> Result<Option<Said>, Why> {
    match value.as_str() {
        Some(text) if text.trim_start().starts_with('{') => whole(text, |json| message(json, role)),
        _ => message(&mut Tree::new(value), role),
    }
    .map_err(|_| why(value))
}

/// An answer, likewise: a message with its index and finish reason beside it, or around it.
pub(in crate::dialect) fn choice_in(value: &Value<'_>) -> Result<Option<Said>, Why> {
    match value.as_str() {
        Some(text) if text.trim_start().starts_with('{') => whole(text, choice),
        _ => choice(&mut Tree::new(value)),
    }
    .map_err(|_| why(value))
}

/// Answers, likewise: a list, or one.
pub(in crate::dialect) fn choices_in(value: &Value<'_>) -> Result<Vec<Said>, Why> {
    match value.as_str() {
        Some(text) => whole(text, |json| some(json, choice)),
        None => some(&mut Tree::new(value), choice),
    }
    .map_err(|_| why(value))
}

/// Definitions of tools, likewise.
pub(in crate::dialect) fn tools_in(value: &Value<'_>) -> Result<Vec<ToolDefinition>, Why> {
    match value.as_str() {
        Some(text) => whole(text, tools),
        None => tools(&mut Tree::new(value)),
    }
    .map_err(|_| why(value))
}

/// The definition of one tool as JSON text.
pub(in crate::dialect) fn tool_in(json: &str) -> Result<ToolDefinition, Why> {
    let read = whole(json, |json| tool(json)?.ok_or(Unreadable));
    read.map_err(|_| why(&Value::Str(json)))
}

/// Instructions, likewise; what isn't JSON is the text itself.
pub(in crate::dialect) fn text_in(value: &Value<'_>) -> Result<Option<Box<str>>, Why> {
    match value.as_str() {
        Some(said) if said.trim_start().starts_with('[') => match whole(said, text) {
            Ok(text) => Ok(text),
            Err(_) if whole(said, Json::skip).is_err() => Ok(Some(said.into())),
            Err(_) => Err(why(value)),
        },
        Some(said) => Ok(Some(said.into())),
        None => text(&mut Tree::new(value)).map_err(|_| why(value)),
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

fn choice<'a, S: Source<'a>>(source: &mut S) -> Read<Option<Said>> {
    let mut inner = None;
    source.clone().object(|key, source| {
        if key == "message" {
            inner = message(source, &Role::Assistant)?;
        }
        Ok(())
    })?;
    let Some(outer) = message(source, &Role::Assistant)? else { return Ok(None) };
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
