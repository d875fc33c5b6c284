//! Processes are watched and their TLS libraries found: with real processes and real probes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "discover/faces.rs"]
mod faces;
#[path = "discover/files.rs"]
mod files;
#[path = "discover/processes.rs"]
mod processes;
