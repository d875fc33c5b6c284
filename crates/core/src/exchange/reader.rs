//! The state of one exchange: facts are handed in as they come, a finished call is taken out.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::gather::Gathered;
use super::outcome::{AnswerEnd, Ending, outcome};
use super::packed::Packed;
use super::received::{Heard, Received};
use super::{End, RequestHead, ResponseHead, Settings, Skip, Skips};
use crate::event::{Attempt, Call, Findings, Incomplete, Missing, Request, Response, Side, Timing};
use crate::policy::Allowance;
use crate::pricing::Unpriced;
use crate::provider::{Name, Rare, provider_of};
use crate::wire::http::Flow;
use crate::wire::json::Str;

/// What an exchange came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    /// The call.
    pub call: Call,
    /// What was seen of it and not read, to be counted.
    pub skips: Skips,
}

/// One exchange being observed. All times count from the start of the call.
///
/// It holds what it has understood, not the bytes: those of a request until it is whole, those of a response that is no
/// stream until its end, and of a stream only what a cut between two pieces runs through.
pub struct Exchange {
    head: RequestHead,
    settings: Arc<Settings>,
    allowance: Allowance,
    request: Sent,
    response: Option<Box<Received>>,
    /// What most exchanges don't have.
    odd: Option<Box<Odd>>,
}

impl std::fmt::Debug for Exchange {
    /// Without what was sent and received: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange")
            .field("surface", &self.head.surface.name())
            .field("held_bytes", &self.held_bytes())
            .finish_non_exhaustive()
    }
}

/// What became of the request's body so far.
#[derive(Debug)]
enum Sent {
    /// Nothing of it came.
    Nothing,
    /// Not whole yet, or not read yet.
    Body(Box<Gathered>),
    /// Read.
    Read(Box<Request>),
    /// Read, and to be held for as long as a stream lasts.
    Packed(Packed<Request>),
}

/// What most exchanges don't have: attempts before this one, and pieces that were seen and not delivered.
#[derive(Debug, Default)]
struct Odd {
    attempts: Vec<Attempt>,
    lost_items: u64,
    lost_bytes: u64,
    missing: Option<Box<Missing>>,
}

impl Exchange {
    /// An exchange whose request has begun.
    #[must_use]
    pub fn new(head: RequestHead, settings: Arc<Settings>) -> Self {
        let settings = Settings::in_scope(settings, head.scope.as_deref());
        Self { head, settings, allowance: Allowance::default(), request: Sent::Nothing, response: None, odd: None }
    }

    /// The next piece of the request's body.
    pub fn handle_request_body(&mut self, bytes: Bytes) {
        match &mut self.request {
            Sent::Nothing => {
                let mut body = Box::<Gathered>::default();
                body.push(bytes, self.settings.limits.body_bytes);
                self.request = Sent::Body(body);
            }
            Sent::Body(body) => body.push(bytes, self.settings.limits.body_bytes),
            // Behind a whole JSON text only white space can follow.
            Sent::Read(_) | Sent::Packed(_) => {}
        }
    }

    /// The head of the response.
    pub fn handle_response_head(&mut self, head: &ResponseHead, at: Duration) {
        self.read_request();
        self.response = Some(Box::new(Received::new(Some((head, at)), &self.settings, &mut self.allowance)));
    }

    /// The next piece of the response's body.
    pub fn handle_response_body(&mut self, bytes: Bytes, at: Duration) {
        // The head may have been lost on its way.
        let Self { response, settings, allowance, .. } = self;
        let response = response.get_or_insert_with(|| Box::new(Received::new(None, settings, allowance)));
        response.handle_body(bytes, at, self.head.surface, &self.settings, &mut self.allowance);
    }

    /// The attempt so far failed and the request is sent again: forgets its response, keeps the attempt.
    pub fn handle_retry(&mut self, attempt: Attempt) {
        self.read_request();
        self.response = None;
        let mut keep = self.settings.keep(&mut self.allowance);
        let attempts = &mut self.odd.get_or_insert_default().attempts;
        if keep.admits(attempts.len(), self.settings.limits.attempts, 0) {
            attempts.push(attempt);
        }
    }

