//! Processes are watched and their TLS libraries found: with real processes and real probes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "tests")]

#[path = "discover/doctor.rs"]
mod doctor;
#[path = "discover/faces.rs"]
mod faces;
#[path = "discover/files.rs"]
mod files;
#[path = "discover/ordinary.rs"]
mod ordinary;
#[path = "discover/preparing.rs"]
mod preparing;
#[path = "discover/processes.rs"]
mod processes;
