//! What the targets of readers share: bytes of the fuzzer as what arrived of one span, and what is claimed of reading it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use sidetone_core::dialect::Value;
use sidetone_core::dialect::names;
use sidetone_core::dialect::read::{
    EventRecord, Field, LogRecord, READERS, Reader, RecordStatus, Records, SpanKind, SpanRecord, read_any, read_as,
};
use sidetone_core::event::{SpanId, TraceId};

/// A target of its own for the reader of that name.
#[macro_export]
macro_rules! reader {
    ($name:literal) => {
        #[global_allocator]
        static ALLOCATOR: $crate::telemetry::Counted = $crate::telemetry::Counted;

        libfuzzer_sys::fuzz_target!(|script: &[u8]| $crate::telemetry::check($name, script));
    };
}

/// An allocator that counts bytes: those held now, the most that were, and all that were ever asked for.
pub struct Counted;

static HELD: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static ASKED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(layout.size(), Relaxed);
        MOST.fetch_max(HELD.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's.
        unsafe { System.dealloc(place, layout) }
    }
}

/// Names of attributes, `N` for an index. What those of the readers have no table of is here.
fn attribute_names() -> Vec<&'static str> {
    let tables = names::CONVENTIONS.iter().map(|row| row.name);
    let tables = tables.chain(names::EXTENSIONS.iter().map(|own| own.name)).chain(names::GENERAL.iter().copied());
    let lists = [names::traceloop::TRACELOOP, names::openinference::OPENINFERENCE, names::posthog::POSTHOG];
    tables.chain(lists.into_iter().flatten().map(|(name, _)| *name)).chain(NAMES.iter().copied()).collect()
}

const NAMES: &[&str] = &[
    "llm.headers",
    "llm.top_k",
    "gen_ai.prompt.N.function_call.name",
    "gen_ai.completion.N.function_call.arguments",
    "traceloop.association.properties.user_id",
    "llm.input_messages.N.message.role",
    "llm.input_messages.N.message.content",
    "llm.input_messages.N.message.name",
    "llm.input_messages.N.message.tool_call_id",
    "llm.input_messages.N.message.contents.N.message_content.type",
    "llm.input_messages.N.message.contents.N.message_content.text",
    "llm.input_messages.N.message.contents.N.message_content.image.image.url",
    "llm.input_messages.N.message.tool_calls.N.tool_call.id",
    "llm.input_messages.N.message.tool_calls.N.tool_call.function.name",
    "llm.input_messages.N.message.tool_calls.N.tool_call.function.arguments",
    "llm.output_messages.N.message.role",
    "llm.output_messages.N.message.content",
    "llm.output_messages.N.message.contents.N.message_content.type",
    "llm.output_messages.N.message.contents.N.message_content.text",
    "llm.output_messages.N.message.tool_calls.N.tool_call.id",
    "llm.output_messages.N.message.tool_calls.N.tool_call.function.name",
    "llm.output_messages.N.message.tool_calls.N.tool_call.function.arguments",
    "llm.prompts.N.prompt.text",
    "llm.choices.N.completion.text",
    "llm.tools.N.tool.json_schema",
    "embedding.embeddings.N.embedding.text",
    "embedding.embeddings.N.embedding.vector",
    "retrieval.documents.N.document.content",
    "reranker.output_documents.N.document.score",
    "ai.operationId",
    "operation.name",
    "ai.model.id",
    "ai.model.provider",
    "ai.prompt",
    "ai.prompt.messages",
    "ai.prompt.tools",
    "ai.prompt.toolChoice",
    "ai.value",
    "ai.values",
    "ai.embedding",
    "ai.embeddings",
    "ai.response.text",
    "ai.response.object",
    "ai.response.reasoning",
    "ai.response.toolCalls",
    "ai.response.finishReason",
    "ai.response.id",
    "ai.response.model",
    "ai.response.timestamp",
    "ai.response.msToFirstChunk",
    "ai.response.msToFinish",
    "ai.response.providerMetadata",
    "ai.schema",
    "ai.schema.name",
    "ai.settings.maxOutputTokens",
    "ai.settings.temperature",
    "ai.settings.stopSequences",
    "ai.settings.maxRetries",
    "ai.telemetry.functionId",
    "ai.telemetry.metadata.userId",
    "ai.toolCall.name",
    "ai.toolCall.id",
    "ai.toolCall.args",
    "ai.toolCall.result",
    "ai.usage.promptTokens",
    "ai.usage.completionTokens",
    "ai.usage.inputTokens",
    "ai.usage.outputTokens",
    "ai.usage.totalTokens",
    "ai.usage.reasoningTokens",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.tokens",
    "posthog.ai.trace_id",
    "posthog.ai.input",
    "posthog.ai.output_choices",
    "user.id",
    "session.id",
    "input.value",
    "output.value",
    "exception.type",
    "exception.message",
];

