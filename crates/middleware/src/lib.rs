//! Observes LLM calls in reqwest-middleware, tower, reqwest and rig.
#![forbid(unsafe_code)]

mod context;
mod failure;
mod hosts;
mod observer;
mod owned;
mod plain;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest_middleware;
mod response;
mod servers;
mod tee;

#[cfg(feature = "reqwest")]
pub use self::reqwest_middleware::{InnerMiddleware, OuterMiddleware};
pub use observer::Observer;
pub use plain::{ExecuteObserved, SendObserved};
