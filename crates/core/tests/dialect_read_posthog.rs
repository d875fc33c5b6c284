//! Dialect `posthog` read back, and read as PostHog's own package and receivers have it. The properties of others are those of posthog
//! 7.91.1 (as in `conformance/golden/posthog`) and of PostHog's receivers of OpenTelemetry.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use call::bare;
use parts::{message, text, tool_call};
use sidetone_core::dialect::read::{Reading, RecordStatus, Records, SpanRecord, Why, read_any};
use sidetone_core::dialect::{Dialect as _, PostHog, Value};
use sidetone_core::event::{
    Call, Choice, ErrorClass, Failure, Identity, MediaSource, Operation, Outcome, OwnSpan, ParentSpan, Part, Request,
    Response, Role, Server, SpanId, Step, Text, ToolDefinition, TraceId, Usage,
};

/// What comes back of a call: as values, and as JSON text, which is what a span of OTLP has.
fn back(call: &Call) -> Reading {
    let read = |is_text: bool| {
        let mut telemetry = PostHog.project(call);
        for (name, value) in &mut telemetry.span.attributes {
            if is_text && matches!(value, Value::Array(_) | Value::Map(_)) && PostHog::is_structured(name) {
                *value = Value::String(value.to_json());
            }
        }
        read_any(&Records::of(call, telemetry)).unwrap()
    };
    let reading = read(false);
    assert_eq!(reading, read(true));
    assert_eq!(reading.dialects, ["posthog"]);
    assert_eq!(reading.unread, []);
    reading
}

fn event<'a>(name: &'a str, properties: Vec<(&'a str, Value<'a>)>) -> Records<'a> {
    let attributes = properties.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
    let end = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(100));
    Records::new(vec![SpanRecord { name: name.into(), end, attributes, ..SpanRecord::default() }], Vec::new())
}

fn read<'a>(name: &'a str, properties: Vec<(&'a str, Value<'a>)>) -> Reading {
    read_any(&event(name, properties)).unwrap()
}

fn json(text: &str) -> Value<'static> {
    fn of(value: serde_json::Value) -> Value<'static> {
        use serde_json::Value as Json;
        match value {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => number.as_i64().map_or_else(|| Value::Double(number.as_f64().unwrap()), Value::Int),
            Json::String(text) => Value::String(text),
            Json::Array(values) => Value::Array(values.into_iter().map(of).collect()),
            Json::Object(map) => Value::Map(map.into_iter().map(|(key, value)| (key.into(), of(value))).collect()),
        }
    }
    of(serde_json::from_str(text).unwrap())
}

/// A call of which everything is known that this dialect has a place for.
fn full() -> Call {
    let bare = bare(Operation::Chat, "openai.chat");
    let choice = |index, parts, reason: &'static str| Choice {
        index,
        message: message(Role::Assistant, parts),
        finish_reason: Some(reason.into()),
    };
    let trace_id = TraceId([1; 16]);
    Call {
        span: Some(OwnSpan { trace_id, span_id: SpanId([2; 8]) }),
        server: Arc::new(Server { address: "::1".into(), port: Some(8443) }),
        request: Request {
            model: Some("gpt-4o".into()),
            stream: Some(true),
            temperature: Some(0.5),
            max_tokens: Some(7),
            choice_count: Some(2),
            stop_sequences: vec!["END".into()],
            seed: Some(3),
            service_tier: Some("flex".into()),
            messages: vec![
                message(Role::System, vec![text("Be terse.")]),
                message(Role::User, vec![text("Weather?")]),
                message(Role::Assistant, vec![text("Let me see."), tool_call()]),
                message(
                    Role::Tool,
                    vec![Part::ToolResult { id: Some("call_1".into()), content: Text::kept("rain"), is_list: false }],
                ),
            ],
            tools: vec![ToolDefinition {
                kind: "function".into(),
                name: Some("get_weather".into()),
                description: Some(Text::kept("Weather of a city.")),
                parameters: None,
            }],
            ..Request::default()
        },
        response: Response {
            status: Some(200),
            id: Some("chatcmpl-1".into()),
            model: Some("gpt-4o-2024".into()),
            choices: vec![
                choice(0, vec![Part::Reasoning(Text::kept("Hm.")), text("Rain."), tool_call()], "tool_calls"),
                choice(2, vec![Part::Refusal(Text::kept("No."))], "stop"),
            ],
            service_tier: Some("default".into()),
            is_stream: true,
            ..Response::default()
        },
        usage: Usage {
            input: Some(100),
            output: Some(50),
            total: Some(151),
            cache_read: Some(40),
            cache_read_audio: Some(4),
            cache_write: Some(20),
            reasoning: Some(30),
            input_image: Some(0),
            ..Usage::default()
        },
        identity: Arc::new(Identity {
            user_id: Some("ann".into()),
            session_id: Some("s".into()),
            ..Identity::default()
        }),
        ..bare
    }
}

