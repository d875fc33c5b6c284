//! Calls that have everything, and those of the recorded cases.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use sidetone_core::event::{
    Attempt, Call, Category, Choice, Cost, EmbeddingsRequest, EndUser, ErrorClass, Failure, Field, Finding, Findings,
    Identity, Incomplete, Media, MediaSource, Message, Missing, MoreFindings, Operation, Outcome, OwnSpan, ParentSpan,
    Part, Place, PriceSource, Process, RateLimit, Request, Response, Role, Server, Severity, Side, SpanId, Step, Text,
    Timing, TokenClass, ToolDefinition, TraceId, Usage, Usd, Value,
};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::Content;
use sidetone_core::provider::surface_of;

use super::parts::{message, picture, text, tool_call};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// A chat of which everything is known that can be known of one.
pub(super) fn chat() -> Call {
    let trace_id = TraceId([7; 16]);
    let finding = Finding {
        rule: "aws-access-key".into(),
        category: Category::Credential,
        severity: Severity::High,
        place: Place { field: Field::Message { message: 1, part: Some(0) }, range: 3..23 },
        excerpt: Some("AKIA\u{2026}(20)".into()),
    };
    let more =
        MoreFindings { rule: "email".into(), category: Category::PersonalData, severity: Severity::Medium, count: 3 };
    Call {
        operation: Operation::Chat,
        surface: "openai.chat",
        provider: "openai".into(),
        server: Arc::new(Server { address: "api.example.com".into(), port: Some(8443) }),
        request: request(),
        response: response(),
        usage: Usage {
            input: Some(100),
            output: Some(50),
            total: Some(151),
            cache_read: Some(40),
            cache_read_audio: Some(4),
            cache_write: Some(20),
            cache_write_1h: Some(10),
            reasoning: Some(30),
            input_audio: Some(8),
            output_audio: Some(9),
            input_image: Some(5),
            output_image: Some(6),
            accepted_prediction: Some(2),
            rejected_prediction: Some(1),
        },
        timing: Timing {
            start: SystemTime::UNIX_EPOCH + ms(1_700_000_000_000),
            head: Some(ms(90)),
            first_chunk: Some(ms(100)),
            first_output: Some(ms(120)),
            last_chunk: Some(ms(240)),
            output_chunks: Some(5),
            total: ms(250),
        },
        outcome: Outcome::Completed,
        attempts: vec![Attempt {
            number: 1,
            ended: ms(30),
            status: Some(429),
            retry_after: Some("1".into()),
            error: ErrorClass::RateLimit,
        }],
        resend_count: Some(1),
        parent: Some(ParentSpan {
            trace_id,
            span_id: SpanId([8; 8]),
            flags: 1,
            is_remote: false,
            trace_state: Some("vendor=1".into()),
        }),
        span: Some(OwnSpan { trace_id, span_id: SpanId([9; 8]) }),
        side: Side::Client,
        is_announced: false,
        incomplete: Incomplete {
            lost_items: 1,
            lost_bytes: 20,
            over_limit_bytes: 30,
            missing: Some(Box::new(Missing::default())),
        },
        identity: Arc::new(Identity {
            app_name: Some("shop".into()),
            agent_id: Some("agent-1".into()),
            user_id: Some("u1".into()),
            session_id: Some("s1".into()),
        }),
        process: Some(Arc::new(Process {
            pid: Some(4242),
            parent_pid: Some(1),
            name: Some("python3".into()),
            executable: Some("/usr/bin/python3.11".into()),
            container: Some("c0ffee".into()),
            pod: Some("pod-1".into()),
            is_own: false,
        })),
        findings: Findings { listed: vec![finding], more: vec![more] },
        cost: Some(Cost {
            total: Usd::parse("0.000125").unwrap(),
            parts: [Usd::ZERO; TokenClass::COUNT],
            source: Arc::new(PriceSource::default()),
        }),
        step: None,
        attributes: vec![("app.feature".into(), Value::String("search".to_owned()))],
    }
}

