//! A call whose span an outer part owns while inner parts see its attempts.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderMap;
use reqwest::Response;
use sidetone_core::event::{Attempt, ErrorClass};
use sidetone_core::exchange::{End, ResponseHead};
use sidetone_pipeline::Tap;

use crate::failure::{error_class, transport_error};
use crate::response;
use crate::tee::Listener;

/// How many failed attempts of one call are told; later ones show in the numbers of those that are.
const TOLD_ATTEMPTS: u32 = 32;

/// Shared by the outer part, the inner part and the bodies of failed attempts.
#[derive(Debug, Clone)]
pub(crate) struct OwnedCall(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// `None` when there was no room for the call, and once it has ended.
    tap: Option<Tap>,
    /// Attempts that began.
    attempts: u32,
    /// The latest attempt, if it failed; told when another one begins.
    failed: Option<Attempt>,
    told: u32,
    seen: Seen,
    /// The caller has the response whose body is being reported: its end is the call's.
    released: bool,
}

/// What was reported of the latest attempt's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Head,
    Body,
    End(End),
}

impl OwnedCall {
    pub(crate) fn new(tap: Option<Tap>) -> Self {
        Self(Arc::new(Mutex::new(State {
            tap,
            attempts: 0,
            failed: None,
            told: 0,
            seen: Seen::Nothing,
            released: false,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An inner part is about to send the request.
    pub(crate) fn attempt_begins(&self) {
        let mut state = self.state();
        state.tell_failed();
        state.attempts = state.attempts.saturating_add(1);
        state.seen = Seen::Nothing;
    }

    /// An inner part got an answer. The answer to a failed attempt may be all that is ever seen of it: the retry layer
    /// may read it and pass on nothing.
    pub(crate) fn attempt_answered(&self, response: Response) -> Response {
        let status = response.status().as_u16();
        let Some(class) = ErrorClass::of_status(status) else {
            return response;
        };
        let mut state = self.state();
        state.fail(class, Some(status), retry_after(response.headers()));
        let attempt = state.attempts;
        let Some(tap) = &mut state.tap else {
            return response;
        };
        response::report_head(tap, &response);
        state.seen = Seen::Head;
        drop(state);
        let call = self.clone();
        response::tee(response, AttemptBody { call, attempt })
    }

    /// An inner part got no answer.
    pub(crate) fn attempt_failed(&self, error: &(dyn Error + 'static)) {
        let class = error_class(transport_error(error));
        self.state().fail(class, None, None);
    }

    /// The caller gets this response.
    fn answered(&self, response: Response) -> Response {
        let mut state = self.state();
        state.failed = None;
        match state.seen {
            Seen::Nothing => match state.tap.take() {
                Some(tap) => response::observe(tap, response),
                None => response,
            },
            Seen::Head => match state.tap.take() {
                Some(tap) => {
                    drop(state);
                    response::tee(response, tap)
                }
                None => response,
            },
            // Something between the parts reads the body; its reading is what is reported.
            Seen::Body => {
                state.released = true;
                response
            }
            Seen::End(end) => {
                state.end(end);
                response
            }
        }
    }

    /// The caller gets an error; `status` is what the error says of an answer that no inner part saw.
    fn failed(&self, error: &(dyn Error + 'static), status: Option<u16>) {
        let mut state = self.state();
        state.failed = None;
        let end = match (state.seen, status) {
            (Seen::Nothing, None) => End::Failed(transport_error(error)),
            (Seen::Nothing, Some(status)) => {
                if let Some(tap) = &mut state.tap {
                    tap.head(ResponseHead::new(status));
                }
                End::Complete
            }
            (Seen::Head | Seen::Body, _) => End::Dropped,
            (Seen::End(end), _) => end,
        };
        state.end(end);
    }

    /// The caller let go before anything came of the call.
    fn dropped(&self) {
        let mut state = self.state();
        state.tell_failed();
        state.tap = None;
    }
}

impl State {
    fn fail(&mut self, error: ErrorClass, status: Option<u16>, retry_after: Option<Box<str>>) {
        self.failed = self.tap.as_ref().map(|tap| Attempt {
            number: self.attempts,
            ended: tap.started().elapsed(),
            status,
            retry_after,
            error,
        });
    }

    fn tell_failed(&mut self) {
        if let Some(failed) = self.failed.take()
            && let Some(tap) = &mut self.tap
            && self.told < TOLD_ATTEMPTS
        {
            self.told += 1;
            tap.retry(failed);
        }
    }

    fn end(&mut self, end: End) {
        if let Some(tap) = self.tap.take() {
            tap.end(end);
        }
    }
}

/// The wish of the server, in its own words.
fn retry_after(headers: &HeaderMap) -> Option<Box<str>> {
    let value = headers.get("retry-after-ms").or_else(|| headers.get(http::header::RETRY_AFTER))?;
    value.to_str().ok().map(Into::into)
}

/// The body of an attempt that failed.
#[derive(Debug)]
struct AttemptBody {
    call: OwnedCall,
    attempt: u32,
}

impl Listener for AttemptBody {
    fn data(&mut self, bytes: &Bytes) {
        let mut state = self.call.state();
        if state.attempts == self.attempt
            && let Some(tap) = &mut state.tap
        {
            tap.body(bytes);
            state.seen = Seen::Body;
        }
    }

    fn end(self, end: End) {
        let mut state = self.call.state();
        if state.attempts == self.attempt && state.tap.is_some() {
            if state.released {
                state.end(end);
            } else {
                state.seen = Seen::End(end);
            }
        }
    }
}

/// The outer part's hold on its call. Dropped unused, it reports that the caller let go.
#[derive(Debug)]
pub(crate) struct Owner(OwnedCall);

impl Owner {
    pub(crate) fn of(call: OwnedCall) -> Self {
        Self(call)
    }

    pub(crate) fn answered(self, response: Response) -> Response {
        self.0.answered(response)
    }

    pub(crate) fn failed(self, error: &(dyn Error + 'static), status: Option<u16>) {
        self.0.failed(error, status);
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A released call ends with its body.
        if !self.0.state().released {
            self.0.dropped();
        }
    }
}