/// Names of spans and of events.
const OCCASIONS: &[&str] = &[
    "openai.chat",
    "openai.response",
    "openai.completion",
    "openai.embeddings",
    "chat gpt-4o-mini",
    "ChatCompletion",
    "ai.generateText",
    "ai.generateText.doGenerate",
    "ai.streamText.doStream",
    "ai.toolCall",
    "$ai_generation",
    "$ai_span",
    "$ai_trace",
    "$ai_embedding",
    "exception",
    "sidetone.attempt",
    "sidetone.security.finding",
    "llm.content.completion.chunk",
    "gen_ai.content.completion.chunk",
    "gen_ai.system.message",
    "gen_ai.developer.message",
    "gen_ai.user.message",
    "gen_ai.assistant.message",
    "gen_ai.tool.message",
    "gen_ai.choice",
    "gen_ai.client.inference.operation.details",
    "gen_ai.client.operation.exception",
];

/// Keys of what is structured, and words that mean something there.
const WORDS: &[&str] = &[
    "role",
    "content",
    "parts",
    "type",
    "text",
    "name",
    "id",
    "index",
    "finish_reason",
    "message",
    "refusal",
    "reasoning",
    "reasoning_content",
    "summary",
    "summary_text",
    "tool_calls",
    "tool_call",
    "tool_call_id",
    "call_id",
    "function",
    "custom",
    "input",
    "arguments",
    "args",
    "response",
    "result",
    "output",
    "tool_call_response",
    "function_call",
    "function_call_output",
    "web_search_call",
    "server_tool_call",
    "input_text",
    "output_text",
    "image_url",
    "input_audio",
    "file",
    "url",
    "data",
    "format",
    "detail",
    "modality",
    "mime_type",
    "uri",
    "blob",
    "file_id",
    "filename",
    "parameters",
    "description",
    "json_schema",
    "model",
    "messages",
    "prompt",
    "instructions",
    "choices",
    "usage",
    "user",
    "system",
    "assistant",
    "tool",
    "developer",
    "chat",
    "completion",
    "embedding",
    "stop",
    "error",
    "tool-call",
    "tool-calls",
    "toolCallId",
    "toolName",
    "sidetone.list",
    "sidetone.index",
    "sidetone.kind",
    "LLM",
    "EMBEDDING",
    "application/json",
    "openai",
    "openai.responses",
    "http://127.0.0.1:8080/v1/",
    "",
];

/// Indices that are none of a few: around limits of counts and of types.
const INDICES: [&str; 8] =
    ["16383", "16384", "1000000000", "4294967295", "4294967296", "18446744073709551616", "01", "-1"];

/// Most bytes of text that a script makes: one that says "again" often would be as slow as it likes.
const TEXT: usize = 1 << 16;
/// How deep a value goes.
const DEPTH: usize = 12;

struct Script<'a> {
    rest: &'a [u8],
    names: &'a [&'static str],
    left: usize,
}

