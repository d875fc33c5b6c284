//! The commands of `sidetone`, as a library so that the workspace's tests can hold what they are made of.
//!
//! For scripts the command line is the interface, not this crate.
#![forbid(unsafe_code)]

mod args;
#[cfg(target_os = "linux")]
mod capture;
mod demo;
mod doctor;
mod exit;
pub mod replay;
mod seen;
mod style;
mod words;

pub use args::run;
