//! Every field of the event, how to show it and how to give it another value.
//!
//! Each struct is taken apart with all its fields named: one that is added has no row, and this doesn't compile.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_core::event::{
    Attempt, Call, Category, Choice, Cost, EmbeddingsRequest, EndUser, ErrorClass, Failure, Finding, Identity,
    Incomplete, Media, MediaSource, Message, Missing, MissingBytes, Modality, MoreFindings, Operation, Outcome,
    OwnSpan, ParentSpan, Part, Place, PriceSource, Process, RateLimit, Request, Response, Role, Server, Severity, Side,
    SpanId, Step, Text, Timing, ToolCall, ToolDefinition, TraceId, Usage, Usd, Value,
};

/// Shows a field; `None` if the call has no such thing.
type Show = Box<dyn Fn(&mut Call) -> Option<String>>;

/// A field of the event.
pub(super) struct Row {
    pub(super) path: String,
    /// What it says; `None` if the call has no such thing.
    pub(super) show: Show,
    /// Gives it another value.
    pub(super) change: Box<dyn Fn(&mut Call)>,
}

/// A value that can be shown and become another.
trait Cell {
    fn show(&self) -> String;
    fn change(&mut self);
}

macro_rules! cells {
    ($($type:ty => |$value:ident| $change:expr;)+) => {
        $(impl Cell for $type {
            fn show(&self) -> String {
                shown(self)
            }
            fn change(&mut self) {
                let $value = self;
                $change;
            }
        })+
    };
}

fn shown(value: &impl Debug) -> String {
    format!("{value:?}")
}

fn other(text: &str) -> String {
    if text == "other" { "another".to_owned() } else { "other".to_owned() }
}

cells! {
    bool => |value| *value = !*value;
    u8 => |value| *value ^= 1;
    u32 => |value| *value += 7;
    u64 => |value| *value += 7;
    Box<str> => |value| *value = other(value).into();
    Cow<'static, str> => |value| *value = other(value).into();
    Option<Box<str>> => |value| *value = Some(other(value.as_deref().unwrap_or_default()).into());
    Option<Cow<'static, str>> => |value| *value = Some(other(value.as_deref().unwrap_or_default()).into());
    Option<bool> => |value| *value = Some(!value.unwrap_or(false));
    Option<f64> => |value| *value = Some(value.unwrap_or(0.0) + 0.25);
    Option<i64> => |value| *value = Some(value.unwrap_or(0) + 7);
    Option<u64> => |value| *value = Some(value.unwrap_or(0) + 7);
    Option<u32> => |value| *value = Some(value.unwrap_or(0) + 7);
    Option<u16> => |value| *value = Some(value.unwrap_or(0) + 7);
    Vec<Box<str>> => |value| value.push("other".into());
    Duration => |value| *value += Duration::from_millis(7);
    SystemTime => |value| *value += Duration::from_millis(7);
    Operation => |value| *value = Operation::Other("other".into());
    ErrorClass => |value| *value = ErrorClass::NotFound;
    Role => |value| *value = Role::Other("other".into());
    Side => |value| *value = Side::Server;
    TraceId => |value| value.0[3] ^= 1;
    SpanId => |value| value.0[3] ^= 1;
    Category => |value| *value = Category::Keyword;
    Severity => |value| *value = Severity::Low;
    Usd => |value| *value = Usd::from_attos(value.attos() + 10_u128.pow(12));
    Vec<std::ops::Range<u64>> => |value| value.push(90..91);
    std::ops::Range<usize> => |value| value.end += 7;
    sidetone_core::event::Field => |value| *value = sidetone_core::event::Field::Tool(7);
    Vec<(Box<str>, Box<str>)> => |value| value.push(("other".into(), "another".into()));
    Vec<(Box<str>, Value)> => |value| value.push(("other.name".into(), Value::Int(7)));
    [Usd; sidetone_core::event::TokenClass::COUNT] => |value| value[0] = Usd::from_attos(value[0].attos() + 1);
}

impl Cell for &'static str {
    fn show(&self) -> String {
        shown(self)
    }
    fn change(&mut self) {
        *self = if *self == "openai.responses" { "openai.chat" } else { "openai.responses" };
    }
}

