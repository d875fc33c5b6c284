//! What a gap does to an HTTP/1 connection, and how the next message behind it is found.

use std::ops::Range;

use bytes::Bytes;
use memchr::memmem;

use super::decoder::{Asked, Http1, Method, State};
use super::head::Read;
use super::start::{Found, Looks, find, looks};
use crate::wire::http::{Flow, Said, StreamId};

/// The end of a chunked body without trailers, and of the chunk before.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

impl Http1 {
    /// Bytes were not seen between messages, in a head, or where it wasn't known.
    pub(super) fn lose_head(&mut self, flow: Flow, missing: Range<u64>) {
        let state = std::mem::replace(&mut self.half(flow).state, State::between());
        let owner = match state {
            State::Tunnel | State::Upgraded => {
                self.half(flow).state = state;
                return;
            }
            State::Search(Some(owner), _) => Some(owner),
            // What is known of a head is worth having, if its first line is.
            State::Head(gathering) if looks(gathering.bytes(), flow) == Looks::Like => {
                gathering.read(flow, false).and_then(|read| self.begin_part(read, flow))
            }
            State::Head(_) | State::Search(None, _) | State::Body(..) => None,
        };
        match (owner, flow) {
            (Some(owner), _) => {
                self.lose(owner, flow, missing.clone());
                self.half(flow).state = State::Search(Some(owner), Vec::new());
            }
            (None, Flow::Request) => self.lose_requests(&missing),
            (None, Flow::Response) => self.lose_responses(&missing),
        }
        self.lose_count(flow, missing);
    }

    /// Where messages begin isn't known behind the missing bytes.
    pub(super) fn lose_count(&mut self, flow: Flow, missing: Range<u64>) {
        if flow == Flow::Request {
            self.hole = Some(missing.clone());
        }
        self.half(flow).gap = Some(missing);
    }

    /// A head of which only the beginning was seen.
    fn begin_part(&mut self, read: Read, flow: Flow) -> Option<StreamId> {
        let asked = match flow {
            Flow::Request => {
                self.settle_response();
                Asked::new(self.asking(Method::Other), Method::Other)
            }
            // Of an informational response nothing is told.
            Flow::Response if read.head.status.is_some_and(|status| status < 200) => return None,
            Flow::Response => self.answered(),
        };
        self.say(Said::Head { stream: asked.stream, flow, head: Box::new(read.head) });
        self.end_unseen(&asked);
        Some(asked.stream)
    }

    /// One or more requests began in what is missing.
    fn lose_requests(&mut self, missing: &Range<u64>) {
        let flow = Flow::Request;
        // Those whose responses came meanwhile.
        let mut owner = None;
        while let Some(stream) = self.unasked.pop_front() {
            self.lose(stream, flow, missing.clone());
            if let Some(stream) = owner.replace(stream) {
                self.say(Said::End { stream, flow });
            }
        }
        let owner = owner.unwrap_or_else(|| {
            let stream = self.asking(Method::Other);
            self.lose(stream, flow, missing.clone());
            stream
        });
        self.request.state = State::Search(Some(owner), Vec::new());
    }

    /// One or more responses began in what is missing.
    fn lose_responses(&mut self, missing: &Range<u64>) {
        let flow = Flow::Response;
        let mut owner = None;
        self.pass_over(missing);
        match self.outstanding.front_mut() {
            // What is missing may be all of an informational response: the one that is asked for may still come.
            Some(asked) if !self.is_pipelined => {
                asked.is_hurt = true;
                let stream = asked.stream;
                self.lose(stream, flow, missing.clone());
            }
            Some(asked) => {
                let stream = asked.stream;
                self.outstanding.pop_front();
                self.lose(stream, flow, missing.clone());
                owner = Some(stream);
            }
            None => {
                let asked = self.unasked();
                self.lose(asked.stream, flow, missing.clone());
                self.end_unseen(&asked);
                owner = Some(asked.stream);
            }
        }
        self.response.state = State::Search(owner, Vec::new());
    }

    pub(super) fn step_search(&mut self, flow: Flow, bytes: &mut Bytes) {
        let State::Search(owner, tail) = &mut self.half(flow).state else { return };
        let owner = *owner;
        let all = if tail.is_empty() {
            std::mem::take(bytes)
        } else {
            tail.extend_from_slice(&std::mem::take(bytes));
            Bytes::from(std::mem::take(tail))
        };
        let found = find(&all, flow);
        // The last chunk tells that it was the last, also to those who have lost count.
        let is_over = matches!(found, Found::At(_)) || owner.is_some() && memmem::find(&all, LAST_CHUNK).is_some();
        if let Some(stream) = owner.filter(|_| is_over) {
            self.say(Said::End { stream, flow });
        }
        self.half(flow).state = match found {
            Found::At(at) => {
                *bytes = all.slice(at..);
                State::between()
            }
            Found::Open(at) => {
                let owner = owner.filter(|_| !is_over);
                let tail = if owner.is_some() { LAST_CHUNK.len() - 1 } else { 0 };
                State::Search(owner, all[at.min(all.len().saturating_sub(tail))..].to_vec())
            }
        };
    }
}
