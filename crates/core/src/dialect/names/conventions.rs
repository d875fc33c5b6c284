//! Names of the GenAI conventions. Made by `cargo xtask semconv` of `semconv/gen_ai.toml`; not by hand.

use super::{Convention, Kind, State};

/// `aws.bedrock.guardrail.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const AWS_BEDROCK_GUARDRAIL_ID: &str = "aws.bedrock.guardrail.id";
/// `aws.bedrock.knowledge_base.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const AWS_BEDROCK_KNOWLEDGE_BASE_ID: &str = "aws.bedrock.knowledge_base.id";
/// `azure.client.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const AZURE_CLIENT_ID: &str = "azure.client.id";
/// `azure.cosmosdb.client.active_instance.count`: metric (updowncounter {instance}), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_CLIENT_ACTIVE_INSTANCE_COUNT: &str = "azure.cosmosdb.client.active_instance.count";
/// `azure.cosmosdb.client.operation.request_charge`: metric (histogram {request_unit}), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_CLIENT_OPERATION_REQUEST_CHARGE: &str = "azure.cosmosdb.client.operation.request_charge";
/// `azure.cosmosdb.connection.mode`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_CONNECTION_MODE: &str = "azure.cosmosdb.connection.mode";
/// `azure.cosmosdb.consistency.level`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_CONSISTENCY_LEVEL: &str = "azure.cosmosdb.consistency.level";
/// `azure.cosmosdb.operation.contacted_regions`: attribute (string[]), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_OPERATION_CONTACTED_REGIONS: &str = "azure.cosmosdb.operation.contacted_regions";
/// `azure.cosmosdb.operation.request_charge`: attribute (double), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_OPERATION_REQUEST_CHARGE: &str = "azure.cosmosdb.operation.request_charge";
/// `azure.cosmosdb.request.body.size`: attribute (int), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_REQUEST_BODY_SIZE: &str = "azure.cosmosdb.request.body.size";
/// `azure.cosmosdb.response.sub_status_code`: attribute (int), defined; semantic-conventions v1.41.1.
pub const AZURE_COSMOSDB_RESPONSE_SUB_STATUS_CODE: &str = "azure.cosmosdb.response.sub_status_code";
/// `azure.resource.log`: event, defined; semantic-conventions v1.41.1.
pub const AZURE_RESOURCE_LOG: &str = "azure.resource.log";
/// `azure.resource_provider.namespace`: attribute (string), defined; semantic-conventions v1.41.1.
pub const AZURE_RESOURCE_PROVIDER_NAMESPACE: &str = "azure.resource_provider.namespace";
/// `azure.service.request.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const AZURE_SERVICE_REQUEST_ID: &str = "azure.service.request.id";
/// `gen_ai.agent.description`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_AGENT_DESCRIPTION: &str = "gen_ai.agent.description";
/// `gen_ai.agent.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_AGENT_ID: &str = "gen_ai.agent.id";
/// `gen_ai.agent.name`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_AGENT_NAME: &str = "gen_ai.agent.name";
/// `gen_ai.agent.version`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_AGENT_VERSION: &str = "gen_ai.agent.version";
/// `gen_ai.assistant.message`: event, deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_ASSISTANT_MESSAGE: &str = "gen_ai.assistant.message";
/// `gen_ai.choice`: event, deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_CHOICE: &str = "gen_ai.choice";
/// `gen_ai.client.generation.choices`: metric (counter choice), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_CLIENT_GENERATION_CHOICES: &str = "gen_ai.client.generation.choices";
/// `gen_ai.client.inference.operation.details`: event, defined; semantic-conventions v1.41.1.
pub const GEN_AI_CLIENT_INFERENCE_OPERATION_DETAILS: &str = "gen_ai.client.inference.operation.details";
/// `gen_ai.client.operation.duration`: attribute (double), peer; @ai-sdk/otel 1.0.173 (npm).
pub const GEN_AI_CLIENT_OPERATION_DURATION: &str = "gen_ai.client.operation.duration";
/// `gen_ai.client.operation.exception`: event, defined; semantic-conventions v1.41.1.
pub const GEN_AI_CLIENT_OPERATION_EXCEPTION: &str = "gen_ai.client.operation.exception";
/// `gen_ai.client.operation.time_per_output_chunk`: attribute (double), peer; @ai-sdk/otel 1.0.173 (npm).
pub const GEN_AI_CLIENT_OPERATION_TIME_PER_OUTPUT_CHUNK: &str = "gen_ai.client.operation.time_per_output_chunk";
/// `gen_ai.client.operation.time_to_first_chunk`: attribute (double), peer; @ai-sdk/otel 1.0.173 (npm).
pub const GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK: &str = "gen_ai.client.operation.time_to_first_chunk";
/// `gen_ai.client.token.usage`: metric (histogram {token}), defined; semantic-conventions v1.41.1.
pub const GEN_AI_CLIENT_TOKEN_USAGE: &str = "gen_ai.client.token.usage";
/// `gen_ai.completion`: attribute (string), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_COMPLETION: &str = "gen_ai.completion";
/// `gen_ai.completion.N.content`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_CONTENT: &str = "gen_ai.completion.N.content";
/// `gen_ai.completion.N.finish_reason`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_FINISH_REASON: &str = "gen_ai.completion.N.finish_reason";
/// `gen_ai.completion.N.reasoning`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_REASONING: &str = "gen_ai.completion.N.reasoning";
/// `gen_ai.completion.N.refusal`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_REFUSAL: &str = "gen_ai.completion.N.refusal";
/// `gen_ai.completion.N.role`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_ROLE: &str = "gen_ai.completion.N.role";
/// `gen_ai.completion.N.tool_calls.N.arguments`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_TOOL_CALLS_N_ARGUMENTS: &str = "gen_ai.completion.N.tool_calls.N.arguments";
/// `gen_ai.completion.N.tool_calls.N.id`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_TOOL_CALLS_N_ID: &str = "gen_ai.completion.N.tool_calls.N.id";
/// `gen_ai.completion.N.tool_calls.N.name`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_COMPLETION_N_TOOL_CALLS_N_NAME: &str = "gen_ai.completion.N.tool_calls.N.name";
/// `gen_ai.content.completion.chunk`: event, legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_CONTENT_COMPLETION_CHUNK: &str = "gen_ai.content.completion.chunk";
/// `gen_ai.conversation.compacted`: attribute (boolean), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_CONVERSATION_COMPACTED: &str = "gen_ai.conversation.compacted";
/// `gen_ai.conversation.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_CONVERSATION_ID: &str = "gen_ai.conversation.id";
/// `gen_ai.data_source.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_DATA_SOURCE_ID: &str = "gen_ai.data_source.id";
/// `gen_ai.developer.message`: event, peer; opentelemetry-instrumentation-openai-v2 2.4b0.
pub const GEN_AI_DEVELOPER_MESSAGE: &str = "gen_ai.developer.message";
/// `gen_ai.embeddings.dimension.count`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_EMBEDDINGS_DIMENSION_COUNT: &str = "gen_ai.embeddings.dimension.count";
/// `gen_ai.evaluation.explanation`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_EVALUATION_EXPLANATION: &str = "gen_ai.evaluation.explanation";
/// `gen_ai.evaluation.name`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_EVALUATION_NAME: &str = "gen_ai.evaluation.name";
/// `gen_ai.evaluation.result`: event, defined; semantic-conventions v1.41.1.
pub const GEN_AI_EVALUATION_RESULT: &str = "gen_ai.evaluation.result";
/// `gen_ai.evaluation.score.label`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_EVALUATION_SCORE_LABEL: &str = "gen_ai.evaluation.score.label";
/// `gen_ai.evaluation.score.value`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_EVALUATION_SCORE_VALUE: &str = "gen_ai.evaluation.score.value";
/// `gen_ai.input.messages`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_INPUT_MESSAGES: &str = "gen_ai.input.messages";
/// `gen_ai.is_streaming`: attribute (boolean), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_IS_STREAMING: &str = "gen_ai.is_streaming";
/// `gen_ai.openai.api_base`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_OPENAI_API_BASE: &str = "gen_ai.openai.api_base";
/// `gen_ai.openai.request.response_format`: attribute (enum), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_OPENAI_REQUEST_RESPONSE_FORMAT: &str = "gen_ai.openai.request.response_format";
/// `gen_ai.openai.request.seed`: attribute (int), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_OPENAI_REQUEST_SEED: &str = "gen_ai.openai.request.seed";
/// `gen_ai.openai.request.service_tier`: attribute (enum), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_OPENAI_REQUEST_SERVICE_TIER: &str = "gen_ai.openai.request.service_tier";
/// `gen_ai.openai.response.service_tier`: attribute (string), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_OPENAI_RESPONSE_SERVICE_TIER: &str = "gen_ai.openai.response.service_tier";
/// `gen_ai.openai.response.system_fingerprint`: attribute (string), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_OPENAI_RESPONSE_SYSTEM_FINGERPRINT: &str = "gen_ai.openai.response.system_fingerprint";
/// `gen_ai.openai.system_fingerprint`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_OPENAI_SYSTEM_FINGERPRINT: &str = "gen_ai.openai.system_fingerprint";
/// `gen_ai.operation.name`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const GEN_AI_OPERATION_NAME: &str = "gen_ai.operation.name";
/// `gen_ai.output.messages`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_OUTPUT_MESSAGES: &str = "gen_ai.output.messages";
/// `gen_ai.output.type`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const GEN_AI_OUTPUT_TYPE: &str = "gen_ai.output.type";
/// `gen_ai.prompt`: attribute (string), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_PROMPT: &str = "gen_ai.prompt";
/// `gen_ai.prompt.name`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_PROMPT_NAME: &str = "gen_ai.prompt.name";
/// `gen_ai.prompt.N.content`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_CONTENT: &str = "gen_ai.prompt.N.content";
/// `gen_ai.prompt.N.role`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_ROLE: &str = "gen_ai.prompt.N.role";
/// `gen_ai.prompt.N.tool_calls.N.arguments`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_TOOL_CALLS_N_ARGUMENTS: &str = "gen_ai.prompt.N.tool_calls.N.arguments";
/// `gen_ai.prompt.N.tool_calls.N.id`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_TOOL_CALLS_N_ID: &str = "gen_ai.prompt.N.tool_calls.N.id";
/// `gen_ai.prompt.N.tool_calls.N.name`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_TOOL_CALLS_N_NAME: &str = "gen_ai.prompt.N.tool_calls.N.name";
/// `gen_ai.prompt.N.tool_call_id`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_TOOL_CALL_ID: &str = "gen_ai.prompt.N.tool_call_id";
/// `gen_ai.prompt.N.user`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_PROMPT_N_USER: &str = "gen_ai.prompt.N.user";
/// `gen_ai.prompt.version`: attribute (string), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_PROMPT_VERSION: &str = "gen_ai.prompt.version";
/// `gen_ai.provider.name`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const GEN_AI_PROVIDER_NAME: &str = "gen_ai.provider.name";
/// `gen_ai.request.choice.count`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_CHOICE_COUNT: &str = "gen_ai.request.choice.count";
/// `gen_ai.request.encoding_formats`: attribute (string[]), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_ENCODING_FORMATS: &str = "gen_ai.request.encoding_formats";
/// `gen_ai.request.frequency_penalty`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_FREQUENCY_PENALTY: &str = "gen_ai.request.frequency_penalty";
/// `gen_ai.request.max_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_MAX_TOKENS: &str = "gen_ai.request.max_tokens";
/// `gen_ai.request.model`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_MODEL: &str = "gen_ai.request.model";
/// `gen_ai.request.presence_penalty`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_PRESENCE_PENALTY: &str = "gen_ai.request.presence_penalty";
/// `gen_ai.request.previous_response.id`: attribute (string), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_REQUEST_PREVIOUS_RESPONSE_ID: &str = "gen_ai.request.previous_response.id";
/// `gen_ai.request.reasoning_effort`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_REQUEST_REASONING_EFFORT: &str = "gen_ai.request.reasoning_effort";
/// `gen_ai.request.reasoning.level`: attribute (string), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_REQUEST_REASONING_LEVEL: &str = "gen_ai.request.reasoning.level";
/// `gen_ai.request.reasoning_summary`: attribute (string or string[]), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_REQUEST_REASONING_SUMMARY: &str = "gen_ai.request.reasoning_summary";
/// `gen_ai.request.seed`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_SEED: &str = "gen_ai.request.seed";
/// `gen_ai.request.stop_sequences`: attribute (string[]), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_STOP_SEQUENCES: &str = "gen_ai.request.stop_sequences";
/// `gen_ai.request.stream`: attribute (boolean), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_STREAM: &str = "gen_ai.request.stream";
/// `gen_ai.request.stream_cursor`: attribute (string), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_REQUEST_STREAM_CURSOR: &str = "gen_ai.request.stream_cursor";
/// `gen_ai.request.structured_output_schema`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_REQUEST_STRUCTURED_OUTPUT_SCHEMA: &str = "gen_ai.request.structured_output_schema";
/// `gen_ai.request.temperature`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_TEMPERATURE: &str = "gen_ai.request.temperature";
/// `gen_ai.request.top_k`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_TOP_K: &str = "gen_ai.request.top_k";
/// `gen_ai.request.top_p`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_REQUEST_TOP_P: &str = "gen_ai.request.top_p";
/// `gen_ai.response.finish_reason`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_RESPONSE_FINISH_REASON: &str = "gen_ai.response.finish_reason";
/// `gen_ai.response.finish_reasons`: attribute (string[]), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RESPONSE_FINISH_REASONS: &str = "gen_ai.response.finish_reasons";
/// `gen_ai.response.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RESPONSE_ID: &str = "gen_ai.response.id";
/// `gen_ai.response.model`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RESPONSE_MODEL: &str = "gen_ai.response.model";
/// `gen_ai.response.reasoning_effort`: attribute (string or string[]), legacy; opentelemetry-instrumentation-openai 0.53.4 (traceloop).
pub const GEN_AI_RESPONSE_REASONING_EFFORT: &str = "gen_ai.response.reasoning_effort";
/// `gen_ai.response.status`: attribute (string), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_RESPONSE_STATUS: &str = "gen_ai.response.status";
/// `gen_ai.response.time_to_first_chunk`: attribute (double), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: &str = "gen_ai.response.time_to_first_chunk";
/// `gen_ai.retrieval.documents`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RETRIEVAL_DOCUMENTS: &str = "gen_ai.retrieval.documents";
/// `gen_ai.retrieval.query.text`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_RETRIEVAL_QUERY_TEXT: &str = "gen_ai.retrieval.query.text";
/// `gen_ai.retrieval.top_k`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_RETRIEVAL_TOP_K: &str = "gen_ai.retrieval.top_k";
/// `gen_ai.server.request.duration`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const GEN_AI_SERVER_REQUEST_DURATION: &str = "gen_ai.server.request.duration";
/// `gen_ai.server.time_per_output_token`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const GEN_AI_SERVER_TIME_PER_OUTPUT_TOKEN: &str = "gen_ai.server.time_per_output_token";
/// `gen_ai.server.time_to_first_token`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const GEN_AI_SERVER_TIME_TO_FIRST_TOKEN: &str = "gen_ai.server.time_to_first_token";
/// `gen_ai.system`: attribute (enum), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_SYSTEM: &str = "gen_ai.system";
/// `gen_ai.system_instructions`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_SYSTEM_INSTRUCTIONS: &str = "gen_ai.system_instructions";
/// `gen_ai.system.message`: event, deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_SYSTEM_MESSAGE: &str = "gen_ai.system.message";
/// `gen_ai.token.type`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOKEN_TYPE: &str = "gen_ai.token.type";
/// `gen_ai.tool.call.arguments`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_CALL_ARGUMENTS: &str = "gen_ai.tool.call.arguments";
/// `gen_ai.tool.call.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_CALL_ID: &str = "gen_ai.tool.call.id";
/// `gen_ai.tool.call.result`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_CALL_RESULT: &str = "gen_ai.tool.call.result";
/// `gen_ai.tool.definitions`: attribute (any), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_DEFINITIONS: &str = "gen_ai.tool.definitions";
/// `gen_ai.tool.description`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_DESCRIPTION: &str = "gen_ai.tool.description";
/// `gen_ai.tool.message`: event, deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_MESSAGE: &str = "gen_ai.tool.message";
/// `gen_ai.tool.name`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_NAME: &str = "gen_ai.tool.name";
/// `gen_ai.tool.type`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_TOOL_TYPE: &str = "gen_ai.tool.type";
/// `gen_ai.usage.audio.cache_read.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_AUDIO_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.audio.cache_read.input_tokens";
/// `gen_ai.usage.audio.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_AUDIO_INPUT_TOKENS: &str = "gen_ai.usage.audio.input_tokens";
/// `gen_ai.usage.audio.output_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_AUDIO_OUTPUT_TOKENS: &str = "gen_ai.usage.audio.output_tokens";
/// `gen_ai.usage.cache_creation.input_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS: &str = "gen_ai.usage.cache_creation.input_tokens";
/// `gen_ai.usage.cache_read.input_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.cache_read.input_tokens";
/// `gen_ai.usage.cache_write.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_CACHE_WRITE_INPUT_TOKENS: &str = "gen_ai.usage.cache_write.input_tokens";
/// `gen_ai.usage.completion_tokens`: attribute (int), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_COMPLETION_TOKENS: &str = "gen_ai.usage.completion_tokens";
/// `gen_ai.usage.image.cache_read.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_IMAGE_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.image.cache_read.input_tokens";
/// `gen_ai.usage.image.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_IMAGE_INPUT_TOKENS: &str = "gen_ai.usage.image.input_tokens";
/// `gen_ai.usage.image.output_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_IMAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.image.output_tokens";
/// `gen_ai.usage.input_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_INPUT_TOKENS: &str = "gen_ai.usage.input_tokens";
/// `gen_ai.usage.output_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_OUTPUT_TOKENS: &str = "gen_ai.usage.output_tokens";
/// `gen_ai.usage.prompt_tokens`: attribute (int), deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_PROMPT_TOKENS: &str = "gen_ai.usage.prompt_tokens";
/// `gen_ai.usage.reasoning.output_tokens`: attribute (int), defined; semantic-conventions v1.41.1.
pub const GEN_AI_USAGE_REASONING_OUTPUT_TOKENS: &str = "gen_ai.usage.reasoning.output_tokens";
/// `gen_ai.usage.reasoning_tokens`: attribute (int), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_USAGE_REASONING_TOKENS: &str = "gen_ai.usage.reasoning_tokens";
/// `gen_ai.usage.text.cache_read.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_TEXT_CACHE_READ_INPUT_TOKENS: &str = "gen_ai.usage.text.cache_read.input_tokens";
/// `gen_ai.usage.text.input_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_TEXT_INPUT_TOKENS: &str = "gen_ai.usage.text.input_tokens";
/// `gen_ai.usage.text.output_tokens`: attribute (int), peer; opentelemetry-util-genai 1.3b0.
pub const GEN_AI_USAGE_TEXT_OUTPUT_TOKENS: &str = "gen_ai.usage.text.output_tokens";
/// `gen_ai.usage.total_tokens`: attribute (int), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_USAGE_TOTAL_TOKENS: &str = "gen_ai.usage.total_tokens";
/// `gen_ai.user`: attribute (string), legacy; opentelemetry-instrumentation-openai 0.62.4 (traceloop).
pub const GEN_AI_USER: &str = "gen_ai.user";
/// `gen_ai.user.message`: event, deprecated; semantic-conventions v1.41.1.
pub const GEN_AI_USER_MESSAGE: &str = "gen_ai.user.message";
/// `gen_ai.workflow.name`: attribute (string), defined; semantic-conventions v1.41.1.
pub const GEN_AI_WORKFLOW_NAME: &str = "gen_ai.workflow.name";
/// `mcp.client.operation.duration`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const MCP_CLIENT_OPERATION_DURATION: &str = "mcp.client.operation.duration";
/// `mcp.client.session.duration`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const MCP_CLIENT_SESSION_DURATION: &str = "mcp.client.session.duration";
/// `mcp.method.name`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const MCP_METHOD_NAME: &str = "mcp.method.name";
/// `mcp.protocol.version`: attribute (string), defined; semantic-conventions v1.41.1.
pub const MCP_PROTOCOL_VERSION: &str = "mcp.protocol.version";
/// `mcp.resource.uri`: attribute (string), defined; semantic-conventions v1.41.1.
pub const MCP_RESOURCE_URI: &str = "mcp.resource.uri";
/// `mcp.server.operation.duration`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const MCP_SERVER_OPERATION_DURATION: &str = "mcp.server.operation.duration";
/// `mcp.server.session.duration`: metric (histogram s), defined; semantic-conventions v1.41.1.
pub const MCP_SERVER_SESSION_DURATION: &str = "mcp.server.session.duration";
/// `mcp.session.id`: attribute (string), defined; semantic-conventions v1.41.1.
pub const MCP_SESSION_ID: &str = "mcp.session.id";
/// `openai.api.type`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const OPENAI_API_TYPE: &str = "openai.api.type";
/// `openai.request.service_tier`: attribute (enum), defined; semantic-conventions v1.41.1.
pub const OPENAI_REQUEST_SERVICE_TIER: &str = "openai.request.service_tier";
/// `openai.response.service_tier`: attribute (string), defined; semantic-conventions v1.41.1.
pub const OPENAI_RESPONSE_SERVICE_TIER: &str = "openai.response.service_tier";
/// `openai.response.system_fingerprint`: attribute (string), defined; semantic-conventions v1.41.1.
pub const OPENAI_RESPONSE_SYSTEM_FINGERPRINT: &str = "openai.response.system_fingerprint";

