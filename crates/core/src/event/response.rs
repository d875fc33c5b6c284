//! What came back.

use super::Choice;

/// What came back. `None` means: the server didn't say, or its answer never came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// HTTP status.
    pub status: Option<u16>,
    /// The answer's id.
    pub id: Option<Box<str>>,
    /// The model that answered.
    pub model: Option<Box<str>>,
    /// The answers, by index.
    pub choices: Vec<Choice>,
    /// The service tier that was used.
    pub service_tier: Option<Box<str>>,
    /// Fingerprint of the server's configuration.
    pub system_fingerprint: Option<Box<str>>,
    /// `status` of an answer of the responses API: `completed`, `incomplete`, `failed`, …
    pub state: Option<Box<str>>,
    /// Number of dimensions of the vectors of an embeddings answer.
    pub embedding_dimensions: Option<u64>,
    /// The server's id for the HTTP request (`x-request-id`, `apim-request-id`).
    pub request_id: Option<Box<str>>,
    /// How long the server says that it worked (`openai-processing-ms`).
    pub processing_ms: Option<u64>,
    /// Rate limits as the server's headers gave them.
    pub rate_limit: RateLimit,
    /// Whether the answer came as a stream of events.
    pub is_stream: bool,
    /// Bytes of the body as seen.
    pub body_bytes: u64,
}

/// Rate limits as the server's `x-ratelimit-*` headers gave them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests left in this window.
    pub remaining_requests: Option<u64>,
    /// Tokens left in this window.
    pub remaining_tokens: Option<u64>,
}
