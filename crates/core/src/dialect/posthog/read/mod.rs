//! The dialect read: events of PostHog's packages and receivers, what sidetone writes, and `posthog.ai.*` on anybody's spans.

mod error;
mod facts;
mod reader;
mod said;
mod usage;

pub(in crate::dialect) use reader::Reader;
