//! Plain reqwest: calls are observed one by one.

use std::error::Error;
use std::time::Duration;

use sidetone::SendObserved;
use sidetone_testkit::server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockServer::start();
    let sidetone = sidetone::builder().app_name("plain-reqwest").console().start()?;

    let answer: serde_json::Value = reqwest::Client::new()
        .post(format!("{}/chat/completions", server.base_url()))
        .json(&serde_json::json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}))
        .send_observed(&sidetone)
        .await?
        .json()
        .await?;
    assert_eq!(answer["choices"][0]["message"]["role"], "assistant");

    sidetone.stop(Duration::from_secs(5))?;
    Ok(())
}
