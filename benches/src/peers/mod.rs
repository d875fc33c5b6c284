//! What we are measured against.

pub(crate) mod parts;
pub(crate) mod plain_tee;
pub(crate) mod python;
pub(crate) mod reqwest_tracing;
pub(crate) mod values;
