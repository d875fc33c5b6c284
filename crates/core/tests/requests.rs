//! What requests say, in every form that the API takes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::json;
use sidetone_core::event::{MediaSource, Modality, Part, Request, Role, Value};
use sidetone_core::exchange::Skip;
use sidetone_core::policy::Content;
use support::{Observed, told};

fn request(path: &str, body: &serde_json::Value) -> Request {
    // In one order, whether or not another package of the build has serde_json keep the order that keys were written in.
    let mut body = body.clone();
    body.sort_all_objects();
    let understood = Observed::json(path).request(&body.to_string()).understood([&b"{}"[..]]);
    assert_eq!(understood.skips.iter().collect::<Vec<_>>(), []);
    understood.call.request
}

fn chat(body: &serde_json::Value) -> Request {
    request("/v1/chat/completions", body)
}

/// Each message in lines: its role, then its parts.
fn lines(request: &Request) -> Vec<String> {
    let message = |message: &sidetone_core::event::Message| {
        let mut lines = vec![message.role.as_str().to_owned()];
        lines.extend(message.parts.iter().map(told));
        lines
    };
    request.messages.iter().flat_map(message).collect()
}

#[test]
fn every_parameter_of_a_chat_is_read() {
    let request = chat(&json!({
        "model": "gpt-4o", "stream": true, "temperature": 0, "top_p": 0.25, "top_k": 40, "max_tokens": 7, "n": 3,
        "frequency_penalty": -1, "presence_penalty": 1.5, "stop": "END", "seed": -5, "response_format": {"type": "json_object"},
        "service_tier": "flex", "reasoning_effort": "high", "modalities": ["text", "audio"], "user": "u-1",
        "metadata": {"model": "not this"}, "logit_bias": {"50256": -100}, "messages": [],
    }));
    assert_eq!(request.model.as_deref(), Some("gpt-4o"));
    assert_eq!(request.stream, Some(true));
    assert_eq!((request.temperature, request.top_p, request.top_k), (Some(0.0), Some(0.25), Some(40.0)));
    assert_eq!((request.max_tokens, request.choice_count, request.seed), (Some(7), Some(3), Some(-5)));
    assert_eq!((request.frequency_penalty, request.presence_penalty), (Some(-1.0), Some(1.5)));
    assert_eq!(request.stop_sequences, ["END".into()]);
    assert_eq!(request.response_format.as_deref(), Some("json_object"));
    assert_eq!(request.service_tier.as_deref(), Some("flex"));
    assert_eq!(request.reasoning_effort.as_deref(), Some("high"));
    assert_eq!(request.output_modalities, ["text".into(), "audio".into()]);
    // Python: hashlib.sha256(b"u-1").
    let hashed = "sha256:a24a7f55f278dd49fb1f99c5507800cb198a5bfe10fe2126cd0b25672152b0da";
    assert_eq!(request.end_user.user.as_deref(), Some(hashed));
}

#[test]
fn the_newer_name_of_the_token_limit_wins_wherever_it_stands() {
    for body in [r#"{"max_tokens":1,"max_completion_tokens":2}"#, r#"{"max_completion_tokens":2,"max_tokens":1}"#] {
        let request = Observed::json("/v1/chat/completions").request(body).call("{}").request;
        assert_eq!(request.max_tokens, Some(2));
    }
}

#[test]
fn a_parameter_of_an_unexpected_type_is_unknown_and_the_rest_is_read() {
    let request = chat(&json!({
        "temperature": "hot", "n": 1.5, "stop": null, "stream": "yes", "tools": {}, "messages": "?", "model": ["m"], "seed": 9,
        "user": {"id": 1},
    }));
    assert_eq!(request, Request { seed: Some(9), body_bytes: request.body_bytes, ..Request::default() });
}

