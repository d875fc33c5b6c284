//! Dialect `openinference` read back, and read as packages other than ours write it. Names are those of
//! `openinference-semantic-conventions` 0.1.42, `openinference/semconv/trace/__init__.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;
#[path = "support/parts.rs"]
mod parts;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use call::bare;
use parts::{message, text};
use sidetone_core::dialect::read::{EventRecord, Reading, RecordStatus, Records, SpanRecord, Why, read_any};
use sidetone_core::dialect::{Dialect as _, OpenInference, Value};
use sidetone_core::event::{
    Call, Choice, EmbeddingsRequest, ErrorClass, Failure, Identity, Media, MediaSource, Message, Modality, Operation,
    Outcome, OwnSpan, Part, Request, Response, Role, Server, SpanId, Step, Text, ToolCall, ToolDefinition, TraceId,
    Usage,
};

fn back(call: &Call) -> Reading {
    let reading = read_any(&Records::of(call, OpenInference.project(call))).unwrap();
    assert_eq!(reading.dialects, ["openinference"]);
    assert_eq!(reading.unread, []);
    reading
}

fn span<'a>(attributes: Vec<(&'a str, Value<'a>)>) -> SpanRecord<'a> {
    let attributes = attributes.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
    SpanRecord { name: "it".into(), attributes, ..SpanRecord::default() }
}

fn read<'a>(attributes: Vec<(&'a str, Value<'a>)>) -> Reading {
    read_any(&Records::new(vec![span(attributes)], Vec::new())).unwrap()
}

/// A call of which everything is known that this dialect has a place for.
fn full() -> Call {
    let bare = bare(Operation::Chat, "openai.chat");
    let asked = ToolCall {
        id: Some("call_1".into()),
        kind: Some("function".into()),
        name: Some("get_weather".into()),
        arguments: Some(Text::kept(r#"{"city":"Paris"}"#)),
    };
    let result = Part::ToolResult { id: Some("call_1".into()), content: Text::kept("50 degrees"), is_list: false };
    let picture = Media {
        modality: Modality::Image,
        format: None,
        source: MediaSource::Uri(Text::kept("https://example.com/a.png")),
        detail: Some("low".into()),
        name: None,
        sha256: None,
    };
    let choice = |index, parts, reason: &'static str| Choice {
        index,
        message: message(Role::Assistant, parts),
        finish_reason: Some(reason.into()),
    };
    Call {
        span: Some(OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }),
        server: Arc::new(Server { address: "".into(), port: None }),
        request: Request {
            model: Some("gpt-4o".into()),
            stream: Some(true),
            temperature: Some(0.5),
            max_tokens: Some(7),
            choice_count: Some(2),
            stop_sequences: vec!["END".into()],
            seed: Some(3),
            response_format: Some("json_schema".into()),
            service_tier: Some("flex".into()),
            reasoning_effort: Some("low".into()),
            messages: vec![
                message(Role::Developer, vec![text("Be terse.")]),
                Message { is_list: true, ..message(Role::User, vec![text("Weather?"), Part::Media(picture)]) },
                message(Role::Assistant, vec![Part::ToolCall(asked.clone())]),
                message(Role::Tool, vec![result]),
            ],
            tools: vec![ToolDefinition {
                kind: "function".into(),
                name: Some("get_weather".into()),
                description: Some(Text::kept("d")),
                parameters: None,
            }],
            ..Request::default()
        },
        response: Response {
            id: Some("chatcmpl-1".into()),
            model: Some("gpt-4o-2024".into()),
            choices: vec![
                choice(0, vec![Part::Refusal(Text::kept("No."))], "stop"),
                choice(1, vec![Part::Reasoning(Text::kept("Hm.")), text("Yes."), Part::ToolCall(asked)], "tool_calls"),
            ],
            service_tier: Some("default".into()),
            system_fingerprint: Some("fp".into()),
            is_stream: true,
            ..Response::default()
        },
        usage: Usage {
            input: Some(20),
            output: Some(10),
            total: Some(30),
            cache_read: Some(4),
            reasoning: Some(0),
            accepted_prediction: Some(2),
            ..Usage::default()
        },
        timing: sidetone_core::event::Timing { first_chunk: Some(Duration::from_millis(7)), ..bare.timing.clone() },
        identity: Arc::new(Identity { user_id: Some("u".into()), session_id: Some("s".into()), ..Identity::default() }),
        ..bare
    }
}

#[test]
fn a_call_with_everything_in_it_comes_back() {
    assert_eq!(back(&full()).call, full());
}

