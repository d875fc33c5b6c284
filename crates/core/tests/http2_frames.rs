//! HTTP/2 in frames made by hand: what recordings don't hold, and the limits.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use bytes::Bytes;
use httlib_hpack::Encoder;
use sidetone_core::wire::http::{Flow, Head, Said, StreamId};
use sidetone_core::wire::http2::{HEADER_BLOCK_LIMIT, HEADER_LIST_LIMIT, Http2, Looks, STREAM_LIMIT, looks_like};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A header block of literals that are not added to the table.
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    let mut block = Vec::new();
    for (name, value) in fields {
        encoder
            .encode((name.as_bytes().to_vec(), value.as_bytes().to_vec(), Encoder::BEST_FORMAT), &mut block)
            .unwrap();
    }
    block
}

const POST: &[(&str, &str)] =
    &[(":method", "POST"), (":scheme", "https"), (":path", "/v1/x"), (":authority", "a.example")];

struct Connection(Http2);

impl Connection {
    /// A connection behind both prefaces.
    fn new() -> Self {
        let mut new = Self(Http2::new());
        new.say(Flow::Request, PREFACE);
        new.say(Flow::Request, &frame(SETTINGS, 0, 0, &[]));
        new.say(Flow::Response, &frame(SETTINGS, 0, 0, &[]));
        new
    }

    fn say(&mut self, flow: Flow, bytes: &[u8]) -> Vec<Said> {
        self.0.handle_bytes(flow, Bytes::copy_from_slice(bytes));
        self.said()
    }

    fn gap(&mut self, flow: Flow, bytes: u64) -> Vec<Said> {
        self.0.handle_gap(flow, bytes);
        self.said()
    }

    fn said(&mut self) -> Vec<Said> {
        std::iter::from_fn(|| self.0.poll()).collect()
    }

    fn ask(&mut self, stream: u32) {
        let said = self.say(Flow::Request, &frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(POST)));
        assert!(matches!(said[..], [Said::Head { .. }, Said::End { .. }]), "{said:?}");
    }
}

fn head(said: &[Said]) -> &Head {
    said.iter().find_map(|said| if let Said::Head { head, .. } = said { Some(head) } else { None }).expect("a head")
}

#[test]
fn an_extended_connect_is_an_upgrade_of_its_stream_alone() {
    let mut connection = Connection::new();
    let mut fields = POST.to_vec();
    fields[0] = (":method", "CONNECT");
    fields.insert(1, (":protocol", "websocket"));
    let said = connection.say(Flow::Request, &frame(HEADERS, END_HEADERS, 1, &block(&fields)));
    assert_eq!(head(&said).method.as_deref(), Some("CONNECT"));
    let said = connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200")])));
    assert!(matches!(said[..], [Said::Head { .. }, Said::Upgraded { stream: StreamId(1) }]), "{said:?}");
    assert_eq!(connection.say(Flow::Request, &frame(DATA, 0, 1, b"frames of a websocket")), []);
    assert_eq!(connection.say(Flow::Response, &frame(DATA, END_STREAM, 1, b"and more")), []);
    connection.ask(3);
}

#[test]
fn a_refused_connect_is_an_answer() {
    let mut connection = Connection::new();
    let fields = [(":method", "CONNECT"), (":authority", "a.example:443")];
    connection.say(Flow::Request, &frame(HEADERS, END_HEADERS, 1, &block(&fields)));
    let said =
        connection.say(Flow::Response, &frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[(":status", "403")])));
    assert!(matches!(said[..], [Said::Head { .. }, Said::End { .. }]), "{said:?}");
}