    /// Pieces of a body that the capture saw but could not deliver.
    pub fn handle_lost(&mut self, items: u64, bytes: u64) {
        let odd = self.odd.get_or_insert_default();
        odd.lost_items += items;
        odd.lost_bytes += bytes;
        if let Some(response) = &mut self.response {
            response.handle_gap(bytes, &self.settings);
            return;
        }
        // If the request is whole already, what was lost is none of it.
        self.read_request();
        self.lose_request();
    }

    /// Bytes of the connection that this exchange needed, or may have needed, and that were not seen.
    pub fn handle_missing(&mut self, flow: Flow, range: Range<u64>) {
        let bytes = range.end.saturating_sub(range.start);
        let odd = self.odd.get_or_insert_default();
        odd.lost_items += 1;
        odd.lost_bytes += bytes;
        let missing = odd.missing.get_or_insert_default();
        match flow {
            Flow::Request => {
                missing.request.add(range);
                // If the request is whole already, what was lost is none of it.
                self.read_request();
                self.lose_request();
            }
            Flow::Response => {
                missing.response.add(range);
                let Self { response, settings, allowance, .. } = self;
                let response = response.get_or_insert_with(|| Box::new(Received::new(None, settings, allowance)));
                response.handle_gap(bytes, &self.settings);
            }
        }
    }

    /// Takes in that a part of the request is lost, unless it is whole.
    fn lose_request(&mut self) {
        match &mut self.request {
            Sent::Nothing => {
                let mut body = Box::<Gathered>::default();
                body.has_gap = true;
                self.request = Sent::Body(body);
            }
            Sent::Body(body) => body.has_gap = true,
            Sent::Read(_) | Sent::Packed(_) => {}
        }
    }

