//! Why an exchange failed below HTTP, read from the errors of the clients.

use std::error::Error;
use std::io;

#[cfg(any(feature = "reqwest", feature = "async-openai"))]
use sidetone_core::event::ErrorClass;
use sidetone_core::exchange::TransportError;

/// What the chain of causes says: a timeout anywhere in it is a timeout, else a lost connection, else something else.
pub(crate) fn transport_error(error: &(dyn Error + 'static)) -> TransportError {
    let mut found = TransportError::Other;
    let mut cause = Some(error);
    while let Some(error) = cause {
        match of_one(error) {
            TransportError::Timeout => return TransportError::Timeout,
            TransportError::Connection => found = TransportError::Connection,
            TransportError::Other => {}
        }
        cause = error.source();
    }
    found
}

/// The class of a failure below HTTP, for an attempt.
#[cfg(any(feature = "reqwest", feature = "async-openai"))]
pub(crate) fn error_class(error: TransportError) -> ErrorClass {
    match error {
        TransportError::Timeout => ErrorClass::Timeout,
        // The OpenAI SDK raises this for everything that is no timeout and no answer.
        TransportError::Connection | TransportError::Other => ErrorClass::Connection,
    }
}

fn of_one(error: &(dyn Error + 'static)) -> TransportError {
    if let Some(error) = error.downcast_ref::<reqwest::Error>() {
        return if error.is_timeout() {
            TransportError::Timeout
        } else if error.is_connect() {
            TransportError::Connection
        } else {
            TransportError::Other
        };
    }
    if let Some(error) = error.downcast_ref::<hyper::Error>() {
        return if error.is_timeout() {
            TransportError::Timeout
        } else if error.is_user() || error.is_parse() {
            TransportError::Other
        } else {
            TransportError::Connection
        };
    }
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return of_io(error);
    }
    of_transparent(error)
}

fn of_io(error: &io::Error) -> TransportError {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::TimedOut => TransportError::Timeout,
        Kind::ConnectionRefused
        | Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::NotConnected
        | Kind::BrokenPipe
        | Kind::UnexpectedEof
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown => TransportError::Connection,
        // `source()` of an I/O error skips the error that it was made from.
        _ => error.get_ref().map_or(TransportError::Other, |inner| transport_error(inner)),
    }
}

/// Errors that stand for another one without naming it as their source.
#[cfg_attr(
    not(any(feature = "reqwest", feature = "async-openai")),
    expect(unused_variables, reason = "only middleware has such errors")
)]
fn of_transparent(error: &(dyn Error + 'static)) -> TransportError {
    #[cfg(feature = "reqwest")]
    if let Some(error) = error.downcast_ref::<reqwest_middleware::Error>() {
        return match error {
            reqwest_middleware::Error::Reqwest(error) => transport_error(error),
            reqwest_middleware::Error::Middleware(error) => transport_error(error.as_ref()),
        };
    }
    #[cfg(feature = "async-openai")]
    {
        if let Some(async_openai::error::OpenAIError::Boxed(error)) = error.downcast_ref() {
            return transport_error(error.as_ref());
        }
        if error.is::<tower::timeout::error::Elapsed>() {
            return TransportError::Timeout;
        }
    }
    TransportError::Other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Caused(Box<dyn Error + Send + Sync>);

    impl std::fmt::Display for Caused {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("caused")
        }
    }

    impl Error for Caused {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&*self.0)
        }
    }

    fn caused(error: impl Error + Send + Sync + 'static) -> Caused {
        Caused(Box::new(error))
    }

    fn io(kind: io::ErrorKind) -> io::Error {
        kind.into()
    }

    #[test]
    fn a_cause_is_found_however_deep_it_is() {
        use io::ErrorKind as Kind;
        let reset = || io(Kind::ConnectionReset);
        assert_eq!(transport_error(&caused(caused(reset()))), TransportError::Connection);
        assert_eq!(transport_error(&io::Error::other(caused(reset()))), TransportError::Connection);
        assert_eq!(transport_error(&caused(io(Kind::TimedOut))), TransportError::Timeout);
        assert_eq!(transport_error(&caused(io(Kind::InvalidData))), TransportError::Other);
        assert_eq!(transport_error(&caused(std::fmt::Error)), TransportError::Other);
    }

    #[test]
    fn a_timeout_behind_a_lost_connection_is_a_timeout() {
        let lost = io::Error::new(io::ErrorKind::NotConnected, "lost");
        assert_eq!(transport_error(&lost), TransportError::Connection);
        let timed_out = io::Error::other(caused(io(io::ErrorKind::TimedOut)));
        assert_eq!(transport_error(&caused(timed_out)), TransportError::Timeout);
    }

    #[cfg(feature = "reqwest")]
    #[test]
    fn errors_that_hide_their_cause_are_looked_into() {
        let hidden = || reqwest_middleware::Error::middleware(caused(io(io::ErrorKind::ConnectionReset)));
        assert_eq!(transport_error(&hidden()), TransportError::Connection);
        assert_eq!(transport_error(&caused(hidden())), TransportError::Connection);
    }

    #[cfg(feature = "async-openai")]
    #[test]
    fn errors_of_a_tower_stack_are_looked_into() {
        use async_openai::error::OpenAIError;
        let elapsed = OpenAIError::Boxed(Box::new(tower::timeout::error::Elapsed::new()));
        assert_eq!(transport_error(&elapsed), TransportError::Timeout);
        let reset = OpenAIError::Boxed(Box::new(io(io::ErrorKind::ConnectionReset)));
        assert_eq!(transport_error(&reset), TransportError::Connection);
    }
}
