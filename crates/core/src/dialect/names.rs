//! The one table of every name that is written to OpenTelemetry, each with its source.
//!
//! What no convention names is called `sidetone.*` and is in [`EXTENSIONS`], from which the documentation's table is made.

use std::fmt::Write as _;

/// Where a name comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// semantic-conventions v1.30.0, `model/gen-ai`: what `opentelemetry-instrumentation-openai-v2` follows by default.
    GenAi130,
    /// semantic-conventions v1.41.1, `model/gen-ai` and `model/openai`.
    GenAi141,
    /// semantic-conventions-genai, `model/gen-ai/registry.yaml`, and `opentelemetry-util-genai` 1.3b0.
    GenAiNext,
    /// Seen in `opentelemetry-instrumentation-openai-v2` 2.4b0; in no convention.
    OpenAiV2,
    /// semantic-conventions, the stable attributes of HTTP, errors, exceptions and servers.
    General,
    /// semantic-conventions, `model/process`, `model/container`, `model/k8s`: attributes of resources, written on spans
    /// where one observer sees many processes.
    Process,
}

macro_rules! names {
    ($($name:ident = $text:literal, $source:ident;)+) => {
        $(#[doc = concat!("`", $text, "`")] pub const $name: &str = $text;)+

        /// Every name of a convention, with its source.
        pub static NAMES: &[(&str, Source)] = &[$(($name, Source::$source),)+];
    };
}

names! {
    GEN_AI_OPERATION_NAME = "gen_ai.operation.name", GenAi130;
    GEN_AI_SYSTEM = "gen_ai.system", GenAi130;
    GEN_AI_PROVIDER_NAME = "gen_ai.provider.name", GenAi141;
    GEN_AI_REQUEST_MODEL = "gen_ai.request.model", GenAi130;
    GEN_AI_REQUEST_TEMPERATURE = "gen_ai.request.temperature", GenAi130;
    GEN_AI_REQUEST_TOP_P = "gen_ai.request.top_p", GenAi130;
    GEN_AI_REQUEST_TOP_K = "gen_ai.request.top_k", GenAi130;
    GEN_AI_REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens", GenAi130;
    GEN_AI_REQUEST_PRESENCE_PENALTY = "gen_ai.request.presence_penalty", GenAi130;
    GEN_AI_REQUEST_FREQUENCY_PENALTY = "gen_ai.request.frequency_penalty", GenAi130;
    GEN_AI_REQUEST_SEED = "gen_ai.request.seed", GenAi130;
    GEN_AI_REQUEST_CHOICE_COUNT = "gen_ai.request.choice.count", GenAi130;
    GEN_AI_REQUEST_STOP_SEQUENCES = "gen_ai.request.stop_sequences", GenAi130;
    GEN_AI_REQUEST_ENCODING_FORMATS = "gen_ai.request.encoding_formats", GenAi130;
    GEN_AI_REQUEST_STREAM = "gen_ai.request.stream", GenAi141;
    GEN_AI_REQUEST_REASONING_LEVEL = "gen_ai.request.reasoning.level", GenAiNext;
    GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID = "gen_ai.request.previous_response.id", GenAiNext;
    GEN_AI_CONVERSATION_ID = "gen_ai.conversation.id", GenAi141;
    GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT = "gen_ai.openai.request.response_format", GenAi130;
    GEN_AI_OPENAI_REQUEST_SERVICE_TIER = "gen_ai.openai.request.service_tier", GenAi130;
    GEN_AI_OPENAI_RESPONSE_SERVICE_TIER = "gen_ai.openai.response.service_tier", GenAi130;
    GEN_AI_OPENAI_RESPONSE_SYSTEM_FINGERPRINT = "gen_ai.openai.response.system_fingerprint", GenAi130;
    GEN_AI_OUTPUT_TYPE = "gen_ai.output.type", GenAi130;
    OPENAI_REQUEST_SERVICE_TIER = "openai.request.service_tier", GenAi141;
    OPENAI_RESPONSE_SERVICE_TIER = "openai.response.service_tier", GenAi141;
    OPENAI_RESPONSE_SYSTEM_FINGERPRINT = "openai.response.system_fingerprint", GenAi141;
    GEN_AI_RESPONSE_MODEL = "gen_ai.response.model", GenAi130;
    GEN_AI_RESPONSE_ID = "gen_ai.response.id", GenAi130;
    GEN_AI_RESPONSE_FINISH_REASONS = "gen_ai.response.finish_reasons", GenAi130;
    GEN_AI_RESPONSE_STATUS = "gen_ai.response.status", GenAiNext;
    GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk", GenAi141;
    GEN_AI_USAGE_INPUT_TOKENS = "gen_ai.usage.input_tokens", GenAi130;
    GEN_AI_USAGE_OUTPUT_TOKENS = "gen_ai.usage.output_tokens", GenAi130;
    GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS = "gen_ai.usage.cache_read.input_tokens", GenAi141;
    GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS = "gen_ai.usage.cache_write.input_tokens", GenAiNext;
    GEN_AI_USAGE_REASONING_OUTPUT_TOKENS = "gen_ai.usage.reasoning.output_tokens", GenAi141;
    GEN_AI_USAGE_AUDIO_INPUT_TOKENS = "gen_ai.usage.audio.input_tokens", GenAiNext;
    GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS = "gen_ai.usage.audio.output_tokens", GenAiNext;
    GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS = "gen_ai.usage.audio.cache_read.input_tokens", GenAiNext;
    GEN_AI_USAGE_IMAGE_INPUT_TOKENS = "gen_ai.usage.image.input_tokens", GenAiNext;
    GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS = "gen_ai.usage.image.output_tokens", GenAiNext;
    GEN_AI_EMBEDDINGS_DIMENSION_COUNT = "gen_ai.embeddings.dimension.count", GenAi141;
    GEN_AI_SYSTEM_INSTRUCTIONS = "gen_ai.system_instructions", GenAi141;
    GEN_AI_INPUT_MESSAGES = "gen_ai.input.messages", GenAi141;
    GEN_AI_OUTPUT_MESSAGES = "gen_ai.output.messages", GenAi141;
    GEN_AI_TOOL_DEFINITIONS = "gen_ai.tool.definitions", GenAi141;
    GEN_AI_AGENT_ID = "gen_ai.agent.id", GenAi130;
    GEN_AI_TOKEN_TYPE = "gen_ai.token.type", GenAi130;
    OPENAI_API_TYPE = "openai.api.type", GenAi141;
    GEN_AI_CLIENT_OPERATION_DURATION = "gen_ai.client.operation.duration", GenAi130;
    GEN_AI_CLIENT_TOKEN_USAGE = "gen_ai.client.token.usage", GenAi130;
    GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK = "gen_ai.client.operation.time_to_first_chunk", GenAi141;
    GEN_AI_SYSTEM_MESSAGE = "gen_ai.system.message", GenAi130;
    GEN_AI_DEVELOPER_MESSAGE = "gen_ai.developer.message", OpenAiV2;
    GEN_AI_USER_MESSAGE = "gen_ai.user.message", GenAi130;
    GEN_AI_ASSISTANT_MESSAGE = "gen_ai.assistant.message", GenAi130;
    GEN_AI_TOOL_MESSAGE = "gen_ai.tool.message", GenAi130;
    GEN_AI_CHOICE = "gen_ai.choice", GenAi130;
    GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS = "gen_ai.client.inference.operation.details", GenAi141;
    GEN_AI_CLIENT_OPERATION_EXCEPTION = "gen_ai.client.operation.exception", GenAi141;
    ERROR_TYPE = "error.type", General;
    EXCEPTION_TYPE = "exception.type", General;
    EXCEPTION_MESSAGE = "exception.message", General;
    SERVER_ADDRESS = "server.address", General;
    SERVER_PORT = "server.port", General;
    HTTP_REQUEST_RESEND_COUNT = "http.request.resend_count", General;
    HTTP_RESPONSE_STATUS_CODE = "http.response.status_code", General;
    HTTP_RESPONSE_HEADER_RETRY_AFTER = "http.response.header.retry-after", General;
    PROCESS_PID = "process.pid", Process;
    PROCESS_EXECUTABLE_NAME = "process.executable.name", Process;
    PROCESS_EXECUTABLE_PATH = "process.executable.path", Process;
    CONTAINER_ID = "container.id", Process;
    K8S_POD_UID = "k8s.pod.uid", Process;
}

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
    SIDETONE_ACCEPTED_PREDICTION_TOKENS = "sidetone.usage.accepted_prediction_tokens", Span, "int",
        "Output tokens that an accepted prediction gave; only if any.";
    SIDETONE_REJECTED_PREDICTION_TOKENS = "sidetone.usage.rejected_prediction_tokens", Span, "int",
        "Output tokens that a rejected prediction cost; only if any.";
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
    fn every_name_is_in_the_tables_once() {
        let mut all: Vec<_> =
            NAMES.iter().map(|(name, _)| *name).chain(EXTENSIONS.iter().map(|own| own.name)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn only_names_of_ours_are_called_sidetone() {
        assert!(NAMES.iter().all(|(name, _)| !name.starts_with("sidetone.")));
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
