//! B4: what it costs to understand an event of a stream.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::Method;
use sidetone_core::event::Server;
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::{Content, Review};
use sidetone_core::provider::surface_of;

use crate::b3::MODES;
use crate::meter::{Entry, Meter, Subject};
use crate::ours::compare;
use crate::payload::Payload;
use crate::peers::values::{Split, Values};

/// Events of the streams; what an event costs is the difference of the two.
pub(crate) const EVENTS: [usize; 2] = [1000, 3000];

/// Ours, content off and full, an event a piece and in reads of 16 KiB; and the peers.
pub(crate) fn entries() -> Vec<Entry> {
    let mut entries = Vec::new();
    for events in EVENTS {
        for (name, content, scans) in MODES {
            for (cut, piece) in [("event", None), ("16k", Some(16 << 10))] {
                // The units are streams: an event's cost is a difference.
                entries.push(Entry::new(format!("b4.ours.{name}.{cut}.{events}"), 1, move || {
                    Understood::new(events, content, scans, piece)
                }));
            }
        }
        for (name, split) in [("eventsource-stream", Split::EventsourceStream), ("lines", Split::Lines)] {
            entries.push(Entry::new(format!("b4.{name}.{events}"), 1, move || {
                Values::new(&Payload::stream(events), split)
            }));
        }
    }
    entries
}

/// A stream that is understood, through the public API of the core.
struct Understood {
    payload: Payload,
    pieces: Vec<Bytes>,
    settings: Arc<Settings>,
    server: Arc<Server>,
    result: Result<(), String>,
}

impl Understood {
    fn new(events: usize, content: Content, scans: bool, piece: Option<usize>) -> Self {
        let payload = Payload::stream(events);
        let pieces = match piece {
            None => payload.chunks.to_vec(),
            Some(bytes) => {
                let body = payload.body();
                (0..body.len()).step_by(bytes).map(|at| body.slice(at..body.len().min(at + bytes))).collect()
            }
        };
        Self {
            payload,
            pieces,
            settings: Arc::new(Settings { content, review: Review::default().scanning(scans), ..Settings::default() }),
            server: Arc::new(Server { address: "api.openai.com".into(), port: Some(443) }),
            result: Err("nothing was understood yet".to_owned()),
        }
    }
}

impl Subject for Understood {
    fn round(&mut self, meter: &mut Meter) {
        let Some(surface) = surface_of(&Method::POST, "/v1/chat/completions") else {
            self.result = Err("chat completions have no surface".to_owned());
            return;
        };
        let head = RequestHead {
            surface,
            server: Arc::clone(&self.server),
            deployment: None,
            start: SystemTime::now(),
            parent: None,
            resend_count: None,
            scope: None,
        };
        let mut exchange = Exchange::new(head, Arc::clone(&self.settings));
        exchange.handle_request_body(self.payload.request.clone());
        exchange.handle_response_head(&ResponseHead::of(200, &self.payload.headers), Duration::from_millis(1));
        let mut pieces = self.pieces.clone().into_iter();
        let mut exchange = Some(exchange);
        let mut understood = None;
        meter.part(|| {
            let Some(mut exchange) = exchange.take() else { return };
            for piece in pieces.by_ref() {
                exchange.handle_response_body(piece, Duration::from_millis(2));
            }
            understood = Some(exchange.finish(End::Complete, Duration::from_millis(3)));
        });
        self.result = match understood {
            Some(understood) => compare(&understood.call, &self.payload, self.settings.content),
            None => Err("nothing was understood".to_owned()),
        };
    }

    fn check(&mut self) -> Result<(), String> {
        self.result.clone()
    }
}
