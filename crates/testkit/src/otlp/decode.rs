//! Finds the message in a request over HTTP or gRPC, and decodes it.

use std::io::Read;

use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use super::convert;
use crate::serve::request::ReceivedRequest;
use crate::telemetry::Received;

/// The longest export that is decoded, in bytes, once decompressed.
pub const EXPORT_MAX: usize = 256 << 20;

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

pub(super) fn decode(request: &ReceivedRequest) -> Option<Received> {
    let path = request.path.split('?').next()?;
    let (_, grpc_path, decode) = SIGNALS.iter().find(|(http, grpc, _)| path.ends_with(http) || path == *grpc)?;
    let message = if path == *grpc_path {
        let (compressed, message) = grpc_message(&request.body)?;
        if compressed { gunzip(message, EXPORT_MAX)? } else { message.to_vec() }
    } else {
        match request.header("content-encoding") {
            Some("gzip") => gunzip(&request.body, EXPORT_MAX)?,
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

fn gunzip(bytes: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).take(limit as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= limit).then_some(plain)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io::Write;

    use super::*;

    #[test]
    fn what_is_longer_than_the_limit_is_not_decompressed() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&[b'x'; 1000]).unwrap();
        let bytes = encoder.finish().unwrap();
        for (limit, fits) in [(999, false), (1000, true), (1001, true)] {
            assert_eq!(gunzip(&bytes, limit).is_some_and(|plain| plain == [b'x'; 1000]), fits, "{limit}");
        }
    }
}
