//! Connections: the recorded cases as HTTP/1.1, cut, joined late and with bytes missing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; these read the recorded cases"
)]

#[path = "support/cases.rs"]
mod recorded;

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use recorded::{Case, cases};
use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Seen, Side, Verdict};
use sidetone_core::event::{Call, Outcome};
use sidetone_core::exchange::Settings;
use sidetone_core::policy::Content;

/// How a body goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length,
    Chunked,
    Gzip,
    UntilClose,
}

const FRAMINGS: [Framing; 4] = [Framing::Length, Framing::Chunked, Framing::Gzip, Framing::UntilClose];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (at, chunk) in body.chunks(37).enumerate() {
        let extension = if at % 3 == 1 { ";name=\"a;b\"" } else { "" };
        write!(bytes, "{:x}{extension}\r\n", chunk.len()).unwrap();
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\nx-checksum: 1\r\n\r\n");
    bytes
}

impl Case {
    /// The headers of the response, as the framing makes them.
    fn sent_headers(&self, framing: Framing) -> Vec<(String, String)> {
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| name != "content-length");
        match framing {
            Framing::Length => headers.push(("content-length".into(), self.response.len().to_string())),
            Framing::Chunked => headers.push(("transfer-encoding".into(), "chunked".into())),
            Framing::Gzip => {
                headers.push(("content-encoding".into(), "gzip".into()));
                headers.push(("content-length".into(), gzip(&self.response).len().to_string()));
            }
            Framing::UntilClose => headers.push(("connection".into(), "close".into())),
        }
        headers
    }

    fn request_bytes(&self, framing: Framing) -> Vec<u8> {
        let mut bytes = Vec::new();
        let path = &self.path;
        write!(bytes, "POST {path}?a=b HTTP/1.1\r\nHost: 127.0.0.1:18181\r\nContent-Type: application/json\r\n")
            .unwrap();
        if framing == Framing::Chunked {
            bytes.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            bytes.extend_from_slice(&chunked(&self.request));
        } else {
            write!(bytes, "Content-Length: {}\r\n\r\n", self.request.len()).unwrap();
            bytes.extend_from_slice(&self.request);
        }
        bytes
    }

    fn response_bytes(&self, framing: Framing) -> Vec<u8> {
        let mut bytes = Vec::new();
        write!(bytes, "HTTP/1.1 {} Some Reason\r\n", self.status).unwrap();
        for (name, value) in self.sent_headers(framing) {
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        bytes.extend_from_slice(b"\r\n");
        match framing {
            Framing::Length | Framing::UntilClose => bytes.extend_from_slice(&self.response),
            Framing::Chunked => bytes.extend_from_slice(&chunked(&self.response)),
            Framing::Gzip => bytes.extend_from_slice(&gzip(&self.response)),
        }
        bytes
    }

    /// What `Exchange` alone gives.
    fn expected(&self, framing: Framing, settings: &Arc<Settings>) -> Call {
        let body = if framing == Framing::Gzip { gzip(&self.response) } else { self.response.clone() };
        self.understood(settings, &self.sent_headers(framing), [&body[..]]).call
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const SENT: At = At { begun: Duration::from_millis(5), ended: Duration::from_millis(6) };
const CAME: At = At { begun: Duration::from_millis(9), ended: Duration::from_millis(10) };

fn connection(from_start: bool, settings: &Arc<Settings>) -> Connection {
    let facts =
        Facts { server_name: Some("127.0.0.1".into()), port: Some(18181), from_start, boot: SystemTime::UNIX_EPOCH };
    Connection::new(facts, Arc::clone(settings))
}

fn content(content: Content) -> Arc<Settings> {
    Arc::new(Settings { content, ..Settings::default() })
}

/// Hands in the pieces of a request, then those of its response.
fn say<'a>(
    connection: &mut Connection,
    request: impl IntoIterator<Item = &'a [u8]>,
    response: impl IntoIterator<Item = &'a [u8]>,
) {
    for piece in request {
        connection.handle_bytes(Direction::Write, Bytes::copy_from_slice(piece), SENT);
    }
    for piece in response {
        connection.handle_bytes(Direction::Read, Bytes::copy_from_slice(piece), CAME);
    }
}

fn seen(connection: &mut Connection) -> Vec<Seen> {
    std::iter::from_fn(|| connection.poll()).collect()
}

fn closed(mut connection: Connection) -> Vec<Seen> {
    connection.handle_close(ms(10), Close::Freed);
    seen(&mut connection)
}

/// The call that a connection came to, as `Exchange` would give it.
fn only(seen: Vec<Seen>) -> Call {
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let seen = seen.into_iter().next().unwrap();
    assert_eq!(seen.understood.skips.iter().next(), None);
    seen.understood.call
}

/// Panics with the lines that differ.
fn assert_same(left: &Call, right: &Call, what: &str) {
    if left != right {
        let (left, right) = (format!("{left:#?}"), format!("{right:#?}"));
        let lines = left.lines().zip(right.lines()).filter(|(left, right)| left != right).take(9);
        panic!("{what}: {:#?}", lines.collect::<Vec<_>>());
    }
}

#[test]
fn every_case_in_every_framing_cut_anywhere_is_what_the_exchange_alone_gives() {
    for (case, settings) in cases().into_iter().zip([content(Content::Off), content(Content::Full)].into_iter().cycle())
    {
        {
            for framing in FRAMINGS {
                let (request, response) = (case.request_bytes(framing), case.response_bytes(framing));
                let expected = case.expected(framing, &settings);
                let mut whole = connection(true, &settings);
                say(&mut whole, [&request[..]], [&response[..]]);
                assert_eq!((whole.verdict(), whole.side()), (Verdict::Http, Some(Side::Client)));
                assert_eq!(whole.open_calls(), usize::from(framing == Framing::UntilClose));
                assert_eq!(only(closed(whole)), expected, "{} {framing:?}", case.name);
                let mut bytewise = connection(true, &settings);
                say(&mut bytewise, request.chunks(1), response.chunks(1));
                assert_eq!(only(closed(bytewise)), expected, "{} {framing:?} byte by byte", case.name);
                for cut in 0..=request.len().max(response.len()) {
                    let (a, b) = request.split_at(cut.min(request.len()));
                    let (c, d) = response.split_at(cut.min(response.len()));
                    let mut connection = connection(true, &settings);
                    say(&mut connection, [a, b], [c, d]);
                    assert_eq!(only(closed(connection)), expected, "{} {framing:?} cut at {cut}", case.name);
                }
            }
        }
    }
}

#[test]
fn calls_one_after_the_other_and_pipelined_are_each_whole() {
    let settings = content(Content::Full);
    let cases = cases();
    for framing in [Framing::Length, Framing::Chunked, Framing::Gzip] {
        let expected: Vec<Call> = cases.iter().map(|case| case.expected(framing, &settings)).collect();
        let mut kept_alive = connection(true, &settings);
        for case in &cases {
            say(&mut kept_alive, [&case.request_bytes(framing)[..]], [&case.response_bytes(framing)[..]]);
        }
        let calls: Vec<Call> = seen(&mut kept_alive).into_iter().map(|seen| seen.understood.call).collect();
        assert_eq!(calls, expected, "{framing:?}");
        let requests: Vec<u8> = cases.iter().flat_map(|case| case.request_bytes(framing)).collect();
        let responses: Vec<u8> = cases.iter().flat_map(|case| case.response_bytes(framing)).collect();
        for size in [1, 7, 1000, usize::MAX] {
            let mut pipelined = connection(true, &settings);
            say(&mut pipelined, requests.chunks(size), responses.chunks(size));
            let calls: Vec<Call> = seen(&mut pipelined).into_iter().map(|seen| seen.understood.call).collect();
            assert_eq!(calls, expected, "{framing:?} in pieces of {size}");
        }
    }
}

#[test]
fn a_connection_joined_anywhere_gives_the_calls_that_begin_later_whole() {
    let settings = content(Content::Full);
    let cases = cases();
    let by_name = |name: &str| cases.iter().find(|case| case.name == name).unwrap();
    let (first, second) = (by_name("chat_stream_tools"), by_name("responses_tools"));
    for framing in [Framing::Length, Framing::Chunked, Framing::Gzip] {
        let expected = second.expected(framing, &settings);
        let (request, response) = (first.request_bytes(framing), first.response_bytes(framing));
        for (size, step) in [(1, 97), (usize::MAX, 1)] {
            for from in (0..=request.len()).step_by(step) {
                let mut connection = connection(false, &settings);
                say(&mut connection, request[from..].chunks(size), response.chunks(size));
                say(&mut connection, [&second.request_bytes(framing)[..]], [&second.response_bytes(framing)[..]]);
                let calls = seen(&mut connection);
                assert!(!calls.is_empty(), "{framing:?} from {from} of the request");
                assert_same(
                    &calls.last().unwrap().understood.call,
                    &expected,
                    &format!("{framing:?} from {from} of the request"),
                );
                assert_eq!(calls.len(), 2, "{framing:?} from {from} of the request in pieces of {size}");
            }
            for from in (0..=response.len()).step_by(step) {
                let mut connection = connection(false, &settings);
                say(&mut connection, [], response[from..].chunks(size));
                say(&mut connection, [&second.request_bytes(framing)[..]], [&second.response_bytes(framing)[..]]);
                let calls = seen(&mut connection);
                assert!(!calls.is_empty(), "{framing:?} from {from} of the response");
                assert_same(
                    &calls.last().unwrap().understood.call,
                    &expected,
                    &format!("{framing:?} from {from} of the response"),
                );
                assert_eq!(
                    calls.len(),
                    1 + usize::from(from == 0),
                    "{framing:?} from {from} of the response in pieces of {size}"
                );
            }
        }
    }
}

#[test]
fn the_calls_of_a_client_and_of_its_server_are_the_same_but_for_the_side() {
    let settings = content(Content::Full);
    for case in cases() {
        let mut connection = connection(true, &settings);
        connection.handle_bytes(
            Direction::Read,
            case.request_bytes(Framing::Length).into(),
            At { begun: ms(1), ended: ms(5) },
        );
        connection.handle_bytes(Direction::Write, case.response_bytes(Framing::Length).into(), CAME);
        assert_eq!(connection.side(), Some(Side::Server));
        let expected = Call { side: Side::Server, ..case.expected(Framing::Length, &settings) };
        assert_eq!(only(seen(&mut connection)), expected, "{}", case.name);
    }
}

/// What a gap did to an exchange.
fn hurt(seen: &Seen) -> (u64, u64) {
    let missing = seen.understood.call.incomplete.missing.as_deref();
    missing.map_or((0, 0), |missing| (missing.request.bytes, missing.response.bytes))
}

#[test]
fn a_gap_of_any_length_anywhere_hurts_only_its_own_exchange_and_is_told_exactly() {
    let settings = content(Content::Full);
    let cases = cases();
    let by_name = |name: &str| cases.iter().find(|case| case.name == name).unwrap();
    for (framing, name) in
        [(Framing::Length, "chat_basic"), (Framing::Chunked, "chat_stream_usage"), (Framing::Gzip, "chat_stream_usage")]
    {
        let (hurt_case, next) = (by_name(name), by_name("responses_basic"));
        let expected = next.expected(framing, &settings);
        let (request, response) = (hurt_case.request_bytes(framing), hurt_case.response_bytes(framing));
        for (is_request, len) in [(true, request.len()), (false, response.len())] {
            for from in 0..len {
                let step = if from % 32 == 0 { 61 } else { len };
                for to in (from + 1..=len).step_by(step).chain([len]) {
                    let what =
                        format!("{framing:?} {}..{to} of {}", from, if is_request { "request" } else { "response" });
                    let mut connection = connection(true, &settings);
                    let mut give = |direction, bytes: &[u8], at: At, gap: bool| {
                        if gap {
                            connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[..from]), at);
                            connection.handle_gap(direction, (to - from) as u64, at.ended);
                            connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[to..]), at);
                        } else {
                            connection.handle_bytes(direction, Bytes::copy_from_slice(bytes), at);
                        }
                    };
                    give(Direction::Write, &request, SENT, is_request);
                    give(Direction::Read, &response, CAME, !is_request);
                    give(Direction::Write, &next.request_bytes(framing), SENT, false);
                    give(Direction::Read, &next.response_bytes(framing), CAME, false);
                    let calls = closed(connection);
                    let (last, others) = calls.split_last().unwrap();
                    assert_same(&last.understood.call, &expected, &what);
                    assert!(others.len() <= 1, "{what}: {}", others.len());
                    let Some(call) = others.first() else {
                        panic!("{what}: a call of which the response or the request was seen is told");
                    };
                    let lost = (to - from) as u64;
                    assert_eq!(hurt(call), if is_request { (lost, 0) } else { (0, lost) }, "{what}");
                    let missing = call.understood.call.incomplete.missing.as_deref().unwrap();
                    let ranges = if is_request { &missing.request.ranges } else { &missing.response.ranges };
                    assert_eq!((ranges.len(), &ranges[0]), (1, &(from as u64..to as u64)), "{what}");
                    assert_eq!(call.understood.call.outcome, Outcome::Incomplete, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_gap_in_one_of_several_pipelined_exchanges_hurts_only_that_one() {
    let settings = content(Content::Full);
    let cases = cases();
    let by_name = |name: &str| cases.iter().find(|case| case.name == name).unwrap();
    let three = ["chat_basic", "chat_tools_call", "responses_basic"].map(by_name);
    for framing in [Framing::Length, Framing::Chunked] {
        let expected = three.map(|case| case.expected(framing, &settings));
        let requests = three.map(|case| case.request_bytes(framing));
        let responses = three.map(|case| case.response_bytes(framing));
        for (is_request, parts) in [(true, &requests), (false, &responses)] {
            let (start, len) = (parts[0].len(), parts[1].len());
            for from in (0..len).step_by(5) {
                for to in [from + 1, from + 7, from + 100, (from + len) / 2, len] {
                    let to = to.clamp(from + 1, len);
                    let what =
                        format!("{framing:?} {from}..{to} of {}", if is_request { "request" } else { "response" });
                    let mut connection = connection(true, &settings);
                    for (direction, bytes, at, gap) in [
                        (Direction::Write, requests.concat(), SENT, is_request),
                        (Direction::Read, responses.concat(), CAME, !is_request),
                    ] {
                        if gap {
                            connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[..start + from]), at);
                            connection.handle_gap(direction, (to - from) as u64, at.ended);
                            connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[start + to..]), at);
                        } else {
                            connection.handle_bytes(direction, bytes.into(), at);
                        }
                    }
                    let calls = closed(connection);
                    let [first, second, third] = &calls[..] else { panic!("{what}: {} calls", calls.len()) };
                    assert_same(&first.understood.call, &expected[0], &what);
                    assert_same(&third.understood.call, &expected[2], &what);
                    let lost = (to - from) as u64;
                    assert_eq!(hurt(second), if is_request { (lost, 0) } else { (0, lost) }, "{what}");
                }
            }
        }
    }
}

