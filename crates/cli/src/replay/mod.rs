//! `sidetone replay`: recorded exchanges through the real understanding, dialect and OpenTelemetry SDK.

mod command;
mod events;
pub mod golden;
mod memory;
mod observe;
mod pretty;

pub(crate) use command::run;
pub use memory::{Memory, Recorded};
pub use observe::{Cut, ObserveError, observe};
