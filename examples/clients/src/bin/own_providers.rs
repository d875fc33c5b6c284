//! An application's own OpenTelemetry providers: sidetone writes to them, flushes them, and never shuts them down.

use std::error::Error;
use std::time::Duration;

use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use sidetone::SendObserved;
use sidetone_testkit::server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let tracer =
        SdkTracerProvider::builder().with_simple_exporter(opentelemetry_stdout::SpanExporter::default()).build();
    let logger =
        SdkLoggerProvider::builder().with_simple_exporter(opentelemetry_stdout::LogExporter::default()).build();
    let meter =
        SdkMeterProvider::builder().with_periodic_exporter(opentelemetry_stdout::MetricExporter::default()).build();
    let sidetone = sidetone::builder().providers(tracer.clone(), logger.clone(), meter.clone()).start()?;

    let server = MockServer::start();
    let client = reqwest::Client::new();
    let question = serde_json::json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello"}]});

    // The call's span is a child of the span that is current when the request is sent.
    let own = tracer.tracer("assistant").start("answer a question");
    let context = opentelemetry::Context::current_with_span(own);
    let sent = {
        let _current = context.clone().attach();
        client.post(format!("{}/chat/completions", server.base_url())).json(&question).send_observed(&sidetone)
    };
    let answer: serde_json::Value =
        opentelemetry::trace::FutureExt::with_context(sent, context.clone()).await?.json().await?;
    context.span().end();

    sidetone.stop(Duration::from_secs(5))?;
    tracer.shutdown()?;
    logger.shutdown()?;
    meter.shutdown()?;
    assert_eq!(answer["choices"][0]["message"]["role"], "assistant");
    Ok(())
}
