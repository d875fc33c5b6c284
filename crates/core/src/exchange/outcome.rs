//! What the end of an exchange means for its call.

use super::{End, TransportError};
use crate::event::{ErrorClass, Failure, Outcome};

/// What is known when an exchange has ended, beside how it ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    /// The HTTP status, if a response came.
    pub(super) status: Option<u16>,
    /// All bytes that the response announced came.
    pub(super) has_all_bytes: bool,
    /// Bytes that went over the connection were not seen.
    pub(super) has_missing: bool,
    /// What the answer says of its own end.
    pub(super) answer: AnswerEnd,
}

/// What an answer says of its own end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerEnd {
    /// It is whole: the protocol's last word came, or the body is one whole JSON text, or every choice that was asked
    /// for says why it ended.
    Whole,
    /// It is a stream, and its end didn't come.
    Cut,
    /// It doesn't say: nothing was read of it, or parts of it were lost.
    Unknown,
}

/// How a call ended. `failure` is what the server said of a failure, in a body or in an event.
pub(super) fn outcome(end: End, ending: Ending, failure: Option<Failure>) -> Outcome {
    // A status that says no says so whatever became of the body: `error_for_status` drops it unread.
    if let Some(class) = ending.status.and_then(ErrorClass::of_status) {
        let Failure { code, message, .. } = failure.unwrap_or_else(|| Failure::of(class.clone()));
        return Outcome::Failed(Failure { class, code, message });
    }
    if let Some(failure) = failure {
        return Outcome::Failed(failure);
    }
    if ending.has_missing {
        return Outcome::Incomplete;
    }
    // Clients let go of a stream at its last event, before the body's end: that is no cancellation.
    if ending.answer == AnswerEnd::Whole {
        return Outcome::Completed;
    }
    match if ending.has_all_bytes { End::Complete } else { end } {
        // A body that ends with its connection looks complete when the connection is cut. A stream has a last word of
        // its own; without it, and without a finish reason, it was cut.
        End::Complete if ending.answer == AnswerEnd::Cut => Outcome::Failed(Failure::of(ErrorClass::Connection)),
        End::Complete => Outcome::Completed,
        // Where the server's end of a connection isn't seen, a stream that was cut is one that nobody waited for.
        End::Closed if ending.answer == AnswerEnd::Cut => Outcome::Cancelled,
        End::Closed => Outcome::Completed,
        End::Failed(TransportError::Timeout) => Outcome::Failed(Failure::of(ErrorClass::Timeout)),
        // The SDK wraps whatever else its transport raises into `APIConnectionError`.
        End::Failed(TransportError::Connection | TransportError::Other) => {
            Outcome::Failed(Failure::of(ErrorClass::Connection))
        }
        End::Dropped | End::Unanswered => Outcome::Cancelled,
        End::Unobserved => Outcome::Unobserved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(end: End, status: Option<u16>, has_all_bytes: bool, answer: AnswerEnd) -> String {
        let has_missing = false;
        match outcome(end, Ending { status, has_all_bytes, has_missing, answer }, None) {
            Outcome::Failed(failure) => failure.class.as_str().to_owned(),
            other => other.as_str().to_owned(),
        }
    }

    #[test]
    fn each_end_means_what_the_client_saw() {
        use AnswerEnd::{Cut, Unknown, Whole};
        use TransportError::{Connection, Other, Timeout};
        let cases = [
            (End::Complete, Some(200), false, Whole, "completed"),
            (End::Complete, Some(200), false, Unknown, "completed"),
            (End::Complete, Some(200), false, Cut, "APIConnectionError"),
            (End::Closed, Some(200), false, Whole, "completed"),
            (End::Closed, Some(200), false, Unknown, "completed"),
            (End::Closed, Some(200), false, Cut, "cancelled"),
            (End::Dropped, Some(200), false, Whole, "completed"),
            (End::Dropped, Some(200), true, Unknown, "completed"),
            (End::Dropped, Some(200), false, Cut, "cancelled"),
            (End::Dropped, Some(200), false, Unknown, "cancelled"),
            (End::Dropped, Some(429), false, Unknown, "RateLimitError"),
            (End::Unanswered, None, false, Unknown, "cancelled"),
            (End::Failed(Connection), None, false, Unknown, "APIConnectionError"),
            (End::Failed(Other), None, false, Unknown, "APIConnectionError"),
            (End::Failed(Timeout), None, false, Unknown, "APITimeoutError"),
            (End::Failed(Timeout), Some(200), false, Cut, "APITimeoutError"),
            (End::Failed(Connection), Some(200), false, Whole, "completed"),
            (End::Failed(Connection), Some(500), false, Unknown, "InternalServerError"),
            (End::Unobserved, Some(200), false, Cut, "unobserved"),
            (End::Unobserved, None, false, Unknown, "unobserved"),
            (End::Unobserved, Some(200), false, Whole, "completed"),
        ];
        for (end, status, has_all_bytes, answer, expected) in cases {
            assert_eq!(word(end, status, has_all_bytes, answer), expected, "{end:?} {status:?} {answer:?}");
        }
    }

    #[test]
    fn an_error_event_in_a_stream_is_a_failure_of_the_api() {
        let answer = AnswerEnd::Whole;
        let ending = Ending { status: Some(200), has_all_bytes: true, has_missing: false, answer };
        let failure = Failure { class: ErrorClass::Api, code: Some("c".into()), message: None };
        assert_eq!(outcome(End::Complete, ending, Some(failure.clone())), Outcome::Failed(failure));
    }

    #[test]
    fn with_bytes_missing_only_what_the_server_said_of_a_failure_is_sure() {
        let ends =
            [End::Complete, End::Failed(TransportError::Connection), End::Dropped, End::Unanswered, End::Unobserved];
        for (end, answer) in ends.iter().flat_map(|end| [AnswerEnd::Whole, AnswerEnd::Cut].map(|answer| (*end, answer)))
        {
            let ending = |status| Ending { status: Some(status), has_all_bytes: true, has_missing: true, answer };
            assert_eq!(outcome(end, ending(200), None), Outcome::Incomplete, "{end:?} {answer:?}");
            let failure = Failure::of(ErrorClass::Api);
            assert_eq!(outcome(end, ending(200), Some(failure.clone())), Outcome::Failed(failure));
            assert_eq!(outcome(end, ending(429), None), Outcome::Failed(Failure::of(ErrorClass::RateLimit)));
        }
    }
}
