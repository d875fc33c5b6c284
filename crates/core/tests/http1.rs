//! HTTP/1: what the decoder says of connections.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use sidetone_core::wire::http::{Flow, Said};
use sidetone_core::wire::http1::Http1;

/// What was said, a line each; pieces of a body are joined.
fn told(connection: &mut Http1) -> Vec<String> {
    let mut lines = Vec::new();
    let mut body: Option<(u64, Flow, Vec<u8>)> = None;
    let flush = |body: &mut Option<(u64, Flow, Vec<u8>)>, lines: &mut Vec<String>| {
        if let Some((stream, flow, bytes)) = body.take() {
            let text: String = bytes.iter().map(|byte| char::from(*byte)).collect();
            lines.push(format!("{} {stream} body {text}", word(flow)));
        }
    };
    while let Some(said) = connection.poll() {
        if let Said::Body { stream, flow, bytes } = &said {
            if let Some((at, of, all)) = &mut body
                && (*at, *of) == (stream.0, *flow)
            {
                all.extend_from_slice(bytes);
                continue;
            }
            flush(&mut body, &mut lines);
            body = Some((stream.0, *flow, bytes.to_vec()));
            continue;
        }
        flush(&mut body, &mut lines);
        lines.push(match said {
            Said::Head { stream, flow, head } => {
                let method = head.method.as_deref().map_or_else(|| head.status.unwrap().to_string(), str::to_owned);
                let fields: Vec<String> = head
                    .fields
                    .iter()
                    .map(|(name, value)| format!("{name}={}", String::from_utf8_lossy(value)))
                    .collect();
                let partial = if head.is_partial { " partial" } else { "" };
                let target = [head.target.as_deref(), head.authority.as_deref()];
                let target: Vec<&str> = target.into_iter().flatten().collect();
                format!("{} {} head {method} {} {}{partial}", word(flow), stream.0, target.join(" @"), fields.join(" "))
            }
            Said::Lost { stream, flow, range } => format!("{} {} lost {range:?}", word(flow), stream.0),
            Said::End { stream, flow } => format!("{} {} end", word(flow), stream.0),
            Said::Reset { stream, by, code } => format!("{} {} reset {code:?}", word(by), stream.0),
            Said::Upgraded { stream } => format!("{} upgraded", stream.0),
            Said::Body { .. } => unreachable!(),
        });
    }
    flush(&mut body, &mut lines);
    lines
}

fn word(flow: Flow) -> &'static str {
    match flow {
        Flow::Request => ">",
        Flow::Response => "<",
    }
}

fn feed(connection: &mut Http1, flow: Flow, text: &str) {
    connection.handle_bytes(flow, Bytes::copy_from_slice(text.as_bytes()));
}

/// What an exchange comes to, fed whole and byte by byte.
fn exchange(request: &str, response: &str) -> Vec<String> {
    let mut whole = Http1::new();
    feed(&mut whole, Flow::Request, request);
    let mut lines = told(&mut whole);
    feed(&mut whole, Flow::Response, response);
    whole.handle_close(Flow::Request);
    whole.handle_close(Flow::Response);
    lines.extend(told(&mut whole));
    let mut bytewise = Http1::new();
    for (flow, text) in [(Flow::Request, request), (Flow::Response, response)] {
        for byte in text.bytes() {
            bytewise.handle_bytes(flow, Bytes::copy_from_slice(&[byte]));
        }
    }
    bytewise.handle_close(Flow::Request);
    bytewise.handle_close(Flow::Response);
    assert_eq!(told(&mut bytewise), lines, "byte by byte");
    lines
}

const GET: &str = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

