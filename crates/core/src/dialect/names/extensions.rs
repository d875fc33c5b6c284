//! Names that no convention has: they are called `sidetone.*`. The documentation's table is made of these.

use std::fmt::Write as _;

/// Where an extension is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// An attribute of a call's span.
    Span,
    /// An event of a call's span.
    SpanEvent,
    /// An attribute of that event.
    SpanEventAttribute,
    /// A log event beside those of the conventions.
    LogEvent,
    /// An attribute of that log event.
    LogEventAttribute,
    /// A metric.
    Metric,
    /// An attribute of a metric.
    MetricAttribute,
}

impl Place {
    fn as_str(self) -> &'static str {
        match self {
            Self::Span => "span",
            Self::SpanEvent => "span event",
            Self::SpanEventAttribute => "attribute of `sidetone.attempt`",
            Self::LogEvent => "log event",
            Self::LogEventAttribute => "attribute of `sidetone.security.finding`",
            Self::Metric => "metric",
            Self::MetricAttribute => "attribute of `sidetone.dropped` and `.bytes`",
        }
    }
}

/// A name of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// The name.
    pub name: &'static str,
    /// Where it is written.
    pub place: Place,
    /// The type of its value, or the unit of a metric; empty where it has none.
    pub kind: &'static str,
    /// What it says.
    pub about: &'static str,
}

