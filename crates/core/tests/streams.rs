//! Streams in the shapes that vendors document: what they mean, and that no cut changes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use sidetone_core::event::{ErrorClass, Outcome, Usage};
use sidetone_core::exchange::End;
use sidetone_core::policy::Content;
use support::{Observed, answer, ms};

macro_rules! streams {
    ($($name:ident),+ $(,)?) => {
        const STREAMS: &[(&str, &str)] = &[$((stringify!($name), include_str!(concat!("streams/", stringify!($name), ".sse"))),)+];
    };
}

streams!(
    chat_audio,
    chat_azure,
    chat_comments,
    chat_crlf,
    chat_custom_tool,
    chat_error_event,
    chat_n2,
    chat_reasoning,
    chat_refusal,
    completions_n2,
    responses_builtin,
    responses_custom,
    responses_error,
    responses_failed,
    responses_incomplete,
    responses_refusal,
    responses_text,
    responses_tools,
);

fn stream(name: &str) -> &'static str {
    STREAMS.iter().find(|(known, _)| *known == name).unwrap().1
}

fn call(name: &str) -> sidetone_core::event::Call {
    Observed::named(name).call(stream(name))
}

#[test]
fn every_stream_cut_in_two_at_every_offset_and_byte_by_byte_is_the_same_call() {
    for (name, stream) in STREAMS {
        for content in [Content::Off, Content::Full] {
            let observed = Observed::named(name).content(content);
            let mut whole = observed.understood([stream.as_bytes()]);
            assert_eq!(whole.skips.iter().next(), None, "{name}");
            let mut same = |pieces: &[&[u8]], cut: usize| {
                let mut cut_call = observed.understood(pieces.iter().copied());
                // Times differ by the pieces, counts don't.
                assert_eq!(cut_call.call.timing.output_chunks, whole.call.timing.output_chunks, "{name} cut at {cut}");
                cut_call.call.timing = whole.call.timing.clone();
                assert_eq!(cut_call, whole, "{name} {content:?} cut at {cut}");
                whole.call.timing = cut_call.call.timing;
            };
            // The sizes of texts take the same way through the code as the texts: one round of all offsets is enough.
            let cuts = if content == Content::Full { stream.len() } else { 0 };
            for cut in 0..=cuts {
                let (first, second) = stream.as_bytes().split_at(cut);
                same(&[first, second], cut);
            }
            same(&stream.as_bytes().chunks(1).collect::<Vec<_>>(), 0);
        }
    }
}

#[test]
fn a_streamed_response_is_the_response_that_was_not_streamed() {
    for (name, body) in [
        ("responses_builtin", include_str!("streams/responses_builtin.json")),
        ("responses_custom", include_str!("streams/responses_custom.json")),
        ("responses_failed", include_str!("streams/responses_failed.json")),
        ("responses_incomplete", include_str!("streams/responses_incomplete.json")),
        ("responses_refusal", include_str!("streams/responses_refusal.json")),
        ("responses_text", include_str!("streams/responses_text.json")),
        ("responses_tools", include_str!("streams/responses_tools.json")),
    ] {
        let streamed = call(name);
        let whole = Observed::json("/v1/responses").call(body);
        let facts = |call: &sidetone_core::event::Call| {
            (
                call.response.id.clone(),
                call.response.model.clone(),
                call.response.state.clone(),
                call.outcome.clone(),
                call.usage,
            )
        };
        assert_eq!(facts(&streamed), facts(&whole), "{name}");
        if name != "responses_builtin" {
            assert_eq!(streamed.response.choices, whole.response.choices, "{name}");
        }
        assert_eq!(answer(&streamed).len(), answer(&whole).len(), "{name}");
    }
}

#[test]
fn a_refusal_is_streamed() {
    for name in ["chat_refusal", "chat_crlf"] {
        let call = call(name);
        assert_eq!(answer(&call), ["0 assistant stop", "refusal I'm sorry, I can't help with that."]);
        assert_eq!((call.usage.input, call.usage.output), (Some(15), Some(9)));
        assert_eq!(call.timing.output_chunks, Some(3));
        assert_eq!(call.outcome, Outcome::Completed);
    }
}

