//! Every limit, one below, at and one above it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use bytes::Bytes;
use serde_json::json;
use sidetone_core::event::{Attempt, Call, ErrorClass};
use sidetone_core::exchange::{End, Skip, Understood};
use sidetone_core::policy::Limits;
use support::{Observed, answer, ms};

const CHAT: &str = "/v1/chat/completions";

/// Runs `seen` under a limit one below `size`, at it and one above it; gives what was skipped each time.
fn around(size: usize, seen: impl Fn(usize) -> Understood) -> [Vec<(Skip, u64, u64)>; 3] {
    [size - 1, size, size + 1].map(|limit| {
        let understood = seen(limit);
        let skips: Vec<_> = understood.skips.iter().collect();
        let bytes: u64 = skips.iter().map(|(_, _, bytes)| bytes).sum();
        assert_eq!(understood.call.incomplete.over_limit_bytes, bytes, "what went past a limit marks the call");
        skips
    })
}

/// One item over the limit, then none.
fn one(skip: Skip, bytes: u64) -> [Vec<(Skip, u64, u64)>; 3] {
    [vec![(skip, 1, bytes)], vec![], vec![]]
}

fn body(change: impl Fn(&mut Limits, usize), request: &str, response: &str) -> impl Fn(usize) -> Understood {
    move |limit| {
        Observed::json(CHAT).limited(|limits| change(limits, limit)).request(request).understood([response.as_bytes()])
    }
}

fn stream(change: impl Fn(&mut Limits, usize), stream: &str) -> impl Fn(usize) -> Understood {
    move |limit| Observed::stream(CHAT).limited(|limits| change(limits, limit)).understood([stream.as_bytes()])
}

#[test]
fn bodies_up_to_the_limit_are_read() {
    let long =
        json!({"choices": [{"message": {"content": "x".repeat(100)}}], "usage": {"prompt_tokens": 1}}).to_string();
    let read = body(|limits, limit| limits.body_bytes = limit, "{}", &long);
    assert_eq!(around(long.len(), &read), one(Skip::BodyTooLarge, long.len() as u64));
    assert_eq!(read(long.len() - 1).call.usage.input, None);
    assert_eq!(read(long.len()).call.usage.input, Some(1));
    let request = json!({"model": "m", "user": "x".repeat(100)}).to_string();
    let read = body(|limits, limit| limits.body_bytes = limit, &request, "{}");
    assert_eq!(around(request.len(), &read), one(Skip::BodyTooLarge, request.len() as u64));
    assert_eq!(
        (read(request.len() - 1).call.request.model, read(request.len()).call.request.model.as_deref()),
        (None, Some("m"))
    );
}

#[test]
fn events_up_to_the_limit_are_read_also_those_that_repeat_others() {
    let data = |text: &str| format!("{{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}");
    let short = format!("data: {}\n\n", data("a"));
    let long = data(&"b".repeat(40));
    for events in [
        format!("data: {long}\n\n"),
        format!("{short}data: {long}\n\n{short}"),
        format!("{short}{short}data: {long}\n\n"),
    ] {
        let read = stream(|limits, limit| limits.event_bytes = limit, &events);
        assert_eq!(around(long.len(), &read), one(Skip::EventTooLarge, long.len() as u64 + 6), "{events}");
        assert!(!answer(&read(long.len() - 1).call).concat().contains('b'));
        assert!(answer(&read(long.len()).call).concat().contains(&"b".repeat(40)));
    }
}

