//! Connections: the same call over HTTP/2 and HTTP/1.1, from the beginning and from the middle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::Write;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Side, Verdict};
use sidetone_core::event::{Call, Outcome, Response};

const REQUEST: &str = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
const CHUNK: &str = "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Ho\"},\"finish_reason\":\"stop\"}]}\n\n";

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;
const HEADERS: u8 = 1;
const DATA: u8 = 0;
const RST_STREAM: u8 = 3;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// Fields as literals without indexing and with new names (RFC 7541 section 6.2.2).
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127);
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

fn request(stream: u32, path: &str) -> Vec<u8> {
    let head = [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "h.example"),
        (":path", path),
        ("content-type", "application/json"),
    ];
    let (first, second) = REQUEST.as_bytes().split_at(20);
    [
        frame(HEADERS, END_HEADERS, stream, &fields(&head)),
        frame(DATA, 0, stream, first),
        frame(DATA, END_STREAM, stream, second),
    ]
    .concat()
}

fn response_head(stream: u32) -> Vec<u8> {
    let head = [(":status", "200"), ("content-type", "text/event-stream"), ("x-request-id", "req_1")];
    frame(HEADERS, END_HEADERS, stream, &fields(&head))
}

fn response_body(stream: u32) -> Vec<u8> {
    [frame(DATA, 0, stream, CHUNK.as_bytes()), frame(DATA, END_STREAM, stream, b"data: [DONE]\n\n")].concat()
}