#[test]
fn what_is_written_is_read_back() {
    let call = full();
    assert_eq!(back(&call).call, call);
}

#[test]
fn the_items_of_the_responses_api_are_read_back() {
    let mut call = Call { surface: "openai.responses", ..full() };
    call.request.instructions = Some(Text::kept("Be brief."));
    call.request.messages.remove(0);
    call.response.choices.truncate(1);
    call.response.state = Some("completed".into());
    let read = back(&call).call;
    assert_eq!(read.request.instructions, call.request.instructions);
    let texts: Vec<_> = read.request.messages.iter().map(|message| (&message.role, message.parts.len())).collect();
    assert_eq!(texts.first(), Some(&(&Role::User, 1)));
    assert_eq!(read.request.messages.iter().map(|message| message.parts.len()).sum::<usize>(), 4);
    assert_eq!((read.response.choices, read.response.state), (call.response.choices, call.response.state));
}

#[test]
fn a_failure_comes_back_with_the_servers_message_or_without_one() {
    for (status, code, text) in [
        (Some(429), Some("rate_limit_exceeded"), Some("Slow down.")),
        (Some(429), Some("rate_limit_exceeded"), None),
        (Some(500), None, None),
        (None, None, Some("Connection error.")),
        (None, None, None),
    ] {
        let class = status.and_then(ErrorClass::of_status).unwrap_or(ErrorClass::Connection);
        let failure = Failure { class, code: code.map(Into::into), message: text.map(Text::kept) };
        let mut call = Call { outcome: Outcome::Failed(failure), ..bare(Operation::Chat, "openai.chat") };
        call.response.status = status;
        call.response.request_id = Some("req_1".into());
        assert_eq!(back(&call).call.outcome, call.outcome);
    }
}