macro_rules! extensions {
    ($($name:ident = $text:literal, $place:ident, $kind:literal, $about:literal;)+) => {
        $(#[doc = concat!("`", $text, "`: ", $about)] pub const $name: &str = $text;)+

        /// Every name that no convention has.
        pub static EXTENSIONS: &[Extension] =
            &[$(Extension { name: $name, place: Place::$place, kind: $kind, about: $about },)+];
    };
}

extensions! {
    SIDETONE_OUTCOME = "sidetone.outcome", Span, "string",
        "How the call ended: `completed`, `failed`, `cancelled` (the caller let go of it), `unobserved` (observation stopped first), `incomplete` (bytes of it were not captured).";
    SIDETONE_SURFACE = "sidetone.surface", Span, "string",
        "The API that the call went through, such as `openai.chat`.";
    SIDETONE_HTTP_STATUS_CODE = "sidetone.http.status_code", Span, "int",
        "HTTP status of the answer. (`http.response.status_code` would make the span look like one of an HTTP instrumentation.)";
    SIDETONE_OPERATION = "sidetone.operation", Span, "string",
        "What was asked for, in the words of `gen_ai.operation.name`; dialect `posthog`.";
    SIDETONE_REQUEST_SERVICE_TIER = "sidetone.request.service_tier", Span, "string",
        "The service tier that was asked for; dialect `posthog`.";
    SIDETONE_RESPONSE_MODEL = "sidetone.response.model", Span, "string",
        "The model that answered; dialect `posthog`, whose `$ai_model` is the one that was asked for.";
    SIDETONE_RESPONSE_STATUS = "sidetone.response.status", Span, "string",
        "`status` of an answer of the responses API; dialect `posthog`.";
    SIDETONE_RESPONSE_SYSTEM_FINGERPRINT = "sidetone.response.system_fingerprint", Span, "string",
        "Fingerprint of the server's configuration; dialect `posthog`.";
    SIDETONE_RESPONSE_FINISH_REASONS = "sidetone.response.finish_reasons", Span, "string[]",
        "Why the model stopped, of each answer in order, empty where it didn't say; dialect `posthog`, whose `$ai_stop_reason` is of the first.";
    SIDETONE_EMBEDDINGS_DIMENSIONS = "sidetone.embeddings.dimensions", Span, "int",
        "Number of dimensions of the vectors that came; dialect `posthog`.";
    SIDETONE_TIME_TO_FIRST_CHUNK = "sidetone.time_to_first_chunk", Span, "double",
        "Seconds until the first chunk of a stream, whatever it carried; dialect `posthog`.";
    SIDETONE_AGENT_ID = "sidetone.agent.id", Span, "string",
        "The agent, by scope; dialect `posthog`.";
    SIDETONE_STEP_ID = "sidetone.step.id", Span, "string",
        "The id of the tool call that a step of the application answers, or of the agent that it runs; dialect `posthog`.";
    SIDETONE_STEP_KIND = "sidetone.step.kind", Span, "string",
        "What kind of tool such a step runs; dialect `posthog`.";
    SIDETONE_STEP_DESCRIPTION = "sidetone.step.description", Span, "string",
        "What such a step is for, if content is kept; dialect `posthog`.";
    SIDETONE_REQUEST_ID = "sidetone.request_id", Span, "string",
        "The server's id of the HTTP request (`x-request-id`, `apim-request-id`), which its support asks for.";
    SIDETONE_PROCESSING_MS = "sidetone.processing_ms", Span, "int",
        "Milliseconds that the server says it worked (`openai-processing-ms`).";
    SIDETONE_RATE_LIMIT_REMAINING_REQUESTS = "sidetone.rate_limit.remaining_requests", Span, "int",
        "Requests left in the window (`x-ratelimit-remaining-requests`).";
    SIDETONE_RATE_LIMIT_REMAINING_TOKENS = "sidetone.rate_limit.remaining_tokens", Span, "int",
        "Tokens left in the window (`x-ratelimit-remaining-tokens`).";
    SIDETONE_ERROR_CODE = "sidetone.error.code", Span, "string",
        "The provider's own code of the error, such as `rate_limit_exceeded`.";
    SIDETONE_ATTEMPTS = "sidetone.attempts", Span, "int",
        "How many times the request was sent; only if more than once.";
    SIDETONE_TIME_TO_FIRST_TOKEN = "sidetone.time_to_first_token", Span, "double",
        "Seconds until the first chunk of a stream that carried output; `gen_ai.response.time_to_first_chunk` counts any chunk.";
    SIDETONE_TIME_PER_OUTPUT_CHUNK = "sidetone.time_per_output_chunk", Span, "double",
        "Mean of the seconds between chunks of a stream that carried output.";
    SIDETONE_OUTPUT_CHUNKS = "sidetone.output_chunks", Span, "int",
        "Chunks of a stream that carried output.";
    SIDETONE_TOTAL_TOKENS = "sidetone.usage.total_tokens", Span, "int",
        "All tokens as the server summed them; only where that isn't input plus output.";
    SIDETONE_CACHE_WRITE_1H_TOKENS = "sidetone.usage.cache_write_1h_tokens", Span, "int",
        "Part of the tokens written to the provider's cache: those written for an hour; only if any.";
    SIDETONE_ACCEPTED_PREDICTION_TOKENS = "sidetone.usage.accepted_prediction_tokens", Span, "int",
        "Output tokens that an accepted prediction gave; only if any.";
    SIDETONE_REJECTED_PREDICTION_TOKENS = "sidetone.usage.rejected_prediction_tokens", Span, "int",
        "Output tokens that a rejected prediction cost; only if any.";
    SIDETONE_STEP_NAME = "sidetone.step.name", Span, "string",
        "The name of a step that is no call of a model and no agent, tool or workflow, which have names in the conventions.";
    SIDETONE_STEP_INPUT = "sidetone.step.input", Span, "string",
        "What a step was given that is no tool; not with content off.";
    SIDETONE_STEP_OUTPUT = "sidetone.step.output", Span, "string",
        "What it gave back; not with content off.";
    SIDETONE_APP_NAME = "sidetone.app.name", Span, "string",
        "The application, as the builder was told.";
    SIDETONE_COST_USD = "sidetone.cost.usd", Span, "double",
        "What the tokens of this call cost in US dollars; only if that is known in full. Spans above it have none: sums count no call twice.";
    SIDETONE_USER_ID = "sidetone.user.id", Span, "string",
        "On whose behalf the call was made, by scope or baggage (`user.id`): a hash, unless raw ids were chosen.";
    SIDETONE_SESSION_ID = "sidetone.session.id", Span, "string",
        "The session that it belongs to, by scope or baggage (`session.id`): a hash, unless raw ids were chosen.";
    SIDETONE_FINDINGS = "sidetone.findings", Span, "int",
        "How much the security scan found in the call; only if anything.";
    SIDETONE_FINDINGS_HIGH = "sidetone.findings.high", Span, "int",
        "How much of that is of high severity; only if anything was found.";
    SIDETONE_INCOMPLETE = "sidetone.incomplete", Span, "boolean",
        "`true` when a part of the call was lost on the way or went past a limit; what that part would have said is missing.";
    SIDETONE_LOST_ITEMS = "sidetone.lost.items", Span, "int",
        "Parts of an incomplete call that were lost.";
    SIDETONE_LOST_BYTES = "sidetone.lost.bytes", Span, "int",
        "Bytes in those parts.";
    SIDETONE_OVER_LIMIT_BYTES = "sidetone.over_limit.bytes", Span, "int",
        "Bytes of an incomplete call that went past a limit.";
    SIDETONE_ATTEMPT = "sidetone.attempt", SpanEvent, "",
        "An attempt that failed and was sent again, with `error.type`, `http.response.status_code` and `http.response.header.retry-after`.";
    SIDETONE_ATTEMPT_NUMBER = "sidetone.attempt.number", SpanEventAttribute, "int",
        "Which attempt it was, counted from 1.";
    SIDETONE_COST = "sidetone.cost", Metric, "{USD}",
        "What the tokens of calls cost, by what the token metric is by; calls whose cost isn't known in full aren't in it.";
    SIDETONE_SECURITY_FINDING = "sidetone.security.finding", LogEvent, "",
        "Something that the security scan found in the call whose ids it has. It never holds what was found.";
    SIDETONE_FINDING_RULE = "sidetone.finding.rule", LogEventAttribute, "string",
        "The rule that matched; also of the metric `sidetone.security.findings`.";
    SIDETONE_FINDING_CATEGORY = "sidetone.finding.category", LogEventAttribute, "string",
        "`credential`, `personal_data`, `command`, `injection` or `keyword`; also of that metric.";
    SIDETONE_FINDING_SEVERITY = "sidetone.finding.severity", LogEventAttribute, "string",
        "`low`, `medium` or `high`; also of that metric.";
    SIDETONE_FINDING_PLACE = "sidetone.finding.place", LogEventAttribute, "string",
        "The text that it stands in, such as `request.messages[2].parts[0]`.";
    SIDETONE_FINDING_START = "sidetone.finding.start", LogEventAttribute, "int",
        "The first of its bytes in that text as it was sent.";
    SIDETONE_FINDING_END = "sidetone.finding.end", LogEventAttribute, "int",
        "The byte behind its last.";
    SIDETONE_FINDING_EXCERPT = "sidetone.finding.excerpt", LogEventAttribute, "string",
        "How everything begins that the rule finds, and how long the find is; not with content off.";
    SIDETONE_FINDING_COUNT = "sidetone.finding.count", LogEventAttribute, "int",
        "How often the rule matched beyond the findings that are told each; those have a place, this has none.";
    SIDETONE_SECURITY_FINDINGS = "sidetone.security.findings", Metric, "{finding}",
        "What the security scan found, by rule, category and severity.";
    SIDETONE_DROPPED = "sidetone.dropped", Metric, "{item}",
        "What was dropped or skipped, in items.";
    SIDETONE_DROPPED_BYTES = "sidetone.dropped.bytes", Metric, "By",
        "What was dropped or skipped, in bytes.";
    REASON = "reason", MetricAttribute, "string",
        "Why it was.";
}

/// [`EXTENSIONS`] as a Markdown table.
#[must_use]
pub fn extension_table() -> String {
    let mut table = String::from("| name | where | type or unit | what it says |\n| --- | --- | --- | --- |\n");
    for Extension { name, place, kind, about } in EXTENSIONS {
        let kind = if kind.is_empty() { String::new() } else { format!("`{kind}`") };
        // Writing to a String can't fail.
        let _ = writeln!(table, "| `{name}` | {} | {kind} | {about} |", place.as_str());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_ours_are_called_sidetone() {
        let ours = EXTENSIONS.iter().filter(|own| own.place != Place::MetricAttribute);
        assert!(ours.clone().count() > 10);
        for own in ours {
            assert!(own.name.starts_with("sidetone."), "{}", own.name);
        }
    }

    #[test]
    fn the_extension_table_has_a_row_for_each_extension() {
        let table = extension_table();
        assert_eq!(table.lines().count(), EXTENSIONS.len() + 2);
        for own in EXTENSIONS {
            assert!(table.contains(&format!("| `{}` |", own.name)));
        }
        assert!(table.contains("| `sidetone.dropped` | metric | `{item}` |"));
    }
}
