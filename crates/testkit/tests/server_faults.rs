//! How the mock server's answers go out and go wrong, seen on the wire and by a real client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod raw;

use std::io::Read;
use std::time::{Duration, Instant};

use raw::{End, Raw};
use reqwest::Client;
use sidetone_testkit::case::{Case, RecordedFault};
use sidetone_testkit::server::{Fault, Framing, MockServer, MockServerBuilder, Pieces, Point};

const STREAM: &str = "/chat_stream_usage/v1/chat/completions";
const PLAIN: &str = "/chat_basic/v1/chat/completions";

fn stream() -> Case {
    Case::embedded("chat_stream_usage").unwrap()
}

fn plain() -> Case {
    Case::embedded("chat_basic").unwrap()
}

/// Posts to a server that ends the connection.
fn raw(server: &MockServer, path: &str, headers: &str) -> Raw {
    raw::post(server.addr(), path, headers, "{}", |_| false)
}

fn closing(server: &MockServer, path: &str) -> Raw {
    raw(server, path, "connection: close\r\n")
}

fn with(fault: Fault) -> MockServer {
    MockServer::builder().fault(fault).start()
}

#[test]
fn a_stream_goes_out_as_one_chunk_an_event_and_an_end() {
    let server = MockServer::start();
    let raw = closing(&server, STREAM);
    let chunks = raw.chunks();
    let text = String::from_utf8(stream().response.to_vec()).unwrap();
    let events: Vec<_> = text.split_inclusive("\n\n").collect();
    assert_eq!(chunks.len(), events.len() + 1);
    for (chunk, event) in chunks.iter().zip(&events) {
        assert_eq!(std::str::from_utf8(chunk).unwrap(), *event);
    }
    assert_eq!(chunks.last().unwrap(), b"");
    assert_eq!(raw.end, End::Closed);
}

#[test]
fn the_pieces_are_those_of_the_builder_or_of_the_case() {
    let size = |builder: MockServerBuilder| {
        let server = builder.start();
        let chunks = closing(&server, STREAM).chunks();
        assert_eq!(chunks.concat(), stream().response);
        chunks[0].len()
    };
    assert_eq!(size(MockServer::builder().pieces(Pieces::Bytes(7))), 7);
    assert_eq!(size(MockServer::builder().pieces(Pieces::Bytes(0))), 1);
    assert_eq!(size(MockServer::builder().pieces(Pieces::Whole)), stream().response.len());
    let mut case = stream();
    case.write_size = Some(5);
    assert_eq!(size(MockServer::builder().case(case.clone())), 5);
    assert_eq!(size(MockServer::builder().case(case).pieces(Pieces::Bytes(9))), 9);
}

#[test]
fn the_framing_can_be_chosen() {
    let server = MockServer::builder().framing(Framing::Length).start();
    let answer = closing(&server, STREAM);
    assert!(answer.head().contains(&format!("content-length: {}", stream().response.len())));
    assert_eq!(answer.body(), stream().response);
    server.change(|settings| settings.framing(Framing::Chunked));
    let answer = closing(&server, PLAIN);
    assert!(answer.head().contains("transfer-encoding: chunked"));
    assert_eq!(answer.chunks(), [plain().response.to_vec(), Vec::new()]);
}

#[test]
fn a_cut_before_the_head_sends_nothing() {
    for (fault, end) in [
        (Fault::Close(Point::BeforeHead), End::Closed),
        (Fault::Reset(Point::BeforeHead), End::Reset),
        (Fault::Hang(Point::BeforeHead), End::Silent),
    ] {
        let server = with(fault);
        let hangs = end == End::Silent;
        let answer = raw::post(server.addr(), PLAIN, "", "{}", |_| hangs && server.request_count() > 0);
        assert_eq!((answer.bytes.len(), &answer.end), (0, &end), "{fault:?}");
        assert_eq!(server.requests()[0].body, "{}", "the request was read");
    }
}