#[test]
fn steps_come_back_with_name_input_and_output() {
    for operation in [Operation::ExecuteTool, Operation::InvokeAgent, Operation::Retrieval, Operation::named("rerank")]
    {
        let step = Step {
            name: Some("it".into()),
            id: Some("call_1".into()),
            kind: Some("function".into()),
            description: None,
            input: Some(Text::kept(r#"{"city":"Oslo"}"#)),
            output: Some(Text::kept("rain")),
        };
        let call = Call { step: Some(Box::new(step)), ..bare(operation, "") };
        assert_eq!(back(&call).call, call);
    }
    let nameless = bare(Operation::ExecuteTool, "");
    assert_eq!(back(&nameless).call, nameless);
}

#[test]
fn the_model_that_answered_is_not_taken_for_one_that_was_asked_for() {
    let mut call = bare(Operation::Chat, "openai.chat");
    call.response.model = Some("gpt-4o".into());
    assert_eq!(back(&call).call, call);
    call.request.model = Some("gpt-4o".into());
    assert_eq!(back(&call).call, call);
}

#[test]
fn an_event_of_the_package_says_what_its_properties_say() {
    let reading = read(
        "$ai_generation",
        vec![
            ("$ai_base_url", Value::Static("http://127.0.0.1:18181/v1/")),
            ("$ai_http_status", Value::Int(200)),
            ("$ai_input", json(r#"[{"role":"user","content":"Hi"}]"#)),
            ("$ai_latency", Value::Double(2.5)),
            ("$ai_model", Value::Static("gpt-4o-mini")),
            (
                "$ai_model_parameters",
                json(
                    r#"{"temperature":1,"max_completion_tokens":9,"stop":"END","logprobs":true,"service_tier":"scale"}"#,
                ),
            ),
            (
                "$ai_output_choices",
                json(
                    r#"[{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"function","id":"c1","function":{"name":"f","arguments":"{}"}}]}]"#,
                ),
            ),
            ("$ai_provider", Value::Static("openai")),
            ("$ai_stop_reason", Value::Static("tool_calls")),
            ("$ai_trace_id", Value::Static("0f0f0f0f-0000-4000-8000-000000000001")),
            (
                "$ai_usage",
                json(
                    r#"{"prompt_tokens":40,"total_tokens":48,"prompt_tokens_details":{"cached_tokens":3,"text_tokens":null}}"#,
                ),
            ),
            ("$lib", Value::Static("posthog-python")),
            ("$os", Value::Static("Linux")),
            ("$process_person_profile", Value::Bool(false)),
            ("distinct_id", Value::Static("0f0f0f0f-0000-4000-8000-000000000001")),
        ],
    );
    let Call { request, response, usage, timing, identity, server, .. } = &reading.call;
    assert_eq!((&reading.call.operation, reading.call.surface), (&Operation::Chat, "openai.chat"));
    assert_eq!((&*server.address, server.port), ("127.0.0.1", Some(18181)));
    assert_eq!((request.temperature, request.max_tokens), (Some(1.0), Some(9)));
    assert_eq!(request.stop_sequences, [Box::from("END")]);
    assert_eq!((request.service_tier.as_deref(), response.service_tier.as_deref()), (None, Some("scale")));
    assert_eq!(request.messages, [message(Role::User, vec![text("Hi")])]);
    let [choice] = &response.choices[..] else { panic!("{:?}", response.choices) };
    assert_eq!((choice.message.parts.len(), choice.finish_reason.as_deref()), (2, Some("tool_calls")));
    assert_eq!((usage.input, usage.total, usage.cache_read), (Some(40), Some(48), Some(3)));
    assert_eq!(timing.start, SystemTime::UNIX_EPOCH + Duration::from_millis(97_500));
    assert_eq!(timing.total, Duration::from_millis(2_500));
    assert_eq!((&identity.user_id, &reading.call.span), (&None, &None));
    let unread: Vec<_> = reading.unread.iter().map(|unread| (&*unread.name, unread.why)).collect();
    let unknown = |name| (name, Why::Unknown);
    // A UUID alone is the id of no span.
    assert_eq!(unread, ["$ai_model_parameters.logprobs", "$ai_trace_id", "$os"].map(unknown));
    // It goes on, and what sidetone says itself is told once.
    let again = PostHog.project(&reading.call).span;
    assert_eq!(again.indexed.len(), 3);
    let own = Call { span: full().span, ..reading.call.clone() };
    assert_eq!(PostHog.project(&own).span.indexed.len(), 2);
}

#[test]
fn errors_of_the_package_are_read_with_and_without_content() {
    let error = |input: Value<'static>, status: i64, text: &'static str| {
        let properties = vec![
            ("$ai_error", Value::Static(text)),
            ("$ai_is_error", Value::Bool(true)),
            ("$ai_http_status", Value::Int(status)),
            ("$ai_input", input),
            ("$ai_provider", Value::Static("openai")),
        ];
        let reading = read("$ai_generation", properties);
        assert_eq!(reading.unread, []);
        let Outcome::Failed(failure) = reading.call.outcome else { panic!("{:?}", reading.call.outcome) };
        let message = failure.message.as_ref().and_then(Text::as_str).map(str::to_owned);
        (failure.class, failure.code.map(String::from), message, reading.call.response.status)
    };
    let limit = "RateLimitError: 429 rate_limit_exceeded requests request_id=req_1 (caused by HTTPStatusError)";
    let code = Some("rate_limit_exceeded".to_owned());
    assert_eq!(error(Value::Null, 429, limit), (ErrorClass::RateLimit, code, None, Some(429)));
    let refused = "APIConnectionError (caused by ConnectError, ConnectionRefusedError)";
    assert_eq!(error(Value::Null, 0, refused), (ErrorClass::Connection, None, None, None));
    let words = |text: &str| Some(text.to_owned());
    let hi = || json(r#"[{"role":"user","content":"Hi"}]"#);
    let told = "Error code: 429 - Rate limit reached.";
    assert_eq!(error(hi(), 429, told), (ErrorClass::RateLimit, None, words("Rate limit reached."), Some(429)));
    for (class, text) in [
        (ErrorClass::Connection, "Connection error."),
        (ErrorClass::Timeout, "Request timed out."),
        (ErrorClass::Other("_OTHER".into()), "The server is overloaded."),
    ] {
        assert_eq!(error(hi(), 0, text), (class, None, words(text), None));
    }
    let bad = ErrorClass::Other("ValueError".into());
    assert_eq!(error(hi(), 0, "ValueError: bad"), (bad, None, words("bad"), None));
}

#[test]
fn what_receivers_make_of_other_telemetry_is_read() {
    let reading = read(
        "$ai_generation",
        vec![
            ("$ai_base_url", Value::Static("api.openai.com")),
            ("$ai_input", Value::Static(r#"[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]"#)),
            (
                "$ai_output_choices",
                json(r#"[{"index":1,"finish_reason":"length","message":{"role":"assistant","content":"a"}}]"#),
            ),
            ("$ai_trace_id", Value::Static("0102030405060708090a0b0c0d0e0f10")),
            ("$ai_span_id", Value::Static("0102030405060708")),
            ("$ai_parent_id", Value::Static("a102030405060708")),
            ("$ai_temperature", Value::Double(0.5)),
            ("$ai_max_tokens", Value::Int(10)),
            ("$ai_stream", Value::Bool(true)),
            ("$ai_tools", json(r#"[{"name":"f","description":"It.","input_schema":{"type":"object"}}]"#)),
            ("$ai_time_to_first_token", Value::Double(0.5)),
            ("$ai_total_cost_usd", Value::Double(0.25)),
            ("gen_ai.conversation.id", Value::Static("conv_1")),
            ("posthog.distinct_id", Value::Static("ann")),
        ],
    );
    assert_eq!(reading.unread, []);
    let Call { request, response, timing, identity, span, parent, server, cost, .. } = &reading.call;
    assert_eq!((&*server.address, server.port), ("api.openai.com", None));
    assert_eq!(request.messages, [message(Role::User, vec![text("Hi")])]);
    let choice =
        Choice { index: 1, message: message(Role::Assistant, vec![text("a")]), finish_reason: Some("length".into()) };
    assert_eq!(response.choices, [choice]);
    assert_eq!((request.temperature, request.max_tokens, response.is_stream), (Some(0.5), Some(10), true));
    assert_eq!((&*request.tools[0].kind, request.tools[0].name.as_deref()), ("function", Some("f")));
    assert!(request.tools[0].parameters.is_some());
    let trace_id = TraceId([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
    assert_eq!(*span, Some(OwnSpan { trace_id, span_id: SpanId([1, 2, 3, 4, 5, 6, 7, 8]) }));
    let above = SpanId([0xa1, 2, 3, 4, 5, 6, 7, 8]);
    let above = ParentSpan { trace_id, span_id: above, flags: 0, is_remote: false, trace_state: None };
    assert_eq!(*parent, Some(above));
    assert_eq!(timing.first_output, Some(Duration::from_millis(500)));
    assert_eq!(cost.as_ref().map(|cost| cost.total.to_string()).as_deref(), Some("0.25"));
    assert_eq!((identity.user_id.as_deref(), request.conversation_id.as_deref()), (Some("ann"), Some("conv_1")));
}

#[test]
fn embeddings_have_a_number_of_inputs() {
    for (input, count) in
        [(Value::Static("first"), 1), (json(r#"["first","second"]"#), 2), (Value::Static(r#"["first","second"]"#), 2)]
    {
        let reading = read("$ai_embedding", vec![("$ai_input", input), ("$ai_provider", Value::Static("openai"))]);
        assert_eq!((&reading.call.operation, reading.call.surface), (&Operation::Embeddings, "openai.embeddings"));
        assert_eq!(reading.call.request.embeddings.unwrap().inputs, Some(count));
        assert_eq!(reading.unread, []);
    }
}

#[test]
fn media_that_the_package_took_out_are_not_kept() {
    let input = r#"[{"role":"user","content":[{"type":"image_url","image_url":{"url":"[base64 image redacted]","detail":"low"}}]}]"#;
    let reading = read("$ai_generation", vec![("$ai_input", json(input))]);
    let [Part::Media(media)] = &reading.call.request.messages[0].parts[..] else { panic!("{:?}", reading.call) };
    assert_eq!((&media.source, media.detail.as_deref()), (&MediaSource::Uri(Text::default()), Some("low")));
}

#[test]
fn events_that_are_no_calls_are_steps() {
    let of = |name: &'static str, kind: Option<&'static str>| {
        let kind = kind.map(|kind| ("$ai_span_type", Value::Static(kind)));
        let properties = [
            ("$ai_span_name", Value::Static("plan")),
            ("$ai_input_state", json(r#"{"q":1}"#)),
            ("$ai_output_state", Value::Static("done")),
        ];
        let reading = read(name, properties.into_iter().chain(kind).collect());
        assert_eq!(reading.unread, []);
        let step = reading.call.step.unwrap();
        let text = |text: &Option<Text>| text.as_ref().and_then(Text::as_str).map(str::to_owned);
        assert_eq!((text(&step.input).as_deref(), text(&step.output).as_deref()), (Some(r#"{"q":1}"#), Some("done")));
        assert_eq!(step.name.as_deref(), Some("plan"));
        reading.call.operation
    };
    assert_eq!(of("$ai_trace", None), Operation::InvokeWorkflow);
    assert_eq!(of("$ai_span", Some("tool")), Operation::ExecuteTool);
    assert_eq!(of("$ai_span", Some("agent")), Operation::InvokeAgent);
    assert_eq!(of("$ai_span", Some("guardrail")), Operation::Other("guardrail".into()));
    assert_eq!(of("$ai_span", None), Operation::Other("span".into()));
}

#[test]
fn names_of_the_first_receiver_on_a_span_go_before_all_others() {
    let reading = read(
        "openai.chat",
        vec![
            ("gen_ai.operation.name", Value::Static("text_completion")),
            ("gen_ai.provider.name", Value::Static("azure")),
            ("gen_ai.request.model", Value::Static("b")),
            ("gen_ai.usage.input_tokens", Value::Int(9)),
            ("gen_ai.usage.output_tokens", Value::Int(8)),
            ("posthog.ai.model", Value::Static("a")),
            ("posthog.ai.provider", Value::Static("openai")),
            ("posthog.ai.input_tokens", Value::Int(1)),
            ("posthog.ai.cache_read_tokens", Value::Int(2)),
            ("posthog.ai.cache_write_tokens", Value::Int(3)),
            ("posthog.ai.input", Value::Static("Hi")),
            ("posthog.ai.output", Value::Static("Ho")),
            ("posthog.ai.temperature", Value::Double(0.5)),
            ("posthog.ai.max_tokens", Value::Int(4)),
            ("posthog.ai.stream", Value::Bool(true)),
            ("posthog.ai.is_error", Value::Bool(true)),
            ("posthog.ai.error_message", Value::Static("Broken.")),
            ("posthog.ai.session_id", Value::Static("s")),
            ("posthog.ai.generation_id", Value::Static("g")),
            ("posthog.ai.input_cost_usd", Value::Double(0.5)),
        ],
    );
    assert_eq!(reading.dialects, ["posthog", "latest"]);
    let Call { operation, provider, request, response, usage, outcome, identity, .. } = &reading.call;
    assert_eq!((operation, provider.as_ref()), (&Operation::TextCompletion, "openai"));
    assert_eq!(request.model.as_deref(), Some("a"));
    assert_eq!((usage.input, usage.output, usage.cache_read, usage.cache_write), (Some(1), Some(8), Some(2), Some(3)));
    assert_eq!(request.messages, [message(Role::User, vec![text("Hi")])]);
    assert_eq!(response.choices[0].message, message(Role::Assistant, vec![text("Ho")]));
    assert_eq!((request.temperature, request.max_tokens, response.is_stream), (Some(0.5), Some(4), true));
    let Outcome::Failed(failure) = outcome else { panic!("{outcome:?}") };
    assert_eq!(failure.message, Some(Text::kept("Broken.")));
    assert_eq!(identity.session_id.as_deref(), Some("s"));
    let unread: Vec<_> = reading.unread.iter().map(|unread| &*unread.name).collect();
    assert_eq!(unread, ["posthog.ai.generation_id", "posthog.ai.input_cost_usd"], "the event has no place for these");
}

#[test]
fn where_nothing_else_says_what_was_done_a_model_was_called() {
    let operation = |word: Option<&'static str>| {
        let word = word.map(|word| ("posthog.ai.operation_name", Value::Static(word)));
        read("x", [("posthog.ai.model", Value::Static("m"))].into_iter().chain(word).collect()).call.operation
    };
    assert_eq!(operation(None), Operation::Chat);
    assert_eq!(operation(Some("completion")), Operation::TextCompletion);
    assert_eq!(operation(Some("embedding")), Operation::Embeddings);
    assert_eq!(operation(Some("rerank")), Operation::named("rerank"));
}

#[test]
fn a_user_alone_makes_no_event_of_posthogs() {
    let user = || ("posthog.distinct_id", Value::Static("ann"));
    assert_eq!(read_any(&event("GET /", vec![user()])), None);
    let reading = read("chat", vec![("gen_ai.operation.name", Value::Static("chat")), user()]);
    assert_eq!(reading.dialects, ["latest"]);
    assert_eq!(reading.call.identity.user_id.as_deref(), Some("ann"));
}

#[test]
fn an_error_of_the_span_is_one_without_properties_that_say_so() {
    let attributes = vec![(Cow::Borrowed("posthog.ai.model"), Value::Static("m"))];
    let status = RecordStatus::Error("Broken.".into());
    let record = SpanRecord { status, attributes, ..SpanRecord::default() };
    let reading = read_any(&Records::new(vec![record], Vec::new())).unwrap();
    let Outcome::Failed(failure) = reading.call.outcome else { panic!("{:?}", reading.call.outcome) };
    assert_eq!(failure.message, Some(Text::kept("Broken.")));
}

#[test]
fn what_cannot_be_read_is_kept_and_told() {
    let deep = "[".repeat(100_000);
    let why = |name: &str, value: Value<'_>| {
        let reading = read("$ai_generation", vec![("$ai_model", Value::Static("m")), (name, value)]);
        assert_eq!(reading.call.request.model.as_deref(), Some("m"));
        reading.unread.first().map(|unread| unread.why)
    };
    for (name, value, expected) in [
        ("$ai_input", Value::Static("[{"), Some(Why::NotJson)),
        ("$ai_input", Value::Str(&deep), Some(Why::NotJson)),
        ("$ai_output_choices", Value::Static(r#"[{"role":"assistant"}"#), Some(Why::NotJson)),
        ("$ai_tools", Value::Static("no"), Some(Why::NotJson)),
        ("$ai_usage", Value::Static("no"), Some(Why::NotJson)),
        ("$ai_usage", Value::Int(1), Some(Why::WrongType)),
        ("$ai_model_parameters", Value::Static("no"), Some(Why::NotJson)),
        ("$ai_model_parameters", Value::Int(1), Some(Why::WrongType)),
        ("$ai_input_tokens", Value::Int(-1), Some(Why::WrongType)),
        ("$ai_latency", Value::Double(f64::NAN), Some(Why::WrongType)),
        ("$ai_latency", Value::Double(-1.0), Some(Why::WrongType)),
        ("$ai_latency", Value::Double(1e300), Some(Why::WrongType)),
        ("$ai_latency", Value::Double(1e18), None),
        ("$ai_is_error", Value::Static("yes"), Some(Why::WrongType)),
        ("$ai_http_status", Value::Int(70_000), Some(Why::WrongType)),
        ("$ai_base_url", Value::Int(1), Some(Why::WrongType)),
        ("$ai_span_id", Value::Static("é"), Some(Why::Unknown)),
        ("$ai_trace_id", Value::Static("00000000000000000000000000000000"), Some(Why::Unknown)),
        ("$ai_invented", Value::Static("x"), Some(Why::Unknown)),
        ("$ai_error", Value::Static(""), None),
        ("$ai_input", Value::Int(7), Some(Why::WrongType)),
        ("$ai_output_choices", Value::Bool(true), Some(Why::WrongType)),
        ("$ai_tools", Value::Null, None),
    ] {
        assert_eq!(why(name, value.clone()), expected, "{name} {:.60}", format!("{value:?}"));
    }
}
