//! The Python instrumentation that the benches compare with, on the client that it instruments.

use std::path::PathBuf;

use super::pinned;
use super::receiver::installed;

/// The interpreter of an environment with `opentelemetry-instrumentation-openai-v2`; `None`, after a line that says so,
/// where it is not installed.
///
/// # Panics
/// When it is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use]
pub fn openai_v2_python() -> Option<PathBuf> {
    installed(&pinned::OPENAI_V2)
}