#[test]
fn a_cut_within_the_body_sends_exactly_so_many_bytes() {
    let body = stream().response;
    for count in [0, 1, 100, 1000, body.len() - 1] {
        for pieces in [Pieces::Whole, Pieces::Events, Pieces::Bytes(64)] {
            for (fault, end) in [
                (Fault::Close(Point::AfterBytes(count)), End::Closed),
                (Fault::Hang(Point::AfterBytes(count)), End::Silent),
            ] {
                let server = MockServer::builder().pieces(pieces).fault(fault).start();
                let come = |raw: &Raw| !raw.head().is_empty() && raw.chunks().concat().len() >= count;
                let hangs = end == End::Silent;
                let answer = raw::post(server.addr(), STREAM, "", "{}", |raw| hangs && come(raw));
                assert!(answer.head().starts_with("HTTP/1.1 200"));
                assert_eq!(answer.chunks().concat(), body[..count], "{fault:?} {pieces:?}");
                assert!(!answer.chunks().contains(&Vec::new()), "no last chunk");
                assert_eq!(answer.end, end, "{fault:?} {pieces:?}");
            }
        }
    }
    let server = with(Fault::Close(Point::AfterBytes(10)));
    let answer = raw(&server, PLAIN, "");
    assert!(answer.head().contains(&format!("content-length: {}", plain().response.len())));
    assert_eq!(answer.body(), &plain().response[..10]);
}

#[test]
fn a_large_body_is_cut_at_the_byte_too() {
    let mut case = plain();
    case.set_response(vec![b'x'; 5_000_000]);
    let server = MockServer::builder().answer_with(case).fault(Fault::Close(Point::AfterBytes(4_500_001))).start();
    assert_eq!(closing(&server, "/").body().len(), 4_500_001);
}

#[test]
fn a_cut_before_the_end_sends_the_body_without_its_last_chunk() {
    let mut case = stream();
    case.name = "cut".to_owned();
    case.fault = Some(RecordedFault::CutAfterBody);
    let server = MockServer::builder().case(case).start();
    let answer = raw(&server, "/cut/v1/chat/completions", "");
    assert_eq!(answer.chunks().concat(), stream().response);
    assert!(!answer.chunks().contains(&Vec::new()));
    assert_eq!(answer.end, End::Closed);

    server.change(|settings| settings.fault(Fault::Close(Point::BeforeEnd)));
    let answer = raw(&server, PLAIN, "");
    assert_eq!(answer.body(), &plain().response[..plain().response.len() - 1]);
    server.change(|settings| settings.fault(None));
    assert_eq!(closing(&server, PLAIN).body(), plain().response);
}

#[test]
fn a_reset_within_the_body_is_seen_as_one() {
    let server = with(Fault::Reset(Point::AfterBytes(10)));
    assert_eq!(raw(&server, STREAM, "").end, End::Reset);
}

#[test]
fn the_first_connection_breaks_and_the_second_answers() {
    let server = MockServer::builder().fail_first(1, Fault::Close(Point::BeforeHead)).start();
    assert_eq!(closing(&server, PLAIN).bytes, b"");
    assert_eq!(closing(&server, PLAIN).body(), plain().response);
}

