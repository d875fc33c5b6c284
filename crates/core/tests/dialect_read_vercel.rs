//! What the Vercel AI SDK writes, read: attributes as `ai` 6.0.326 writes them (`conformance/golden/vercel`), and as its source has
//! them where no case does (`dist/index.js`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::borrow::Cow;
use std::time::Duration;

use sidetone_core::dialect::Value;
use sidetone_core::dialect::read::{EventRecord, Reading, RecordStatus, Records, SpanRecord, Why, read_any};
use sidetone_core::event::{
    self, Call, ErrorClass, MediaSource, Modality, Operation, Outcome, Part, Role, Text, ToolCall, Usage,
};

type Attributes<'a> = Vec<(&'a str, Value<'a>)>;

fn span<'a>(attributes: Attributes<'a>) -> SpanRecord<'a> {
    let attributes = attributes.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
    SpanRecord { scope: "ai".into(), name: "ai.generateText".into(), attributes, ..SpanRecord::default() }
}

fn read(attributes: Attributes<'_>) -> Reading {
    read_any(&Records::new(vec![span(attributes)], Vec::new())).unwrap()
}

fn text(name: &'static str, text: &'static str) -> (&'static str, Value<'static>) {
    (name, Value::Static(text))
}

fn said(text: &str) -> Part {
    Part::Text(Text::kept(text))
}

/// The inner span of `chat_tools_call`, but for what differs from run to run.
fn inner() -> Attributes<'static> {
    let calls = r#"[{"toolCallId":"call_1","toolName":"f","input":"{\"x\": 1}"},{"type":"tool-call","toolCallId":"call_2","toolName":"g","input":{"y":2}}]"#;
    let tool = r#"{"type":"function","name":"f","description":"d","inputSchema":{"type":"object","properties":{}}}"#;
    let messages =
        r#"[{"role":"system","content":"Be terse."},{"role":"user","content":[{"type":"text","text":"Weather?"}]}]"#;
    vec![
        text("ai.operationId", "ai.generateText.doGenerate"),
        text("operation.name", "ai.generateText.doGenerate weather"),
        text("ai.model.id", "gpt-4o-mini"),
        text("ai.model.provider", "openai.chat"),
        text("ai.prompt.messages", messages),
        ("ai.prompt.tools", Value::Array(vec![Value::Static(tool)])),
        text("ai.response.finishReason", "tool-calls"),
        text("ai.response.id", "chatcmpl-1"),
        text("ai.response.model", "gpt-4o-mini-2024-07-18"),
        text("ai.response.text", ""),
        text("ai.response.toolCalls", calls),
        text("ai.response.providerMetadata", r#"{"openai":{"acceptedPredictionTokens":3,"serviceTier":"default"}}"#),
        ("ai.settings.temperature", Value::Int(1)),
        ("ai.settings.seed", Value::Int(42)),
        ("ai.settings.stopSequences", Value::Array(vec![Value::Static("END")])),
        ("ai.usage.inputTokens", Value::Int(75)),
        ("ai.usage.outputTokens", Value::Int(51)),
        ("ai.usage.totalTokens", Value::Int(126)),
        ("ai.usage.cachedInputTokens", Value::Int(4)),
        ("ai.usage.inputTokenDetails.cacheReadTokens", Value::Int(4)),
        ("ai.usage.inputTokenDetails.noCacheTokens", Value::Int(71)),
        text("gen_ai.request.model", "gpt-4o-mini"),
        ("gen_ai.response.finish_reasons", Value::Array(vec![Value::Static("tool-calls")])),
        text("gen_ai.system", "openai.chat"),
        ("gen_ai.usage.input_tokens", Value::Int(75)),
    ]
}