#[test]
fn goaway_resets_what_the_server_never_looked_at() {
    let mut connection = Connection::new();
    connection.ask(1);
    connection.ask(3);
    let payload = [1_u32.to_be_bytes(), 2_u32.to_be_bytes()].concat();
    let reset = |stream| Said::Reset { stream: StreamId(stream), by: Flow::Response, code: Some(2) };
    assert_eq!(connection.say(Flow::Response, &frame(GOAWAY, 0, 0, &payload)), [reset(3)]);
    let said = connection.say(Flow::Request, &frame(HEADERS, END_HEADERS | END_STREAM, 5, &block(POST)));
    assert_eq!(said.last(), Some(&reset(5)));
    let said =
        connection.say(Flow::Response, &frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&[(":status", "204")])));
    assert!(matches!(said[..], [Said::Head { .. }, Said::End { .. }]), "{said:?}");
}

#[test]
fn what_was_under_way_when_a_stream_was_reset_is_not_told() {
    let mut connection = Connection::new();
    connection.ask(1);
    let said = connection.say(Flow::Request, &frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes()));
    assert_eq!(said, [Said::Reset { stream: StreamId(1), by: Flow::Request, code: Some(8) }]);
    assert_eq!(connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200")]))), []);
    assert_eq!(connection.say(Flow::Response, &frame(DATA, END_STREAM, 1, b"late")), []);
}

#[test]
fn a_reset_whose_code_was_lost_is_a_reset() {
    let mut connection = Connection::new();
    connection.ask(1);
    connection.say(Flow::Response, &frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes())[..10]);
    let said = connection.gap(Flow::Response, 3);
    assert_eq!(said, [Said::Reset { stream: StreamId(1), by: Flow::Response, code: None }]);
    connection.ask(3);
    let said = connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 3, &block(&[(":status", "200")])));
    assert_eq!(head(&said).status, Some(200), "the framing was kept");
}

#[test]
fn an_interim_response_whose_status_is_unknown_is_not_taken_for_the_answer() {
    let mut connection = Http2::new();
    // From the middle: the status is the newest entry of a table that we don't know.
    let mut say = |flow, bytes: Vec<u8>| {
        connection.handle_bytes(flow, bytes.into());
        std::iter::from_fn(|| connection.poll()).collect::<Vec<_>>()
    };
    say(Flow::Request, frame(HEADERS, END_HEADERS | END_STREAM, 7, &block(POST)));
    say(Flow::Response, frame(8, 0, 0, &[0, 0, 1, 0]));
    assert_eq!(say(Flow::Response, frame(HEADERS, END_HEADERS, 7, &[0xbe])), []);
    let said = say(Flow::Response, frame(HEADERS, END_HEADERS, 7, &block(&[(":status", "200")])));
    assert_eq!((said.len(), head(&said).status), (1, Some(200)));
    // And where no other one comes it was the answer.
    say(Flow::Request, frame(HEADERS, END_HEADERS | END_STREAM, 9, &block(POST)));
    assert_eq!(say(Flow::Response, frame(HEADERS, END_HEADERS, 9, &[0xbe])), []);
    let said = say(Flow::Response, frame(DATA, END_STREAM, 9, b"{}"));
    assert!(matches!(said[..], [Said::Head { .. }, Said::Body { .. }, Said::End { .. }]), "{said:?}");
    assert!(head(&said).is_partial && head(&said).status.is_none());
}

#[test]
fn padding_is_no_body_and_its_loss_no_loss() {
    let padded = frame(DATA, PADDED, 1, b"\x04abcdef\0\0\0\0");
    for lost in 1..=5 {
        let mut connection = Connection::new();
        connection.ask(1);
        connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200")])));
        let said = connection.say(Flow::Response, &padded[..padded.len() - lost]);
        let Said::Body { bytes, .. } = &said[0] else { panic!("{said:?}") };
        assert_eq!(bytes, &b"abcdef"[..6 - lost.saturating_sub(4)]);
        let said = connection.gap(Flow::Response, lost as u64);
        assert_eq!(said.len(), lost.saturating_sub(4), "the fifth byte from the end is of the body: {said:?}");
        let said = connection.say(Flow::Response, &frame(DATA, END_STREAM, 1, b"g"));
        assert!(matches!(&said[..], [Said::Body { bytes, .. }, Said::End { .. }] if bytes == "g"), "{said:?}");
    }
}

