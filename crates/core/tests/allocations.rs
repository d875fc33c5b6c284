//! What a stream under way allocates and holds: nothing for an event that repeats the one before, little in all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::alloc::System;

use bytes::Bytes;
use sidetone_core::exchange::{Exchange, ResponseHead};
use sidetone_core::policy::Content;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{Observed, ms};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn chat_delta(text: &str) -> Bytes {
    Bytes::from(format!(
        "data: {{\"id\":\"chatcmpl-Bs5ZEFSgSeXCpRJHOTn6EW4jeFtzA\",\"object\":\"chat.completion.chunk\",\"created\":1752243362,\
         \"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_34a54ae93c\",\
         \"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n"
    ))
}

fn responses_delta(text: &str, number: u32) -> Bytes {
    Bytes::from(format!(
        "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\"sequence_number\":{number},\
         \"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\"{text}\",\"logprobs\":[],\
         \"obfuscation\":\"{}\"}}\n\n",
        "x".repeat(number as usize % 9)
    ))
}

/// The allocator counts what every thread of this process does, and the test harness has one of its own: the least of
/// several rounds is what the code under test does.
fn least(round: impl FnMut(usize) -> usize) -> usize {
    (0..9).map(round).min().unwrap()
}

/// Allocations that all but the first of `events` cost an exchange.
fn allocations(observed: &Observed, events: &[Bytes]) -> usize {
    least(|_| {
        let mut exchange = observed.begun();
        let events = events.to_vec();
        let mut events = events.into_iter();
        exchange.handle_response_body(events.next().unwrap(), ms(2));
        let region = Region::new(ALLOCATOR);
        for event in events.by_ref() {
            exchange.handle_response_body(event, ms(3));
        }
        let change = region.change();
        let call = exchange.finish(observed.end, ms(4)).call;
        assert_eq!(call.timing.output_chunks, Some(800), "a fifth of the texts is empty");
        change.allocations + change.reallocations
    })
}

// One test, so that no other runs beside it.
#[test]
fn a_stream_under_way_allocates_nothing_and_holds_little() {
    let words = ["Hello", " wor\\n", "", " größer", " \\ud83d\\ude00"];
    let chat: Vec<Bytes> = (0..1000).map(|at| chat_delta(words[at % words.len()])).collect();
    let responses: Vec<Bytes> = (0..1000).map(|at| responses_delta(words[at as usize % words.len()], at)).collect();
    let request = r#"{"model":"gpt-4o-mini","stream":true,"messages":[{"role":"system","content":"Be terse."},{"role":"user","content":"Hello there."}]}"#;
    for content in [Content::Off, Content::Full] {
        for (path, events) in [("/v1/chat/completions", &chat), ("/v1/responses", &responses)] {
            let observed = Observed::stream(path).content(content).request(request);
            let count = allocations(&observed, events);
            // With content on the text itself grows, by doubling.
            let allowed = if content == Content::Off { 0 } else { 16 };
            assert!(count <= allowed, "{path} {content:?}: {count} allocations for 999 events");
        }
    }

    let observed = Observed::stream("/v1/chat/completions").content(Content::Off).request(request);
    let head = ResponseHead::of(200, &observed.headers);
    let held = least(|_| {
        // Settings and server are shared by many exchanges.
        let mut exchange = observed.exchange();
        let request = Bytes::copy_from_slice(&observed.request);
        let events = chat[..2].to_vec();
        let region = Region::new(ALLOCATOR);
        exchange.handle_request_body(request);
        exchange.handle_response_head(&head, ms(1));
        for event in events {
            exchange.handle_response_body(event, ms(2));
        }
        let change = region.change();
        // The request's bytes are given back, and were taken before.
        size_of::<Exchange>() + change.bytes_allocated + observed.request.len() - change.bytes_deallocated
    });
    assert!(held <= 980, "a stream under way holds {held} bytes with content off");
}