    /// Bytes that this exchange holds for later.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        let request = match &self.request {
            Sent::Body(body) => body.held_bytes(),
            Sent::Nothing | Sent::Read(_) | Sent::Packed(_) => 0,
        };
        let response = self.response.as_ref().map_or(0, |response| response.held_bytes());
        request + response + self.allowance.kept_bytes()
    }

    /// The call, now that its observation has ended.
    #[must_use]
    pub fn finish(mut self, end: End, at: Duration) -> Understood {
        let request = self.take_request();
        let response = self.response.take().map(|response| *response);
        let is_complete = matches!(end, End::Complete | End::Closed);
        let expected = request.choice_count;
        let heard = match response {
            Some(response) => response.finish(is_complete, self.head.surface, &self.settings, &mut self.allowance),
            None => Heard::default(),
        };
        let Heard { mut answer, clock, response: told, head_at, is_stream, is_whole, has_all_bytes, has_gap } = heard;
        let status = told.status;
        let answer_end = answer_end(&answer, expected, is_stream, is_whole, has_gap, &self.allowance.skips);
        let Rare { embedding_dimensions, failure } = answer.take_rare();

        let mut keep = self.settings.keep(&mut self.allowance);
        let choices = answer.take_choices(&keep);
        let deployment = self.head.deployment.as_deref();
        let provider = provider_of(&self.head.server, deployment);
        let deployed = deployment.filter(|_| request.model.is_none()).map(|name| keep.name(Str::plain(name)));
        let mut skips = self.allowance.skips;
        let odd = self.odd.take().map(|odd| *odd).unwrap_or_default();
        let has_missing = odd.missing.is_some();
        let ending = Ending { status, has_all_bytes, has_missing, answer: answer_end };
        let RequestHead { surface, server, start, parent, resend_count, scope, .. } = self.head;
        let mut call = Call {
            step: None,
            attributes: Vec::new(),
            operation: surface.operation(),
            surface: surface.name(),
            provider: Cow::Borrowed(provider),
            server,
            request: Request { model: request.model.or(deployed), ..request },
            response: Response {
                id: answer.name(Name::Id),
                model: answer.name(Name::Model),
                choices,
                service_tier: answer.name(Name::ServiceTier),
                system_fingerprint: answer.name(Name::SystemFingerprint),
                state: answer.name(Name::State),
                embedding_dimensions,
                ..told
            },
            usage: answer.usage.map(|usage| *usage).unwrap_or_default(),
            timing: Timing {
                start,
                head: head_at,
                first_chunk: clock.first_chunk.at(),
                first_output: clock.first_output.at(),
                last_chunk: clock.last_output.at(),
                output_chunks: is_stream.then_some(clock.outputs),
                total: at,
            },
            outcome: outcome(end, ending, failure),
            attempts: odd.attempts,
            resend_count,
            parent,
            span: None,
            side: Side::Client,
            is_announced: false,
            incomplete: Incomplete {
                lost_items: odd.lost_items,
                lost_bytes: odd.lost_bytes,
                over_limit_bytes: [Skip::BodyTooLarge, Skip::EventTooLarge, Skip::OverLimit]
                    .map(|skip| skips.bytes(skip))
                    .iter()
                    .sum(),
                missing: odd.missing,
            },
            identity: Arc::clone(&self.settings.identity),
            process: self.settings.process.clone(),
            findings: Findings::default(),
            cost: None,
        };
        let Settings { content, limits, review, prices, .. } = &*self.settings;
        // By the names that were sent and received: what a policy takes out of the event costs all the same.
        call.cost = match prices.as_ref().map(|prices| prices.price(&call)) {
            Some(Ok(cost)) => Some(cost),
            Some(Err(Unpriced::Inconsistent)) => {
                skips.add(Skip::UsageInconsistent, 0);
                None
            }
            Some(Err(_)) | None => None,
        };
        review.apply(&mut call, *content, limits, scope.as_deref(), &mut skips);
        Understood { call, skips }
    }

    /// Reads the request if it is whole, and lets go of its bytes.
    fn read_request(&mut self) {
        let Sent::Body(body) = &self.request else { return };
        if body.has_gap || body.held_bytes() == 0 {
            return;
        }
        let mut allowance = self.allowance.clone();
        let mut keep = self.settings.keep(&mut allowance);
        if let Ok(mut request) = self.head.surface.read_request(&body.text(), &mut keep) {
            request.body_bytes = Some(body.seen);
            let packed = if request.stream == Some(true) { Packed::of(&request) } else { None };
            self.request = packed.map_or_else(|| Sent::Read(Box::new(request)), Sent::Packed);
            self.allowance = allowance;
        }
    }

    /// The request, as far as it is known at the end.
    fn take_request(&mut self) -> Request {
        self.read_request();
        match std::mem::replace(&mut self.request, Sent::Nothing) {
            Sent::Nothing => Request::default(),
            Sent::Read(request) => *request,
            Sent::Packed(request) => request.unpack().unwrap_or_default(),
            Sent::Body(body) => {
                if body.is_too_large() {
                    self.allowance.skips.add(Skip::BodyTooLarge, body.seen);
                } else if body.held_bytes() > 0 && !body.has_gap {
                    self.allowance.skips.add(Skip::BodyUnreadable, body.seen);
                }
                let body_bytes = (body.seen > 0 && !body.has_gap).then_some(body.seen);
                Request { body_bytes, ..Request::default() }
            }
        }
    }
}

/// What the answer says of its own end.
fn answer_end(
    answer: &crate::provider::Answer,
    expected: Option<i64>,
    is_stream: bool,
    is_whole: bool,
    has_gap: bool,
    skips: &Skips,
) -> AnswerEnd {
    let expected = expected.and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
    let has_finished = answer.choice_count() >= expected && answer.every_choice_finished();
    if answer.ended || is_whole || (is_stream && has_finished) {
        AnswerEnd::Whole
    } else if is_stream && !has_gap && skips.items(Skip::EventUnreadable) + skips.items(Skip::EventTooLarge) == 0 {
        AnswerEnd::Cut
    } else {
        AnswerEnd::Unknown
    }
}