#[test]
fn messages_are_read_in_all_their_forms() {
    let request = chat(&json!({"messages": [
        {"role": "developer", "content": "Be terse."},
        {"role": "user", "name": "ann", "content": [
            {"type": "text", "text": "Look \u{2600}\n"},
            {"type": "image_url", "image_url": {"url": "https://e.org/i.png", "detail": "low"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {"type": "file", "file": {"file_id": "file-1"}},
            {"type": "file", "file": {"file_data": "BBBB", "filename": "a.pdf"}},
            {"type": "video_url", "video_url": {"url": "https://e.org/v.mp4"}},
            {"future": 1, "type": "hologram", "id": "h"},
            "plain",
        ]},
        {"role": "assistant", "content": null, "refusal": "No.", "reasoning_content": "Hm.", "audio": {"id": "audio_1"}, "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
            {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "x"}},
        ]},
        {"role": "assistant", "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}]},
        {"role": "assistant", "function_call": {"name": "old", "arguments": "{}"}},
        {"content": "50 degrees", "tool_call_id": "c1", "role": "tool"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "y"}]},
        {"role": "function", "name": "old", "content": "done"},
        {"role": "narrator", "content": "Later."},
        {"content": "whose?"},
        {},
    ]}));
    let lines = lines(&request);
    let expected = [
        "developer",
        "text Be terse.",
        "user",
        "text Look \u{2600}\n",
        "Media",
        "Media",
        "Media",
        "Media",
        "Media",
        "other hologram ? {\"future\":1,\"id\":\"h\",\"type\":\"hologram\"}",
        "text plain",
        "assistant",
        "reasoning Hm.",
        "refusal No.",
        "Media",
        "function c1 f {\"a\":1}",
        "custom c2 g x",
        "assistant",
        "text a",
        "refusal b",
        "assistant",
        "function ? old {}",
        "tool",
        "result c1 50 degrees",
        "tool",
        "result c2 [{\"text\":\"y\",\"type\":\"text\"}] (list)",
        "tool",
        "result ? done",
        "narrator",
        "text Later.",
        "",
        "text whose?",
        "",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line == expected || (expected == "Media" && line.starts_with("Media")), "{line} is not {expected}");
    }
    let [.., user, _, _, _, _, _, _, _, _, _] = &request.messages[..] else { panic!() };
    assert_eq!((user.name.as_deref(), user.is_list), (Some("ann"), true));
    let media: Vec<_> =
        user.parts.iter().filter_map(|part| if let Part::Media(media) = part { Some(media) } else { None }).collect();
    let modalities: Vec<_> = media.iter().map(|media| media.modality).collect();
    assert_eq!(modalities, [Modality::Image, Modality::Audio, Modality::File, Modality::File, Modality::Video]);
    assert!(matches!(&media[0].source, MediaSource::Uri(url) if url.as_str() == Some("https://e.org/i.png")));
    assert_eq!(media[0].detail.as_deref(), Some("low"));
    assert!(matches!(&media[1].source, MediaSource::Inline(data) if data.as_str() == Some("AAAA")));
    assert_eq!(media[1].format.as_deref(), Some("wav"));
    assert!(matches!(&media[2].source, MediaSource::Id(id) if id.as_str() == Some("file-1")));
    assert_eq!(media[3].name.as_deref(), Some("a.pdf"));
    assert_eq!(request.messages[8].role, Role::Other("narrator".into()));
}

#[test]
fn tools_are_read_in_all_their_forms() {
    let parameters = json!({"type": "object", "properties": {"n": {"type": "integer", "default": 1.5}}});
    let nested = json!({"tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": parameters, "strict": true}},
        {"type": "custom", "custom": {"name": "g", "format": {"type": "text"}}},
        {"type": "web_search_preview", "search_context_size": "low"},
    ]});
    let flat = json!({"tools": [
        {"type": "function", "name": "f", "description": "d", "parameters": parameters},
        {"type": "custom", "name": "g", "format": {"type": "text"}},
        {"type": "web_search_preview"},
    ]});
    for (path, body) in [("/v1/chat/completions", &nested), ("/v1/responses", &flat)] {
        let tools = request(path, body).tools;
        let names: Vec<_> = tools.iter().map(|tool| (&*tool.kind, tool.name.as_deref())).collect();
        assert_eq!(names, [("function", Some("f")), ("custom", Some("g")), ("web_search_preview", None)]);
        assert_eq!(tools[0].description.as_ref().unwrap().as_str(), Some("d"));
        let Some(Value::Map(entries)) = &tools[0].parameters else { panic!("{tools:?}") };
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_str()).collect();
        assert!(keys.contains(&"type") && keys.contains(&"properties"));
        let off = Observed::json(path).content(Content::Off).request(&body.to_string()).call("{}").request.tools;
        assert_eq!(off[0].description.as_ref().unwrap().as_str(), None);
        assert_eq!((off[0].name.as_deref(), &off[0].parameters), (Some("f"), &None));
    }
    let old = chat(&json!({"functions": [{"name": "f", "parameters": {}}]})).tools;
    assert_eq!((&*old[0].kind, old[0].name.as_deref()), ("function", Some("f")));
}

#[test]
fn a_prompt_is_one_message_a_text() {
    let completions =
        |prompt: serde_json::Value| lines(&request("/v1/completions", &json!({"model": "m", "prompt": prompt})));
    assert_eq!(completions(json!("Say")), ["user", "text Say"]);
    assert_eq!(completions(json!(["a", "b"])), ["user", "text a", "user", "text b"]);
    assert_eq!(completions(json!([1, 2, 3])), ["user", "other tokens ? 0"]);
    assert_eq!(completions(json!([[1, 2], [3]])), ["user", "other tokens ? 0", "user", "other tokens ? 0"]);
    assert!(completions(json!(null)).is_empty());
}