#[test]
fn choices_are_told_apart_in_any_order() {
    let call = call("chat_n2");
    assert_eq!(
        answer(&call),
        ["0 assistant stop", "text Eins zwei drei vier", "1 assistant length", "text One two three"]
    );
    assert_eq!((call.usage.accepted_prediction, call.usage.rejected_prediction), (Some(3), Some(1)));
    assert_eq!(call.timing.output_chunks, Some(7));
    let completions = Observed::named("completions_n2").call(stream("completions_n2"));
    assert_eq!(answer(&completions), ["0 assistant stop", "text ACD", "1 assistant length", "text BE"]);
    assert_eq!(completions.usage.total, Some(7));
}

#[test]
fn audio_comes_with_its_transcript() {
    let call = call("chat_audio");
    let lines = answer(&call);
    assert_eq!(lines[0], "0 assistant stop");
    assert!(lines[1].contains("Audio") && lines[1].contains("AAECAwQF"), "{lines:?}");
    assert_eq!(lines[2], "text Hello.");
    assert_eq!((call.usage.input_audio, call.usage.output_audio), (Some(4), Some(25)));
    assert_eq!(call.timing.output_chunks, Some(4));
}

#[test]
fn a_custom_tool_has_input_instead_of_arguments() {
    assert_eq!(
        answer(&call("chat_custom_tool")),
        ["0 assistant tool_calls", "custom call_c1 run_sql SELECT \"a\"\nFROM t;"]
    );
}

#[test]
fn reasoning_stands_before_the_text() {
    let call = call("chat_reasoning");
    assert_eq!(answer(&call), ["0 assistant stop", "reasoning Let me think.", "text 42 it is"]);
    assert_eq!((call.usage.reasoning, call.usage.cache_read), (Some(16), Some(4)));
    assert_eq!(call.response.system_fingerprint.as_deref(), Some("fp_44709d6fcb"));
    assert_eq!(call.response.service_tier, None);
}

#[test]
fn azures_first_chunk_has_no_choice_and_no_names() {
    let call = call("chat_azure");
    assert_eq!(answer(&call), ["0 assistant content_filter", "text Seattle ☔"]);
    assert_eq!(call.response.id.as_deref(), Some("chatcmpl-Ab1"));
    assert_eq!(call.response.model.as_deref(), Some("gpt-4o-2024-08-06"));
}

#[test]
fn comments_and_ids_are_no_events() {
    let call = call("chat_comments");
    assert_eq!(answer(&call), ["0 assistant stop", "text a \"quoted\" \\ text\nüber 😀"]);
    assert_eq!(call.outcome, Outcome::Completed);
}

#[test]
fn an_error_event_is_a_failure_of_the_api_and_its_key_is_masked() {
    for end in [End::Complete, End::Dropped] {
        let call = Observed::named("chat_error_event").end(end).call(stream("chat_error_event"));
        let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
        assert_eq!(failure.class.clone(), ErrorClass::Api);
        assert_eq!(failure.code.as_deref(), Some("server_error"));
        let message = failure.message.as_ref().unwrap().as_str().unwrap();
        assert_eq!(message, "The server had an error processing your request with key sk-***. Sorry!");
        assert_eq!(answer(&call), ["0 assistant -", "text Partial answer"]);
    }
    let call = call("responses_error");
    let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!((failure.class.clone(), failure.code.as_deref()), (ErrorClass::Api, Some("rate_limit_exceeded")));
    assert_eq!(failure.message.as_ref().unwrap().as_str(), Some("Rate limit reached with Bearer ***."));
    let off = Observed::named("responses_error").content(Content::Off).call(stream("responses_error"));
    let Outcome::Failed(failure) = &off.outcome else { panic!("{:?}", off.outcome) };
    assert_eq!(failure.message.as_ref().unwrap().as_str(), None);
}

