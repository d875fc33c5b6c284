//! What a [`Receiver`] got, decoded: OTLP as protobuf over HTTP and over gRPC, compressed by gzip or not.
//!
//! ```
//! use sidetone_testkit::hostile::Receiver;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), reqwest::Error> {
//! let receiver = Receiver::start();
//! // Stands for an exporter that sends one span without a name.
//! let body: &[u8] = &[0x0a, 0x04, 0x12, 0x02, 0x12, 0x00];
//! let url = format!("{}/v1/traces", receiver.endpoint());
//! reqwest::Client::new().post(url).header("content-type", "application/x-protobuf").body(body).send().await?;
//!
//! assert_eq!(receiver.spans().len(), 1);
//! assert_eq!(receiver.spans()[0].kind, "Unspecified");
//! # Ok(())
//! # }
//! ```
//!
//! OTLP as JSON isn't decoded; it counts as [undecodable](Receiver::undecodable).

mod convert;

use std::io::Read;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::hostile::{Behaviour, Receiver};
use crate::serve::request::ReceivedRequest;
use crate::telemetry::{LogRecord, Metric, Received, Span};

/// The longest export that is decoded, in bytes, once decompressed.
pub const EXPORT_MAX: usize = 256 << 20;
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

/// One line a signal: where it is posted to, by HTTP and by gRPC, and how it is decoded.
type Decode = fn(&[u8]) -> Result<Received, prost::DecodeError>;
static SIGNALS: &[(&str, &str, Decode)] = &[
    ("/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export", |bytes| {
        ExportTraceServiceRequest::decode(bytes).map(convert::spans)
    }),
    ("/v1/logs", "/opentelemetry.proto.collector.logs.v1.LogsService/Export", |bytes| {
        ExportLogsServiceRequest::decode(bytes).map(convert::logs)
    }),
    ("/v1/metrics", "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", |bytes| {
        ExportMetricsServiceRequest::decode(bytes).map(convert::metrics)
    }),
];

fn decode(request: &ReceivedRequest) -> Option<Received> {
    let path = request.path.split('?').next()?;
    let (_, grpc_path, decode) = SIGNALS.iter().find(|(http, grpc, _)| path.ends_with(http) || path == *grpc)?;
    let message = if path == *grpc_path {
        let (compressed, message) = grpc_message(&request.body)?;
        if compressed { gunzip(message)? } else { message.to_vec() }
    } else {
        match request.header("content-encoding") {
            Some("gzip") => gunzip(&request.body)?,
            Some(_) => return None,
            None => request.body.to_vec(),
        }
    };
    decode(&message).ok()
}

/// The one message of a unary call: whether it is compressed (a byte), its length (four bytes), and the message.
fn grpc_message(body: &[u8]) -> Option<(bool, &[u8])> {
    let (head, message) = body.split_first_chunk::<5>()?;
    let [compressed, length @ ..] = *head;
    (u32::from_be_bytes(length) as usize == message.len()).then_some((compressed != 0, message))
}

fn gunzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let limit = EXPORT_MAX as u64;
    GzDecoder::new(bytes).take(limit + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= EXPORT_MAX).then_some(plain)
}
