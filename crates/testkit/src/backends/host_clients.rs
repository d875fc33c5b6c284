//! The clients in other languages that the tests of host-wide capture watch.

use std::path::PathBuf;

use super::pinned;
use super::receiver::installed;

/// The interpreter of an environment with `openai`, Celery and Flask; `None`, after a line that says so, where it is not
/// installed.
///
/// # Panics
/// When it is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use]
pub fn host_python() -> Option<PathBuf> {
    installed(&pinned::HOST_PYTHON)
}

/// The program for Node, beside its packages; `None`, after a line that says so, where it is not installed.
///
/// # Panics
/// When it is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use]
pub fn host_node() -> Option<PathBuf> {
    installed(&pinned::HOST_NODE)
}

/// The program in Go, beside `client-stripped`, the same without symbols; `None`, after a line that says so, where it is
/// not installed.
///
/// # Panics
/// When it is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use]
pub fn host_go() -> Option<PathBuf> {
    installed(&pinned::HOST_GO)
}
