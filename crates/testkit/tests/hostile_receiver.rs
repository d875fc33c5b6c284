//! Each way in which a receiver misbehaves, seen by a real client.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod raw;

use std::time::Duration;

use raw::{End, Raw};
use reqwest::{Client, Error, Response};
use sidetone_testkit::hostile::{Behaviour, Receiver, Refused};

async fn export(receiver: &Receiver) -> Result<Response, Error> {
    let client = Client::new();
    client
        .post(format!("{}/v1/traces", receiver.endpoint()))
        .header("content-type", "application/x-protobuf")
        .send()
        .await
}

fn raw(receiver: &Receiver, settled: impl Fn(&Raw) -> bool) -> Raw {
    raw::post(receiver.addr(), "/v1/traces", "", "body", settled)
}

#[tokio::test]
async fn it_accepts_and_says_so_in_the_formats_of_otlp() {
    let receiver = Receiver::start();
    for (kind, answer) in [("application/x-protobuf", ""), ("application/json", "{}")] {
        let url = format!("{}/v1/traces", receiver.endpoint());
        let response = Client::new().post(url).header("content-type", kind).body("body").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], kind);
        assert_eq!(response.text().await.unwrap(), answer);
    }
    assert_eq!(receiver.requests()[0].path, "/v1/traces");
    assert_eq!(receiver.requests()[0].body, "body");
    assert_eq!(receiver.request_count(), 2);
    receiver.clear();
    assert_eq!(receiver.requests(), []);
}

#[tokio::test]
async fn it_fails_with_a_status_and_comes_back() {
    let receiver = Receiver::start_with(Behaviour::Status { status: 500, retry_after: None });
    let response = export(&receiver).await.unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers().get("retry-after"), None);
    receiver.set(Behaviour::Status { status: 429, retry_after: Some(7) });
    let response = export(&receiver).await.unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "7");
    receiver.set(Behaviour::Accept);
    assert_eq!(export(&receiver).await.unwrap().status(), 200);
}

#[test]
fn it_hangs_before_and_after_the_head() {
    let receiver = Receiver::start_with(Behaviour::Hang);
    let answer = raw(&receiver, |_| receiver.request_count() == 1);
    assert_eq!((answer.bytes.len(), answer.end), (0, End::Silent));
    receiver.set(Behaviour::HangUnread);
    let answer = raw(&receiver, |_| receiver.connections() == 2);
    assert_eq!((answer.bytes.len(), answer.end), (0, End::Silent));
    assert_eq!(receiver.request_count(), 1, "not read");
    receiver.set(Behaviour::HangAfterHead);
    let answer = raw(&receiver, |raw| !raw.head().is_empty());
    assert!(answer.head().starts_with("HTTP/1.1 200") && answer.head().contains("content-length: 1000"));
    assert_eq!((answer.body().len(), answer.end), (0, End::Silent));
}

#[test]
fn it_dies_within_its_answer() {
    let receiver = Receiver::start_with(Behaviour::DieMidResponse);
    let answer = raw(&receiver, |_| false);
    assert!(answer.head().contains("content-length: 1000"));
    assert_eq!((answer.body().len(), answer.end), (10, End::Closed));
}

#[tokio::test]
async fn it_answers_with_a_gibibyte_to_who_reads_it() {
    let bytes = 1 << 30;
    let receiver = Receiver::start_with(Behaviour::HugeBody { bytes });
    let mut response = Client::new().post(receiver.endpoint()).send().await.unwrap();
    assert_eq!(response.content_length(), Some(bytes));
    let mut got = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        got += chunk.len() as u64;
    }
    assert_eq!((got, receiver.body_bytes_taken()), (bytes, bytes));

    let mut response = Client::new().post(receiver.endpoint()).send().await.unwrap();
    response.chunk().await.unwrap();
    drop(response);
    assert!(receiver.body_bytes_taken() < 2 * bytes, "it stops when the client does");
}

#[tokio::test]
async fn it_refuses_and_closes_and_comes_back_on_the_same_port() {
    let receiver = Receiver::start();
    let client = Client::new();
    let send = || client.post(receiver.endpoint()).send();
    for round in 1..=3 {
        assert_eq!(send().await.unwrap().status(), 200);
        assert_eq!(receiver.connections(), round);
        receiver.set(Behaviour::Refuse);
        receiver.set(Behaviour::Refuse);
        // The client may find out by its kept connection, which was closed too.
        assert!(send().await.is_err());
        assert!(send().await.unwrap_err().is_connect());
        receiver.set(Behaviour::Accept);
    }
}

#[test]
fn what_hangs_is_let_go_when_it_refuses() {
    let receiver = Receiver::start_with(Behaviour::Hang);
    let addr = receiver.addr();
    let waiting = std::thread::spawn(move || raw::post(addr, "/", "", "", |_| false).end);
    assert!(receiver.wait_for_requests(1, Duration::from_secs(60)));
    receiver.set(Behaviour::Refuse);
    assert_ne!(waiting.join().unwrap(), End::Silent);
}

#[tokio::test]
async fn an_address_of_nobody_refuses_as_long_as_it_is_held() {
    let nobody = Refused::bind();
    for _ in 0..3 {
        assert!(Client::new().post(nobody.url()).send().await.unwrap_err().is_connect());
    }
    assert!(std::net::TcpListener::bind(nobody.addr()).is_err(), "nobody else gets the port");
}
