//! Makes calls with reqwest on rustls, observed in process by sidetone: each line of its standard input is one, `plain` or `stream`;
//! `stop` ends the observation and nothing else.
#![allow(clippy::print_stdout, reason = "its output is its interface")]

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest_middleware::ClientBuilder;
use sidetone_host_tests::chat;

const STOP_TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The address of the receiver comes from the environment.
    let sidetone = sidetone::builder().app_name("instrumented").start()?;
    let client = ClientBuilder::new(reqwest::Client::new()).with(sidetone.middleware()).build();
    let url = format!("{}/chat/completions", std::env::var("OPENAI_BASE_URL")?);
    for step in io::stdin().lines() {
        let step = step?;
        if step == "stop" {
            sidetone.stop(STOP_TIMEOUT)?;
        } else {
            let request = client.post(&url).header("x-test-pid", std::process::id()).json(&chat(&step));
            let mut answer = request.send().await?.error_for_status()?;
            while answer.chunk().await?.is_some() {}
        }
        println!("{step}: done");
    }
    Ok(())
}
