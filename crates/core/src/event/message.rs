//! Messages: what was said by whom, in parts.

use std::borrow::Cow;

use super::{Text, Value};

/// Who speaks in a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// `system`
    System,
    /// `developer`
    Developer,
    /// `user`
    User,
    /// `assistant`
    Assistant,
    /// `tool`, and the older `function`
    Tool,
    /// Any other, as it was written.
    Other(Box<str>),
}

impl Role {
    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "system" => Self::System,
            "developer" => Self::Developer,
            "user" => Self::User,
            "assistant" => Self::Assistant,
            "tool" | "function" => Self::Tool,
            other => Self::Other(other.into()),
        }
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::System => "system",
            Self::Developer => "developer",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
            Self::Other(name) => name,
        }
    }
}

/// A message, sent or received.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// The participant's name, if the message gives one. Content: kept only if the policy keeps content.
    pub name: Option<Box<str>>,
    /// What is said, in order.
    pub parts: Vec<Part>,
    /// Whether the content was written as a list of parts rather than as one string.
    pub is_list: bool,
}

/// One part of a message.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Part {
    /// Plain text.
    Text(Text),
    /// The model's refusal to answer.
    Refusal(Text),
    /// The model's reasoning, or its summary.
    Reasoning(Text),
    /// The model asks for a tool to be run.
    ToolCall(ToolCall),
    /// What a tool gave back.
    ToolResult {
        /// The id of the tool call this answers.
        id: Option<Box<str>>,
        /// The result.
        content: Text,
        /// Whether the result was written as a list of parts; `content` then holds their JSON.
        is_list: bool,
    },
    /// An image, audio, video or file.
    Media(Media),
    /// An item that a provider's built-in tool produced, or a kind that this version doesn't know.
    Other {
        /// The item's own `type`.
        kind: Box<str>,
        /// Its id, if it has one.
        id: Option<Box<str>>,
        /// The item as JSON.
        json: Text,
    },
}

/// A request by the model to run a tool.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ToolCall {
    /// Id that the tool's result will refer to.
    pub id: Option<Box<str>>,
    /// `function` or `custom`, or a built-in tool's type.
    pub kind: Option<Cow<'static, str>>,
    /// The tool's name.
    pub name: Option<Box<str>>,
    /// The arguments as the model wrote them (JSON for functions); `None` when none were sent.
    pub arguments: Option<Text>,
}

/// What kind of thing a media part holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Modality {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// A film.
    Video,
    /// A document or anything else.
    File,
}

/// An image, audio, video or file.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// What it is.
    pub modality: Modality,
    /// MIME type or format (`wav`), if the message says it.
    pub format: Option<Box<str>>,
    /// Where its bytes are.
    pub source: MediaSource,
    /// How closely the model is to look (`low`, `high`, `auto`).
    pub detail: Option<Box<str>>,
    /// File name, if given. Content: kept only if the policy keeps content.
    pub name: Option<Box<str>>,
    /// SHA-256 of its bytes, 64 digits; `None` with content off, and where its bytes aren't in the message or aren't whole.
    pub sha256: Option<Box<str>>,
}

/// Where the bytes of a media part are.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaSource {
    /// At a URL (also a `data:` one, as it was written).
    Uri(Text),
    /// Inline, base64.
    Inline(Text),
    /// At the provider, under an id.
    Id(Text),
    /// Not said.
    Unknown,
}

/// A tool that the model may ask for.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolDefinition {
    /// `function`, or the type of a built-in tool.
    pub kind: Box<str>,
    /// Its name; built-in tools have none.
    pub name: Option<Box<str>>,
    /// What it does. Content: kept only if the policy keeps content.
    pub description: Option<Text>,
    /// JSON schema of its parameters. Content: kept only if the policy keeps content.
    pub parameters: Option<Value>,
}

/// One of the answers to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// Its place among the answers.
    pub index: u32,
    /// What the model said.
    pub message: Message,
    /// Why the model stopped, in the provider's own word; `None` if it never said.
    pub finish_reason: Option<Cow<'static, str>>,
}