#[test]
fn a_responses_call_comes_back_with_its_instructions_and_its_one_answer() {
    let mut call = full();
    call.surface = "openai.responses";
    call.request.instructions = Some(Text::kept("Be brief."));
    call.request.previous_response_id = Some("resp_0".into());
    // Each item of that API's input is a message of one kind of thing.
    call.request.choice_count = None;
    call.request.stop_sequences.clear();
    call.request.seed = None;
    call.response.system_fingerprint = None;
    call.response.state = Some("completed".into());
    let parts = vec![Part::Reasoning(Text::kept("Hm.")), text("Yes.")];
    call.response.choices =
        vec![Choice { index: 0, message: message(Role::Assistant, parts), finish_reason: Some("stop".into()) }];
    assert_eq!(back(&call).call, call);
}

#[test]
fn what_is_hidden_is_not_taken_for_what_was_said() {
    let mut call = full();
    for message in &mut call.request.messages {
        message.parts.clear();
        message.parts.push(Part::Text(Text::sized(9)));
    }
    call.request.tools.clear();
    call.response.choices.truncate(1);
    call.response.choices[0].message.parts = vec![Part::Text(Text::sized(9))];
    let read = back(&call).call;
    assert_eq!(read.request.messages, []);
    let parts = read.response.choices.iter().flat_map(|choice| &choice.message.parts);
    assert_eq!((parts.count(), read.response.choices[0].finish_reason.as_deref()), (0, Some("stop")));
    assert_eq!((read.request.temperature, read.usage.cache_read), (Some(0.5), Some(4)));
    let hidden = read_hidden();
    assert_eq!(hidden.request.messages[0].parts, [Part::Text(Text::default())]);
    assert_eq!(hidden.operation, Operation::TextCompletion);
}

/// As `HIDE_INPUTS` leaves a legacy completion.
fn read_hidden() -> Call {
    let hidden = || Value::Static("__REDACTED__");
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("LLM")),
        ("input.value", hidden()),
        ("output.value", hidden()),
        ("llm.prompts.0.prompt.text", hidden()),
        ("llm.choices.0.completion.text", hidden()),
    ]);
    assert_eq!(reading.unread, []);
    reading.call
}

#[test]
fn an_embeddings_call_comes_back() {
    let mut call = bare(Operation::Embeddings, "openai.embeddings");
    call.server = Arc::new(Server { address: "".into(), port: None });
    call.request.model = Some("m".into());
    call.response.model = Some("m-2".into());
    let (encoding_format, dimensions) = (Some("float".into()), Some(4));
    call.request.embeddings = Some(EmbeddingsRequest { encoding_format, dimensions, inputs: Some(3) });
    call.usage = Usage { input: Some(6), total: Some(6), ..Usage::default() };
    assert_eq!(back(&call).call, call);
}

#[test]
fn a_failed_call_names_the_model_that_was_asked_for_and_none_that_answered() {
    let mut call = bare(Operation::Chat, "openai.chat");
    call.server = Arc::new(Server { address: "".into(), port: None });
    call.request.model = Some("gpt-4o".into());
    call.response.status = Some(429);
    let (code, message) = (Some("rate_limit_exceeded".into()), Some(Text::kept("Slow down.")));
    call.outcome = Outcome::Failed(Failure { class: ErrorClass::RateLimit, code, message });
    assert_eq!(back(&call).call, call);
}

