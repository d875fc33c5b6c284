//! How exchanges end, what is lost of them, and what becomes of answers that are none.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use bytes::Bytes;
use sidetone_core::event::{Attempt, ErrorClass, Outcome};
use sidetone_core::exchange::{End, Skip, TransportError, Understood};
use support::{Observed, answer, ms};

const CHAT: &str = "/v1/chat/completions";
const BODY: &str = r#"{"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}"#;

fn chunk(inner: &str) -> String {
    format!("data: {{\"id\":\"c\",\"choices\":[{{\"index\":0,{inner}}}]}}\n\n")
}

fn text(text: &str) -> String {
    chunk(&format!("\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null"))
}

fn last(reason: &str) -> String {
    chunk(&format!("\"delta\":{{}},\"finish_reason\":\"{reason}\""))
}

const DONE: &str = "data: [DONE]\n\n";

fn class(understood: &Understood) -> &str {
    match &understood.call.outcome {
        Outcome::Failed(failure) => failure.class.as_str(),
        Outcome::Completed => "completed",
        Outcome::Cancelled => "cancelled",
        Outcome::Unobserved => "unobserved",
        other => panic!("{other:?}"),
    }
}

fn skips(understood: &Understood) -> Vec<(Skip, u64, u64)> {
    understood.skips.iter().collect()
}

#[test]
fn a_stream_ends_as_it_says_itself_or_as_its_body_does() {
    let (a, stop) = (text("a"), last("stop"));
    let connection = End::Failed(TransportError::Connection);
    let cases: &[(&[&str], End, &str)] = &[
        (&[&a, &stop, DONE], End::Complete, "completed"),
        (&[&a, &stop, DONE], End::Dropped, "completed"),
        (&[&a, &stop, DONE], connection, "completed"),
        (&[&a, &stop, DONE], End::Unobserved, "completed"),
        (&[&a, DONE], End::Dropped, "completed"),
        (&[&a, &stop], End::Complete, "completed"),
        (&[&a, &stop], End::Dropped, "completed"),
        (&[&a], End::Complete, "APIConnectionError"),
        (&[], End::Complete, "APIConnectionError"),
        (&[&a], End::Dropped, "cancelled"),
        (&[&a], End::Unobserved, "unobserved"),
        (&[&a], connection, "APIConnectionError"),
        (&[&a], End::Failed(TransportError::Timeout), "APITimeoutError"),
        (&[&a], End::Failed(TransportError::Other), "APIConnectionError"),
        (&["data: {\"error\":\"overloaded\"}\n\n"], End::Complete, "APIError"),
    ];
    for (pieces, end, expected) in cases {
        let understood = Observed::stream(CHAT).end(*end).understood(pieces.iter().map(|piece| piece.as_bytes()));
        assert_eq!(class(&understood), *expected, "{pieces:?} {end:?}");
        assert_eq!(skips(&understood), []);
        assert!(understood.call.response.is_stream);
    }
}

