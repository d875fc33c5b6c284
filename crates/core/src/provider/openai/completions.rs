//! Legacy completions: `POST …/completions`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/completions>.

use super::{completion, content, error, params, path, shape};
use crate::event::{Failure, Message, Operation, Part, Request, Role, Text};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Outline, Surface};
use crate::wire::json::{Json, Kind, Read, Unreadable};

/// The surface `openai.completions`.
#[derive(Debug)]
pub struct Completions;

impl Surface for Completions {
    fn name(&self) -> &'static str {
        "openai.completions"
    }

    fn operation(&self) -> Operation {
        Operation::TextCompletion
    }

    fn matches(&self, path: &str) -> bool {
        path::ends_with(path, "/completions") && !path::ends_with(path, "/chat/completions")
    }

    fn input(&self) -> &'static str {
        "prompt"
    }

    fn asks(&self, request: &Outline<'_>) -> bool {
        shape::has_model(request) && matches!(request.kind("prompt"), Some(Kind::String | Kind::Array))
    }

    fn answers(&self, answer: &Outline<'_>) -> bool {
        answer.has("choices") && shape::object(answer) == Some("text_completion")
    }

    fn fails(&self, answer: &Outline<'_>) -> bool {
        shape::is_error(answer)
    }

    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request> {
        let mut request = Request::default();
        let mut json = Json::new(body);
        let is_object = json.object(|key, json| match key {
            "prompt" => read_prompt(json, &mut request.messages, keep),
            _ => params::read(key, json, &mut request, keep),
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

/// A prompt is a string, an array of strings, an array of tokens, or an array of those. Each is one message; of tokens
/// the text isn't known, and their number is no size of it.
fn read_prompt(json: &mut Json<'_>, messages: &mut Vec<Message>, keep: &mut Keep<'_>) -> Read<()> {
    match json.peek()? {
        Kind::String => messages.extend(json.str()?.map(|text| content::user_message(text, keep))),
        Kind::Array => {
            let mut is_tokens = false;
            json.array(|json| {
                is_tokens |= json.peek()? == Kind::Number;
                if is_tokens {
                    return json.skip();
                }
                let before = json.at();
                let text = json.str()?;
                if keep.admits(messages.len(), keep.limits().messages, json.at() - before) {
                    messages.push(text.map_or_else(tokens, |text| content::user_message(text, keep)));
                }
                Ok(())
            })?;
            if is_tokens {
                messages.push(tokens());
            }
        }
        _ => json.skip()?,
    }
    Ok(())
}

/// A message that was sent as tokens.
fn tokens() -> Message {
    Message {
        role: Role::User,
        name: None,
        parts: vec![Part::Other { kind: "tokens".into(), id: None, json: Text::default() }],
        is_list: true,
    }
}
