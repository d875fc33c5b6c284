//! The exports that a receiver got, kept for assertions.

use std::time::{Duration, Instant};

use super::decode::decode;
use crate::hostile::{Behaviour, Receiver};
use crate::serve::request::ReceivedRequest;
use crate::telemetry::{LogRecord, Metric, Received, Span};

/// How long [`Receiver::wait_until`] waits before it looks again.
const PAUSE: Duration = Duration::from_millis(5);

/// One request of an exporter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Export {
    /// The path of the request.
    pub path: String,
    /// How the receiver behaved: only with [`Behaviour::Accept`] has it said that it got this.
    pub behaviour: Behaviour,
    /// What the request holds.
    pub received: Received,
}

/// The exports so far.
#[derive(Default)]
pub(crate) struct Exports {
    all: Vec<Export>,
    undecodable: usize,
}

impl Exports {
    pub(crate) fn add(&mut self, request: &ReceivedRequest, behaviour: Behaviour) {
        match decode(request) {
            Some(received) => self.all.push(Export { path: request.path.clone(), behaviour, received }),
            None => self.undecodable += 1,
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn accepted(&self) -> impl Iterator<Item = &Received> {
        self.all.iter().filter(|export| export.behaviour == Behaviour::Accept).map(|export| &export.received)
    }
}

/// Needs the feature `otlp`.
impl Receiver {
    /// Every request that could be decoded, oldest first, accepted or not.
    pub fn exports(&self) -> Vec<Export> {
        self.with_exports(|exports| exports.all.clone())
    }

    /// What was [accepted](Behaviour::Accept) so far.
    pub fn received(&self) -> Received {
        Received { spans: self.spans(), logs: self.logs(), metrics: self.metrics() }
    }

    /// The spans accepted so far, in the order of arrival.
    pub fn spans(&self) -> Vec<Span> {
        self.with_exports(|exports| exports.accepted().flat_map(|received| received.spans.clone()).collect())
    }

    /// The log records accepted so far, in the order of arrival.
    pub fn logs(&self) -> Vec<LogRecord> {
        self.with_exports(|exports| exports.accepted().flat_map(|received| received.logs.clone()).collect())
    }

    /// The metrics accepted so far, in the order of arrival; one exported twice is here twice.
    pub fn metrics(&self) -> Vec<Metric> {
        self.with_exports(|exports| exports.accepted().flat_map(|received| received.metrics.clone()).collect())
    }

    /// How many requests couldn't be decoded.
    pub fn undecodable(&self) -> usize {
        self.with_exports(|exports| exports.undecodable)
    }

    /// Blocks until `enough` is true, and gives what there is then, or at the end of `patience`: assert on it.
    ///
    /// For threads, not for async tests: nothing else runs on the thread meanwhile.
    pub fn wait_until(&self, patience: Duration, enough: impl Fn(&Received) -> bool) -> Received {
        let deadline = Instant::now() + patience;
        loop {
            let received = self.received();
            if enough(&received) || Instant::now() >= deadline {
                return received;
            }
            std::thread::sleep(PAUSE);
        }
    }
}
