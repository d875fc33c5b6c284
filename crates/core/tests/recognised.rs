//! Connections: which exchanges are calls, whose they are, and how they end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use proptest::prelude::*;
use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Listener, Seen, Side, Verdict};
use sidetone_core::event::{Call, ErrorClass, Outcome, SpanId, TraceId};
use sidetone_core::exchange::Settings;
use sidetone_core::wire::http::{Flow, Head, StreamId};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn at(begun: u64, ended: u64) -> At {
    At { begun: ms(begun), ended: ms(ended) }
}

fn facts(from_start: bool) -> Facts {
    Facts { server_name: Some("gateway.example".into()), port: None, from_start, boot: SystemTime::UNIX_EPOCH }
}

fn client() -> Connection {
    Connection::new(facts(true), Arc::default())
}

fn joined() -> Connection {
    Connection::new(facts(false), Arc::default())
}

fn write(connection: &mut Connection, text: &str) {
    connection.handle_bytes(Direction::Write, Bytes::copy_from_slice(text.as_bytes()), at(100, 101));
}

fn read(connection: &mut Connection, text: &str) {
    connection.handle_bytes(Direction::Read, Bytes::copy_from_slice(text.as_bytes()), at(199, 200));
}

fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nhost: gateway.example\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn calls(connection: &mut Connection) -> Vec<Call> {
    std::iter::from_fn(|| connection.poll()).map(|seen| seen.understood.call).collect()
}

/// The surface of the call that an exchange is taken for.
fn surface(path: &str, request: &str, status: u16, response: &str) -> Option<&'static str> {
    let mut connection = client();
    write(&mut connection, &post(path, request));
    read(&mut connection, &answer(status, response));
    assert_eq!(connection.verdict(), Verdict::Http);
    connection.handle_close(ms(300), Close::Freed);
    let calls = calls(&mut connection);
    assert!(calls.len() <= 1);
    calls.first().map(|call| call.surface)
}

const CHAT: &str = r#"{"model":"m","messages":[{"role":"user","content":"Hi"}]}"#;
const CHAT_ANSWER: &str = r#"{"id":"c","object":"chat.completion","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Ho"},"finish_reason":"stop"}]}"#;
const RESPONSES_ANSWER: &str = r#"{"id":"r","object":"response","status":"completed","model":"m-1","output":[]}"#;
const EMBEDDINGS_ANSWER: &str =
    r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.1]}],"model":"m-1"}"#;
const ERROR: &str = r#"{"error":{"message":"no","type":"invalid_request_error","code":"c"}}"#;

