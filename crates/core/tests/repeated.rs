//! Events that repeat the one before with another text take a short way: it must lead to the same call.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::borrow::Cow;

use proptest::prelude::*;
use sidetone_core::event::{Choice, Part, Role};
use sidetone_core::policy::{Allowance, Content, Keep, Limits};
use sidetone_core::provider::{Answer, SURFACES, Surface};
use sidetone_core::wire::sse::{SseDecoder, SseItem};
use support::Observed;

/// What the surface alone makes of a stream, every event read in full.
#[derive(Debug, PartialEq)]
struct InFull {
    choices: Vec<Choice>,
    outputs: u64,
    unreadable: u64,
}

fn in_full(surface: &dyn Surface, stream: &[u8], content: Content) -> InFull {
    let limits = Limits::default();
    let (mut answer, mut allowance) = (Answer::default(), Allowance::default());
    let mut keep = Keep::new(content, &limits, &mut allowance);
    let (mut outputs, mut unreadable) = (0, 0);
    let mut decoder = SseDecoder::new(limits.event_bytes);
    let mut rest = stream;
    while let Some(item) = decoder.next(&mut rest) {
        let SseItem::Event(event) = item else { panic!("{item:?}") };
        let (kind, data) = (String::from_utf8_lossy(event.kind), String::from_utf8_lossy(event.data));
        match surface.read_event(&kind, &data, &mut answer, &mut keep) {
            Ok(heard) => outputs += u64::from(heard.has_output),
            Err(_) => unreadable += 1,
        }
    }
    let mut choices = answer.take_choices(&keep);
    choices.iter_mut().for_each(let_go_of_odd_names);
    InFull { choices, outputs, unreadable }
}

/// As the review of a finished call does: names and words are kept that are short and of plain characters.
fn let_go_of_odd_names(choice: &mut Choice) {
    let is_plain = |name: &str, limit: usize| {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+= ()[],;#~|$".contains(&byte);
        name.len() <= limit && name.bytes().all(is_allowed) && !name.contains("://")
    };
    let is_word = |word: &Cow<'_, str>| is_plain(word, 64);
    choice.finish_reason = choice.finish_reason.take().filter(is_word);
    if let Role::Other(role) = &mut choice.message.role
        && !is_plain(role, 64)
    {
        *role = "".into();
    }
    for part in &mut choice.message.parts {
        let Part::ToolCall(call) = part else { continue };
        call.id = call.id.take().filter(|id| is_plain(id, 512));
        call.kind = call.kind.take().filter(is_word);
        call.name = call.name.take().filter(|name| is_plain(name, 256));
    }
}

fn observed(path: &str, pieces: &[&[u8]], content: Content) -> InFull {
    let understood = Observed::stream(path).content(content).understood(pieces.iter().copied());
    let unreadable = understood.skips.items(sidetone_core::exchange::Skip::EventUnreadable);
    InFull {
        choices: understood.call.response.choices,
        outputs: understood.call.timing.output_chunks.unwrap(),
        unreadable,
    }
}

fn same(path: &str, stream: &[u8], piece: usize) -> Result<(), TestCaseError> {
    let surface = *SURFACES.iter().find(|surface| surface.matches(path)).unwrap();
    for content in [Content::Off, Content::Full] {
        let expected = in_full(surface, stream, content);
        prop_assert_eq!(&observed(path, &[stream], content), &expected);
        let pieces: Vec<&[u8]> = stream.chunks(piece).collect();
        prop_assert_eq!(&observed(path, &pieces, content), &expected);
    }
    Ok(())
}

/// A text as it may stand between quotes: with escapes written in several ways, some of them broken.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        8 => "[a-z ]{0,12}",
        2 => "([a-z]|é|😀|\\\\n|\\\\\"|\\\\\\\\|\\\\u00e9|\\\\ud83d\\\\ude00|\\\\/){0,8}",
        1 => "([a-z]|\\\\ud83d|\\\\x|\\\\u12|\t|\\\\){0,4}",
        1 => Just("\",\"content\":\"".to_owned()),
        1 => "[a-z]{60,90}",
    ]
}

