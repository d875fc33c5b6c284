//! Whether what was said in a call is kept.

use crate::event::{Call, Media, MediaSource, Operation, Part, Text};

/// Whether anything that was said in the call is kept.
pub(in crate::dialect) fn is_kept(call: &Call) -> bool {
    let Call { request, response, .. } = call;
    let has_text = |text: &Text| text.as_str().is_some();
    let has = |part: &Part| match part {
        Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => has_text(text),
        Part::ToolCall(call) => call.arguments.as_ref().is_some_and(has_text),
        Part::ToolResult { content, .. } => has_text(content),
        Part::Media(media) => source(media).is_some(),
        Part::Other { json, .. } => has_text(json),
    };
    let messages = request.messages.iter().chain(response.choices.iter().map(|choice| &choice.message));
    call.operation != Operation::Embeddings
        && (messages.flat_map(|message| &message.parts).any(has)
            || request.instructions.as_ref().is_some_and(has_text)
            || request.tools.iter().any(|tool| tool.description.as_ref().is_some_and(has_text)))
}

/// Where the bytes of a media part are, if that is kept.
pub(in crate::dialect) fn source(media: &Media) -> Option<&str> {
    match &media.source {
        MediaSource::Uri(text) | MediaSource::Inline(text) | MediaSource::Id(text) => text.as_str(),
        MediaSource::Unknown => None,
    }
}
