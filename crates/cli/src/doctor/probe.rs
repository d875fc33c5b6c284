//! Asks each endpoint whether it takes telemetry: an export of nothing, by the chosen protocol.

use std::error::Error;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode};
use sidetone::otel_export::{Otlp, Protocol, Signal};

use super::settings::Settings;

/// How long an endpoint has to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reached {
    /// It would take telemetry.
    Yes,
    /// It wouldn't, because.
    No(String),
    /// There is nothing to ask.
    NotAsked,
}

/// Asks the endpoints of all signals, in their order.
pub(super) async fn all(settings: &Settings) -> Vec<Reached> {
    let asked: Vec<_> = settings
        .routes
        .iter()
        .map(|route| {
            let (signal, otlp) = (route.signal, route.targets.otlp.clone());
            tokio::spawn(async move {
                match otlp {
                    Some(otlp) => one(signal, &otlp).await,
                    None => Reached::NotAsked,
                }
            })
        })
        .collect();
    let mut reached = Vec::new();
    for asked in asked {
        reached.push(asked.await.unwrap_or_else(|error| Reached::No(error.to_string())));
    }
    reached
}

async fn one(signal: Signal, otlp: &Otlp) -> Reached {
    let result = match otlp.protocol {
        Protocol::Grpc => grpc(signal, otlp).await,
        Protocol::HttpProtobuf => http(otlp).await,
    };
    result.map_or_else(Reached::No, |()| Reached::Yes)
}

async fn http(otlp: &Otlp) -> Result<(), String> {
    let client = Client::builder().timeout(PATIENCE).build().map_err(|error| innermost(&error))?;
    let request =
        client.post(&otlp.endpoint).headers(otlp.headers.clone()).header(CONTENT_TYPE, "application/x-protobuf");
    // No bytes are an export of no telemetry.
    let response = request.body("").send().await.map_err(|error| unreached(&error, "grpc"))?;
    taken(&response)
}

async fn grpc(signal: Signal, otlp: &Otlp) -> Result<(), String> {
    let client = Client::builder().timeout(PATIENCE).http2_prior_knowledge();
    let client = client.build().map_err(|error| innermost(&error))?;
    let request = client.post(format!("{}/{}", otlp.endpoint.trim_end_matches('/'), method(signal)));
    let request =
        request.headers(otlp.headers.clone()).header(CONTENT_TYPE, "application/grpc").header("te", "trailers");
    // One uncompressed message of no bytes.
    let response = request.body(vec![0_u8; 5]).send().await.map_err(|error| unreached(&error, "http/protobuf"))?;
    let is_grpc =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if !is_grpc {
        return Err(
            "answers, but not by gRPC. Set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or another port".to_owned()
        );
    }
    // An error comes in the head; success comes in the trailers, after a message.
    match response.headers().get("grpc-status").and_then(|status| status.to_str().ok()) {
        None | Some("0") => taken(&response),
        Some("16" | "7") => Err("refuses these credentials. Check OTEL_EXPORTER_OTLP_HEADERS".to_owned()),
        Some("12") => Err(format!("takes no {}. Check the endpoint", signal.as_str())),
        Some(status) => Err(format!("answers with gRPC status {status}. Look at the receiver's log")),
    }
}

fn taken(response: &Response) -> Result<(), String> {
    match response.status() {
        status if status.is_success() => Ok(()),
        // It is there, and asks to come back.
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Ok(()),
        status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(format!("answers {status}. Check OTEL_EXPORTER_OTLP_HEADERS"))
        }
        status @ (StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) => {
            Err(format!("answers {status}: no OTLP is taken there. Check the endpoint's path"))
        }
        status => Err(format!("answers {status}. Look at the receiver's log")),
    }
}

fn unreached(error: &reqwest::Error, other: &str) -> String {
    if error.is_timeout() {
        return format!("doesn't answer within {} s. Is the receiver busy, or behind a firewall?", PATIENCE.as_secs());
    }
    if error.is_builder() {
        return format!("is no URL: {}. Write it as http://host:port", innermost(error));
    }
    if error.is_connect() {
        return format!(
            "can't be connected to: {}. Start the receiver, or set OTEL_EXPORTER_OTLP_ENDPOINT",
            innermost(error)
        );
    }
    format!(
        "doesn't understand this protocol: {}. Set OTEL_EXPORTER_OTLP_PROTOCOL={other}, or another port",
        innermost(error)
    )
}

/// The last of an error's causes: the one that says what happened.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The method that gRPC exports a signal by.
fn method(signal: Signal) -> &'static str {
    match signal {
        Signal::Traces => "opentelemetry.proto.collector.trace.v1.TraceService/Export",
        Signal::Logs => "opentelemetry.proto.collector.logs.v1.LogsService/Export",
        Signal::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    }
}
