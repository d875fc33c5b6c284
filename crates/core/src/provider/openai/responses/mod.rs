//! Responses: `POST …/responses`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses> and `responses-streaming` there. A response is one
//! choice: its output items are the parts of one message.

mod answer;
mod event;
mod request;

use super::{error, path};
use crate::event::{Failure, Operation, Request};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Surface};
use crate::wire::json::Read;

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