/// Every name of the table.
pub static CONVENTIONS: &[Convention] = &[
    Convention { kind: Kind::Attribute, name: "aws.bedrock.guardrail.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "aws.bedrock.knowledge_base.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.client.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.connection.mode", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.consistency.level", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.operation.contacted_regions", types: "string[]", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.operation.request_charge", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.request.body.size", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.cosmosdb.response.sub_status_code", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.resource_provider.namespace", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "azure.service.request.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.agent.description", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.agent.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.agent.name", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.agent.version", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.client.operation.duration", types: "double", state: State::Peer, replaced_by: None, source: "@ai-sdk/otel 1.0.173 (npm)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.client.operation.time_per_output_chunk", types: "double", state: State::Peer, replaced_by: None, source: "@ai-sdk/otel 1.0.173 (npm)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.client.operation.time_to_first_chunk", types: "double", state: State::Peer, replaced_by: None, source: "@ai-sdk/otel 1.0.173 (npm)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion", types: "string", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.content", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.finish_reason", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.reasoning", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.refusal", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.role", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.tool_calls.N.arguments", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.tool_calls.N.id", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.completion.N.tool_calls.N.name", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.conversation.compacted", types: "boolean", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.conversation.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.data_source.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.embeddings.dimension.count", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.evaluation.explanation", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.evaluation.name", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.evaluation.score.label", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.evaluation.score.value", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.input.messages", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.is_streaming", types: "boolean", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.api_base", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.request.response_format", types: "enum", state: State::Deprecated, replaced_by: Some("gen_ai.output.type"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.request.seed", types: "int", state: State::Deprecated, replaced_by: Some("gen_ai.request.seed"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.request.service_tier", types: "enum", state: State::Deprecated, replaced_by: Some("openai.request.service_tier"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.response.service_tier", types: "string", state: State::Deprecated, replaced_by: Some("openai.response.service_tier"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.response.system_fingerprint", types: "string", state: State::Deprecated, replaced_by: Some("openai.response.system_fingerprint"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.openai.system_fingerprint", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.operation.name", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.output.messages", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.output.type", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt", types: "string", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.content", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.role", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.tool_call_id", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.tool_calls.N.arguments", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.tool_calls.N.id", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.tool_calls.N.name", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.N.user", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.name", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.prompt.version", types: "string", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.provider.name", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.choice.count", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.encoding_formats", types: "string[]", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.frequency_penalty", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.max_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.model", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.presence_penalty", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.previous_response.id", types: "string", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.reasoning.level", types: "string", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.reasoning_effort", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.reasoning_summary", types: "string or string[]", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.seed", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.stop_sequences", types: "string[]", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.stream", types: "boolean", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.stream_cursor", types: "string", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.structured_output_schema", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.temperature", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.top_k", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.request.top_p", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.finish_reason", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.finish_reasons", types: "string[]", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.model", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.reasoning_effort", types: "string or string[]", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.status", types: "string", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.response.time_to_first_chunk", types: "double", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.retrieval.documents", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.retrieval.query.text", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.retrieval.top_k", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.system", types: "enum", state: State::Deprecated, replaced_by: Some("gen_ai.provider.name"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.system_instructions", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.token.type", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.call.arguments", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.call.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.call.result", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.definitions", types: "any", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.description", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.name", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.tool.type", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.audio.cache_read.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.audio.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.audio.output_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.cache_creation.input_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.cache_read.input_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.cache_read_input_tokens", types: "int", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.cache_write.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.completion_tokens", types: "int", state: State::Deprecated, replaced_by: Some("gen_ai.usage.output_tokens"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.image.cache_read.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.image.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.image.output_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.input_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.output_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.prompt_tokens", types: "int", state: State::Deprecated, replaced_by: Some("gen_ai.usage.input_tokens"), source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.reasoning.output_tokens", types: "int", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.reasoning_tokens", types: "int", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.text.cache_read.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.text.input_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.text.output_tokens", types: "int", state: State::Peer, replaced_by: None, source: "opentelemetry-util-genai 1.3b0" },
    Convention { kind: Kind::Attribute, name: "gen_ai.usage.total_tokens", types: "int", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.user", types: "string", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Attribute, name: "gen_ai.workflow.name", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "mcp.method.name", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "mcp.protocol.version", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "mcp.resource.uri", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "mcp.session.id", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "openai.api.type", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "openai.request.service_tier", types: "enum", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "openai.response.service_tier", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Attribute, name: "openai.response.system_fingerprint", types: "string", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "azure.cosmosdb.client.active_instance.count", types: "updowncounter {instance}", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "azure.cosmosdb.client.operation.request_charge", types: "histogram {request_unit}", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.client.generation.choices", types: "counter choice", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.53.4 (traceloop)" },
    Convention { kind: Kind::Metric, name: "gen_ai.client.operation.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.client.operation.time_per_output_chunk", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.client.operation.time_to_first_chunk", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.client.token.usage", types: "histogram {token}", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.server.request.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.server.time_per_output_token", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "gen_ai.server.time_to_first_token", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "mcp.client.operation.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "mcp.client.session.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "mcp.server.operation.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Metric, name: "mcp.server.session.duration", types: "histogram s", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "azure.resource.log", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.assistant.message", types: "", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.choice", types: "", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.client.inference.operation.details", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.client.operation.exception", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.content.completion.chunk", types: "", state: State::Legacy, replaced_by: None, source: "opentelemetry-instrumentation-openai 0.62.4 (traceloop)" },
    Convention { kind: Kind::Event, name: "gen_ai.developer.message", types: "", state: State::Peer, replaced_by: None, source: "opentelemetry-instrumentation-openai-v2 2.4b0" },
    Convention { kind: Kind::Event, name: "gen_ai.evaluation.result", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.system.message", types: "", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.tool.message", types: "", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Event, name: "gen_ai.user.message", types: "", state: State::Deprecated, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "chat", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "create_agent", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "embeddings", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "execute_tool", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "generate_content", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "invoke_agent", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "invoke_workflow", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "retrieval", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
    Convention { kind: Kind::Operation, name: "text_completion", types: "", state: State::Defined, replaced_by: None, source: "semantic-conventions v1.41.1" },
];
