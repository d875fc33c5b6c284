//! Tests of host-wide capture: real clients in other languages, a mock LLM server over TLS that logs what it answered, and
//! `sidetone` between them.
//!
//! | module | for |
//! | --- | --- |
//! | [`place`] | a server under a name of the test's choice, and commands for which that name leads to it |
//! | [`watch`] | `sidetone run` and `sidetone agent`, and what they printed |
//! | [`event`] | their JSON lines, each checked against the schema |
//! | [`compare`] | whether the calls that were seen are those that the server answered |
//! | [`clients`] | the programs that make the calls, installed by `cargo xtask setup` or compiled here |
//! | [`leftovers`] | what of a capture is in the kernel |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a part of tests")]

pub mod clients;
pub mod compare;
pub mod event;
pub mod leftovers;
pub mod place;
pub mod watch;

/// The body of a chat: `plain`, or a `stream` with token counts.
#[must_use]
pub fn chat(step: &str) -> serde_json::Value {
    let messages = serde_json::json!([{ "role": "user", "content": "hello" }]);
    match step {
        "plain" => serde_json::json!({ "model": "gpt-4o", "messages": messages }),
        "stream" => serde_json::json!({
            "model": "gpt-4o-mini", "messages": messages, "stream": true, "stream_options": { "include_usage": true },
        }),
        other => panic!("{other} is neither plain nor stream"),
    }
}
