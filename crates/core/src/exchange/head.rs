//! The heads of an exchange: the few facts that are taken on the caller's path.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use crate::event::{ParentSpan, Server};
use crate::policy::Scope;
use crate::provider::Surface;

/// What is known of a request before its body is looked at.
pub struct RequestHead {
    /// The API surface that its path names.
    pub surface: &'static dyn Surface,
    /// Where it goes.
    pub server: Arc<Server>,
    /// The deployment that an Azure OpenAI path names.
    pub deployment: Option<Box<str>>,
    /// When the client began to send.
    pub start: SystemTime,
    /// The span that was current.
    pub parent: Option<ParentSpan>,
    /// Which attempt this is, when it is one of several that make a call each (`http.request.resend_count`).
    pub resend_count: Option<u32>,
    /// What holds for where in the application it was made.
    pub scope: Option<Arc<Scope>>,
}

impl std::fmt::Debug for RequestHead {
    /// Without the names in it (host, deployment, trace state): no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestHead")
            .field("surface", &self.surface.name())
            .field("start", &self.start)
            .field("resend_count", &self.resend_count)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// The response headers that are kept; all others are never copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// `content-type`
    ContentType,
    /// `content-encoding`
    ContentEncoding,
    /// `content-length`
    ContentLength,
    /// `retry-after`, or the finer `retry-after-ms`
    RetryAfter,
    /// `x-request-id`, or Azure's `apim-request-id`
    RequestId,
    /// `openai-processing-ms`
    ProcessingMs,
    /// `x-ratelimit-remaining-requests`
    RemainingRequests,
    /// `x-ratelimit-remaining-tokens`
    RemainingTokens,
}

const KEPT: usize = 8;

impl Header {
    /// The header that is kept under that (lower-case) name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "content-type" => Self::ContentType,
            "content-encoding" => Self::ContentEncoding,
            "content-length" => Self::ContentLength,
            "retry-after" | "retry-after-ms" => Self::RetryAfter,
            "x-request-id" | "apim-request-id" => Self::RequestId,
            "openai-processing-ms" => Self::ProcessingMs,
            "x-ratelimit-remaining-requests" => Self::RemainingRequests,
            "x-ratelimit-remaining-tokens" => Self::RemainingTokens,
            _ => return None,
        })
    }
}

/// What is kept of the head of a response.
#[derive(Clone, Default)]
pub struct ResponseHead {
    status: u16,
    kept: [Option<HeaderValue>; KEPT],
}

impl std::fmt::Debug for ResponseHead {
    /// Without the headers: no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseHead").field("status", &self.status).finish_non_exhaustive()
    }
}

impl ResponseHead {
    /// A head with that status and no headers.
    #[inline]
    #[must_use]
    pub fn new(status: u16) -> Self {
        Self { status, kept: Default::default() }
    }

    /// Keeps what is worth keeping of `headers`: no value is copied, only its handle.
    #[must_use]
    pub fn of(status: u16, headers: &HeaderMap) -> Self {
        let mut head = Self::new(status);
        head.keep_all(headers);
        head
    }

    /// A head whose status isn't known.
    #[must_use]
    pub fn without_status() -> Self {
        Self::new(0)
    }

    /// Keeps what is worth keeping of `headers`.
    pub fn keep_all(&mut self, headers: &HeaderMap) {
        for (name, value) in headers {
            self.keep(name.as_str(), value);
        }
    }

    /// Keeps `value` if `name` (lower-case) is one of [`Header`].
    pub fn keep(&mut self, name: &str, value: &HeaderValue) {
        if let Some(header) = Header::named(name) {
            self.kept[header as usize] = Some(value.clone());
        }
    }

    /// The HTTP status; 0 if it isn't known.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of a header, if it came and is text.
    #[must_use]
    pub fn get(&self, header: Header) -> Option<&str> {
        self.kept[header as usize].as_ref()?.to_str().ok()
    }
}