#[test]
fn a_choice_that_was_asked_for_and_never_came_leaves_the_answer_cut() {
    let (a, stop) = (text("a"), last("stop"));
    let pieces = || [a.as_bytes(), stop.as_bytes()];
    for (request, expected) in [(r#"{"n":1}"#, "completed"), (r#"{"n":2}"#, "cancelled")] {
        let observed = Observed::stream(CHAT).request(request).end(End::Dropped);
        assert_eq!(class(&observed.understood(pieces())), expected);
    }
}

#[test]
fn a_body_ends_as_its_bytes_do() {
    let (first, second) = BODY.as_bytes().split_at(40);
    let len = BODY.len().to_string();
    let plain = Observed::json(CHAT);
    let measured = plain.clone().header("content-length", &len);
    assert_eq!(class(&plain.understood([first, second])), "completed");
    assert_eq!(class(&plain.clone().end(End::Dropped).understood([first, second])), "completed");
    assert_eq!(class(&plain.clone().end(End::Dropped).understood([first])), "cancelled");
    assert_eq!(class(&measured.clone().end(End::Dropped).understood([first, second])), "completed");
    assert_eq!(
        class(&measured.clone().end(End::Failed(TransportError::Connection)).understood([first])),
        "APIConnectionError"
    );
    let nothing = plain.clone().header("content-length", "0").end(End::Dropped).understood([]);
    assert_eq!(class(&nothing), "completed", "nothing was announced and nothing came");
    let cut = plain.end(End::Dropped).understood([first]);
    assert_eq!(skips(&cut), [], "a body that was cut is not one of the wrong kind");
    assert_eq!(cut.call.response.body_bytes, 40);
}

#[test]
fn an_exchange_without_a_response_ends_as_its_transport_did() {
    for (end, expected) in [
        (End::Unanswered, "cancelled"),
        (End::Dropped, "cancelled"),
        (End::Unobserved, "unobserved"),
        (End::Failed(TransportError::Connection), "APIConnectionError"),
        (End::Failed(TransportError::Timeout), "APITimeoutError"),
    ] {
        let mut exchange = Observed::json(CHAT).exchange();
        exchange.handle_request_body(Bytes::from_static(br#"{"model":"m"}"#));
        let understood = exchange.finish(end, ms(7));
        assert_eq!(class(&understood), expected);
        let call = understood.call;
        assert_eq!((call.request.model.as_deref(), call.response.status, call.timing.head), (Some("m"), None, None));
        assert_eq!(call.timing.total, ms(7));
    }
}

#[test]
fn an_error_status_is_a_failure_with_what_the_server_said() {
    let cases = [
        (
            429,
            r#"{"error":{"message":"Slow down.","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
            "RateLimitError",
            Some("rate_limit_exceeded"),
            Some("Slow down."),
        ),
        (
            400,
            r#"{"error":{"message":"Bad.","type":"invalid_request_error","code":null}}"#,
            "BadRequestError",
            Some("invalid_request_error"),
            Some("Bad."),
        ),
        (404, r#"{"error":"model not found"}"#, "NotFoundError", None, Some("model not found")),
        (422, r#"{"detail":"Field required"}"#, "UnprocessableEntityError", None, Some("Field required")),
        (
            400,
            r#"{"object":"error","message":"too long","code":40001}"#,
            "BadRequestError",
            Some("40001"),
            Some("too long"),
        ),
        (403, r#"[{"error":{"code":403,"message":"denied"}}]"#, "PermissionDeniedError", Some("403"), Some("denied")),
        (502, "<html>Bad Gateway</html>\n", "InternalServerError", None, Some("<html>Bad Gateway</html>")),
        (
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-proj-12345."}}"#,
            "AuthenticationError",
            None,
            Some("Incorrect API key provided: sk-***."),
        ),
        (500, "", "InternalServerError", None, None),
        (500, r#"{"error":{"message":"cu"#, "InternalServerError", None, None),
        (418, "{}", "APIStatusError", None, None),
        (429, "data: {}\n\n", "RateLimitError", None, Some("data: {}")),
    ];
    for (status, body, expected, code, message) in cases {
        for content_type in ["application/json", "text/event-stream", "text/plain"] {
            let observed = Observed::at(CHAT).header("content-type", content_type).status(status);
            let understood = observed.understood([body.as_bytes()]);
            assert_eq!(class(&understood), expected);
            assert_eq!(skips(&understood), [], "{body}");
            let Outcome::Failed(failure) = understood.call.outcome else { unreachable!() };
            assert_eq!(failure.code.as_deref(), code, "{body}");
            assert_eq!(failure.message.as_ref().and_then(|message| message.as_str()), message, "{body}");
            assert!(!understood.call.response.is_stream);
        }
        // Dropped unread, as `error_for_status` does.
        let understood = Observed::json(CHAT).status(status).end(End::Dropped).understood([]);
        assert_eq!(class(&understood), expected);
    }
}

#[test]
fn an_answer_of_200_that_is_an_error_is_a_failure_of_the_api() {
    for path in [CHAT, "/v1/completions", "/v1/embeddings"] {
        let understood = Observed::json(path).understood([&br#"{"error":{"message":"m","code":"c"}}"#[..]]);
        assert_eq!(class(&understood), "APIError", "{path}");
    }
}

#[test]
fn the_shape_of_a_body_is_a_second_opinion() {
    let stream = [text("a"), last("stop"), DONE.to_owned()].concat();
    for content_type in
        ["text/plain", "application/json", "TEXT/EVENT-STREAM;charset=utf-8", "application/octet-stream"]
    {
        let observed = Observed::at(CHAT).header("content-type", content_type);
        let streamed = observed.understood([stream.as_bytes()]);
        assert!(streamed.call.response.is_stream, "{content_type}");
        assert_eq!(answer(&streamed.call), ["0 assistant stop", "text a"], "{content_type}");
        let whole = observed.understood([b"\r\n ".as_slice(), BODY.as_bytes()]);
        assert!(!whole.call.response.is_stream, "{content_type}");
        assert_eq!(answer(&whole.call), ["0 assistant stop", "text Hi"], "{content_type}");
    }
    let none = Observed::at(CHAT).understood([stream.as_bytes()]);
    assert_eq!(answer(&none.call), ["0 assistant stop", "text a"]);
    let commented = format!(": hello\n\n{stream}");
    assert!(Observed::at(CHAT).understood([commented.as_bytes()]).call.response.is_stream);
}

#[test]
fn what_cannot_be_read_is_counted_and_the_call_is_told() {
    let understood = Observed::json(CHAT).understood([&b"<html></html>"[..]]);
    assert_eq!((class(&understood), skips(&understood)), ("completed", vec![(Skip::BodyUnreadable, 1, 13)]));
    assert_eq!(understood.call.response.choices, []);
    assert_eq!(understood.call.usage, Default::default());

    let half = "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"half\"}";
    let broken = [text("a"), format!("data: {half}\n\n"), text("b"), last("stop")].concat();
    let understood = Observed::stream(CHAT).understood([broken.as_bytes()]);
    assert_eq!(skips(&understood), [(Skip::EventUnreadable, 1, half.len() as u64)]);
    assert_eq!(answer(&understood.call), ["0 assistant stop", "text ab"], "half an event leaves nothing behind");

    let invalid =
        [&b"data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\xffb\"}}]}\n\n"[..], text("c").as_bytes()]
            .concat();
    let understood = Observed::stream(CHAT).understood([&invalid[..]]);
    assert_eq!(
        answer(&understood.call),
        ["0 assistant -", "text a\u{fffd}bc"],
        "what isn't UTF-8 is replaced in its event only"
    );
}

#[test]
fn a_lost_piece_of_a_body_leaves_it_unknown() {
    let (first, second) = BODY.as_bytes().split_at(60);
    let mut exchange = Observed::json(CHAT).begun();
    exchange.handle_response_body(Bytes::copy_from_slice(first), ms(2));
    exchange.handle_lost(1, 10);
    exchange.handle_response_body(Bytes::copy_from_slice(second), ms(3));
    let understood = exchange.finish(End::Complete, ms(4));
    assert_eq!((class(&understood), skips(&understood)), ("completed", vec![]));
    assert_eq!((understood.call.response.choices.len(), understood.call.usage.input), (0, None));
    assert_eq!((understood.call.incomplete.lost_items, understood.call.incomplete.lost_bytes), (1, 10));
    assert!(understood.call.incomplete.is_some());
}

#[test]
fn a_stream_goes_on_behind_a_lost_piece() {
    let mut exchange = Observed::stream(CHAT).begun();
    let mut piece = |bytes: String| exchange.handle_response_body(Bytes::from(bytes), ms(2));
    piece(text("a") + "data: {\"cho");
    exchange.handle_lost(2, 70);
    let mut piece = |bytes: String| exchange.handle_response_body(Bytes::from(bytes), ms(3));
    piece("content\":\"lost\"}}]}\n\n".to_owned() + &text("b"));
    piece(last("stop") + "data: {\"choices\":[],\"usage\":{\"completion_tokens\":9}}\n\n" + DONE);
    let understood = exchange.finish(End::Dropped, ms(4));
    assert_eq!((class(&understood), skips(&understood)), ("completed", vec![]));
    assert_eq!(answer(&understood.call), ["0 assistant stop", "text ab"]);
    assert_eq!(understood.call.usage.output, Some(9));
    assert_eq!(understood.call.incomplete.lost_items, 2);

    // Without an end of its own nobody knows whether it was cut or its end was lost.
    let mut exchange = Observed::stream(CHAT).begun();
    exchange.handle_response_body(Bytes::from(text("a")), ms(2));
    exchange.handle_lost(1, 5);
    assert_eq!(class(&exchange.finish(End::Complete, ms(3))), "completed");
}

#[test]
fn the_last_word_of_a_response_says_what_lost_pieces_said() {
    let stream = include_str!("streams/responses_text.sse");
    let events: Vec<_> = stream.split_inclusive("\n\n").collect();
    let whole = Observed::stream("/v1/responses").call(stream);
    for lost in 0..events.len() - 2 {
        let mut exchange = Observed::stream("/v1/responses").begun();
        for (at, event) in events.iter().enumerate() {
            if at == lost {
                exchange.handle_lost(1, event.len() as u64);
            } else {
                exchange.handle_response_body(Bytes::copy_from_slice(event.as_bytes()), ms(2));
            }
        }
        let understood = exchange.finish(End::Complete, ms(3));
        assert_eq!(understood.call.response.choices, whole.response.choices, "event {lost} was lost");
        assert_eq!(understood.call.usage, whole.usage);
        assert_eq!(skips(&understood), []);
    }
}

#[test]
fn a_lost_head_is_unknown_and_the_body_is_read() {
    let mut exchange = Observed::json(CHAT).exchange();
    exchange.handle_request_body(Bytes::from_static(br#"{"model":"m"}"#));
    exchange.handle_lost(1, 0);
    exchange.handle_response_body(Bytes::from_static(BODY.as_bytes()), ms(2));
    let call = exchange.finish(End::Complete, ms(3)).call;
    assert_eq!((call.response.status, call.timing.head), (None, None));
    assert_eq!(call.request.model.as_deref(), Some("m"), "the request was whole before");
    assert_eq!(answer(&call), ["0 assistant stop", "text Hi"]);
}

#[test]
fn a_lost_piece_of_a_request_leaves_it_unknown() {
    let mut exchange = Observed::json(CHAT).exchange();
    exchange.handle_request_body(Bytes::from_static(br#"{"model":"a long "#));
    exchange.handle_lost(1, 4);
    exchange.handle_request_body(Bytes::from_static(br#" name"}"#));
    let understood = exchange.finish(End::Unanswered, ms(3));
    assert_eq!((understood.call.request.model, understood.call.request.body_bytes), (None, None));
    assert_eq!(understood.skips.iter().count(), 0);
}

#[test]
fn a_retry_forgets_the_response_and_keeps_the_attempt() {
    let mut exchange = Observed::json(CHAT).request(r#"{"model":"m"}"#).status(429).begun();
    exchange.handle_response_body(Bytes::from_static(br#"{"error":{"message":"wait"}}"#), ms(2));
    let attempt = Attempt {
        number: 1,
        ended: ms(2),
        status: Some(429),
        retry_after: Some("1".into()),
        error: ErrorClass::RateLimit,
    };
    exchange.handle_retry(attempt.clone());
    let head = sidetone_core::exchange::ResponseHead::of(200, &Observed::json(CHAT).headers);
    exchange.handle_response_head(&head, ms(9));
    exchange.handle_response_body(Bytes::from_static(BODY.as_bytes()), ms(10));
    let call = exchange.finish(End::Complete, ms(10)).call;
    assert_eq!((call.outcome, call.attempts), (Outcome::Completed, vec![attempt]));
    assert_eq!((call.request.model.as_deref(), call.timing.head), (Some("m"), Some(ms(9))));
}

#[test]
fn headers_are_passed_on() {
    let call = Observed::json(CHAT)
        .header("x-request-id", "req_1")
        .header("openai-processing-ms", "12")
        .header("x-ratelimit-remaining-requests", "99")
        .header("x-ratelimit-remaining-tokens", "many")
        .call(BODY);
    assert_eq!((call.response.request_id.as_deref(), call.response.processing_ms), (Some("req_1"), Some(12)));
    assert_eq!(
        (call.response.rate_limit.remaining_requests, call.response.rate_limit.remaining_tokens),
        (Some(99), None)
    );
}

#[cfg(all(feature = "gzip", feature = "brotli", feature = "zstd"))]
#[test]
fn a_compressed_body_is_read_and_one_that_cannot_be_decoded_is_counted() {
    let encoded: &[(&str, &[u8])] = &[
        ("gzip", include_bytes!("encoded/text.json.gz")),
        ("deflate", include_bytes!("encoded/text.json.zlib")),
        ("br", include_bytes!("encoded/text.json.br")),
        ("zstd", include_bytes!("encoded/text.json.zst")),
    ];
    let plain = Observed::json("/v1/responses").call(include_str!("encoded/text.json"));
    for (name, bytes) in encoded {
        let observed = Observed::json("/v1/responses").header("content-encoding", name);
        for pieces in [vec![*bytes], bytes.chunks(7).collect()] {
            let understood = observed.understood(pieces);
            assert_eq!(skips(&understood), [], "{name}");
            assert_eq!(understood.call.response.choices, plain.response.choices, "{name}");
            assert_eq!(understood.call.response.body_bytes, bytes.len() as u64, "{name}");
        }
        let understood = observed.understood([&b"\xff\xff\xff\xff nothing of the sort, at any rate"[..], b"more"]);
        assert_eq!(class(&understood), "completed");
        let [(Skip::BodyEncoding, 1, _)] = skips(&understood)[..] else { panic!("{name}: {:?}", skips(&understood)) };
        let bomb = observed.limited(|limits| limits.body_bytes = 1000).understood([*bytes]);
        assert_eq!(skips(&bomb), [(Skip::BodyTooLarge, 1, bytes.len() as u64)], "{name}");
        assert_eq!(bomb.call.incomplete.over_limit_bytes, bytes.len() as u64);
    }
    let unknown = Observed::json(CHAT).header("content-encoding", "compress").understood([&b"abc"[..], b"de"]);
    assert_eq!((class(&unknown), skips(&unknown)), ("completed", vec![(Skip::BodyEncoding, 1, 5)]));
}

#[cfg(feature = "gzip")]
#[test]
fn behind_a_lost_piece_a_compressed_body_is_unknown() {
    let bytes = include_bytes!("encoded/text.json.gz");
    let mut exchange = Observed::json("/v1/responses").header("content-encoding", "gzip").begun();
    exchange.handle_response_body(Bytes::from_static(&bytes[..200]), ms(2));
    exchange.handle_lost(1, 10);
    exchange.handle_response_body(Bytes::from_static(&bytes[210..]), ms(3));
    let understood = exchange.finish(End::Complete, ms(4));
    assert_eq!(
        (class(&understood), skips(&understood)),
        ("completed", vec![]),
        "what was lost is counted where it was lost"
    );
    assert_eq!(understood.call.response.choices, []);
}

#[test]
fn held_bytes_are_those_of_unfinished_bodies_and_kept_texts() {
    let mut exchange = Observed::stream(CHAT).exchange();
    exchange.handle_request_body(Bytes::from_static(b"{\"model\":\"m\","));
    assert_eq!(exchange.held_bytes(), 13);
    exchange.handle_request_body(Bytes::from_static(b"\"n\":1}"));
    assert_eq!(exchange.held_bytes(), 19);
    exchange.handle_response_head(&sidetone_core::exchange::ResponseHead::new(200), ms(1));
    assert_eq!(exchange.held_bytes(), 0, "the request was read");
    exchange.handle_response_body(Bytes::from_static(b"{\"choices\""), ms(1));
    assert_eq!(exchange.held_bytes(), 10);
    let mut exchange = Observed::stream(CHAT).begun();
    exchange.handle_response_body(Bytes::from(text("12345678")), ms(1));
    let held = exchange.held_bytes();
    assert!((8..400).contains(&held), "{held}");
    for _ in 0..100 {
        exchange.handle_response_body(Bytes::from(text("12345678")), ms(1));
    }
    assert_eq!(exchange.held_bytes(), held + 800);
}
