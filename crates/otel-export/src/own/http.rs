//! OTLP as protobuf over HTTP.
//!
//! The client is ours, over reqwest's blocking one, for five reasons: one client (and so one thread of reqwest's) serves all
//! signals; another crate that enables an asynchronous client of `opentelemetry-otlp` can't make ours need a runtime; of
//! a response no more is read than an answer can be long; what the backend says it refused is counted; and why nothing
//! could be sent is told.

use std::error::Error;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
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
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::logs::{LogBatch, LogExporter as _};
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};

use super::{Compression, Otlp, Tls};
use crate::batch::{Delivery, Export, Log};

/// The longest response that is read; a longer one is no answer of OTLP, which is a count and a sentence. (The clients that
/// come with `opentelemetry-http` read 4 MiB.)
const RESPONSE_BYTES: u64 = 64 << 10;

/// One signal's use of the shared client.
#[derive(Debug, Clone)]
pub(super) struct Client {
    shared: reqwest::blocking::Client,
    timeout: Duration,
    told: Arc<Told>,
}

/// What the exporters that come with `opentelemetry-otlp` don't pass on, since last asked.
#[derive(Debug, Default)]
struct Told {
    /// Items that the backend said it refused.
    refused: AtomicU64,
    /// Why nothing could be sent.
    failure: Mutex<Option<String>>,
}

impl Told {
    fn failure(&self, why: Option<String>) -> Option<String> {
        std::mem::replace(&mut *self.failure.lock().unwrap_or_else(PoisonError::into_inner), why)
    }

    fn explained(&self, result: OTelSdkResult) -> OTelSdkResult {
        match (result, self.failure(None)) {
            (Err(OTelSdkError::InternalFailure(what)), Some(why)) => {
                Err(OTelSdkError::InternalFailure(format!("{what}: {why}")))
            }
            (result, _) => result,
        }
    }
}

impl Client {
    /// A client that signals share. Made on a thread of its own: reqwest's blocking client can't be made inside an
    /// asynchronous runtime.
    pub(super) fn shared(tls: Tls) -> Result<reqwest::blocking::Client, String> {
        let made = thread::Builder::new()
            .name("sidetone-connect".to_owned())
            .spawn(move || builder(&tls)?.build())
            .map_err(|error| error.to_string())?
            .join();
        match made {
            Ok(client) => client.map_err(reasons),
            Err(_) => Err("making the HTTP client panicked".to_owned()),
        }
    }

    pub(super) fn new(shared: reqwest::blocking::Client, timeout: Duration) -> Self {
        Self { shared, timeout, told: Arc::default() }
    }
}

/// A client that asks for nothing has the TLS that is reqwest's default in this program, or none.
#[cfg(feature = "tls")]
fn builder(tls: &Tls) -> reqwest::Result<reqwest::blocking::ClientBuilder> {
    let mut builder = reqwest::blocking::Client::builder();
    if *tls != Tls::default() {
        builder = builder.tls_backend_rustls();
    }
    if let Some(authorities) = &tls.authorities {
        builder = builder.tls_certs_only(reqwest::Certificate::from_pem_bundle(authorities)?);
    }
    if let Some(identity) = &tls.identity {
        let pem = [&identity.certificate[..], b"\n", &identity.key].concat();
        builder = builder.identity(reqwest::Identity::from_pem(&pem)?);
    }
    Ok(builder)
}

#[cfg(not(feature = "tls"))]
fn builder(_: &Tls) -> reqwest::Result<reqwest::blocking::ClientBuilder> {
    Ok(reqwest::blocking::Client::builder())
}

/// All that an error says, but for the URL, in which a key may be.
fn reasons(error: reqwest::Error) -> String {
    /// What hyper-util's connector says to `https://`, which it is asked for only if reqwest has no TLS.
    const NOT_HTTP: &str = "invalid URL, scheme is not http";
    let error = error.without_url();
    let mut reasons = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_says = inner.to_string();
        if inner_says == NOT_HTTP {
            return "https needs TLS, which the reqwest of this program has not: enable feature `tls` of sidetone"
                .to_owned();
        }
        // Some say what their source says.
        if !reasons.ends_with(&inner_says) {
            reasons.push_str(": ");
            reasons.push_str(&inner_says);
        }
        source = inner.source();
    }
    reasons
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let mut request: reqwest::blocking::Request = request.map(reqwest::blocking::Body::from).try_into()?;
        *request.timeout_mut() = Some(self.timeout);
        let mut response = match self.shared.execute(request) {
            Ok(response) => response,
            Err(error) => {
                let why = reasons(error);
                self.told.failure(Some(why.clone()));
                return Err(why.into());
            }
        };
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        response.take(RESPONSE_BYTES + 1).read_to_end(&mut body)?;
        if body.len() as u64 > RESPONSE_BYTES {
            // Dropping the rest unread closes the connection. Not tried again: it would come again.
            return Err(Box::new(ResponseBodyTooLarge::new()));
        }
        if status.is_success() {
            self.told.refused.fetch_add(refused(&body).unwrap_or(0), Ordering::Relaxed);
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
    told: Arc<Told>,
}

