//! Makes calls with reqwest on rustls: `reqwest-client http1|http2 [STEP]...`, a STEP being `plain`, `stream` or `other` (no LLM call).
//! Without any, each line of its standard input is one.
#![allow(clippy::print_stdout, reason = "its output is its interface")]

use std::error::Error;
use std::io;

use reqwest::Client;
use sidetone_host_tests::chat;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let builder = match arguments.next().as_deref() {
        Some("http1") => Client::builder().http1_only(),
        // By the handshake's choice.
        Some("http2") => Client::builder(),
        other => return Err(format!("{other:?} is neither http1 nor http2").into()),
    };
    let client = builder.build()?;
    let base = std::env::var("OPENAI_BASE_URL")?;
    let given: Vec<_> = arguments.map(Ok).collect();
    let read = given.is_empty().then(|| io::stdin().lines());
    for step in given.into_iter().chain(read.into_iter().flatten()) {
        let step = step?;
        let request = match step.as_str() {
            "other" => client.get(format!("{base}/models")),
            step => client.post(format!("{base}/chat/completions")).json(&chat(step)),
        };
        let mut answer = request.header("x-test-pid", std::process::id()).bearer_auth("sk-test").send().await?;
        let mut bytes = 0;
        while let Some(chunk) = answer.chunk().await? {
            bytes += chunk.len();
        }
        println!("{step}: {bytes} bytes by {:?}", answer.version());
    }
    Ok(())
}
