//! HTTP/2 connections between other implementations (Go, Node, hyper, nghttp2), read whole, cut, late and with holes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods, reason = "tests")]

#[path = "http2/capture.rs"]
mod capture;

use std::collections::BTreeMap;

use bytes::Bytes;
use sidetone_core::wire::http::{Flow, Head};
use sidetone_core::wire::http2::{Http2, Looks, looks_like};

use capture::{Capture, Exchange, NAMES, Step, Transcript, sha256, short};

struct Frame {
    begin: usize,
    len: usize,
    kind: u8,
    flags: u8,
    stream: u32,
}

/// The frames of a direction that begins with its preface.
fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut at = if bytes.starts_with(b"PRI") { 24 } else { 0 };
    while let Some([a, b, c, kind, flags, stream @ ..]) = bytes.get(at..at + 9) {
        let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let stream = u32::from_be_bytes(stream.try_into().unwrap());
        frames.push(Frame { begin: at, len, kind: *kind, flags: *flags, stream });
        at += 9 + len;
    }
    assert_eq!(at, bytes.len(), "recordings end with a whole frame");
    frames
}

/// By stream: where its request begins in the bytes of both directions, in the order of the recording.
struct Begins(BTreeMap<u64, usize>);

impl Begins {
    fn of(capture: &Capture) -> Self {
        let mut places = Vec::new();
        let mut begin = 0;
        for (flow, bytes) in &capture.pieces {
            if *flow == Flow::Request {
                places.extend(begin..begin + bytes.len());
            }
            begin += bytes.len();
        }
        let requests = frames(&capture.direction(Flow::Request));
        Self(
            requests
                .iter()
                .filter(|frame| frame.kind == 1)
                .rev()
                .map(|frame| (frame.stream.into(), places[frame.begin]))
                .collect(),
        )
    }
}

fn other(flow: Flow) -> Flow {
    match flow {
        Flow::Request => Flow::Response,
        Flow::Response => Flow::Request,
    }
}

fn whole(capture: &Capture) -> Transcript {
    Transcript::of(capture.pieces.iter().map(|(flow, bytes)| (*flow, &bytes[..])))
}

#[test]
fn each_call_is_what_both_ends_logged() {
    for name in NAMES {
        let capture = Capture::load(name);
        let mut exchanges = whole(&capture).0;
        for call in &capture.calls {
            let path = call["path"].as_str().unwrap();
            let (id, exchange) = exchanges
                .extract_if(.., |_, exchange| {
                    exchange.request.head.as_ref().is_some_and(|head| head.target.as_deref() == Some(path))
                })
                .next()
                .unwrap_or_else(|| panic!("{name}: no {path}"));
            let at = format!("{name}: {path} on stream {id}");
            let (request, response) = (exchange.request.head.unwrap(), exchange.response.head.unwrap());
            assert!(!request.is_partial && !response.is_partial, "{at}");
            assert_eq!(request.method.as_deref(), call["method"].as_str(), "{at}");
            assert_eq!(request.get("authorization"), Some("Bearer sk-test"), "{at}");
            assert!(request.authority.is_some_and(|authority| authority.starts_with("127.0.0.1:")), "{at}");
            assert_eq!(response.status.map(u64::from), call["status"].as_u64(), "{at}");
            assert_eq!(sha256(&exchange.request.body), call["request"]["sha256"], "{at}");
            let received = call["response"]["bytes"].as_u64().unwrap() as usize;
            assert_eq!(sha256(&exchange.response.body[..received]), call["response"]["sha256"], "{at}");
            assert!(exchange.request.lost.is_empty() && exchange.response.lost.is_empty(), "{at}");
            assert!(exchange.request.is_ended, "{at}");
            if call["is_cancelled"] == true {
                assert_eq!(exchange.reset, Some((Flow::Request, Some(8))), "{at}: CANCEL");
                assert!(!exchange.response.is_ended, "{at}");
            } else {
                assert_eq!(exchange.reset, None, "{at}");
                assert!(exchange.response.is_ended, "{at}");
                assert_eq!(exchange.response.body.len(), received, "{at}");
            }
        }
        assert!(exchanges.is_empty(), "{name}: more than what was logged: {exchanges:?}");
    }
}

