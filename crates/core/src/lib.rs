//! Event model of sidetone and everything that understands LLM traffic, without I/O.
