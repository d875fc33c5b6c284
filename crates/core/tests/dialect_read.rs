//! What is written in a dialect is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;

use std::borrow::Cow;

use sidetone_core::dialect::read::{LogRecord, READERS, Reading, Records, SpanRecord, read_any};
use sidetone_core::dialect::{DIALECTS, Dialect as _, Latest, Value};
use sidetone_core::event::{
    self, Call, Choice, Message, Operation, OwnSpan, Part, Request, Response, Role, SpanId, Text, ToolCall, TraceId,
};

#[test]
fn what_latest_says_is_read_back() {
    let bare = call::bare(Operation::Chat, "openai.chat");
    let message = |role, parts| Message { role, name: None, parts, is_list: false };
    let call = Call {
        span: Some(OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }),
        request: Request {
            messages: vec![message(Role::User, vec![Part::Text(Text::kept("Weather?"))])],
            ..bare.request.clone()
        },
        response: Response {
            choices: vec![Choice {
                index: 0,
                message: message(
                    Role::Assistant,
                    vec![Part::ToolCall(ToolCall {
                        id: Some("call_1".into()),
                        kind: Some("function".into()),
                        name: Some("get_weather".into()),
                        arguments: Some(Text::kept(r#"{"city":"Paris"}"#)),
                    })],
                ),
                finish_reason: Some("tool_calls".into()),
            }],
            ..bare.response.clone()
        },
        ..bare
    };
    for dialect in [Latest::SPAN_ONLY, Latest::EVENT_ONLY, Latest::SPAN_AND_EVENT] {
        let records = Records::of(&call, dialect.project(&call));
        let reading = read_any(&records).unwrap();
        assert_eq!(reading.unread, []);
        assert_eq!(reading.call, call);
        assert_eq!(reading.dialects, ["latest"]);
    }
}

/// A span with these attributes.
fn span<'a>(attributes: &[(&'static str, Value<'a>)]) -> Records<'a> {
    let attributes = attributes.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
    Records::new(vec![SpanRecord { attributes, ..SpanRecord::default() }], Vec::new())
}

#[test]
fn what_one_dialect_says_is_not_changed_by_those_behind_it_in_the_table() {
    // The model that was asked for, as each dialect has it beside a mark of its own, in the order of the issue.
    let told: [(&str, &[(&'static str, Value<'_>)]); 6] = [
        ("posthog", &[("posthog.ai.model", Value::Static("of posthog"))]),
        (
            "latest",
            &[
                ("gen_ai.provider.name", Value::Static("latest")),
                ("gen_ai.usage.cache_write.input_tokens", Value::Int(1)),
            ],
        ),
        ("v2", &[("gen_ai.system", Value::Static("v2")), ("gen_ai.operation.name", Value::Static("chat"))]),
        ("v1", &[("llm.request.type", Value::Static("embedding")), ("llm.usage.total_tokens", Value::Int(3))]),
        (
            "openinference",
            &[
                ("openinference.span.kind", Value::Static("RERANKER")),
                ("llm.provider", Value::Static("openinference")),
                ("llm.token_count.total", Value::Int(4)),
            ],
        ),
        (
            "vercel",
            &[
                ("ai.operationId", Value::Static("ai.embed.doEmbed")),
                ("ai.model.provider", Value::Static("vercel.chat")),
                ("ai.usage.totalTokens", Value::Int(5)),
            ],
        ),
    ];
    let order: Vec<_> = READERS.iter().map(|reader| reader.name()).collect();
    assert_eq!(order, told.map(|(name, _)| name));
    for first in 0..told.len() {
        // Those behind come first in the record.
        let attributes = told[first..].iter().rev().flat_map(|(_, attributes)| attributes.to_vec());
        let attributes = attributes.map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        // Beside names of v1 its log events alone tell v2.
        let log = LogRecord { name: "gen_ai.user.message".into(), ..LogRecord::default() };
        let logs = if first <= 2 { vec![log] } else { Vec::new() };
        let records = Records::new(vec![SpanRecord { attributes, ..SpanRecord::default() }], logs);
        let reading = read_any(&records).unwrap();
        assert_eq!(reading.dialects, order[first..], "all of them are read");
        let provider = ["latest", "latest", "v2", "openinference", "openinference", "vercel"][first];
        assert_eq!(reading.call.provider, provider, "from {} on", order[first]);
        let total = [3, 3, 3, 3, 4, 5][first];
        assert_eq!(reading.call.usage.total, Some(total), "from {} on", order[first]);
    }
}

#[test]
fn what_is_not_understood_is_kept_as_it_came_and_told_by_name() {
    let records = span(&[
        ("gen_ai.operation.name", Value::Static("chat")),
        ("gen_ai.request.seed", Value::Static("many")),
        ("gen_ai.input.messages", Value::Static("[{")),
        ("gen_ai.invented", Value::Array(vec![Value::Int(1), Value::Bool(true)])),
        ("app.feature", Value::Static("search")),
    ]);
    let reading = read_any(&records).unwrap();
    let unread: Vec<_> = reading.unread.iter().map(|unread| (&*unread.name, unread.why.as_str())).collect();
    let expected = [
        ("gen_ai.request.seed", "wrong_type"),
        ("gen_ai.input.messages", "not_json"),
        ("gen_ai.invented", "unknown"),
        ("app.feature", "unknown"),
    ];
    assert_eq!(unread, expected);
    let kept: Vec<_> = reading.call.attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(kept, expected.map(|(name, _)| name));
    assert_eq!(reading.call.attributes[2].1, event::Value::Array(vec![event::Value::Int(1), event::Value::Bool(true)]));
    assert_eq!((reading.call.request.seed, reading.call.request.messages.len()), (None, 0));
    // Each dialect writes it again.
    for dialect in DIALECTS {
        let again = read_any(&Records::of(&reading.call, dialect.project(&reading.call))).unwrap();
        let kept = again.call.attributes.iter().filter(|(name, _)| &**name == "app.feature").count();
        assert_eq!(kept, 1, "{}", dialect.name());
    }
}

#[test]
fn a_list_of_texts_says_what_the_same_list_as_json_says() {
    let said = |value| {
        let name = ("gen_ai.operation.name", Value::Static("chat"));
        let records = span(&[name, ("gen_ai.input.messages", value)]);
        let reading = read_any(&records).unwrap();
        assert_eq!(reading.unread, []);
        reading.call.request.messages
    };
    let texts = said(Value::Strings(vec!["Hello?", "Is \"anyone\" there?"]));
    let heard: Vec<_> = texts.iter().map(|message| (&message.role, &message.parts[..])).collect();
    let text = |text: &str| [Part::Text(Text::kept(text))];
    assert_eq!(heard, [(&Role::User, &text("Hello?")[..]), (&Role::User, &text("Is \"anyone\" there?")[..])]);
    assert_eq!(texts, said(Value::Static(r#"["Hello?", "Is \"anyone\" there?"]"#)));
}

#[test]
fn what_holds_anything_that_has_no_place_is_kept_whole() {
    let many = |one: &str| format!("[{}]", vec![one; 16_385].join(","));
    let deep = format!(r#"[{{"type":"function","name":"f","parameters":{}1{}}}]"#, "[".repeat(200), "]".repeat(200));
    let picture =
        r#"[{"type":"text","content":"Be brief."},{"type":"uri","modality":"image","uri":"https://a.b/c.png"}]"#;
    for (name, value, why) in [
        ("gen_ai.input.messages", Value::Int(5), "wrong_type"),
        ("gen_ai.input.messages", Value::Static("5"), "wrong_type"),
        ("gen_ai.input.messages", Value::Static(r#"["Hello?",5]"#), "wrong_type"),
        ("gen_ai.input.messages", Value::Static(r#"[{"role":"user","parts":[true]}]"#), "wrong_type"),
        ("gen_ai.input.messages", Value::Static(r#"["Hello?""#), "not_json"),
        ("gen_ai.input.messages", Value::String(many("{}")), "over_limit"),
        ("gen_ai.output.messages", Value::String(format!(r#"[{{"parts":{}}}]"#, many("{}"))), "over_limit"),
        ("gen_ai.output.messages", Value::Array(vec![Value::Bool(true)]), "wrong_type"),
        ("gen_ai.tool.definitions", Value::Static(r#"["search"]"#), "wrong_type"),
        ("gen_ai.tool.definitions", Value::String(many(r#"{"name":"f"}"#)), "over_limit"),
        ("gen_ai.tool.definitions", Value::String(deep), "over_limit"),
        ("gen_ai.system_instructions", Value::Static(picture), "wrong_type"),
        ("gen_ai.system_instructions", Value::Int(5), "wrong_type"),
    ] {
        let records = span(&[("gen_ai.operation.name", Value::Static("chat")), (name, value.clone())]);
        let reading = read_any(&records).unwrap();
        let unread: Vec<_> = reading.unread.iter().map(|unread| (&*unread.name, unread.why.as_str())).collect();
        assert_eq!(unread, [(name, why)]);
        let [(kept, what)] = &reading.call.attributes[..] else { panic!("{name}: {why}") };
        let text = if let event::Value::String(text) = what { Some(&**text) } else { None };
        assert_eq!((&**kept, text), (name, value.as_str()));
        let Call { request, response, .. } = &reading.call;
        assert_eq!((request.messages.len(), response.choices.len(), request.tools.len()), (0, 0, 0), "{name}: {why}");
        assert_eq!(request.instructions, None);
    }
}

#[test]
fn a_member_without_a_place_is_kept_where_it_stood() {
    let chat = ("gen_ai.operation.name", Value::Static("chat"));
    let message = r#"[{"role":"user","mood":"curt","parts":[{"type":"text","content":"Hello?","cache":{"ttl":5}}]}]"#;
    let part = r#"[{"type":"text","text":"Hello?","cache":true},{"type":"audio_of_old","cache":true}]"#;
    let tool = r#"{"type":"function","function":{"name":"f","strict":true,"parameters":null,"examples":[]}}"#;
    type Case<'a> = (&'a str, Vec<(&'static str, Value<'a>)>, &'a [&'a str]);
    let reads: [Case<'_>; 6] = [
        (
            "latest",
            vec![chat.clone(), ("gen_ai.input.messages", Value::Static(message))],
            &["gen_ai.input.messages.0.mood", "gen_ai.input.messages.0.parts.0.cache"],
        ),
        (
            "latest",
            vec![chat, ("gen_ai.tool.definitions", Value::String(format!("[{tool}]")))],
            &["gen_ai.tool.definitions.0.strict"],
        ),
        (
            "posthog",
            vec![("posthog.ai.model", Value::Static("m")), ("posthog.ai.input", Value::Static(message))],
            &["posthog.ai.input.0.mood", "posthog.ai.input.0.parts.0.cache"],
        ),
        (
            "v1",
            vec![
                ("llm.request.type", Value::Static("chat")),
                ("gen_ai.prompt.7.role", Value::Static("user")),
                ("gen_ai.prompt.7.content", Value::Static(r#"[{"type":"text","text":"Hello?","cache":true}]"#)),
            ],
            &["gen_ai.prompt.7.content.0.cache"],
        ),
        (
            "openinference",
            vec![
                ("openinference.span.kind", Value::Static("LLM")),
                ("llm.tools.3.tool.json_schema", Value::Static(tool)),
            ],
            &["llm.tools.3.tool.json_schema.strict"],
        ),
        (
            "vercel",
            vec![
                ("ai.operationId", Value::Static("ai.generateText.doGenerate")),
                ("ai.prompt.messages", Value::String(format!(r#"[{{"role":"user","content":{part},"mood":"curt"}}]"#))),
                ("ai.prompt.tools", Value::Array(vec![Value::Static(tool)])),
            ],
            // A part of a kind that nobody knows is kept whole, in its place.
            &["ai.prompt.messages.0.content.0.cache", "ai.prompt.messages.0.mood", "ai.prompt.tools.0.strict"],
        ),
    ];
    for (dialect, attributes, expected) in reads {
        let reading = read_any(&span(&attributes)).unwrap();
        assert!(reading.dialects.contains(&dialect), "{:?}", reading.dialects);
        let unread: Vec<_> = reading.unread.iter().map(|unread| (&*unread.name, unread.why.as_str())).collect();
        assert_eq!(unread, expected.iter().map(|name| (*name, "unknown")).collect::<Vec<_>>());
        let kept: Vec<_> = reading.call.attributes.iter().map(|(name, _)| &**name).collect();
        assert_eq!(kept, expected);
    }
    let body = Value::Map(vec![("content".into(), Value::Static("Hello?")), ("mood".into(), Value::Static("curt"))]);
    let log = LogRecord { name: "gen_ai.user.message".into(), body: Some(body), ..LogRecord::default() };
    let reading = read_any(&Records::new(Vec::new(), vec![log])).unwrap();
    let curt = event::Value::String("curt".to_owned());
    assert_eq!(reading.call.attributes, [("gen_ai.user.message.mood".into(), curt)]);
    assert_eq!(reading.call.request.messages.len(), 1);
}

#[test]
fn more_messages_than_are_read_stay_what_they_were() {
    let log = |time| LogRecord {
        name: "gen_ai.user.message".into(),
        time: Some(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_nanos(time)),
        body: Some(Value::Map(vec![("content".into(), Value::Static("Hello?"))])),
        ..LogRecord::default()
    };
    let reading = read_any(&Records::new(Vec::new(), (0..16_386).map(log).collect())).unwrap();
    assert_eq!(reading.call.request.messages.len(), 16_384);
    let unread: Vec<_> = reading.unread.iter().map(|unread| (&*unread.name, unread.why.as_str())).collect();
    assert_eq!(unread, [("gen_ai.user.message", "over_limit"); 2]);
    let kept = event::Value::Map(vec![("content".to_owned(), event::Value::String("Hello?".to_owned()))]);
    assert_eq!(
        reading.call.attributes,
        [("gen_ai.user.message".into(), kept.clone()), ("gen_ai.user.message".into(), kept)]
    );
}

#[test]
fn names_of_the_conventions_alone_are_read_and_a_model_that_was_given_tokens_was_called() {
    let model = ("gen_ai.request.model", Value::Static("gpt-5"));
    let tokens = ("gen_ai.usage.input_tokens", Value::Int(7));
    for (system, reader) in [(None, "latest"), (Some(("gen_ai.system", Value::Static("openai"))), "v2")] {
        let attributes: Vec<_> = [model.clone(), tokens.clone()].into_iter().chain(system).collect();
        let Reading { call, dialects, unread } = read_any(&span(&attributes)).unwrap();
        assert_eq!((call.request.model.as_deref(), call.usage.input), (Some("gpt-5"), Some(7)));
        assert_eq!((call.operation, dialects, unread), (Operation::Chat, vec![reader], vec![]));
    }
    let alone = read_any(&span(&[model])).unwrap().call;
    assert!(!alone.operation.is_call(), "what was done is unknown");
}

#[test]
fn a_span_of_something_else_is_no_call() {
    assert_eq!(
        read_any(&span(&[("http.request.method", Value::Static("GET")), ("server.address", Value::Static("a"))])),
        None
    );
    assert_eq!(read_any(&Records::default()), None);
}
