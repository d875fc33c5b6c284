//! Tests of host-wide capture: real clients in other languages, a mock LLM server over TLS that logs what it answered, and `sidetone` between them.
