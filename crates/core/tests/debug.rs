//! What `Debug` shows of a call under way: sizes and structure, and nothing that no policy has looked at.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; one reads the sources of this crate"
)]

mod support;

use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use sidetone_core::connection::{At, Connection, Direction, Facts, Seen, Side};
use sidetone_core::event::{EndUser, ParentSpan, Server, SpanId, TraceId};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::{Allowance, Content, GrowingText, Ids, Keep, Limits, Scope};
use sidetone_core::provider::{Answer, Given, Name, Outline, PartDraft, Place, Rare, What, surface_of};
use sidetone_core::wire::encoding::Decoder;
use sidetone_core::wire::http::{Flow, Head, Said, StreamId};
use sidetone_core::wire::http1::Http1;
use sidetone_core::wire::http2::{Http2, hpack};
use sidetone_core::wire::json::{Json, Str};
use sidetone_core::wire::sse::{SseDecoder, SseEvent, SseItem};

/// It is everywhere.
const SECRET: &str = "sk-canary-T3BlbkFJ-0123456789";

#[track_caller]
fn assert_hides<T: Debug>(shown: &T) {
    for shown in [format!("{shown:?}"), format!("{shown:#?}")] {
        let bytes: String = SECRET.bytes().map(|byte| format!("{byte}, ")).collect();
        for hidden in [&SECRET[3..15], &SECRET[15..], &bytes[..30]] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}

fn head() -> Head {
    Head {
        method: Some(SECRET.into()),
        target: Some(format!("/v1/chat/completions?key={SECRET}").into()),
        authority: Some(SECRET.into()),
        status: Some(200),
        fields: vec![("authorization".into(), SECRET.into()), (SECRET.into(), "x".into())],
        is_partial: false,
    }
}

#[test]
fn what_decoders_hold_and_give_is_not_shown() {
    assert_hides(&head());
    let (stream, flow) = (StreamId(1), Flow::Request);
    assert_hides(&Said::Head { stream, flow, head: Box::new(head()) });
    assert_hides(&Said::Body { stream, flow, bytes: SECRET.into() });

    let text = format!("{{\"{SECRET}\": \"{SECRET}\"}}");
    let mut json = Json::new(&text);
    assert_hides(&json);
    let _ = json.peek();
    assert_hides(&json);
    assert_hides(&Str::plain(SECRET));
    assert_hides(&Outline::of(text.as_bytes()).unwrap());

    let event = SseEvent { kind: SECRET.as_bytes(), data: SECRET.as_bytes(), whole: Some(SECRET.as_bytes()) };
    assert_hides(&event);
    assert_hides(&SseItem::Event(event));
    let mut events = SseDecoder::new(1 << 10);
    let piece = format!("event: {SECRET}\ndata: {SECRET}");
    assert!(events.next(&mut piece.as_bytes()).is_none() && events.held_bytes() > 0);
    assert_hides(&events);

    let mut http1 = Http1::new();
    http1.handle_bytes(Flow::Request, Bytes::from(format!("POST /{SECRET} HTTP/1.1\r\nx: {SECRET}")));
    assert!(http1.held_bytes() > 0);
    assert_hides(&http1);
    // RFC 7541 section 6.2.1: a literal field with a new name that goes into the table.
    let field = [&[0x40, 1, b'x', SECRET.len() as u8], SECRET.as_bytes()].concat();
    let mut fields = hpack::Decoder::from_start();
    fields.decode(&field, |_, _| ()).unwrap();
    assert_hides(&fields);
    let frame = [&[0, 0, field.len() as u8, 1, 0, 0, 0, 0, 1], &field[..]].concat();
    let mut http2 = Http2::new();
    http2.handle_bytes(Flow::Request, Bytes::from([b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &frame[..]].concat()));
    assert_hides(&http2);
    assert_hides(&Decoder::named("gzip", 1 << 10).unwrap());
}

#[test]
fn what_is_assembled_of_a_call_is_not_shown() {
    let (limits, mut allowance) = (Limits::default(), Allowance::default());
    let mut keep = Keep::new(Content::Full, &limits, &mut allowance);
    let mut given = Given::default();
    given.set(Name::Model, Some(Str::plain(SECRET)));
    assert_hides(&given);
    let mut answer = Answer::default();
    answer.set_names(&given, &mut keep);
    answer.set_finish_reason(0, Str::plain(SECRET), &mut keep);
    answer.set_role(0, SECRET, &mut keep);
    let place = Place { item: 0, part: 0 };
    let other = || What::Other(Box::new((SECRET.into(), Some(SECRET.into()))));
    answer.append(0, place, Str::plain(SECRET), &mut keep, other);
    assert_hides(&other());
    assert_hides::<PartDraft>(answer.part(0, place).unwrap());
    let chat = surface_of(&http::Method::POST, "/v1/chat/completions").unwrap();
    let error = format!(r#"{{"error": {{"message": "{SECRET}", "code": "{SECRET}"}}}}"#);
    let failure = chat.read_error(&error, &mut keep);
    assert!(failure.is_some());
    answer.fail(failure.clone());
    assert_hides(&answer);
    assert_hides(&Rare { failure, ..Rare::default() });
    let mut text = GrowingText::default();
    keep.append(&mut text, Str::plain(SECRET));
    assert_hides(&text);
    assert_hides(&keep);
    assert_hides(&allowance);
    let id = || Some(SECRET.into());
    assert_hides(&EndUser { user: id(), safety_identifier: id(), metadata: vec![(SECRET.into(), SECRET.into())] });
    assert_hides(&Scope { user: id(), session: id(), content: None });
    assert_hides(&Ids::keyed(SECRET.as_bytes()));
}

fn request_head() -> RequestHead {
    let (trace_id, span_id) = (TraceId([1; 16]), SpanId([1; 8]));
    RequestHead {
        surface: surface_of(&http::Method::POST, "/v1/chat/completions").unwrap(),
        server: Arc::new(Server { address: SECRET.into(), port: None }),
        deployment: Some(SECRET.into()),
        start: SystemTime::UNIX_EPOCH,
        parent: Some(ParentSpan { trace_id, span_id, flags: 1, is_remote: true, trace_state: Some(SECRET.into()) }),
        resend_count: None,
        scope: Some(Arc::new(Scope { user: Some(SECRET.into()), session: None, content: None })),
    }
}

#[test]
fn an_exchange_and_a_connection_show_nothing_before_the_review() {
    assert_hides(&request_head());
    let mut response = ResponseHead::new(200);
    response.keep("x-request-id", &http::HeaderValue::from_static(SECRET));
    assert_hides(&response);
    let body =
        format!(r#"{{"model": "{SECRET}", "stream": true, "messages": [{{"role": "user", "content": "{SECRET}"}}]}}"#);
    let event = format!(
        "data: {{\"id\": \"{SECRET}\", \"choices\": [{{\"index\": 0, \"delta\": {{\"content\": \"{SECRET}\"}}}}]}}\n\n"
    );
    let settings = || Arc::new(Settings { content: Content::Full, ..Settings::default() });

    let mut exchange = Exchange::new(request_head(), settings());
    exchange.handle_request_body(body.clone().into());
    assert_hides(&exchange);
    exchange.handle_response_head(&response, Duration::ZERO);
    exchange.handle_response_body(event.clone().into(), Duration::ZERO);
    assert_hides(&exchange);

    let facts = Facts { server_name: Some(SECRET.into()), port: None, from_start: true, boot: SystemTime::UNIX_EPOCH };
    assert_hides(&facts);
    let at = At { begun: Duration::ZERO, ended: Duration::ZERO };
    let mut connection = Connection::new(facts, settings());
    for (direction, bytes) in [
        (
            Direction::Write,
            format!(
                "POST /{SECRET}/v1/chat/completions HTTP/1.1\r\nhost: {SECRET}\r\ncontent-length: {}\r\n",
                body.len()
            ),
        ),
        (Direction::Write, format!("authorization: Bearer {SECRET}\r\nbaggage: user.id={SECRET}\r\n\r\n{body}")),
        (
            Direction::Read,
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-request-id: {SECRET}\r\nconnection: close\r\n\r\n"
            ),
        ),
        (Direction::Read, event),
    ] {
        connection.handle_bytes(direction, bytes.into(), at);
        assert_hides(&connection);
    }
    let understood = Exchange::new(support::Observed::json("/v1/chat/completions").head(), Arc::default())
        .finish(End::Complete, Duration::ZERO);
    let (begun, ended) = (Duration::ZERO, Duration::ZERO);
    let (request_id, authority) = (Some(SECRET.into()), Some(SECRET.into()));
    let side = Side::Client;
    assert_hides(&Seen { understood, side, stream: StreamId(0), begun, ended, request_id, authority });
}

#[test]
fn no_public_type_before_the_review_derives_debug_over_text() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<_> = ["wire", "connection", "provider", "exchange"].map(|folder| sources.join(folder)).into();
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for (at, _) in source.match_indices("#[derive(Debug") {
                let (_, item) = source[at..].split_once('\n').unwrap();
                let Some(item) = ["pub struct ", "pub enum "].iter().find_map(|word| item.strip_prefix(word)) else {
                    continue;
                };
                looked_at += 1;
                let end = item.find("\n}").into_iter().chain(item.find(";\n")).min().unwrap();
                let name: String = item.chars().take_while(|char| char.is_alphanumeric()).collect();
                // Fields as they are written, without what is said of them.
                let fields: String = item[..end].lines().filter(|line| !line.trim().starts_with("//")).collect();
                let text = ["str>", "str,", ": String", "(String", "<String", "Bytes", "[u8]", "Vec<u8>"]
                    .iter()
                    .find(|text| fields.contains(**text));
                assert!(text.is_none(), "{}: {name} shows {text:?}", path.display());
            }
        }
    }
    assert!(looked_at > 20, "{looked_at}");
}
