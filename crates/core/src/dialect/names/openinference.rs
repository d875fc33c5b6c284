//! Names of OpenInference. An attribute's name is one of them, or several with indices and dots between them:
//! `llm.input_messages`, `0`, `message.role`.

macro_rules! names {
    ($($name:ident = $text:literal, $type:literal;)+) => {
        $(#[doc = concat!("`", $text, "` (", $type, ")")] pub const $name: &str = $text;)+

        /// Each of them with the type of its values; `object` and `list` are what others stand behind.
        pub static OPENINFERENCE: &[(&str, &str)] = &[$(($name, $type),)+];
    };
}

// Source: openinference-semantic-conventions 0.1.42, `openinference/semconv/trace/__init__.py`; the last as
// openinference-instrumentation-openai 0.1.66 writes it.
names! {
    OPENINFERENCE_SPAN_KIND = "openinference.span.kind", "string";
    LLM_SYSTEM = "llm.system", "string";
    LLM_PROVIDER = "llm.provider", "string";
    LLM_MODEL_NAME = "llm.model_name", "string";
    LLM_REQUEST_MODEL_NAME = "llm.request.model_name", "string";
    LLM_RESPONSE_MODEL_NAME = "llm.response.model_name", "string";
    LLM_INVOCATION_PARAMETERS = "llm.invocation_parameters", "string";
    LLM_FINISH_REASON = "llm.finish_reason", "string";
    LLM_TOKEN_COUNT_PROMPT = "llm.token_count.prompt", "int";
    LLM_TOKEN_COUNT_COMPLETION = "llm.token_count.completion", "int";
    LLM_TOKEN_COUNT_TOTAL = "llm.token_count.total", "int";
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ = "llm.token_count.prompt_details.cache_read", "int";
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_INPUT = "llm.token_count.prompt_details.cache_input", "int";
    LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE = "llm.token_count.prompt_details.cache_write", "int";
    LLM_TOKEN_COUNT_PROMPT_DETAILS_AUDIO = "llm.token_count.prompt_details.audio", "int";
    LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING = "llm.token_count.completion_details.reasoning", "int";
    LLM_TOKEN_COUNT_COMPLETION_DETAILS_AUDIO = "llm.token_count.completion_details.audio", "int";
    LLM_COST_TOTAL = "llm.cost.total", "double";
    EMBEDDING_MODEL_NAME = "embedding.model_name", "string";
    EMBEDDING_INVOCATION_PARAMETERS = "embedding.invocation_parameters", "string";
    INPUT_VALUE = "input.value", "string";
    INPUT_MIME_TYPE = "input.mime_type", "string";
    OUTPUT_VALUE = "output.value", "string";
    OUTPUT_MIME_TYPE = "output.mime_type", "string";
    AGENT_NAME = "agent.name", "string";
    TOOL_NAME = "tool.name", "string";
    TOOL_DESCRIPTION = "tool.description", "string";
    TOOL_ID = "tool.id", "string";
    RERANKER_QUERY = "reranker.query", "string";
    RERANKER_MODEL_NAME = "reranker.model_name", "string";
    DECISION_MODEL_NAME = "decision.model_name", "string";
    DECISION_REQUEST_MODEL_NAME = "decision.request.model_name", "string";
    DECISION_RESPONSE_MODEL_NAME = "decision.response.model_name", "string";
    DECISION_PROVIDER = "decision.provider", "string";
    DECISION_SYSTEM = "decision.system", "string";
    DECISION_TOKEN_COUNT_INPUT = "decision.token_count.input", "int";
    DECISION_TOKEN_COUNT_OUTPUT = "decision.token_count.output", "int";
    SESSION_ID = "session.id", "string";
    USER_ID = "user.id", "string";
    LLM_INPUT_MESSAGES = "llm.input_messages", "list";
    LLM_OUTPUT_MESSAGES = "llm.output_messages", "list";
    LLM_PROMPTS = "llm.prompts", "list";
    LLM_CHOICES = "llm.choices", "list";
    LLM_TOOLS = "llm.tools", "list";
    EMBEDDING_EMBEDDINGS = "embedding.embeddings", "list";
    RETRIEVAL_DOCUMENTS = "retrieval.documents", "list";
    RERANKER_INPUT_DOCUMENTS = "reranker.input_documents", "list";
    RERANKER_OUTPUT_DOCUMENTS = "reranker.output_documents", "list";
    MESSAGE_ROLE = "message.role", "string";
    MESSAGE_CONTENT = "message.content", "string";
    MESSAGE_CONTENTS = "message.contents", "list";
    MESSAGE_NAME = "message.name", "string";
    MESSAGE_TOOL_CALLS = "message.tool_calls", "list";
    MESSAGE_TOOL_CALL_ID = "message.tool_call_id", "string";
    MESSAGE_FUNCTION_CALL_NAME = "message.function_call_name", "string";
    MESSAGE_FUNCTION_CALL_ARGUMENTS = "message.function_call_arguments_json", "string";
    MESSAGE_CONTENT_TYPE = "message_content.type", "string";
    MESSAGE_CONTENT_TEXT = "message_content.text", "string";
    MESSAGE_CONTENT_ID = "message_content.id", "string";
    MESSAGE_CONTENT_IMAGE = "message_content.image", "object";
    MESSAGE_CONTENT_AUDIO = "message_content.audio", "object";
    MESSAGE_CONTENT_VIDEO = "message_content.video", "object";
    MESSAGE_CONTENT_DOCUMENT = "message_content.document", "object";
    IMAGE_URL = "image.url", "string";
    AUDIO_URL = "audio.url", "string";
    AUDIO_MIME_TYPE = "audio.mime_type", "string";
    AUDIO_TRANSCRIPT = "audio.transcript", "string";
    VIDEO_URL = "video.url", "string";
    DOCUMENT_ID = "document.id", "string";
    DOCUMENT_URL = "document.url", "string";
    DOCUMENT_NAME = "document.name", "string";
    DOCUMENT_MIME_TYPE = "document.mime_type", "string";
    DOCUMENT_CONTENT = "document.content", "string";
    DOCUMENT_SCORE = "document.score", "double";
    DOCUMENT_METADATA = "document.metadata", "string";
    TOOL_CALL_ID = "tool_call.id", "string";
    TOOL_CALL_FUNCTION_NAME = "tool_call.function.name", "string";
    TOOL_CALL_FUNCTION_ARGUMENTS = "tool_call.function.arguments", "string";
    TOOL_JSON_SCHEMA = "tool.json_schema", "string";
    PROMPT_TEXT = "prompt.text", "string";
    COMPLETION_TEXT = "completion.text", "string";
    EMBEDDING_TEXT = "embedding.text", "string";
    EMBEDDING_VECTOR = "embedding.vector", "double[] or string";
    FIRST_TOKEN_STREAM_EVENT = "First Token Stream Event", "event";
}
