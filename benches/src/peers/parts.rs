//! The floors of B3: what its parts cost when they are all that is done.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::metrics::{Histogram, MeterProvider as _};
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _, TracerProvider as _};
use opentelemetry::{Array, KeyValue, StringValue, Value};
use opentelemetry_sdk::logs::SdkLogger;
use opentelemetry_sdk::trace::SdkTracer;
use serde::Deserialize;

use crate::meter::{Meter, Subject};
use crate::payload::{MODEL, Payload, TOKENS};
use crate::telemetry::{Inline, Told};

/// The fields that telemetry needs, borrowed from the body.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading them is the cost that is measured")]
pub(crate) struct Completion<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) model: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) choices: Vec<Choice<'a>>,
    pub(crate) usage: Option<Usage>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading them is the cost that is measured")]
pub(crate) struct Choice<'a> {
    pub(crate) index: u32,
    #[serde(borrow, alias = "delta")]
    pub(crate) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) finish_reason: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "reading them is the cost that is measured")]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    pub(crate) role: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) content: Option<Cow<'a, str>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Usage {
    pub(crate) prompt_tokens: u64,
    pub(crate) completion_tokens: u64,
}

/// Reads answers into borrowed structs, and does nothing with them.
pub(crate) struct TypedParse {
    body: Bytes,
    is_stream: bool,
    calls: u64,
    expected: u64,
    parsed: u64,
    tokens: u64,
}

impl TypedParse {
    pub(crate) fn new(payload: &Payload, calls: u64) -> Self {
        let is_stream = payload.chunks.len() > 8;
        Self { body: payload.body(), is_stream, calls, expected: 0, parsed: 0, tokens: 0 }
    }

    fn parse(&mut self, json: &str) {
        if let Ok(completion) = serde_json::from_str::<Completion<'_>>(json) {
            self.parsed += 1;
            if let Some(usage) = &completion.usage {
                self.tokens += usage.prompt_tokens + usage.completion_tokens;
            }
            std::hint::black_box(&completion);
        }
    }
}

impl Subject for TypedParse {
    fn round(&mut self, meter: &mut Meter) {
        let body = self.body.clone();
        meter.part(|| {
            for _ in 0..self.calls {
                if self.is_stream {
                    for data in data_lines(&body) {
                        if let Ok(data) = std::str::from_utf8(data)
                            && data != "[DONE]"
                        {
                            self.parse(data);
                        }
                    }
                } else if let Ok(body) = std::str::from_utf8(&body) {
                    self.parse(body);
                }
            }
        });
        self.expected += self.calls;
    }

    fn check(&mut self) -> Result<(), String> {
        let (input, output) = TOKENS;
        let right = self.tokens == self.expected * (input + output) && self.parsed >= self.expected;
        if right { Ok(()) } else { Err(format!("{} of {} answers were parsed", self.parsed, self.expected)) }
    }
}

/// The `data:` lines of an event stream.
pub(crate) fn data_lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', body).filter_map(move |end| {
        let line = &body[std::mem::replace(&mut start, end + 1)..end];
        let data = line.strip_prefix(b"data:")?;
        Some(data.strip_prefix(b" ").unwrap_or(data))
    })
}

/// Emits a span with 15 attributes, three log records and three histogram points a call.
pub(crate) struct Emit {
    inline: Inline,
    tracer: SdkTracer,
    logger: SdkLogger,
    durations: Histogram<f64>,
    tokens: Histogram<u64>,
    payload: Payload,
    calls: u64,
    /// Whether the log records carry the texts.
    full: bool,
    made: u64,
}

impl Emit {
    pub(crate) fn new(payload: &Payload, calls: u64, full: bool) -> Self {
        let inline = Inline::new();
        let (tracer, logger, meter) = match &inline.providers {
            sidetone_otel_export::Providers { tracer: Some(tracer), logger: Some(logger), meter: Some(meter) } => {
                (tracer.tracer("floor"), logger.logger("floor"), meter.meter("floor"))
            }
            _ => unreachable!("inline providers have all three signals"),
        };
        let durations = meter.f64_histogram("gen_ai.client.operation.duration").build();
        let tokens = meter.u64_histogram("gen_ai.client.token.usage").build();
        Self { inline, tracer, logger, durations, tokens, payload: payload.clone(), calls, full, made: 0 }
    }

    fn call(&self) {
        let now = SystemTime::now();
        let (input, output) = (TOKENS.0 as i64, TOKENS.1 as i64);
        let reasons = Value::Array(Array::String(vec![StringValue::from("stop".to_owned())]));
        let attributes = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", MODEL.to_owned()),
            KeyValue::new("gen_ai.response.model", MODEL.to_owned()),
            KeyValue::new("gen_ai.response.id", "chatcmpl-1".to_owned()),
            KeyValue::new("server.address", "api.openai.com".to_owned()),
            KeyValue::new("server.port", 443_i64),
            KeyValue::new("gen_ai.usage.input_tokens", input),
            KeyValue::new("gen_ai.usage.output_tokens", output),
            KeyValue::new("gen_ai.request.temperature", 0.5),
            KeyValue::new("gen_ai.request.top_p", 0.9),
            KeyValue::new("gen_ai.request.max_tokens", 100_i64),
            KeyValue::new("gen_ai.request.seed", 1_i64),
            KeyValue::new("gen_ai.output.type", "text"),
            KeyValue::new("gen_ai.response.finish_reasons", reasons),
        ];
        let mut span = self
            .tracer
            .span_builder("chat gpt-4o-mini")
            .with_kind(SpanKind::Client)
            .with_start_time(now)
            .with_attributes(attributes)
            .start(&self.tracer);
        span.end_with_timestamp(now + Duration::from_millis(5));
        let context = span.span_context().clone();
        let texts = ["You are terse.", "Say something about the sea.", &self.payload.text];
        for text in texts {
            let mut record = self.logger.create_log_record();
            record.set_event_name("gen_ai.choice");
            record.set_trace_context(context.trace_id(), context.span_id(), Some(context.trace_flags()));
            record.add_attribute("gen_ai.system", "openai");
            let mut body = std::collections::HashMap::with_capacity(1);
            let content = if self.full { AnyValue::from(text.to_owned()) } else { AnyValue::from("") };
            let message = AnyValue::Map(Box::new([("content".into(), content)].into()));
            body.insert("message".into(), message);
            record.set_body(AnyValue::Map(Box::new(body)));
            self.logger.emit(record);
        }
        let own = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "openai"),
            KeyValue::new("gen_ai.request.model", MODEL),
            KeyValue::new("gen_ai.response.model", MODEL),
            KeyValue::new("server.address", "api.openai.com"),
        ];
        self.durations.record(0.1, &own);
        self.tokens.record(TOKENS.0, &own);
        self.tokens.record(TOKENS.1, &own);
    }
}

impl Subject for Emit {
    fn round(&mut self, meter: &mut Meter) {
        meter.part(|| {
            for _ in 0..self.calls {
                self.call();
            }
        });
        self.made += self.calls;
    }

    fn check(&mut self) -> Result<(), String> {
        let text =
            if self.full { self.payload.clone() } else { Payload { text: String::new(), ..self.payload.clone() } };
        self.inline.check(self.made, &text, sidetone_core::policy::Content::Full, Told::AsEvents)
    }
}
