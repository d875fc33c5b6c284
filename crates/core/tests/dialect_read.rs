//! What is written in a dialect is read back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/call.rs"]
mod call;

use sidetone_core::dialect::read::{Records, read_any};
use sidetone_core::dialect::{Dialect as _, Latest};
use sidetone_core::event::{
    Call, Choice, Message, Operation, OwnSpan, Part, Request, Response, Role, SpanId, Text, ToolCall, TraceId,
};

#[test]
fn what_latest_says_is_read_back() {
    let bare = call::bare(Operation::Chat, "openai.chat");
    let message = |role, parts| Message { role, name: None, parts, is_list: false };
    let call = Call {
        span: Some(OwnSpan { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]) }),
        request: Request {
            messages: vec![message(Role::User, vec![Part::Text(Text::kept("Weather?"))])],
            ..bare.request.clone()
        },
        response: Response {
            choices: vec![Choice {
                index: 0,
                message: message(
                    Role::Assistant,
                    vec![Part::ToolCall(ToolCall {
                        id: Some("call_1".into()),
                        kind: Some("function".into()),
                        name: Some("get_weather".into()),
                        arguments: Some(Text::kept(r#"{"city":"Paris"}"#)),
                    })],
                ),
                finish_reason: Some("tool_calls".into()),
            }],
            ..bare.response.clone()
        },
        ..bare
    };
    for dialect in [Latest::SPAN_ONLY, Latest::EVENT_ONLY, Latest::SPAN_AND_EVENT] {
        let records = Records::of(&call, dialect.project(&call));
        let reading = read_any(&records).unwrap();
        assert_eq!(reading.unread, []);
        assert_eq!(reading.call, call);
        assert_eq!(reading.dialects, ["latest"]);
    }
}