/// To ten microseconds: a mean is told in whole nanoseconds, and what is counted from it is off by one for each chunk.
impl Cell for Option<Duration> {
    fn show(&self) -> String {
        shown(&self.map(|time| (time.as_nanos() + 5_000) / 10_000))
    }
    fn change(&mut self) {
        *self = Some(self.unwrap_or_default() + Duration::from_millis(7));
    }
}

impl Cell for Modality {
    fn show(&self) -> String {
        shown(self)
    }
    fn change(&mut self) {
        *self = match self {
            Self::Audio => Self::Image,
            _ => Self::Audio,
        };
    }
}

impl Cell for Option<Value> {
    fn show(&self) -> String {
        shown(self)
    }
    fn change(&mut self) {
        *self = Some(Value::Map(vec![("type".to_owned(), Value::String("array".to_owned()))]));
    }
}

/// The characters; what is JSON is shown without the blanks of who wrote it.
impl Cell for Text {
    fn show(&self) -> String {
        let json = |text: &str| {
            let value = serde_json::from_str::<serde_json::Value>(text)
                .ok()
                .filter(|value| value.is_object() || value.is_array());
            value.map_or_else(|| text.to_owned(), |value| value.to_string())
        };
        shown(&self.as_str().map(json))
    }
    fn change(&mut self) {
        *self = Text::kept(if self.as_str().is_some_and(|text| text.starts_with('{')) {
            r#"{"other":1}"#.to_owned()
        } else {
            other(self.as_str().unwrap_or_default())
        });
    }
}

impl Cell for Option<Text> {
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "None".to_owned(), Cell::show)
    }
    fn change(&mut self) {
        self.get_or_insert_with(|| Text::kept("said")).change();
    }
}

impl Cell for MediaSource {
    fn show(&self) -> String {
        match self {
            Self::Uri(text) => format!("uri {}", text.show()),
            Self::Inline(text) => format!("inline {}", text.show()),
            Self::Id(text) => format!("id {}", text.show()),
            _ => "unknown".to_owned(),
        }
    }
    fn change(&mut self) {
        *self = Self::Id(Text::kept("file-other"));
    }
}

/// A row for each field of a struct; those behind `;` have rows of their own, or none since they hold others.
macro_rules! fields {
    ($all:ident, $struct:ident, $path:literal, $reach:expr; $($field:ident),*; $($nested:ident),*) => {{
        fn exhaustive($struct { $($field: _,)* $($nested: _,)* }: &$struct) {}
        let _ = exhaustive;
        let reach: fn(&mut Call) -> Option<&mut $struct> = $reach;
        let _ = reach;
        $($all.push(Row {
            path: concat!($path, stringify!($field)).to_owned(),
            show: Box::new(move |call| reach(call).map(|of| Cell::show(&of.$field))),
            change: Box::new(move |call| reach(call).into_iter().for_each(|of| Cell::change(&mut of.$field))),
        });)*
    }};
}

/// A row for one thing.
fn row<T: Cell + 'static>(path: &str, reach: fn(&mut Call) -> Option<&mut T>) -> Row {
    Row {
        path: path.to_owned(),
        show: Box::new(move |call| reach(call).map(|cell| cell.show())),
        change: Box::new(move |call| reach(call).into_iter().for_each(Cell::change)),
    }
}

fn failure(call: &mut Call) -> Option<&mut Failure> {
    match &mut call.outcome {
        Outcome::Failed(failure) => Some(failure),
        _ => None,
    }
}

fn parts(call: &mut Call) -> impl Iterator<Item = &mut Part> {
    let Call { request, response, .. } = call;
    let came = response.choices.iter_mut().map(|choice| &mut choice.message);
    request.messages.iter_mut().chain(came).flat_map(|message| &mut message.parts)
}

/// The first part for which there is something.
macro_rules! first {
    ($pattern:pat => $found:expr) => {
        |call| parts(call).find_map(|part| if let $pattern = part { Some($found) } else { None })
    };
}

