//! The words that this dialect has for what others call otherwise.

use super::super::shared::Words;
use super::super::{Attribute, Value, names};
use super::Latest;
use crate::event::{Call, ErrorClass};

impl Words for Latest {
    const REQUEST_SERVICE_TIER: &'static str = names::OPENAI_REQUEST_SERVICE_TIER;
    const RESPONSE_SERVICE_TIER: &'static str = names::OPENAI_RESPONSE_SERVICE_TIER;
    const RESPONSE_SYSTEM_FINGERPRINT: &'static str = names::OPENAI_RESPONSE_SYSTEM_FINGERPRINT;
    const METRICS_HAVE_DIMENSIONS: bool = false;

    fn provider(call: &Call) -> Attribute<'_> {
        (names::GEN_AI_PROVIDER_NAME, Value::from(&call.provider))
    }

    /// "The canonical name of exception": with the module that the SDK's exceptions are in, as the peer writes it.
    fn error(class: &ErrorClass) -> Value<'_> {
        Value::Static(match class {
            ErrorClass::BadRequest => "openai.BadRequestError",
            ErrorClass::Authentication => "openai.AuthenticationError",
            ErrorClass::PermissionDenied => "openai.PermissionDeniedError",
            ErrorClass::NotFound => "openai.NotFoundError",
            ErrorClass::Conflict => "openai.ConflictError",
            ErrorClass::UnprocessableEntity => "openai.UnprocessableEntityError",
            ErrorClass::RateLimit => "openai.RateLimitError",
            ErrorClass::InternalServer => "openai.InternalServerError",
            ErrorClass::Status => "openai.APIStatusError",
            ErrorClass::Connection => "openai.APIConnectionError",
            ErrorClass::Timeout => "openai.APITimeoutError",
            ErrorClass::Api => "openai.APIError",
            ErrorClass::Other(name) => return Value::Str(name),
        })
    }

    /// Source: `opentelemetry-instrumentation-genai-openai` 1.3b0, `_openai_response_format_to_output_type`.
    fn output(format: &str) -> Attribute<'_> {
        let value = match format {
            "json_object" | "json_schema" => Value::Static("json"),
            other => Value::Str(other),
        };
        (names::GEN_AI_OUTPUT_TYPE, value)
    }

    /// Source: semantic-conventions v1.41.1, `openai.api.type`.
    fn api(surface: &str) -> Option<&'static str> {
        match surface {
            "openai.chat" => Some("chat_completions"),
            "openai.responses" => Some("responses"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_has_the_name_that_v2_gives_it_behind_its_module() {
        use ErrorClass::*;
        for class in [
            BadRequest,
            Authentication,
            PermissionDenied,
            NotFound,
            Conflict,
            UnprocessableEntity,
            RateLimit,
            InternalServer,
            Status,
            Connection,
            Timeout,
            Api,
        ] {
            assert_eq!(
                Latest::error(&class).as_str().and_then(|name| name.strip_prefix("openai.")),
                Some(class.as_str())
            );
            assert_eq!(ErrorClass::named(Latest::error(&class).as_str().unwrap()), class);
        }
    }
}
