//! Retries: what the outer part, the inner part and both together tell of a call with several attempts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use async_openai::middleware::retry::{OpenAIRetryLayer, SimpleRetryPolicy};
use async_openai::types::chat::{CreateChatCompletionRequest, CreateChatCompletionResponse};
use http::Extensions;
use reqwest::{Client, Request, Response};
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware, Next};
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use sidetone_core::event::{Attempt, Call, ErrorClass, Outcome};
use sidetone_testkit::server::{Failure, Fault, MockServer, Point};
use support::{Watched, chat, local};
use tower::Layer as _;

type MiddlewareResult = reqwest_middleware::Result<Response>;

fn http() -> Client {
    // A connection that was cut isn't tried again behind our back.
    local().pool_max_idle_per_host(0).build().unwrap()
}

fn retry(times: u32) -> impl Middleware {
    let bounds = Duration::from_millis(1);
    RetryTransientMiddleware::new_with_policy(
        ExponentialBackoff::builder().retry_bounds(bounds, bounds).build_with_max_retries(times),
    )
}

async fn post(client: &ClientWithMiddleware, server: &MockServer) -> Result<Response, String> {
    let url = format!("{}/chat/completions", server.base_url());
    client.post(url).body(chat(false)).send().await.map_err(|error| format!("{error:?}"))
}

fn busy(times: usize) -> MockServer {
    let failure = Failure::status(429).header("retry-after", "0");
    MockServer::builder().fail_first(times, failure).start()
}

fn class_of(call: &Call) -> Option<ErrorClass> {
    match &call.outcome {
        Outcome::Failed(failure) => Some(failure.class.clone()),
        _ => None,
    }
}

fn assert_attempts(call: &Call, expected: &[(u32, Option<u16>, Option<&str>, ErrorClass)]) {
    let seen: Vec<_> = call
        .attempts
        .iter()
        .map(|Attempt { number, status, retry_after, error, .. }| {
            (*number, *status, retry_after.as_deref(), error.clone())
        })
        .collect();
    assert_eq!(seen, expected);
    let ended: Vec<_> = call.attempts.iter().map(|attempt| attempt.ended).collect();
    assert!(ended.is_sorted() && ended.last().is_none_or(|last| *last <= call.timing.total));
    assert_eq!(call.resend_count, None);
}

const BUSY: (Option<u16>, Option<&str>, ErrorClass) = (Some(429), Some("0"), ErrorClass::RateLimit);

fn busy_attempt(number: u32) -> (u32, Option<u16>, Option<&'static str>, ErrorClass) {
    (number, BUSY.0, BUSY.1, BUSY.2)
}

#[tokio::test]
async fn both_middlewares_make_one_call_with_an_event_for_each_failed_attempt() {
    let server = busy(2);
    let watched = Watched::start();
    let client = watched.observer.with_retry(ClientBuilder::new(http()), retry(3)).build();
    assert!(post(&client, &server).await.unwrap().bytes().await.unwrap().starts_with(b"{"));
    let call = watched.call();
    assert_eq!((server.request_count(), &call.outcome), (3, &Outcome::Completed));
    assert_attempts(&call, &[busy_attempt(1), busy_attempt(2)]);
    assert!(call.usage.output.is_some());
}

#[tokio::test]
async fn both_middlewares_give_the_last_attempts_failure_to_the_call() {
    let server = busy(9);
    let watched = Watched::start();
    let client = watched.observer.with_retry(ClientBuilder::new(http()), retry(2)).build();
    let response = post(&client, &server).await.unwrap();
    assert_eq!(response.status(), 429);
    drop(response.bytes().await.unwrap());
    let call = watched.call();
    assert_eq!(class_of(&call), Some(ErrorClass::RateLimit));
    assert_attempts(&call, &[busy_attempt(1), busy_attempt(2)]);
}

#[tokio::test]
async fn an_attempt_without_an_answer_is_an_event_too() {
    let server = MockServer::builder().fail_first(1, Fault::Close(Point::BeforeHead)).start();
    let watched = Watched::start();
    let client = watched.observer.with_retry(ClientBuilder::new(http()), retry(2)).build();
    drop(post(&client, &server).await.unwrap().bytes().await.unwrap());
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_attempts(&call, &[(1, None, None, ErrorClass::Connection)]);
}

#[tokio::test]
async fn a_call_that_never_gets_an_answer_fails_by_its_last_attempt() {
    let server = MockServer::builder().fault(Fault::Close(Point::BeforeHead)).start();
    let watched = Watched::start();
    let client = watched.observer.with_retry(ClientBuilder::new(http()), retry(1)).build();
    post(&client, &server).await.unwrap_err();
    let call = watched.call();
    assert_eq!(class_of(&call), Some(ErrorClass::Connection));
    assert_attempts(&call, &[(1, None, None, ErrorClass::Connection)]);
}

