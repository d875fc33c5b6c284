//! Conformance: what `sidetone replay` prints for each recorded case, held field by field against the telemetry that the
//! Python packages gave for it, but for the differences that `conformance/differences.json` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

mod cases;
mod client;
mod differences;
mod fields;
mod golden;
mod latest;
mod meaning;
mod names;
mod openinference;
mod parsed;
mod pieces;
mod posthog;
mod reading;
mod reading_differences;
mod reading_fields;
mod reading_order;
mod reading_otlp;
mod reading_records;
mod reading_values;
mod renamed;
mod schemas;
mod v1;
