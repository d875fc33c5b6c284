//! Observes async-openai, unmodified, and prints the spans, log events and metrics of a chat, of a streamed chat with
//! tools and of a call that fails.
//!
//! `cargo run --example quickstart` talks to a bundled mock server on loopback; with `OPENAI_API_KEY` set, to the real API.
//! `OPENAI_BASE_URL` names another server, `OTEL_EXPORTER_OTLP_ENDPOINT` a receiver that gets the telemetry, too.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::time::Duration;

use async_openai::Client;
use async_openai::config::{Config, OpenAIConfig};
use async_openai::types::chat::{
    ChatCompletionMessageToolCallChunk, ChatCompletionRequestUserMessage, ChatCompletionStreamOptions,
    ChatCompletionTool, ChatCompletionTools, CreateChatCompletionRequest, CreateChatCompletionRequestArgs,
    FunctionObjectArgs,
};
use sidetone::Content;
use sidetone_testkit::server::MockServer;
use tokio_stream::StreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start();
    let (config, failing) = match (env::var("OPENAI_API_KEY"), env::var("OPENAI_BASE_URL")) {
        (Ok(_), _) => (OpenAIConfig::new(), OpenAIConfig::new().with_api_key("sk-not-a-key")),
        (Err(_), Ok(base)) => mocked(&base),
        (Err(_), Err(_)) => mocked(&server.base_url()),
    };

    // The three lines that an application adds: start, a client made with it, and stop.
    let sidetone = sidetone::builder().app_name("quickstart").content(Content::Full).console().start()?;
    let client = sidetone.async_openai(config);

    println!("# A chat");
    let answer = client.chat().create(ask("Say this is a test.")?).await?;
    println!("{}", answer.choices[0].message.content.as_deref().unwrap_or_default());

    println!("# A streamed chat with tools");
    println!("{}", streamed(&client, ask("What's the weather in Seattle?")?).await?);

    println!("# A call that fails");
    if let Err(error) = sidetone.async_openai(failing).chat().create(ask("Hello?")?).await {
        println!("{error}");
    }

    println!("# What was seen of them");
    sidetone.stop(Duration::from_secs(10))?;
    Ok(())
}

/// A server on loopback that needs no key, and its answer to a wrong one.
fn mocked(base: &str) -> (OpenAIConfig, OpenAIConfig) {
    let config = OpenAIConfig::new().with_api_key("none-needed").with_api_base(base);
    let failing = config.clone().with_api_base(base.replacen("/v1", "/error_401/v1", 1));
    (config, failing)
}

fn ask(question: &str) -> Result<CreateChatCompletionRequest, Box<dyn Error>> {
    let message = ChatCompletionRequestUserMessage::from(question);
    Ok(CreateChatCompletionRequestArgs::default().model("gpt-4o-mini").messages(vec![message.into()]).build()?)
}

async fn streamed<C: Config>(
    client: &Client<C>,
    mut request: CreateChatCompletionRequest,
) -> Result<String, Box<dyn Error>> {
    let weather = FunctionObjectArgs::default()
        .name("get_current_weather")
        .description("Get the current weather in a given location")
        .parameters(serde_json::json!({"type": "object", "properties": {"location": {"type": "string"}}}))
        .build()?;
    request.tools = Some(vec![ChatCompletionTools::Function(ChatCompletionTool { function: weather })]);
    request.stream_options = Some(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None });
    let mut stream = client.chat().create_stream(request).await?;
    let mut said = String::new();
    while let Some(chunk) = stream.next().await {
        for choice in chunk?.choices {
            said.extend(choice.delta.content);
            said.extend(choice.delta.tool_calls.into_iter().flatten().map(|call| asked_for(&call)));
        }
    }
    Ok(said)
}

fn asked_for(call: &ChatCompletionMessageToolCallChunk) -> String {
    let function = call.function.clone().unwrap_or_default();
    [function.name, function.arguments].into_iter().flatten().collect()
}