fn request() -> Request {
    Request {
        model: Some("gpt-5-mini".into()),
        stream: Some(true),
        temperature: Some(0.5),
        top_p: Some(0.75),
        top_k: Some(40.0),
        max_tokens: Some(64),
        choice_count: Some(2),
        frequency_penalty: Some(0.25),
        presence_penalty: Some(0.125),
        stop_sequences: vec!["END".into()],
        seed: Some(42),
        response_format: Some("text".into()),
        service_tier: Some("flex".into()),
        reasoning_effort: Some("low".into()),
        output_modalities: vec!["text".into()],
        previous_response_id: Some("resp_0".into()),
        conversation_id: Some("conv_1".into()),
        end_user: EndUser {
            user: Some("u1".into()),
            safety_identifier: Some("s1".into()),
            metadata: vec![("team".into(), "search".into())],
        },
        instructions: None,
        messages: vec![
            message(Role::System, vec![text("Be terse.")]),
            Message { name: Some("Ann".into()), is_list: true, ..message(Role::User, vec![text("Look:"), picture()]) },
            message(Role::Assistant, vec![Part::Reasoning(Text::kept("A cat.")), text("Let me see."), tool_call()]),
            message(
                Role::Tool,
                vec![Part::ToolResult {
                    id: Some("call_1".into()),
                    content: Text::kept(r#"{"degrees":17}"#),
                    is_list: false,
                }],
            ),
        ],
        tools: vec![ToolDefinition {
            kind: "function".into(),
            name: Some("get_weather".into()),
            description: Some(Text::kept("Weather of a city.")),
            parameters: Some(Value::Map(vec![("type".to_owned(), Value::String("object".to_owned()))])),
        }],
        embeddings: None,
        body_bytes: Some(900),
    }
}

fn response() -> Response {
    let choice = |index, parts, reason: &'static str| Choice {
        index,
        message: message(Role::Assistant, parts),
        finish_reason: Some(reason.into()),
    };
    Response {
        status: Some(200),
        id: Some("chatcmpl-1".into()),
        model: Some("gpt-5-mini-2025".into()),
        choices: vec![
            choice(0, vec![text("A cat."), tool_call()], "tool_calls"),
            choice(1, vec![Part::Refusal(Text::kept("No."))], "stop"),
        ],
        service_tier: Some("default".into()),
        system_fingerprint: Some("fp_1".into()),
        state: None,
        embedding_dimensions: None,
        request_id: Some("req_1".into()),
        processing_ms: Some(80),
        rate_limit: RateLimit { remaining_requests: Some(99), remaining_tokens: Some(1_000) },
        is_stream: true,
        body_bytes: 800,
    }
}

