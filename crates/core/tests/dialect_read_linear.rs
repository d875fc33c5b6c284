//! What a hostile span costs to read: twice of it costs twice the memory, whatever it repeats.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::alloc::System;
use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use sidetone_core::dialect::Value;
use sidetone_core::dialect::read::{EventRecord, Field, LogRecord, Reading, Records, SpanRecord, read_any};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// How much of it there is; twice as much is compared.
const MUCH: usize = 4_000;

/// What is made of that many pieces.
type Shape = fn(usize) -> Records<'static>;

/// Shapes of spans.
const SHAPES: &[(&str, Shape)] = &[
    ("v1: messages", |count| numbered(count, |at| format!("gen_ai.prompt.{at}.content"), "x")),
    ("v1: far messages", |count| numbered(count, |at| format!("gen_ai.prompt.{}.content", 1_000_000_000 - at), "x")),
    ("v1: calls of one message", |count| {
        numbered(count, |at| format!("gen_ai.completion.0.tool_calls.{at}.name"), "x")
    }),
    ("v1: functions", |count| numbered(count, |at| format!("llm.request.functions.{at}.parameters"), "{}")),
    ("v1: one message again and again", |count| numbered(count, |_| "gen_ai.prompt.7.content".to_owned(), "x")),
    ("v1: a list as content", |count| one("gen_ai.prompt.0.content", list(count, r#"{"type":"text","text":"x"}"#))),
    ("v1: a list that isn't one at its end", |count| {
        one("gen_ai.prompt.0.content", list(count, r#"{"type":"text","text":"x"}"#).replace(']', ",7]"))
    }),
    ("v1: deep JSON", |count| one("gen_ai.completion.0.content", "[".repeat(count))),
    ("v1: a call's item", |count| {
        let item = format!(r#"{{{}"type":"a_call"}}"#, r#""type":"a_call","#.repeat(count));
        span(vec![
            ("gen_ai.completion.0.tool_calls.0.name".into(), Value::Static("a_call")),
            ("gen_ai.completion.0.tool_calls.0.arguments".into(), Value::String(item)),
        ])
    }),
    ("latest: messages", |count| one("gen_ai.input.messages", list(count, r#"{"role":"user","parts":[]}"#))),
    ("latest: parts", |count| {
        one("gen_ai.input.messages", format!(r#"[{{"role":"user","parts":{}}}]"#, list(count, r#"{"type":"x"}"#)))
    }),
    ("latest: members of one part", |count| {
        let members = r#""arguments":{"a":1},"#.repeat(count);
        one("gen_ai.input.messages", format!(r#"[{{"parts":[{{{members}"type":"tool_call"}}]}}]"#))
    }),
    ("latest: members without a place", |count| {
        one(
            "gen_ai.input.messages",
            list(count, r#"{"role":"user","parts":[{"type":"text","content":"x","mood":{}}]}"#),
        )
    }),
    ("latest: members without a place of one message", |count| {
        let members: String = (0..count).map(|at| format!(r#""{at}":[{at}],"#)).collect();
        one("gen_ai.input.messages", format!(r#"[{{{members}"role":"user"}}]"#))
    }),
    ("latest: an element that is none at the end", |count| {
        one("gen_ai.input.messages", list(count, r#"{"role":"user","parts":[]}"#).replace(']', ",7]"))
    }),
    ("latest: deep JSON", |count| one("gen_ai.output.messages", r#"[{"parts":"#.repeat(count))),
    ("latest: tools", |count| one("gen_ai.tool.definitions", list(count, r#"{"type":"function","name":"f"}"#))),
    ("latest: instructions", |count| {
        one("gen_ai.system_instructions", list(count, r#"{"type":"text","content":"x"}"#))
    }),
    ("latest: reasons", |count| {
        let reasons = (0..count).map(|_| Value::Static("stop")).collect();
        span(vec![
            ("gen_ai.operation.name".into(), Value::Static("chat")),
            ("gen_ai.response.finish_reasons".into(), Value::Array(reasons)),
        ])
    }),
    ("v2: messages", |count| logs(count, "gen_ai.user.message")),
    ("v2: choices", |count| logs(count, "gen_ai.choice")),
    ("openinference: messages", |count| numbered(count, |at| format!("llm.input_messages.{at}.message.content"), "x")),
    ("openinference: contents", |count| {
        let name = |at| format!("llm.output_messages.0.message.contents.{at}.message_content.text");
        numbered(count, name, "x")
    }),
    ("openinference: tools", |count| {
        let tool = |at| (Cow::Owned(format!("llm.tools.{at}.tool.json_schema")), Value::Static("{}"));
        span(
            [("openinference.span.kind".into(), Value::Static("LLM"))]
                .into_iter()
                .chain((0..count).map(tool))
                .collect(),
        )
    }),
    ("openinference: input", |count| {
        let said = list(count, r#"{"role":"user","content":"x"}"#);
        span(vec![
            ("openinference.span.kind".into(), Value::Static("LLM")),
            ("input.mime_type".into(), Value::Static("application/json")),
            ("input.value".into(), Value::String(format!(r#"{{"model":"m","messages":{said}}}"#))),
        ])
    }),
    ("posthog: messages", |count| posthog("$ai_input", list(count, r#"{"role":"user","content":"x"}"#))),
    ("posthog: parts", |count| {
        let parts = list(count, r#"{"type":"text","text":"x"}"#);
        posthog("$ai_input", format!(r#"[{{"role":"user","content":{parts}}}]"#))
    }),
    ("posthog: items", |count| posthog("$ai_input", list(count, r#"{"type":"message","content":"x"}"#))),
    ("posthog: choices", |count| {
        posthog("$ai_output_choices", list(count, r#"{"role":"assistant","content":[{"type":"text","text":"x"}]}"#))
    }),
    ("posthog: deep JSON", |count| posthog("$ai_output_choices", r#"[{"content":"#.repeat(count))),
    ("posthog: tools", |count| posthog("$ai_tools", list(count, r#"{"type":"function","function":{"name":"f"}}"#))),
    ("posthog: parameters", |count| {
        let parameters = (0..count).map(|at| (Cow::Owned(format!("p{at}")), Value::Int(1))).collect();
        span(vec![("$ai_model".into(), Value::Static("m")), ("$ai_model_parameters".into(), Value::Map(parameters))])
    }),
    ("vercel: messages", |count| {
        let said = list(count, r#"{"role":"user","content":[{"type":"text","text":"x"}]}"#);
        span(vec![
            ("ai.operationId".into(), Value::Static("ai.generateText.doGenerate")),
            ("ai.prompt.messages".into(), Value::String(said)),
        ])
    }),
    ("vercel: tools", |count| {
        let tools = (0..count).map(|_| Value::Static(r#"{"type":"function","name":"f"}"#)).collect();
        span(vec![
            ("ai.operationId".into(), Value::Static("ai.generateText.doGenerate")),
            ("ai.prompt.tools".into(), Value::Array(tools)),
        ])
    }),
    ("nobody's names", |count| numbered(count, |at| format!("llm.usage.of.nobody.{at}"), "x")),
    ("span events", |count| {
        let event = |at| EventRecord {
            name: if at % 2 == 0 { "llm.content.completion.chunk" } else { "sidetone.attempt" }.into(),
            time: moment(at),
            attributes: vec![],
        };
        let attributes = vec![("llm.is_streaming".into(), Value::Bool(true))];
        let span = SpanRecord { attributes, events: (0..count).map(event).collect(), ..SpanRecord::default() };
        Records::new(vec![span], vec![])
    }),
    ("spans", |count| {
        let span = |at| SpanRecord {
            attributes: vec![("llm.user".into(), Value::Int(1))],
            end: moment(at),
            ..SpanRecord::default()
        };
        Records::new((0..count).map(span).collect(), vec![])
    }),
];

fn moment(at: usize) -> Option<SystemTime> {
    Some(SystemTime::UNIX_EPOCH + Duration::from_millis(at as u64))
}

fn span(attributes: Vec<Field<'static>>) -> Records<'static> {
    Records::new(vec![SpanRecord { attributes, ..SpanRecord::default() }], vec![])
}

fn one(name: &'static str, text: String) -> Records<'static> {
    span(vec![(name.into(), Value::String(text))])
}

fn posthog(name: &'static str, text: String) -> Records<'static> {
    span(vec![("$ai_model".into(), Value::Static("m")), (name.into(), Value::String(text))])
}

fn numbered(count: usize, name: impl Fn(usize) -> String, text: &'static str) -> Records<'static> {
    span((0..count).map(|at| (Cow::Owned(name(at)), Value::Static(text))).collect())
}

fn list(count: usize, element: &str) -> String {
    format!("[{}]", vec![element; count].join(","))
}

fn logs(count: usize, name: &'static str) -> Records<'static> {
    let log = |at| LogRecord {
        name: name.into(),
        time: moment(at),
        body: Some(Value::Map(vec![("content".into(), Value::Static("x"))])),
        ..LogRecord::default()
    };
    Records::new(vec![], (0..count).map(log).collect())
}

// Apart, so that a profiler can count the instructions of each.
#[inline(never)]
fn read_once(records: &Records<'_>) -> Option<Reading> {
    read_any(records)
}

#[inline(never)]
fn read_twice_as_much(records: &Records<'_>) -> Option<Reading> {
    read_any(records)
}

/// Allocations and bytes of them; the test harness has a thread of its own, so that the least of several rounds counts.
fn cost(shape: &str, records: &Records<'_>, read: fn(&Records<'_>) -> Option<Reading>) -> (usize, usize) {
    let round = || {
        let region = Region::new(ALLOCATOR);
        let reading = read(records);
        let change = region.change();
        assert!(reading.is_some(), "{shape}");
        (change.allocations + change.reallocations, change.bytes_allocated)
    };
    let rounds = [round(), round(), round()];
    (rounds.iter().map(|it| it.0).min().unwrap(), rounds.iter().map(|it| it.1).min().unwrap())
}

// One test, so that no other runs beside it.
#[test]
fn twice_as_much_costs_twice_as_much() {
    for (shape, records) in SHAPES {
        let (count, bytes) = cost(shape, &records(MUCH), read_once);
        let (twice_count, twice_bytes) = cost(shape, &records(2 * MUCH), read_twice_as_much);
        // Lists grow by doubling, so that bytes come in steps.
        assert!(twice_count <= 2 * count + 64, "{shape}: {count} allocations, and {twice_count} of twice as much");
        assert!(twice_bytes <= 3 * bytes + 4_096, "{shape}: {bytes} bytes, and {twice_bytes} of twice as much");
    }
}
