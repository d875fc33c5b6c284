//! reqwest-middleware with retries: one span a call, with an event for each failed attempt.

use std::error::Error;
use std::time::Duration;

use reqwest_middleware::ClientBuilder;
use reqwest_retry::RetryTransientMiddleware;
use reqwest_retry::policies::ExponentialBackoff;
use sidetone_testkit::server::{Failure, MockServer};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = MockServer::builder().fail_first(1, Failure::status(429).header("retry-after", "0")).start();
    let sidetone = sidetone::builder().app_name("reqwest-middleware").console().start()?;

    let policy = ExponentialBackoff::builder().retry_bounds(Duration::from_millis(10), Duration::from_millis(50));
    let retry = RetryTransientMiddleware::new_with_policy(policy.build_with_max_retries(3));
    let client = sidetone.with_retry(ClientBuilder::new(reqwest::Client::new()), retry).build();
    let answer: serde_json::Value = client
        .post(format!("{}/chat/completions", server.base_url()))
        .json(&serde_json::json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]}))
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(answer["choices"][0]["message"]["role"], "assistant");

    sidetone.stop(Duration::from_secs(5))?;
    Ok(())
}
