//! Dialect `v1` read: what we write comes back, and names with indices are read whatever stands in them. What traceloop's packages
//! emit is held by the golden files (`cargo test -p sidetone-cli --test conformance reading`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parts::{message, result, text};
use sidetone_core::dialect::read::{EventRecord, Field, Reading, Records, SpanRecord, Why, read_any};
use sidetone_core::dialect::{Dialect as _, V1, Value};
use sidetone_core::event::{
    self, Call, Choice, Identity, Media, MediaSource, Message, Modality, Operation, OwnSpan, Part, Request, Response,
    Role, SpanId, Step, Text, Timing, ToolCall, ToolDefinition, TraceId, Usage,
};

fn tool_call(arguments: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: Some("call_1".into()),
        kind: Some("function".into()),
        name: Some("get_weather".into()),
        arguments: Some(Text::kept(arguments)),
    })
}

fn choice(index: u32, parts: Vec<Part>, reason: Option<&'static str>) -> Choice {
    Choice { index, message: message(Role::Assistant, parts), finish_reason: reason.map(Cow::Borrowed) }
}

fn told(operation: Operation, surface: &'static str) -> Call {
    Call {
        span: Some(OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }),
        ..call::bare(operation, surface)
    }
}

/// Reads what is written of a call, all of which must be understood.
fn read_back(call: &Call) -> Call {
    let reading = read_any(&Records::of(call, V1.project(call))).unwrap();
    assert_eq!(reading.unread, []);
    assert_eq!(reading.dialects, ["v1"]);
    reading.call
}

#[track_caller]
fn comes_back(call: &Call) {
    assert_eq!(&read_back(call), call);
}

