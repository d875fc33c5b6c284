//! The answers that a fabricated server gives, and what must be read from them.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

/// The model that every answer names.
pub(crate) const MODEL: &str = "gpt-4o-mini";
/// The tokens that every answer reports.
pub(crate) const TOKENS: (u64, u64) = (20, 30);
/// The request of a chat that is not streamed.
pub(crate) const CHAT_REQUEST: &[u8] = br#"{"model":"gpt-4o-mini","temperature":0.5,"messages":[{"role":"system","content":"You are terse."},{"role":"user","content":"Say something about the sea."}]}"#;
/// The request of a chat that is streamed.
pub(crate) const STREAM_REQUEST: &[u8] = br#"{"model":"gpt-4o-mini","temperature":0.5,"stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"system","content":"You are terse."},{"role":"user","content":"Say something about the sea."}]}"#;

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    /// The request that it answers.
    pub(crate) request: Bytes,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Its body, as it arrives: slices of read buffers, as an HTTP client hands them out.
    pub(crate) chunks: Arc<[Bytes]>,
    /// What the model said.
    pub(crate) text: String,
}

impl Payload {
    /// A chat completion whose body has about `bytes` bytes, in one piece up to 16 KiB, else in pieces of that size.
    pub(crate) fn chat(bytes: usize) -> Self {
        const PHRASE: &str = "lorem ipsum dolor \"q\" caf\u{e9}\n ";
        let text = PHRASE.repeat((bytes.saturating_sub(360) / (PHRASE.len() + 3)).max(1));
        let escaped = text.replace('"', "\\\"").replace('\n', "\\n");
        let body = Bytes::from(format!(
            r#"{{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"{MODEL}","choices":[{{"index":0,"message":{{"role":"assistant","content":"{escaped}","refusal":null}},"logprobs":null,"finish_reason":"stop"}}],"usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}},"system_fingerprint":"fp_1"}}"#,
            TOKENS.0,
            TOKENS.1,
            TOKENS.0 + TOKENS.1
        ));
        let chunks = (0..body.len()).step_by(16 << 10).map(|at| body.slice(at..body.len().min(at + (16 << 10))));
        Self {
            request: Bytes::from_static(CHAT_REQUEST),
            headers: headers("application/json"),
            chunks: chunks.collect(),
            text,
        }
    }

    /// A streamed chat of `events` events (of 190 bytes, most of them), one piece each; `[DONE]` comes with the last.
    pub(crate) fn stream(events: usize) -> Self {
        let mut text = String::new();
        let mut written: Vec<String> = Vec::with_capacity(events);
        for index in 0..events - 2 {
            let token = format!(" tok{index}");
            written.push(event(&format!(r#"{{"content":"{token}"}}"#), "null", ""));
            text.push_str(&token);
        }
        written.push(event("{}", "\"stop\"", ""));
        let (input, output) = TOKENS;
        written.push(format!(
            "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"{MODEL}\",\"choices\":[],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output},\"total_tokens\":{}}}}}\n\ndata: [DONE]\n\n",
            input + output
        ));
        Self {
            request: Bytes::from_static(STREAM_REQUEST),
            headers: headers("text/event-stream; charset=utf-8"),
            chunks: in_read_buffers(&written),
            text,
        }
    }

    /// The whole body.
    pub(crate) fn body(&self) -> Bytes {
        self.chunks.concat().into()
    }
}

fn event(delta: &str, finish_reason: &str, rest: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"{MODEL}\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":{finish_reason}}}]{rest}}}\n\n"
    )
}

/// The pieces, one after the other in buffers of 8 KiB as a client reads them.
fn in_read_buffers(pieces: &[String]) -> Arc<[Bytes]> {
    let mut chunks = Vec::with_capacity(pieces.len());
    let mut at = 0;
    while at < pieces.len() {
        let mut end = at;
        let mut bytes = 0;
        while end < pieces.len() && (end == at || bytes + pieces[end].len() <= 8 << 10) {
            bytes += pieces[end].len();
            end += 1;
        }
        let mut buffer = Bytes::from(pieces[at..end].concat());
        chunks.extend(pieces[at..end].iter().map(|piece| buffer.split_to(piece.len())));
        at = end;
    }
    chunks.into()
}

/// Twelve headers, as many as a real answer has at least.
fn headers(content_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("content-type", content_type),
        ("x-request-id", "req_4f2c1f8e0c5b4d0f"),
        ("openai-processing-ms", "123"),
        ("date", "Mon, 02 Feb 2026 10:00:00 GMT"),
        ("server", "cloudflare"),
        ("x-ratelimit-limit-requests", "10000"),
        ("x-ratelimit-remaining-requests", "9999"),
        ("x-ratelimit-limit-tokens", "200000"),
        ("cf-ray", "8e2f1a0b2c3d4e5f-FRA"),
        ("openai-version", "2020-10-01"),
        ("openai-organization", "org"),
        ("strict-transport-security", "max-age=31536000"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
