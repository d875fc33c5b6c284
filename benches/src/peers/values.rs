//! The peers of B4: `eventsource-stream` with `serde_json::Value`, and `Value` behind the cheapest split there is.

use bytes::Bytes;
use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use serde_json::Value;

use crate::meter::{Meter, Subject};
use crate::payload::Payload;
use crate::peers::parts::data_lines;
use crate::transport::ready;

/// How the stream is cut into events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// By the crate `eventsource-stream`.
    EventsourceStream,
    /// By a search for line ends.
    Lines,
}

/// Reads each event of a stream into a `Value`, and takes its text.
pub(crate) struct Values {
    payload: Payload,
    body: Bytes,
    split: Split,
    streams: u64,
    text_bytes: u64,
}

impl Values {
    pub(crate) fn new(payload: &Payload, split: Split) -> Self {
        Self { payload: payload.clone(), body: payload.body(), split, streams: 0, text_bytes: 0 }
    }

    fn understand(&mut self, data: &str) {
        let Ok(value) = serde_json::from_str::<Value>(data) else { return };
        if let Some(text) = value["choices"][0]["delta"]["content"].as_str() {
            self.text_bytes += std::hint::black_box(text).len() as u64;
        }
    }
}

impl Subject for Values {
    fn round(&mut self, meter: &mut Meter) {
        let chunks: Vec<Bytes> = self.payload.chunks.to_vec();
        let body = self.body.clone();
        meter.part(|| match self.split {
            Split::EventsourceStream => {
                let pieces = futures_util::stream::iter(chunks.iter().cloned().map(Ok::<_, std::convert::Infallible>));
                ready(async {
                    let mut events = pieces.eventsource();
                    while let Some(Ok(event)) = events.next().await {
                        self.understand(&event.data);
                    }
                });
            }
            Split::Lines => {
                for data in data_lines(&body) {
                    if let Ok(data) = std::str::from_utf8(data) {
                        self.understand(data);
                    }
                }
            }
        });
        self.streams += 1;
    }

    fn check(&mut self) -> Result<(), String> {
        let expected = self.streams * self.payload.text.len() as u64;
        if self.text_bytes == expected {
            Ok(())
        } else {
            Err(format!("{} of {expected} bytes of text", self.text_bytes))
        }
    }
}
