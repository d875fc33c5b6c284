//! A mock LLM server: answers any OpenAI client from recorded cases, at the pace and with the faults that a test asks for.
//!
//! ```
//! use sidetone_testkit::server::{Failure, MockServer};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = MockServer::builder()
//!     .reply_text("All quiet.")
//!     .usage(12, 3)
//!     .fail_first(1, Failure::status(429).header("retry-after", "0"))
//!     .start();
//!
//! // Any client will do, given `server.base_url()`.
//! let url = format!("{}/chat/completions", server.base_url());
//! let ask = || reqwest::Client::new().post(&url).body(r#"{"model":"acme-9","messages":[]}"#).send();
//! assert_eq!(ask().await?.status(), 429);
//! let answer: serde_json::Value = serde_json::from_slice(&ask().await?.bytes().await?)?;
//! assert_eq!(answer["choices"][0]["message"]["content"], "All quiet.");
//! assert_eq!(answer["usage"]["total_tokens"], 15);
//! assert_eq!(answer["model"], "acme-9");
//!
//! assert_eq!(server.requests().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # Which answer
//! 1. A case given by [`MockServerBuilder::answer_with`] answers everything.
//! 2. The request header `x-mock-case: NAME`, or the first part of the path (`/NAME/v1/…`, see [`MockServer::case_url`]),
//!    names a case: one of the builder's or one of [`Case::embedded`](crate::case::Case::embedded). Its bytes go out as recorded.
//! 3. Otherwise path and body decide, behind any prefix (`/openai/deployments/NAME/chat/completions` too): chat completions,
//!    legacy completions, embeddings or responses, streamed if `stream` is `true`. The answer names the requested model. Where
//!    tools are offered and the conversation doesn't end with a tool's result, it calls tools (but for streamed responses).
//!    A stream has token counts only if `stream_options.include_usage` asks for them. Embeddings are one vector for each input, of
//!    `dimensions` numbers, in base64 if asked for.
//!
//! Anything else is answered by 404. HTTP/1.1 and HTTP/2 with prior knowledge share the port. It listens on 127.0.0.1, or on
//! another address of the loopback network; it speaks TLS when it is given one (feature `tls`, `Tls`).

mod answer;
mod builder;
mod embeddings;
mod log;
mod respond;
mod running;

pub use crate::serve::request::{REQUEST_BODY_MAX, REQUESTS_KEPT_MAX, ReceivedRequest};
#[cfg(feature = "tls")]
pub use crate::serve::tls::Tls;
pub use builder::{Failure, Fault, Framing, MockServerBuilder, Pieces, Point};
pub(crate) use log::Entry;
pub use log::{Answered, LOGGED_HEADERS, LoggedBody};
pub use running::MockServer;
