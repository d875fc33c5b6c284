//! Real receivers of telemetry, started by the test that needs them: OpenTelemetry Collector, rotel, Arize Phoenix, MLflow.
//!
//! `cargo xtask setup` installs them into the folder that `SIDETONE_BACKENDS_DIR` names (cargo sets it for this
//! repository, see `.cargo/config.toml`). Nothing here installs anything: an absent receiver is a skipped test, or a
//! failed one under [`require`](crate::require). Each value is one process, on ports of its own on the loopback
//! interface; dropping the value stops the process, and so does the end of the test program, however it ends.
//!
//! ```no_run
//! use std::time::Duration;
//! use sidetone_testkit::backends::{self, Value};
//!
//! let Some(collector) = backends::collector() else { return };
//! // … export to collector.grpc_endpoint() or collector.http_endpoint() …
//! let received = collector.wait_until(Duration::from_secs(20), |received| !received.spans.is_empty());
//! assert_eq!(received.spans[0].attributes["gen_ai.usage.input_tokens"], Value::Int(11));
//! ```
//!
//! All of it is blocking and needs no async runtime: from async code call it on a thread that may block.

mod debug_text;
mod debug_value;
mod host_clients;
mod http;
mod mlflow;
mod openai_v2;
mod phoenix;
pub(crate) mod pinned;
mod process;
mod receiver;
mod store;

pub use crate::telemetry::{Attributes, LogRecord, Metric, Point, Received, Resource, Scope, Span, SpanEvent, Value};
pub use host_clients::{host_go, host_node, host_python};
pub use mlflow::{Mlflow, mlflow};
pub use openai_v2::openai_v2_python;
pub use phoenix::{Phoenix, phoenix};
pub use receiver::{Receiver, collector, collector_forwarding_to, rotel};