#[test]
fn at_unknown_hosts_and_paths_the_bodies_tell() {
    let text = r#"{"model":"m","input":"Hi"}"#;
    let cases = [
        ("/llm", CHAT, 200, CHAT_ANSWER, Some("openai.chat")),
        // Without `object`, and in the order of a sorting writer.
        (
            "/llm",
            CHAT,
            200,
            r#"{"choices":[{"finish_reason":"stop","index":0,"message":{"role":"assistant"}}],"id":"c"}"#,
            Some("openai.chat"),
        ),
        (
            "/llm",
            r#"{"stream":true,"messages":[{"content":"Hi","role":"user"}],"model":"m"}"#,
            200,
            CHAT_ANSWER,
            Some("openai.chat"),
        ),
        ("/llm", CHAT, 429, ERROR, Some("openai.chat")),
        (
            "/llm",
            r#"{"model":"m","prompt":"Hi"}"#,
            200,
            r#"{"id":"c","object":"text_completion","choices":[{"index":0,"text":"Ho"}]}"#,
            Some("openai.completions"),
        ),
        // The same request, and the answer tells which API it was.
        ("/llm", text, 200, RESPONSES_ANSWER, Some("openai.responses")),
        ("/llm", text, 200, EMBEDDINGS_ANSWER, Some("openai.embeddings")),
        (
            "/llm",
            r#"{"model":"m","input":[{"role":"user","content":"Hi"}]}"#,
            200,
            RESPONSES_ANSWER,
            Some("openai.responses"),
        ),
        // A path of the API, that others may have too, and a body of the API.
        ("/v1/responses", text, 200, RESPONSES_ANSWER, Some("openai.responses")),
        ("/v1/responses", text, 500, "<html>", Some("openai.responses")),
        ("/v1/embeddings", text, 200, "?", Some("openai.embeddings")),
        // A path that nobody else has.
        ("/v1/chat/completions", "?", 400, "?", Some("openai.chat")),
        ("/openai/deployments/d/embeddings", r#"{"input":"Hi"}"#, 200, "?", Some("openai.embeddings")),
    ];
    for (path, request, status, response, expected) in cases {
        assert_eq!(surface(path, request, status, response), expected, "{path} {request} {status} {response}");
    }
}

#[test]
fn other_apis_are_no_calls_of_this_one() {
    let anthropic_answer = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"text","text":"Ho"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":1}}"#;
    let anthropic = r#"{"model":"claude","max_tokens":9,"system":"s","messages":[{"role":"user","content":"Hi"}]}"#;
    let cases = [
        // Anthropic's messages: its request is one of chat by its shape.
        ("/v1/messages", anthropic, 200, anthropic_answer),
        (
            "/v1/messages",
            anthropic,
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        ),
        (
            "/v1/messages",
            anthropic,
            200,
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"role\":\"assistant\"}}\n\n",
        ),
        // Ollama's own API.
        (
            "/api/chat",
            CHAT,
            200,
            r#"{"model":"m","created_at":"t","message":{"role":"assistant","content":"Ho"},"done":true}"#,
        ),
        ("/api/generate", r#"{"model":"m","prompt":"Hi"}"#, 200, r#"{"model":"m","response":"Ho","done":true}"#),
        // Images, speech, moderations.
        ("/v1/images/generations", r#"{"model":"m","prompt":"A cat"}"#, 200, r#"{"created":1,"data":[{"url":"u"}]}"#),
        ("/v1/audio/speech", r#"{"model":"m","input":"Hi","voice":"v"}"#, 200, "RIFF"),
        (
            "/v1/moderations",
            r#"{"model":"m","input":"Hi"}"#,
            200,
            r#"{"id":"modr-1","model":"m","results":[{"flagged":false}]}"#,
        ),
        // JSON-RPC, a mail API, a chat of people, a survey.
        (
            "/rpc",
            r#"{"jsonrpc":"2.0","id":1,"method":"m","params":{"model":"m","messages":[{"role":"user"}]}}"#,
            200,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ),
        ("/rpc", r#"{"jsonrpc":"2.0","model":"m","messages":[{"role":"user"}]}"#, 200, CHAT_ANSWER),
        ("/send", r#"{"messages":[{"to":"a@b","body":"Hi"}]}"#, 200, r#"{"messages":[{"status":"queued"}]}"#),
        ("/post", r#"{"model":"m","messages":["Hi"]}"#, 200, r#"{"choices":["a","b"]}"#),
        ("/predict", r#"{"model":"m","input":{"x":1}}"#, 200, r#"{"output":2}"#),
        (
            "/v1/responses",
            r#"{"form":7,"answers":[1,2]}"#,
            201,
            r#"{"id":"r","object":"response","status":"completed"}"#,
        ),
        ("/v1/completions", r#"{"task":"t"}"#, 200, "{}"),
        ("/graphql", r#"{"query":"{messages{text}}"}"#, 200, r#"{"data":[{"embedding":[1]}]}"#),
        ("/upload", "not JSON", 200, CHAT_ANSWER),
    ];
    for (path, request, status, response) in cases {
        assert_eq!(surface(path, request, status, response), None, "{path} {request} {response}");
    }
    // Even if the answer is one of chat, a request of Anthropic's client is no call of this API.
    let mut connection = client();
    let request = post("/x", CHAT).replacen("host:", "anthropic-version: 2023-06-01\r\nhost:", 1);
    write(&mut connection, &request);
    read(&mut connection, &answer(200, CHAT_ANSWER));
    write(&mut connection, "GET /v1/chat/completions HTTP/1.1\r\nhost: h\r\n\r\n");
    read(&mut connection, &answer(200, CHAT_ANSWER));
    assert_eq!(calls(&mut connection), []);
}

#[test]
fn a_stream_at_an_unknown_path_is_recognised_by_its_events_and_keeps_its_times() {
    let mut connection = client();
    let request = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    write(&mut connection, &post("/llm", request));
    read(&mut connection, "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n: PROCESSING\n\n");
    let chunk = |content: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{content}\"}},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    connection.handle_bytes(Direction::Read, chunk("Hi", "null").into(), at(290, 300));
    connection.handle_bytes(Direction::Read, chunk("!", "\"stop\"").into(), at(390, 400));
    connection.handle_bytes(Direction::Read, "data: [DONE]\n\n".into(), at(490, 500));
    connection.handle_close(ms(600), Close::Freed);
    let [call] = &calls(&mut connection)[..] else { panic!("one call") };
    let timing = &call.timing;
    assert_eq!((timing.head, timing.first_output, timing.last_chunk), (Some(ms(100)), Some(ms(200)), Some(ms(300))));
    assert_eq!((timing.start, timing.output_chunks), (SystemTime::UNIX_EPOCH + ms(100), Some(2)));
    assert_eq!(call.outcome, Outcome::Completed);
    // Next time the path is known: a call that gets no answer is one.
    let mut connection = client();
    for _ in 0..2 {
        write(&mut connection, &post("/llm", CHAT));
        read(&mut connection, &answer(200, CHAT_ANSWER));
    }
    write(&mut connection, &post("/llm", CHAT));
    assert_eq!(connection.open_calls(), 1);
    connection.handle_close(ms(600), Close::ProcessEnded);
    assert_eq!(calls(&mut connection).len(), 3);
}

#[test]
fn with_the_request_unseen_the_answer_alone_tells() {
    for (response, expected) in [
        (CHAT_ANSWER, Some("openai.chat")),
        (RESPONSES_ANSWER, Some("openai.responses")),
        (EMBEDDINGS_ANSWER, Some("openai.embeddings")),
        (ERROR, None),
        (r#"{"choices":[{"text":"a"}]}"#, None),
        (r#"{"id":"msg","type":"message","role":"assistant"}"#, None),
    ] {
        let mut connection = joined();
        read(&mut connection, &answer(200, response));
        let calls = calls(&mut connection);
        assert_eq!(calls.first().map(|call| call.surface), expected, "{response}");
        if let Some(call) = calls.first() {
            assert_eq!((call.request.model.as_deref(), call.response.model.is_some()), (None, true));
            assert_eq!((&*call.server.address, &call.outcome), ("gateway.example", &Outcome::Completed));
        }
    }
    // It was missed, and by how much is known.
    let mut connection = client();
    write(&mut connection, &post("/llm", CHAT));
    read(&mut connection, &answer(200, CHAT_ANSWER));
    let sent = post("/llm", CHAT).len() as u64;
    read(&mut connection, &answer(200, CHAT_ANSWER));
    connection.handle_gap(Direction::Write, sent, ms(210));
    write(&mut connection, &post("/llm", CHAT));
    read(&mut connection, &answer(200, CHAT_ANSWER));
    let calls = calls(&mut connection);
    let missing = calls.iter().map(|call| call.incomplete.missing.as_deref());
    let missing: Vec<_> =
        missing.map(|missing| missing.map(|all| (all.request.bytes, all.request.ranges[0].clone()))).collect();
    assert_eq!(missing, [None, Some((sent, sent..2 * sent)), None]);
    assert_eq!((&calls[1].outcome, calls[1].response.model.as_deref()), (&Outcome::Incomplete, Some("m-1")));
}

#[test]
fn each_end_of_a_connection_has_its_outcome() {
    let stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let cases = [
        ("", Close::Freed, "cancelled"),
        ("", Close::Ended, "failed"),
        ("", Close::ProcessEnded, "cancelled"),
        ("", Close::CaptureStopped, "unobserved"),
        (stream, Close::Freed, "cancelled"),
        (stream, Close::Ended, "failed"),
        ("HTTP/1.1 200 OK\r\n\r\n", Close::Ended, "completed"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"id", Close::Ended, "failed"),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n", Close::Freed, "cancelled"),
        ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: {}\n\n", Close::Ended, "failed"),
        (stream, Close::ProcessEnded, "cancelled"),
        (stream, Close::CaptureStopped, "unobserved"),
        // The last event came, the end of the body was never read.
        (&format!("{stream}e\r\ndata: [DONE]\n\n\r\n"), Close::Freed, "completed"),
        (&format!("HTTP/1.1 200 OK\r\n\r\n{CHAT_ANSWER}"), Close::Freed, "completed"),
        (&format!("HTTP/1.1 200 OK\r\n\r\n{CHAT_ANSWER}"), Close::Ended, "completed"),
        (&format!("HTTP/1.1 200 OK\r\n\r\n{CHAT_ANSWER}"), Close::ProcessEnded, "completed"),
        ("HTTP/1.1 200 OK\r\n\r\n{\"id", Close::CaptureStopped, "unobserved"),
        ("HTTP/1.1 503 No\r\ncontent-length: 9\r\n\r\n", Close::Freed, "failed"),
    ];
    for (response, close, expected) in cases {
        let mut connection = client();
        write(&mut connection, &post("/v1/chat/completions", CHAT));
        read(&mut connection, response);
        assert_eq!(calls(&mut connection), []);
        assert_eq!(connection.open_calls(), 1);
        connection.handle_close(ms(400), close);
        let calls = calls(&mut connection);
        assert_eq!(calls.len(), 1);
        assert_eq!(calls[0].outcome.as_str(), expected, "{close:?} after {response:?}");
        assert_eq!(calls[0].timing.total, ms(300));
        assert_eq!((connection.open_calls(), connection.verdict()), (0, Verdict::NotHttp));
    }
}

#[test]
fn the_head_of_a_request_tells_the_server_the_parent_and_the_attempt() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let head = |target: &str, fields: &str| {
        format!("POST {target} HTTP/1.1\r\n{fields}content-length: {}\r\n\r\n{CHAT}", CHAT.len())
    };
    let chat = "/v1/chat/completions";
    let cases = [
        (head(chat, "Host: api.openai.com\r\n"), "api.openai.com", 8443),
        (head(chat, "Host: api.openai.com:18443\r\n"), "api.openai.com", 18443),
        (head(chat, "Host: [::1]:18443\r\n"), "::1", 18443),
        (head(chat, ""), "gateway.example", 8443),
        (head(&format!("https://api.groq.com:9{chat}"), "Host: proxy\r\n"), "api.groq.com", 9),
    ];
    for (request, address, port) in cases {
        let mut connection = Connection::new(Facts { port: Some(8443), ..facts(true) }, Arc::default());
        write(&mut connection, &request);
        read(&mut connection, &answer(200, CHAT_ANSWER));
        let server = Arc::clone(&calls(&mut connection)[0].server);
        assert_eq!((&*server.address, server.port), (address, Some(port)), "{request}");
    }
    let parent = |fields: &str| {
        let mut connection = client();
        write(&mut connection, &head(chat, fields));
        read(&mut connection, &answer(200, CHAT_ANSWER));
        let call = calls(&mut connection).remove(0);
        // No port was named, and no host of which it could be the usual one.
        assert_eq!(call.server.port, None);
        (call.parent, call.resend_count)
    };
    let (span, resend) = parent(&format!(
        "traceparent: {trace}\r\ntracestate: a=1\r\ntracestate: b=2\r\nX-Stainless-Retry-Count: 2\r\n"
    ));
    let span = span.unwrap();
    // Ids of the example in the W3C's recommendation, section 3.2.
    assert_eq!(span.trace_id, TraceId(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c_u128.to_be_bytes()));
    assert_eq!(span.span_id, SpanId(0xb7ad_6b71_6920_3331_u64.to_be_bytes()));
    assert_eq!((span.flags, span.is_remote, span.trace_state.as_deref(), resend), (1, true, Some("a=1,b=2"), Some(2)));
    assert!(parent("traceparent: cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more\r\n").0.is_some());
    for invalid in [
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "x",
    ] {
        assert_eq!(
            parent(&format!("traceparent: {invalid}\r\nx-stainless-retry-count: 0\r\n")),
            (None, None),
            "{invalid}"
        );
    }
}

#[test]
fn a_seen_call_has_what_it_takes_to_join_it() {
    let mut connection = client();
    write(&mut connection, &post("/v1/chat/completions", CHAT));
    read(
        &mut connection,
        &format!(
            "HTTP/1.1 200 OK\r\nx-request-id: req_1\r\ncontent-length: {}\r\n\r\n{CHAT_ANSWER}",
            CHAT_ANSWER.len()
        ),
    );
    let Seen { understood, side, begun, ended, request_id, authority, .. } = connection.poll().unwrap();
    assert_eq!((side, begun, ended), (Side::Client, ms(100), ms(200)));
    assert_eq!((request_id.as_deref(), authority.as_deref()), (Some("req_1"), Some("gateway.example")));
    assert_eq!(understood.call.response.id.as_deref(), Some("c"));
    assert_eq!(understood.call.timing.start, SystemTime::UNIX_EPOCH + ms(100));
}

#[test]
fn only_a_connection_whose_both_beginnings_are_no_http_is_not_http() {
    let mut connection = client();
    write(&mut connection, "EHLO me\r\n");
    assert_eq!(connection.verdict(), Verdict::Unknown, "the other end may know better");
    read(&mut connection, "250 hi\r\n");
    assert_eq!((connection.verdict(), connection.held_bytes()), (Verdict::NotHttp, 0));
    // Joined in the middle, it may be the middle of a body.
    let mut connection = joined();
    for _ in 0..20 {
        write(&mut connection, "EHLO me\r\n");
        read(&mut connection, "250 hi\r\n");
    }
    assert_eq!(connection.verdict(), Verdict::Unknown);
    for _ in 0..20 {
        write(&mut connection, "EHLO me\r\n");
        read(&mut connection, "250 hi\r\n");
    }
    assert_eq!(connection.verdict(), Verdict::NotHttp);
    // Exchanges that are no calls say nothing about what comes.
    let mut connection = client();
    for _ in 0..100 {
        write(&mut connection, "GET /health HTTP/1.1\r\nhost: h\r\n\r\n");
        read(&mut connection, &answer(200, "fine"));
        assert_eq!(connection.verdict(), Verdict::Http);
    }
    write(&mut connection, &post("/v1/chat/completions", CHAT));
    read(&mut connection, &answer(200, CHAT_ANSWER));
    assert_eq!(calls(&mut connection).len(), 1);
    // A websocket is none.
    write(&mut connection, "GET /ws HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\n\r\n");
    read(&mut connection, "HTTP/1.1 101 Switching Protocols\r\n\r\n");
    assert_eq!(connection.verdict(), Verdict::NotHttp);
}

#[derive(Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    fn tell(&self, line: String) {
        self.0.lock().unwrap().push(line);
    }
}

impl Listener for Heard {
    fn side(&mut self, side: Side) {
        self.tell(side.as_str().to_owned());
    }

    fn head(&mut self, stream: StreamId, flow: Flow, head: &Head) {
        self.tell(format!("{} {flow:?} {:?} {:?}", stream.0, head.target, head.status));
    }

    fn body(&mut self, stream: StreamId, flow: Flow, bytes: &[u8]) {
        self.tell(format!("{} {flow:?} {}", stream.0, String::from_utf8_lossy(bytes)));
    }

    fn end(&mut self, stream: StreamId, flow: Flow, is_complete: bool) {
        self.tell(format!("{} {flow:?} end {is_complete}", stream.0));
    }
}

#[test]
fn a_listener_hears_every_exchange() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let mut connection = client();
    connection.set_listener(Box::new(Heard(Arc::clone(&heard))));
    write(&mut connection, "PUT /file HTTP/1.1\r\ncontent-length: 2\r\n\r\nhi");
    read(&mut connection, "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\na");
    connection.handle_gap(Direction::Read, 1, ms(200));
    read(&mut connection, "c");
    let expected = [
        "client",
        "0 Request Some(\"/file\") None",
        "0 Request hi",
        "0 Request end true",
        "0 Response None Some(200)",
        "0 Response a",
        "0 Response c",
        "0 Response end false",
    ];
    assert_eq!(*heard.lock().unwrap(), expected);
}

#[test]
fn shed_calls_are_gone_and_later_ones_are_seen() {
    let mut connection = client();
    let request = post("/v1/chat/completions", CHAT);
    write(&mut connection, &request[..request.len() - 2]);
    let (shed, bytes) = connection.shed();
    assert_eq!(shed, 1);
    assert!(bytes >= CHAT.len() - 2, "{bytes}");
    write(&mut connection, &request[request.len() - 2..]);
    read(&mut connection, &answer(200, CHAT_ANSWER));
    assert_eq!(calls(&mut connection), []);
    write(&mut connection, &request);
    read(&mut connection, &answer(200, CHAT_ANSWER));
    assert_eq!(calls(&mut connection).len(), 1);
}

#[test]
fn what_is_held_is_bounded() {
    const MIB: usize = 1 << 20;
    let piece = Bytes::from(vec![b'a'; 64 << 10]);
    let mut settings = Settings::default();
    settings.limits.body_bytes = 2 * MIB;
    // An upload, a JSON without a word of the API, and one that may be a call.
    for (beginning, limit) in
        [("", 32 << 10), (r#"{"file":""#, 128 << 10), (r#"{"model":"m","messages":[{"role":""#, 3 * MIB)]
    {
        let mut connection = Connection::new(facts(true), Arc::new(settings.clone()));
        write(
            &mut connection,
            &format!("POST /upload HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{beginning}", 64 * MIB),
        );
        for _ in 0..1000 {
            connection.handle_bytes(Direction::Write, piece.clone(), at(1, 1));
            assert!(connection.held_bytes() < limit, "{beginning} {}", connection.held_bytes());
        }
        // The answer to a request of unknown meaning.
        read(&mut connection, &format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 64 * MIB));
        for _ in 0..1000 {
            connection.handle_bytes(Direction::Read, piece.clone(), at(1, 1));
            assert!(connection.held_bytes() < limit + (256 << 10), "{beginning} {}", connection.held_bytes());
        }
    }
    // Nothing that is known, in the middle of a connection.
    let mut connection = joined();
    for at_piece in 0..1000 {
        let direction = if at_piece % 100 == 0 { Direction::Write } else { Direction::Read };
        connection.handle_bytes(direction, piece.clone(), at(1, 1));
        assert!(connection.held_bytes() < 256 << 10, "{}", connection.held_bytes());
    }
}

#[test]
fn a_call_that_missed_bytes_and_went_silent_ends_by_time() {
    let mut connection = client();
    write(&mut connection, &post("/v1/chat/completions", CHAT));
    read(&mut connection, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    connection.handle_gap(Direction::Read, 1000, ms(300));
    connection.handle_timeout(ms(300 + 29_999));
    assert_eq!(calls(&mut connection), []);
    connection.handle_timeout(ms(300 + 30_000));
    let ended = calls(&mut connection);
    assert_eq!((ended.len(), &ended[0].outcome), (1, &Outcome::Incomplete));
    assert_eq!(ended[0].response.status, Some(200));
    // What comes of it all the same makes no second call.
    let chunk = format!("data: {CHAT_ANSWER}\n\n");
    read(&mut connection, &format!("{:x}\r\n{chunk}\r\n0\r\n\r\n", chunk.len()));
    connection.handle_close(ms(99_999), Close::Freed);
    assert_eq!(calls(&mut connection), []);
    // The answer to a request that missed bytes may take its time.
    let mut connection = client();
    let request = post("/v1/chat/completions", CHAT);
    write(&mut connection, &request[..request.len() - 5]);
    connection.handle_gap(Direction::Write, 5, ms(100));
    connection.handle_timeout(ms(99_999));
    assert_eq!(calls(&mut connection), []);
    read(&mut connection, &answer(200, CHAT_ANSWER));
    assert_eq!(calls(&mut connection)[0].response.model.as_deref(), Some("m-1"));
}

#[test]
fn a_failure_that_the_server_told_stays_one_with_bytes_missing() {
    let mut connection = client();
    write(&mut connection, &post("/v1/chat/completions", CHAT));
    read(&mut connection, "HTTP/1.1 429 No\r\ncontent-length: 100\r\n\r\n");
    connection.handle_gap(Direction::Read, 100, ms(300));
    let call = calls(&mut connection).remove(0);
    let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!(
        (failure.class.clone(), call.incomplete.missing.as_ref().unwrap().bytes()),
        (ErrorClass::RateLimit, 100)
    );
}

/// One thing that happens to a connection.
#[derive(Debug, Clone)]
enum Happens {
    Bytes(Direction, Vec<u8>),
    Gap(Direction, u64),
}

fn anything_happens() -> impl Strategy<Value = Vec<Happens>> {
    let parts = [
        post("/v1/chat/completions", CHAT),
        post("/llm", CHAT),
        answer(200, CHAT_ANSWER),
        answer(200, "x"),
        "HTTP/1.1 200 OK\r\n\r\n".into(),
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n".into(),
        "5\r\nhello\r\n".into(),
        "0\r\n\r\n".into(),
        "data: {\"object\":\"chat.completion.chunk\",\"choices\":[]}\n\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "\0\0\0\u{4}\0\0\0\0\0".into(),
    ];
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (proptest::sample::select(parts.to_vec()), 0..200_usize).prop_map(|(text, cut)| {
            let mut bytes = text.into_bytes();
            bytes.truncate(bytes.len().max(cut) - cut);
            bytes
        }),
    ];
    let direction = prop_oneof![Just(Direction::Read), Just(Direction::Write)];
    let happens = prop_oneof![
        6 => (direction.clone(), bytes).prop_map(|(direction, bytes)| Happens::Bytes(direction, bytes)),
        1 => (direction, 0..500_u64).prop_map(|(direction, bytes)| Happens::Gap(direction, bytes)),
    ];
    proptest::collection::vec(happens, 0..30)
}

proptest! {
    #[test]
    fn whatever_happens_nothing_breaks(events in anything_happens(), from_start in any::<bool>(), how in 0..4_usize) {
        let mut connection = Connection::new(facts(from_start), Arc::default());
        for (time, event) in events.into_iter().enumerate() {
            let now = ms(time as u64);
            match event {
                Happens::Bytes(direction, bytes) => connection.handle_bytes(direction, bytes.into(), At { begun: now, ended: now }),
                Happens::Gap(direction, bytes) => connection.handle_gap(direction, bytes, now),
            }
            prop_assert!(connection.held_bytes() < 1 << 20);
            while connection.poll().is_some() {}
        }
        connection.handle_close(ms(99), [Close::Freed, Close::Ended, Close::ProcessEnded, Close::CaptureStopped][how]);
        while connection.poll().is_some() {}
        prop_assert_eq!((connection.open_calls(), connection.held_bytes()), (0, 0));
    }
}
