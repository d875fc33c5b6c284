//! Chat completions: `POST …/chat/completions`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>.

use super::tools::CallView;
use super::{completion, content, error, params, path};
use crate::event::{Failure, Media, MediaSource, Message, Modality, Operation, Part, Request, Role};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Surface};
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

    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request> {
        let mut request = Request::default();
        let mut json = Json::new(body);
        let is_object = json.object(|key, json| {
            if key != "messages" {
                return params::read(key, json, &mut request, keep);
            }
            json.array(|json| {
                let message = json.raw()?;
                if keep.admits(request.messages.len(), keep.limits().messages, message.len()) {
                    request.messages.push(read_message(message, keep)?);
                }
                Ok(())
            })
            .map(drop)
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
    content: Option<&'a str>,
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
                "content" => self.content = Some(json.raw()?),
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

/// Reads one message, given by its JSON.
pub(super) fn read_message(raw: &str, keep: &mut Keep<'_>) -> Read<Message> {
    let mut view = MessageView::default();
    view.read(&mut Json::new(raw))?;
    let role = view.role.map_or_else(|| Role::Other("".into()), |role| Role::named(&keep.name(role)));
    let mut parts = Vec::new();
    if let Some(reasoning) = view.reasoning {
        parts.push(Part::Reasoning(keep.text(reasoning)));
    }
    let mut is_list = false;
    if let Some(content) = view.content {
        if role == Role::Tool {
            // An older `function` message names the function where a `tool` message names the call.
            let id = view.tool_call_id.map(|id| keep.name(id));
            parts.push(tool_result(id, content, keep)?);
        } else {
            is_list = content::read(&mut Json::new(content), &mut parts, keep)?;
        }
    }
    if let Some(refusal) = view.refusal {
        parts.push(Part::Refusal(keep.text(refusal)));
    }
    if let Some(id) = view.audio_id {
        let source = MediaSource::Id(keep.name(id));
        parts.push(Part::Media(Media { modality: Modality::Audio, format: None, source, detail: None, name: None }));
    }
    if let Some(call) = view.function_call {
        parts.push(call.part(keep));
    }
    if let Some(mut calls) = view.tool_calls {
        let mut count = 0;
        calls.array(|json| {
            let call = CallView::read(json)?;
            if keep.admits(count, keep.limits().tools, call.arguments.map_or(0, |text| text.raw().len())) {
                parts.push(call.part(keep));
                count += 1;
            }
            Ok(())
        })?;
    }
    Ok(Message { role, name: view.name.map(|name| keep.name(name)), parts, is_list })
}

/// What a tool gave back: a string, or any other JSON, which is kept as it was written.
pub(super) fn tool_result(id: Option<Box<str>>, raw: &str, keep: &mut Keep<'_>) -> Read<Part> {
    let mut json = Json::new(raw);
    let (content, is_list) = match json.peek()? {
        Kind::String => (json.str()?.unwrap_or(Str::plain("")), false),
        Kind::Null => (Str::plain(""), false),
        kind => (Str::plain(raw), kind == Kind::Array),
    };
    Ok(Part::ToolResult { id, content: keep.text(content), is_list })
}
