//! The span of a call: which attributes, in which order.

use super::super::Span;
use super::super::shared::list::List;
use super::super::shared::span;
use super::V2;
use crate::event::Call;

/// Attributes of a call with everything set, so that the list is allocated once.
const TYPICAL: usize = 32;

/// The span of a call.
pub(super) fn of(call: &Call) -> Span<'_> {
    let mut list = List(Vec::with_capacity(TYPICAL));
    span::core::<V2>(&mut list, call);
    span::request::<V2>(&mut list, &call.operation, &call.request);
    span::response::<V2>(&mut list, call);
    span::beside(&mut list, call);
    span::of::<V2>(call, list.0)
}
