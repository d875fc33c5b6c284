//! How a call ended.

use super::Text;

/// How a call ended.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The whole answer came.
    Completed,
    /// The server, the network or the stream said no.
    Failed(Failure),
    /// The caller let go before the end: a dropped future or stream.
    Cancelled,
    /// Observation ended before the call did (capture was stopped).
    Unobserved,
    /// Bytes of the exchange were not seen: how it ended can't be told for sure, or what was said in it.
    Incomplete,
}

impl Outcome {
    /// One word for it: the value of `sidetone.outcome`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed(_) => "failed",
            Self::Cancelled => "cancelled",
            Self::Unobserved => "unobserved",
            Self::Incomplete => "incomplete",
        }
    }
}

/// Why a call failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The class of the failure.
    pub class: ErrorClass,
    /// The provider's own code for it, such as `rate_limit_exceeded`.
    pub code: Option<Box<str>>,
    /// The server's message, under the content policy and with keys masked; `None` if it sent none.
    pub message: Option<Text>,
}

impl Failure {
    /// A failure of which only the class is known.
    #[must_use]
    pub fn of(class: ErrorClass) -> Self {
        Self { class, code: None, message: None }
    }
}

/// Classes of failure, named as the OpenAI SDKs name their exceptions, so that existing dashboards work unchanged.
///
/// Source: `openai-python`, `src/openai/_exceptions.py` and `_make_status_error`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorClass {
    /// HTTP 400.
    BadRequest,
    /// HTTP 401.
    Authentication,
    /// HTTP 403.
    PermissionDenied,
    /// HTTP 404.
    NotFound,
    /// HTTP 409.
    Conflict,
    /// HTTP 422.
    UnprocessableEntity,
    /// HTTP 429.
    RateLimit,
    /// HTTP 500 and above.
    InternalServer,
    /// Any other HTTP status that is no success.
    Status,
    /// Refused, reset or cut connection.
    Connection,
    /// A timeout of the client's.
    Timeout,
    /// An error event inside a stream, or an answer that says it failed.
    Api,
    /// Any other, as telemetry of others names it.
    Other(Box<str>),
}

impl ErrorClass {
    /// The class that the SDK raises for an HTTP status; `None` for a status below 400.
    #[must_use]
    pub fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            0..400 => return None,
            400 => Self::BadRequest,
            401 => Self::Authentication,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            409 => Self::Conflict,
            422 => Self::UnprocessableEntity,
            429 => Self::RateLimit,
            500.. => Self::InternalServer,
            _ => Self::Status,
        })
    }

    /// The class of that name, with or without an SDK's module before it.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name.rsplit('.').next().unwrap_or(name) {
            "BadRequestError" => Self::BadRequest,
            "AuthenticationError" => Self::Authentication,
            "PermissionDeniedError" => Self::PermissionDenied,
            "NotFoundError" => Self::NotFound,
            "ConflictError" => Self::Conflict,
            "UnprocessableEntityError" => Self::UnprocessableEntity,
            "RateLimitError" => Self::RateLimit,
            "InternalServerError" => Self::InternalServer,
            "APIStatusError" => Self::Status,
            "APIConnectionError" => Self::Connection,
            "APITimeoutError" => Self::Timeout,
            "APIError" => Self::Api,
            _ => Self::Other(name.into()),
        }
    }

    /// The value of `error.type`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Other(name) => name,
            known => known.word().unwrap_or_default(),
        }
    }

    /// The same, where it is part of the program.
    pub(crate) fn word(&self) -> Option<&'static str> {
        Some(match self {
            Self::BadRequest => "BadRequestError",
            Self::Authentication => "AuthenticationError",
            Self::PermissionDenied => "PermissionDeniedError",
            Self::NotFound => "NotFoundError",
            Self::Conflict => "ConflictError",
            Self::UnprocessableEntity => "UnprocessableEntityError",
            Self::RateLimit => "RateLimitError",
            Self::InternalServer => "InternalServerError",
            Self::Status => "APIStatusError",
            Self::Connection => "APIConnectionError",
            Self::Timeout => "APITimeoutError",
            Self::Api => "APIError",
            Self::Other(_) => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_has_the_class_that_the_openai_sdk_raises() {
        // openai-python 2.54, `_make_status_error`.
        let raised = [
            (200, None),
            (399, None),
            (400, Some("BadRequestError")),
            (401, Some("AuthenticationError")),
            (402, Some("APIStatusError")),
            (403, Some("PermissionDeniedError")),
            (404, Some("NotFoundError")),
            (409, Some("ConflictError")),
            (422, Some("UnprocessableEntityError")),
            (429, Some("RateLimitError")),
            (499, Some("APIStatusError")),
            (500, Some("InternalServerError")),
            (503, Some("InternalServerError")),
        ];
        for (status, class) in raised {
            let raises = ErrorClass::of_status(status);
            assert_eq!(raises.as_ref().map(ErrorClass::as_str), class, "{status}");
            assert_eq!(class.map(ErrorClass::named), raises);
        }
    }
}