#[test]
fn texts_are_kept_up_to_the_limit_first_come_first_kept() {
    let request = json!({"messages": [{"role": "user", "content": "12345"}]}).to_string();
    let response =
        json!({"choices": [{"message": {"content": "678é"}}, {"index": 1, "message": {"content": "9"}}]}).to_string();
    let read = body(|limits, limit| limits.content_bytes = limit, &request, &response);
    assert_eq!(around(11, &read), one(Skip::OverLimit, 1));
    let told = |limit| {
        let call = read(limit).call;
        let text = |part: &sidetone_core::event::Part| match part {
            sidetone_core::event::Part::Text(text) => {
                (text.bytes(), text.as_str().unwrap().to_owned(), text.is_truncated())
            }
            other => panic!("{other:?}"),
        };
        let mut texts = vec![text(&call.request.messages[0].parts[0])];
        texts.extend(call.response.choices.iter().map(|choice| text(&choice.message.parts[0])));
        texts
    };
    let whole = |text: &str| (text.len() as u64, text.to_owned(), false);
    assert_eq!(told(11), [whole("12345"), whole("678é"), whole("9")]);
    assert_eq!(told(10), [whole("12345"), whole("678é"), (1, "[cut:1]".to_owned(), true)]);
    // Never half a character, and nothing behind the first cut.
    let cut = |bytes, text: &str| (bytes, text.to_owned(), true);
    assert_eq!(told(9), [whole("12345"), cut(5, "678[cut:2]"), cut(1, "[cut:1]")]);
    assert_eq!(told(3), [cut(5, "123[cut:2]"), cut(5, "[cut:5]"), cut(1, "[cut:1]")]);
}

#[test]
fn streamed_texts_are_kept_up_to_the_limit() {
    let delta =
        |text: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let events = [delta("1234"), delta("56"), delta("\\n\\u00e9"), delta("z")].concat();
    let read = stream(|limits, limit| limits.content_bytes = limit, &events);
    assert_eq!(around(10, &read), one(Skip::OverLimit, 1));
    assert_eq!(answer(&read(10).call)[1], "text 123456\n\u{e9}z");
    assert_eq!(answer(&read(8).call)[1], "text 123456\n[cut:3]");
    assert_eq!(answer(&read(5).call)[1], "text 12345[cut:5]");
    // What fits behind a character that doesn't is left out too: it would stand in its place.
    let wide = delta("12\\u00e9\\n");
    let read_cut = stream(|limits, limit| limits.content_bytes = limit, &wide);
    assert_eq!(answer(&read_cut(3).call)[1], "text 12[cut:3]");
    let size = |call: &Call| match &call.response.choices[0].message.parts[0] {
        sidetone_core::event::Part::Text(text) => text.bytes(),
        other => panic!("{other:?}"),
    };
    assert_eq!((size(&read(5).call), size(&read(99).call)), (10, 10), "the size is that of the whole text");
}

#[test]
fn a_part_is_kept_up_to_its_limit_and_leaves_room_for_others() {
    let request =
        json!({"messages": [{"role": "user", "content": "12345678"}, {"role": "user", "content": "9"}]}).to_string();
    let whole = body(|limits, limit| limits.part_bytes = limit, &request, "{}");
    assert_eq!(around(8, &whole), one(Skip::OverLimit, 1));
    let delta =
        |text: &str| format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let events = [delta("1234"), delta("5678")].concat();
    let streamed = stream(|limits, limit| limits.part_bytes = limit, &events);
    assert_eq!(around(8, &streamed), one(Skip::OverLimit, 1));
    assert_eq!(answer(&streamed(6).call)[1], "text 123456[cut:2]");
    let said = |call: &Call| -> Vec<_> {
        let texts = call.request.messages.iter().flat_map(|message| &message.parts).map(|part| match part {
            sidetone_core::event::Part::Text(text) => text.as_str().unwrap().to_owned(),
            other => panic!("{other:?}"),
        });
        texts.collect()
    };
    assert_eq!(said(&whole(7).call), ["1234567[cut:1]", "9"]);
}

