//! The dialect read: what traceloop's packages of 0.53.4 emitted, what 0.62.4 still names its own way, and what we write.

mod facts;
mod index;
mod reader;
mod spoken;

pub(in crate::dialect) use reader::{Reader, is_in};