#[test]
fn captures_hold_what_they_are_for() {
    let has = |name: &'static str, flow: Flow, is_it: &dyn Fn(u8, u8, u32) -> bool| {
        let bytes = Capture::load(name).direction(flow);
        frames(&bytes).into_iter().any(|frame| is_it(frame.kind, frame.flags, frame.stream))
    };
    assert!(has("nghttp-nghttpd", Flow::Request, &|kind, _, _| kind == 9), "CONTINUATION");
    assert!(has("nghttp-nghttpd", Flow::Response, &|kind, _, _| kind == 5), "PUSH_PROMISE");
    assert!(has("nghttp-nghttpd", Flow::Response, &|kind, flags, _| kind == 0 && flags & 8 != 0), "padded DATA");
    assert!(has("nghttp-node", Flow::Request, &|kind, flags, _| kind == 1 && flags & 8 != 0), "padded HEADERS");
    assert!(
        has("nghttp-node", Flow::Request, &|kind, flags, _| kind == 1 && flags & 0x20 != 0),
        "a priority in HEADERS"
    );
    assert!(has("nghttp-node", Flow::Request, &|kind, _, _| kind == 2), "PRIORITY");
    assert!(has("node-node", Flow::Request, &|kind, _, stream| kind == 3 && stream != 0), "RST_STREAM");
    assert!(has("hyper-hyper", Flow::Response, &|kind, _, _| kind == 7), "GOAWAY");
    assert!(has("go-node-large", Flow::Response, &|kind, _, stream| kind == 8 && stream != 0), "WINDOW_UPDATE");
}

#[test]
fn it_does_not_matter_where_pieces_are_cut() {
    for capture in short() {
        let mut connection = Http2::new();
        for (number, (flow, piece)) in capture.pieces.iter().enumerate() {
            let feed = |parts: [Bytes; 2]| {
                let (mut connection, mut transcript) = (connection.clone(), Transcript::default());
                for part in parts {
                    connection.handle_bytes(*flow, part);
                    transcript.add_all_of_piece(&mut connection);
                }
                (connection, transcript)
            };
            // What is the same in each detail goes on the same.
            let (uncut, expected) = feed([piece.clone(), Bytes::new()]);
            for at in 0..piece.len() {
                let (cut, transcript) = feed([piece.slice(..at), piece.slice(at..)]);
                assert!(transcript == expected, "{}: piece {number} cut at {at}", capture.name);
                assert!(cut == uncut, "{}: piece {number} cut at {at}", capture.name);
            }
            connection = uncut;
        }
    }
    for name in NAMES {
        let capture = Capture::load(name);
        let expected = whole(&capture);
        for size in [1, 2, 3, 7, 9, 1000] {
            let pieces = capture.pieces.iter().flat_map(|(flow, bytes)| bytes.chunks(size).map(|piece| (*flow, piece)));
            assert!(Transcript::of(pieces) == expected, "{name}: in pieces of {size}");
        }
    }
}

#[test]
fn it_does_not_matter_how_the_directions_interleave() {
    for name in NAMES {
        let capture = Capture::load(name);
        // A cancelled call depends on what the server had said before.
        let finished = |mut transcript: Transcript| {
            transcript.0.retain(|_, exchange| exchange.reset.is_none());
            transcript
        };
        let expected = finished(whole(&capture));
        let [requests, responses] = [Flow::Request, Flow::Response].map(|flow| (flow, capture.direction(flow)));
        for order in [[&requests, &responses], [&responses, &requests]] {
            assert!(finished(Transcript::of(order.map(|(flow, bytes)| (*flow, &bytes[..])))) == expected, "{name}");
        }
        for (left, right) in [(1, 1), (1, 100), (100, 1), (3, 50), (500, 20)] {
            let mut pieces = Vec::new();
            let (mut requests, mut responses) = (requests.1.chunks(left), responses.1.chunks(right));
            loop {
                let pair = [
                    requests.next().map(|bytes| (Flow::Request, bytes)),
                    responses.next().map(|bytes| (Flow::Response, bytes)),
                ];
                if pair == [None; 2] {
                    break;
                }
                pieces.extend(pair.into_iter().flatten());
            }
            assert!(finished(Transcript::of(pieces)) == expected, "{name}: {left} by {right}");
        }
    }
}

