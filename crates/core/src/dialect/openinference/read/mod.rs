//! The dialect read.
//!
//! What was said is there twice: message by message under names with indices, and as the request and the answer in `input.value` and
//! `output.value`. Where those are JSON of the OpenAI API, they say more: refusals, sounds and files, each choice's finish reason, ids.

mod facts;
mod listed;
mod reader;

pub(super) use facts::RERANK;
pub(in crate::dialect) use reader::Reader;