/// A call of another kind that has what a chat can't: to which fields it is the base.
pub(super) fn base(path: &str) -> Call {
    let chat = chat();
    if path.starts_with("request.embeddings") || path == "response.embedding_dimensions" {
        let embeddings =
            EmbeddingsRequest { encoding_format: Some("float".into()), dimensions: Some(256), inputs: Some(2) };
        return Call {
            operation: Operation::Embeddings,
            surface: "openai.embeddings",
            request: Request { model: chat.request.model, embeddings: Some(embeddings), ..Request::default() },
            response: Response { embedding_dimensions: Some(512), model: chat.response.model, ..Response::default() },
            usage: Usage { input: Some(8), total: Some(8), ..Usage::default() },
            ..chat
        };
    }
    if path.starts_with("step.") {
        return Call {
            operation: Operation::ExecuteTool,
            surface: "",
            request: Request::default(),
            response: Response::default(),
            usage: Usage::default(),
            step: Some(Box::new(Step {
                name: Some("get_weather".into()),
                id: Some("call_1".into()),
                kind: Some("function".into()),
                description: Some(Text::kept("Weather of a city.")),
                input: Some(Text::kept(r#"{"city":"Paris"}"#)),
                output: Some(Text::kept(r#"{"degrees":17}"#)),
            })),
            ..chat
        };
    }
    if path == "request.stream" {
        let unknown =
            Timing { first_chunk: None, first_output: None, last_chunk: None, output_chunks: None, ..chat.timing };
        return Call {
            request: Request { stream: None, ..chat.request },
            response: Response { is_stream: false, ..chat.response },
            timing: unknown,
            ..chat
        };
    }
    if path.starts_with("outcome.failure") {
        return Call {
            outcome: Outcome::Failed(Failure {
                class: ErrorClass::RateLimit,
                code: Some("rate_limit_exceeded".into()),
                message: Some(Text::kept("Slow down.")),
            }),
            response: Response { status: Some(429), choices: Vec::new(), ..chat.response },
            ..chat
        };
    }
    if path == "request.instructions" || path == "response.state" || path.starts_with("parts.other") {
        let search = Part::Other {
            kind: "web_search_call".into(),
            id: Some("ws_1".into()),
            json: Text::kept(r#"{"type":"web_search_call","id":"ws_1","status":"completed"}"#),
        };
        let mut response = Response { state: Some("completed".into()), ..chat.response };
        response.choices.truncate(1);
        response.choices[0].message.parts.insert(0, search);
        return Call {
            surface: "openai.responses",
            request: Request { instructions: Some(Text::kept("Be terse.")), ..chat.request },
            response,
            ..chat
        };
    }
    chat
}

/// What the content policy leaves of a call.
pub(super) fn under(content: Content, mut call: Call) -> Call {
    if content.keeps_text() {
        return call;
    }
    let Call { request, response, outcome, step, attributes, .. } = &mut call;
    request.instructions.iter_mut().for_each(Text::forget);
    for tool in &mut request.tools {
        tool.description.iter_mut().for_each(Text::forget);
        tool.parameters = None;
    }
    let came = response.choices.iter_mut().map(|choice| &mut choice.message);
    for message in request.messages.iter_mut().chain(came) {
        message.name = None;
        message.parts.iter_mut().for_each(forget);
    }
    if let Outcome::Failed(Failure { message, .. }) = outcome {
        message.iter_mut().for_each(Text::forget);
    }
    if let Some(step) = step {
        [&mut step.description, &mut step.input, &mut step.output].into_iter().flatten().for_each(Text::forget);
    }
    attributes.retain(|(_, value)| matches!(value, Value::Bool(_) | Value::Int(_) | Value::Double(_)));
    call
}

fn forget(part: &mut Part) {
    match part {
        Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => text.forget(),
        Part::ToolCall(call) => call.arguments.iter_mut().for_each(Text::forget),
        Part::ToolResult { content, .. } => content.forget(),
        Part::Other { json, .. } => json.forget(),
        Part::Media(Media { source, name, sha256, .. }) => {
            *name = None;
            *sha256 = None;
            match source {
                MediaSource::Uri(text) | MediaSource::Inline(text) | MediaSource::Id(text) => text.forget(),
                _ => {}
            }
        }
        new => panic!("no policy for {new:?}"),
    }
}

/// The recorded cases, with what is observed of them.
pub(super) fn recorded(content: Content) -> Vec<(String, Call)> {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance");
    let mut folders: Vec<PathBuf> = ["cases", "further/cases"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(conformance.join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    assert!(folders.len() >= 46, "only {} cases", folders.len());
    folders.iter().map(|folder| case(folder, content)).collect()
}

fn case(folder: &Path, content: Content) -> (String, Call) {
    let meta: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    let trace_id = TraceId([7; 16]);
    let head = RequestHead {
        surface: surface_of(&Method::POST, meta["path"].as_str().unwrap()).unwrap(),
        server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(18181) }),
        deployment: None,
        start: SystemTime::UNIX_EPOCH + ms(1_700_000_000_000),
        parent: None,
        resend_count: None,
        scope: None,
    };
    let settings = Settings { content, ..Settings::default() };
    let mut exchange = Exchange::new(head, Arc::new(settings));
    exchange.handle_request_body(Bytes::from(std::fs::read(folder.join("request.json")).unwrap()));
    if let Some(response) = meta["response_file"].as_str() {
        let headers: HeaderMap = meta["headers"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, value)| {
                (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.as_str().unwrap()).unwrap())
            })
            .collect();
        let status = u16::try_from(meta["status"].as_u64().unwrap()).unwrap();
        exchange.handle_response_head(&ResponseHead::of(status, &headers), ms(5));
        for (place, piece) in
            (6..).zip(std::fs::read(folder.join(response)).unwrap().split_inclusive(|byte| *byte == b'\n'))
        {
            exchange.handle_response_body(Bytes::copy_from_slice(piece), ms(place));
        }
    }
    let call = exchange.finish(End::Complete, ms(500)).call;
    let span = Some(OwnSpan { trace_id, span_id: SpanId([9; 8]) });
    (meta["name"].as_str().unwrap().to_owned(), Call { span, ..call })
}