#[test]
fn each_kind_of_step_comes_back_with_what_it_was_given_and_gave_back() {
    for operation in [
        Operation::ExecuteTool,
        Operation::InvokeAgent,
        Operation::InvokeWorkflow,
        Operation::Retrieval,
        Operation::Other("rerank".into()),
        Operation::Other("guardrail".into()),
        Operation::Other("evaluator".into()),
        Operation::Other("prompt".into()),
    ] {
        let is_tool = operation == Operation::ExecuteTool;
        let mut call = bare(operation, "");
        (call.provider, call.server) = ("".into(), Arc::new(Server { address: "".into(), port: None }));
        call.step = Some(Box::new(Step {
            name: Some("find".into()),
            id: is_tool.then(|| "call_1".into()),
            kind: None,
            description: is_tool.then(|| Text::kept("Finds.")),
            input: Some(Text::kept("what?")),
            output: Some(Text::kept(r#"[{"id": "d1", "score": 0.5, "content": "text"}, "more"]"#)),
        }));
        assert_eq!(back(&call).call, call);
        let telemetry = OpenInference.project(&call);
        let kind = telemetry.span.attributes.iter().find(|(name, _)| *name == "openinference.span.kind").unwrap();
        let documents = telemetry.span.indexed.iter().filter(|(name, _)| name.ends_with(".document.content")).count();
        let gives_documents = matches!(kind.1.as_str(), Some("RETRIEVER" | "RERANKER"));
        assert_eq!(documents, if gives_documents { 2 } else { 0 }, "{kind:?}");
        // With nothing kept it is told that there was something.
        let step = call.step.as_mut().unwrap();
        (step.input, step.output, step.description) = (Some(Text::sized(3)), Some(Text::sized(3)), None);
        let telemetry = OpenInference.project(&call);
        let hidden = telemetry.span.attributes.iter().filter(|(_, value)| value.as_str() == Some("__REDACTED__"));
        assert_eq!(hidden.map(|(name, _)| *name).collect::<Vec<_>>(), ["input.value", "output.value"]);
        assert_eq!(telemetry.span.indexed, []);
    }
}

#[test]
fn an_agent_comes_back_with_its_model_and_messages() {
    let mut call = bare(Operation::InvokeAgent, "");
    (call.provider, call.server) = ("anthropic".into(), Arc::new(Server { address: "".into(), port: None }));
    call.request.model = Some("m".into());
    call.response.model = Some("m-2".into());
    call.request.messages = vec![message(Role::User, vec![text("Weather?")])];
    let (index, finish_reason) = (0, None);
    call.response.choices =
        vec![Choice { index, message: message(Role::Assistant, vec![text("Rain.")]), finish_reason }];
    call.step = Some(Box::new(Step { name: Some("weather".into()), ..Step::default() }));
    assert_eq!(back(&call).call, call);
}

#[test]
fn a_step_repeats_no_tokens() {
    let mut call = bare(Operation::InvokeAgent, "");
    call.usage = Usage { input: Some(20), output: Some(10), total: Some(30), ..Usage::default() };
    let telemetry = OpenInference.project(&call);
    assert!(telemetry.span.attributes.iter().all(|(name, _)| !name.contains("token")), "{telemetry:?}");
}

/// Every name of `SpanAttributes`, and of the classes whose names stand behind one of its lists.
const NAMES: &[&str] = &[
    "annotations.0.annotation.name",
    "evaluations.0.evaluation.score",
    "trace.annotations.0.annotation.label",
    "trace.evaluations.0.evaluation.label",
    "session.annotations.0.annotation.explanation",
    "session.evaluations.0.evaluation.explanation",
    "output.value",
    "input.value",
    "input.images.0.image.url",
    "output.images.0.image.url",
    "input.documents.0.document.url",
    "output.documents.0.document.mime_type",
    "embedding.invocation_parameters",
    "embedding.model_name",
    "llm.function_call",
    "llm.invocation_parameters",
    "llm.input_messages.0.message.role",
    "llm.input_messages.0.message.content",
    "llm.input_messages.0.message.name",
    "llm.input_messages.0.message.tool_call_id",
    "llm.input_messages.0.message.function_call_name",
    "llm.input_messages.0.message.function_call_arguments_json",
    "llm.input_messages.0.message.tool_calls.0.tool_call.id",
    "llm.input_messages.0.message.tool_calls.0.tool_call.function.name",
    "llm.input_messages.0.message.tool_calls.0.tool_call.function.arguments",
    "llm.input_messages.0.message.tool_calls.0.tool_call.reasoning_signature",
    "llm.input_messages.0.message.contents.0.message_content.type",
    "llm.input_messages.0.message.contents.0.message_content.text",
    "llm.input_messages.0.message.contents.0.message_content.id",
    "llm.input_messages.0.message.contents.0.message_content.signature",
    "llm.input_messages.0.message.contents.0.message_content.data",
    "llm.input_messages.0.message.contents.0.message_content.encrypted_content",
    "llm.input_messages.0.message.contents.0.message_content.image.image.url",
    "llm.input_messages.0.message.contents.0.message_content.audio.audio.url",
    "llm.input_messages.0.message.contents.0.message_content.audio.audio.mime_type",
    "llm.input_messages.0.message.contents.0.message_content.audio.audio.transcript",
    "llm.input_messages.0.message.contents.0.message_content.video.video.url",
    "llm.input_messages.0.message.contents.0.message_content.document.document.id",
    "llm.input_messages.0.message.contents.0.message_content.document.document.content",
    "llm.output_messages.0.message.content",
    "llm.model_name",
    "llm.request.model_name",
    "llm.response.model_name",
    "llm.provider",
    "llm.system",
    "decision.model_name",
    "decision.request.model_name",
    "decision.response.model_name",
    "decision.provider",
    "decision.system",
    "decision.token_count.input",
    "decision.token_count.output",
    "llm.prompts.0.prompt.text",
    "llm.choices.0.completion.text",
    "llm.prompt_template.template",
    "llm.prompt_template.variables",
    "llm.prompt_template.version",
    "llm.token_count.completion",
    "llm.token_count.completion_details.audio",
    "llm.token_count.completion_details.reasoning",
    "llm.token_count.prompt",
    "llm.token_count.prompt_details.audio",
    "llm.token_count.prompt_details.cache_input",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_write",
    "llm.token_count.total",
    "llm.finish_reason",
    "llm.cost.completion",
    "llm.cost.completion_details.audio",
    "llm.cost.completion_details.output",
    "llm.cost.completion_details.reasoning",
    "llm.cost.prompt",
    "llm.cost.prompt_details.audio",
    "llm.cost.prompt_details.cache_input",
    "llm.cost.prompt_details.cache_read",
    "llm.cost.prompt_details.cache_write",
    "llm.cost.prompt_details.input",
    "llm.cost.total",
    "llm.tools.0.tool.json_schema",
    "llm.tools.0.tool.name",
    "llm.tools.0.tool.description",
    "tool.name",
    "tool.description",
    "tool.parameters",
    "tool.id",
    "retrieval.documents.0.document.content",
    "reranker.input_documents.0.document.content",
    "reranker.output_documents.0.document.content",
    "reranker.query",
    "reranker.model_name",
    "reranker.top_k",
    "metadata",
    "tag.tags",
    "session.id",
    "user.id",
    "agent.name",
    "graph.node.id",
    "graph.node.name",
    "graph.node.parent_id",
    "prompt.vendor",
    "prompt.id",
    "prompt.url",
];

#[test]
fn every_name_of_the_conventions_is_read_or_kept() {
    let value = |name: &str| match name {
        name if name.contains("token_count") => Value::Int(7),
        name if name.contains("cost") || name.ends_with("score") => Value::Double(0.5),
        "reranker.top_k" => Value::Int(7),
        name if name.ends_with("parameters") => Value::Static(r#"{"temperature": 0.5}"#),
        name if name.ends_with("json_schema") => Value::Static(r#"{"type": "function", "function": {"name": "f"}}"#),
        "tag.tags" => Value::Strings(vec!["a", "b"]),
        _ => Value::Static("seven"),
    };
    for kind in ["LLM", "CHAIN", "TOOL", "AGENT", "RETRIEVER", "RERANKER", "EMBEDDING"] {
        let base = || vec![("openinference.span.kind", Value::Static(kind))];
        let without = read(base()).call;
        let mut kept = 0;
        for name in NAMES {
            let reading = read([base(), vec![(*name, value(name))]].concat());
            let is_kept = reading.call.attributes.iter().any(|(other, _)| **other == **name);
            let is_told = reading.unread.iter().any(|unread| *unread.name == **name);
            let is_read = Call { attributes: Vec::new(), ..reading.call.clone() } != without;
            assert_eq!((is_kept, is_told), (!is_read, !is_read), "{kind}: {name}");
            kept += usize::from(is_kept);
        }
        assert!((1..NAMES.len() / 2).contains(&kept), "{kind}: {kept}");
    }
}

#[test]
fn parameters_without_a_field_are_kept_each_by_name() {
    let parameters =
        r#"{"model": "m", "temperature": 1, "tool_choice": {"type": "auto"}, "logprobs": true, "user": "u"}"#;
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("LLM")),
        ("llm.invocation_parameters", Value::Static(parameters)),
    ]);
    assert_eq!(
        (reading.call.request.temperature, reading.call.request.end_user.user.as_deref()),
        (Some(1.0), Some("u"))
    );
    let kept: Vec<_> = reading.call.attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(kept, ["llm.invocation_parameters.tool_choice", "llm.invocation_parameters.logprobs"]);
    let reading = read(vec![("llm.invocation_parameters", Value::Static("{model: m}"))]);
    assert_eq!((&*reading.unread[0].name, reading.unread[0].why), ("llm.invocation_parameters", Why::NotJson));
}

#[test]
fn documents_that_were_found_are_a_list_and_other_forms_of_them_are_kept() {
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("RETRIEVER")),
        ("input.value", Value::Static("what?")),
        ("output.value", Value::Static("page one, page two")),
        ("retrieval.documents.10.document.content", Value::Static("two")),
        ("retrieval.documents.2.document.content", Value::Static("one")),
        ("retrieval.documents.2.document.score", Value::Double(0.5)),
        ("retrieval.documents.2.document.id", Value::Static("d")),
    ]);
    let step = reading.call.step.unwrap();
    assert_eq!((step.name.as_deref(), step.input.unwrap().as_str()), (Some("it"), Some("what?")));
    let documents = r#"[{"id":"d","score":0.5,"content":"one"},{"content":"two"}]"#;
    assert_eq!(step.output.unwrap().as_str(), Some(documents));
    assert_eq!(reading.call.attributes.len(), 1);
    assert_eq!(&*reading.call.attributes[0].0, "output.value");
}

