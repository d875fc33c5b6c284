//! Streams with a secret, cut in two at every byte: by replay, by the tap that the middleware has, and as a connection shows them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use serde_json::json;
use sidetone_cli::replay::{Cut, observe};
use sidetone_core::connection::{At, Connection, Direction, Facts};
use sidetone_core::event::{Call, Outcome, Server, Usage};
use sidetone_core::exchange::{End, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::Content;
use sidetone_core::provider::surface_of;
use sidetone_pipeline::{Config, Finished, Pipeline, RequestBody, Sink};
use sidetone_testkit::canaries::{KEYS, Numbers, OTHERS, Search, Secret};
use sidetone_testkit::case::Case;

use super::settings;

/// A stream whose answer holds a secret, and whose request nothing.
struct Stream {
    case: Case,
    secret: Secret,
}

/// One for each format, in one of the forms in which it may stand there.
fn streams() -> Vec<Stream> {
    let formats = KEYS.iter().chain(OTHERS).enumerate();
    formats
        .map(|(number, make)| {
            let secret = Secret::made(*make, &mut Numbers(number as u64 + 1));
            let said = match number % 3 {
                0 => secret.text.clone(),
                1 => secret.base64(),
                _ => secret.escaped(),
            };
            let mut case = Case::embedded("chat_stream_usage").unwrap();
            case.request = json!({"model": "gpt-4o-mini", "stream": true, "messages": []}).to_string().into();
            // As a model says it: a token, which is a few characters, at a time.
            let said: Vec<char> = format!("It is {said} now.").chars().collect();
            let event = |delta: &str, reason: Option<&str>| {
                let choice = json!({"index": 0, "delta": {"content": delta}, "finish_reason": reason});
                format!("data: {}\n\n", json!({"id": "c", "model": "m", "choices": [choice]}))
            };
            let tokens =
                said.chunks(said.len().div_ceil(4)).map(|token| event(&token.iter().collect::<String>(), None));
            let usage = json!({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 7}});
            let end = [event("", Some("stop")), format!("data: {usage}\n\ndata: [DONE]\n\n")];
            case.set_response(tokens.chain(end).collect::<String>());
            Stream { case, secret }
        })
        .collect()
}

/// What must not depend on where a stream is cut.
fn said(call: &Call) -> (&sidetone_core::event::Response, &Usage, &Outcome, &sidetone_core::event::Findings) {
    (&call.response, &call.usage, &call.outcome, &call.findings)
}

/// The call of the stream in one piece, in which nothing of the secret is left.
fn whole(stream: &Stream, settings: &Arc<Settings>) -> Call {
    let call = observe(&stream.case, settings, Cut::At(0), None).unwrap().call;
    assert_eq!((call.usage.input, call.outcome == Outcome::Completed), (Some(11), true));
    assert_eq!(call.findings.count(), 1, "{:?}: {:?}", stream.secret, call.response);
    let mut search = Search::default();
    search.secret("answer", &stream.secret);
    assert_eq!(search.find(format!("{call:?}").as_bytes()), None);
    call
}

#[test]
fn a_secret_that_is_split_between_any_two_bytes_is_masked() {
    let settings = Arc::new(settings(Content::Redacted, false));
    for stream in streams() {
        let whole = whole(&stream, &settings);
        let cuts = (1..stream.case.response.len()).map(Cut::At).chain([Cut::EveryByte]);
        for cut in cuts {
            let call = observe(&stream.case, &settings, cut, None).unwrap().call;
            assert_eq!(said(&call), said(&whole), "{cut:?}");
        }
    }
}

fn head() -> RequestHead {
    RequestHead {
        surface: surface_of(&http::Method::POST, "/v1/chat/completions").unwrap(),
        server: Arc::new(Server { address: "api.openai.com".into(), port: Some(443) }),
        deployment: None,
        start: SystemTime::UNIX_EPOCH,
        parent: None,
        resend_count: None,
        scope: None,
    }
}

/// Keeps the last call.
struct Last(Arc<Mutex<Option<Call>>>);

impl Sink for Last {
    fn name(&self) -> &'static str {
        "last"
    }

    fn call(&mut self, finished: &mut Finished) {
        *self.0.lock().unwrap() = Some(finished.call.clone());
    }
}

#[test]
fn a_secret_that_the_middleware_sees_split_between_any_two_bytes_is_masked() {
    let settings = Arc::new(settings(Content::Redacted, false));
    let config = Config { settings: Settings::clone(&settings), ..Config::default() };
    let last = Arc::default();
    let (pipeline, mut worker) = Pipeline::unattended(config, vec![Box::new(Last(Arc::clone(&last)))], Arc::default());
    for stream in streams() {
        let whole = whole(&stream, &settings);
        let body = &stream.case.response;
        for at in 1..body.len() {
            let request = RequestBody::Whole(stream.case.request.clone());
            let mut tap = pipeline.begin(head(), request, Instant::now()).unwrap();
            let mut head = ResponseHead::new(200);
            head.keep("content-type", &http::HeaderValue::from_static("text/event-stream"));
            tap.head(head);
            tap.body(&body.slice(..at));
            tap.body(&body.slice(at..));
            tap.end(End::Complete);
            worker.drain();
            let call = last.lock().unwrap().take().unwrap();
            let found = (&call.response.choices, &call.usage, &call.outcome, &call.findings);
            assert_eq!(found, (&whole.response.choices, &whole.usage, &whole.outcome, &whole.findings), "cut at {at}");
        }
    }
}

#[test]
fn a_secret_that_a_connection_shows_split_between_any_two_bytes_is_masked() {
    let settings = Arc::new(settings(Content::Redacted, false));
    let moment = At { begun: Duration::ZERO, ended: Duration::ZERO };
    for stream in streams() {
        let whole = whole(&stream, &settings);
        let Case { request, response, .. } = &stream.case;
        let text = |bytes: &Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        let sent = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-length: {}\r\n\r\n{}",
            request.len(),
            text(request)
        );
        // In chunks, whose frames are cut too.
        let body = text(response);
        let (first, rest) = body.split_at(body.len() / 2);
        let read = Bytes::from(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n",
            first.len(),
            rest.len()
        ));
        for at in 1..read.len() {
            let facts = Facts { server_name: None, port: Some(443), from_start: true, boot: SystemTime::UNIX_EPOCH };
            let mut connection = Connection::new(facts, Arc::clone(&settings));
            connection.handle_bytes(Direction::Write, Bytes::from(sent.clone()), moment);
            connection.handle_bytes(Direction::Read, read.slice(..at), moment);
            connection.handle_bytes(Direction::Read, read.slice(at..), moment);
            let call = connection.poll().unwrap().understood.call;
            let found = (&call.response.choices, &call.usage, &call.outcome, &call.findings);
            assert_eq!(found, (&whole.response.choices, &whole.usage, &whole.outcome, &whole.findings), "cut at {at}");
        }
    }
}
