//! What was asked for.

use super::{EndUser, Message, Text, ToolDefinition};

/// The parameters and messages of a request. `None` means: not sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Request {
    /// The model asked for (for Azure OpenAI without one in the body: the deployment).
    pub model: Option<Box<str>>,
    /// Whether the answer was asked for as a stream.
    pub stream: Option<bool>,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Number of most likely tokens to sample from.
    pub top_k: Option<f64>,
    /// Most tokens to generate (`max_tokens`, `max_completion_tokens`, `max_output_tokens`).
    pub max_tokens: Option<i64>,
    /// Number of answers asked for (`n`).
    pub choice_count: Option<i64>,
    /// Penalty for frequent tokens.
    pub frequency_penalty: Option<f64>,
    /// Penalty for tokens already present.
    pub presence_penalty: Option<f64>,
    /// Texts at which to stop.
    pub stop_sequences: Vec<Box<str>>,
    /// Seed for repeatable sampling.
    pub seed: Option<i64>,
    /// Requested form of the output: `text`, `json_object`, `json_schema`.
    pub response_format: Option<Box<str>>,
    /// Service tier asked for.
    pub service_tier: Option<Box<str>>,
    /// How hard to reason (`low`, `medium`, `high`, …).
    pub reasoning_effort: Option<Box<str>>,
    /// Modalities asked for in the output (`text`, `audio`).
    pub output_modalities: Vec<Box<str>>,
    /// The response that this request continues.
    pub previous_response_id: Option<Box<str>>,
    /// The stored conversation that this request continues.
    pub conversation_id: Option<Box<str>>,
    /// Who asks, as the application told the provider. Personal: leaves the process only hashed.
    pub end_user: EndUser,
    /// Instructions given beside the messages (responses API).
    pub instructions: Option<Text>,
    /// The messages, in order. A legacy completion's prompt is one message of the user.
    pub messages: Vec<Message>,
    /// The tools that the model may ask for.
    pub tools: Vec<ToolDefinition>,
    /// What only an embeddings request has.
    pub embeddings: Option<EmbeddingsRequest>,
    /// Bytes of the body as sent.
    pub body_bytes: Option<u64>,
}

/// What only an embeddings request has.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingsRequest {
    /// `float` or `base64`.
    pub encoding_format: Option<Box<str>>,
    /// Number of dimensions asked for.
    pub dimensions: Option<i64>,
    /// Number of inputs.
    pub inputs: Option<u64>,
}
