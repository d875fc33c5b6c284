//! The span of a call: which attributes, in which order.

use super::super::shared::list::List;
use super::super::shared::span;
use super::super::{Span, Value, names};
use super::Latest;
use crate::event::{Call, Usage};

/// Attributes of a call with everything set, so that the list is allocated once.
const TYPICAL: usize = 36;

/// What the conventions have names for, but for what was said.
pub(super) fn facts(call: &Call) -> List<'_> {
    let mut list = List(Vec::with_capacity(TYPICAL));
    span::core::<Latest>(&mut list, call);
    span::request::<Latest>(&mut list, &call.operation, &call.request);
    if call.request.stream == Some(true) || call.response.is_stream {
        list.0.push((names::GEN_AI_REQUEST_STREAM, Value::Bool(true)));
    }
    span::response::<Latest>(&mut list, call);
    modalities(&mut list, &call.usage);
    list
}

/// Tokens by modality that not every dialect tells; a zero is what servers write where a model knows no such thing.
fn modalities(list: &mut List<'_>, usage: &Usage) {
    for (name, count) in [
        (names::GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS, usage.cache_read_audio),
        (names::GEN_AI_USAGE_IMAGE_INPUT_TOKENS, usage.input_image),
        (names::GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS, usage.output_image),
    ] {
        list.count(name, count.filter(|count| *count > 0));
    }
}

/// The span, with these attributes and those that aren't of the conventions.
pub(super) fn of<'a>(call: &'a Call, mut list: List<'a>) -> Span<'a> {
    span::beside(&mut list, call);
    span::of::<Latest>(call, list.0)
}
