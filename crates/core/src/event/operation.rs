//! What was done: a call of a model, or a step around such calls.

use std::borrow::Cow;

use super::Text;

/// What was done, in the words of `gen_ai.operation.name`.
///
/// Exchanges have the first three; telemetry of others has any.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A conversation: chat completions and the responses API.
    Chat,
    /// The legacy completions API.
    TextCompletion,
    /// Vectors for texts.
    Embeddings,
    /// Content of any kind, as Gemini makes it.
    GenerateContent,
    /// A tool is run.
    ExecuteTool,
    /// An agent is made.
    CreateAgent,
    /// An agent is run.
    InvokeAgent,
    /// A workflow, or chain, is run.
    InvokeWorkflow,
    /// Documents are looked for.
    Retrieval,
    /// Any other, as it was written.
    Other(Box<str>),
}

impl Operation {
    /// The operation of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "chat" => Self::Chat,
            "text_completion" => Self::TextCompletion,
            "embeddings" => Self::Embeddings,
            "generate_content" => Self::GenerateContent,
            "execute_tool" => Self::ExecuteTool,
            "create_agent" => Self::CreateAgent,
            "invoke_agent" => Self::InvokeAgent,
            "invoke_workflow" => Self::InvokeWorkflow,
            "retrieval" => Self::Retrieval,
            other => Self::Other(other.into()),
        }
    }

    /// The value of `gen_ai.operation.name`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => known.word().unwrap_or_default(),
        }
    }

    /// The same for who outlives it.
    #[must_use]
    pub fn name(&self) -> Cow<'static, str> {
        self.word().map_or_else(|| self.as_str().to_owned().into(), Cow::Borrowed)
    }

    /// The same, where it is part of the program.
    pub(crate) fn word(&self) -> Option<&'static str> {
        Some(match self {
            Self::Chat => "chat",
            Self::TextCompletion => "text_completion",
            Self::Embeddings => "embeddings",
            Self::GenerateContent => "generate_content",
            Self::ExecuteTool => "execute_tool",
            Self::CreateAgent => "create_agent",
            Self::InvokeAgent => "invoke_agent",
            Self::InvokeWorkflow => "invoke_workflow",
            Self::Retrieval => "retrieval",
            Self::Other(_) => return None,
        })
    }

    /// Whether it is a call of a model, whose tokens are its own. A step that stands for several calls repeats theirs.
    #[must_use]
    pub fn is_call(&self) -> bool {
        matches!(self, Self::Chat | Self::TextCompletion | Self::Embeddings | Self::GenerateContent)
    }
}

/// What is known of an operation that is no call of a model: a tool, an agent, a workflow, a retrieval.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The tool's, agent's or workflow's name.
    pub name: Option<Box<str>>,
    /// The id of the tool call that it answers, or of the agent.
    pub id: Option<Box<str>>,
    /// What kind of tool it is: `function`, `extension`, `datastore`.
    pub kind: Option<Box<str>>,
    /// What it is for. Content: kept only if the policy keeps content.
    pub description: Option<Text>,
    /// What it was given: a tool's arguments, a query. Content, as is the next.
    pub input: Option<Text>,
    /// What it gave back: a tool's result, documents.
    pub output: Option<Text>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::names::{CONVENTIONS, Kind};

    #[test]
    fn every_operation_of_the_conventions_has_its_own_word_here() {
        let operations = || CONVENTIONS.iter().filter(|row| row.kind == Kind::Operation).map(|row| row.name);
        assert!(operations().count() >= 9);
        for name in operations() {
            let operation = Operation::named(name);
            assert_eq!(operation.as_str(), name);
            assert!(!matches!(operation, Operation::Other(_)), "{name}");
        }
        assert_eq!(Operation::named("rerank"), Operation::Other("rerank".into()));
    }
}
