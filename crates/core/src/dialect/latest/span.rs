//! The span of a call: which attributes, in which order.

use super::super::shared::list::List;
use super::super::shared::span;
use super::super::{Span, Value, names};
use super::Latest;
use crate::event::Call;

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
    list
}

/// The span, with these attributes and those that aren't of the conventions.
pub(super) fn of<'a>(call: &'a Call, mut list: List<'a>) -> Span<'a> {
    span::beside(&mut list, call);
    span::of::<Latest>(call, list.0)
}