#[test]
fn a_gap_over_the_end_of_a_frame_is_told_of_each_stream_that_goes_on() {
    let mut connection = Connection::new();
    for stream in [1, 3, 5] {
        connection.ask(stream);
        connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, stream, &block(&[(":status", "200")])));
    }
    connection.say(Flow::Response, &frame(DATA, END_STREAM, 5, b"whole"));
    let begun = frame(DATA, END_STREAM, 1, b"0123456789");
    connection.say(Flow::Response, &begun[..begun.len() - 4]);
    let said = connection.gap(Flow::Response, 20);
    let at = said
        .iter()
        .find_map(|said| if let Said::Lost { range, .. } = said { Some(range.start) } else { None })
        .unwrap();
    let lost = |stream, range| Said::Lost { stream: StreamId(stream), flow: Flow::Response, range };
    let end = Said::End { stream: StreamId(1), flow: Flow::Response };
    assert_eq!(said, [lost(1, at..at + 4), end, lost(3, at + 4..at + 20)]);
}

#[test]
fn a_request_whose_head_was_lost_is_told_of_by_its_body_and_its_answer() {
    let mut connection = Connection::new();
    connection.ask(1);
    assert!(connection.gap(Flow::Request, 100).is_empty(), "no request was under way");
    let mut rest = frame(DATA, 0, 3, b"{\"model\":");
    rest.extend(frame(DATA, END_STREAM, 3, b"1}"));
    rest.extend(frame(8, 0, 0, &[0, 0, 1, 0]));
    let said = connection.say(Flow::Request, &rest);
    assert!(
        matches!(&said[..], [Said::Lost { stream: StreamId(3), flow: Flow::Request, range }, Said::Body { .. }, Said::Body { .. }, Said::End { .. }]
            if range.end - range.start == 100),
        "{said:?}"
    );
    // Of another one nothing at all was seen.
    let said = connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 5, &block(&[(":status", "200")])));
    assert!(matches!(&said[..], [Said::Lost { flow: Flow::Request, .. }, Said::Head { .. }]), "{said:?}");
}

#[test]
fn a_gap_in_a_header_block_leaves_what_came_before_it() {
    let mut connection = Connection::new();
    let mut fields = POST.to_vec();
    fields.push(("x-long", "abcdefghijklmnopqrstuvwxyz"));
    let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields));
    let lost = request.len() - 10;
    connection.say(Flow::Request, &request[..lost]);
    connection.gap(Flow::Request, 5);
    let said = connection.say(Flow::Request, &request[lost + 5..]);
    let head = head(&said);
    assert_eq!((head.target.as_deref(), head.is_partial, head.fields.len()), (Some("/v1/x"), true, 0));
    assert!(matches!(said.last(), Some(Said::End { .. })));
    connection.ask(3);
}

#[test]
fn header_blocks_are_read_up_to_their_limit() {
    // A single long value, in a frame of its own and split over several.
    for (len, is_partial) in
        [(HEADER_BLOCK_LIMIT - 1, false), (HEADER_BLOCK_LIMIT, false), (HEADER_BLOCK_LIMIT + 1, true)]
    {
        let mut block = block(POST);
        // Size updates: a byte each that says nothing.
        block.splice(0..0, std::iter::repeat_n(0x20, len - block.len()));
        for pieces in [len, 16_384] {
            let mut connection = Connection::new();
            let mut parts = block.chunks(pieces).peekable();
            let mut kind = HEADERS;
            let mut said = Vec::new();
            while let Some(part) = parts.next() {
                let flags = if parts.peek().is_none() { END_HEADERS } else { 0 };
                said.extend(connection.say(Flow::Request, &frame(kind, flags, 1, part)));
                kind = CONTINUATION;
            }
            assert_eq!(head(&said).is_partial, is_partial, "{len} in pieces of {pieces}");
            connection.ask(3);
        }
    }
}

