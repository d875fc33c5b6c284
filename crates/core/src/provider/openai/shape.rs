//! What requests and answers of the API look like, wherever they go to.

use crate::provider::{Outline, is_foreign};
use crate::wire::json::Kind;

/// Whether a request names a model, as those of every surface do, and isn't of a protocol that has its own envelope.
pub(super) fn has_model(request: &Outline<'_>) -> bool {
    request.kind("model") == Some(Kind::String) && !is_foreign(request)
}

/// The value of `object`, if the answer has one that says something: Azure's first chunk has an empty one.
pub(super) fn object<'a>(answer: &'a Outline<'_>) -> Option<&'a str> {
    answer.text("object").filter(|object| !object.is_empty())
}

/// Whether a body tells of an error as the API does.
pub(super) fn is_error(body: &Outline<'_>) -> bool {
    !is_foreign(body) && body.inner("error").is_some_and(|error| error.kind("message") == Some(Kind::String))
}
