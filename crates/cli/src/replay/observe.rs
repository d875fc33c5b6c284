//! A recorded case handed to the understanding stage as a capture would: piece by piece, with its fault.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Uri};
use sidetone_core::event::{ParentSpan, Server};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, TransportError, Understood};
use sidetone_core::provider::{deployment_of, surface_of};
use sidetone_testkit::case::{Case, RecordedFault};

/// Where a recorded case was served, unless its meta.json says otherwise.
const SERVER: (&str, u16) = ("127.0.0.1", 18181);

/// The port that a refused connection was tried at.
const REFUSED_PORT: u16 = 1;

/// How long the head of an answer took, and each piece after it: the pace of the recorded server.
const PIECE: Duration = Duration::from_millis(5);

/// Why a case can't be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// No surface has that path.
    #[error("{method} {path} is no API that this version understands. Check `method` and `path` in its meta.json")]
    UnknownApi {
        /// The method.
        method: String,
        /// The path.
        path: String,
    },
    /// `server` is no address.
    #[error("`server` in its meta.json is {0:?}. Write host:port or a URL, such as 127.0.0.1:18181")]
    Server(String),
}

/// How the response's body is cut into pieces.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// By `write_size`, else by event, else not.
    AsRecorded,
    /// In two at this offset.
    At(usize),
    /// Byte by byte.
    EveryByte,
}

/// What is understood of a recorded case.
///
/// # Errors
/// When the case is of no API that is understood, or names a server that isn't one.
pub fn observe(
    case: &Case,
    settings: &Arc<Settings>,
    cut: Cut,
    parent: Option<ParentSpan>,
) -> Result<Understood, ObserveError> {
    let path = case.path.split('?').next().unwrap_or_default();
    let unknown = || ObserveError::UnknownApi { method: case.method.clone(), path: path.to_owned() };
    let method = Method::from_bytes(case.method.as_bytes()).map_err(|_| unknown())?;
    let head = RequestHead {
        surface: surface_of(&method, path).ok_or_else(unknown)?,
        server: Arc::new(server(case)?),
        deployment: deployment_of(path).map(Into::into),
        start: SystemTime::now(),
        parent,
        resend_count: None,
        scope: None,
    };
    let mut exchange = Exchange::new(head, settings.clone());
    exchange.handle_request_body(case.request.clone());
    if case.fault == Some(RecordedFault::ConnectionRefused) {
        return Ok(exchange.finish(End::Failed(TransportError::Connection), PIECE));
    }
    let mut at = PIECE;
    exchange.handle_response_head(&response_head(case), at);
    let (body, end) = seen(case);
    for piece in pieces(case, body, cut) {
        at += PIECE;
        exchange.handle_response_body(piece, at);
    }
    Ok(exchange.finish(end, at + PIECE))
}

/// `server` is an authority or a URL; a port that neither names is the scheme's.
fn server(case: &Case) -> Result<Server, ObserveError> {
    let Some(text) = case.server.as_deref() else {
        let refused = case.fault == Some(RecordedFault::ConnectionRefused);
        let port = if refused { REFUSED_PORT } else { SERVER.1 };
        return Ok(Server { address: SERVER.0.into(), port: Some(port) });
    };
    let wrong = || ObserveError::Server(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let of_scheme = || match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    };
    Ok(Server { address: host.into(), port: uri.port_u16().or_else(of_scheme) })
}

fn response_head(case: &Case) -> ResponseHead {
    let mut head = ResponseHead::new(case.status);
    for (name, value) in &case.headers {
        let name = name.to_ascii_lowercase();
        // A header that HTTP can't carry wasn't in the recorded answer.
        if let (Ok(_), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            head.keep(&name, &value);
        }
    }
    head
}

/// How much of the body the client read, and how that ended.
fn seen(case: &Case) -> (Bytes, End) {
    let body = case.response.clone();
    if let Some(items) = case.client_action.as_deref().and_then(stops_after) {
        let read = events(&body).filter(|event| has_data(&body[event.clone()])).nth(items.saturating_sub(1));
        if let Some(last) = read {
            return (body.slice(..last.end), End::Dropped);
        }
    }
    match case.fault {
        Some(RecordedFault::CutAfterBody) => (body, End::Failed(TransportError::Connection)),
        _ => (body, End::Complete),
    }
}

/// The number of items after which `break_after_N_then_close` stops.
fn stops_after(action: &str) -> Option<usize> {
    action.strip_prefix("break_after_")?.split('_').next()?.parse().ok()
}

fn pieces(case: &Case, body: Bytes, cut: Cut) -> Vec<Bytes> {
    match (cut, case.write_size) {
        (Cut::At(offset), _) => {
            let offset = offset.min(body.len());
            vec![body.slice(..offset), body.slice(offset..)]
        }
        (Cut::EveryByte, _) => by_size(&body, 1),
        (Cut::AsRecorded, Some(size)) => by_size(&body, size.max(1)),
        (Cut::AsRecorded, None) if is_event_stream(case) => events(&body).map(|event| body.slice(event)).collect(),
        (Cut::AsRecorded, None) => vec![body],
    }
}

fn by_size(body: &Bytes, size: usize) -> Vec<Bytes> {
    (0..body.len()).step_by(size).map(|start| body.slice(start..body.len().min(start + size))).collect()
}

fn is_event_stream(case: &Case) -> bool {
    case.header("content-type").is_some_and(|value| value.starts_with("text/event-stream"))
}

/// The stretches of an event stream that end with an empty line; the last may not.
fn events(body: &[u8]) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == body.len() {
            return None;
        }
        let (begin, mut at, mut line) = (start, start, start);
        while at < body.len() {
            let end_of_line = match body[at] {
                b'\r' if body.get(at + 1) == Some(&b'\n') => 2,
                b'\r' | b'\n' => 1,
                _ => 0,
            };
            if end_of_line == 0 {
                at += 1;
                continue;
            }
            let is_empty = at == line;
            at += end_of_line;
            line = at;
            if is_empty {
                break;
            }
        }
        start = at;
        Some(begin..at)
    })
}

/// Whether an event is one that a client gets to see.
fn has_data(event: &[u8]) -> bool {
    event.split(|byte| matches!(byte, b'\r' | b'\n')).any(|line| line.starts_with(b"data"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn events_end_with_an_empty_line_whatever_ends_a_line() {
        let texts = |body: &'static str| -> Vec<&str> { events(body.as_bytes()).map(|event| &body[event]).collect() };
        assert_eq!(texts("data: a\n\ndata: b\n\n"), ["data: a\n\n", "data: b\n\n"]);
        assert_eq!(texts("data: a\r\n\r\ndata: b\r\n"), ["data: a\r\n\r\n", "data: b\r\n"]);
        assert_eq!(texts("data: a\r\rdata: b"), ["data: a\r\r", "data: b"]);
        assert_eq!(texts(""), [""; 0]);
    }

    #[test]
    fn a_client_that_stops_after_two_items_has_read_two_events_with_data() {
        assert_eq!(stops_after("break_after_2_then_close"), Some(2));
        assert_eq!(stops_after("read_all"), None);
        assert!(has_data(b"id: 1\r\ndata: x\r\n\r\n"));
        assert!(!has_data(b": keep-alive\n\n"));
    }
}
