//! What a connection that carries HTTP says, whichever version of HTTP it is.

use bytes::Bytes;

/// Which way bytes go, in the roles of HTTP: the process that we look at may be either end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// From the client to the server.
    Request,
    /// From the server to the client.
    Response,
}

/// Which exchange of a connection something belongs to.
///
/// HTTP/1: the number of the request on the connection, from 0. HTTP/2: the stream's identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u64);

/// The head of a request or a response. What could not be known (it was compressed against a table that began before us)
/// is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The method of a request, as it was written.
    pub method: Option<Box<str>>,
    /// The target of a request: path and query, or an absolute URL as a proxy is asked.
    pub target: Option<Box<str>>,
    /// `host` or `:authority` of a request.
    pub authority: Option<Box<str>>,
    /// The status of a response; never 1xx but 101.
    pub status: Option<u16>,
    /// The fields, names in lower case, in their order; pseudo-headers and `host` are above.
    pub fields: Vec<(Box<str>, Bytes)>,
    /// Whether fields were left out: they could not be decoded, or went past a limit.
    pub is_partial: bool,
}

impl std::fmt::Debug for Head {
    /// Without what was sent: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Head")
            .field("status", &self.status)
            .field("fields", &self.fields.len())
            .field("is_partial", &self.is_partial)
            .finish_non_exhaustive()
    }
}

impl Head {
    /// The first value of a field, if it is text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.fields.iter().find(|(field, _)| &**field == name)?;
        std::str::from_utf8(value).ok()
    }
}

/// One thing that a connection said.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// The head of a request or (final) response came.
    Head {
        /// The exchange.
        stream: StreamId,
        /// Whether it is a request's or a response's.
        flow: Flow,
        /// The head.
        head: Box<Head>,
    },
    /// The next bytes of a body, without the transfer's framing, still content-encoded.
    Body {
        /// The exchange.
        stream: StreamId,
        /// Of the request or the response.
        flow: Flow,
        /// The bytes.
        bytes: Bytes,
    },
    /// Bytes that belong to this message were not seen. They may have been of its head, its body or its framing.
    Lost {
        /// The exchange.
        stream: StreamId,
        /// Of the request or the response.
        flow: Flow,
        /// Where they are in the bytes of the connection that went this way.
        range: std::ops::Range<u64>,
    },
    /// The message came to its end.
    End {
        /// The exchange.
        stream: StreamId,
        /// The request or the response.
        flow: Flow,
    },
    /// The exchange was ended before its end: RST_STREAM, or a GOAWAY that says it was never looked at.
    Reset {
        /// The exchange.
        stream: StreamId,
        /// Who ended it.
        by: Flow,
        /// HTTP/2's error code.
        code: Option<u32>,
    },
    /// What follows is another protocol (101, or CONNECT): nothing more comes out.
    Upgraded {
        /// The exchange that asked for it.
        stream: StreamId,
    },
}

impl std::fmt::Debug for Said {
    /// Sizes in place of what was said: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Head { stream, flow, head } => write!(f, "Head({stream:?}, {flow:?}, {head:?})"),
            Self::Body { stream, flow, bytes } => write!(f, "Body({stream:?}, {flow:?}, {} bytes)", bytes.len()),
            Self::Lost { stream, flow, range } => write!(f, "Lost({stream:?}, {flow:?}, {range:?})"),
            Self::End { stream, flow } => write!(f, "End({stream:?}, {flow:?})"),
            Self::Reset { stream, by, code } => write!(f, "Reset({stream:?}, {by:?}, {code:?})"),
            Self::Upgraded { stream } => write!(f, "Upgraded({stream:?})"),
        }
    }
}