#[test]
fn a_chat_comes_back() {
    let bare = told(Operation::Chat, "openai.chat");
    let picture = Part::Media(Media {
        modality: Modality::Image,
        format: None,
        source: MediaSource::Uri(Text::kept("https://example.com/cat.png")),
        detail: Some("low".into()),
        name: None,
        sha256: None,
    });
    comes_back(&Call {
        provider: "azure.ai.openai".into(),
        request: Request {
            model: Some("gpt-5-mini".into()),
            temperature: Some(0.5),
            max_tokens: Some(50),
            top_k: Some(4.0),
            frequency_penalty: Some(0.25),
            presence_penalty: Some(-0.5),
            seed: Some(7),
            choice_count: Some(2),
            stop_sequences: vec!["END".into()],
            reasoning_effort: Some("high".into()),
            response_format: Some("json_schema".into()),
            service_tier: Some("flex".into()),
            messages: vec![
                message(Role::System, vec![text("Be terse.")]),
                Message { is_list: true, ..message(Role::User, vec![text("Weather?"), picture]) },
                message(Role::User, vec![text("[1, 2]")]),
                message(Role::User, vec![text(r#"[{"type":"circle"}]"#)]),
                message(Role::Assistant, vec![text("Wait."), tool_call(r#"{"city":"Paris"}"#)]),
                message(Role::Tool, vec![result("sunny", false)]),
                message(Role::Tool, vec![result(r#"[{"type":"text","text":"warm"}]"#, true)]),
                message(Role::Other("critic".into()), vec![text("Hm.")]),
            ],
            tools: vec![ToolDefinition {
                kind: "function".into(),
                name: Some("get_weather".into()),
                description: Some(Text::kept("Get the weather")),
                parameters: Some(event::Value::Map(vec![(
                    "type".to_owned(),
                    event::Value::String("object".to_owned()),
                )])),
            }],
            ..Request::default()
        },
        response: Response {
            id: Some("chatcmpl-1".into()),
            model: Some("gpt-5-mini-2025-08-07".into()),
            service_tier: Some("default".into()),
            system_fingerprint: Some("fp_1".into()),
            choices: vec![
                choice(
                    0,
                    vec![Part::Reasoning(Text::kept("Thinking.")), text("So."), tool_call("{}")],
                    Some("tool_calls"),
                ),
                choice(1, vec![Part::Refusal(Text::kept("No."))], None),
            ],
            ..Response::default()
        },
        usage: Usage {
            input: Some(20),
            output: Some(10),
            total: Some(30),
            cache_read: Some(4),
            cache_write: Some(3),
            reasoning: Some(2),
            input_audio: Some(1),
            ..Usage::default()
        },
        identity: Arc::new(Identity { user_id: Some("u1".into()), ..Identity::default() }),
        ..bare
    });
}

#[test]
fn a_stream_comes_back_with_the_times_of_its_chunks() {
    let bare = told(Operation::Chat, "openai.chat");
    let ms = |ms| Some(Duration::from_millis(ms));
    comes_back(&Call {
        request: Request { stream: Some(true), ..Request::default() },
        response: Response {
            is_stream: true,
            choices: vec![choice(0, vec![text("So.")], Some("stop"))],
            ..Response::default()
        },
        timing: Timing {
            first_chunk: ms(100),
            first_output: ms(120),
            last_chunk: ms(241),
            output_chunks: Some(4),
            ..bare.timing.clone()
        },
        ..bare
    });
}

#[test]
fn a_completion_comes_back() {
    let bare = told(Operation::TextCompletion, "openai.completions");
    comes_back(&Call {
        request: Request {
            messages: vec![message(Role::User, vec![text("Say")]), message(Role::User, vec![text("this")])],
            ..Request::default()
        },
        response: Response {
            choices: vec![choice(0, vec![text("A")], Some("stop")), choice(1, vec![text("B")], Some("length"))],
            ..Response::default()
        },
        ..bare
    });
}

#[test]
fn an_answer_of_the_responses_api_comes_back_with_its_instructions_and_built_in_calls() {
    let bare = told(Operation::Chat, "openai.responses");
    let item = r#"{"id":"ws_1","type":"web_search_call","status":"completed"}"#;
    let search = Part::Other { kind: "web_search_call".into(), id: Some("ws_1".into()), json: Text::kept(item) };
    comes_back(&Call {
        request: Request {
            instructions: Some(Text::kept("Be terse.")),
            messages: vec![
                Message { is_list: true, ..message(Role::User, vec![text("Weather?")]) },
                message(Role::Assistant, vec![Part::Reasoning(Text::kept("Thinking."))]),
            ],
            ..Request::default()
        },
        response: Response {
            choices: vec![choice(0, vec![text("Sunny."), search], Some("stop"))],
            ..Response::default()
        },
        ..bare
    });
}

#[test]
fn embeddings_and_steps_come_back() {
    let bare = told(Operation::Embeddings, "openai.embeddings");
    comes_back(&Call {
        response: Response { embedding_dimensions: Some(512), ..Response::default() },
        usage: Usage { input: Some(6), total: Some(6), ..Usage::default() },
        ..bare
    });
    let step = Step {
        name: Some("search".into()),
        id: Some("call_1".into()),
        kind: Some("function".into()),
        description: Some(Text::kept("Looks it up")),
        input: Some(Text::kept(r#"{"q":"cats"}"#)),
        output: Some(Text::kept("none")),
    };
    for operation in [Operation::ExecuteTool, Operation::InvokeWorkflow, Operation::Other("task".into())] {
        comes_back(&Call { step: Some(Box::new(step.clone())), ..told(operation, "") });
    }
}

#[test]
fn an_answer_of_which_only_the_finish_reason_is_known_keeps_its_place() {
    let bare = told(Operation::TextCompletion, "openai.completions");
    let choices = vec![choice(0, vec![], None), choice(1, vec![text("B")], Some("stop"))];
    comes_back(&Call { response: Response { choices, ..Response::default() }, ..bare });
}

fn str(name: impl Into<Cow<'static, str>>, text: &'static str) -> Field<'static> {
    (name.into(), Value::Static(text))
}

fn span(attributes: Vec<Field<'static>>) -> SpanRecord<'static> {
    SpanRecord { name: "openai.chat".into(), attributes, ..SpanRecord::default() }
}

fn read(attributes: Vec<Field<'static>>) -> Reading {
    read_any(&Records::new(vec![span(attributes)], vec![])).unwrap()
}

fn unread(reading: &Reading) -> Vec<(&str, Why)> {
    reading.unread.iter().map(|unread| (&*unread.name, unread.why)).collect()
}

#[test]
fn steps_of_traceloops_decorators_are_read() {
    // traceloop-sdk: `@workflow(name="joke")` around a call that has the association property `user_id`.
    for (kind, operation) in [
        ("workflow", Operation::InvokeWorkflow),
        ("task", Operation::Other("task".into())),
        ("agent", Operation::InvokeAgent),
        ("tool", Operation::ExecuteTool),
    ] {
        let reading = read(vec![
            str("traceloop.span.kind", kind),
            str("traceloop.entity.name", "joke"),
            str("traceloop.entity.input", r#"{"args":[],"kwargs":{}}"#),
            str("traceloop.entity.output", r#""ha""#),
            str("traceloop.association.properties.user_id", "u1"),
            str("traceloop.association.properties.session_id", "s1"),
        ]);
        assert_eq!((reading.unread.len(), &reading.call.operation), (0, &operation));
        let step = reading.call.step.unwrap();
        assert_eq!(step.name.as_deref(), Some("joke"));
        assert_eq!(step.input.unwrap().as_str(), Some(r#"{"args":[],"kwargs":{}}"#));
        assert_eq!(step.output.unwrap().as_str(), Some(r#""ha""#));
        let Identity { user_id, session_id, .. } = &*reading.call.identity;
        assert_eq!((user_id.as_deref(), session_id.as_deref()), (Some("u1"), Some("s1")));
    }
}

#[test]
fn the_server_is_read_from_the_apis_url_and_nothing_else_of_it() {
    for (url, address, port) in [
        ("https://api.openai.com/v1/", "api.openai.com", 443),
        ("http://key:secret@[::1]:8080/v1/?key=secret", "::1", 8080),
    ] {
        let call = read(vec![str("gen_ai.openai.api_base", url)]).call;
        assert_eq!((&*call.server.address, call.server.port), (address, Some(port)));
        assert!(!format!("{call:?}").contains("secret"));
    }
    let reading = read(vec![str("gen_ai.openai.api_base", "no url"), str("llm.request.type", "chat")]);
    assert_eq!(unread(&reading), [("gen_ai.openai.api_base", Why::Unknown)]);
    assert_eq!(&*reading.call.server.address, "");
}

#[test]
fn headers_that_the_application_sends_are_not_kept() {
    let reading = read(vec![str("llm.headers", "{'Authorization': 'Bearer secret'}")]);
    assert_eq!((reading.unread, reading.call.attributes), (vec![], vec![]));
}

#[test]
fn chunks_of_a_stream_tell_when_the_first_came() {
    let at = |ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms);
    let chunk =
        |ms| EventRecord { name: "llm.content.completion.chunk".into(), time: Some(at(ms)), attributes: vec![] };
    let events = vec![chunk(1_300), chunk(1_100), chunk(1_200)];
    let span = SpanRecord {
        start: Some(at(1_000)),
        end: Some(at(2_000)),
        events,
        ..span(vec![("llm.is_streaming".into(), Value::Bool(true))])
    };
    let call = read_any(&Records::new(vec![span], vec![])).unwrap().call;
    assert_eq!(call.timing.first_chunk, Some(Duration::from_millis(100)));
    assert_eq!((call.timing.output_chunks, call.timing.last_chunk), (None, None), "which carried output isn't told");
    assert!(call.response.is_stream);
}

#[test]
fn an_index_is_a_key_and_never_a_size() {
    let reading = read(vec![
        str("gen_ai.prompt.1000000000.content", "last"),
        str("gen_ai.prompt.4294967295.content", "very last"),
        str("gen_ai.prompt.3.content", "first"),
        str("gen_ai.prompt.4294967296.content", "too far"),
        str("gen_ai.completion.1000000000.content", "answer"),
        str("gen_ai.completion.1000000000.tool_calls.999999999.name", "f"),
        str("llm.request.functions.1000000000.name", "f"),
    ]);
    let said = |said| message(Role::User, vec![text(said)]);
    assert_eq!(reading.call.request.messages, [said("first"), said("last"), said("very last")]);
    let [choice] = &*reading.call.response.choices else { panic!("one answer") };
    assert_eq!((choice.index, choice.message.parts.len()), (1_000_000_000, 2));
    assert_eq!(reading.call.request.tools.len(), 1);
    assert_eq!(unread(&reading), [("gen_ai.prompt.4294967296.content", Why::OverLimit)]);
}

#[test]
fn more_messages_than_the_limit_are_kept_as_attributes() {
    const LIMIT: usize = 16_384;
    for count in [LIMIT - 1, LIMIT, LIMIT + 1] {
        let prompts = (0..count).map(|index| str(format!("gen_ai.prompt.{index}.content"), "x"));
        let reading = read(prompts.collect());
        assert_eq!(reading.call.request.messages.len(), count.min(LIMIT));
        let over: Vec<_> =
            (count > LIMIT).then_some(("gen_ai.prompt.16384.content", Why::OverLimit)).into_iter().collect();
        assert_eq!(unread(&reading), over);
    }
}

#[test]
fn what_is_of_another_type_or_no_name_of_these_is_kept_as_it_is() {
    let reading = read(vec![
        ("gen_ai.prompt.0.role".into(), Value::Int(7)),
        ("gen_ai.prompt.0.tool_calls.0.id".into(), Value::Bool(true)),
        ("llm.is_streaming".into(), Value::Static("yes")),
        ("llm.usage.total_tokens".into(), Value::Int(-1)),
        str("llm.request.type", "divination"),
        str("llm.request.functions.0.parameters", "{no json"),
        str("gen_ai.prompt.01.role", "user"),
        str("gen_ai.prompt.0.mood", "good"),
        str("gen_ai.prompt.name", "greeting"),
        str("gen_ai.completion.0", "x"),
    ]);
    assert_eq!(
        unread(&reading),
        [
            ("gen_ai.prompt.0.role", Why::WrongType),
            ("gen_ai.prompt.0.tool_calls.0.id", Why::WrongType),
            ("llm.is_streaming", Why::WrongType),
            ("llm.usage.total_tokens", Why::WrongType),
            ("llm.request.type", Why::Unknown),
            ("llm.request.functions.0.parameters", Why::NotJson),
            ("gen_ai.prompt.01.role", Why::Unknown),
            ("gen_ai.prompt.0.mood", Why::Unknown),
            ("gen_ai.prompt.name", Why::Unknown),
            ("gen_ai.completion.0", Why::Unknown),
        ]
    );
    assert_eq!(reading.call.attributes.len(), 10);
    let Request { messages, tools, .. } = &reading.call.request;
    assert_eq!(
        (messages.len(), tools.len(), reading.call.response.choices.len()),
        (0, 0, 0),
        "nothing of it is a message"
    );
}

#[test]
fn of_names_that_come_twice_the_first_is_read() {
    let reading = read(vec![
        str("gen_ai.prompt.0.content", "one"),
        str("gen_ai.prompt.0.content", "two"),
        str("gen_ai.prompt.0.role", "user"),
        str("gen_ai.prompt.0.role", "system"),
        str("llm.user", "me"),
        str("llm.user", "you"),
    ]);
    assert_eq!(reading.call.request.messages, [message(Role::User, vec![text("one")])]);
    assert_eq!(reading.call.request.end_user.user.as_deref(), Some("me"));
    assert_eq!(reading.unread, []);
}

#[test]
fn deep_json_and_large_texts_are_texts() {
    let deep: &'static str = "[".repeat(1 << 20).leak();
    let objects: &'static str = r#"[{"type":"text","text":"#.repeat(1 << 15).leak();
    let large: &'static str = "x".repeat(1 << 20).leak();
    for said in [deep, objects, large] {
        let reading = read(vec![
            str("gen_ai.prompt.0.content", said),
            str("gen_ai.completion.0.content", said),
            str("gen_ai.completion.0.reasoning", said),
            str("gen_ai.completion.0.tool_calls.0.arguments", said),
            str("gen_ai.completion.0.tool_calls.0.name", "a_call"),
        ]);
        assert_eq!(reading.unread, []);
        assert_eq!(reading.call.request.messages, [message(Role::User, vec![text(said)])]);
        let [choice] = &*reading.call.response.choices else { panic!("one answer") };
        let [Part::Reasoning(reasoning), Part::Text(content), Part::ToolCall(asked)] = &*choice.message.parts else {
            panic!("three parts")
        };
        let arguments = asked.arguments.as_ref().unwrap();
        assert!([reasoning, content, arguments].iter().all(|text| text.as_str() == Some(said)));
        assert_eq!(asked.kind, None, "only a custom tool's input isn't a JSON object");
    }
}

#[test]
fn structured_values_are_read_as_their_json() {
    let map = |members: Vec<(&'static str, Value<'static>)>| {
        Value::Map(members.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
    };
    let part = map(vec![("type", Value::Static("text")), ("text", Value::Static("Hello"))]);
    let reading = read(vec![
        ("gen_ai.prompt.0.content".into(), Value::Array(vec![part])),
        ("gen_ai.completion.0.tool_calls.0.arguments".into(), map(vec![("city", Value::Static("Paris"))])),
    ]);
    assert_eq!(reading.call.request.messages, [Message { is_list: true, ..message(Role::User, vec![text("Hello")]) }]);
    let [Part::ToolCall(asked)] = &*reading.call.response.choices[0].message.parts else { panic!("one call") };
    assert_eq!(asked.arguments.as_ref().unwrap().as_str(), Some(r#"{"city":"Paris"}"#));
}

#[test]
fn where_better_dialects_have_told_the_messages_these_change_nothing() {
    let reading = read(vec![
        str("gen_ai.input.messages", r#"[{"role":"user","parts":[{"type":"text","content":"new"}]}]"#),
        str("gen_ai.prompt.0.content", "old"),
        str("gen_ai.prompt.1.content", "older"),
        str("llm.request.type", "completion"),
        str("gen_ai.operation.name", "chat"),
    ]);
    assert_eq!(reading.dialects, ["latest", "v1"]);
    assert_eq!(reading.call.request.messages, [message(Role::User, vec![text("new")])]);
    assert_eq!(reading.call.operation, Operation::Chat);
}

#[test]
fn whole_conversations_in_one_attribute_are_read() {
    // semantic-conventions v1.27.0: `gen_ai.prompt`, "The full prompt sent to the GenAI model", has such JSON as its example.
    let reading = read(vec![
        str("gen_ai.prompt", r#"[{"role":"user","content":"What is the capital of France?"}]"#),
        str("gen_ai.completion", "Paris"),
    ]);
    assert_eq!(reading.call.request.messages, [message(Role::User, vec![text("What is the capital of France?")])]);
    assert_eq!(reading.call.response.choices, [choice(0, vec![text("Paris")], None)]);
}

#[test]
fn what_came_twice_is_read_once_even_if_it_is_no_number() {
    let one = SpanRecord {
        end: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1)),
        ..span(vec![str("llm.request.type", "chat"), ("nobody's".into(), Value::Double(f64::NAN))])
    };
    let reading = read_any(&Records::new(vec![one.clone(), one], vec![])).unwrap();
    assert_eq!(unread(&reading), [("nobody's", Why::Unknown)]);
}