#[test]
fn the_inner_span_is_the_call() {
    let Reading { call, dialects, unread } = read(inner());
    assert_eq!((dialects, unread), (vec!["vercel"], Vec::new()));
    assert_eq!((&call.operation, call.surface, &*call.provider), (&Operation::Chat, "openai.chat", "openai"));
    assert_eq!(call.request.model.as_deref(), Some("gpt-4o-mini"));
    assert_eq!((call.request.temperature, call.request.seed), (Some(1.0), Some(42)));
    assert_eq!(call.request.stop_sequences, ["END".into()]);
    assert_eq!(call.request.messages[0].role, Role::System);
    assert_eq!(call.request.messages[1].parts, [said("Weather?")]);
    let tool = &call.request.tools[0];
    assert_eq!((&*tool.kind, tool.name.as_deref(), tool.parameters.is_some()), ("function", Some("f"), true));
    let choice = &call.response.choices[0];
    assert_eq!(choice.finish_reason.as_deref(), Some("tool_calls"));
    let asked = |id: &str, name: &str, arguments: &str| {
        Part::ToolCall(ToolCall {
            id: Some(id.into()),
            kind: Some("function".into()),
            name: Some(name.into()),
            arguments: Some(Text::kept(arguments)),
        })
    };
    // Text of one, a value of the other.
    assert_eq!(choice.message.parts, [asked("call_1", "f", r#"{"x": 1}"#), asked("call_2", "g", r#"{"y":2}"#)]);
    assert_eq!(call.response.service_tier.as_deref(), Some("default"));
    let usage = Usage {
        input: Some(75),
        output: Some(51),
        total: Some(126),
        cache_read: Some(4),
        accepted_prediction: Some(3),
        ..Usage::default()
    };
    assert_eq!(call.usage, usage);
    assert_eq!((call.step, call.outcome), (None, Outcome::Completed));
}

#[test]
fn the_outer_span_is_a_step_whose_tokens_nobody_counts() {
    for (id, operation) in [
        ("ai.generateText", Operation::InvokeAgent),
        ("ai.streamText", Operation::InvokeAgent),
        ("ai.generateObject", Operation::InvokeAgent),
        ("ai.embedMany", Operation::InvokeWorkflow),
        ("ai.rerank", Operation::InvokeWorkflow),
        ("ai.transcribe", Operation::Other("transcribe".into())),
    ] {
        let reading = read(vec![
            text("ai.operationId", id),
            text("ai.model.provider", "openai.chat"),
            text("ai.telemetry.functionId", "weather"),
            text("resource.name", "weather"),
            text("ai.prompt", r#"{"system":"Be terse.","messages":[{"role":"user","content":"Weather?"}]}"#),
            text("ai.response.text", "Rain."),
            ("ai.usage.inputTokens", Value::Int(75)),
        ]);
        let call = reading.call;
        assert_eq!((&call.operation, call.operation.is_call(), call.usage.input), (&operation, false, Some(75)));
        assert_eq!(call.step.unwrap().name.as_deref(), Some("weather"));
        assert_eq!(call.request.instructions, Some(Text::kept("Be terse.")));
        assert_eq!(call.request.messages[0].parts, [said("Weather?")]);
        assert_eq!(call.response.choices[0].message.parts, [said("Rain.")]);
        assert_eq!(reading.unread, []);
    }
}

#[test]
fn a_tool_that_is_run_is_a_step() {
    let reading = read(vec![
        text("ai.operationId", "ai.toolCall"),
        text("ai.toolCall.name", "get_weather"),
        text("ai.toolCall.id", "call_1"),
        text("ai.toolCall.args", r#"{"city":"Paris"}"#),
        text("ai.toolCall.result", r#""50 degrees""#),
        text("ai.telemetry.functionId", "weather"),
    ]);
    let step = reading.call.step.unwrap();
    assert_eq!(reading.call.operation, Operation::ExecuteTool);
    assert_eq!((step.name.as_deref(), step.id.as_deref()), (Some("get_weather"), Some("call_1")));
    assert_eq!(step.input.unwrap().as_str(), Some(r#"{"city":"Paris"}"#));
    assert_eq!(step.output.unwrap().as_str(), Some(r#""50 degrees""#));
}

#[test]
fn a_stream_has_its_first_chunk_and_one_that_broke_has_failed() {
    let mut span = span(vec![
        text("ai.operationId", "ai.streamText.doStream"),
        text("ai.model.provider", "openai.completion"),
        text("ai.response.finishReason", "error"),
        text("ai.response.text", "This is "),
        ("ai.response.msToFirstChunk", Value::Double(12.5)),
    ]);
    span.events = vec![EventRecord { name: "ai.stream.finish".into(), ..EventRecord::default() }];
    let Reading { call, unread, .. } = read_any(&Records::new(vec![span], Vec::new())).unwrap();
    assert_eq!(unread, []);
    assert_eq!((call.operation, call.surface), (Operation::TextCompletion, "openai.completions"));
    assert_eq!((call.request.stream, call.response.is_stream), (Some(true), true));
    assert_eq!(call.timing.first_chunk, Some(Duration::from_micros(12_500)));
    assert!(matches!(call.outcome, Outcome::Failed(_)), "{:?}", call.outcome);
    assert_eq!(call.response.choices[0].finish_reason, None);
}

#[test]
fn finish_reasons_are_the_provider_s_words_and_the_word_for_none_is_none() {
    for (word, reason) in [
        ("stop", Some("stop")),
        ("length", Some("length")),
        ("content-filter", Some("content_filter")),
        ("other", None),
        ("unknown", None),
    ] {
        let reading =
            read(vec![text("ai.operationId", "ai.generateText.doGenerate"), text("ai.response.finishReason", word)]);
        assert_eq!(reading.call.response.choices[0].finish_reason.as_deref(), reason);
        assert_eq!(reading.call.outcome, Outcome::Completed);
    }
}

#[test]
fn a_failure_has_the_sdk_s_class_and_the_server_s_words() {
    let mut span = span(vec![text("ai.operationId", "ai.generateText.doGenerate")]);
    span.status = RecordStatus::Error("Slow down.".into());
    let attributes = vec![
        (Cow::Borrowed("exception.type"), Value::Static("AI_APICallError")),
        (Cow::Borrowed("exception.message"), Value::Static("Slow down.")),
    ];
    span.events = vec![EventRecord { name: "exception".into(), attributes, ..EventRecord::default() }];
    let call = read_any(&Records::new(vec![span], Vec::new())).unwrap().call;
    let Outcome::Failed(failure) = call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!(failure.class, ErrorClass::Other("AI_APICallError".into()));
    assert_eq!(failure.message.unwrap().as_str(), Some("Slow down."));
}

#[test]
fn an_embeddings_call_has_its_inputs_counted_and_its_vectors_measured() {
    let reading = read(vec![
        text("ai.operationId", "ai.embedMany.doEmbed"),
        text("ai.model.provider", "openai.embedding"),
        ("ai.values", Value::Array(vec![Value::Static(r#""first text""#), Value::Static(r#""second text""#)])),
        ("ai.embeddings", Value::Array(vec![Value::Static("[0.25,-0.5,0.125,1]"), Value::Static("[0.5,-1,0.25,2]")])),
        ("ai.usage.tokens", Value::Int(6)),
    ]);
    let call = reading.call;
    assert_eq!((call.operation, call.surface), (Operation::Embeddings, "openai.embeddings"));
    assert_eq!(call.request.embeddings.unwrap().inputs, Some(2));
    assert_eq!((call.response.embedding_dimensions, call.usage.input), (Some(4), Some(6)));
    assert_eq!(reading.unread, []);
}

#[test]
fn parts_of_messages_are_those_of_the_sdk() {
    let messages = r#"[
        {"role":"user","content":[
            {"type":"file","mediaType":"image/*","data":"https://example.com/a.png","providerOptions":{"openai":{"imageDetail":"low"}}},
            {"type":"file","mediaType":"image/png","data":"iVBORw0KGgo="},
            {"type":"image","image":"iVBORw0KGgo="},
            {"type":"file","mediaType":"audio/wav","data":"UklGRg=="},
            {"type":"file","mediaType":"application/pdf","data":"JVBERi0=","filename":"a.pdf"}]},
        {"role":"assistant","content":[{"type":"reasoning","text":"Hm."},{"type":"tool-call","toolCallId":"c1","toolName":"f","input":{"x":1}}]},
        {"role":"tool","content":[
            {"type":"tool-result","toolCallId":"c1","toolName":"f","output":{"type":"text","value":"r1"}},
            {"type":"tool-result","toolCallId":"c2","toolName":"f","output":{"type":"content","value":[{"type":"text","text":"r2"}]}},
            {"type":"tool-result","toolCallId":"c3","toolName":"f","output":{"type":"json","value":{"r":3}}},
            {"type":"tool-result","toolCallId":"c4","toolName":"f","result":"r4"}]}]"#;
    let reading =
        read(vec![text("ai.operationId", "ai.generateText.doGenerate"), ("ai.prompt.messages", Value::Str(messages))]);
    assert_eq!(reading.unread, []);
    let [asked, answered, results] = &reading.call.request.messages[..] else { panic!("{:?}", reading.call.request) };
    let media: Vec<_> = asked
        .parts
        .iter()
        .map(|part| match part {
            Part::Media(media) => match &media.source {
                MediaSource::Uri(text) | MediaSource::Inline(text) => {
                    (media.modality, text.as_str().unwrap(), media.format.as_deref().or(media.detail.as_deref()))
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .collect();
    let expected = [
        (Modality::Image, "https://example.com/a.png", Some("low")),
        (Modality::Image, "data:image/png;base64,iVBORw0KGgo=", None),
        (Modality::Image, "data:image/*;base64,iVBORw0KGgo=", None),
        (Modality::Audio, "UklGRg==", Some("wav")),
        (Modality::File, "JVBERi0=", Some("application/pdf")),
    ];
    assert_eq!(media, expected);
    assert_eq!(answered.parts[0], Part::Reasoning(Text::kept("Hm.")));
    assert!(matches!(&answered.parts[1], Part::ToolCall(call) if call.name.as_deref() == Some("f")));
    let results = results.parts.iter().map(|part| match part {
        Part::ToolResult { id, content, is_list } => (id.as_deref().unwrap(), content.as_str().unwrap(), *is_list),
        other => panic!("{other:?}"),
    });
    let expected = [
        ("c1", "r1", false),
        ("c2", r#"[{"type":"text","text":"r2"}]"#, true),
        ("c3", r#"{"r":3}"#, false),
        ("c4", "r4", false),
    ];
    assert_eq!(results.collect::<Vec<_>>(), expected);
}

/// `mapProviderName` of `@ai-sdk/otel`, ai 7.0.173.
#[test]
fn providers_have_the_words_of_the_conventions() {
    for (sdk, provider, surface) in [
        ("openai.chat", "openai", "openai.chat"),
        ("openai.responses", "openai", "openai.responses"),
        ("google.generative-ai", "gcp.gemini", ""),
        ("google.vertex.chat", "gcp.vertex_ai", ""),
        ("amazon-bedrock", "aws.bedrock", ""),
        ("anthropic.messages", "anthropic", ""),
        ("xai.chat", "x_ai", ""),
        ("openaix.chat", "openaix", ""),
    ] {
        let call =
            read(vec![text("ai.operationId", "ai.generateText.doGenerate"), text("ai.model.provider", sdk)]).call;
        assert_eq!((&*call.provider, call.surface), (provider, surface), "{sdk}");
    }
}

#[test]
fn who_asks_is_found_in_the_metadata_and_the_rest_of_it_is_kept() {
    let reading = read(vec![
        text("ai.operationId", "ai.generateText.doGenerate"),
        text("ai.telemetry.metadata.userId", "u"),
        text("ai.telemetry.metadata.sessionId", "s"),
        text("ai.telemetry.metadata.team", "t"),
        text("ai.prompt.toolChoice", r#"{"type":"auto"}"#),
        ("ai.settings.maxRetries", Value::Int(2)),
    ]);
    let identity = &reading.call.identity;
    assert_eq!((identity.user_id.as_deref(), identity.session_id.as_deref()), (Some("u"), Some("s")));
    let kept: Vec<_> = reading.call.attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!(kept, ["ai.telemetry.metadata.team", "ai.prompt.toolChoice", "ai.settings.maxRetries"]);
}

#[test]
fn headers_of_requests_are_not_kept() {
    let reading = read(vec![
        text("ai.operationId", "ai.generateText.doGenerate"),
        text("ai.request.headers.authorization", "Bearer sk-secret"),
        text("ai.request.headers.x-api-key", "sk-secret"),
        text("ai.request.headers.user-agent", "ai/6.0.326"),
    ]);
    let kept: Vec<_> = reading.call.attributes.iter().map(|(name, _)| &**name).collect();
    assert_eq!((kept, reading.unread.len()), (vec!["ai.request.headers.user-agent"], 3));
    assert!(!format!("{:?}", reading.call).contains("sk-secret"));
}

#[test]
fn what_is_of_another_type_deep_or_too_much_is_kept_and_never_fatal() {
    let deep = format!(r#"[{{"role":"user","content":{}"#, "[".repeat(100_000));
    let others = || {
        vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(-1),
            Value::Double(f64::INFINITY),
            Value::Array(vec![Value::Null]),
            Value::Strings(vec!["{"]),
            Value::Map(vec![("k".into(), Value::Null)]),
            Value::Static(""),
            Value::Str(&deep),
        ]
    };
    let names: Vec<_> = inner().into_iter().map(|(name, _)| name).collect();
    let more =
        ["ai.prompt", "ai.values", "ai.embeddings", "ai.embedding", "ai.documents", "ai.ranking", "ai.toolCall.args"];
    for name in names.into_iter().chain(more) {
        for value in others() {
            let twice = vec![(name, value.clone()), (name, value)];
            if let Some(reading) = read_any(&Records::new(vec![span(twice)], Vec::new())) {
                assert!(reading.call.attributes.len() <= 2);
            }
        }
    }
    let one = r#"{"role":"user","content":"x"}"#;
    let many = format!("[{}]", vec![one; 20_000].join(","));
    let reading =
        read(vec![text("ai.operationId", "ai.generateText.doGenerate"), ("ai.prompt.messages", Value::Str(&many))]);
    assert_eq!((&*reading.unread[0].name, reading.unread[0].why), ("ai.prompt.messages", Why::OverLimit));
    let kept = event::Value::String(many.clone());
    assert_eq!(reading.call.attributes, [("ai.prompt.messages".into(), kept)]);
    assert_eq!(reading.call.request.messages, []);
    let reading = read(vec![
        text("ai.operationId", "ai.generateText.doGenerate"),
        text("ai.prompt.messages", "not JSON"),
        ("ai.usage.inputTokens", Value::Static("many")),
    ]);
    let why: Vec<_> = reading.unread.iter().map(|unread| unread.why).collect();
    assert_eq!(why, [Why::NotJson, Why::WrongType]);
    assert_eq!(Call { attributes: Vec::new(), ..reading.call.clone() }.request, Default::default());
}