/// Every field of the event.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn rows() -> Vec<Row> {
    let mut all = Vec::new();
    fields!(all, Call, "", |call| Some(call); operation, surface, provider, resend_count, side, is_announced, attributes;
        server, request, response, usage, timing, outcome, attempts, parent, span, incomplete, identity, process, findings, cost, step);
    fields!(all, Server, "server.", |call| Some(Arc::make_mut(&mut call.server)); address, port;);
    fields!(all, Request, "request.", |call| Some(&mut call.request);
        model, stream, temperature, top_p, top_k, max_tokens, choice_count, frequency_penalty, presence_penalty, stop_sequences, seed,
        response_format, service_tier, reasoning_effort, output_modalities, previous_response_id, conversation_id, instructions,
        body_bytes;
        end_user, messages, tools, embeddings);
    fields!(all, EndUser, "request.end_user.", |call| Some(&mut call.request.end_user);
        user, safety_identifier, metadata;);
    fields!(all, EmbeddingsRequest, "request.embeddings.", |call| call.request.embeddings.as_mut();
        encoding_format, dimensions, inputs;);
    fields!(all, ToolDefinition, "request.tools.", |call| call.request.tools.first_mut();
        kind, name, description, parameters;);
    fields!(all, Message, "request.messages.", |call| call.request.messages.first_mut(); role, name, is_list; parts);
    fields!(all, Response, "response.", |call| Some(&mut call.response);
        status, id, model, service_tier, system_fingerprint, state, embedding_dimensions, request_id, processing_ms,
        body_bytes;
        choices, rate_limit, is_stream);
    fields!(all, RateLimit, "response.rate_limit.", |call| Some(&mut call.response.rate_limit);
        remaining_requests, remaining_tokens;);
    fields!(all, Choice, "response.choices.", |call| call.response.choices.last_mut(); index, finish_reason; message);
    fields!(all, Message, "response.choices.message.", |call| call.response.choices.first_mut().map(|choice| &mut choice.message);
        role, name, is_list; parts);
    all.extend([
        row("parts.text", first!(Part::Text(text) => text)),
        row("parts.refusal", first!(Part::Refusal(text) => text)),
        row("parts.reasoning", first!(Part::Reasoning(text) => text)),
        row("parts.tool_result.id", first!(Part::ToolResult { id, .. } => id)),
        row("parts.tool_result.content", first!(Part::ToolResult { content, .. } => content)),
        row("parts.tool_result.is_list", |call| {
            parts(call).find_map(|part| if let Part::ToolResult { is_list, .. } = part { Some(is_list) } else { None })
        }),
        row("parts.other.id", first!(Part::Other { id, .. } => id)),
        Row {
            path: "parts.other.kind".to_owned(),
            show: Box::new(|call| {
                parts(call).find_map(|part| if let Part::Other { kind, .. } = part { Some(kind.show()) } else { None })
            }),
            change: Box::new(|call| {
                for part in parts(call) {
                    if let Part::Other { kind, json, .. } = part {
                        let other = json.as_str().map(|json| json.replace(&**kind, "file_search_call"));
                        *json = other.map_or(json.clone(), Text::kept);
                        *kind = "file_search_call".into();
                    }
                }
            }),
        },
        // A stream is what has chunks.
        Row {
            path: "response.is_stream".to_owned(),
            show: Box::new(|call| Some(call.response.is_stream.show())),
            change: Box::new(|call| {
                call.response.is_stream = false;
                call.request.stream = None;
                let Timing { first_chunk, first_output, last_chunk, output_chunks, .. } = &mut call.timing;
                [first_chunk, first_output, last_chunk].into_iter().for_each(|time| *time = None);
                *output_chunks = None;
            }),
        },
        row("parts.other.json", first!(Part::Other { json, .. } => json)),
        Row {
            path: "parts".to_owned(),
            show: Box::new(|call| Some(shown(&parts(call).map(|part| kind(part)).collect::<Vec<_>>()))),
            change: Box::new(|call| {
                let longest = call.request.messages.iter_mut().max_by_key(|message| message.parts.len());
                longest.into_iter().for_each(|message| message.parts.reverse());
            }),
        },
        Row {
            path: "parts.bytes".to_owned(),
            show: Box::new(|call| {
                Some(shown(&parts(call).filter_map(said).map(|text| text.bytes()).collect::<Vec<_>>()))
            }),
            change: Box::new(|call| {
                for text in parts(call).filter_map(said) {
                    let bytes = text.bytes() + 7;
                    *text = text.as_str().map_or(Text::sized(bytes), |kept| Text::truncated(bytes, kept));
                }
            }),
        },
    ]);
    fields!(all, ToolCall, "parts.tool_call.", first!(Part::ToolCall(call) => call); id, kind, name, arguments;);
    fields!(all, Media, "parts.media.", first!(Part::Media(media) => media); modality, format, source, detail, name, sha256;);
    fields!(all, Usage, "usage.", |call| Some(&mut call.usage);
        input, output, total, cache_read, cache_read_audio, cache_write, cache_write_1h, reasoning, input_audio, output_audio,
        input_image, output_image, accepted_prediction, rejected_prediction;);
    fields!(all, Timing, "timing.", |call| Some(&mut call.timing);
        start, head, first_chunk, first_output, last_chunk, output_chunks, total;);
    all.push(Row {
        path: "outcome".to_owned(),
        show: Box::new(|call| Some(call.outcome.as_str().to_owned())),
        change: Box::new(|call| call.outcome = Outcome::Cancelled),
    });
    fields!(all, Failure, "outcome.failure.", failure; class, code, message;);
    fields!(all, Attempt, "attempts.", |call| call.attempts.first_mut(); number, ended, status, retry_after, error;);
    fields!(all, ParentSpan, "parent.", |call| call.parent.as_mut(); span_id, flags, is_remote, trace_state; trace_id);
    fields!(all, OwnSpan, "span.", |call| call.span.as_mut(); span_id; trace_id);
    // A span is in its parent's trace.
    all.push(Row {
        path: "span.trace_id".to_owned(),
        show: Box::new(|call| call.span.map(|span| span.trace_id.show())),
        change: Box::new(|call| {
            let span = call.span.iter_mut().map(|span| &mut span.trace_id);
            span.chain(call.parent.iter_mut().map(|parent| &mut parent.trace_id)).for_each(Cell::change);
        }),
    });
    fields!(all, Incomplete, "incomplete.", |call| Some(&mut call.incomplete);
        lost_items, lost_bytes, over_limit_bytes; missing);
    fields!(all, Missing, "incomplete.missing.", |call| call.incomplete.missing.as_deref_mut();; request, response);
    fields!(all, MissingBytes, "incomplete.missing.request.",
        |call| call.incomplete.missing.as_deref_mut().map(|missing| &mut missing.request); bytes, ranges;);
    fields!(all, Identity, "identity.", |call| Some(Arc::make_mut(&mut call.identity));
        app_name, agent_id, user_id, session_id;);
    fields!(all, Process, "process.", |call| call.process.as_mut().map(Arc::make_mut);
        pid, parent_pid, name, executable, container, pod, is_own;);
    fields!(all, Finding, "findings.listed.", |call| call.findings.listed.first_mut();
        rule, category, severity, excerpt; place);
    fields!(all, Place, "findings.listed.place.", |call| call.findings.listed.first_mut().map(|found| &mut found.place);
        field, range;);
    fields!(all, MoreFindings, "findings.more.", |call| call.findings.more.first_mut(); rule, category, severity, count;);
    fields!(all, Cost, "cost.", |call| call.cost.as_mut(); total, parts; source);
    fields!(all, PriceSource, "cost.source.", |call| call.cost.as_mut().map(|cost| Arc::make_mut(&mut cost.source));
        name, version, licence, date;);
    fields!(all, Step, "step.", |call| call.step.as_deref_mut(); name, id, kind, description, input, output;);
    all
}

fn kind(part: &Part) -> &'static str {
    match part {
        Part::Text(_) => "text",
        Part::Refusal(_) => "refusal",
        Part::Reasoning(_) => "reasoning",
        Part::ToolCall(_) => "tool call",
        Part::ToolResult { .. } => "tool result",
        Part::Media(_) => "media",
        Part::Other { .. } => "other",
        new => panic!("no row for {new:?}"),
    }
}

fn said(part: &mut Part) -> Option<&mut Text> {
    match part {
        Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => Some(text),
        _ => None,
    }
}
