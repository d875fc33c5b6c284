//! Which operation a span is, and whose model it called.

use std::borrow::Cow;

use crate::event::Operation;

/// The operation of an `ai.operationId`, whose model is of that provider; and whether it is streamed.
pub(super) fn of(id: &str, provider: &str) -> (Operation, bool) {
    let is_stream = id.starts_with("ai.stream");
    let operation = match id.rsplit_once('.').map_or(id, |(_, last)| last) {
        "doGenerate" | "doStream" if provider.ends_with(".completion") => Operation::TextCompletion,
        "doGenerate" | "doStream" => Operation::Chat,
        "doEmbed" => Operation::Embeddings,
        "doRerank" => Operation::Other("rerank".into()),
        "toolCall" => Operation::ExecuteTool,
        // One model, and tools until it has no more to ask.
        "generateText" | "streamText" | "generateObject" | "streamObject" => Operation::InvokeAgent,
        "embed" | "embedMany" | "rerank" => Operation::InvokeWorkflow,
        other => Operation::Other(other.into()),
    };
    (operation, is_stream)
}

/// Providers by the beginning of `ai.model.provider` (`openai.chat`), the longer ones first.
///
/// Source: `@ai-sdk/otel` of ai 7.0.173, `mapProviderName`.
const PROVIDERS: &[(&str, &str)] = &[
    ("google.vertex", "gcp.vertex_ai"),
    ("google.generative-ai", "gcp.gemini"),
    ("google-vertex", "gcp.vertex_ai"),
    ("amazon-bedrock", "aws.bedrock"),
    ("azure-openai", "azure.ai.openai"),
    ("anthropic", "anthropic"),
    ("openai", "openai"),
    ("azure", "azure.ai.inference"),
    ("google", "gcp.gemini"),
    ("mistral", "mistral_ai"),
    ("cohere", "cohere"),
    ("bedrock", "aws.bedrock"),
    ("groq", "groq"),
    ("deepseek", "deepseek"),
    ("perplexity", "perplexity"),
    ("xai", "x_ai"),
];

/// The provider in the words of `gen_ai.provider.name`: one that nobody knows is called by its first part.
pub(super) fn provider(name: &str) -> Cow<'static, str> {
    let is = |prefix: &str| {
        name.strip_prefix(prefix).is_some_and(|rest| matches!(rest.as_bytes().first(), None | Some(b'.' | b'-')))
    };
    match PROVIDERS.iter().find(|(prefix, _)| is(prefix)) {
        Some((_, provider)) => Cow::Borrowed(provider),
        None => Cow::Owned(name.split_once('.').map_or(name, |(first, _)| first).to_owned()),
    }
}

/// The API surface that it went through: the last part, where it is OpenAI's.
pub(super) fn surface(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "openai.chat" | "azure.chat" | "azure-openai.chat" => "openai.chat",
        "openai.responses" | "azure.responses" | "azure-openai.responses" => "openai.responses",
        "openai.completion" | "azure.completion" | "azure-openai.completion" => "openai.completions",
        "openai.embedding" | "azure.embeddings" | "azure-openai.embeddings" => "openai.embeddings",
        _ => return None,
    })
}

/// A finish reason in the provider's words. The SDK has one word for those that it doesn't know and for none: it says nothing.
pub(super) fn finish_reason(word: &str) -> Option<Box<str>> {
    match word {
        "other" | "unknown" | "error" => None,
        "tool-calls" => Some("tool_calls".into()),
        "content-filter" => Some("content_filter".into()),
        other => Some(other.into()),
    }
}
