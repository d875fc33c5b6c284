//! Recorded cases: what is in the crate, what is in the repository, loading, saving, changing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::path::Path;

use serde_json::Value;
use sidetone_testkit::case::{Case, RecordedFault};
use sidetone_testkit::require;

fn repository_cases() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases")
}

/// The JSON documents of a body: one, or those of a stream's events.
fn documents(case: &Case) -> Vec<Value> {
    let body = std::str::from_utf8(&case.response).unwrap();
    if !case.stream {
        return vec![serde_json::from_str(body).unwrap()];
    }
    let events = body.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|event| *event != "[DONE]");
    events.map(|event| serde_json::from_str(event).unwrap()).collect()
}

fn joined(case: &Case, pointer: &str) -> String {
    documents(case).iter().filter_map(|document| document.pointer(pointer)?.as_str().map(str::to_owned)).collect()
}

#[test]
fn every_case_of_the_crate_can_be_read() {
    let cases = Case::all_embedded();
    assert_eq!(cases.len(), 13);
    for case in cases {
        assert!(case.status >= 200 && case.path.starts_with("/v1/"), "{}", case.name);
        assert!(!documents(&case).is_empty(), "{}", case.name);
        assert_eq!(Case::embedded(&case.name), Some(case));
    }
    assert_eq!(Case::embedded("no_such_case"), None);
}

#[test]
fn a_copy_in_the_crate_is_the_case_of_the_repository() {
    if !require::or_skip("the repository's conformance/cases", repository_cases().is_dir()) {
        return;
    }
    let recorded = Case::load_all(repository_cases()).unwrap();
    let copies: Vec<_> = recorded.into_iter().filter(|case| Case::embedded(&case.name).is_some()).collect();
    assert!(copies.len() >= 12, "{}", copies.len());
    for case in copies {
        assert_eq!(Case::embedded(&case.name), Some(case));
    }
}

#[test]
fn a_saved_case_is_loaded_as_it_was() {
    let folder = std::env::temp_dir().join(format!("sidetone-testkit-{}", std::process::id()));
    let mut cases = Case::all_embedded();
    cases[0].extra.insert("note".to_owned(), "kept".into());
    cases[1].write_size = Some(7);
    cases[1].fault = Some(RecordedFault::CutAfterBody);
    cases[2].fault = Some(RecordedFault::ConnectionRefused);
    cases[2].response = bytes::Bytes::new();
    cases[3].server = Some("http://127.0.0.1:18181".to_owned());
    for case in &cases {
        case.save(&folder).unwrap();
    }
    let loaded = Case::load_all(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(loaded.unwrap(), cases);
}

#[test]
fn what_is_wrong_with_a_case_is_said_with_its_file() {
    let folder = std::env::temp_dir().join(format!("sidetone-testkit-wrong-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let problem = |meta: &str| {
        std::fs::write(folder.join("meta.json"), meta).unwrap();
        Case::load(&folder).unwrap_err().to_string()
    };
    std::fs::write(folder.join("request.json"), "{}").unwrap();
    let said = [
        problem("["),
        problem("[]"),
        problem("{\"status\":200}"),
        problem("{\"path\":\"/v1/x\",\"status\":70000}"),
        problem("{\"path\":\"/v1/x\",\"status\":200,\"fault\":\"strike\"}"),
        problem("{\"path\":\"/v1/x\",\"status\":200,\"write_size\":0}"),
        problem("{\"path\":\"/v1/x\",\"status\":200,\"response_file\":\"absent.json\"}"),
    ];
    std::fs::remove_dir_all(&folder).unwrap();
    let expected = [
        "EOF",
        "isn't a JSON object",
        "`path`",
        "`status`",
        "`fault` can't be \"strike\"",
        "`write_size`",
        "absent.json",
    ];
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected) && said.contains("sidetone-testkit-wrong"), "{said}");
    }
}

#[test]
fn a_renamed_model_keeps_its_date_and_every_other_byte() {
    let mut case = Case::embedded("chat_stream_usage").unwrap();
    let before = case.clone();
    let places = case.rename_model("gpt-4o-mini", "acme");
    assert_eq!(places, 1 + documents(&before).len());
    assert!(documents(&case).iter().all(|event| event["model"] == "acme-2024-07-18"));
    let back = |body: &[u8]| String::from_utf8(body.to_vec()).unwrap().replace("acme", "gpt-4o-mini");
    assert_eq!(back(&case.response).as_bytes(), before.response);
    assert_eq!(back(&case.request).as_bytes(), before.request);
}

