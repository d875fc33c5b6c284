//! A mock LLM server, recorded cases and fault injection for tests of LLM applications.
//!
//! | module | for |
//! | --- | --- |
//! | [`server`] | a mock LLM server: answers any OpenAI client, streams as slowly and breaks as badly as a test wants |
//! | [`case`] | recorded exchanges, loaded, changed and saved |
//! | [`split`] | the same bytes, cut in every way the network may cut them |
//! | [`hostile`] | a receiver of telemetry that hangs, refuses, fails, dies, and comes back |
//! | `otlp` (feature `otlp`) | what that receiver got, decoded into the plain values of `telemetry` |
//! | `canaries` (feature `canaries`) | exchanges with secrets planted in every place, and a search for them |
//! | `backends` (feature `backends`) | real receivers: OpenTelemetry Collector, rotel, Arize Phoenix |
//! | [`require`] | what a test needs from its machine: present, skipped in plain sight, or a failure |
//!
//! Servers listen on 127.0.0.1, on a thread of their own, and stop when they are dropped; they are of use to blocking and to
//! async tests. None of this is for production.
//!
//! ```
//! use sidetone_testkit::server::{Fault, MockServer, Point};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), reqwest::Error> {
//! let server = MockServer::builder().reply_text("Hello.").start();
//! let url = format!("{}/chat/completions", server.base_url());
//! let chat = || reqwest::Client::new().post(&url).body(r#"{"model":"gpt-4o","stream":true}"#).send();
//! assert!(chat().await?.text().await?.ends_with("data: [DONE]\n\n"));
//!
//! server.change(|settings| settings.fault(Fault::Close(Point::AfterBytes(100))));
//! assert!(chat().await?.text().await.is_err());
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]

#[cfg(feature = "backends")]
pub mod backends;
#[cfg(feature = "canaries")]
pub mod canaries;
pub mod case;
pub mod hostile;
#[cfg(feature = "otlp")]
pub mod otlp;
pub mod require;
mod serve;
pub mod server;
pub mod split;
#[cfg(any(feature = "backends", feature = "otlp"))]
pub mod telemetry;
