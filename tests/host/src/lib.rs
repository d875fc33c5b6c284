//! Tests of host-wide capture: real clients in other languages, a mock LLM server over TLS that logs what it answered, and
//! `sidetone` between them.
//!
//! | module | for |
//! | --- | --- |
//! | [`place`] | a server under a name of the test's choice, and commands for which that name leads to it |
//! | [`watch`] | `sidetone run` and `sidetone agent`, and what they printed |
//! | [`event`] | their JSON lines, each checked against the schema |
//! | [`compare`] | whether the calls that were seen are those that the server answered |
//! | [`clients`] | the programs that make the calls, installed by `cargo xtask setup` or compiled here |
//! | [`leftovers`] | what of a capture is in the kernel |
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "it is a part of tests")]

pub mod clients;
pub mod compare;
pub mod event;
pub mod leftovers;
pub mod place;
pub mod watch;