fn connection(from_start: bool) -> Connection {
    let facts = Facts { server_name: Some("h.example".into()), port: None, from_start, boot: SystemTime::UNIX_EPOCH };
    Connection::new(facts, std::sync::Arc::default())
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn say(connection: &mut Connection, direction: Direction, bytes: &[u8], size: usize) {
    let at = match direction {
        Direction::Write => At { begun: ms(5), ended: ms(6) },
        Direction::Read => At { begun: ms(9), ended: ms(10) },
    };
    for piece in bytes.chunks(size) {
        connection.handle_bytes(direction, Bytes::copy_from_slice(piece), at);
    }
}

fn calls(connection: &mut Connection) -> Vec<Call> {
    std::iter::from_fn(|| connection.poll()).map(|seen| seen.understood.call).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The same exchange over HTTP/1.1.
fn expected(path: &str) -> Call {
    let mut connection = connection(true);
    let request =
        format!("POST {path} HTTP/1.1\r\nhost: h.example\r\ncontent-length: {}\r\n\r\n{REQUEST}", REQUEST.len());
    say(&mut connection, Direction::Write, request.as_bytes(), usize::MAX);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: req_1\r\n\r\n";
    say(&mut connection, Direction::Read, format!("{head}{CHUNK}data: [DONE]\n\n").as_bytes(), usize::MAX);
    connection.handle_close(ms(10), Close::Freed);
    calls(&mut connection).remove(0)
}

#[test]
fn interleaved_streams_are_the_calls_that_http_1_would_give() {
    for path in ["/v1/chat/completions", "/unknown"] {
        let expected = expected(path);
        assert_eq!((expected.surface, &expected.outcome), ("openai.chat", &Outcome::Completed));
        for size in [1, 5, 1000, usize::MAX] {
            let mut connection = connection(true);
            // A server of TLS 1.3 may speak first.
            say(&mut connection, Direction::Read, &frame(SETTINGS, 0, 0, &[]), size);
            say(&mut connection, Direction::Write, PREFACE, size);
            assert_eq!(connection.verdict(), Verdict::Http);
            say(&mut connection, Direction::Write, &frame(SETTINGS, 0, 0, &[]), size);
            for stream in [1, 3] {
                say(&mut connection, Direction::Write, &request(stream, path), size);
            }
            for stream in [3, 1] {
                say(&mut connection, Direction::Read, &response_head(stream), size);
            }
            for stream in [1, 3] {
                say(&mut connection, Direction::Read, &response_body(stream), size);
            }
            assert_eq!(connection.side(), Some(Side::Client));
            assert_eq!(calls(&mut connection), [expected.clone(), expected.clone()], "{path} in pieces of {size}");
        }
    }
}

#[test]
fn a_server_sees_the_same_calls_from_the_other_side() {
    let path = "/v1/chat/completions";
    let mut connection = connection(true);
    say(
        &mut connection,
        Direction::Read,
        &[PREFACE, &frame(SETTINGS, 0, 0, &[]), &request(1, path)].concat(),
        usize::MAX,
    );
    say(&mut connection, Direction::Write, &[response_head(1), response_body(1)].concat(), usize::MAX);
    assert_eq!(connection.side(), Some(Side::Server));
    let call = calls(&mut connection).remove(0);
    let Call { response, outcome, server, .. } = expected(path);
    assert_eq!((call.side, call.response, call.outcome, call.server), (Side::Server, response, outcome, server));
}

#[test]
fn a_connection_joined_in_the_middle_gives_later_calls() {
    let expected = expected("/v1/chat/completions");
    for junk in [&b""[..], b"rest of a frame that began before us"] {
        for size in [17, usize::MAX] {
            let mut connection = connection(false);
            say(&mut connection, Direction::Read, junk, size);
            say(&mut connection, Direction::Read, &[response_body(5), response_body(7)].concat(), size);
            say(&mut connection, Direction::Write, &request(9, "/v1/chat/completions"), size);
            say(&mut connection, Direction::Read, &[response_head(9), response_body(9)].concat(), size);
            let calls = calls(&mut connection);
            assert_eq!(
                calls.last(),
                Some(&expected),
                "{} calls behind {} bytes in pieces of {size}",
                calls.len(),
                junk.len()
            );
        }
    }
}

#[test]
fn a_gap_in_one_stream_hurts_only_it_and_a_reset_has_its_outcome() {
    let path = "/v1/chat/completions";
    let expected = expected(path);
    let mut connection = connection(true);
    say(
        &mut connection,
        Direction::Write,
        &[PREFACE, &frame(SETTINGS, 0, 0, &[]), &request(1, path), &request(3, path), &request(5, path)].concat(),
        usize::MAX,
    );
    say(
        &mut connection,
        Direction::Read,
        &[frame(SETTINGS, 0, 0, &[]), response_head(1), response_head(3), response_head(5)].concat(),
        usize::MAX,
    );
    let body = response_body(1);
    say(&mut connection, Direction::Read, &body[..40], usize::MAX);
    connection.handle_gap(Direction::Read, 10, ms(10));
    say(&mut connection, Direction::Read, &body[50..], usize::MAX);
    say(&mut connection, Direction::Read, &response_body(3), usize::MAX);
    say(&mut connection, Direction::Write, &frame(RST_STREAM, 0, 5, &8_u32.to_be_bytes()), usize::MAX);
    let calls = calls(&mut connection);
    let [hurt, whole, cancelled] = &calls[..] else { panic!("{} calls", calls.len()) };
    assert_eq!(*whole, expected);
    assert_eq!((&hurt.outcome, &cancelled.outcome), (&Outcome::Incomplete, &Outcome::Cancelled));
    let missing = hurt.incomplete.missing.as_deref().unwrap();
    assert_eq!((missing.bytes(), missing.response.ranges.len()), (10, 1));
    assert_eq!(Response { choices: Vec::new(), ..hurt.response.clone() }.status, Some(200));
}

// A find of the fuzzer: fed whole, such bytes were no HTTP.
#[test]
fn frames_that_name_a_request_are_http_2_also_where_the_first_bytes_were_to_be_a_preface() {
    let expected = expected("/v1/chat/completions");
    for size in [1, usize::MAX] {
        let mut connection = connection(true);
        say(&mut connection, Direction::Read, &[response_head(1), response_body(1)].concat(), size);
        assert_eq!(connection.verdict(), Verdict::Http, "in pieces of {size}");
        say(&mut connection, Direction::Write, &request(3, "/v1/chat/completions"), size);
        say(&mut connection, Direction::Read, &[response_head(3), response_body(3)].concat(), size);
        assert_eq!(calls(&mut connection).last(), Some(&expected), "in pieces of {size}");
    }
}

#[test]
fn of_more_requests_than_are_followed_at_once_the_oldest_is_told_as_unobserved() {
    const STREAMS: u32 = 4096;
    let path = "/v1/chat/completions";
    let mut connection = connection(true);
    say(&mut connection, Direction::Write, &[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat(), usize::MAX);
    for number in 0..=STREAMS {
        say(&mut connection, Direction::Write, &request(1 + 2 * number, path), usize::MAX);
    }
    let given_up = calls(&mut connection);
    assert_eq!(given_up.iter().map(|call| &call.outcome).collect::<Vec<_>>(), [&Outcome::Unobserved]);
    for number in 0..=STREAMS {
        let stream = 1 + 2 * number;
        say(&mut connection, Direction::Read, &[response_head(stream), response_body(stream)].concat(), usize::MAX);
    }
    let answered = calls(&mut connection);
    assert_eq!((answered.len(), answered.first()), (STREAMS as usize, Some(&expected(path))));
}

#[test]
fn the_port_is_the_one_of_the_request_or_of_its_scheme_and_unknown_without_a_request() {
    let port_of = |authority: Option<&str>| {
        let mut connection = connection(authority.is_some());
        let path = "/v1/chat/completions";
        if let Some(authority) = authority {
            let head =
                format!("POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-length: {}\r\n\r\n", REQUEST.len());
            say(&mut connection, Direction::Write, format!("{head}{REQUEST}").as_bytes(), usize::MAX);
        }
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
        say(&mut connection, Direction::Read, format!("{head}{CHUNK}data: [DONE]\n\n").as_bytes(), usize::MAX);
        connection.handle_close(ms(10), Close::Freed);
        calls(&mut connection).remove(0).server.port
    };
    assert_eq!([Some("h.example:8443"), Some("h.example"), None].map(port_of), [Some(8443), Some(443), None]);
}

// A find of the fuzzer: the first piece of the body was to show by itself how it is encoded.
#[test]
fn the_coding_of_a_body_whose_head_is_not_known_shows_in_its_first_bytes_however_they_are_cut() {
    let body = gzip(format!("{CHUNK}data: [DONE]\n\n").as_bytes());
    // The content coding is told by an entry of the dynamic table, of before we joined (RFC 7541 section 6.1).
    let head = frame(
        HEADERS,
        END_HEADERS,
        9,
        &[&fields(&[(":status", "200"), ("content-type", "text/event-stream")])[..], &[0x80 | 62]].concat(),
    );
    let path = "/v1/chat/completions";
    let read = |size: usize| {
        let mut connection = connection(false);
        say(&mut connection, Direction::Write, &request(9, path), usize::MAX);
        say(&mut connection, Direction::Read, &head, usize::MAX);
        say(&mut connection, Direction::Read, &frame(DATA, END_STREAM, 9, &body), size);
        calls(&mut connection).remove(0)
    };
    let whole = read(usize::MAX);
    assert_eq!((&whole.outcome, whole.response.model.as_deref()), (&Outcome::Completed, Some("m-1")));
    for size in [1, 2, 3, 7] {
        assert_eq!(read(size), whole, "in pieces of {size}");
    }
}