#[test]
fn requests_of_other_vendors_are_not_read_as_openai_s() {
    let attributes = |system: &'static str| {
        vec![
            ("openinference.span.kind", Value::Static("LLM")),
            ("llm.system", Value::Static(system)),
            ("input.mime_type", Value::Static("application/json")),
            ("input.value", Value::Static(r#"{"model": "m", "messages": [{"role": "user", "content": "in JSON"}]}"#)),
            ("llm.input_messages.0.message.role", Value::Static("user")),
            ("llm.input_messages.0.message.content", Value::Static("by index")),
        ]
    };
    let of = |call: &Call| match &call.request.messages[0].parts[..] {
        [Part::Text(text)] => text.as_str().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    let openai = read(attributes("openai"));
    assert_eq!((of(&openai.call).as_str(), openai.call.surface, openai.unread.len()), ("in JSON", "openai.chat", 0));
    let other = read(attributes("anthropic"));
    assert_eq!((of(&other.call).as_str(), other.call.surface, &*other.call.provider), ("by index", "", "anthropic"));
    assert_eq!(&*other.call.attributes[0].0, "input.value");
}

#[test]
fn where_the_dump_was_cut_the_names_with_indices_say_it() {
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("LLM")),
        ("llm.system", Value::Static("openai")),
        ("input.value", Value::Static(r#"{"model": "m", "messages": [{"role": "user", "conte"#)),
        ("llm.input_messages.1.message.tool_calls.1.tool_call.function.name", Value::Static("g")),
        ("llm.input_messages.1.message.tool_calls.0.tool_call.function.name", Value::Static("f")),
        ("llm.input_messages.1.message.role", Value::Static("assistant")),
        ("llm.input_messages.0.message.contents.0.message_content.text", Value::Static("Hello")),
        ("llm.output_messages.0.message.content", Value::Static("Hi.")),
        ("output.value", Value::Static("Hi.")),
        ("llm.finish_reason", Value::Static("stop")),
    ]);
    let names = reading.call.request.messages[1].parts.iter().map(|part| match part {
        Part::ToolCall(call) => call.name.as_deref(),
        _ => None,
    });
    assert_eq!(names.collect::<Vec<_>>(), [Some("f"), Some("g")]);
    assert_eq!((reading.call.request.messages.len(), &reading.call.request.messages[0].role), (2, &Role::User));
    assert_eq!(reading.call.response.choices[0].message.parts, [text("Hi.")]);
    assert_eq!(reading.call.surface, "openai.chat");
    assert_eq!(reading.unread.iter().map(|unread| &*unread.name).collect::<Vec<_>>(), ["input.value"]);
}

#[test]
fn plain_values_of_a_call_are_what_was_asked_and_answered() {
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("LLM")),
        ("input.value", Value::Static("Hello")),
        ("output.value", Value::Static("Hi.")),
    ]);
    assert_eq!(reading.call.request.messages, [message(Role::User, vec![text("Hello")])]);
    assert_eq!(reading.call.response.choices[0].message, message(Role::Assistant, vec![text("Hi.")]));
    assert_eq!(reading.unread, []);
}

