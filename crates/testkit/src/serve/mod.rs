//! What every server of this crate stands on: a listener with a thread of its own, and bodies that misbehave as told.

pub(crate) mod delivery;
pub(crate) mod listener;
mod lock;
pub(crate) mod request;
pub(crate) mod stream;
#[cfg(feature = "tls")]
pub(crate) mod tls;
pub(crate) mod wire;

pub(crate) use lock::locked;
