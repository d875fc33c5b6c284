//! Recorded exchanges: loaded from a folder or from this crate, and changed in memory by tests.
//!
//! A case is a folder of `request.json` (the request body), `response.json` or `response.sse` (the exact response bytes)
//! and `meta.json`:
//!
//! | key of `meta.json` | meaning |
//! | --- | --- |
//! | `path`, `method` | where the request goes, from the root: `/v1/chat/completions`, `POST` |
//! | `status`, `headers` | of the response; status 0 where there is none |
//! | `stream` | whether the response is a stream of events |
//! | `response_file` | name of the file with the response's bytes, or `null` |
//! | `fault` | `connection_refused`, `cut_after_body` (the connection closes without the last HTTP chunk), or `null` |
//! | `write_size` | the server writes the body this many bytes at a time |
//! | `client_action` | what the client did, e.g. `break_after_2_then_close` |
//! | `sdk_call` | the Python SDK's function that made the request |
//! | `server` | the server's base URL, where it is not the mock server's |
//!
//! Changing a case proves that a test reads its numbers from the response and not from a constant. The functions that
//! change it replace single values in the recorded text and leave every other byte as it was:
//!
//! ```
//! use sidetone_testkit::case::Case;
//!
//! let mut case = Case::embedded("chat_basic").expect("a case of this crate");
//! assert_eq!(case.rename_model("gpt-4o-mini", "acme-9"), 2);
//! case.set_usage(123, 45);
//! case.set_reply("Something else.");
//! let response: serde_json::Value = serde_json::from_slice(&case.response)?;
//! assert_eq!(response["model"], "acme-9-2024-07-18");
//! assert_eq!(response["usage"]["total_tokens"], 168);
//! assert_eq!(response["choices"][0]["message"]["content"], "Something else.");
//! # Ok::<(), serde_json::Error>(())
//! ```

mod change;
mod edit;
mod embedded;
mod files;
mod recorded;
mod surface;

pub use files::CaseError;
pub use recorded::{Case, RecordedFault};
pub(crate) use surface::Surface;
