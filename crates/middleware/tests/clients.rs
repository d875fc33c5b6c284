//! Real clients, observed: async-openai and rig.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use async_openai::config::{AzureConfig, OpenAIConfig};
use async_openai::types::chat::CreateChatCompletionRequest;
use futures_util::StreamExt as _;
use sidetone_core::event::{Operation, Outcome};
use sidetone_testkit::server::{MockServer, Pieces};
use support::{Watched, local};

fn openai(server: &MockServer) -> OpenAIConfig {
    OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none")
}

fn request(stream: bool) -> CreateChatCompletionRequest {
    let mut request = serde_json::json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]});
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = serde_json::json!({"include_usage": true});
    }
    serde_json::from_value(request).unwrap()
}

#[tokio::test]
async fn a_stream_that_async_openai_drops_at_its_last_event_is_completed() {
    // The end of the body comes in a piece of its own, which async-openai never asks for.
    let server = MockServer::builder().pieces(Pieces::Events).usage(21, 34).start();
    let watched = Watched::start();
    let client = watched.observer.async_openai(openai(&server));
    let mut stream = client.chat().create_stream(request(true)).await.unwrap();
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    drop(stream);
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_eq!((call.usage.input, call.usage.output), (Some(21), Some(34)));
    assert!(call.timing.first_chunk.is_some());
}

#[tokio::test]
async fn a_stream_that_the_application_drops_is_cancelled() {
    // Events far apart: async-openai reads ahead of the application, on a task of its own.
    let apart = std::time::Duration::from_millis(100);
    let server = MockServer::builder().pieces(Pieces::Events).piece_delay(apart).start();
    let watched = Watched::start();
    let client = watched.observer.async_openai(openai(&server));
    let mut stream = client.chat().create_stream(request(true)).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    // That task sees the drop at the next event.
    let mut calls = watched.calls();
    for _ in 0..1000 {
        if !calls.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        calls = watched.calls();
    }
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn the_other_apis_of_async_openai_are_observed_and_models_are_not() {
    let server = MockServer::start();
    let watched = Watched::start();
    let client = watched.observer.async_openai(openai(&server));
    let embeddings = serde_json::json!({"model": "text-embedding-3-small", "input": "Hi"});
    client.embeddings().create(serde_json::from_value(embeddings).unwrap()).await.unwrap();
    let responses = serde_json::json!({"model": "gpt-4o-mini", "input": "Hi"});
    client.responses().create(serde_json::from_value(responses).unwrap()).await.unwrap();
    let seen: Vec<_> = watched.calls().iter().map(|call| (call.operation.clone(), call.surface)).collect();
    assert_eq!(seen, [(Operation::Embeddings, "openai.embeddings"), (Operation::Chat, "openai.responses")]);
}

#[tokio::test]
async fn azure_names_its_deployment_in_the_path() {
    let server = MockServer::start();
    let watched = Watched::start();
    let config = AzureConfig::new()
        .with_api_base(server.url())
        .with_api_version("2024-10-21")
        .with_deployment_id("my-deployment")
        .with_api_key("none");
    let client = watched.observer.async_openai(config);
    client.chat().create(request(false)).await.unwrap();
    assert!(server.requests()[0].path.starts_with("/openai/deployments/my-deployment/chat/completions?"));
    let call = watched.call();
    assert_eq!(call.outcome, Outcome::Completed);
    assert_eq!((call.operation.clone(), &*call.provider), (Operation::Chat, "azure.ai.openai"));
}

#[cfg(feature = "rig")]
#[tokio::test]
async fn rig_is_observed_through_its_transport() {
    use rig_core::completion::CompletionRequest;
    use rig_core::providers::openai::OpenAIConfig;

    let server = MockServer::builder().reply_text("All quiet.").usage(3, 5).start();
    let watched = Watched::start();
    let transport = watched.observer.rig_client(local().build().unwrap());
    let openai = OpenAIConfig::new("none").with_base_url(server.base_url()).connect(transport);
    let response = openai.completion("gpt-4o-mini").call(CompletionRequest::new("Hi")).await.unwrap();
    assert_eq!(response.text(), "All quiet.");
    let call = watched.call();
    assert_eq!((call.operation.clone(), &call.outcome), (Operation::Chat, &Outcome::Completed));
    assert_eq!(call.request.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!((call.usage.input, call.usage.output), (Some(3), Some(5)));
}