impl Spans {
    pub(super) fn new(otlp: &Otlp, client: Client, resource: &Resource) -> Result<Self, String> {
        let told = Arc::clone(&client.told);
        let mut exporter = build!(SpanExporter::builder().with_http(), otlp, client)?;
        exporter.set_resource(resource);
        Ok(Self { exporter, told })
    }
}

impl Export<SpanData> for Spans {
    fn export(&mut self, batch: Vec<SpanData>) -> Delivery {
        delivery(block_on(self.exporter.export(batch)), &self.told)
    }
}

/// Exports log events.
pub(super) struct Logs {
    exporter: LogExporter,
    told: Arc<Told>,
}

impl Logs {
    pub(super) fn new(otlp: &Otlp, client: Client, resource: &Resource) -> Result<Self, String> {
        let told = Arc::clone(&client.told);
        let mut exporter = build!(LogExporter::builder().with_http(), otlp, client)?;
        exporter.set_resource(resource);
        Ok(Self { exporter, told })
    }
}

impl Export<Log> for Logs {
    fn export(&mut self, batch: Vec<Log>) -> Delivery {
        let borrowed: Vec<_> = batch.iter().map(|log| (&log.0, &log.1)).collect();
        delivery(block_on(self.exporter.export(LogBatch::new(&borrowed))), &self.told)
    }
}

fn delivery(result: OTelSdkResult, told: &Told) -> Delivery {
    match told.explained(result) {
        Ok(()) => Delivery::Accepted { refused: told.refused.swap(0, Ordering::Relaxed) },
        Err(error) => Delivery::Failed(error.to_string()),
    }
}

/// Exports metrics.
pub(super) struct Metrics {
    exporter: MetricExporter,
    told: Arc<Told>,
}

impl Metrics {
    pub(super) fn new(otlp: &Otlp, client: Client, temporality: Temporality) -> Result<Self, String> {
        let told = Arc::clone(&client.told);
        let exporter = build!(MetricExporter::builder().with_http().with_temporality(temporality), otlp, client)?;
        Ok(Self { exporter, told })
    }
}

impl PushMetricExporter for Metrics {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        self.told.explained(self.exporter.export(metrics).await)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn temporality(&self) -> Temporality {
        self.exporter.temporality()
    }
}

fn headers(otlp: &Otlp) -> std::collections::HashMap<String, String> {
    let text = |value: &::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    otlp.headers.iter().filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use std::net::TcpListener;

    use super::super::Protocol as Spoken;
    use super::*;

    #[test]
    fn why_nothing_could_be_sent_is_told_without_the_url() {
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        for scheme in ["http", "https"] {
            let tls = (scheme == "https").then(Tls::default);
            let otlp = Otlp {
                protocol: Spoken::HttpProtobuf,
                endpoint: format!("{scheme}://{unused}/v1/traces?key=s3cret"),
                headers: ::http::HeaderMap::new(),
                compression: None,
                timeout: Duration::from_secs(10),
                tls: tls.clone(),
            };
            let client = Client::new(Client::shared(tls.unwrap_or_default()).unwrap(), otlp.timeout);
            let mut spans = Spans::new(&otlp, client, &Resource::builder_empty().build()).unwrap();
            let Delivery::Failed(why) = spans.export(Vec::new()) else { panic!("nobody is there") };
            let expected = if scheme == "https" && !cfg!(feature = "tls") {
                "enable feature `tls` of sidetone"
            } else {
                "Connection refused"
            };
            assert!(why.contains(expected) && !why.contains("s3cret"), "{scheme}: {why}");
        }
    }

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
