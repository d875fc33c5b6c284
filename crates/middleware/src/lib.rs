//! Observes the LLM calls of an application at the HTTP client that it already has.
//!
//! You probably want the `sidetone` crate, whose handle gives out an [`Observer`] that is connected to OpenTelemetry. Here is
//! what lies behind it: each front end finds out which requests are LLM calls, tees their bodies while the application sends
//! and reads them, and reports to a [`Pipeline`](sidetone_pipeline::Pipeline).
//!
//! ```
//! # use std::time::Duration;
//! use sidetone_middleware::{Observer, SendObserved};
//! use sidetone_pipeline::{Config, Finished, Pipeline, Sink};
//! # use sidetone_testkit::server::MockServer;
//!
//! /// Prints the calls that have ended.
//! struct Print;
//!
//! impl Sink for Print {
//!     fn name(&self) -> &'static str {
//!         "print"
//!     }
//!
//!     fn call(&mut self, finished: &mut Finished) {
//!         let call = &finished.call;
//!         println!("{} {:?} {:?}", call.operation.as_str(), call.request.model, call.outcome);
//! #       assert_eq!(call.usage.output, Some(3));
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let server = MockServer::builder().usage(12, 3).start();
//! let pipeline = Pipeline::start(Config::default(), vec![Box::new(Print)], Default::default())?;
//! let observer = Observer::new(pipeline.clone());
//!
//! let response = reqwest::Client::new()
//!     .post(format!("{}/chat/completions", server.base_url()))
//!     .body(r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hi"}]}"#)
//!     .send_observed(&observer)
//!     .await?;
//! assert!(response.status().is_success());
//! # drop(response.bytes().await?);
//!
//! pipeline.stop(Duration::from_secs(1))?;
//! # Ok(())
//! # }
//! ```
//!
//! # The front ends
//!
//! | client | how | needs feature |
//! | --- | --- | --- |
//! | `reqwest` | [`SendObserved::send_observed`] in place of `send()`, [`ExecuteObserved::execute_observed`] in place of `execute()` | |
//! | `reqwest-middleware` | `.with(observer.middleware())`, or [`Observer::client`] | `reqwest` |
//! | async-openai 0.43 | [`Observer::async_openai`], or [`Observer::async_openai_service`] for a client of one's own | `async-openai` |
//! | rig 0.44 | [`Observer::rig_client`] | `rig` (rustc 1.95) |
//!
//! # What they see, and what they don't
//!
//! - Method and path decide whether a request is an LLM call. Anything else goes through untouched.
//! - They see what the client sees: a body that reqwest decompresses is seen decompressed, one that it leaves compressed is
//!   read by its `content-encoding`; of a redirect they see where it started and what it led to.
//! - They see a stream as far as it is read. Dropped at its own last event (`[DONE]`) it is completed, dropped before that it
//!   is cancelled, and a response that is dropped unread is told by its status.
//! - They see no connection: no DNS, TLS or pool, and no retry that the client makes below them (reqwest's own, of requests
//!   that never reached a server).
//! - WebSockets (async-openai's realtime API), `reqwest::blocking` and other HTTP clients don't come past them.
//! - The span that is current when the request is sent becomes the parent; a body that is read elsewhere changes nothing.
//! - `authorization` and other request headers, and a URL's user, password and query, are never read.
//!
//! # Retries
//!
//! A retry layer can be observed from its outside, from its inside, or from both:
//!
//! ```text
//!             outer part            retry layer            inner part
//! application ──────────→ call span ───────────→ attempt 1 ──────────→ server
//!                                               attempt 2 ──────────→ server
//! ```
//!
//! | parts | what is told |
//! | --- | --- |
//! | both | one call, with an event for each attempt that failed and was tried again (status, `retry-after`); the last attempt is the call's answer, also when the retry layer has read it and passes on an error, as async-openai's does with 429 |
//! | inner alone | a call for each attempt; with reqwest-middleware, whose attempts share state, `http.request.resend_count` from the second one on (attempts after one that succeeded aren't counted) |
//! | outer alone | one call, as the last attempt makes it look; of a 429 that async-openai's layer has read only the status |
//!
//! [`Observer::async_openai`] and [`Observer::async_openai_service`] put both around async-openai's own retry layer, which
//! setting a service would replace without a word. [`Observer::with_retry`] puts both around a middleware of yours:
//!
//! ```
//! # #[cfg(feature = "reqwest")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use sidetone_middleware::Observer;
//! # use sidetone_pipeline::{Config, Pipeline};
//! # use sidetone_testkit::server::{Failure, MockServer};
//! use reqwest_middleware::ClientBuilder;
//! use reqwest_retry::RetryTransientMiddleware;
//! use reqwest_retry::policies::ExponentialBackoff;
//! # let server = MockServer::builder().fail_first(1, Failure::status(429)).start();
//! # let url = format!("{}/chat/completions", server.base_url());
//! # let pipeline = Pipeline::start(Config::default(), Vec::new(), Default::default())?;
//! # let observer = Observer::new(pipeline);
//! # let backoff = ExponentialBackoff::builder().retry_bounds(Default::default(), Default::default());
//!
//! # let _ = || {
//! let backoff = ExponentialBackoff::builder().build_with_max_retries(3);
//! # };
//! # let backoff = backoff.build_with_max_retries(3);
//! let retry = RetryTransientMiddleware::new_with_policy(backoff);
//! let client = observer.with_retry(ClientBuilder::new(reqwest::Client::new()), retry).build();
//! # assert!(client.post(url).body(r#"{"model":"m","messages":[]}"#).send().await?.status().is_success());
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "reqwest"))]
//! # fn main() {}
//! ```
//!
//! # What stays as it was
//!
//! Bytes, their order and their pieces; the response's URL, version, headers, extensions, address and length; a buffered
//! request body stays reusable and is not copied; timeouts; errors and what they say of themselves. One thing can be told
//! apart: the `source()` chain of an error from a response's body has more links.
#![forbid(unsafe_code)]
#![cfg_attr(
    not(all(feature = "async-openai", feature = "rig")),
    allow(rustdoc::broken_intra_doc_links, reason = "they lead to what a feature brings")
)]

#[cfg(feature = "async-openai")]
mod async_openai;
mod context;
mod failure;
#[cfg(feature = "async-openai")]
mod handover;
mod hosts;
mod observer;
#[cfg(any(feature = "reqwest", feature = "async-openai"))]
mod owned;
mod plain;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest_middleware;
mod response;
#[cfg(feature = "rig")]
mod rig;
mod scope;
mod servers;
mod tee;

#[cfg(feature = "async-openai")]
pub use self::async_openai::{InnerLayer, InnerService, ObservedService, OuterLayer, OuterService};
#[cfg(feature = "reqwest")]
pub use self::reqwest_middleware::{InnerMiddleware, OuterMiddleware};
pub use observer::Observer;
pub use plain::{ExecuteObserved, SendObserved};
pub use scope::{Scope, Scoped, content, identity};
