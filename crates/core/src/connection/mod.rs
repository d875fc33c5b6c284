//! One connection of a process, from the bytes that went over it to the LLM calls that were made by it.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, SystemTime};
//!
//! use bytes::Bytes;
//! use sidetone_core::connection::{At, Close, Connection, Direction, Facts, Side};
//!
//! let facts = Facts { server_name: Some("api.openai.com".into()), port: Some(443), from_start: true, boot: SystemTime::UNIX_EPOCH };
//! let mut connection = Connection::new(facts, Arc::default());
//! let at = |ms| At { begun: Duration::from_millis(ms), ended: Duration::from_millis(ms) };
//! let request = "POST /v1/chat/completions HTTP/1.1\r\nhost: api.openai.com\r\ncontent-length: 22\r\n\r\n{\"model\":\"gpt-5-mini\"}";
//! connection.handle_bytes(Direction::Write, Bytes::from_static(request.as_bytes()), at(10));
//! let response = "HTTP/1.1 200 OK\r\ncontent-length: 49\r\n\r\n{\"id\":\"c\",\"model\":\"gpt-5-mini-2\",\"choices\":[]   }";
//! connection.handle_bytes(Direction::Read, Bytes::from_static(response.as_bytes()), at(250));
//! let seen = connection.poll().unwrap();
//! assert_eq!(seen.side, Side::Client);
//! assert_eq!(seen.understood.call.response.model.as_deref(), Some("gpt-5-mini-2"));
//! assert_eq!(seen.understood.call.timing.total, Duration::from_millis(240));
//! ```
//!
//! Which version of HTTP is spoken, and which end the process is, comes out of the bytes. An exchange is an LLM call when
//! its path says so, or when its request has the shape of one and its response confirms it
//! ([`Surface::asks`](crate::provider::Surface::asks)); all others are told to the [`Listener`] alone.
//!
//! What it doesn't do: it has no clock (times come in with the bytes), and it doesn't know of other connections: a call that
//! both its ends show is for the caller to tell apart.

mod baggage;
mod candidate;
mod facts;
mod observe;
mod request;
mod sniff;
mod stream;

pub use facts::{At, Close, Direction, Facts, Listener, Seen, Verdict};
pub use observe::Connection;

pub use crate::event::Side;
