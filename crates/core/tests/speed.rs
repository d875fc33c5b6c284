//! How long understanding takes: run by hand with `--release --test speed -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use sidetone_core::event::{Call, Server};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings};
use sidetone_core::policy::{Content, Limits};
use sidetone_core::provider::surface_of;
use sidetone_core::wire::sse::SseDecoder;

const EVENTS: u32 = 1000;

fn exchange(settings: &Arc<Settings>, server: &Arc<Server>) -> Exchange {
    let head = RequestHead {
        surface: surface_of(&Method::POST, "/v1/chat/completions").unwrap(),
        server: Arc::clone(server),
        deployment: None,
        start: SystemTime::UNIX_EPOCH,
        parent: None,
        resend_count: None,
    };
    Exchange::new(head, Arc::clone(settings))
}

fn head(content_type: &'static str) -> ResponseHead {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    ResponseHead::of(200, &headers)
}

/// A delta as OpenAI sends it, about 190 bytes with its end.
fn delta(text: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-mock002\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"gpt-4o-mini\",\
         \"system_fingerprint\":\"fp_1\",\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
    )
}

/// Best of several rounds: nanoseconds for one run of `work`.
fn best(runs: u32, mut work: impl FnMut()) -> f64 {
    (0..15)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..runs {
                work();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(runs)
        })
        .fold(f64::INFINITY, f64::min)
}

fn finish(exchange: Exchange) -> Call {
    exchange.finish(End::Complete, Duration::from_secs(1)).call
}

#[test]
#[ignore = "measures; a figure is no fact to test"]
fn speed() {
    let server = Arc::new(Server { address: "api.openai.com".into(), port: Some(443) });
    let words = ["The ", "quick ", "brown ", "fox", " jumps\\n", "over", " the lazy", " dog."];
    let events: Vec<Bytes> = (0..EVENTS as usize).map(|at| Bytes::from(delta(words[at % words.len()]))).collect();
    let end = Bytes::from(
        "data: {\"id\":\"chatcmpl-mock002\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n",
    );
    println!("event: {} bytes", events[0].len());
    let split = best(200, || {
        let mut decoder = SseDecoder::new(1 << 20);
        let mut count = 0;
        for event in &events {
            let mut rest = black_box(&event[..]);
            while let Some(item) = decoder.next(&mut rest) {
                black_box(item);
                count += 1;
            }
        }
        assert_eq!(count, EVENTS);
    }) / f64::from(EVENTS);
    println!("split alone:            {split:8.1} ns/event");
    for content in [Content::Off, Content::Full] {
        let settings = Arc::new(Settings { content, ..Settings::default() });
        let stream = |events: &[Bytes]| {
            let mut exchange = exchange(&settings, &server);
            exchange.handle_request_body(Bytes::from_static(b"{\"model\":\"m\",\"messages\":[],\"stream\":true}"));
            exchange.handle_response_head(&head("text/event-stream"), Duration::ZERO);
            for event in events {
                exchange.handle_response_body(event.clone(), Duration::ZERO);
            }
            exchange.handle_response_body(end.clone(), Duration::ZERO);
            finish(exchange)
        };
        let call = stream(&events);
        assert_eq!(call.timing.output_chunks, Some(u64::from(EVENTS)));
        assert_eq!(call.response.choices[0].finish_reason.as_deref(), Some("stop"));
        let ns = best(200, || drop(black_box(stream(black_box(&events))))) / f64::from(EVENTS);
        println!("stream {content:?}: {ns:8.1} ns/event");
        let one = [Bytes::from(events.concat())];
        let ns = best(200, || drop(black_box(stream(black_box(&one))))) / f64::from(EVENTS);
        println!("stream {content:?}, one piece: {ns:8.1} ns/event");
        // Without the template: the key order changes at every event.
        let odd: Vec<Bytes> = (0..EVENTS as usize)
            .map(|at| {
                let event = delta(words[at % words.len()]);
                Bytes::from(if at % 2 == 0 { event } else { event.replace("1700000000", "1700000001") })
            })
            .collect();
        let ns = best(50, || drop(black_box(stream(black_box(&odd))))) / f64::from(EVENTS);
        println!("stream {content:?}, in full: {ns:8.1} ns/event");

        for (name, pad) in [("2 KiB", 1), ("100 KiB", 95)] {
            let text = "Some text of an answer\\nwith \\\"escapes\\\" and an ümlaut, as models write it. ".repeat(pad * 12);
            let request = Bytes::from(format!(
                "{{\"model\":\"gpt-4o-mini\",\"messages\":[{{\"role\":\"system\",\"content\":\"You are a terse assistant.\"}},\
                 {{\"role\":\"user\",\"content\":\"Say this is a test. {}\"}}],\"temperature\":0.5,\"max_tokens\":50}}",
                "word ".repeat(60)
            ));
            let response = Bytes::from(format!(
                "{{\"id\":\"chatcmpl-mock001\",\"object\":\"chat.completion\",\"created\":1700000000,\"model\":\"gpt-4o-mini-2024-07-18\",\
                 \"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"{text}\",\"refusal\":null,\"annotations\":[]}},\
                 \"logprobs\":null,\"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":20,\"completion_tokens\":10,\"total_tokens\":30,\
                 \"prompt_tokens_details\":{{\"cached_tokens\":0,\"audio_tokens\":0}},\"completion_tokens_details\":{{\"reasoning_tokens\":0,\
                 \"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}}},\"service_tier\":\"default\",\
                 \"system_fingerprint\":\"fp_mock0001\"}}"
            ));
            let call = || {
                let mut exchange = exchange(&settings, &server);
                exchange.handle_request_body(request.clone());
                exchange.handle_response_head(&head("application/json"), Duration::ZERO);
                exchange.handle_response_body(response.clone(), Duration::ZERO);
                finish(exchange)
            };
            assert_eq!(call().usage.output, Some(10));
            let ns = best(2000, || drop(black_box(call())));
            println!("call {name} ({} + {} bytes) {content:?}: {ns:8.0} ns", request.len(), response.len());
        }
    }
    println!("Exchange: {} bytes; limits {:?}", size_of::<Exchange>(), Limits::default());
}
