//! Invocation parameters: the request as JSON, but for what was said, under the API's own names.
//!
//! Of what the event doesn't keep there is nothing: `logprobs`, `store`, the schema of a response format. Who asked is left out,
//! as by the other dialects: the package tells `user` and `metadata` as they were sent, with the content hidden, too.

use super::super::shared::parameters;
use super::json::Object;
use crate::event::Call;

/// The parameters of a request.
pub(super) fn of(call: &Call) -> Object<'_> {
    let mut all = Object::default();
    all.text("model", call.request.model.as_deref());
    parameters::add(&mut all, call, call.request.service_tier.as_deref());
    all
}
