//! In what words a dialect differs from its kin.

use super::super::{Attribute, Value};
use crate::event::{Call, ErrorClass};

/// The words of one dialect. All of it is known when the program is built, so that sharing costs nothing.
pub(in crate::dialect) trait Words {
    /// What service tier was asked for.
    const REQUEST_SERVICE_TIER: &'static str;
    /// What service tier was used.
    const RESPONSE_SERVICE_TIER: &'static str;
    /// The fingerprint of the server's configuration.
    const RESPONSE_SYSTEM_FINGERPRINT: &'static str;
    /// Whether points of embeddings have the number of dimensions.
    const METRICS_HAVE_DIMENSIONS: bool;

    /// The attribute that says who serves the call.
    fn provider(call: &Call) -> Attribute<'_>;

    /// The value of `error.type`.
    fn error(class: &ErrorClass) -> Value<'_>;

    /// The attribute that says in what form the output was asked for, given `response_format`'s type.
    fn output(format: &str) -> Attribute<'_>;

    /// The value of `openai.api.type` for a surface that it is written for.
    fn api(surface: &str) -> Option<&'static str>;
}
