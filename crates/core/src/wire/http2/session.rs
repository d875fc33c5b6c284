//! Both directions of an HTTP/2 connection.

use bytes::Bytes;

use super::super::http::{Flow, Said};
use super::direction::{Direction, Heard};
use super::streams::{Streams, index};

/// Both directions of an HTTP/2 connection, from its beginning or from somewhere in its middle.
///
/// What was compressed against a part that was not seen is unknown; nothing is guessed. Pushed streams are read past.
///
/// - After the loss of whole frames each message that was under way has a [`Said::Lost`] with the range of the gap: its
///   bytes may have been in it. Its [`Said::End`] may never come.
/// - A stream that was open when we joined is not told of.
/// - [`Said::Reset`] without a code: the code was lost, or more streams were open than [`STREAM_LIMIT`](super::STREAM_LIMIT).
/// - [`Said::Upgraded`] ends what is told of a stream with CONNECT; the connection goes on.
///
/// ```
/// use bytes::Bytes;
/// use sidetone_core::wire::http::{Flow, Said};
/// use sidetone_core::wire::http2::Http2;
///
/// let mut connection = Http2::new();
/// connection.handle_bytes(Flow::Request, Bytes::from_static(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
/// connection.handle_bytes(Flow::Request, Bytes::from_static(b"\0\0\0\x04\0\0\0\0\0"));
/// // HEADERS with END_HEADERS and END_STREAM on stream 1: `:method: GET`, `:path: /`.
/// connection.handle_bytes(Flow::Request, Bytes::from_static(b"\0\0\x02\x01\x05\0\0\0\x01\x82\x84"));
/// let Some(Said::Head { head, .. }) = connection.poll() else { unreachable!() };
/// assert_eq!(head.method.as_deref(), Some("GET"));
/// assert!(matches!(connection.poll(), Some(Said::End { flow: Flow::Request, .. })));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Http2 {
    /// By the flow that the caller gives them.
    directions: [Direction; 2],
    is_closed: [bool; 2],
    streams: Streams,
    is_swapped: Option<bool>,
}

impl std::fmt::Debug for Http2 {
    /// Without what it holds: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http2").field("held_bytes", &self.held_bytes()).finish_non_exhaustive()
    }
}

impl Default for Http2 {
    fn default() -> Self {
        Self::new()
    }
}

impl Http2 {
    /// A connection of which nothing was seen. Whether it is seen from its beginning is found out.
    #[must_use]
    pub fn new() -> Self {
        Self {
            directions: [Direction::new(), Direction::new()],
            is_closed: [false; 2],
            streams: Streams::default(),
            is_swapped: None,
        }
    }

    /// The next bytes of a direction. A caller that doesn't know which end is the client takes one of the two for it: see
    /// [`is_swapped`](Self::is_swapped).
    pub fn handle_bytes(&mut self, flow: Flow, mut bytes: Bytes) {
        if !self.is_closed[index(flow)] {
            self.hear(flow, &mut bytes);
        }
    }

    /// So many bytes of a direction were not seen.
    pub fn handle_gap(&mut self, flow: Flow, bytes: u64) {
        if !self.is_closed[index(flow)] {
            self.directions[index(flow)].handle_gap(bytes);
            self.hear(flow, &mut Bytes::new());
        }
    }

    /// A direction ended.
    pub fn handle_close(&mut self, flow: Flow) {
        if !std::mem::replace(&mut self.is_closed[index(flow)], true) {
            self.streams.handle_close(self.real(flow));
            self.directions[index(flow)].handle_close();
        }
    }

    /// What the connection said next. The flows are the real ones.
    pub fn poll(&mut self) -> Option<Said> {
        self.streams.poll()
    }

    /// Bytes that are held: what waits to be polled, header tables, unfinished frames.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.directions.iter().map(Direction::held_bytes).sum::<usize>() + self.streams.held_bytes()
    }

    /// Whether what the caller gives as requests are responses in truth; `None` until it is known. Nothing is said before.
    #[must_use]
    pub fn is_swapped(&self) -> Option<bool> {
        self.is_swapped
    }

    /// Whether frames are being read in a direction: not before the first one was found, nor after a loss until the next one
    /// was.
    #[must_use]
    pub fn is_in_step(&self, flow: Flow) -> bool {
        self.directions[index(flow)].is_in_step()
    }

    fn hear(&mut self, given: Flow, bytes: &mut Bytes) {
        loop {
            let real = self.real(given);
            let streams = &self.streams;
            let Some(heard) = self.directions[index(given)].next(bytes, |id| streams.is_open(real, id)) else { return };
            if self.is_swapped.is_none() {
                let flow = match &heard {
                    Heard::Preface => Some(Flow::Request),
                    Heard::Block { sections, .. } => sections.are_of(),
                    _ => None,
                };
                self.is_swapped = flow.map(|flow| flow != given);
                if self.is_swapped == Some(true) {
                    self.streams.swap();
                }
            }
            if self.is_swapped.is_some() {
                self.streams.handle(self.real(given), heard);
            } else {
                self.streams.handle_loss(given, &heard);
            }
        }
    }

    fn real(&self, given: Flow) -> Flow {
        match (given, self.is_swapped) {
            (Flow::Request, Some(true)) => Flow::Response,
            (Flow::Response, Some(true)) => Flow::Request,
            (given, _) => given,
        }
    }
}
