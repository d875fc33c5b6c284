//! How much of a call is looked at and kept.

/// How much of one call is looked at and kept. What goes past a limit is counted, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest request or non-streamed response body that is read, in bytes, decompressed.
    pub body_bytes: usize,
    /// Longest single event of a stream, in bytes.
    pub event_bytes: usize,
    /// Most text kept of one call with content on, in bytes: first come, first kept.
    pub content_bytes: usize,
    /// Most text kept of one part of a message, and of any other one text, in bytes.
    pub part_bytes: usize,
    /// Most bytes kept of any one name, id or parameter.
    pub name_bytes: usize,
    /// Most messages, and most parts of one message.
    pub messages: usize,
    /// Most choices.
    pub choices: usize,
    /// Most tool calls of one message, most tool definitions, and most of any other list of names (stop sequences).
    pub tools: usize,
    /// Most attempts of one call that are told of.
    pub attempts: usize,
    /// Most findings of the security scan that are told each; the rest is counted by rule.
    pub findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 16 << 20,
            event_bytes: 1 << 20,
            content_bytes: 256 << 10,
            part_bytes: 256 << 10,
            name_bytes: 1 << 10,
            messages: 4096,
            choices: 128,
            tools: 256,
            attempts: 64,
            findings: 100,
        }
    }
}
