//! Chat completions: `POST …/chat/completions`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

use super::content::Content;
use super::tools::CallView;
use super::{completion, error, params, path, shape};
use crate::event::{Failure, Media, MediaSource, Message, Modality, Operation, Part, Request, Role};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Outline, Surface};
use crate::wire::json::{Json, Kind, Read, Str, Unreadable};

/// The surface `openai.chat`.
#[derive(Debug)]
pub struct Chat;

impl Surface for Chat {
    fn name(&self) -> &'static str {
        "openai.chat"
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, path: &str) -> bool {
        path::ends_with(path, "/chat/completions")
    }

    fn owns_paths(&self) -> bool {
        true
    }

    fn input(&self) -> &'static str {
        "messages"
    }

    fn asks(&self, request: &Outline<'_>) -> bool {
        let is_message = |message: &Outline<'_>| message.kind("role") == Some(Kind::String);
        shape::has_model(request) && request.inner("messages").is_some_and(is_message)
    }

    fn answers(&self, answer: &Outline<'_>) -> bool {
        match shape::object(answer) {
            Some(object) => matches!(object, "chat.completion" | "chat.completion.chunk") && answer.has("choices"),
            None => answer.inner("choices").is_some_and(|choice| {
                ["message", "delta"].iter().any(|key| choice.kind(key) == Some(Kind::Object)) && choice.has("index")
            }),
        }
    }

    fn fails(&self, answer: &Outline<'_>) -> bool {
        shape::is_error(answer)
    }

    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request> {
        let mut request = Request::default();
        let mut json = Json::new(body);
        let is_object = json.object(|key, json| {
            if key != "messages" {
                return params::read(key, json, &mut request, keep);
            }
            request.messages = params::list(json, keep.limits().messages, keep, read_message)?;
            Ok(())
        })?;
        json.end()?;
        if is_object { Ok(request) } else { Err(Unreadable) }
    }

    fn read_response(&self, body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
        completion::read_response(body, answer, keep)
    }

    fn read_error(&self, body: &str, keep: &mut Keep<'_>) -> Option<Failure> {
        error::read_body(body, keep)
    }

    fn read_event(&self, _kind: &str, data: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<Heard> {
        completion::read_event(data, answer, keep)
    }
}

/// What a message of a request may say; `role` may come last.
#[derive(Default)]
struct MessageView<'a> {
    role: Option<Str<'a>>,
    name: Option<Str<'a>>,
    tool_call_id: Option<Str<'a>>,
    refusal: Option<Str<'a>>,
    reasoning: Option<Str<'a>>,
    audio_id: Option<Str<'a>>,
    function_call: Option<CallView<'a>>,
    content: Option<Content<'a>>,
    tool_calls: Option<Json<'a>>,
}

impl<'a> MessageView<'a> {
    fn read(&mut self, json: &mut Json<'a>) -> Read<()> {
        json.object(|key, json| {
            match key {
                "role" => self.role = json.str()?,
                "name" => self.name = json.str()?,
                "tool_call_id" => self.tool_call_id = json.str()?,
                "refusal" => self.refusal = json.str()?,
                "reasoning_content" | "reasoning" => self.reasoning = json.str()?.or(self.reasoning),
                "content" => self.content = Some(Content::of(json)?),
                "tool_calls" => self.tool_calls = Some(json.clone()),
                "function_call" if json.peek()? == Kind::Object => {
                    let mut call = CallView { kind: Some(Str::plain("function")), ..CallView::default() };
                    call.read_called(json)?;
                    self.function_call = Some(call);
                }
                // An earlier answer's audio, by its id.
                "audio" => {
                    json.object(|key, json| {
                        if key == "id" {
                            self.audio_id = json.str()?;
                        }
                        Ok(())
                    })?;
                }
                _ => {}
            }
            Ok(())
        })
        .map(drop)
    }
}

/// Reads one message.
fn read_message(json: &mut Json<'_>, keep: &mut Keep<'_>) -> Read<Message> {
    let mut view = MessageView::default();
    view.read(json)?;
    let role = view.role.map_or_else(|| Role::Other("".into()), |role| role_named(role, keep));
    let (mut parts, is_list) = match view.content {
        Some(content) if role == Role::Tool => {
            // An older `function` message names the function where a `tool` message names the call.
            let id = view.tool_call_id.map(|id| keep.name(id));
            (vec![tool_result(id, content, keep)?], false)
        }
        Some(content) => content.parts(keep)?,
        None => (Vec::new(), false),
    };
    if let Some(reasoning) = view.reasoning {
        parts.insert(0, Part::Reasoning(keep.text(reasoning)));
    }
    if let Some(refusal) = view.refusal {
        parts.push(Part::Refusal(keep.text(refusal)));
    }
    if let Some(id) = view.audio_id {
        let source = MediaSource::Id(keep.text(id));
        let (modality, format, detail, name, sha256) = (Modality::Audio, None, None, None, None);
        parts.push(Part::Media(Media { modality, format, source, detail, name, sha256 }));
    }
    if let Some(call) = view.function_call {
        parts.push(call.part(keep));
    }
    if let Some(mut calls) = view.tool_calls {
        let calls =
            params::list(&mut calls, keep.limits().tools, keep, |json, keep| Ok(CallView::read(json)?.part(keep)))?;
        parts.extend(calls);
    }
    Ok(Message { role, name: view.name.and_then(|name| keep.said(name)), parts, is_list })
}

/// The role of that name.
pub(super) fn role_named(name: Str<'_>, keep: &mut Keep<'_>) -> Role {
    match Role::named(name.raw()) {
        Role::Other(_) => Role::Other(keep.name(name)),
        role => role,
    }
}

/// What a tool gave back: a string, or any other JSON, which is kept as it was written.
pub(super) fn tool_result(id: Option<Box<str>>, content: Content<'_>, keep: &mut Keep<'_>) -> Read<Part> {
    let (content, is_list) = match content {
        Content::Text(text) => (text, false),
        Content::Other(mut json) => match json.peek()? {
            Kind::Null => (Str::plain(""), false),
            kind => (Str::plain(json.raw()?), kind == Kind::Array),
        },
    };
    Ok(Part::ToolResult { id, content: keep.text(content), is_list })
}
