//! What a test needs from its machine: present, or skipped in plain sight, or (on a build server) a failure.
//!
//! A test that silently passes because a tool is missing proves nothing. Ask here for what the test needs: when it is
//! absent the test says `skipped: needs X` on stderr and returns; with `SIDETONE_TEST_REQUIRE=all` in the environment
//! it panics instead and names what is missing, so that a build server can't skip anything.
//!
//! ```no_run
//! use sidetone_testkit::require;
//!
//! fn the_cache_survives_a_restart() {
//!     let Some(redis) = require::tool("redis-server") else { return };
//!     // start it …
//!     assert!(redis.is_file());
//! }
//!
//! fn a_socket_is_traced() {
//!     if !require::or_skip("a kernel with BPF (run as root)", cfg!(target_os = "linux")) {
//!         return;
//!     }
//!     // …
//! }
//! # the_cache_survives_a_restart();
//! # a_socket_is_traced();
//! ```

use std::path::PathBuf;

/// The environment variable that turns a skipped test into a failed one; its value is `all`.
pub const VARIABLE: &str = "SIDETONE_TEST_REQUIRE";

/// The program's path, looked up in `PATH`. When it is absent: `None` and a line on stderr.
///
/// # Panics
/// When the program is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the tool is absent"]
pub fn tool(name: &str) -> Option<PathBuf> {
    let found = find_program(name);
    or_skip(name, found.is_some());
    found
}

/// The value, when there is one; else `None` and a line on stderr that names `need`.
///
/// # Panics
/// When the value is absent and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when the thing is absent"]
pub fn some<T>(need: &str, value: Option<T>) -> Option<T> {
    or_skip(need, value.is_some());
    value
}

/// `present`, after saying `skipped: needs {need}` on stderr when it is `false`.
///
/// # Panics
/// When `present` is `false` and `SIDETONE_TEST_REQUIRE=all`.
pub fn or_skip(need: &str, present: bool) -> bool {
    check(need, present, std::env::var(VARIABLE).is_ok_and(|value| value == "all"))
}

/// Whether this process may load eBPF programs and attach uprobes: Linux, and `CAP_BPF` with `CAP_PERFMON` or
/// `CAP_SYS_ADMIN`. When it may not: `false` and a line on stderr.
///
/// # Panics
/// When it may not and `SIDETONE_TEST_REQUIRE=all`.
#[must_use = "the test must return when eBPF is not allowed"]
pub fn bpf() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    or_skip("eBPF (Linux; CAP_BPF and CAP_PERFMON, or root)", may_use_bpf(&status))
}

/// By the capabilities in `/proc/self/status`.
fn may_use_bpf(status: &str) -> bool {
    const SYS_ADMIN: u32 = 21;
    const PERFMON: u32 = 38;
    const BPF: u32 = 39;
    let bits = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    let bits = bits.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0);
    let has = |number: u32| bits >> number & 1 == 1;
    has(SYS_ADMIN) || (has(BPF) && has(PERFMON))
}

#[expect(clippy::print_stderr, reason = "a skipped test says so where the test runner shows it")]
fn check(need: &str, present: bool, required: bool) -> bool {
    if !present {
        assert!(!required, "needs {need}, which is absent, and {VARIABLE}=all");
        eprintln!("skipped: needs {need}");
    }
    present
}

fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &std::path::Path) -> bool {
    file.is_file() || file.with_extension("exe").is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_the_path_is_found_and_another_is_not() {
        assert!(find_program("cargo").is_some_and(|file| file.is_absolute()));
        assert_eq!(find_program("no-such-program-anywhere"), None);
    }

    #[test]
    fn both_capabilities_or_the_old_one_allow_bpf() {
        let status = |bits: u64| format!("Name:\tx\nCapEff:\t{bits:016x}\nSeccomp:\t0\n");
        assert!(may_use_bpf(&status(1 << 38 | 1 << 39)));
        assert!(may_use_bpf(&status(1 << 21)));
        assert!(!may_use_bpf(&status(1 << 39)) && !may_use_bpf(&status(1 << 38)) && !may_use_bpf(""));
    }

    #[test]
    fn what_is_absent_is_skipped() {
        assert!(!check("a thing", false, false));
        assert!(check("a thing", true, true));
    }

    #[test]
    #[should_panic(expected = "needs a thing")]
    fn what_is_absent_fails_where_everything_is_required() {
        check("a thing", false, true);
    }
}
