//! Tells whoever watches this process from outside which of its calls it reports itself: the USDT probe `sidetone:call`.
//!
//! It is one `nop` and a note in the ELF file, which `strip` leaves in place. `sidetone agent` puts a breakpoint on the `nop`;
//! so can any tracer: `bpftrace -e 'usdt:PROGRAM:sidetone:call { printf("%s\n", str(arg2)); }'`. Its arguments, all of
//! eight bytes: pointers to the 16 bytes of the trace id, to the 8 bytes of the span id, to the id of the response and to the
//! server's id of the HTTP request (texts that end with a NUL, empty where unknown), and the start in nanoseconds since 1970.

use std::time::SystemTime;

use opentelemetry::trace::SpanContext;
use sidetone_core::event::Call;

/// Longest text that is told, with its NUL.
const TEXT: usize = 128;

/// Whether a call is this process's own. Host-wide capture says of each which process it is of.
pub(crate) fn is_own(call: &Call) -> bool {
    call.process.as_ref().is_none_or(|process| process.is_own)
}

/// Tells that this process reports a call, as a span with these ids.
pub(crate) fn announce(call: &Call, context: &SpanContext) {
    let start = call.timing.start.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let start = u64::try_from(start.as_nanos()).unwrap_or(u64::MAX);
    let response = Text::new(call.response.id.as_deref());
    let request = Text::new(call.response.request_id.as_deref());
    fire(&context.trace_id().to_bytes(), &context.span_id().to_bytes(), &response, &request, start);
}

/// The one place of the probe. Not inlined, so that there is one.
#[inline(never)]
#[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "a probe is an affair of ELF"))]
fn fire(trace: &[u8; 16], span: &[u8; 8], response: &Text, request: &Text, start: u64) {
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    probe::probe!(sidetone, call, trace.as_ptr(), span.as_ptr(), response.0.as_ptr(), request.0.as_ptr(), start);
}

/// A text with a NUL behind it.
struct Text([u8; TEXT]);

impl Text {
    fn new(text: Option<&str>) -> Self {
        let mut told = [0; TEXT];
        let text = text.unwrap_or_default().as_bytes();
        let text = &text[..text.len().min(TEXT - 1)];
        told[..text.len()].copy_from_slice(text);
        Self(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_ends_with_a_nul_and_is_cut_where_it_is_too_long() {
        assert_eq!(Text::new(None).0, [0; TEXT]);
        assert_eq!(Text::new(Some("ab")).0[..3], *b"ab\0");
        for length in [TEXT - 2, TEXT - 1, TEXT, TEXT + 1] {
            let told = Text::new(Some(&"x".repeat(length))).0;
            let end = told.iter().position(|byte| *byte == 0);
            assert_eq!(end, Some(length.min(TEXT - 1)), "{length}");
        }
    }
}