#[test]
fn inputs_of_embeddings_are_counted() {
    let inputs = |input: serde_json::Value| {
        let body = json!({"model": "m", "input": input, "dimensions": 256, "encoding_format": "base64"});
        let embeddings = request("/v1/embeddings", &body).embeddings.unwrap();
        assert_eq!((embeddings.dimensions, embeddings.encoding_format.as_deref()), (Some(256), Some("base64")));
        embeddings.inputs
    };
    assert_eq!(inputs(json!("one")), Some(1));
    assert_eq!(inputs(json!(["one", "tw],o", ""])), Some(3));
    assert_eq!(inputs(json!([1, 2, 3])), Some(1));
    assert_eq!(inputs(json!([[1, 2], [3]])), Some(2));
    assert_eq!(inputs(json!([])), Some(0));
    assert_eq!(inputs(json!(null)), None);
}

#[test]
fn items_of_a_response_request_are_messages() {
    let request = request(
        "/v1/responses",
        &json!({
            "model": "gpt-5", "instructions": "Be terse.", "previous_response_id": "resp_0", "conversation": {"id": "conv_1"},
            "max_output_tokens": 9, "reasoning": {"effort": "low", "summary": "auto"}, "text": {"format": {"type": "json_schema"}, "verbosity": "low"},
            "input": [
                {"role": "user", "content": "Hi"},
                {"type": "message", "role": "user", "content": [
                    {"type": "input_text", "text": "Look"},
                    {"type": "input_image", "image_url": "https://e.org/i.png", "detail": "auto"},
                    {"type": "input_file", "file_id": "file-1"},
                ]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Ok", "annotations": []}]},
                {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}], "content": [{"type": "reasoning_text", "text": "Raw"}], "encrypted_content": "gAAA"},
                {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "call_1", "output": "42"},
                {"type": "custom_tool_call", "call_id": "call_2", "name": "g", "input": "x"},
                {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "y"}]},
                {"type": "item_reference", "id": "msg_0"},
                {"type": "web_search_call", "id": "ws_1", "status": "completed"},
                {"type": "computer_call_output", "call_id": "call_3", "output": {"type": "computer_screenshot"}},
                {"type": "mcp_approval_response", "id": "mcpr_1", "approve": true},
            ],
        }),
    );
    assert_eq!(request.instructions.as_ref().unwrap().as_str(), Some("Be terse."));
    assert_eq!(request.previous_response_id.as_deref(), Some("resp_0"));
    assert_eq!(request.conversation_id.as_deref(), Some("conv_1"));
    assert_eq!((request.max_tokens, request.reasoning_effort.as_deref()), (Some(9), Some("low")));
    assert_eq!(request.response_format.as_deref(), Some("json_schema"));
    let lines = lines(&request);
    let expected = [
        "user",
        "text Hi",
        "user",
        "text Look",
        "Media",
        "Media",
        "assistant",
        "text Ok",
        "assistant",
        "reasoning Hm",
        "reasoning Raw",
        "assistant",
        "function call_1 f {}",
        "tool",
        "result call_1 42",
        "assistant",
        "custom call_2 g x",
        "tool",
        "result call_2 [{\"text\":\"y\",\"type\":\"input_text\"}] (list)",
        "assistant",
        "other item_reference msg_0",
        "assistant",
        "other web_search_call ws_1",
        "tool",
        "other computer_call_output call_3",
        "tool",
        "other mcp_approval_response mcpr_1",
    ];
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line} is not {expected}");
    }
    let named = Observed::json("/v1/responses").request(r#"{"conversation":"conv_2","input":"Hi"}"#).call("{}").request;
    assert_eq!((named.conversation_id.as_deref(), named.messages.len()), (Some("conv_2"), 1));
}

#[test]
fn a_deployment_is_the_model_where_the_body_names_none() {
    let mut observed = Observed::json("/openai/deployments/my-gpt/chat/completions").request(r#"{"messages":[]}"#);
    observed.deployment = Some("my-gpt".to_owned());
    let call = observed.call("{}");
    assert_eq!(call.request.model.as_deref(), Some("my-gpt"));
    assert_eq!(call.provider, "azure.ai.openai");
    let call = observed.request(r#"{"model":"gpt-4o"}"#).call("{}");
    assert_eq!(call.request.model.as_deref(), Some("gpt-4o"));
}

#[test]
fn a_request_that_is_no_json_is_counted_and_unknown() {
    for body in ["", "hello", "[1]", "{\"model\":\"m\"", "{\"model\":\"m\"}}"] {
        let understood = Observed::json("/v1/chat/completions").request(body).understood([&b"{}"[..]]);
        let expected = if body.is_empty() { vec![] } else { vec![(Skip::BodyUnreadable, 1, body.len() as u64)] };
        assert_eq!(understood.skips.iter().collect::<Vec<_>>(), expected, "{body}");
        let body_bytes = (!body.is_empty()).then_some(body.len() as u64);
        assert_eq!(understood.call.request, Request { body_bytes, ..Request::default() });
    }
}
