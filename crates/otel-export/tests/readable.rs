//! The readable sink shows what a call was, and nothing that a call says can act on the terminal.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use common::{chat, finished, message};
use sidetone_core::dialect::V2;
use sidetone_core::event::Role;
use sidetone_otel_export::Readable;
use sidetone_pipeline::Sink as _;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_call_is_shown_with_its_span_log_events_and_metrics() {
    let out = Shared::default();
    let mut call = chat();
    call.request.messages.push(message(Role::User, "two\nlines \x1b[31m"));
    Readable::new(out.clone(), &V2).call(&mut finished(call));
    let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
    for line in [
        "● chat gpt-4o-mini (250ms)",
        "  gen_ai.usage.input_tokens = 20",
        "  gen_ai.response.finish_reasons = [\"stop\"]",
        "  sidetone.outcome = \"completed\"",
        "  log    gen_ai.user.message {content: \"Say this is a test.\"}",
        "  log    gen_ai.user.message {content: \"two\\nlines \\u{1b}[31m\"}",
        "  log    gen_ai.choice {index: 0, finish_reason: \"stop\", message: {role: \"assistant\", content: \"This is a test.\"}}",
        "  metric gen_ai.client.token.usage gen_ai.token.type=output 10 {token}",
        "  metric gen_ai.client.operation.duration 0.250 s",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\nin\n{text}");
    }
}
