//! Names of PostHog: its events about AI, and their properties.

macro_rules! names {
    ($($name:ident = $text:literal, $type:literal;)+) => {
        $(#[doc = concat!("`", $text, "` (", $type, ")")] pub const $name: &str = $text;)+

        /// Each of them with the type of its values; `list` and `map` are JSON text on a span.
        pub static POSTHOG: &[(&str, &str)] = &[$(($name, $type),)+];
    };
}

// Sources: posthog 7.91.1 (`posthog/ai`, with `openai_agents` for the ids, names and states of spans); the properties that
// https://posthog.com/docs/llm-analytics/manual-capture lists, for the time to the first token and `$ai_stream`; the last is the
// attribute from which PostHog's receivers of OpenTelemetry take who did it.
names! {
    AI_GENERATION = "$ai_generation", "event";
    AI_EMBEDDING = "$ai_embedding", "event";
    AI_SPAN = "$ai_span", "event";
    AI_TRACE = "$ai_trace", "event";
    AI_TRACE_ID = "$ai_trace_id", "string";
    AI_SPAN_ID = "$ai_span_id", "string";
    AI_PARENT_ID = "$ai_parent_id", "string";
    AI_SESSION_ID = "$ai_session_id", "string";
    AI_SPAN_NAME = "$ai_span_name", "string";
    AI_SPAN_TYPE = "$ai_span_type", "string";
    AI_MODEL = "$ai_model", "string";
    AI_PROVIDER = "$ai_provider", "string";
    AI_BASE_URL = "$ai_base_url", "string";
    AI_LATENCY = "$ai_latency", "double";
    AI_TIME_TO_FIRST_TOKEN = "$ai_time_to_first_token", "double";
    AI_HTTP_STATUS = "$ai_http_status", "int";
    AI_IS_ERROR = "$ai_is_error", "bool";
    AI_ERROR = "$ai_error", "string";
    AI_ERROR_TYPE = "$ai_error_type", "string";
    AI_INPUT_TOKENS = "$ai_input_tokens", "int";
    AI_OUTPUT_TOKENS = "$ai_output_tokens", "int";
    AI_CACHE_READ_INPUT_TOKENS = "$ai_cache_read_input_tokens", "int";
    AI_CACHE_CREATION_INPUT_TOKENS = "$ai_cache_creation_input_tokens", "int";
    AI_REASONING_TOKENS = "$ai_reasoning_tokens", "int";
    AI_USAGE = "$ai_usage", "map";
    AI_TOKENS_SOURCE = "$ai_tokens_source", "string";
    AI_RESPONSE_ID = "$ai_response_id", "string";
    AI_SERVICE_TIER = "$ai_service_tier", "string";
    AI_STOP_REASON = "$ai_stop_reason", "string";
    AI_STREAM = "$ai_stream", "bool";
    AI_MODEL_PARAMETERS = "$ai_model_parameters", "map";
    AI_INPUT = "$ai_input", "list";
    AI_OUTPUT_CHOICES = "$ai_output_choices", "list";
    AI_INSTRUCTIONS = "$ai_instructions", "string";
    AI_TOOLS = "$ai_tools", "list";
    AI_INPUT_STATE = "$ai_input_state", "any";
    AI_OUTPUT_STATE = "$ai_output_state", "any";
    AI_LIB = "$ai_lib", "string";
    AI_LIB_VERSION = "$ai_lib_version", "string";
    LIB = "$lib", "string";
    LIB_VERSION = "$lib_version", "string";
    GEOIP_DISABLE = "$geoip_disable", "bool";
    IS_SERVER = "$is_server", "bool";
    PROCESS_PERSON_PROFILE = "$process_person_profile", "bool";
    POSTHOG_DISTINCT_ID = "posthog.distinct_id", "string";
}
