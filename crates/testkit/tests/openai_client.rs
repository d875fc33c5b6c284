//! An unmodified OpenAI client, given nothing but the base URL, understands every answer of the mock server.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use async_openai::Client;
use async_openai::config::{AzureConfig, OpenAIConfig};
use async_openai::error::OpenAIError;
use async_openai::types::chat::CreateChatCompletionRequest;
use async_openai::types::completions::CreateCompletionRequest;
use async_openai::types::embeddings::{CreateBase64EmbeddingResponse, CreateEmbeddingRequest};
use async_openai::types::responses::{CreateResponse, ResponseStreamEvent};
use futures_util::StreamExt;
use serde_json::json;
use sidetone_testkit::server::{Failure, MockServer};

fn client(server: &MockServer) -> Client<OpenAIConfig> {
    Client::with_config(OpenAIConfig::new().with_api_base(server.base_url()).with_api_key("none"))
}

fn chat(stream: bool, tools: bool) -> CreateChatCompletionRequest {
    let mut request = json!({"model": "acme-9", "messages": [{"role": "user", "content": "hi"}]});
    if tools {
        request["tools"] = json!([{"type": "function", "function": {"name": "search"}}]);
    }
    if stream {
        request["stream"] = true.into();
        request["stream_options"] = json!({"include_usage": true});
    }
    serde_json::from_value(request).unwrap()
}

#[tokio::test]
async fn chats_are_understood() {
    let server = MockServer::builder().reply_text("All quiet.").usage(12, 3).reply_tool_call("search", "{}").start();
    let answer = client(&server).chat().create(chat(false, false)).await.unwrap();
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("All quiet."));
    assert_eq!(answer.usage.unwrap().total_tokens, 15);
    assert_eq!(answer.model, "acme-9");
    let answer = client(&server).chat().create(chat(false, true)).await.unwrap();
    assert_eq!(answer.choices[0].message.tool_calls.as_ref().unwrap().len(), 2);

    for tools in [false, true] {
        let mut stream = client(&server).chat().create_stream(chat(true, tools)).await.unwrap();
        let (mut text, mut calls, mut total) = (String::new(), 0, 0);
        while let Some(chunk) = stream.next().await {
            let chunk = chunk.unwrap();
            for choice in &chunk.choices {
                text += choice.delta.content.as_deref().unwrap_or_default();
                let named = choice.delta.tool_calls.iter().flatten().filter(|call| call.id.is_some());
                calls += named.count();
            }
            total = chunk.usage.map_or(total, |usage| usage.total_tokens);
        }
        let expected = if tools { ("", 2, 15) } else { ("All quiet.", 0, 15) };
        assert_eq!((text.as_str(), calls, total), expected);
    }
}

#[tokio::test]
async fn the_other_surfaces_are_understood() {
    let server = MockServer::builder().reply_text("All quiet.").usage(12, 3).start();
    let client = client(&server);
    let request: CreateCompletionRequest = serde_json::from_value(json!({"model": "m", "prompt": "hi"})).unwrap();
    assert_eq!(client.completions().create(request).await.unwrap().choices[0].text, "All quiet.");

    let request = json!({"model": "m", "input": ["a", "b"], "dimensions": 3});
    let request: CreateEmbeddingRequest = serde_json::from_value(request).unwrap();
    let answer = client.embeddings().create(request.clone()).await.unwrap();
    assert_eq!(answer.data[1].embedding, [0.5, -1.0, 0.25]);
    let answer: CreateBase64EmbeddingResponse = client.embeddings().create_base64(base64(request)).await.unwrap();
    let vectors: Vec<Vec<f32>> = answer.data.into_iter().map(|vector| vector.embedding.into()).collect();
    assert_eq!(vectors, [[0.25, -0.5, 0.125], [0.5, -1.0, 0.25]]);

    let request: CreateResponse = serde_json::from_value(json!({"model": "m", "input": "hi"})).unwrap();
    let answer = client.responses().create(request.clone()).await.unwrap();
    assert_eq!(answer.output_text().as_deref(), Some("All quiet."));
    assert_eq!(answer.usage.unwrap().total_tokens, 15);
    let mut stream = client.responses().create_stream(request).await.unwrap();
    let (mut text, mut completed) = (String::new(), None);
    while let Some(event) = stream.next().await {
        match event.unwrap() {
            ResponseStreamEvent::ResponseOutputTextDelta(delta) => text += &delta.delta,
            ResponseStreamEvent::ResponseCompleted(event) => completed = event.response.output_text(),
            _ => {}
        }
    }
    assert_eq!((text.as_str(), completed.as_deref()), ("All quiet.", Some("All quiet.")));
}

fn base64(request: CreateEmbeddingRequest) -> CreateEmbeddingRequest {
    let mut request = serde_json::to_value(request).unwrap();
    request["encoding_format"] = "base64".into();
    serde_json::from_value(request).unwrap()
}

#[tokio::test]
async fn azure_paths_are_understood() {
    let server = MockServer::builder().reply_text("All quiet.").start();
    let config = AzureConfig::new().with_api_base(server.url()).with_deployment_id("d").with_api_version("2024-10-21");
    let answer = Client::with_config(config.with_api_key("none")).chat().create(chat(false, false)).await.unwrap();
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("All quiet."));
    assert_eq!(server.requests()[0].path, "/openai/deployments/d/chat/completions?api-version=2024-10-21");
}

#[tokio::test]
async fn errors_are_understood_and_retried() {
    let server = MockServer::builder().fail_first(1, Failure::status(429).header("retry-after", "0")).start();
    client(&server).chat().create(chat(false, false)).await.unwrap();
    assert_eq!(server.request_count(), 2, "the client's own retry");
    server.change(|settings| settings.fail_first(1, Failure::status(401)));
    let error = client(&server).chat().create(chat(false, false)).await.unwrap_err();
    assert!(matches!(&error, OpenAIError::ApiError(_)), "{error:?}");
}