#[test]
fn bodies_end_where_rfc_9112_says() {
    let cases: &[(&str, &str, &[&str])] = &[
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
            &["< 0 head 200  content-length=2", "< 0 body hi", "< 0 end"],
        ),
        (GET, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", &["< 0 head 200  content-length=0", "< 0 end"]),
        (GET, "HTTP/1.1 204 No Content\r\nx: y\r\n\r\n", &["< 0 head 204  x=y", "< 0 end"]),
        (GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", &["< 0 head 304  content-length=9", "< 0 end"]),
        (
            GET,
            "HTTP/1.0 200 OK\r\nx: y\r\n\r\nuntil the end",
            &["< 0 head 200  x=y", "< 0 body until the end", "< 0 end"],
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\nContent-Length: 3\r\n\r\n4;a=\"b\r\"\r\nwiki\r\n5\r\npedia\r\n0\r\nx: y\r\n\r\n",
            &["< 0 head 200  transfer-encoding=gzip, Chunked content-length=3", "< 0 body wikipedia", "< 0 end"],
        ),
        // Bare line feeds, spaces around values, a value in two fields.
        (
            GET,
            "HTTP/1.1 200 OK\nContent-Length:  2 , 2\ncontent-length:2\n\nhi",
            &["< 0 head 200  content-length=2 , 2 content-length=2", "< 0 body hi", "< 0 end"],
        ),
        // Informational responses are passed over.
        (
            GET,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n!",
            &["< 0 head 200  content-length=1", "< 0 body !", "< 0 end"],
        ),
        (
            "HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
            &["< 0 head 200  content-length=9", "< 0 end"],
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi",
            &["< 0 head 200  content-length=2 content-length=3", "< 0 reset None"],
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi",
            &["< 0 head 200  content-length=-2", "< 0 reset None"],
        ),
        (
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            &["< 0 head 200  transfer-encoding=chunked", "< 0 reset None"],
        ),
        // A folded field, and one that is none.
        (GET, "HTTP/1.1 204 OK\r\na: b\r\n c\r\nd\r\n\r\n", &["< 0 head 204  a=b partial", "< 0 end"]),
    ];
    for (request, response, expected) in cases {
        let lines = exchange(request, response);
        let lines: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.starts_with('<')).collect();
        assert_eq!(lines, *expected, "{response:?}");
    }
}