/// One event of a chat completion, in one of the ways that servers write them.
fn chat_event() -> impl Strategy<Value = String> {
    let shape = 0..16_usize;
    (shape, text(), text(), 0..3_u32, 0..3_u32).prop_map(|(shape, text, padding, choice, number)| {
        let delta = |inner: &str| {
            format!(r#"{{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{"index":0,"delta":{inner},"logprobs":null,"finish_reason":null}}]}}"#)
        };
        match shape {
            0..=5 => delta(&format!(r#"{{"content":"{text}"}}"#)),
            6 => delta(&format!(r#"{{"role":"assistant","content":"{text}","refusal":null}}"#)),
            7 => delta(&format!(r#"{{"reasoning_content":"{text}"}}"#)),
            8 => delta(&format!(r#"{{"tool_calls":[{{"index":{number},"function":{{"arguments":"{text}"}}}}]}}"#)),
            9 => delta(&format!(r#"{{"tool_calls":[{{"index":{number},"id":"call{number}","type":"function","function":{{"name":"f","arguments":"{text}"}}}}]}}"#)),
            10 => format!(r#"{{"choices":[{{"delta":{{"content":"{text}"}},"index":{choice}}}],"obfuscation":"{padding}"}}"#),
            11 => format!(r#"{{"choices":[{{"index":{choice},"delta":{{"content":"{text}"}}}},{{"index":1,"delta":{{"content":"{padding}"}}}}]}}"#),
            12 => format!(r#"{{"choices":[{{"index":{choice},"delta":{{}},"finish_reason":"{text}"}}],"usage":{{"prompt_tokens":{number}}}}}"#),
            13 => format!(r#" {{"obfuscation" : "{padding}" , "choices" : [ {{ "index" : 0 , "delta" : {{ "content" : "{text}" , "content" : "{padding}" }} }} ] }} "#),
            14 => delta(&format!(r#"{{"content":"{text}"}}"#)).replace("content", "c\\u006fntent"),
            _ => delta(&format!(r#"{{"refusal":"{text}","logprobs":[{number}]}}"#)),
        }
    })
}

/// One event of a response.
fn responses_event() -> impl Strategy<Value = String> {
    (0..8_usize, text(), "[a-zA-Z0-9]{0,9}", 0..2_u32, 0..5000_u32).prop_map(|(shape, text, padding, index, number)| {
        match shape {
            0..=3 => format!(r#"{{"type":"response.output_text.delta","item_id":"msg","output_index":0,"content_index":0,"delta":"{text}","logprobs":[],"sequence_number":{number},"obfuscation":"{padding}"}}"#),
            4 => format!(r#"{{"type":"response.function_call_arguments.delta","sequence_number":{number},"item_id":"fc","output_index":{index},"delta":"{text}"}}"#),
            5 => format!(r#"{{"sequence_number":{number},"delta":"{text}","summary_index":{index},"output_index":0,"type":"response.reasoning_summary_text.delta"}}"#),
            6 => format!(r#"{{"type":"response.output_text.delta","delta":"{text}","output_index":0,"delta":"{padding}","sequence_number":{number}.5}}"#),
            _ => format!(r#"{{"type":"response.output_text.done","output_index":0,"content_index":0,"text":"{text}","sequence_number":{number}}}"#),
        }
    })
}

/// A stream of such events, some of them several times in a row as streams are, with lines written in several ways.
fn stream(event: impl Strategy<Value = String>, kind: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let end = prop_oneof![6 => Just("\n\n"), 1 => Just("\r\n\r\n"), 1 => Just("\r\r"), 1 => Just("\n: ping\n\n"), 1 => Just("\ndata:\n\n")];
    let events = proptest::collection::vec(
        (event, end, 1..4_usize, any::<bool>(), proptest::option::weighted(0.05, any::<u8>())),
        1..14,
    );
    events.prop_map(move |events| {
        let mut stream = Vec::new();
        for (data, end, times, has_kind, broken) in events {
            for _ in 0..times {
                if has_kind && !kind.is_empty() {
                    stream.extend_from_slice(format!("event: {kind}\n").as_bytes());
                }
                stream.extend_from_slice(b"data: ");
                let start = stream.len();
                stream.extend_from_slice(data.as_bytes());
                if let Some(byte) = broken {
                    let at = start + usize::from(byte) % data.len();
                    stream[at] = byte;
                }
                stream.extend_from_slice(end.as_bytes());
            }
        }
        stream
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn chat_chunks_come_to_the_same_as_read_in_full(stream in stream(chat_event(), ""), piece in 1..700_usize) {
        same("/v1/chat/completions", &stream, piece)?;
    }

    #[test]
    fn response_events_come_to_the_same_as_read_in_full(stream in stream(responses_event(), "response.delta"), piece in 1..700_usize) {
        same("/v1/responses", &stream, piece)?;
    }
}
