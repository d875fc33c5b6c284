//! A mock LLM server, recorded cases and fault injection for tests of LLM applications.
pub mod case;
pub mod require;
