//! The state of one exchange: facts are handed in as they come, a finished call is taken out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{End, RequestHead, ResponseHead, Skips};
use crate::event::{Attempt, Call, Identity};
use crate::policy::{Content, Limits};

/// What holds for every exchange of one capture.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Whether content is kept.
    pub content: Content,
    /// How much is looked at and kept.
    pub limits: Limits,
    /// On whose behalf the calls are made.
    pub identity: Arc<Identity>,
}

/// What an exchange came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    /// The call.
    pub call: Call,
    /// What was seen of it and not read, to be counted.
    pub skips: Skips,
}

/// One exchange being observed. All times count from the start of the call.
#[derive(Debug)]
pub struct Exchange {}

impl Exchange {
    /// An exchange whose request has begun.
    #[must_use]
    pub fn new(_head: RequestHead, _settings: Arc<Settings>) -> Self {
        Self {}
    }

    /// The next piece of the request's body.
    pub fn handle_request_body(&mut self, _bytes: Bytes) {}

    /// The head of the response.
    pub fn handle_response_head(&mut self, _head: &ResponseHead, _at: Duration) {}

    /// The next piece of the response's body.
    pub fn handle_response_body(&mut self, _bytes: Bytes, _at: Duration) {}

    /// The attempt so far failed and the request is sent again: forgets its response, keeps the attempt.
    pub fn handle_retry(&mut self, _attempt: Attempt) {}

    /// Pieces of a body that the capture saw but could not deliver.
    pub fn handle_lost(&mut self, _items: u64, _bytes: u64) {}

    /// Bytes that this exchange holds for later.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        0
    }

    /// The call, now that its observation has ended.
    #[must_use]
    pub fn finish(self, _end: End, _at: Duration) -> Understood {
        unimplemented!()
    }
}
