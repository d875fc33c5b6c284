//! Anthropic's messages API: as much as it takes to tell it from others.
//!
//! Source: <https://docs.anthropic.com/en/api/messages> and `errors`, `versioning` there.

use super::Foreign;

/// Messages: a request looks like one of chat, an answer doesn't.
pub(super) const MESSAGES: Foreign = Foreign {
    header: Some("anthropic-version"),
    is_body: |body| body.has("anthropic_version") || matches!(body.text("type"), Some("message" | "error")),
};
