//! Names of traceloop's packages that don't begin as those of the conventions do.

macro_rules! names {
    ($($name:ident = $text:literal, $type:literal;)+) => {
        $(#[doc = concat!("`", $text, "` (", $type, ")")] pub const $name: &str = $text;)+

        /// Each of them with the type of its values, its instrument and unit, or `event`. An index in a name is `N`.
        pub static TRACELOOP: &[(&str, &str)] = &[$(($name, $type),)+];
    };
}

// Source: opentelemetry-semantic-conventions-ai 0.5.1, `SpanAttributes`, `Meters` and `TraceloopSpanKindValues`; instruments, units
// and `stream` as opentelemetry-instrumentation-openai 0.53.4 writes them.
names! {
    LLM_REQUEST_TYPE = "llm.request.type", "string";
    LLM_IS_STREAMING = "llm.is_streaming", "bool";
    LLM_FREQUENCY_PENALTY = "llm.frequency_penalty", "double";
    LLM_PRESENCE_PENALTY = "llm.presence_penalty", "double";
    LLM_REQUEST_REASONING_EFFORT = "llm.request.reasoning_effort", "string";
    LLM_REQUEST_FUNCTIONS_N_NAME = "llm.request.functions.N.name", "string";
    LLM_REQUEST_FUNCTIONS_N_DESCRIPTION = "llm.request.functions.N.description", "string";
    LLM_REQUEST_FUNCTIONS_N_PARAMETERS = "llm.request.functions.N.parameters", "string";
    LLM_USER = "llm.user", "string";
    LLM_USAGE_REASONING_TOKENS = "llm.usage.reasoning_tokens", "int";
    LLM_USAGE_TOTAL_TOKENS = "llm.usage.total_tokens", "int";
    LLM_RESPONSE_FINISH_REASON = "llm.response.finish_reason", "string";
    LLM_CONTENT_COMPLETION_CHUNK = "llm.content.completion.chunk", "event";
    STREAM = "stream", "bool";
    TRACELOOP_SPAN_KIND = "traceloop.span.kind", "string";
    TRACELOOP_ENTITY_NAME = "traceloop.entity.name", "string";
    TRACELOOP_ENTITY_INPUT = "traceloop.entity.input", "string";
    TRACELOOP_ENTITY_OUTPUT = "traceloop.entity.output", "string";
    LLM_CHAT_COMPLETIONS_STREAMING_TIME_TO_GENERATE = "llm.chat_completions.streaming_time_to_generate", "histogram s";
    LLM_OPENAI_CHAT_COMPLETIONS_EXCEPTIONS = "llm.openai.chat_completions.exceptions", "counter time";
    LLM_OPENAI_EMBEDDINGS_EXCEPTIONS = "llm.openai.embeddings.exceptions", "counter time";
    LLM_OPENAI_EMBEDDINGS_VECTOR_SIZE = "llm.openai.embeddings.vector_size", "counter element";
}

/// `gen_ai.usage.cache_read_input_tokens` (int): in the table of the conventions' names, whose constant of that spelling is
/// `gen_ai.usage.cache_read.input_tokens`.
pub const USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read_input_tokens";