/// Tells when an attempt has been answered.
struct Tells(Arc<tokio::sync::Notify>);

#[async_trait::async_trait]
impl Middleware for Tells {
    async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> MiddlewareResult {
        let result = next.run(request, extensions).await;
        self.0.notify_one();
        result
    }
}

#[tokio::test]
async fn a_call_that_is_dropped_between_attempts_is_cancelled_and_keeps_its_attempts() {
    let server = busy(9);
    let watched = Watched::start();
    let bounds = Duration::from_secs(3600);
    let slow = RetryTransientMiddleware::new_with_policy(
        ExponentialBackoff::builder().retry_bounds(bounds, bounds).build_with_max_retries(9),
    );
    let answered = Arc::new(tokio::sync::Notify::new());
    let client = ClientBuilder::new(http())
        .with(watched.observer.outer_middleware())
        .with(slow)
        .with(Tells(Arc::clone(&answered)))
        .with(watched.observer.middleware())
        .build();
    let sent = tokio::spawn(async move {
        let _ = post(&client, &server).await;
    });
    // The retry layer goes to sleep in the same poll.
    answered.notified().await;
    sent.abort();
    let _ = sent.await;
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Cancelled);
    assert_attempts(&call, &[busy_attempt(1)]);
}

#[tokio::test]
async fn the_inner_middleware_alone_makes_a_call_of_each_attempt_and_counts_them() {
    let server = busy(2);
    let watched = Watched::start();
    let client = ClientBuilder::new(http()).with(retry(3)).with(watched.observer.middleware()).build();
    drop(post(&client, &server).await.unwrap().bytes().await.unwrap());
    let calls = watched.calls();
    let seen: Vec<_> = calls.iter().map(|call| (class_of(call), call.resend_count)).collect();
    assert_eq!(seen, [(Some(ErrorClass::RateLimit), None), (Some(ErrorClass::RateLimit), Some(1)), (None, Some(2))]);
    assert!(calls.iter().all(|call| call.attempts.is_empty()));
}

#[tokio::test]
async fn extensions_that_are_used_again_count_no_attempts_of_another_call() {
    let server = busy(1);
    let watched = Watched::start();
    let client = ClientBuilder::new(http()).with(retry(3)).with(watched.observer.middleware()).build();
    let mut extensions = Extensions::new();
    let url = format!("{}/chat/completions", server.base_url());
    for _ in 0..2 {
        let request = client.post(&url).body(chat(false)).build().unwrap();
        client.execute_with_extensions(request, &mut extensions).await.unwrap().bytes().await.unwrap();
    }
    let seen: Vec<_> = watched.calls().iter().map(|call| call.resend_count).collect();
    assert_eq!(seen, [None, Some(1), None]);
}

#[tokio::test]
async fn the_outer_middleware_alone_sees_the_last_attempt_only() {
    let server = busy(2);
    let watched = Watched::start();
    let client = ClientBuilder::new(http()).with(watched.observer.outer_middleware()).with(retry(3)).build();
    drop(post(&client, &server).await.unwrap().bytes().await.unwrap());
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_attempts(&call, &[]);
}

#[tokio::test]
async fn a_middleware_in_between_that_reads_the_answer_and_gives_another_is_no_second_answer() {
    /// Reads an answer to its end and gives a copy of it.
    struct Copies;

    #[async_trait::async_trait]
    impl Middleware for Copies {
        async fn handle(&self, request: Request, extensions: &mut Extensions, next: Next<'_>) -> MiddlewareResult {
            let response = next.run(request, extensions).await?;
            let status = response.status();
            let body = response.bytes().await?;
            Ok(http::Response::builder().status(status).body(body).unwrap().into())
        }
    }

    for times in [0, 1] {
        let server = MockServer::builder().fail_first(times, Failure::status(400)).start();
        let watched = Watched::start();
        let client = watched.observer.with_retry(ClientBuilder::new(http()), Copies).build();
        drop(post(&client, &server).await.unwrap().bytes().await.unwrap());
        let call = watched.call();
        let expected = [None, Some(ErrorClass::BadRequest)][times].clone();
        assert_eq!(class_of(&call), expected);
        assert_eq!(call.incomplete, Default::default());
    }
}

fn openai(server: &MockServer) -> OpenAIConfig {
    OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none")
}

