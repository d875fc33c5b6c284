//! Makes calls with reqwest on rustls: `reqwest-client CALLS http1|http2`, each time a plain one and a streamed one.
#![allow(clippy::print_stdout, reason = "its output is its interface")]

use std::error::Error;

use reqwest::{Client, RequestBuilder};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let calls: u32 = arguments.next().ok_or("CALLS is missing")?.parse()?;
    let builder = match arguments.next().as_deref() {
        Some("http1") => Client::builder().http1_only(),
        // By the handshake's choice.
        Some("http2") => Client::builder(),
        other => return Err(format!("{other:?} is neither http1 nor http2").into()),
    };
    let client = builder.build()?;
    let url = format!("{}/chat/completions", std::env::var("OPENAI_BASE_URL")?);
    let post = |model: &str, stream: bool| -> RequestBuilder {
        let mut body = json!({ "model": model, "messages": [{ "role": "user", "content": "hello" }] });
        if stream {
            body["stream"] = true.into();
            body["stream_options"] = json!({ "include_usage": true });
        }
        client.post(&url).header("x-test-pid", std::process::id()).bearer_auth("sk-test").json(&body)
    };
    for _ in 0..calls {
        for (model, stream) in [("gpt-4o", false), ("gpt-4o-mini", true)] {
            let mut answer = post(model, stream).send().await?.error_for_status()?;
            let mut bytes = 0;
            while let Some(chunk) = answer.chunk().await? {
                bytes += chunk.len();
            }
            println!("{bytes} bytes by {:?}", answer.version());
        }
    }
    Ok(())
}