#[test]
fn the_items_of_a_response_are_the_parts_of_one_choice() {
    assert_eq!(answer(&call("responses_text")), ["0 assistant stop", "text Hi there!\nHow are \"you\"? 😀"]);
    let tools = call("responses_tools");
    assert_eq!(
        answer(&tools),
        [
            "0 assistant tool_calls",
            "reasoning **Weather** needed.",
            "reasoning Two cities.",
            "function call_1 get_weather {\"location\":\"Paris\"}",
            "function call_2 get_weather {\"location\":\"Rome\"}",
        ]
    );
    let usage = Usage {
        input: Some(320),
        output: Some(80),
        total: Some(400),
        cache_read: Some(256),
        reasoning: Some(64),
        ..Usage::default()
    };
    assert_eq!(tools.usage, usage);
    assert_eq!(tools.response.service_tier.as_deref(), Some("default"));
    assert_eq!(tools.response.state.as_deref(), Some("completed"));
    assert_eq!(tools.timing.output_chunks, Some(4 + 7));
    assert_eq!(
        answer(&call("responses_custom")),
        ["0 assistant tool_calls", "reasoning Raw thoughts.", "custom call_c code_exec print('hi')", "text Done: see"]
    );
    assert_eq!(answer(&call("responses_refusal")), ["0 assistant stop", "refusal I can't do that."]);
    assert_eq!(answer(&call("responses_incomplete")), ["0 assistant length", "text Once upon a"]);
}

#[test]
fn items_of_built_in_tools_are_kept_as_they_are() {
    let call = call("responses_builtin");
    let lines = answer(&call);
    let kinds: Vec<_> = lines[1..].iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        kinds,
        [
            "other web_search_call ws_1",
            "other file_search_call fs_1",
            "other code_interpreter_call ci_1",
            "other image_generation_call ig_1",
            "other mcp_list_tools mcpl_1",
            "other mcp_call mcp_1",
            "text It is",
        ]
    );
    assert!(lines[1].ends_with(r#""action":{"type":"search","query":"rust sse"}}"#), "{}", lines[1]);
    assert_eq!(lines[0], "0 assistant stop", "a built-in tool is run by the server: nothing is asked of the caller");
}

#[test]
fn a_failed_response_is_a_failure_of_the_api() {
    let call = call("responses_failed");
    let Outcome::Failed(failure) = &call.outcome else { panic!("{:?}", call.outcome) };
    assert_eq!((failure.class.clone(), failure.code.as_deref()), (ErrorClass::Api, Some("server_error")));
    assert_eq!(call.response.state.as_deref(), Some("failed"));
    assert_eq!(answer(&call), ["0 assistant -", "text Par"]);
}

#[test]
fn the_first_chunk_is_any_and_the_first_output_is_not() {
    let pieces: Vec<_> = stream("chat_refusal").split_inclusive("\n\n").map(str::as_bytes).collect();
    let timing = Observed::named("chat_refusal").understood(pieces).call.timing;
    // The head comes at 1 ms, the role's chunk at 2 ms, the texts at 3 to 5 ms, usage and the end later.
    assert_eq!(timing.head, Some(ms(1)));
    assert_eq!(timing.first_chunk, Some(ms(2)));
    assert_eq!(timing.first_output, Some(ms(3)));
    assert_eq!(timing.last_chunk, Some(ms(5)));
    assert_eq!(timing.output_chunks, Some(3));
    assert_eq!(timing.per_output_chunk(), Some(ms(1)));
    assert_eq!(timing.total, ms(8));
}

#[test]
fn with_content_off_sizes_are_the_same_and_no_text_is_kept() {
    for (name, stream) in STREAMS {
        let full = Observed::named(name).call(stream);
        let off = Observed::named(name).content(Content::Off).call(stream);
        let sizes = |call: &sidetone_core::event::Call| {
            let parts = call.response.choices.iter().flat_map(|choice| &choice.message.parts);
            parts.map(|part| format!("{:?}", size(part))).collect::<Vec<_>>()
        };
        assert_eq!(sizes(&off), sizes(&full), "{name}");
        assert_eq!(off.usage, full.usage);
        assert_eq!(off.timing, full.timing);
        let text = format!("{off:?}");
        for word in ["assistant answer", "Hello", "SELECT", "Paris", "Once upon", "print(", "rust sse", "iVBOR", "drei"]
        {
            assert!(!text.contains(word), "{name} keeps {word}");
        }
    }
}

fn size(part: &sidetone_core::event::Part) -> Option<u64> {
    use sidetone_core::event::{MediaSource, Part};
    match part {
        Part::Text(text) | Part::Refusal(text) | Part::Reasoning(text) => Some(text.bytes()),
        Part::ToolCall(call) => call.arguments.as_ref().map(|text| text.bytes()),
        Part::Other { json, .. } => Some(json.bytes()),
        Part::Media(media) => match &media.source {
            MediaSource::Inline(text) | MediaSource::Uri(text) => Some(text.bytes()),
            _ => None,
        },
        _ => None,
    }
}
