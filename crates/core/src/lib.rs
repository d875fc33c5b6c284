//! The event model of sidetone, and everything that understands LLM traffic.
//!
//! This crate has no I/O, no clock, no thread and no async runtime: bytes and times come in as arguments, a
//! [`Call`](event::Call) comes out. You probably want the `sidetone` crate, which puts this behind the HTTP client that
//! an application already has.
//!
//! Data flows one way: `wire` (bytes to frames) → `connection` (which of them are an exchange that is a call; only where
//! whole connections are observed) → `exchange` (one request and its response) → `provider` (what they
//! mean) → `event` (the [`Call`](event::Call)) → `dialect` (how it is told to OpenTelemetry). `policy` says what may be
//! kept; `scan` finds what looks dangerous in a text.
#![forbid(unsafe_code)]

pub mod connection;
pub mod dialect;
pub mod event;
pub mod exchange;
pub mod policy;
pub mod pricing;
pub mod provider;
pub mod scan;
pub mod wire;
