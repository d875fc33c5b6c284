//! OTLP as protobuf over HTTP.
//!
//! The client is ours, over reqwest's blocking one, for four reasons: one client (and so one thread of reqwest's) serves all
//! signals; another crate that enables an asynchronous client of `opentelemetry-otlp` can't make ours need a runtime; of
//! a response no more is read than an answer can be long; and what the backend says it refused is counted.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ::http::{Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use opentelemetry_http::{HttpClient, HttpError, ResponseBodyTooLarge};
use opentelemetry_otlp::{
    LogExporter, MetricExporter, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};

use super::{Compression, Otlp};
use crate::batch::{Delivery, Export, Log};

/// The longest response that is read; a longer one is no answer of OTLP, which is a count and a sentence. (The clients that
/// come with `opentelemetry-http` read 4 MiB.)
const RESPONSE_BYTES: u64 = 64 << 10;

/// One signal's use of the shared client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    shared: reqwest::blocking::Client,
    timeout: Duration,
    /// Items that the backend said it refused, since last asked.
    refused: Arc<AtomicU64>,
}

impl Client {
    /// The client that all signals share. Made on a thread of its own: reqwest's blocking client can't be made inside an
    /// asynchronous runtime.
    pub(super) fn shared() -> Result<reqwest::blocking::Client, String> {
        let made = thread::Builder::new()
            .name("sidetone-connect".to_owned())
            .spawn(|| reqwest::blocking::Client::builder().build())
            .map_err(|error| error.to_string())?
            .join();
        match made {
            Ok(client) => client.map_err(|error| error.to_string()),
            Err(_) => Err("making the HTTP client panicked".to_owned()),
        }
    }

    pub(super) fn new(shared: reqwest::blocking::Client, timeout: Duration) -> Self {
        Self { shared, timeout, refused: Arc::default() }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request: reqwest::blocking::Request = request.map(reqwest::blocking::Body::from).try_into()?;
        *request.timeout_mut() = Some(self.timeout);
        let mut response = self.shared.execute(request)?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        response.take(RESPONSE_BYTES + 1).read_to_end(&mut body)?;
        if body.len() as u64 > RESPONSE_BYTES {
            // Dropping the rest unread closes the connection. Not tried again: it would come again.
            return Err(Box::new(ResponseBodyTooLarge::new()));
        }
        if status.is_success() {
            self.refused.fetch_add(refused(&body).unwrap_or(0), Ordering::Relaxed);
        }
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// `partial_success.rejected_*` of an OTLP answer: field 1 of the message that is field 1, for every signal.
///
/// Source: opentelemetry-proto v1.7.0, `collector/{trace,logs,metrics}/v1`
fn refused(answer: &[u8]) -> Option<u64> {
    const MESSAGE_1: u8 = 0x0A;
    const VARINT_1: u8 = 0x08;
    let (&tag, rest) = answer.split_first()?;
    let (length, rest) = varint(rest)?;
    let partial = rest.get(..usize::try_from(length).ok()?).filter(|_| tag == MESSAGE_1)?;
    let (&tag, rest) = partial.split_first()?;
    (tag == VARINT_1).then(|| varint(rest)).flatten().map(|(count, _)| count)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (place, byte) in bytes.iter().enumerate().take(9) {
        value |= u64::from(byte & 0x7F) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

/// The three builders have the same methods and no trait in common that could be named.
macro_rules! build {
    ($builder:expr, $otlp:expr, $client:expr) => {{
        let mut builder = $builder
            .with_http_client($client)
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(&$otlp.endpoint)
            .with_timeout($otlp.timeout)
            .with_headers(headers($otlp));
        if let Some(Compression::Gzip) = $otlp.compression {
            builder = builder.with_compression(opentelemetry_otlp::Compression::Gzip);
        }
        builder.build().map_err(|error| error.to_string())
    }};
}

/// Exports spans.
pub(super) struct Spans {
    exporter: SpanExporter,
    refused: Arc<AtomicU64>,
}

impl Spans {
    pub(super) fn new(otlp: &Otlp, client: Client, resource: &Resource) -> Result<Self, String> {
        let refused = Arc::clone(&client.refused);
        let mut exporter = build!(SpanExporter::builder().with_http(), otlp, client)?;
        exporter.set_resource(resource);
        Ok(Self { exporter, refused })
    }
}

impl Export<SpanData> for Spans {
    fn export(&mut self, batch: Vec<SpanData>) -> Delivery {
        delivery(block_on(self.exporter.export(batch)), &self.refused)
    }
}

/// Exports log events.
pub(super) struct Logs {
    exporter: LogExporter,
    refused: Arc<AtomicU64>,
}

impl Logs {
    pub(super) fn new(otlp: &Otlp, client: Client, resource: &Resource) -> Result<Self, String> {
        let refused = Arc::clone(&client.refused);
        let mut exporter = build!(LogExporter::builder().with_http(), otlp, client)?;
        exporter.set_resource(resource);
        Ok(Self { exporter, refused })
    }
}

impl Export<Log> for Logs {
    fn export(&mut self, batch: Vec<Log>) -> Delivery {
        let borrowed: Vec<_> = batch.iter().map(|log| (&log.0, &log.1)).collect();
        delivery(block_on(self.exporter.export(LogBatch::new(&borrowed))), &self.refused)
    }
}

fn delivery(result: OTelSdkResult, refused: &AtomicU64) -> Delivery {
    match result {
        Ok(()) => Delivery::Accepted { refused: refused.swap(0, Ordering::Relaxed) },
        Err(error) => Delivery::Failed(error.to_string()),
    }
}

/// An exporter of metrics.
pub(super) fn metrics(otlp: &Otlp, client: Client, temporality: Temporality) -> Result<MetricExporter, String> {
    build!(MetricExporter::builder().with_http().with_temporality(temporality), otlp, client)
}

fn headers(otlp: &Otlp) -> std::collections::HashMap<String, String> {
    let text = |value: &::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    otlp.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_backend_refused_is_read_from_its_answer() {
        // `ExportTraceServiceResponse { partial_success: { rejected_spans: 300, error_message: "no" } }`, by protoc.
        assert_eq!(refused(&[0x0A, 0x07, 0x08, 0xAC, 0x02, 0x12, 0x02, b'n', b'o']), Some(300));
        assert_eq!(refused(&[0x0A, 0x04, 0x12, 0x02, b'n', b'o']), None, "a warning without a number");
        for broken in [&[][..], &[0x0A], &[0x0A, 0x05, 0x08], &[0x0A, 0x02, 0x08, 0xFF], &[0xFF; 20], b"<html>"] {
            assert_eq!(refused(broken), None);
        }
    }
}
