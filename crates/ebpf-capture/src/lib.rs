//! Host-wide capture of LLM calls by eBPF uprobes on TLS libraries.

pub mod probe;
