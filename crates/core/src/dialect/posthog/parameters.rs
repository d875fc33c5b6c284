//! `$ai_model_parameters`: what the request asks for beside what was said, under the API's own names.
//!
//! The package knows ten of them; the rest is there as it is in the request, as PostHog's receivers take it from
//! `llm.invocation_parameters`. The service tier is the one that was used: that asked for may be refused, says the package.

use super::super::shared::json_text::Object;
use super::super::shared::parameters;
use crate::event::Call;

/// The parameters of a request.
pub(super) fn of(call: &Call) -> Object<'_> {
    let mut all = Object::default();
    parameters::add(&mut all, call, call.response.service_tier.as_deref());
    all
}