#[test]
fn a_gap_at_an_unknown_path_never_makes_a_call_look_whole() {
    let settings = content(Content::Full);
    let cases = cases();
    let mut case = cases.into_iter().find(|case| case.name == "chat_stream_usage").unwrap();
    case.path = "/llm".to_owned();
    for framing in [Framing::Length, Framing::Chunked] {
        let (request, response) = (case.request_bytes(framing), case.response_bytes(framing));
        let mut whole = connection(true, &settings);
        say(&mut whole, [&request[..]], [&response[..]]);
        let expected = only(seen(&mut whole));
        for (is_request, len) in [(true, request.len()), (false, response.len())] {
            for from in (0..len).step_by(3) {
                for to in [from + 1, from + 60, len].map(|to| to.min(len)) {
                    let what =
                        format!("{framing:?} {from}..{to} of {}", if is_request { "request" } else { "response" });
                    let mut connection = connection(true, &settings);
                    for (direction, bytes, at, gap) in [
                        (Direction::Write, &request, SENT, is_request),
                        (Direction::Read, &response, CAME, !is_request),
                    ] {
                        let (before, behind) = if gap { (from, to) } else { (bytes.len(), bytes.len()) };
                        connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[..before]), at);
                        connection.handle_gap(direction, (behind - before) as u64, at.ended);
                        connection.handle_bytes(direction, Bytes::copy_from_slice(&bytes[behind..]), at);
                    }
                    say(&mut connection, [&request[..]], [&response[..]]);
                    let calls = closed(connection);
                    let (last, others) = calls.split_last().unwrap();
                    assert_same(&last.understood.call, &expected, &what);
                    for call in others {
                        let lost = (to - from) as u64;
                        assert_eq!(hurt(call), if is_request { (lost, 0) } else { (0, lost) }, "{what}");
                        assert_eq!(call.understood.call.outcome, Outcome::Incomplete, "{what}");
                    }
                    // The answer is whole.
                    assert!(!is_request || others.len() == 1, "{what}: {} calls", calls.len());
                }
            }
        }
    }
}