async fn ask(client: &async_openai::Client<OpenAIConfig>) -> Result<CreateChatCompletionResponse, OpenAIError> {
    let request: CreateChatCompletionRequest =
        serde_json::from_str(&chat(false).replace(r#","stream_options":{"include_usage":true}"#, "")).unwrap();
    client.chat().create(request).await
}

#[tokio::test]
async fn the_helper_for_async_openai_keeps_its_retries_and_makes_one_call_of_them() {
    let server = busy(2);
    let watched = Watched::start();
    let client = watched.observer.async_openai(openai(&server));
    ask(&client).await.unwrap();
    assert_eq!(server.request_count(), 3);
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_attempts(&call, &[busy_attempt(1), busy_attempt(2)]);
}

#[tokio::test]
async fn the_answer_that_async_openais_retry_layer_eats_is_the_calls() {
    let server = busy(9);
    let watched = Watched::start();
    let inner = watched.observer.layer().layer(ReqwestService::new(http()));
    let service = watched.observer.outer_layer().layer(OpenAIRetryLayer::new(1).layer(inner));
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    assert!(matches!(ask(&client).await, Err(OpenAIError::ApiError(_))));
    let call = watched.call();
    let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!(failure.class, ErrorClass::RateLimit);
    assert!(failure.code.is_some() || failure.message.is_some(), "the body was read: {failure:?}");
    assert_eq!(call.response.status, Some(429));
    assert_attempts(&call, &[busy_attempt(1)]);
}

#[tokio::test]
async fn a_server_error_that_async_openai_passes_on_is_read_by_it_and_by_us() {
    let server = MockServer::builder().fail_first(9, Failure::status(500)).start();
    let watched = Watched::start();
    let inner = watched.observer.layer().layer(ReqwestService::new(http()));
    let service = watched.observer.outer_layer().layer(OpenAIRetryLayer::new(1).layer(inner));
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap_err();
    let call = watched.call();
    assert_eq!(class_of(&call), Some(ErrorClass::InternalServer));
    assert_attempts(&call, &[(1, Some(500), None, ErrorClass::InternalServer)]);
}

#[tokio::test]
async fn the_inner_layer_alone_makes_a_call_of_each_attempt() {
    let server = busy(1);
    let watched = Watched::start();
    let service = OpenAIRetryLayer::default().layer(watched.observer.layer().layer(ReqwestService::new(http())));
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap();
    let seen: Vec<_> = watched.calls().iter().map(|call| (class_of(call), call.resend_count)).collect();
    assert_eq!(seen, [(Some(ErrorClass::RateLimit), None), (None, None)]);
}

#[tokio::test]
async fn the_outer_layer_alone_knows_the_status_of_an_answer_that_was_eaten() {
    let server = busy(9);
    let watched = Watched::start();
    let service = watched.observer.outer_layer().layer(OpenAIRetryLayer::new(1).layer(ReqwestService::new(http())));
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap_err();
    let call = watched.call();
    assert_eq!((class_of(&call), call.response.status), (Some(ErrorClass::RateLimit), Some(429)));
    assert_attempts(&call, &[]);
}

#[tokio::test]
async fn another_retry_policy_of_async_openai_works_with_both_layers_too() {
    let server = busy(1);
    let watched = Watched::start();
    let inner = watched.observer.layer().layer(ReqwestService::new(http()));
    let retried = tower::retry::RetryLayer::new(SimpleRetryPolicy::default()).layer(inner);
    let service = watched.observer.outer_layer().layer(retried);
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap();
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_attempts(&call, &[busy_attempt(1)]);
}

#[tokio::test]
async fn attempts_are_the_calls_also_when_they_are_sent_on_another_task() {
    let server = busy(1);
    let watched = Watched::start();
    let inner = watched.observer.layer().layer(ReqwestService::new(http()));
    let elsewhere = tower::buffer::BufferLayer::new(4).layer(inner);
    let elsewhere = tower::util::MapErrLayer::new(OpenAIError::Boxed).layer(elsewhere);
    let service = watched.observer.outer_layer().layer(OpenAIRetryLayer::default().layer(elsewhere));
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap();
    assert_attempts(&watched.call(), &[busy_attempt(1)]);
}

#[tokio::test]
async fn a_timeout_around_attempts_is_an_attempts_failure() {
    let server = MockServer::builder().fail_first(1, Fault::Hang(Point::BeforeHead)).start();
    let watched = Watched::start();
    let hasty = tower::timeout::TimeoutLayer::new(Duration::from_millis(200)).layer(ReqwestService::new(http()));
    let inner = watched.observer.layer().layer(hasty);
    let service = watched.observer.outer_layer().layer(inner);
    let client = async_openai::Client::with_config(openai(&server)).with_http_service(service);
    ask(&client).await.unwrap_err();
    assert_eq!(class_of(&watched.call()), Some(ErrorClass::Timeout));
}
