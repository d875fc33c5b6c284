//! JSON lines: of each recorded case, by their schema, with what the case says.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use sidetone_cli::replay::{Cut, observe};
use sidetone_core::event::{Incomplete, Missing, MissingBytes, Outcome, OwnSpan, Side, SpanId, TraceId};
use sidetone_pipeline::{Finished, JsonLines, Sink as _};
use sidetone_testkit::case::Case;
use support::{is_by_schema, lines};

/// The two records of each case below a folder, under a content policy.
fn replayed(folder: &str, content: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance").join(folder);
    let output = Command::new(env!("CARGO_BIN_EXE_sidetone"))
        .args(["replay", "--format", "jsonl", "--content", content])
        .arg(path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    lines(std::str::from_utf8(&output.stdout).unwrap())
}

#[test]
fn each_recorded_case_gives_two_lines_by_the_schema_with_one_call_id() {
    let mut ids = Vec::new();
    for folder in ["cases", "further/cases"] {
        let cases = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance").join(folder));
        let count = cases.unwrap().filter(|case| case.as_ref().unwrap().path().join("meta.json").exists()).count();
        assert!(count > 3, "{folder}");
        for content in ["off", "full"] {
            let lines = replayed(folder, content);
            assert_eq!(lines.len(), 2 * count, "{folder}");
            for pair in lines.chunks(2) {
                assert_eq!([&pair[0]["event_type"], &pair[1]["event_type"]], ["ai.request", "ai.response"]);
                assert_eq!(pair[0]["call_id"], pair[1]["call_id"]);
                assert!(pair[0]["time"].as_str() <= pair[1]["time"].as_str());
                assert_eq!(pair[0]["trace_id"].as_str().unwrap().len(), 32, "the parent's");
                ids.push(pair[0]["call_id"].as_str().unwrap().to_owned());
            }
        }
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn a_record_has_what_the_case_says_and_null_for_what_it_doesnt() {
    let lines = replayed("cases/chat_basic", "off");
    let (request, response) = (&lines[0]["data"], &lines[1]["data"]);
    // From the case's request.json and response.json.
    assert_eq!(request["request"]["model"], "gpt-4o-mini");
    assert_eq!(request["provider"]["name"], "openai");
    assert_eq!(request["request"]["messages"][0]["role"], "system");
    assert_eq!(response["response"]["id"], "chatcmpl-mock001");
    assert_eq!(response["response"]["finish_reasons"], json!(["stop"]));
    let usage = &response["usage"];
    assert_eq!(
        [&usage["input_tokens"], &usage["output_tokens"], &usage["total_tokens"]].map(Value::as_u64),
        [Some(20), Some(10), Some(30)]
    );
    assert_eq!((&response["outcome"], &response["complete"]), (&json!("completed"), &json!(true)));
    assert_eq!(
        request["process"],
        json!({"pid": null, "parent_pid": null, "name": null, "exe": null, "container": null, "pod": null})
    );
    assert_eq!(request["request"]["temperature"], Value::Null);
    assert_eq!(lines[1]["span_id"], Value::Null);
}

#[test]
fn a_cost_is_told_to_the_last_digit_and_null_where_it_isnt_known() {
    let cost = |case: &str| replayed(case, "off")[1]["data"]["cost"].clone();
    let known = cost("cases/chat_cached_reasoning");
    // o4-mini, 1,200 tokens of which 1,024 cached, 300 of which 256 reasoning:
    // 176 × 1.10 + 1,024 × 0.275 + 44 × 4.40 + 256 × 4.40, per million.
    assert_eq!(known["usd"], "0.0017952");
    let parts =
        json!({"input": "0.0001936", "cache_read": "0.0002816", "output": "0.0001936", "reasoning": "0.0011264"});
    assert_eq!(known["parts"], parts);
    assert_eq!((&known["price_source"], known["price_date"].is_string()), (&json!("litellm"), true));
    assert_eq!(cost("cases/error_401"), Value::Null);
    assert_eq!(cost("cases/chat_stream_no_usage"), Value::Null);
}

#[test]
fn texts_are_there_by_the_content_policy_and_their_sizes_always() {
    let text = |content| {
        let lines = replayed("cases/chat_basic", content);
        lines[1]["data"]["response"]["choices"][0]["message"]["parts"][0].clone()
    };
    assert_eq!(text("full"), json!({"type": "text", "text": "This is a test.", "bytes": 15, "truncated": false}));
    assert_eq!(text("off"), json!({"type": "text", "text": null, "bytes": 15, "truncated": false}));
}

#[test]
fn an_error_says_its_class_status_and_code() {
    let lines = replayed("cases/error_401", "off");
    let data = &lines[1]["data"];
    assert_eq!((&data["outcome"], &data["complete"]), (&json!("failed"), &json!(true)));
    assert_eq!((&data["error"]["type"], &data["response"]["status"]), (&json!("AuthenticationError"), &json!(401)));
    assert_eq!(data["usage"]["input_tokens"], Value::Null);
}

#[test]
fn the_schema_refuses_a_record_that_lacks_a_name_or_has_one_more() {
    let record = replayed("cases/chat_basic", "off").remove(1);
    assert!(is_by_schema(&record));
    let mut less = record.clone();
    less["data"]["usage"].as_object_mut().unwrap().remove("total_tokens");
    assert!(!is_by_schema(&less));
    let mut more = record.clone();
    more["data"]["prompt"] = json!("secret");
    assert!(!is_by_schema(&more));
    let mut wrong = record;
    wrong["event_type"] = json!("ai.request");
    assert!(!is_by_schema(&wrong));
}

#[test]
fn bytes_that_were_not_seen_are_told_with_their_places() {
    let case = Case::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases/chat_basic")).unwrap();
    let mut call = observe(&case, &Arc::default(), Cut::AsRecorded, None).unwrap().call;
    call.outcome = Outcome::Incomplete;
    call.side = Side::Server;
    call.span = Some(OwnSpan { trace_id: TraceId([7; 16]), span_id: SpanId([9; 8]) });
    let response = MissingBytes { bytes: 4100, ranges: vec![10..14, 100..4196] };
    call.incomplete = Incomplete {
        lost_items: 2,
        lost_bytes: 4100,
        missing: Some(Box::new(Missing { response, ..Missing::default() })),
        ..Incomplete::default()
    };
    let mut written = Vec::new();
    JsonLines::new(&mut written).call(&mut Finished { call, span: None });
    let lines = lines(std::str::from_utf8(&written).unwrap());
    let data = &lines[1]["data"];
    assert_eq!((&data["outcome"], &data["complete"]), (&json!("incomplete"), &json!(false)));
    let ranges = json!([{"start": 10, "end": 14}, {"start": 100, "end": 4196}]);
    assert_eq!(data["missing"]["response"], json!({"bytes": 4100, "ranges": ranges}));
    assert_eq!(data["missing"]["request"], json!({"bytes": 0, "ranges": []}));
    assert_eq!(data["side"], "server");
    assert_eq!((&lines[0]["trace_id"], &lines[1]["span_id"]), (&json!("07".repeat(16)), &json!("09".repeat(8))));
}