#[test]
fn compressed_requests_are_read() {
    let settings = content(Content::Full);
    let case = cases().into_iter().find(|case| case.name == "chat_basic").unwrap();
    let expected = case.expected(Framing::Length, &settings);
    for path in ["/v1/chat/completions", "/llm"] {
        let body = gzip(&case.request);
        let mut request = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:18181\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(&body);
        let mut connection = connection(true, &settings);
        say(&mut connection, request.chunks(100), [&case.response_bytes(Framing::Length)[..]]);
        assert_same(&only(seen(&mut connection)), &expected, path);
        say(&mut connection, [&request[..]], case.response_bytes(Framing::Gzip).chunks(100));
        assert_same(&only(seen(&mut connection)), &case.expected(Framing::Gzip, &settings), path);
    }
}

#[test]
fn a_stream_without_length_that_ends_with_its_connection_is_cancelled_unless_it_says_its_last_word() {
    let settings = content(Content::Full);
    let case = cases().into_iter().find(|case| case.name == "chat_stream_usage").unwrap();
    let response = case.response_bytes(Framing::UntilClose);
    let last_choice = response.windows(15).rposition(|bytes| bytes == b"\"finish_reason\"").unwrap();
    for (len, expected) in [(response.len(), Outcome::Completed), (last_choice - 200, Outcome::Cancelled)] {
        for size in [1, usize::MAX] {
            let mut connection = connection(true, &settings);
            say(&mut connection, [&case.request_bytes(Framing::UntilClose)[..]], response[..len].chunks(size));
            assert_eq!(only(closed(connection)).outcome, expected, "{len} bytes in pieces of {size}");
        }
    }
}
