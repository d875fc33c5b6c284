//! What a server answered, call by call: what an observer of the clients is compared with.

use std::fs::File;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use super::ReceivedRequest;
use crate::serve::locked;

/// Request headers whose names begin so are kept in the log: with them a client says what it knows of itself.
pub const LOGGED_HEADERS: &str = "x-test-";

/// A body, by its length and (with the feature `tls`) its digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedBody {
    /// How many bytes it has.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: Option<String>,
}

impl LoggedBody {
    fn of(pieces: &[Bytes]) -> Self {
        Self { bytes: pieces.iter().map(|piece| piece.len() as u64).sum(), sha256: sha256(pieces) }
    }
}

#[cfg(feature = "tls")]
fn sha256(pieces: &[Bytes]) -> Option<String> {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    pieces.iter().for_each(|piece| context.update(piece));
    Some(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(not(feature = "tls"))]
fn sha256(_: &[Bytes]) -> Option<String> {
    None
}

/// A request that was answered, or whose answer was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answered {
    /// Which of the server's requests it was, counted from 0.
    pub number: u64,
    /// Which of the server's connections it came on, counted from 0.
    pub connection: u64,
    /// The client's port on that connection.
    pub client_port: u16,
    /// The request's method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The request's headers whose names begin with [`LOGGED_HEADERS`], without that beginning.
    pub said: Vec<(String, String)>,
    /// The request's body as it came.
    pub request: LoggedBody,
    /// The answer's status.
    pub status: u16,
    /// The answer's body as it is sent, compressed if it is.
    pub response: LoggedBody,
    /// Whether it is compressed.
    pub is_compressed: bool,
    /// Whether it is a stream of events.
    pub is_stream: bool,
    /// The answer's identifier, model and token counts, where it has them.
    pub id: Option<String>,
    /// The model that the answer names.
    pub model: Option<String>,
    /// Tokens of input that the answer names.
    pub input_tokens: Option<u64>,
    /// Tokens of output that the answer names.
    pub output_tokens: Option<u64>,
    /// When the request had been read.
    pub received: SystemTime,
    /// When the body's first piece went to the socket.
    pub first_piece: Option<SystemTime>,
    /// When the body's last piece went to the socket, or the answer was given up.
    pub ended: SystemTime,
    /// Whether the whole body went to the socket.
    pub is_complete: bool,
}

impl Answered {
    /// One line of the log in JSON. Times are seconds since 1970.
    #[must_use]
    pub fn json(&self) -> Value {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let body = |body: &LoggedBody| json!({ "bytes": body.bytes, "sha256": body.sha256 });
        json!({
            "number": self.number, "connection": self.connection, "client_port": self.client_port,
            "method": self.method, "path": self.path, "version": self.version,
            "said": self.said.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            "request": body(&self.request), "status": self.status, "response": body(&self.response),
            "is_compressed": self.is_compressed, "is_stream": self.is_stream, "id": self.id, "model": self.model,
            "input_tokens": self.input_tokens, "output_tokens": self.output_tokens,
            "received": seconds(self.received), "first_piece": self.first_piece.map(seconds),
            "ended": seconds(self.ended), "is_complete": self.is_complete,
        })
    }
}

/// What the answers to a request are made of, as far as the log tells it.
#[derive(Default)]
pub(super) struct Content {
    pub(super) id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) input_tokens: Option<u64>,
    pub(super) output_tokens: Option<u64>,
}

impl Content {
    /// Reads an answer's body, or the last values that the events of a stream give.
    pub(super) fn of(body: &Bytes, is_stream: bool) -> Self {
        let mut content = Self::default();
        if is_stream {
            let text = String::from_utf8_lossy(body);
            let events = text.lines().filter_map(|line| line.strip_prefix("data:"));
            events.filter_map(|event| serde_json::from_str(event).ok()).for_each(|event| content.add(&event));
        } else if let Ok(answer) = serde_json::from_slice(body) {
            content.add(&answer);
        }
        content
    }