#[test]
fn names_are_kept_up_to_the_limit() {
    let request = json!({"model": "m".repeat(20)}).to_string();
    let read = body(|limits, limit| limits.name_bytes = limit, &request, r#"{"id":"i"}"#);
    assert_eq!(around(20, &read), one(Skip::OverLimit, 1));
    assert_eq!(read(19).call.request.model.unwrap().len(), 19);
}

#[test]
fn names_from_outside_of_bodies_are_kept_up_to_the_limit() {
    let deployed = |limit| {
        let mut observed = Observed::json(CHAT).limited(|limits| limits.name_bytes = limit);
        observed.deployment = Some("d".repeat(20));
        observed.understood([&b"{}"[..]])
    };
    assert_eq!(around(20, deployed), one(Skip::OverLimit, 1));
    let named = |limit| {
        let observed = Observed::json(CHAT).header("x-request-id", &"r".repeat(20));
        observed.limited(|limits| limits.name_bytes = limit).understood([&b"{}"[..]])
    };
    assert_eq!(around(20, named), one(Skip::OverLimit, 1));
    assert_eq!(named(19).call.response.request_id.unwrap().len(), 19);
}

#[test]
fn error_messages_are_kept_up_to_the_limit() {
    let failed = |limit| {
        let observed = Observed::json(CHAT).status(500).limited(|limits| limits.content_bytes = limit);
        observed.understood([&br#"{"error":{"message":"12345678"}}"#[..]])
    };
    assert_eq!(around(8, failed), one(Skip::OverLimit, 1));
}

#[test]
fn messages_parts_and_tools_are_kept_up_to_their_limits() {
    let message = json!({"role": "user", "content": "a"});
    let len = message.to_string().len() as u64;
    let request = json!({"messages": vec![message; 5]}).to_string();
    let read = body(|limits, limit| limits.messages = limit, &request, "{}");
    assert_eq!(around(5, &read), one(Skip::OverLimit, len));
    assert_eq!((read(4).call.request.messages.len(), read(5).call.request.messages.len()), (4, 5));

    let part = json!({"type": "text", "text": "a"});
    let len = part.to_string().len() as u64;
    let request = json!({"messages": [{"role": "user", "content": vec![part; 5]}]}).to_string();
    assert_eq!(around(5, body(|limits, limit| limits.messages = limit, &request, "{}")), one(Skip::OverLimit, len));

    let prompt = json!({"prompt": ["a", "b", "c"]}).to_string();
    let completions = |limit| {
        Observed::json("/v1/completions")
            .limited(|limits| limits.messages = limit)
            .request(&prompt)
            .understood([&b"{}"[..]])
    };
    assert_eq!(around(3, completions), one(Skip::OverLimit, 3));

    let tool = json!({"type": "function", "function": {"name": "f"}});
    let len = tool.to_string().len() as u64;
    let request = json!({"tools": vec![tool; 3]}).to_string();
    assert_eq!(around(3, body(|limits, limit| limits.tools = limit, &request, "{}")), one(Skip::OverLimit, len));

    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let len = call.to_string().len() as u64;
    let request = json!({"messages": [{"role": "assistant", "tool_calls": vec![call.clone(); 3]}]}).to_string();
    assert_eq!(around(3, body(|limits, limit| limits.tools = limit, &request, "{}")), one(Skip::OverLimit, len));

    let response = json!({"choices": [{"message": {"tool_calls": vec![call; 3]}}]}).to_string();
    let read = body(|limits, limit| limits.tools = limit, "{}", &response);
    assert_eq!(around(3, &read), one(Skip::OverLimit, 2));
    assert_eq!(read(2).call.response.choices[0].message.parts.len(), 2);
}

#[test]
fn choices_are_kept_up_to_the_limit() {
    let choice = |index: usize| json!({"index": index, "message": {"content": "a"}, "finish_reason": "stop"});
    let len = choice(2).to_string().len() as u64;
    let response = json!({"choices": [choice(0), choice(1), choice(2)]}).to_string();
    let read = body(|limits, limit| limits.choices = limit, "{}", &response);
    assert_eq!(around(3, &read), one(Skip::OverLimit, len));
    assert_eq!(read(2).call.response.choices.len(), 2);
}

#[test]
fn attempts_are_kept_up_to_the_limit() {
    let retried = |limit| {
        let mut exchange = Observed::json(CHAT).limited(|limits| limits.attempts = limit).exchange();
        exchange.handle_request_body(Bytes::from_static(b"{}"));
        for number in 1..=3 {
            let error = ErrorClass::InternalServer;
            exchange.handle_retry(Attempt { number, ended: ms(1), status: Some(500), retry_after: None, error });
        }
        exchange.finish(End::Unanswered, ms(9))
    };
    assert_eq!(around(3, retried), one(Skip::OverLimit, 0));
    assert_eq!(retried(2).call.attempts.len(), 2);
}