#[tokio::test]
async fn over_http2_a_cut_is_an_error_and_a_hang_a_timeout() {
    for point in [Point::BeforeHead, Point::AfterBytes(100), Point::BeforeEnd] {
        for (fault, patience) in [
            (Fault::Close(point), Duration::from_secs(60)),
            (Fault::Reset(point), Duration::from_secs(60)),
            (Fault::Hang(point), Duration::from_millis(300)),
        ] {
            let server = with(fault);
            let client = Client::builder().http2_prior_knowledge().timeout(patience).build().unwrap();
            let error = match client.post(format!("{}{STREAM}", server.url())).send().await {
                Ok(response) => {
                    assert_ne!(point, Point::BeforeHead);
                    response.bytes().await.unwrap_err()
                }
                Err(error) => {
                    // A reset may overtake the head, and a timeout may come early on a busy machine.
                    assert!(point == Point::BeforeHead || !matches!(fault, Fault::Close(_)), "{fault:?}: {error:?}");
                    error
                }
            };
            assert_eq!(error.is_timeout(), matches!(fault, Fault::Hang(_)), "{fault:?}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_cut_over_http2_delivers_what_came_before_it() {
    let server = with(Fault::Close(Point::AfterBytes(100)));
    let client = Client::builder().http2_prior_knowledge().build().unwrap();
    let mut response = client.post(format!("{}{STREAM}", server.url())).send().await.unwrap();
    let mut got = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        got.extend_from_slice(&chunk);
    }
    assert_eq!(got, stream().response[..100]);
}

#[tokio::test]
async fn pieces_and_head_wait_as_told() {
    // A lower bound only: a busy machine may be slower, never faster.
    let pause = Duration::from_millis(30);
    let server = MockServer::builder().head_delay(pause).piece_delay(pause).start();
    let start = Instant::now();
    let mut response = Client::new().post(format!("{}{STREAM}", server.url())).send().await.unwrap();
    assert!(start.elapsed() >= pause);
    let mut chunks = 0_u32;
    while response.chunk().await.unwrap().is_some() {
        chunks += 1;
    }
    assert_eq!(chunks, 8, "one an event");
    assert!(start.elapsed() >= pause * chunks);
}

#[test]
fn a_compressed_body_is_what_it_was_and_each_event_is_complete() {
    let server = MockServer::builder().gzip(true).start();
    assert!(!closing(&server, STREAM).head().contains("content-encoding"), "the client doesn't accept it");
    for pieces in [Pieces::Whole, Pieces::Events, Pieces::Bytes(3)] {
        server.change(|settings| settings.pieces(pieces));
        for (path, body) in [(STREAM, stream().response), (PLAIN, plain().response)] {
            let answer = raw(&server, path, "accept-encoding: br;q=1, gzip;q=0.5\r\nconnection: close\r\n");
            assert!(answer.head().contains("content-encoding: gzip"));
            let compressed = if path == STREAM { answer.chunks().concat() } else { answer.body().to_vec() };
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(compressed.as_slice()).take(1 << 20).read_to_end(&mut plain).unwrap();
            assert_eq!(plain, body, "{pieces:?}");
        }
    }
    server.change(|settings| settings.pieces(Pieces::Events));
    let answer = raw(&server, STREAM, "accept-encoding: gzip\r\nconnection: close\r\n");
    let first = answer.chunks().swap_remove(0);
    let mut decoder = flate2::read::GzDecoder::new(first.as_slice());
    let mut event = [0; 64];
    decoder.read_exact(&mut event).unwrap();
    assert_eq!(event, stream().response[..64]);
}

#[tokio::test]
async fn what_the_client_gives_up_is_counted_and_what_the_server_cuts_is_not() {
    let server = with(Fault::Close(Point::AfterBytes(100)));
    let _ = Client::new().post(format!("{}{STREAM}", server.url())).send().await.unwrap().bytes().await;
    server.change(|settings| settings.fault(None));
    Client::new().post(format!("{}{STREAM}", server.url())).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(server.abandoned(), 0);

    server.change(|settings| settings.fault(Fault::Hang(Point::AfterBytes(100))));
    drop(Client::new().post(format!("{}{STREAM}", server.url())).send().await.unwrap());
    until(|| server.abandoned() == 1).await;

    server.change(|settings| settings.fault(Fault::Hang(Point::BeforeHead)));
    let asked = server.request_count();
    tokio::select! {
        answer = Client::new().post(format!("{}{STREAM}", server.url())).send() => panic!("{answer:?}"),
        () = until(|| server.request_count() > asked) => {}
    }
    until(|| server.abandoned() == 2).await;
}

async fn until(fact: impl Fn() -> bool) {
    for _ in 0..12_000 {
        if fact() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it didn't become true");
}

#[test]
fn a_server_with_hanging_clients_stops() {
    let server = with(Fault::Hang(Point::AfterBytes(1)));
    let addr = server.addr();
    let waiting = std::thread::spawn(move || raw::post(addr, STREAM, "", "{}", |_| false).end);
    assert!(server.wait_for_requests(1, Duration::from_secs(60)));
    drop(server);
    assert_ne!(waiting.join().unwrap(), End::Silent);
}

#[test]
fn a_request_that_is_too_long_is_told_so() {
    let server = MockServer::start();
    let length = sidetone_testkit::server::REQUEST_BODY_MAX;
    let mut case = plain();
    case.set_response("ok");
    server.change(|settings| settings.answer_with(case).record_requests(false));
    let body = "x".repeat(length + 1);
    for (body, status) in [(&body[..length - 1], "200"), (&body[..length], "200"), (&body, "413")] {
        let answer = raw::post(server.addr(), "/", "connection: close\r\n", body, |_| false);
        assert!(answer.head().starts_with(&format!("HTTP/1.1 {status}")), "{} {}", body.len(), answer.head());
    }
}
