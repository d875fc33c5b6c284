//! Dialect `vercel`, read only: what the Vercel AI SDK for JavaScript emits by itself (`ai` 6, and 7 with its
//! `LegacyOpenTelemetry`), under `ai.*` and a few older names of `gen_ai.*`.
//!
//! It tells each operation of the application as a span, and each call of a model as a span in that one. The inner one
//! (`….doGenerate`, `.doStream`, `.doEmbed`) is the call. The outer one repeats its words and its tokens, or the sum of several: it is
//! a step, as which the SDK's own newer telemetry tells it too (`invoke_agent`), and nobody counts its tokens again.

mod operation;
mod parts;
mod read;

pub(super) use read::Reader;