#[test]
fn counts_are_set_under_the_names_of_the_surface() {
    for (name, input, output) in [
        ("chat_basic", "/usage/prompt_tokens", "/usage/completion_tokens"),
        ("chat_stream_usage", "/usage/prompt_tokens", "/usage/completion_tokens"),
        ("completions_basic", "/usage/prompt_tokens", "/usage/completion_tokens"),
        ("responses_basic", "/usage/input_tokens", "/usage/output_tokens"),
        ("responses_stream", "/response/usage/input_tokens", "/response/usage/output_tokens"),
    ] {
        let mut case = Case::embedded(name).unwrap();
        assert_eq!(case.set_usage(1234, 567), 3, "{name}");
        let last = documents(&case).pop().unwrap();
        assert_eq!(last.pointer(input), Some(&1234.into()), "{name}");
        assert_eq!(last.pointer(output), Some(&567.into()), "{name}");
        let total = input.rsplit_once('/').unwrap().0.to_owned() + "/total_tokens";
        assert_eq!(last.pointer(&total), Some(&1801.into()), "{name}");
    }
    let mut case = Case::embedded("embeddings_float").unwrap();
    case.set_usage(9, 1);
    assert_eq!(documents(&case)[0]["usage"], serde_json::json!({"prompt_tokens": 9, "total_tokens": 9}));
}

#[test]
fn the_reply_is_set_in_every_surface() {
    let text = "Wörter with \"quotes\" and\nlines, and more of them.";
    for (name, pointer) in [
        ("chat_basic", "/choices/0/message/content"),
        ("chat_stream_usage", "/choices/0/delta/content"),
        ("completions_basic", "/choices/0/text"),
        ("completions_stream", "/choices/0/text"),
        ("responses_basic", "/output/0/content/0/text"),
        ("responses_stream", "/delta"),
    ] {
        let mut case = Case::embedded(name).unwrap();
        let events = documents(&case).len();
        assert!(case.set_reply(text) > 0, "{name}");
        assert_eq!(joined(&case, pointer), text, "{name}");
        assert_eq!(documents(&case).len(), events, "{name}");
    }
    let mut case = Case::embedded("responses_stream").unwrap();
    case.set_reply(text);
    let last = documents(&case).pop().unwrap();
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], text);
    let mut case = Case::embedded("responses_tools").unwrap();
    assert_eq!(case.set_reply(text), 0, "a summary of reasoning is no reply");
}

#[test]
fn a_tool_call_is_set_in_every_surface() {
    let arguments = r#"{"query": "rust \"tee\""}"#;
    let mut case = Case::embedded("chat_tools_call").unwrap();
    case.set_tool_call("search", arguments);
    for call in documents(&case)[0]["choices"][0]["message"]["tool_calls"].as_array().unwrap() {
        assert_eq!(call["function"], serde_json::json!({"name": "search", "arguments": arguments}));
    }
    let mut case = Case::embedded("chat_stream_tools").unwrap();
    case.set_tool_call("search", arguments);
    for index in 0..2 {
        let mut seen = [String::new(), String::new()];
        for event in documents(&case) {
            let calls = event.pointer("/choices/0/delta/tool_calls").and_then(Value::as_array).cloned();
            for call in calls.unwrap_or_default().iter().filter(|call| call["index"] == index) {
                seen[0] += call["function"]["name"].as_str().unwrap_or_default();
                seen[1] += call["function"]["arguments"].as_str().unwrap_or_default();
            }
        }
        assert_eq!(seen, ["search", arguments]);
    }
    let mut case = Case::embedded("responses_tools").unwrap();
    case.set_tool_call("search", arguments);
    let response = documents(&case).pop().unwrap();
    assert_eq!(response["output"][1]["name"], "search");
    assert_eq!(response["output"][1]["arguments"], arguments);
    assert_eq!(response["tools"][0]["name"], "get_current_weather", "what was offered is no call");
}

#[test]
fn text_is_replaced_however_it_is_written() {
    let mut case = Case::embedded("chat_basic").unwrap();
    case.set_response(r#"{"a":"caf\u00e9 one","b":["café two"],"café":1}"#);
    assert_eq!(case.replace_text("café", "tea"), 2);
    assert_eq!(case.response, r#"{"a":"tea one","b":["tea two"],"café":1}"#);
    assert_eq!(case.set_number("café", 2), 1);
    assert_eq!(case.set_string("a", "x"), 1);
    assert_eq!(case.response, r#"{"a":"x","b":["tea two"],"café":2}"#);
}
