//! One HTTP exchange with an LLM server, from the facts that a capture saw to a [`Call`](crate::event::Call).
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//!
//! use bytes::Bytes;
//! use sidetone_core::event::{Outcome, Server};
//! use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
//! use sidetone_core::provider::surface_of;
//!
//! let head = RequestHead {
//!     surface: surface_of(&http::Method::POST, "/v1/chat/completions").unwrap(),
//!     server: Arc::new(Server { address: "api.openai.com".into(), port: Some(443) }),
//!     deployment: None,
//!     start: SystemTime::UNIX_EPOCH,
//!     parent: None,
//!     resend_count: None,
//!     scope: None,
//! };
//! let mut exchange = Exchange::new(head, Arc::new(Settings::default()));
//! exchange.handle_request_body(Bytes::from_static(br#"{"model":"gpt-5-mini","messages":[],"stream":true}"#));
//! exchange.handle_response_head(&ResponseHead::new(200), Duration::from_millis(300));
//! let event = br#"data: {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}]}"#;
//! exchange.handle_response_body(Bytes::from_static(event), Duration::from_millis(400));
//! exchange.handle_response_body(Bytes::from_static(b"\n\ndata: [DONE]\n\n"), Duration::from_millis(410));
//! // The client lets go of the stream at its last event: the answer is whole.
//! let call = exchange.finish(End::Dropped, Duration::from_millis(411)).call;
//! assert_eq!(call.outcome, Outcome::Completed);
//! assert_eq!(call.request.model.as_deref(), Some("gpt-5-mini"));
//! assert_eq!(call.timing.first_output, Some(Duration::from_millis(410)));
//! ```
//!
//! What it doesn't do: it pairs no requests with responses (the capture knows which belong together), and it counts
//! nothing: what was skipped comes out with the call.

mod end;
mod gather;
mod head;
mod outcome;
mod packed;
mod reader;
mod received;
mod settings;
mod skips;
mod stream;
mod template;

pub use end::{End, TransportError};
pub use head::{Header, RequestHead, ResponseHead};
pub use reader::{Exchange, Understood};
pub use settings::Settings;
pub use skips::{Skip, Skips};
