//! Why a call failed: `$ai_error`, which is an exception as text, or with content off a summary of it.

use crate::dialect::posthog::facts::summary;
use crate::dialect::read::Draft;
use crate::event::{ErrorClass, Failure, Outcome, Text};

/// Takes what `$ai_error` says. `is_off`: the package sends summaries where it sends nothing of what was said.
pub(super) fn take(draft: &mut Draft<'_>, said: &str, is_off: bool) {
    if draft.is_own {
        own(draft, said);
    } else if let Some(summary) = Summary::of(said).filter(|_| is_off) {
        draft.fail(summary.class);
        if let Some(status) = summary.status {
            draft.response.status.get_or_insert(status);
        }
        draft.error_code = draft.error_code.take().or(summary.code.map(Into::into));
        let request_id = &mut draft.response.request_id;
        *request_id = request_id.take().or(summary.request_id.map(Into::into));
    } else {
        // As PostHog's receivers of OpenTelemetry put an exception's type and message together.
        let (class, message) = match said.split_once(": ") {
            Some((class, message)) if is_class(class) => (class, message),
            _ => ("", said),
        };
        draft.fail(class);
        if draft.error_message.is_none() && !message.is_empty() {
            draft.error_message = Some(Text::kept(message));
        }
    }
}

/// As sidetone writes it.
fn own(draft: &mut Draft<'_>, said: &str) {
    let unknown = ErrorClass::Other("".into());
    let class = draft.error.as_ref().unwrap_or(&unknown);
    let response = &draft.response;
    if said == summary(class, response.status, draft.error_code.as_deref(), response.request_id.as_deref()) {
        return;
    }
    let status = response.status.filter(|status| *status >= 400);
    let words = status.and_then(|status| said.strip_prefix(&format!("Error code: {status} - "))).unwrap_or(said);
    draft.error_message.get_or_insert_with(|| Text::kept(words));
}

/// What is known where only `$ai_is_error` says that it failed, and of which class errors of a status are.
pub(super) fn settle(draft: &mut Draft<'_>, is_error: bool) {
    if !is_error && draft.error.is_none() && draft.error_message.is_none() {
        return;
    }
    if draft.error.is_none() && !draft.is_own && draft.provider.as_deref() == Some("openai") {
        let said = draft.error_message.as_ref().and_then(Text::as_str);
        draft.error = draft.response.status.and_then(ErrorClass::of_status).or_else(|| raised_without_status(said?));
    }
    draft.outcome.get_or_insert_with(|| Outcome::Failed(Failure::of(ErrorClass::Other("".into()))));
}

/// The class of an error that the SDK, which the package is around, raises with words of its own. Others are raised by the status.
///
/// Source: openai-python, `_exceptions.py`.
fn raised_without_status(said: &str) -> Option<ErrorClass> {
    match said {
        "Connection error." => Some(ErrorClass::Connection),
        "Request timed out." => Some(ErrorClass::Timeout),
        _ => None,
    }
}

/// `RateLimitError: 429 rate_limit_exceeded requests request_id=req_1 (caused by HTTPStatusError)`
///
/// Source: posthog 7.91.1, `posthog/ai/utils.py`, and the golden files with content off: class, status, code, type, each if it is known.
#[derive(Debug, PartialEq, Eq)]
struct Summary<'a> {
    class: &'a str,
    status: Option<u16>,
    code: Option<&'a str>,
    request_id: Option<&'a str>,
}

impl<'a> Summary<'a> {
    fn of(said: &'a str) -> Option<Self> {
        let said = said.split_once(" (caused by ").map_or(said, |(summary, _)| summary);
        let mut words = said.split(' ').peekable();
        let first = words.next()?;
        let class = first.strip_suffix(':').unwrap_or(first);
        if !is_class(class) {
            return None;
        }
        let status = if first == class { None } else { Some(words.next()?.parse().ok()?) };
        let mut summary = Summary { class, status, code: None, request_id: None };
        for (place, word) in words.enumerate() {
            match word.strip_prefix("request_id=") {
                Some(id) => summary.request_id = Some(id),
                // Code and type; where there is but one, nothing tells which.
                None if place == 0 => summary.code = Some(word),
                None if place == 1 => {}
                None => return None,
            }
        }
        Some(summary)
    }
}

/// Whether it is a name as exceptions have them.
fn is_class(name: &str) -> bool {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    name.bytes().all(is_name) && (name.ends_with("Error") || name.ends_with("Exception"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_read_word_by_word() {
        let of = |said| Summary::of(said).map(|it| (it.class, it.status, it.code, it.request_id));
        // Of the golden files.
        for (said, expected) in [
            (
                "RateLimitError: 429 rate_limit_exceeded requests request_id=req_mock_0001 (caused by HTTPStatusError)",
                Some(("RateLimitError", Some(429), Some("rate_limit_exceeded"), Some("req_mock_0001"))),
            ),
            (
                "BadRequestError: 400 t request_id=req_mock_0001 (caused by HTTPStatusError)",
                Some(("BadRequestError", Some(400), Some("t"), Some("req_mock_0001"))),
            ),
            (
                "APIConnectionError (caused by ConnectError, ConnectionRefusedError)",
                Some(("APIConnectionError", None, None, None)),
            ),
            ("APIError overloaded server_error", Some(("APIError", None, Some("overloaded"), None))),
            ("Connection error.", None),
            ("Error code: 429 - Rate.", None),
            ("ValueError: bad input", None),
            ("", None),
        ] {
            assert_eq!(of(said), expected, "{said}");
        }
    }
}