impl Script<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    fn number(&mut self) -> i64 {
        (0..8).fold(0, |so_far, _| so_far << 8 | i64::from(self.byte()))
    }

    fn text(&mut self, len: usize) -> String {
        let (text, rest) = self.rest.split_at(len.min(self.rest.len()));
        self.rest = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    /// A name: 255 and a length before one that is spelled, or two bytes that choose one of the table, and its indices.
    fn name(&mut self, table: &[&'static str]) -> String {
        let (high, low) = (self.byte(), self.byte());
        if high == 255 {
            return self.text(low.into());
        }
        let name = table[usize::from(u16::from_be_bytes([high, low])) % table.len()];
        let part = |part: &str| if part == "N" { self.index() } else { part.to_owned() };
        name.split('.').map(part).collect::<Vec<_>>().join(".")
    }

    fn index(&mut self) -> String {
        match self.byte() {
            rare @ 248.. => INDICES[usize::from(rare - 248)].to_owned(),
            often => often.to_string(),
        }
    }

    fn said(&mut self, text: String, times: usize) -> String {
        let times = times.min(self.left / text.len().max(1));
        self.left -= text.len() * times;
        text.repeat(times)
    }

    fn value(&mut self, depth: usize) -> Value<'static> {
        let kind = self.byte() % 14;
        match kind {
            0 => Value::Null,
            1 => Value::Bool(self.byte() % 2 == 1),
            2 => Value::Int(i64::from(self.byte())),
            3 => Value::Int(self.number()),
            4 => Value::Double(f64::from_bits(self.number().cast_unsigned())),
            5 => Value::Double(f64::from(self.byte()) / 8.0),
            6 => Value::Static(WORDS[usize::from(self.byte()) % WORDS.len()]),
            7 => {
                let len = self.byte();
                let text = self.text(len.into());
                Value::String(self.said(text, 1))
            }
            8 => {
                let len = u16::from_be_bytes([self.byte(), self.byte()]);
                let text = self.text(len.into());
                Value::String(self.said(text, 1))
            }
            // The same again and again.
            9 => {
                let (len, times) = (self.byte(), u16::from_be_bytes([self.byte(), self.byte()]));
                let text = self.text(len.into());
                Value::String(self.said(text, times.into()))
            }
            10 => Value::Strings((0..self.byte() % 8).map(|at| WORDS[usize::from(at)]).collect()),
            // As JSON text.
            11 if depth > 0 => {
                let json = self.value(depth - 1).to_json();
                Value::String(self.said(json, 1))
            }
            12 if depth > 0 => Value::Array((0..self.byte() % 9).map_while(|_| self.element(depth)).collect()),
            13 if depth > 0 => Value::Map(
                (0..self.byte() % 9)
                    .map_while(|_| {
                        let key = self.name(WORDS);
                        Some((Cow::Owned(key), self.element(depth)?))
                    })
                    .collect(),
            ),
            _ => Value::Null,
        }
    }

    /// A value inside of another; none behind the end.
    fn element(&mut self, depth: usize) -> Option<Value<'static>> {
        (!self.rest.is_empty()).then(|| self.value(depth - 1))
    }

    fn field(&mut self) -> Field<'static> {
        (Cow::Owned(self.name(self.names)), self.value(DEPTH))
    }
}

const TRACE: TraceId = TraceId([7; 16]);
const SPAN: SpanId = SpanId([8; 8]);

fn moment(tick: u8) -> Option<SystemTime> {
    Some(SystemTime::UNIX_EPOCH + Duration::from_millis(u64::from(tick)))
}

fn new_span(tick: u8) -> SpanRecord<'static> {
    SpanRecord {
        trace_id: Some(TRACE),
        span_id: Some(SPAN),
        kind: SpanKind::Client,
        start: moment(0),
        end: moment(tick),
        ..SpanRecord::default()
    }
}

/// A script: a seed, then each step is an operation and what it needs.
fn records(script: &[u8]) -> (u8, Vec<SpanRecord<'static>>, Vec<LogRecord<'static>>) {
    let names = attribute_names();
    let Some((seed, rest)) = script.split_first() else { return Default::default() };
    let mut script = Script { rest, names: &names, left: TEXT };
    let (mut spans, mut logs) = (vec![new_span(200)], Vec::<LogRecord<'static>>::new());
    while !script.rest.is_empty() {
        let operation = script.byte() % 16;
        let Some(span) = spans.last_mut() else { break };
        match operation {
            0..8 => span.attributes.push(script.field()),
            8 => span.name = script.name(OCCASIONS).into(),
            9 => {
                span.status = match script.byte() % 3 {
                    0 => RecordStatus::Unset,
                    1 => RecordStatus::Ok,
                    _ => RecordStatus::Error(script.name(OCCASIONS).into()),
                }
            }
            10 => {
                let name = script.name(OCCASIONS).into();
                span.events.push(EventRecord { name, time: moment(script.byte()), attributes: Vec::new() });
            }
            11 => {
                let field = script.field();
                if let Some(event) = span.events.last_mut() {
                    event.attributes.push(field);
                }
            }
            12 => {
                let (trace_id, span_id) = (Some(TRACE), Some(SPAN));
                let name = script.name(OCCASIONS).into();
                logs.push(LogRecord { trace_id, span_id, name, time: moment(script.byte()), ..LogRecord::default() });
            }
            13 => {
                let field = script.field();
                if let Some(log) = logs.last_mut() {
                    log.attributes.push(field);
                }
            }
            14 => {
                let body = script.value(DEPTH);
                if let Some(log) = logs.last_mut() {
                    log.body = Some(body);
                }
            }
            _ => {
                let tick = script.byte();
                spans.push(new_span(tick));
            }
        }
    }
    (*seed, spans, logs)
}

/// Bytes that arrived, each value counted as what holds it.
fn size(spans: &[SpanRecord<'_>], logs: &[LogRecord<'_>]) -> usize {
    fn of(value: &Value<'_>) -> usize {
        let inner = match value {
            Value::Array(values) => values.iter().map(of).sum(),
            Value::Map(members) => members.iter().map(|(key, value)| key.len() + of(value)).sum(),
            Value::Strings(texts) => texts.iter().map(|text| 16 + text.len()).sum(),
            value => value.as_str().map_or(0, str::len),
        };
        size_of::<Value<'_>>() + inner
    }
    let fields = |all: &[Field<'_>]| all.iter().map(|(name, value)| 24 + name.len() + of(value)).sum::<usize>();
    let event = |event: &EventRecord<'_>| 64 + event.name.len() + fields(&event.attributes);
    let span = |span: &SpanRecord<'_>| {
        256 + span.name.len() + fields(&span.attributes) + span.events.iter().map(event).sum::<usize>()
    };
    let log = |log: &LogRecord<'_>| 128 + log.name.len() + fields(&log.attributes) + log.body.as_ref().map_or(0, of);
    spans.iter().map(span).sum::<usize>() + logs.iter().map(log).sum::<usize>()
}

/// The same in another order, some of it twice.
fn shuffled<T: Clone>(all: &[T], mut state: u32) -> Vec<T> {
    let mut mixed = all.to_vec();
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize % below
    };
    for _ in 0..all.len().min(2) {
        mixed.push(all[next(all.len())].clone());
    }
    for at in (1..mixed.len()).rev() {
        mixed.swap(at, next(at + 1));
    }
    mixed
}

