//! A recorded exchange, and those inside this crate.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::embedded::{CASES, Embedded};

/// One recorded exchange.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Case {
    /// The case's name, which is its folder's.
    pub name: String,
    /// The request's method.
    pub method: String,
    /// The request's path from the root, such as `/v1/chat/completions`.
    pub path: String,
    /// The request's body as it is in the file.
    pub request: Bytes,
    /// The response's status; 0 where there is no response.
    pub status: u16,
    /// The response's headers.
    pub headers: Vec<(String, String)>,
    /// Whether the response is a stream of server-sent events.
    pub stream: bool,
    /// The response's body; empty where there is no response.
    pub response: Bytes,
    /// What goes wrong on the connection.
    pub fault: Option<RecordedFault>,
    /// How many bytes the server writes at a time.
    pub write_size: Option<usize>,
    /// What the client does with the response, when it doesn't just read it.
    pub client_action: Option<String>,
    /// The Python SDK's function that made the request.
    pub sdk_call: Option<String>,
    /// The server's base URL, where it is not the mock server's.
    pub server: Option<String>,
    /// The other members of `meta.json`.
    pub extra: Map<String, Value>,
}

/// What goes wrong on the connection of a recorded exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordedFault {
    /// Nothing listens at the server's address: the client is to use `http://127.0.0.1:1`.
    ConnectionRefused,
    /// The server closes the connection after the body, without the last HTTP chunk.
    CutAfterBody,
}

impl Case {
    /// A case of this crate.
    ///
    /// There are `chat_basic`, `chat_tools_call`, `chat_stream_usage`, `chat_stream_tools`, `completions_basic`,
    /// `completions_stream`, `embeddings_float`, `responses_basic`, `responses_stream`, `responses_tools`, `error_401`,
    /// `error_429` (with `retry-after`) and `error_500`.
    pub fn embedded(name: &str) -> Option<Self> {
        CASES.iter().find(|case| case.name == name).and_then(Self::from_embedded)
    }

    /// Every case of this crate, by name.
    pub fn all_embedded() -> Vec<Self> {
        CASES.iter().filter_map(Self::from_embedded).collect()
    }

    fn from_embedded(case: &Embedded) -> Option<Self> {
        let request = Bytes::from_static(case.request);
        Self::from_parts(case.name, case.meta, request, Bytes::from_static(case.response)).ok()
    }

    /// The value of a response header, by its name in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}