    fn add(&mut self, value: &Value) {
        // The responses API wraps the answer in its events.
        let value = value.get("response").unwrap_or(value);
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        let usage = |names: [&str; 2]| names.iter().find_map(|name| value["usage"][name].as_u64());
        self.id = text("id").or(self.id.take());
        self.model = text("model").or(self.model.take());
        self.input_tokens = usage(["prompt_tokens", "input_tokens"]).or(self.input_tokens);
        self.output_tokens = usage(["completion_tokens", "output_tokens"]).or(self.output_tokens);
    }
}

/// The answers so far.
#[derive(Default)]
pub(super) struct Log {
    answers: Mutex<Vec<Answered>>,
    arrived: Condvar,
    file: Mutex<Option<File>>,
}

impl Log {
    pub(super) fn write_to(&self, file: File) {
        *locked(&self.file) = Some(file);
    }

    fn add(&self, answered: Answered) {
        if let Some(file) = locked(&self.file).as_mut() {
            // A log that can't be written is seen by the test that reads it.
            let _ = file.write_all(format!("{}\n", answered.json()).as_bytes());
        }
        locked(&self.answers).push(answered);
        self.arrived.notify_all();
    }

    pub(super) fn all(&self) -> Vec<Answered> {
        locked(&self.answers).clone()
    }

    pub(super) fn clear(&self) {
        locked(&self.answers).clear();
    }

    /// Waits until there are `count` answers; `false` when there aren't within `patience`.
    pub(super) fn wait_for(&self, count: usize, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut answers = locked(&self.answers);
        while answers.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            answers = self.arrived.wait_timeout(answers, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}

/// The log's entry of an answer that is on its way; it is written when the answer has gone out, or is dropped.
pub(crate) struct Entry {
    log: Arc<Log>,
    answered: Option<Answered>,
}

impl Entry {
    pub(super) fn new(log: &Arc<Log>, number: u64, request: &ReceivedRequest, wire: &crate::serve::wire::Wire) -> Self {
        let now = SystemTime::now();
        let said =
            |(name, value): &(String, String)| Some((name.strip_prefix(LOGGED_HEADERS)?.to_owned(), value.clone()));
        let answered = Answered {
            number,
            connection: wire.number(),
            client_port: wire.client_port(),
            method: request.method.clone(),
            path: request.path.clone(),
            version: request.version.clone(),
            said: request.headers.iter().filter_map(said).collect(),
            request: LoggedBody::of(std::slice::from_ref(&request.body)),
            status: 0,
            response: LoggedBody::default(),
            is_compressed: false,
            is_stream: false,
            id: None,
            model: None,
            input_tokens: None,
            output_tokens: None,
            received: now,
            first_piece: None,
            ended: now,
            is_complete: false,
        };
        Self { log: Arc::clone(log), answered: Some(answered) }
    }

    pub(super) fn answer(
        &mut self,
        status: u16,
        content: Content,
        pieces: &[Bytes],
        is_stream: bool,
        is_compressed: bool,
    ) {
        if let Some(answered) = &mut self.answered {
            let Content { id, model, input_tokens, output_tokens } = content;
            *answered = Answered {
                status,
                response: LoggedBody::of(pieces),
                is_compressed,
                is_stream,
                id,
                model,
                input_tokens,
                output_tokens,
                ..answered.clone()
            };
        }
    }

    /// A piece goes to the socket.
    pub(crate) fn piece(&mut self) {
        if let Some(answered) = &mut self.answered {
            answered.first_piece.get_or_insert_with(SystemTime::now);
        }
    }

    /// The last piece is on its way.
    pub(crate) fn complete(&mut self) {
        self.end(true);
    }

    fn end(&mut self, is_complete: bool) {
        if let Some(answered) = self.answered.take() {
            self.log.add(Answered { ended: SystemTime::now(), is_complete, ..answered });
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.end(false);
    }
}
