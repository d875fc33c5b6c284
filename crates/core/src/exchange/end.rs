//! How observation of an exchange ended.

/// How observation of an exchange ended, as the capture saw it. What that means for the call is decided by
/// [`Exchange::finish`](super::Exchange::finish), which also knows what the body said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The body came to its end.
    Complete,
    /// The exchange failed.
    Failed(TransportError),
    /// The body, which told no length, ended with its connection; which side closed that isn't known.
    Closed,
    /// The caller dropped the response before the end of its body.
    Dropped,
    /// The caller dropped the request before the head of a response arrived.
    Unanswered,
    /// Capture ended while the exchange went on.
    Unobserved,
}

/// Why an exchange failed below HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportError {
    /// Refused, reset or cut connection.
    Connection,
    /// A timeout of the client's, in any phase.
    Timeout,
    /// Anything else: a body that can't be decoded, a redirect loop, a failing middleware.
    Other,
}
