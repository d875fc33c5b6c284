//! Answers one request: reads it, picks the answer, and sends it at the pace and with the fault that were asked for.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION, VARY};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::answer::choose;
use super::builder::{FailureKind, Fault, Framing, Pieces, Point, Settings};
use super::log::{Content, Entry};
use super::running::Shared;
use crate::case::{Case, RecordedFault};
use crate::serve::delivery::{Delivery, Stop, Unfinished};
use crate::serve::locked;
use crate::serve::request::{ReceivedRequest, Unread, read};
use crate::serve::wire::Wire;

/// Below it lies what [redirected](super::MockServerBuilder::redirect) requests are sent to.
const REDIRECTED: &str = "/redirected";
const NO_SUCH_CASE: &str = r#"{"error":{"message":"no such mock case","type":"mock","param":null,"code":null}}"#;
const TOO_LONG: &str = r#"{"error":{"message":"the request is too long","type":"mock","param":null,"code":null}}"#;

/// What is sent, before anything goes wrong with it.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    pieces: Pieces,
    framing: Framing,
    fault: Option<Fault>,
}

pub(super) async fn respond(shared: &Shared, request: Request<Incoming>, wire: Wire) -> Response<Delivery> {
    let settings = Arc::clone(&locked(&shared.settings));
    let unfinished = Unfinished::new(&shared.abandoned);
    let (answer, gzip, entry) = match read(request).await {
        Ok(request) => {
            let number = shared.numbered.fetch_add(1, Ordering::AcqRel);
            let entry = settings.log.then(|| Entry::new(&shared.log, number, &request, &wire));
            shared.requests.add(settings.record.then(|| request.clone()));
            (answer(&settings, &request, number), settings.gzip && accepts_gzip(&request), entry)
        }
        Err(Unread::TooLong) => (Answer::error(413, TOO_LONG), false, None),
        // There is nobody left to answer.
        Err(Unread::Broken) => return std::future::pending().await,
    };
    tokio::time::sleep(settings.head_delay).await;
    send(answer, gzip, &settings, unfinished, entry, wire).await
}

fn answer(settings: &Settings, request: &ReceivedRequest, number: u64) -> Answer {
    if let Some(failure) = settings.first.as_ref().and_then(|first| first.take()) {
        return match failure {
            FailureKind::Status { status, headers, body } => Answer::failure(settings, *status, headers, body.clone()),
            FailureKind::Fault(fault) => {
                Answer { fault: Some(*fault), ..chosen(settings, request, &request.path, number) }
            }
        };
    }
    let path = match (settings.redirect, request.path.strip_prefix(REDIRECTED)) {
        (true, None) => return Answer::redirect(&request.path),
        (true, Some(path)) => path,
        (false, _) => &request.path,
    };
    chosen(settings, request, path, number)
}

fn chosen(settings: &Settings, request: &ReceivedRequest, path: &str, number: u64) -> Answer {
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    choose(settings, request, path, number)
        .map_or_else(|| Answer::error(404, NO_SUCH_CASE), |case| Answer::from_case(settings, &case))
}

impl Answer {
    fn from_case(settings: &Settings, case: &Case) -> Self {
        let (pieces, framing) = match case.stream {
            true => (Pieces::Events, Framing::Chunked),
            false => (Pieces::Whole, Framing::Length),
        };
        let recorded = case.fault.map(|fault| match fault {
            // Who asks although there is to be nobody finds a closed door.
            RecordedFault::ConnectionRefused => Fault::Close(Point::BeforeHead),
            RecordedFault::CutAfterBody => Fault::Close(Point::BeforeEnd),
        });
        let pieces = case.write_size.map_or(pieces, Pieces::Bytes);
        Self {
            status: case.status,
            headers: case.headers.clone(),
            body: case.response.clone(),
            pieces: settings.pieces.unwrap_or(pieces),
            framing: settings.framing.unwrap_or(if case.fault.is_some() { Framing::Chunked } else { framing }),
            fault: settings.fault.or(recorded),
        }
    }

