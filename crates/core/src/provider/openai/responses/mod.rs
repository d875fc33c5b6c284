//! Responses: `POST …/responses`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and `responses-streaming` there. A response is one
//! choice: its output items are the parts of one message.

mod answer;
mod event;
mod request;

use super::{error, path, shape};
use crate::event::{Failure, Operation, Request};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Outline, Surface};
use crate::wire::json::{Kind, Read};

/// The surface `openai.responses`.
#[derive(Debug)]
pub struct Responses;

impl Surface for Responses {
    fn name(&self) -> &'static str {
        "openai.responses"
    }

    fn operation(&self) -> Operation {
        Operation::Chat
    }

    fn matches(&self, path: &str) -> bool {
        path::ends_with(path, "/responses")
    }

    fn input(&self) -> &'static str {
        "input"
    }

    fn asks(&self, request: &Outline<'_>) -> bool {
        let is_input = match request.kind("input") {
            Some(Kind::String) => true,
            Some(Kind::Array) => matches!(request.element("input"), Some(Kind::Object) | None),
            _ => false,
        };
        shape::has_model(request) && is_input
    }

    fn answers(&self, answer: &Outline<'_>) -> bool {
        let is_response = |response: &Outline<'_>| shape::object(response) == Some("response");
        is_response(answer) && answer.has("status")
            || answer.inner("response").is_some_and(is_response)
                && answer.text("type").is_some_and(|kind| kind.starts_with("response."))
    }

    fn fails(&self, answer: &Outline<'_>) -> bool {
        shape::is_error(answer)
    }

    fn read_request(&self, body: &str, keep: &mut Keep<'_>) -> Read<Request> {
        request::read(body, keep)
    }

    fn read_response(&self, body: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<()> {
        answer::read_body(body, answer, keep)
    }

    fn read_error(&self, body: &str, keep: &mut Keep<'_>) -> Option<Failure> {
        error::read_body(body, keep)
    }

    fn read_event(&self, kind: &str, data: &str, answer: &mut Answer, keep: &mut Keep<'_>) -> Read<Heard> {
        event::read(kind, data, answer, keep)
    }
}
