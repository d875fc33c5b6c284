//! Calls made by hand, and a memory to export to.
#![allow(dead_code, reason = "each test uses some of it")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry_sdk::logs::{InMemoryLogExporter, SdkLoggerProvider};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider};
use sidetone_core::event::{
    Call, Choice, Findings, Identity, Incomplete, Message, Operation, Outcome, ParentSpan, Part, Request, Response,
    Role, Server, Side, SpanId, Text, Timing, TraceId, Usage,
};
use sidetone_otel_export::Providers;
use sidetone_pipeline::Finished;

/// The start of every call made here.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// A message of one text.
pub(crate) fn message(role: Role, text: &str) -> Message {
    Message { role, name: None, parts: vec![Part::Text(Text::kept(text))], is_list: false }
}

/// The parent of every call that has one.
pub(crate) fn parent() -> ParentSpan {
    ParentSpan {
        trace_id: TraceId([0xAB; 16]),
        span_id: SpanId([0xCD; 8]),
        flags: 1,
        is_remote: false,
        trace_state: Some("vendor=1".into()),
    }
}

/// A chat that was answered, with content.
pub(crate) fn chat() -> Call {
    Call {
        operation: Operation::Chat,
        surface: "openai.chat",
        provider: "openai".into(),
        server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(18181) }),
        request: Request {
            model: Some("gpt-4o-mini".into()),
            temperature: Some(0.5),
            messages: vec![
                message(Role::System, "You are a terse assistant."),
                message(Role::User, "Say this is a test."),
            ],
            ..Request::default()
        },
        response: Response {
            status: Some(200),
            id: Some("chatcmpl-mock001".into()),
            model: Some("gpt-4o-mini-2024-07-18".into()),
            choices: vec![Choice {
                index: 0,
                message: message(Role::Assistant, "This is a test."),
                finish_reason: Some("stop".into()),
            }],
            ..Response::default()
        },
        usage: Usage { input: Some(20), output: Some(10), ..Usage::default() },
        timing: timing(),
        outcome: Outcome::Completed,
        attempts: Vec::new(),
        resend_count: None,
        parent: Some(parent()),
        span: None,
        side: Side::Client,
        is_announced: false,
        incomplete: Incomplete::default(),
        identity: Arc::new(Identity::default()),
        process: None,
        findings: Findings::default(),
        cost: None,
        step: None,
        attributes: Vec::new(),
    }
}

fn timing() -> Timing {
    Timing {
        start: start(),
        head: Some(Duration::from_millis(200)),
        first_chunk: None,
        first_output: None,
        last_chunk: None,
        output_chunks: None,
        total: Duration::from_millis(250),
    }
}

/// On its way to a sink.
pub(crate) fn finished(call: Call) -> Finished {
    Finished { call, span: None }
}

/// Providers that export to memory at once.
pub(crate) struct Memory {
    pub spans: InMemorySpanExporter,
    pub logs: InMemoryLogExporter,
    pub metrics: InMemoryMetricExporter,
    pub providers: Providers,
}

pub(crate) fn memory(sampler: Sampler) -> Memory {
    let spans = InMemorySpanExporter::default();
    let logs = InMemoryLogExporter::default();
    let metrics = InMemoryMetricExporter::default();
    let providers = Providers {
        tracer: Some(SdkTracerProvider::builder().with_sampler(sampler).with_simple_exporter(spans.clone()).build()),
        logger: Some(SdkLoggerProvider::builder().with_simple_exporter(logs.clone()).build()),
        meter: Some(SdkMeterProvider::builder().with_reader(PeriodicReader::builder(metrics.clone()).build()).build()),
    };
    Memory { spans, logs, metrics, providers }
}
