//! Responses: `POST …/responses`.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>.

use super::{error, path};
use crate::event::{Failure, Operation, Request};
use crate::policy::Keep;
use crate::provider::{Answer, Heard, Surface};
use crate::wire::json::{Read, Unreadable};

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

    fn read_request(&self, _body: &str, _keep: &mut Keep<'_>) -> Read<Request> {
        Err(Unreadable)
    }

    fn read_response(&self, _body: &str, _answer: &mut Answer, _keep: &mut Keep<'_>) -> Read<()> {
        Err(Unreadable)
    }

    fn read_error(&self, body: &str, keep: &mut Keep<'_>) -> Option<Failure> {
        error::read_body(body, keep)
    }

    fn read_event(&self, _kind: &str, _data: &str, _answer: &mut Answer, _keep: &mut Keep<'_>) -> Read<Heard> {
        Err(Unreadable)
    }
}
