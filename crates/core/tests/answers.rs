//! Answers that aren't streamed, in the forms that servers send.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use serde_json::json;
use sidetone_core::event::{Call, Operation, Usage};
use support::{Observed, answer};

fn call(path: &str, body: &serde_json::Value) -> Call {
    Observed::json(path).call(&body.to_string())
}

fn chat(body: &serde_json::Value) -> Vec<String> {
    answer(&call("/v1/chat/completions", body))
}

#[test]
fn choices_come_by_index_whatever_their_order() {
    let body = json!({"choices": [
        {"finish_reason": "length", "message": {"content": "two", "role": "assistant"}, "index": 2},
        {"index": 0, "message": {"role": "assistant", "content": "zero"}, "finish_reason": "stop"},
        {"message": {"content": "one"}, "finish_reason": null, "index": 1},
    ]});
    assert_eq!(
        chat(&body),
        ["0 assistant stop", "text zero", "1 assistant -", "text one", "2 assistant length", "text two"]
    );
    let unnumbered = json!({"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]});
    assert_eq!(chat(&unnumbered), ["0 assistant -", "text a", "1 assistant -", "text b"]);
}

#[test]
fn messages_of_answers_are_read_in_all_their_forms() {
    let body = json!({"choices": [{"index": 0, "finish_reason": "tool_calls", "logprobs": {"content": [{"token": "x", "logprob": -0.1, "top_logprobs": []}]}, "message": {
        "role": "assistant", "content": "Text", "refusal": "No", "reasoning": "Hm", "reasoning_content": "Hm",
        "annotations": [{"type": "url_citation", "url_citation": {"url": "https://e.org"}}],
        "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "Spoken"},
        "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "x"}},
        ],
    }}]});
    let lines = chat(&body);
    assert!(lines[4].contains("AAAA"));
    assert_eq!(
        [&lines[..4], &lines[5..]].concat(),
        [
            "0 assistant tool_calls",
            "reasoning Hm",
            "text Text",
            "refusal No",
            "text Spoken",
            "function c1 f {}",
            "custom c2 g x",
        ]
    );
    let old = json!({"choices": [{"message": {"content": null, "function_call": {"name": "f", "arguments": "{}"}}, "finish_reason": "function_call"}]});
    assert_eq!(chat(&old), ["0 assistant function_call", "function ? f {}"]);
    let list =
        json!({"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]});
    assert_eq!(chat(&list), ["0 assistant -", "text ab"]);
    let empty = json!({"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]});
    assert_eq!(chat(&empty), ["0 assistant stop"]);
    assert!(chat(&json!({"choices": []})).is_empty());
}

#[test]
fn counts_are_those_of_the_server_and_missing_ones_stay_missing() {
    let usage = |usage: serde_json::Value| call("/v1/chat/completions", &json!({"choices": [], "usage": usage})).usage;
    assert_eq!(usage(json!(null)), Usage::default());
    assert_eq!(usage(json!({"prompt_tokens": 0})), Usage { input: Some(0), ..Usage::default() });
    assert_eq!(usage(json!({"prompt_tokens": -1, "completion_tokens": "7", "total_tokens": 1.5})), Usage::default());
    let all = usage(json!({
        "prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5, "audio_tokens": 6},
        "completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 8, "accepted_prediction_tokens": 9, "rejected_prediction_tokens": 10},
    }));
    assert_eq!(
        all,
        Usage {
            input: Some(1),
            output: Some(2),
            total: Some(3),
            cache_read: Some(4),
            cache_write: Some(5),
            input_audio: Some(6),
            reasoning: Some(7),
            output_audio: Some(8),
            accepted_prediction: Some(9),
            rejected_prediction: Some(10),
            ..Usage::default()
        }
    );
    assert_eq!(usage(json!({"prompt_tokens": 9, "prompt_cache_hit_tokens": 8})).cache_read, Some(8));
}

#[test]
fn dimensions_of_embeddings_are_those_of_the_vectors() {
    let dimensions = |embedding: serde_json::Value| {
        let body = json!({"object": "list", "model": "e", "data": [{"index": 0, "embedding": embedding}, {"index": 1, "embedding": [9]}], "usage": {"prompt_tokens": 6, "total_tokens": 6}});
        let call = call("/v1/embeddings", &body);
        assert_eq!((call.operation, call.response.model.as_deref()), (Operation::Embeddings, Some("e")));
        assert_eq!((call.usage.input, call.usage.output, call.usage.total), (Some(6), None, Some(6)));
        call.response.embedding_dimensions
    };
    assert_eq!(dimensions(json!([0.25, -0.5, 1e-3])), Some(3));
    assert_eq!(dimensions(json!([])), Some(0));
    // Four 32-bit floats are 16 bytes: 24 characters (SEMCONV's bug 17: the peers say 24).
    assert_eq!(dimensions(json!("AACAPgAAAL8AAAA+AACAPw==")), Some(4));
    assert_eq!(dimensions(json!("AACAPgAAAL8AAAA+")), Some(3));
    assert_eq!(dimensions(json!("AACAPg")), Some(1), "padding may be left out");
    assert_eq!(dimensions(json!(null)), Some(1), "that of the first vector there is");
}

#[test]
fn a_response_says_in_which_state_it_is() {
    let response = |status: &str, details: serde_json::Value, output: &serde_json::Value| {
        call("/v1/responses", &json!({"id": "r", "status": status, "incomplete_details": details, "output": output}))
    };
    let message = json!([{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}]);
    let tool = json!([{"type": "function_call", "id": "fc", "call_id": "call", "name": "f", "arguments": "{}"}]);
    for (status, details, output, expected) in [
        ("completed", json!(null), &message, vec!["0 assistant stop", "text Hi"]),
        ("completed", json!(null), &tool, vec!["0 assistant tool_calls", "function call f {}"]),
        ("incomplete", json!({"reason": "max_output_tokens"}), &message, vec!["0 assistant length", "text Hi"]),
        ("incomplete", json!({"reason": "content_filter"}), &message, vec!["0 assistant content_filter", "text Hi"]),
        ("incomplete", json!(null), &message, vec!["0 assistant -", "text Hi"]),
        ("queued", json!(null), &json!([]), vec![]),
    ] {
        let call = response(status, details, output);
        assert_eq!(answer(&call), expected, "{status}");
        assert_eq!(call.response.state.as_deref(), Some(status));
    }
}
