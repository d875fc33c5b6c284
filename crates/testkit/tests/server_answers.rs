//! Which answer the mock server gives, seen by a real client over HTTP/1.1 and HTTP/2.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use sidetone_testkit::case::Case;
use sidetone_testkit::server::{Failure, MockServer, Pieces};

fn clients() -> [Client; 2] {
    [Client::new(), Client::builder().http2_prior_knowledge().build().unwrap()]
}

async fn post(client: &Client, url: String, body: &Value) -> (u16, String) {
    let response = client.post(url).body(body.to_string()).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn ask(server: &MockServer, path: &str, body: Value) -> Value {
    let (status, text) = post(&Client::new(), format!("{}{path}", server.url()), &body).await;
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

async fn ask_stream(server: &MockServer, path: &str, body: Value) -> Vec<Value> {
    let (status, text) = post(&Client::new(), format!("{}{path}", server.url()), &body).await;
    assert_eq!(status, 200, "{text}");
    let events = text.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|event| *event != "[DONE]");
    events.map(|event| serde_json::from_str(event).unwrap()).collect()
}

fn joined(events: &[Value], pointer: &str) -> String {
    events.iter().filter_map(|event| event.pointer(pointer)?.as_str()).collect()
}

#[tokio::test]
async fn a_named_case_goes_out_byte_by_byte_as_recorded_whatever_the_pieces() {
    for pieces in [None, Some(Pieces::Whole), Some(Pieces::Events), Some(Pieces::Bytes(1)), Some(Pieces::Bytes(700))] {
        let builder = MockServer::builder();
        let server = pieces.into_iter().fold(builder, |builder, pieces| builder.pieces(pieces)).start();
        for client in clients() {
            for case in Case::all_embedded() {
                let end = case.path.strip_prefix("/v1").unwrap();
                let named = client.post(format!("{}{end}", server.case_url(&case.name)));
                let by_header = client.post(format!("{}{}", server.url(), case.path)).header("x-mock-case", &case.name);
                for request in [named, by_header] {
                    let response = request.body(case.request.clone()).send().await.unwrap();
                    assert_eq!(response.status().as_u16(), case.status, "{}", case.name);
                    for (name, value) in &case.headers {
                        assert_eq!(response.headers()[name.as_str()], value.as_str(), "{}", case.name);
                    }
                    let length = (!case.stream).then_some(case.response.len() as u64);
                    assert_eq!(response.content_length(), length, "{}", case.name);
                    assert_eq!(response.bytes().await.unwrap(), case.response, "{} {pieces:?}", case.name);
                }
            }
        }
        assert_eq!(server.abandoned(), 0);
    }
}

#[tokio::test]
async fn what_no_case_answers_is_not_found() {
    let server = MockServer::start();
    let url = server.url();
    let client = Client::new();
    let header = |case: &'static str| client.post(format!("{url}/v1/chat/completions")).header("x-mock-case", case);
    for request in [
        header("no_such_case"),
        header("embeddings_float"),
        client.post(format!("{url}/chat_basic/v1/embeddings")),
        client.get(format!("{url}/chat_basic/v1/chat/completions")),
        client.get(format!("{url}/v1/chat/completions")),
        client.post(format!("{url}/v1/models")),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 404);
        assert!(response.text().await.unwrap().contains("no such mock case"));
    }
}

#[tokio::test]
async fn a_chat_is_answered_by_the_given_text_counts_and_model_behind_any_prefix() {
    let server = MockServer::builder().reply_text("All quiet.").usage(123, 45).start();
    for path in [
        "/v1/chat/completions",
        "/openai/deployments/d/chat/completions?api-version=2024-10-21",
        "/api/gateway/v1/chat/completions",
        "/chat/completions",
    ] {
        let answer = ask(&server, path, json!({"model": "acme-9", "messages": []})).await;
        assert_eq!(answer["model"], "acme-9");
        assert_eq!(answer["id"], "chatcmpl-mock001", "the recorded id");
        assert_eq!(answer["choices"][0]["message"]["content"], "All quiet.");
        assert_eq!(answer["usage"]["prompt_tokens"], 123);
        assert_eq!(answer["usage"]["completion_tokens"], 45);
        assert_eq!(answer["usage"]["total_tokens"], 168);
    }
    server.change(|settings| settings.reply_text("Changed.").reply_model("acme-9-large"));
    let answer = ask(&server, "/v1/chat/completions", json!({"model": "acme-9"})).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "Changed.");
    assert_eq!(answer["model"], "acme-9-large");
}

