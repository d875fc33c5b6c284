//! rig: its provider sends through an observed transport.

use std::error::Error;
use std::time::Duration;

use rig_core::completion::CompletionRequest;
use rig_core::providers::openai::{self, OpenAIConfig};
use sidetone_testkit::server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start();
    let sidetone = sidetone::builder().app_name("rig").console().start()?;

    let config = OpenAIConfig::new("none-needed").with_base_url(server.base_url());
    let model = config.connect(sidetone.rig_client(reqwest::Client::new())).completion(openai::GPT_5_2);
    let answer = model.call(CompletionRequest::new("Hello")).await?;
    assert!(!answer.text().is_empty());

    sidetone.stop(Duration::from_secs(5))?;
    Ok(())
}