#[test]
fn a_stream_that_was_let_go_of_is_cancelled() {
    let start = SystemTime::UNIX_EPOCH;
    let first = EventRecord {
        name: "First Token Stream Event".into(),
        time: Some(start + Duration::from_millis(5)),
        attributes: Vec::new(),
    };
    let outcome = |status, scope: &'static str| {
        let mut span = span(vec![("openinference.span.kind", Value::Static("LLM"))]);
        (span.scope, span.status, span.start) = (scope.into(), status, Some(start));
        span.events = vec![first.clone()];
        let reading = read_any(&Records::new(vec![span], Vec::new())).unwrap();
        assert_eq!(reading.call.timing.first_chunk, Some(Duration::from_millis(5)));
        assert!(reading.call.response.is_stream);
        reading.call.outcome
    };
    let package = "openinference.instrumentation.openai";
    assert_eq!(outcome(RecordStatus::Unset, package), Outcome::Cancelled);
    assert_eq!(outcome(RecordStatus::Ok, package), Outcome::Completed);
    assert_eq!(outcome(RecordStatus::Unset, "another"), Outcome::Completed);
}

#[test]
fn indices_are_names_and_what_is_no_index_is_kept() {
    let reading = read(vec![
        ("openinference.span.kind", Value::Static("LLM")),
        ("llm.input_messages.1000000000.message.content", Value::Static("last")),
        ("llm.input_messages.0.message.content", Value::Static("first")),
        ("llm.input_messages.00.message.content", Value::Static("again")),
        ("llm.input_messages.99999999999999999999.message.content", Value::Static("no")),
        ("llm.input_messages.+1.message.content", Value::Static("no")),
        ("llm.input_messages.-1.message.content", Value::Static("no")),
        ("llm.input_messages.1.message.mood", Value::Static("no")),
        ("llm.input_messages.1", Value::Static("no")),
        ("llm.input_messages.", Value::Static("no")),
        ("llm.input_messages.1.message.contents.x.message_content.text", Value::Static("no")),
        ("llm.input_messages.2.message.content", Value::Int(7)),
        ("llm.tools.0.tool.json_schema", Value::Static("{")),
        ("llm.token_count.prompt", Value::Static("many")),
        ("llm.token_count.completion", Value::Int(-1)),
    ]);
    let texts = reading.call.request.messages.iter().map(|message| match &message.parts[..] {
        [Part::Text(text)] => text.as_str().unwrap(),
        other => panic!("{other:?}"),
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["first", "last"]);
    assert_eq!(reading.call.usage, Usage::default());
    let why = |why| reading.unread.iter().filter(|unread| unread.why == why).count();
    assert_eq!((why(Why::Unknown), why(Why::WrongType), why(Why::NotJson)), (7, 3, 1));
    assert_eq!(reading.call.attributes.len(), 11);
}

#[test]
fn more_than_the_limit_of_anything_is_left_out_and_told() {
    let names: Vec<_> = (0..20_000).map(|index| format!("llm.input_messages.{index}.message.content")).collect();
    let reading = read(names.iter().rev().map(|name| (&**name, Value::Static("x"))).collect());
    assert_eq!(reading.call.request.messages.len(), 16_384);
    assert_eq!((reading.unread[0].why, reading.unread.len()), (Why::OverLimit, 1_025));
    let messages = vec![r#"{"role":"user","content":"x"}"#; 20_000].join(",");
    let body = format!(r#"{{"model":"m","messages":[{messages}]}}"#);
    let reading = read(vec![("openinference.span.kind", Value::Static("LLM")), ("input.value", Value::Str(&body))]);
    assert_eq!(reading.call.request.messages.len(), 16_384);
    assert_eq!((&*reading.unread[0].name, reading.unread[0].why), ("input.value", Why::OverLimit));
}

#[test]
fn values_that_are_deep_or_of_another_type_are_never_fatal() {
    let deep = "[".repeat(100_000);
    let nested = format!(r#"{{"model":"m","messages":{deep}"#);
    let closed = format!(r#"{{"x":{}{}}}"#, "[".repeat(1_000), "]".repeat(1_000));
    let others = || {
        vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(-1),
            Value::Double(f64::NAN),
            Value::Array(vec![Value::Null]),
            Value::Map(vec![("k".into(), Value::Null)]),
            Value::Strings(vec!["a"]),
            Value::Static(""),
            Value::Str(&deep),
            Value::Str(&nested),
            Value::Str(&closed),
        ]
    };
    for name in NAMES.iter().copied().chain(["openinference.span.kind", "input.mime_type", "output.mime_type"]) {
        for value in others() {
            for kind in ["LLM", "EMBEDDING", "RETRIEVER"] {
                let twice = vec![
                    ("openinference.span.kind", Value::Static(kind)),
                    (name, value.clone()),
                    (name, value.clone()),
                ];
                assert!(read(twice).call.attributes.len() <= 3);
            }
        }
    }
}