    fn failure(settings: &Settings, status: u16, headers: &[(String, String)], body: Option<Bytes>) -> Self {
        let recorded = settings.cases.get(&format!("error_{status}")).map(|case| case.response.clone());
        let made = || {
            Bytes::from(format!(r#"{{"error":{{"message":"mock {status}","type":"mock","param":null,"code":null}}}}"#))
        };
        let mut answer = Self::error(status, body.or(recorded).unwrap_or_else(made));
        answer.headers.extend_from_slice(headers);
        answer
    }

    fn error(status: u16, body: impl Into<Bytes>) -> Self {
        let headers = vec![(CONTENT_TYPE.to_string(), "application/json".to_owned())];
        Self { status, headers, body: body.into(), pieces: Pieces::Whole, framing: Framing::Length, fault: None }
    }

    fn redirect(path: &str) -> Self {
        let mut answer = Self::error(307, Bytes::new());
        answer.headers = vec![(LOCATION.to_string(), format!("{REDIRECTED}{path}"))];
        answer
    }
}

async fn send(
    answer: Answer,
    gzip: bool,
    settings: &Settings,
    unfinished: Unfinished,
    mut entry: Option<Entry>,
    wire: Wire,
) -> Response<Delivery> {
    let (point, stop) = match answer.fault {
        None => (None, None),
        Some(Fault::Close(point)) => (Some(point), Some(Stop::Close)),
        Some(Fault::Reset(point)) => (Some(point), Some(Stop::Reset)),
        Some(Fault::Hang(point)) => (Some(point), Some(Stop::Hang)),
    };
    if point == Some(Point::BeforeHead) {
        return stop_before_head(stop, unfinished, &wire).await;
    }
    let plain = cut(&answer.body, answer.pieces);
    let pieces = if gzip { compress(plain, answer.pieces) } else { plain };
    if let Some(entry) = &mut entry {
        let is_stream = answer.headers.iter().any(|(name, value)| {
            name.eq_ignore_ascii_case(CONTENT_TYPE.as_str()) && value.starts_with("text/event-stream")
        });
        entry.answer(answer.status, Content::of(&answer.body, is_stream), &pieces, is_stream, gzip);
        if pieces.iter().all(Bytes::is_empty) {
            entry.complete();
        }
    }
    let length = pieces.iter().map(|piece| piece.len() as u64).sum::<u64>();
    let length = (answer.framing == Framing::Length).then_some(length);
    let at = match point {
        Some(Point::AfterBytes(count)) => Some(count as u64),
        // All bytes of a known length are its end.
        _ => length.map(|length| length.saturating_sub(1)),
    };
    let delivery = Delivery::new(wire, unfinished, pieces)
        .with_length(length)
        .with_delay(settings.piece_delay)
        .with_entry(entry)
        .with_stop(stop.map(|stop| (at, stop)));
    let mut response = Response::new(delivery);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    if gzip {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    response
}

async fn stop_before_head(stop: Option<Stop>, mut unfinished: Unfinished, wire: &Wire) -> Response<Delivery> {
    if stop != Some(Stop::Hang) {
        unfinished.kept();
        wire.cut(stop == Some(Stop::Reset));
    }
    // Keeps what counts the client that gives up.
    let _unfinished = unfinished;
    std::future::pending().await
}

/// The body in its pieces.
fn cut(body: &Bytes, pieces: Pieces) -> Vec<Bytes> {
    let size = match pieces {
        Pieces::Whole => return vec![body.clone()],
        Pieces::Events => return events(body),
        Pieces::Bytes(size) => size.max(1),
    };
    (0..body.len()).step_by(size).map(|from| body.slice(from..body.len().min(from + size))).collect()
}

/// The events of a stream, each with the blank line that ends it.
fn events(body: &Bytes) -> Vec<Bytes> {
    let mut events = Vec::new();
    let mut from = 0;
    for (at, _) in body.windows(2).enumerate().filter(|(_, two)| two == b"\n\n") {
        // Of three newlines in a row the third belongs to the next event.
        if at >= from {
            events.push(body.slice(from..at + 2));
            from = at + 2;
        }
    }
    if from < body.len() {
        events.push(body.slice(from..));
    }
    events
}

/// Each piece compressed so that it can be read when it has come; pieces of bytes are cut anew.
fn compress(plain: Vec<Bytes>, pieces: Pieces) -> Vec<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut compressed = Vec::new();
    for piece in plain {
        // Writing to memory doesn't fail.
        let _ = encoder.write_all(&piece);
        if let Pieces::Events = pieces {
            let _ = encoder.flush();
            compressed.push(Bytes::from(std::mem::take(encoder.get_mut())));
        }
    }
    let end = encoder.finish().unwrap_or_default();
    match compressed.pop() {
        // A client that has read the last event doesn't wait for the end of the coding.
        Some(last) => compressed.push([last.as_ref(), &end].concat().into()),
        None => compressed.push(end.into()),
    }
    match pieces {
        Pieces::Bytes(_) => compressed.iter().flat_map(|whole| cut(whole, pieces)).collect(),
        Pieces::Whole | Pieces::Events => compressed,
    }
}

fn accepts_gzip(request: &ReceivedRequest) -> bool {
    let codings = request.header("accept-encoding").unwrap_or_default().split(',');
    codings.map(|coding| coding.split(';').next().unwrap_or_default().trim()).any(|coding| coding == "gzip")
}