#[tokio::test]
async fn a_streamed_chat_has_counts_only_when_they_are_asked_for() {
    let server = MockServer::builder().reply_text("All quiet on this front.").usage(7, 8).start();
    let mut request = json!({"model": "acme-9", "stream": true});
    let events = ask_stream(&server, "/v1/chat/completions", request.clone()).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), "All quiet on this front.");
    assert!(events.iter().all(|event| event.get("usage").is_none() && event["choices"] != json!([])));
    request["stream_options"] = json!({"include_usage": true});
    let events = ask_stream(&server, "/v1/chat/completions", request).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), "All quiet on this front.");
    let (last, others) = events.split_last().unwrap();
    assert_eq!(last["usage"]["total_tokens"], 15);
    assert!(others.iter().all(|event| event["usage"] == Value::Null));
}

#[tokio::test]
async fn offered_tools_are_called_until_their_result_is_there() {
    let server = MockServer::builder().reply_text("It rains.").reply_tool_call("search", "{\"q\":1}").start();
    let path = "/v1/chat/completions";
    let mut request = json!({"tools": [{"type": "function"}], "messages": [{"role": "user"}]});
    let answer = ask(&server, path, request.clone()).await;
    assert_eq!(answer["choices"][0]["message"]["tool_calls"][1]["function"]["arguments"], "{\"q\":1}");
    request["stream"] = true.into();
    let events = ask_stream(&server, path, request.clone()).await;
    assert_eq!(joined(&events, "/choices/0/delta/tool_calls/0/function/name"), "searchsearch");
    assert_eq!(joined(&events, "/choices/0/finish_reason"), "tool_calls");

    request["messages"] = json!([{"role": "user"}, {"role": "assistant"}, {"role": "tool"}]);
    let events = ask_stream(&server, path, request.clone()).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), "It rains.");
    request["messages"] = json!([{"role": "user"}]);
    request["tool_choice"] = "none".into();
    let events = ask_stream(&server, path, request.clone()).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), "It rains.");
    request["tool_choice"] = "auto".into();
    server.change(|settings| settings.tool_calls(false));
    let events = ask_stream(&server, path, request).await;
    assert_eq!(joined(&events, "/choices/0/delta/content"), "It rains.");

    server.change(|settings| settings.tool_calls(true));
    let mut request = json!({"tools": [{"type": "function"}], "input": "hi"});
    let answer = ask(&server, "/v1/responses", request.clone()).await;
    assert_eq!(answer["output"][1]["name"], "search");
    request["input"] = json!([{"type": "function_call_output"}]);
    let answer = ask(&server, "/v1/responses", request).await;
    assert_eq!(answer["output"][0]["content"][0]["text"], "It rains.");
}

#[tokio::test]
async fn the_other_surfaces_are_answered_too() {
    let server = MockServer::builder().reply_text("All quiet.").usage(3, 4).start();
    let answer = ask(&server, "/v1/responses", json!({"model": "m"})).await;
    assert_eq!(answer["output"][0]["content"][0]["text"], "All quiet.");
    assert_eq!(answer["usage"]["total_tokens"], 7);
    let events = ask_stream(&server, "/v1/responses", json!({"model": "m", "stream": true})).await;
    assert_eq!(joined(&events, "/delta"), "All quiet.");
    assert_eq!(events.last().unwrap()["response"]["usage"]["output_tokens"], 4);
    let answer = ask(&server, "/v1/completions", json!({"model": "m"})).await;
    assert_eq!(answer["choices"][0]["text"], "All quiet.");
    let events = ask_stream(&server, "/v1/completions", json!({"model": "m", "stream": true})).await;
    assert_eq!(joined(&events, "/choices/0/text"), "All quiet.");
    assert_eq!(events[0]["model"], "m");
}

#[tokio::test]
async fn embeddings_are_a_vector_for_each_input() {
    let server = MockServer::builder().usage(5, 0).start();
    let mut request = json!({"model": "m", "input": ["a", "b", "c"], "dimensions": 6});
    let answer = ask(&server, "/v1/embeddings", request.clone()).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 3);
    assert_eq!(answer["data"][0]["embedding"], json!([0.25, -0.5, 0.125, 1.0, 0.25, -0.5]));
    assert_eq!(answer["data"][2]["index"], 2);
    assert_eq!(answer["usage"], json!({"prompt_tokens": 5, "total_tokens": 5}));
    request["encoding_format"] = "base64".into();
    request["dimensions"] = 2.into();
    let answer = ask(&server, "/v1/embeddings", request).await;
    // 0.25 and -0.5 as little-endian f32: 0000803e 000000bf
    assert_eq!(answer["data"][0]["embedding"], "AACAPgAAAL8=");
}

