//! async-openai, with its own retries: one span a call, with an event for each failed attempt.

use std::error::Error;
use std::time::Duration;

use async_openai::config::OpenAIConfig;
use async_openai::types::chat::{ChatCompletionRequestUserMessage, CreateChatCompletionRequestArgs};
use sidetone_testkit::server::{Failure, MockServer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockServer::builder().fail_first(1, Failure::status(429).header("retry-after", "0")).start();
    let sidetone = sidetone::builder().app_name("async-openai").console().start()?;

    let client =
        sidetone.async_openai(OpenAIConfig::new().with_api_key("none-needed").with_api_base(server.base_url()));
    let question = ChatCompletionRequestUserMessage::from("Hello");
    let request =
        CreateChatCompletionRequestArgs::default().model("gpt-4o-mini").messages(vec![question.into()]).build()?;
    let answer = client.chat().create(request).await?;
    assert!(answer.choices[0].message.content.is_some());

    sidetone.stop(Duration::from_secs(5))?;
    Ok(())
}