#[test]
fn requests_are_told_with_where_they_go() {
    let cases: &[(&str, &[&str])] = &[
        (GET, &["> 0 head GET /a @h ", "> 0 end"]),
        ("\r\n\r\nGET / HTTP/1.0\r\n\r\n", &["> 0 head GET / ", "> 0 end"]),
        (
            "POST https://u:p@h:8443/a?b HTTP/1.1\r\nhost: other\r\ncontent-length: 2\r\n\r\nhi",
            &["> 0 head POST https://u:p@h:8443/a?b @h:8443 content-length=2", "> 0 body hi", "> 0 end"],
        ),
        (
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            &["> 0 head POST / transfer-encoding=chunked", "> 0 body hi", "> 0 end"],
        ),
        ("OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", &["> 0 head OPTIONS * @[::1]:80 ", "> 0 end"]),
        (
            "GET /a HTTP/1.1\r\n\r\nPUT /b HTTP/1.1\r\ncontent-length: 1\r\n\r\n1GET /c HTTP/1.1\r\n\r\n",
            &[
                "> 0 head GET /a ",
                "> 0 end",
                "> 1 head PUT /b content-length=1",
                "> 1 body 1",
                "> 1 end",
                "> 2 head GET /c ",
                "> 2 end",
            ],
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(exchange(request, ""), *expected, "{request:?}");
    }
}

#[test]
fn behind_an_upgrade_nothing_is_read() {
    let lines = exchange(
        "GET /a HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    );
    assert_eq!(lines[2..], ["< 0 head 101  upgrade=websocket", "0 upgraded"]);
    let lines = exchange(
        "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nGET /not HTTP/1.1\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 500 no\r\n\r\n",
    );
    assert_eq!(lines, ["> 0 head CONNECT h:443 @h:443 ", "> 0 end", "< 0 head 200  ", "0 upgraded"]);
}

#[test]
fn behind_a_tunnel_that_was_refused_the_connection_goes_on() {
    let mut connection = Http1::new();
    feed(&mut connection, Flow::Request, "CONNECT h:443 HTTP/1.1\r\n\r\n");
    feed(&mut connection, Flow::Response, "HTTP/1.1 407 No\r\ncontent-length: 2\r\n\r\nno");
    feed(&mut connection, Flow::Request, GET);
    assert_eq!(told(&mut connection).last().unwrap(), "> 1 end");
}

#[test]
fn a_response_that_is_handed_in_before_its_request_belongs_to_it() {
    let mut connection = Http1::new();
    feed(&mut connection, Flow::Response, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 204 OK\r\n\r\n");
    let lines = told(&mut connection);
    assert_eq!(
        lines[3..],
        ["> 0 head GET /a @h ", "> 0 end", "> 1 head GET /a @h ", "> 1 end", "< 1 head 204  ", "< 1 end"]
    );
}

#[test]
fn a_head_up_to_the_limit_is_read_and_a_longer_one_is_given_up() {
    const HEAD_BYTES: usize = 64 << 10;
    for (len, is_read) in [(HEAD_BYTES - 1, true), (HEAD_BYTES, true), (HEAD_BYTES + 1, false)] {
        let rest = "GET /a HTTP/1.1\r\n\r\n".len();
        let mut fields = String::new();
        while fields.len() + 1000 < len - rest {
            fields.push_str(&format!("a: {}\r\n", "x".repeat(900)));
        }
        let last = len - rest - fields.len() - "b: \r\n".len();
        let head = format!("GET /a HTTP/1.1\r\n{fields}b: {}\r\n\r\n", "y".repeat(last));
        assert_eq!(head.len(), len);
        for size in [1000, usize::MAX] {
            let mut connection = Http1::new();
            for piece in head.as_bytes().chunks(size) {
                connection.handle_bytes(Flow::Request, Bytes::copy_from_slice(piece));
                assert!(connection.held_bytes() < 4 * HEAD_BYTES);
            }
            feed(&mut connection, Flow::Request, GET);
            let lines = told(&mut connection);
            assert_eq!((lines[0].ends_with("partial"), &*lines[1]), (!is_read, "> 0 end"), "{len}");
            assert_eq!(lines.last().unwrap(), "> 1 end", "the next one is read");
        }
    }
}

#[test]
fn fields_are_given_out_to_their_limit_and_all_are_heeded() {
    for (count, told_of) in [(255, 255), (256, 256), (257, 256)] {
        let fields: String = (1..count).map(|at| format!("a{at}: b\r\n")).collect();
        let mut connection = Http1::new();
        feed(&mut connection, Flow::Request, &format!("POST /a HTTP/1.1\r\n{fields}content-length: 2\r\n\r\nhi"));
        let Some(Said::Head { head, .. }) = connection.poll() else { panic!("a head") };
        assert_eq!((head.fields.len(), head.is_partial), (told_of, count > 256));
        assert_eq!(told(&mut connection), ["> 0 body hi", "> 0 end"]);
    }
}

#[test]
fn a_gap_within_a_body_of_known_length_or_a_chunk_leaves_the_framing() {
    let mut connection = Http1::new();
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n1");
    connection.handle_gap(Flow::Response, 7);
    feed(&mut connection, Flow::Response, "9");
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n1");
    connection.handle_gap(Flow::Response, 8);
    feed(&mut connection, Flow::Response, "\r\n1\r\n!\r\n0\r\n\r\n");
    let expected = [
        "< 0 body 1",
        "< 0 lost 39..46",
        "< 0 body 9",
        "< 0 end",
        "> 1 head GET /a @h ",
        "> 1 end",
        "< 1 head 200  transfer-encoding=chunked",
        "< 1 body 1",
        "< 1 lost 98..106",
        "< 1 body !",
        "< 1 end",
    ];
    assert_eq!(told(&mut connection)[3..], expected);
}

#[test]
fn text_that_looks_like_a_chunk_behind_a_gap_is_none() {
    // The gap ends within "2024", and "24" would be a size.
    let mut connection = Http1::new();
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n20");
    connection.handle_gap(Flow::Response, 30);
    feed(&mut connection, Flow::Response, "24\r\n25\r\nmore of the body, which has no size\r\n0\r\n\r\n");
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi");
    let lines = told(&mut connection);
    assert_eq!(
        lines[3..],
        [
            "< 0 body 20",
            "< 0 lost 52..82",
            "< 0 end",
            "> 1 head GET /a @h ",
            "> 1 end",
            "< 1 head 200  content-length=2",
            "< 1 body hi",
            "< 1 end"
        ]
    );
}

#[test]
fn a_body_that_speaks_of_http_is_no_message() {
    let mut connection = Http1::from_the_middle();
    let junk = r#"...say \"HTTP/1.1 200 OK\r\nhost: x\" or HTTP/1.1 200 OK, and POST /v1 HTTP/1.1\r\n\r\n"}"#;
    feed(&mut connection, Flow::Request, junk);
    feed(&mut connection, Flow::Response, junk);
    assert_eq!(told(&mut connection), Vec::<String>::new());
    feed(&mut connection, Flow::Request, GET);
    feed(&mut connection, Flow::Response, "HTTP/1.1 204 OK\r\n\r\n");
    assert_eq!(told(&mut connection), ["> 0 head GET /a @h ", "> 0 end", "< 0 head 204  ", "< 0 end"]);
}

/// What a script comes to when responses come whole, and byte by byte.
fn whole_and_bytewise(script: &[(Flow, &str)]) -> Vec<String> {
    let mut told_in_pieces = [usize::MAX, 1].map(|size| {
        let mut connection = Http1::new();
        for (flow, text) in script {
            let size = if *flow == Flow::Response { size } else { usize::MAX };
            match text.strip_prefix("gap ") {
                Some(bytes) => connection.handle_gap(*flow, bytes.parse().unwrap()),
                None => text
                    .as_bytes()
                    .chunks(size)
                    .for_each(|piece| connection.handle_bytes(*flow, Bytes::copy_from_slice(piece))),
            }
        }
        told(&mut connection)
    });
    let [whole, bytewise] = &mut told_in_pieces;
    assert_eq!(whole, bytewise, "byte by byte");
    std::mem::take(whole)
}

// A find of the fuzzer: it said so only if a piece ended there.
#[test]
fn behind_a_gap_the_last_chunk_ends_the_answer_wherever_pieces_end() {
    let lines = whole_and_bytewise(&[
        (Flow::Request, GET),
        (Flow::Response, "gap 25866"),
        (Flow::Response, "data: [DONE]\n\n\r\n0\r\n\r\n\r\nX-S"),
    ]);
    assert_eq!(lines[2..], ["< 0 lost 0..25866"], "an informational response may have been all that is missing");
    let lines = whole_and_bytewise(&[
        (Flow::Request, GET),
        (Flow::Response, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n20"),
        (Flow::Response, "gap 9"),
        (Flow::Response, "the rest\r\n0\r\n\r\n\r\nX-S"),
    ]);
    assert_eq!(lines[3..], ["< 0 body 20", "< 0 lost 52..61", "< 0 end"]);
}

// A find of the fuzzer: cut, request 0 was ended and each response was joined with the request behind its own.
#[test]
fn nonsense_before_the_first_response_takes_no_request_its_response() {
    let requests = format!("{GET}{GET}");
    let (first, second) =
        ("HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n2");
    let responses = format!("completion.chunk\", HTTP/2{first}{second}");
    let expected = [
        "< 0 head 200  content-length=1",
        "< 0 body 1",
        "< 0 end",
        "< 1 head 200  content-length=1",
        "< 1 body 2",
        "< 1 end",
    ];
    let together = [(Flow::Request, &*requests), (Flow::Response, &responses)];
    assert_eq!(whole_and_bytewise(&together)[4..], expected);
    let apart = [(Flow::Request, GET), (Flow::Request, GET), (Flow::Response, &responses)];
    assert_eq!(whole_and_bytewise(&apart)[4..], expected);
}

#[test]
fn a_response_that_tells_no_length_is_over_when_the_next_request_comes() {
    // A HEAD whose head was missed: no body comes though it seems to begin.
    let response = "HTTP/1.1 200 OK\r\nx: y\r\n\r\n";
    let script = [(Flow::Request, GET), (Flow::Response, response), (Flow::Request, GET), (Flow::Response, response)];
    let expected = ["< 0 head 200  x=y", "< 0 end", "> 1 head GET /a @h ", "> 1 end", "< 1 head 200  x=y"];
    assert_eq!(whole_and_bytewise(&script)[2..], expected);
}

#[test]
fn each_answer_to_a_pipelined_request_in_a_gap_is_told_and_later_ones_are_joined_with_their_own() {
    let answer = |n: usize| format!("HTTP/1.1 204 No\r\nn: {n}\r\n\r\n");
    // Two requests are missing; that they were two shows when an answer is left over.
    let missing = GET.len() * 2;
    let lines = whole_and_bytewise(&[
        (Flow::Request, GET),
        (Flow::Request, &format!("gap {missing}")),
        (Flow::Request, GET),
        (Flow::Response, &(0..4).map(answer).collect::<String>()),
        (Flow::Request, GET),
        (Flow::Response, &answer(4)),
    ]);
    let lost = format!("lost {}..{}", GET.len(), GET.len() + missing);
    let asked = |n: usize| [format!("> {n} head GET /a @h "), format!("> {n} end")];
    let answered = |n: usize| [format!("< {n} head 204  n={n}"), format!("< {n} end")];
    let left_over = [format!("> 3 {lost}"), "< 3 head 204  n=3".to_owned(), "> 3 end".to_owned(), "< 3 end".to_owned()];
    let in_gap = [format!("> 1 {lost}"), "> 1 end".to_owned()];
    let parts: [&[String]; 9] =
        [&asked(0), &in_gap, &asked(2), &answered(0), &answered(1), &answered(2), &left_over, &asked(4), &answered(4)];
    assert_eq!(lines, parts.concat());
}

#[test]
fn a_long_chunk_behind_a_gap_is_believed_in_to_its_limit_and_nothing_waits_for_ever() {
    for (size, extension, is_believed) in [(1 << 16, 4000, true), (1 << 16, 4096, false), ((1 << 16) + 1, 0, false)] {
        let chunk = format!("{size:x};{}\r\n{}\r\n0\r\n\r\n", "e".repeat(extension), "x".repeat(size));
        let lines = whole_and_bytewise(&[
            (Flow::Request, GET),
            (Flow::Response, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n20"),
            (Flow::Response, "gap 9"),
            (Flow::Response, &chunk),
        ]);
        assert_eq!(lines.last().unwrap(), "< 0 end");
        assert_eq!(lines.iter().any(|line| line.ends_with("xxxx")), is_believed, "{size} {extension}");
    }
}

#[test]
fn more_requests_without_a_response_than_the_limit_give_up_the_oldest() {
    const OUTSTANDING: u64 = 1024;
    let mut connection = Http1::new();
    for _ in 0..OUTSTANDING {
        feed(&mut connection, Flow::Request, GET);
    }
    assert_eq!(told(&mut connection).len(), 2 * OUTSTANDING as usize);
    feed(&mut connection, Flow::Request, GET);
    let number = OUTSTANDING;
    assert_eq!(
        told(&mut connection),
        ["< 0 reset None".to_owned(), format!("> {number} head GET /a @h "), format!("> {number} end")]
    );
}

/// One thing that happens to a connection.
#[derive(Debug, Clone)]
enum Happens {
    Bytes(Flow, Vec<u8>),
    Gap(Flow, u64),
}

fn any_flow() -> impl Strategy<Value = Flow> {
    prop_oneof![Just(Flow::Request), Just(Flow::Response)]
}

/// Bytes that may be anything, and often are what the decoder has a branch for.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..300),
        proptest::collection::vec(
            proptest::sample::select(vec![
                "GET /a HTTP/1.1\r\n",
                "POST /v1/chat/completions HTTP/1.1\r\n",
                "HTTP/1.1 200 OK\r\n",
                "HTTP/1.1 100 \r\n",
                "HTTP/1.1 101 \r\n",
                "CONNECT h HTTP/1.1\r\n",
                "content-length: 5\r\n",
                "transfer-encoding: chunked\r\n",
                "\r\n",
                "5\r\nhello\r\n",
                "0\r\n\r\n",
                "hello",
                "\r",
                "\n",
                "f",
                "ffffffffffffffff\r\n",
                "HTTP/1.",
                ": ",
                "x: y\r\n",
            ]),
            0..12,
        )
        .prop_map(|parts| parts.concat().into_bytes()),
    ]
}

fn anything_happens() -> impl Strategy<Value = Vec<Happens>> {
    let happens = prop_oneof![
        4 => (any_flow(), any_bytes()).prop_map(|(flow, bytes)| Happens::Bytes(flow, bytes)),
        1 => (any_flow(), 0..20_u64).prop_map(|(flow, bytes)| Happens::Gap(flow, bytes)),
    ];
    proptest::collection::vec(happens, 0..40)
}

/// What is said, by exchange and direction: between them the order depends on the cuts.
fn by_message(connection: &mut Http1, said: &mut BTreeMap<(u64, &'static str), Vec<String>>) {
    for line in told(connection) {
        let mut words = line.split(' ');
        let (flow, stream) = match words.next().unwrap() {
            ">" => (">", words.next().unwrap()),
            "<" => ("<", words.next().unwrap()),
            stream => ("<", stream),
        };
        let lines = said.entry((stream.parse().unwrap(), flow)).or_default();
        let text = line.split_once(" body ");
        match (lines.last_mut(), text) {
            (Some(last), Some((_, more))) if last.contains(" body ") => last.push_str(more),
            _ => lines.push(line),
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_same_is_said_however_responses_are_cut(events in anything_happens(), size in 1..40_usize) {
        let said = [usize::MAX, size].map(|size| {
            let (mut connection, mut said) = (Http1::new(), BTreeMap::new());
            for event in &events {
                match event {
                    // Requests that come in one piece are known to be pipelined.
                    Happens::Bytes(Flow::Request, bytes) => connection.handle_bytes(Flow::Request, bytes.clone().into()),
                    Happens::Bytes(flow, bytes) => {
                        for piece in bytes.chunks(size) {
                            connection.handle_bytes(*flow, Bytes::copy_from_slice(piece));
                            by_message(&mut connection, &mut said);
                        }
                    }
                    Happens::Gap(flow, bytes) => connection.handle_gap(*flow, *bytes),
                }
                by_message(&mut connection, &mut said);
            }
            said
        });
        prop_assert_eq!(&said[0], &said[1]);
    }

    #[test]
    fn whatever_happens_nothing_breaks_and_what_is_said_is_in_order(events in anything_happens(), from_middle in any::<bool>()) {
        let mut connection = if from_middle { Http1::from_the_middle() } else { Http1::new() };
        let mut lost = [0; 2];
        for event in events {
            match event {
                Happens::Bytes(flow, bytes) => connection.handle_bytes(flow, bytes.into()),
                Happens::Gap(flow, bytes) => connection.handle_gap(flow, bytes),
            }
            prop_assert!(connection.held_bytes() < 1 << 20);
            while let Some(said) = connection.poll() {
                if let Said::Lost { flow, range, .. } = said {
                    prop_assert!(range.start < range.end);
                    // Ranges of one direction come in order; one may be told for several exchanges.
                    let last: &mut u64 = &mut lost[flow as usize];
                    prop_assert!(range.end >= *last);
                    *last = range.end;
                }
            }
        }
    }
}