#[test]
fn it_does_not_matter_which_end_is_taken_for_the_client() {
    for name in NAMES {
        let capture = Capture::load(name);
        let swapped = capture.pieces.iter().map(|(flow, bytes)| (other(*flow), &bytes[..]));
        assert!(Transcript::of(swapped) == whole(&capture), "{name}");
    }
}

/// What a later exchange must be in spite of what was missed before it: the same, but for fields that are unknown.
fn assert_same_but_unknown(at: &str, seen: &Exchange, whole: &Exchange) {
    assert_eq!(seen.reset, whole.reset, "{at}\n{seen:?}\n{whole:?}");
    for (seen, whole) in [(&seen.request, &whole.request), (&seen.response, &whole.response)] {
        assert_eq!(seen.is_ended, whole.is_ended, "{at}\n{seen:?}\n{whole:?}");
        assert!(seen.body == whole.body, "{at}: body");
        let (Some(head), Some(real)) = (&seen.head, &whole.head) else {
            assert_eq!(seen.head, whole.head, "{at}");
            continue;
        };
        assert_no_wrong_field(at, head, real);
    }
}

fn assert_no_wrong_field(at: &str, head: &Head, real: &Head) {
    for (seen, real) in [(&head.method, &real.method), (&head.target, &real.target), (&head.authority, &real.authority)]
    {
        assert!(seen == real || seen.is_none() && head.is_partial, "{at}: {seen:?} for {real:?}");
    }
    assert!(head.status == real.status || head.status.is_none() && head.is_partial, "{at}");
    let mut rest = real.fields.iter();
    for field in &head.fields {
        assert!(rest.any(|real| real == field), "{at}: {field:?} was never sent");
    }
    assert!(head.is_partial || head.fields == real.fields, "{at}: {head:?} for {real:?}");
}

#[test]
fn who_joins_late_reads_every_later_call() {
    for capture in short() {
        let expected = whole(&capture);
        let begins = Begins::of(&capture);
        for at in (0..capture.len()).step_by(capture.step()) {
            let late = Transcript::of_steps(capture.without(0..at).filter(|(_, step)| !matches!(step, Step::Gap(_))));
            let place = format!("{} from {at}", capture.name);
            for (id, exchange) in &late.0 {
                let real = expected.0.get(id).unwrap_or_else(|| panic!("{place}: no stream {id}"));
                if begins.0[id] < at {
                    assert!(exchange.request.head.is_none(), "{place}: the head of {id} was not seen");
                    continue;
                }
                assert_same_but_unknown(&format!("{place}, stream {id}"), exchange, real);
            }
            for id in begins.0.iter().filter(|(_, begin)| **begin >= at).map(|(id, _)| id) {
                assert!(late.0.contains_key(id), "{place}: stream {id} is missing");
            }
        }
    }
}

