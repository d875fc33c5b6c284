//! The two records of a call. Their schema is `docs/jsonl.schema.json`.

use std::time::Duration;

use sidetone_core::event::{Call, Cost, Findings, MissingBytes, Outcome, Process, TokenClass, Usd};

use super::content;
use super::json::{Object, object, string};
use super::time::Rfc3339;

/// Writes both records of a call, each with its end of line.
pub(super) fn write(out: &mut String, call: &Call, call_id: &str) {
    one(out, "ai.request", call.timing.start, call, call_id, request);
    one(out, "ai.response", call.timing.start + call.timing.total, call, call_id, response);
}

fn one(
    out: &mut String,
    kind: &str,
    time: std::time::SystemTime,
    call: &Call,
    call_id: &str,
    own: fn(&mut Object<'_>, &Call),
) {
    object(out, |all| {
        all.text("event_type", Some(kind));
        all.shown("time", Some(Rfc3339(time)));
        all.text("call_id", Some(call_id));
        let trace_id = call.span.map(|span| span.trace_id).or(call.parent.as_ref().map(|parent| parent.trace_id));
        all.shown("trace_id", trace_id);
        all.shown("span_id", call.span.map(|span| span.span_id));
        all.shown("parent_span_id", call.parent.as_ref().map(|parent| parent.span_id));
        all.object("data", |data| {
            data.object("provider", |all| all.text("name", Some(&call.provider)));
            data.text("operation", Some(call.operation.as_str()));
            data.text("surface", Some(call.surface));
            data.text("side", Some(call.side.as_str()));
            data.object("server", |all| {
                all.text("address", Some(&call.server.address));
                all.count("port", call.server.port.map(Into::into));
            });
            data.object("process", |all| process(all, call.process.as_deref()));
            own(data, call);
        });
    });
    out.push('\n');
}

fn process(all: &mut Object<'_>, process: Option<&Process>) {
    let text = |of: fn(&Process) -> Option<&str>| process.and_then(of);
    all.count("pid", process.and_then(|process| process.pid).map(Into::into));
    all.count("parent_pid", process.and_then(|process| process.parent_pid).map(Into::into));
    all.text("name", text(|process| process.name.as_deref()));
    all.text("exe", text(|process| process.executable.as_deref()));
    all.text("container", text(|process| process.container.as_deref()));
    all.text("pod", text(|process| process.pod.as_deref()));
}

fn request(data: &mut Object<'_>, call: &Call) {
    let request = &call.request;
    data.object("request", |all| {
        all.text("model", request.model.as_deref());
        all.flag("stream", request.stream);
        all.number("temperature", request.temperature);
        all.number("top_p", request.top_p);
        all.number("top_k", request.top_k);
        all.int("max_tokens", request.max_tokens);
        all.int("choice_count", request.choice_count);
        all.number("frequency_penalty", request.frequency_penalty);
        all.number("presence_penalty", request.presence_penalty);
        all.int("seed", request.seed);
        all.text("response_format", request.response_format.as_deref());
        all.text("service_tier", request.service_tier.as_deref());
        all.text("reasoning_effort", request.reasoning_effort.as_deref());
        all.text("previous_response_id", request.previous_response_id.as_deref());
        all.text("conversation_id", request.conversation_id.as_deref());
        all.text("user", request.end_user.user.as_deref());
        all.text("safety_identifier", request.end_user.safety_identifier.as_deref());
        all.object("metadata", |all| {
            for (key, value) in &request.end_user.metadata {
                all.text(key, Some(value));
            }
        });
        all.count("body_bytes", request.body_bytes);
        content::text(all, "instructions", request.instructions.as_ref());
        all.array("messages", &request.messages, content::message);
        all.array("tools", &request.tools, content::tool);
    });
    data.text("agent_id", call.identity.agent_id.as_deref());
    data.text("app_name", call.identity.app_name.as_deref());
    data.text("user_id", call.identity.user_id.as_deref());
    data.text("session_id", call.identity.session_id.as_deref());
}

fn response(data: &mut Object<'_>, call: &Call) {
    let Call { response, usage, timing, incomplete, .. } = call;
    data.text("outcome", Some(call.outcome.as_str()));
    match &call.outcome {
        Outcome::Failed(failure) => data.object("error", |all| {
            all.text("type", Some(failure.class.as_str()));
            all.text("code", failure.code.as_deref());
            content::text(all, "message", failure.message.as_ref());
        }),
        _ => data.null("error"),
    }
    data.flag("complete", Some(is_complete(call)));
    data.object("missing", |all| {
        all.count("parts", Some(incomplete.lost_items));
        all.count("bytes", Some(incomplete.lost_bytes));
        all.count("over_limit_bytes", Some(incomplete.over_limit_bytes));
        let missing = incomplete.missing.as_deref();
        all.object("request", |all| unseen(all, missing.map(|missing| &missing.request)));
        all.object("response", |all| unseen(all, missing.map(|missing| &missing.response)));
    });
    data.object("request", |all| {
        all.text("model", call.request.model.as_deref());
        all.flag("stream", call.request.stream);
    });
    data.object("response", |all| {
        all.count("status", response.status.map(Into::into));
        all.text("id", response.id.as_deref());
        all.text("model", response.model.as_deref());
        all.text("request_id", response.request_id.as_deref());
        all.text("service_tier", response.service_tier.as_deref());
        all.text("system_fingerprint", response.system_fingerprint.as_deref());
        all.text("state", response.state.as_deref());
        all.flag("stream", Some(response.is_stream));
        all.count("processing_ms", response.processing_ms);
        all.count("body_bytes", Some(response.body_bytes));
        all.array("finish_reasons", &response.choices, |out, choice| match choice.finish_reason.as_deref() {
            Some(reason) => string(out, reason),
            None => out.push_str("null"),
        });
        all.array("choices", &response.choices, content::choice);
    });
    data.object("usage", |all| {
        all.count("input_tokens", usage.input);
        all.count("output_tokens", usage.output);
        // Two numbers of the server's have a sum, also where it didn't write it.
        let sum = usage.input.zip(usage.output).map(|(input, output)| input.saturating_add(output));
        all.count("total_tokens", usage.total.or(sum));
        all.count("cache_read_input_tokens", usage.cache_read);
        all.count("cache_write_input_tokens", usage.cache_write);
        all.count("reasoning_output_tokens", usage.reasoning);
    });
    match &call.cost {
        Some(cost) => data.object("cost", |all| self::cost(all, cost)),
        None => data.null("cost"),
    }
    data.object("times", |all| {
        all.shown("start", Some(Rfc3339(timing.start)));
        all.shown("end", Some(Rfc3339(timing.start + timing.total)));
        all.number("duration_ms", Some(ms(timing.total)));
        all.number("time_to_head_ms", timing.head.map(ms));
        all.number("time_to_first_chunk_ms", timing.first_chunk.map(ms));
        all.number("time_to_first_token_ms", timing.first_output.map(ms));
        all.count("output_chunks", timing.output_chunks);
    });
    data.count("attempts", Some(call.attempts.len() as u64 + 1));
    data.object("findings", |all| findings(all, &call.findings));
}

/// Amounts are texts: a reader's doubles would lose digits.
fn cost(all: &mut Object<'_>, cost: &Cost) {
    all.shown("usd", Some(cost.total));
    all.object("parts", |all| {
        for class in TokenClass::ALL {
            let part = cost.part(*class);
            if part != Usd::ZERO {
                all.shown(class.as_str(), Some(part));
            }
        }
    });
    all.text("price_source", Some(&cost.source.name));
    all.text("price_version", cost.source.version.as_deref());
    all.text("price_date", cost.source.date.as_deref());
}

fn findings(all: &mut Object<'_>, findings: &Findings) {
    all.count("count", Some(findings.count()));
    all.array("listed", &findings.listed, |out, finding| {
        object(out, |all| {
            all.text("rule", Some(&finding.rule));
            all.text("category", Some(finding.category.as_str()));
            all.text("severity", Some(finding.severity.as_str()));
            all.shown("place", Some(finding.place.field));
            all.count("start", Some(finding.place.range.start as u64));
            all.count("end", Some(finding.place.range.end as u64));
            all.text("excerpt", finding.excerpt.as_deref());
        });
    });
    all.array("more", &findings.more, |out, more| {
        object(out, |all| {
            all.text("rule", Some(&more.rule));
            all.text("category", Some(more.category.as_str()));
            all.text("severity", Some(more.severity.as_str()));
            all.count("count", Some(more.count));
        });
    });
}

/// Which bytes of one direction of the connection a capture did not see.
fn unseen(all: &mut Object<'_>, missing: Option<&MissingBytes>) {
    all.count("bytes", Some(missing.map_or(0, |missing| missing.bytes)));
    let ranges = missing.map_or(&[][..], |missing| &missing.ranges);
    all.array("ranges", ranges, |out, range| {
        object(out, |all| {
            all.count("start", Some(range.start));
            all.count("end", Some(range.end));
        });
    });
}

/// Whether everything that went over the wire was seen and read, to the call's own end.
fn is_complete(call: &Call) -> bool {
    !call.incomplete.is_some() && matches!(call.outcome, Outcome::Completed | Outcome::Failed(_) | Outcome::Cancelled)
}

/// Milliseconds, to the microsecond.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
