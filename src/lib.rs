//! OpenTelemetry-native observability for LLM calls.