#[test]
fn a_gap_is_told_of_and_hurts_no_other_call() {
    for capture in short() {
        let expected = whole(&capture);
        let begins = Begins::of(&capture);
        for len in [1, 9, 64, 700] {
            // Each offset once, for the length of a frame's header.
            for from in (len % 5..capture.len() - len).step_by(capture.step() * if len == 9 { 1 } else { 5 }) {
                let place = format!("{} without {from}..{}", capture.name, from + len);
                let seen = Transcript::of_steps(capture.without(from..from + len));
                for (id, exchange) in &seen.0 {
                    let at = format!("{place}, stream {id}");
                    let Some(real) = expected.0.get(id) else { panic!("{at}: there is none") };
                    for (seen, real) in [(&exchange.request, &real.request), (&exchange.response, &real.response)] {
                        if let (Some(head), Some(real)) = (&seen.head, &real.head) {
                            assert_no_wrong_field(&at, head, real);
                        }
                        if seen.lost.is_empty() && seen.head.is_some() && seen.is_ended {
                            assert!(seen.body == real.body, "{at}: body");
                        }
                        for lost in &seen.lost {
                            assert!(lost.end - lost.start <= len as u64, "{at}: {lost:?} is more than was lost");
                        }
                    }
                }
                for (id, real) in &expected.0 {
                    // What began after the gap is as if there had been none.
                    if begins.0[id] >= from + len {
                        let exchange = seen.0.get(id).unwrap_or_else(|| panic!("{place}: stream {id} is missing"));
                        assert_same_but_unknown(&format!("{place}, stream {id}"), exchange, real);
                        assert!(exchange.request.lost.is_empty() && exchange.response.lost.is_empty(), "{place}, {id}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_gap_inside_of_data_is_exact() {
    for capture in short() {
        for flow in [Flow::Request, Flow::Response] {
            let bytes = capture.direction(flow);
            let expected = Transcript::of([(flow, &bytes[..])]);
            for frame in frames(&bytes).into_iter().filter(|frame| frame.kind == 0 && frame.flags & 8 == 0) {
                let begin = frame.begin + 9;
                for (from, to) in (begin..begin + frame.len)
                    .step_by(capture.step())
                    .map(|from| (from, (from + 3).min(begin + frame.len)))
                {
                    let (before, after) = (bytes.slice(..from), bytes.slice(to..));
                    let seen = Transcript::of_steps([
                        (flow, Step::Bytes(before)),
                        (flow, Step::Gap((to - from) as u64)),
                        (flow, Step::Bytes(after)),
                    ]);
                    for (id, exchange) in seen.0 {
                        let (mut exchange, mut real) = (exchange, expected.0[&id].clone());
                        let (seen, real) = (exchange.of(flow), real.of(flow));
                        assert_eq!((&seen.head, seen.is_ended), (&real.head, real.is_ended));
                        let is_hurt = id == u64::from(frame.stream);
                        let lost: Vec<_> = is_hurt.then_some(from as u64..to as u64).into_iter().collect();
                        assert_eq!(seen.lost, lost, "{} stream {id}", capture.name);
                        let missing = (to - from) * lost.len();
                        assert_eq!(seen.body.len() + missing, real.body.len(), "{} stream {id}", capture.name);
                    }
                }
            }
        }
    }
}

#[test]
fn pieces_of_a_connection_look_like_it() {
    for name in NAMES {
        let capture = Capture::load(name);
        assert_eq!(looks_like(&capture.direction(Flow::Request)), Some(Looks::Preface));
        assert_eq!(looks_like(&capture.direction(Flow::Response)), Some(Looks::Response));
        assert_eq!(looks_like(&capture.direction(Flow::Request)[24..]), Some(Looks::Request));
        for flow in [Flow::Request, Flow::Response] {
            let bytes = capture.direction(flow);
            for len in 0..100 {
                assert!(looks_like(&bytes[..len]).is_some(), "{name}: the first {len} bytes");
            }
            for frame in frames(&bytes) {
                let looks = looks_like(&bytes[frame.begin..]);
                let wrong = if flow == Flow::Request { Looks::Response } else { Looks::Request };
                assert!(
                    // Data of a stream that nothing is known of may be anything.
                    (looks.is_some() || frame.kind == 0) && looks != Some(wrong),
                    "{name}: {looks:?} at {}, kind {}",
                    frame.begin,
                    frame.kind
                );
            }
        }
    }
}