#[tokio::test]
async fn one_case_can_answer_everything() {
    let mut case = Case::embedded("chat_basic").unwrap();
    case.set_response("{}");
    let server = MockServer::builder().answer_with(case).start();
    assert_eq!(ask(&server, "/anything", json!({})).await, json!({}));
}

#[tokio::test]
async fn a_case_of_the_builder_takes_the_place_of_the_crates() {
    let folder = std::env::temp_dir().join(format!("sidetone-testkit-server-{}", std::process::id()));
    let mut case = Case::embedded("chat_basic").unwrap();
    case.set_usage(99, 1);
    case.save(&folder).unwrap();
    let builder = MockServer::builder().cases_from(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let mut other = case.clone();
    other.name = "other".to_owned();
    let server = builder.unwrap().case(other).start();
    for path in ["/chat_basic/v1/chat/completions", "/other/v1/chat/completions", "/v1/chat/completions"] {
        assert_eq!(ask(&server, path, json!({})).await["usage"]["total_tokens"], 100);
    }
}

#[tokio::test]
async fn the_first_requests_fail_and_the_next_succeeds() {
    let failure = Failure::status(429).header("retry-after", "0");
    let server = MockServer::builder().fail_first(2, failure).start();
    for client in clients() {
        let url = format!("{}/chat/completions", server.base_url());
        for _ in 0..2 {
            let response = client.post(&url).send().await.unwrap();
            assert_eq!(response.status(), 429);
            assert_eq!(response.headers()["retry-after"], "0");
            assert!(response.text().await.unwrap().contains("rate_limit_exceeded"), "the recorded error");
        }
        assert_eq!(client.post(&url).send().await.unwrap().status(), 200);
        server.change(|settings| settings.fail_first(2, Failure::status(429).header("retry-after", "0")));
    }
    server.change(|settings| settings.fail_first(1, Failure::status(503).body("busy")));
    let (status, body) = post(&Client::new(), server.base_url() + "/chat/completions", &json!({})).await;
    assert_eq!((status, body.as_str()), (503, "busy"));
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn a_redirect_is_followed_to_the_answer() {
    let server = MockServer::builder().redirect(true).start();
    for client in clients() {
        let url = format!("{}/chat/completions?a=b", server.case_url("chat_basic"));
        let response = client.post(url).body("{\"x\":1}").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.url().path(), "/redirected/chat_basic/v1/chat/completions");
        let seen = server.requests();
        assert_eq!(seen[0].path, "/chat_basic/v1/chat/completions?a=b");
        assert_eq!(seen[1].path, "/redirected/chat_basic/v1/chat/completions?a=b");
        assert_eq!(seen[0].body, seen[1].body);
        server.clear_requests();
    }
}

#[tokio::test]
async fn requests_are_kept_as_they_came() {
    let server = MockServer::start();
    for client in clients() {
        let url = format!("{}/chat/completions?api-version=1", server.base_url());
        client.post(url).header("X-Test", "yes").body("{\"model\":\"m\"}").send().await.unwrap();
    }
    let [first, second] = <[_; 2]>::try_from(server.requests()).unwrap();
    assert_eq!((first.version.as_str(), second.version.as_str()), ("HTTP/1.1", "HTTP/2.0"));
    for request in [first, second] {
        assert_eq!(request.method, "POST");
        assert_eq!(request.path, "/v1/chat/completions?api-version=1");
        assert_eq!(request.header("x-test"), Some("yes"));
        assert_eq!(request.json(), Some(json!({"model": "m"})));
    }
    assert_eq!(server.connections(), 2);
    assert!(server.wait_for_requests(2, Duration::ZERO));
    assert!(!server.wait_for_requests(3, Duration::from_millis(1)));
    server.change(|settings| settings.record_requests(false));
    Client::new().post(server.url()).send().await.unwrap();
    assert_eq!((server.requests().len(), server.request_count()), (2, 3));
}

#[test]
fn a_taken_port_is_an_error_and_a_stopped_servers_port_is_free() {
    let server = MockServer::start();
    let port = server.addr().port();
    assert!(MockServer::builder().port(port).try_start().is_err());
    drop(server);
    assert_eq!(MockServer::builder().port(port).try_start().unwrap().addr().port(), port);
}