/// Bytes of memory for each byte that arrived, and beside them: an empty JSON object in a list is two bytes, and a part.
const MEMORY: usize = 512;
const BESIDE: usize = 1 << 17;

/// How often the longer of two scripts says what the shorter says; how much more than that many times as long it may take.
const TIMES: usize = 8;
const NOISE: u32 = 6;
const LEAST: Duration = Duration::from_millis(100);

/// Processor time of this thread, as Linux tells it: a machine that fuzzes is busy, and its clock says little. Zero elsewhere.
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|nanos| nanos.parse().ok()).unwrap_or_default())
}

/// The same span with more of each attribute: under other indices, and with longer texts.
fn longer(span: &SpanRecord<'static>) -> SpanRecord<'static> {
    let shifted = |name: &str, by: usize| {
        let part = |part: &str| match part.parse::<u32>() {
            Ok(number) => (u64::from(number) + 977 * by as u64).to_string(),
            Err(_) => part.to_owned(),
        };
        name.split('.').map(part).collect::<Vec<_>>().join(".")
    };
    let more = |by: usize| span.attributes.iter().map(move |(name, value)| (shifted(name, by).into(), value.clone()));
    SpanRecord { attributes: (0..TIMES).flat_map(more).collect(), ..span.clone() }
}

fn took(reader: &dyn Reader, records: &Records<'_>) -> Duration {
    let start = processor_time();
    std::hint::black_box((read_any(records), read_as(reader, records)));
    processor_time().saturating_sub(start)
}

/// Whatever arrived is read without a panic, to the same in whatever order and how often it came, in memory and time that are in
/// proportion to it.
pub fn check(reader: &str, script: &[u8]) {
    let reader = *READERS.iter().find(|it| it.name() == reader).expect("a reader of that name");
    let (seed, spans, logs) = records(script);
    let bytes = size(&spans, &logs);
    let records = Records::new(spans.clone(), logs.clone());
    let (held, asked) = (HELD.load(Relaxed), ASKED.load(Relaxed));
    MOST.store(held, Relaxed);
    let (any, own) = (read_any(&records), read_as(reader, &records));
    let (most, asked) = (MOST.load(Relaxed) - held, ASKED.load(Relaxed) - asked);
    assert!(most <= BESIDE + MEMORY * bytes, "{most} bytes are held at once of {bytes}");
    assert!(asked <= BESIDE + 2 * MEMORY * bytes, "{asked} bytes are asked for of {bytes}");
    assert!(any.is_some() || own.is_none(), "who reads one dialect reads any");
    let other = Records::new(shuffled(&spans, seed.into()), shuffled(&logs, seed.into()));
    let again = (read_any(&other), read_as(reader, &other));
    let before = (any, own);
    // A number that is none equals nothing, but shows the same.
    if before != again {
        assert_eq!(format!("{before:?}"), format!("{again:?}"), "in another order, shuffled by {seed}");
    }
    if seed % 16 == 0 {
        let long = spans.iter().map(longer).collect();
        let long = Records::new(long, logs);
        let (short, long) = (took(reader, &records), took(reader, &long));
        assert!(long < short * u32::try_from(TIMES).unwrap() * NOISE + LEAST, "{short:?} and {long:?}");
    }
}
