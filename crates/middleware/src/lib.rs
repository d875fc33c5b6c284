//! Observes LLM calls in reqwest-middleware, tower, reqwest and rig.
#![forbid(unsafe_code)]

#[cfg(feature = "async-openai")]
mod async_openai;
mod context;
mod failure;
#[cfg(feature = "async-openai")]
mod handover;
mod hosts;
mod observer;
#[cfg(any(feature = "reqwest", feature = "async-openai"))]
mod owned;
mod plain;
mod request;
#[cfg(feature = "reqwest")]
mod reqwest_middleware;
mod response;
#[cfg(feature = "rig")]
mod rig;
mod servers;
mod tee;

#[cfg(feature = "async-openai")]
pub use self::async_openai::{InnerLayer, InnerService, ObservedService, OuterLayer, OuterService};
#[cfg(feature = "reqwest")]
pub use self::reqwest_middleware::{InnerMiddleware, OuterMiddleware};
pub use observer::Observer;
pub use plain::{ExecuteObserved, SendObserved};