#[test]
fn fields_beyond_the_limit_of_a_head_are_left_out() {
    let pseudo = POST.iter().map(|(_, value)| value.len()).sum::<usize>() - "https".len() + "https".len();
    for (extra, is_partial) in [(0, false), (1, true)] {
        let mut connection = Connection::new();
        let value = "v".repeat(HEADER_LIST_LIMIT - pseudo - "x-long".len() + extra);
        let mut fields = POST.to_vec();
        fields.push(("x-long", &value));
        fields.push(("x", ""));
        let said = connection.say(Flow::Request, &frame(HEADERS, END_HEADERS, 1, &block(&fields[..5])));
        let head = head(&said);
        assert_eq!((head.is_partial, head.fields.len()), (is_partial, usize::from(!is_partial)));
    }
}

#[test]
fn beyond_the_limit_of_streams_the_oldest_is_given_up() {
    let mut connection = Connection::new();
    let ask = |number: usize| frame(HEADERS, END_HEADERS | END_STREAM, 2 * number as u32 + 1, &block(POST));
    for number in 0..STREAM_LIMIT {
        assert_eq!(connection.say(Flow::Request, &ask(number)).len(), 2);
    }
    let said = connection.say(Flow::Request, &ask(STREAM_LIMIT));
    assert_eq!(said[0], Said::Reset { stream: StreamId(1), by: Flow::Request, code: None });
    assert_eq!(said.len(), 3);
}

#[test]
fn an_unknown_kind_of_frame_is_read_past() {
    let mut connection = Connection::new();
    connection.say(Flow::Request, &frame(0xb0, 0xff, 0, b"\0\0\x04\x08\0\0\0\0\0"));
    connection.ask(1);
}

#[test]
fn what_is_no_frame_makes_it_look_for_the_next_one() {
    let mut connection = Connection::new();
    connection.ask(1);
    // DATA on the connection itself.
    let said = connection.say(Flow::Response, &frame(DATA, 0, 0, b"nonsense"));
    assert!(matches!(&said[..], [Said::Lost { stream: StreamId(1), .. }]), "{said:?}");
    assert!(!connection.0.is_in_step(Flow::Response));
    let said = connection.say(Flow::Response, &frame(HEADERS, END_HEADERS, 1, &block(&[(":status", "200")])));
    assert_eq!(head(&said).status, Some(200));
    assert!(connection.0.is_in_step(Flow::Response));
}

#[test]
fn other_protocols_do_not_look_like_it() {
    for bytes in [
        &b"POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"EHLO mail.example\r\n",
        b"{\"json\": [0, 1, 2]}",
        b"*1\r\n$4\r\nPING\r\n",
        &[0xff; 64],
        &[0; 64],
        &[1; 4096],
    ] {
        assert_eq!(looks_like(bytes), None, "{bytes:?}");
    }
    for bytes in [&b""[..], b"P", &PREFACE[..23], b"\0", b"\0\0\x0c\x04\0\0\0"] {
        assert_eq!(looks_like(bytes), Some(Looks::TooShort), "{bytes:?}");
    }
    assert_eq!(looks_like(&frame(HEADERS, END_HEADERS, 9, &block(POST))), Some(Looks::Request));
    assert_eq!(looks_like(&frame(HEADERS, END_HEADERS, 9, &[0x88])), Some(Looks::Response));
    assert_eq!(looks_like(&frame(8, 0, 9, &[0, 0, 1, 0])), Some(Looks::Frames));
}

#[test]
fn closed_is_closed_and_holds_nothing_of_what_was_begun() {
    let mut connection = Connection::new();
    connection.ask(1);
    let long = frame(HEADERS, END_HEADERS, 3, &[0; 60_000]);
    connection.say(Flow::Request, &long[..50_000]);
    assert!(connection.0.held_bytes() > 49_000);
    connection.0.handle_close(Flow::Request);
    connection.0.handle_close(Flow::Request);
    assert!(connection.0.held_bytes() < 10_000, "{}", connection.0.held_bytes());
    assert_eq!(connection.say(Flow::Request, &frame(HEADERS, END_HEADERS, 5, &block(POST))), []);
}
