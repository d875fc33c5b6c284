//! A call's span belongs to the span that is current for its caller, OpenTelemetry's or `tracing`'s.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry::trace::{FutureExt as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry::{Context, SpanId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use sidetone::{Builder, Handle, SendObserved};
use sidetone_testkit::server::MockServer;
use support::request;
use tracing::Instrument as _;
use tracing::instrument::WithSubscriber as _;
use tracing_subscriber::layer::SubscriberExt as _;

/// Keeps what is exported.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap().extend(batch);
        Ok(())
    }
}

impl Kept {
    fn named(&self, name: &str) -> SpanData {
        let spans = self.0.lock().unwrap();
        let mut named = spans.iter().filter(|span| span.name == name);
        let (Some(span), None) = (named.next(), named.next()) else { panic!("{name} in {spans:?}") };
        span.clone()
    }
}

fn observed(builder: Builder) -> (SdkTracerProvider, Kept, Handle) {
    let kept = Kept::default();
    let tracer = SdkTracerProvider::builder().with_simple_exporter(kept.clone()).build();
    let (logger, meter) = (SdkLoggerProvider::builder().build(), SdkMeterProvider::builder().build());
    let handle = builder.providers(tracer.clone(), logger, meter).start().unwrap();
    (tracer, kept, handle)
}

async fn ask(server: &MockServer, handle: &Handle) {
    let request = request(server, "chat_basic");
    let built = reqwest::Client::new().post(request.url).header("content-type", "application/json").body(request.body);
    built.send_observed(handle).await.unwrap().bytes().await.unwrap();
}

const CALL: &str = "chat gpt-4o-mini";

fn assert_parent(kept: &Kept, parent: &str) {
    let (call, parent) = (kept.named(CALL), kept.named(parent));
    assert_eq!(call.parent_span_id, parent.span_context.span_id());
    assert_eq!(call.span_context.trace_id(), parent.span_context.trace_id());
    assert!(!call.parent_span_is_remote);
}

#[tokio::test]
async fn a_call_without_a_current_span_is_a_root() {
    let (_, kept, handle) = observed(sidetone::builder());
    ask(&MockServer::start(), &handle).await;
    handle.stop(Duration::from_secs(60)).unwrap();
    assert_eq!(kept.named(CALL).parent_span_id, SpanId::INVALID);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_belongs_to_the_current_opentelemetry_span() {
    let server = MockServer::start();
    let (tracer, kept, handle) = observed(sidetone::builder());
    let context = Context::current_with_span(tracer.tracer("app").start("answer a question"));
    ask(&server, &handle).with_context(context.clone()).await;
    context.span().end();
    handle.stop(Duration::from_secs(60)).unwrap();
    assert_parent(&kept, "answer a question");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_belongs_to_the_current_tracing_span() {
    let server = MockServer::start();
    let (tracer, kept, handle) = observed(sidetone::builder());
    let layer = tracing_opentelemetry::layer().with_tracer(tracer.tracer("app"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let asked = async {
        let outer = tracing::info_span!("handle a request");
        async {
            ask(&server, &handle).instrument(tracing::info_span!("answer a question")).await;
        }
        .instrument(outer)
        .await;
    };
    asked.with_subscriber(subscriber).await;
    handle.stop(Duration::from_secs(60)).unwrap();
    assert_parent(&kept, "answer a question");
    assert_eq!(kept.named("answer a question").parent_span_id, kept.named("handle a request").span_context.span_id());
}

#[tokio::test]
async fn the_callers_span_ends_when_the_caller_ends_it() {
    let server = MockServer::start();
    let (tracer, kept, handle) = observed(sidetone::builder());
    let context = Context::current_with_span(tracer.tracer("app").start("answer a question"));
    ask(&server, &handle).with_context(context.clone()).await;
    drop(context);
    // Nothing of ours, queued or not, keeps it.
    assert_eq!(kept.named("answer a question").name, "answer a question");
    handle.stop(Duration::from_secs(60)).unwrap();
}

#[tokio::test]
async fn trace_context_is_injected_for_listed_hosts_only() {
    let server = MockServer::start();
    for (hosts, is_injected) in [(vec![], false), (vec!["api.example"], false), (vec!["127.0.0.1"], true)] {
        server.clear_requests();
        let (tracer, kept, handle) = observed(sidetone::builder().inject_trace_context(hosts.clone()));
        let context = Context::current_with_span(tracer.tracer("app").start("answer a question"));
        ask(&server, &handle).with_context(context.clone()).await;
        context.span().end();
        handle.stop(Duration::from_secs(60)).unwrap();
        assert_parent(&kept, "answer a question");
        let own = kept.named(CALL).span_context;
        let expected = format!("00-{}-{}-01", own.trace_id(), own.span_id());
        let sent = server.requests()[0].header("traceparent").map(str::to_owned);
        assert_eq!(sent, is_injected.then_some(expected), "{hosts:?}");
    }
}

#[tokio::test]
async fn the_builders_names_are_on_the_span() {
    let (_, kept, handle) = observed(sidetone::builder().app_name("assistant").agent_id("agent-7"));
    ask(&MockServer::start(), &handle).await;
    handle.stop(Duration::from_secs(60)).unwrap();
    let attributes = kept.named(CALL).attributes;
    let value = |name: &str| attributes.iter().find(|own| own.key.as_str() == name).map(|own| own.value.to_string());
    assert_eq!(value("sidetone.app.name").as_deref(), Some("assistant"));
    assert_eq!(value("gen_ai.agent.id").as_deref(), Some("agent-7"));
}
